//! Opens a database: SQLite for one process, PostgreSQL for any number of them.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr};

use super::claims::Owner;
use super::db::Db;
use super::inbox::Inbox;
use super::turns::Turns;
use super::{Store, StoreError};

/// A change of the tables, as each database calls it.
struct Change {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// The change in the files of this name, one in each folder.
macro_rules! change {
    ($number:literal, $name:literal) => {
        Change {
            number: $number,
            name: $name,
            sqlite: include_str!(concat!("migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("migrations/postgres/", $name, ".sql")),
        }
    };
}

/// Every change of the tables, in order.
const CHANGES: &[Change] = &[
    change!(1, "0001_records"),
    change!(2, "0002_ledger"),
    change!(3, "0003_uploaded_scans"),
    change!(4, "0004_audit_checkpoints"),
    change!(5, "0005_faults"),
    change!(6, "0006_approval_marks"),
    change!(7, "0007_inspections"),
    change!(8, "0008_follow_ups"),
    change!(9, "0009_gate"),
    change!(10, "0010_signed_policies"),
    change!(11, "0011_approval_acts"),
    change!(12, "0012_growth"),
    change!(13, "0013_words_in_slack"),
    change!(14, "0014_ends"),
    change!(15, "0015_sightings"),
    change!(16, "0016_more_growth"),
    change!(17, "0017_by_ticket"),
    change!(18, "0018_pages"),
    change!(19, "0019_protected_runs"),
    change!(20, "0020_gate_plans"),
    change!(21, "0021_gate_callbacks"),
    change!(22, "0022_given_by"),
    change!(23, "0023_deciding"),
    change!(24, "0024_jobs_of_runs"),
    change!(25, "0025_wishes"),
    change!(26, "0026_given_for"),
    change!(27, "0027_documentation"),
    change!(28, "0028_seen_commits"),
];

/// `PRAGMA synchronous` when every commit waits for the disk.
const FULL: i64 = 2;

/// Pages of the log before they are brought into the database, 16 MB: whoever's commit reaches it does so and waits for the
/// disk twice more.
const LOG_PAGES: &str = "4000";

/// What the writing connection remembers of the database, in KiB as SQLite counts: without the upper pages of the indices it
/// would read them anew for every delivery. It takes no memory before it is needed.
const REMEMBERED: &str = "-16000";

/// How long a write waits for another one.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection that answered is trusted to be there.
const FRESH: Duration = Duration::from_secs(1);

/// Most connections of one process to PostgreSQL, beside those of turns.
const MOST_CONNECTIONS: u32 = 10;

/// Opens what a URL names.
pub(super) async fn open(url: &str) -> Result<Store, StoreError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        postgres(url).await
    } else {
        sqlite(url).await
    }
}

async fn sqlite(url: &str) -> Result<Store, StoreError> {
    let failed = |why: &dyn std::fmt::Display| StoreError::Open(url.to_owned(), why.to_string());
    let options: SqliteConnectOptions = url.parse().map_err(|error: sqlx::Error| failed(&error))?;
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .pragma("wal_autocheckpoint", LOG_PAGES)
        // What a statement of many rows would need to be undone; else it is a file that is made and removed each time.
        .pragma("temp_store", "memory")
        .foreign_keys(true);
    let pool = |most| SqlitePoolOptions::new().max_connections(most);
    // A full disk ends a transaction inside SQLite, and its connection would believe for ever that it is in one
    // (sqlite.org/lang_transaction.html, section 3): a new one takes its place.
    let writer = pool(1).before_acquire(|connection, _| {
        let usable = !connection.is_in_transaction();
        Box::pin(async move { Ok(usable) })
    });
    let writer =
        writer.connect_with(options.clone().pragma("cache_size", REMEMBERED)).await.map_err(|error| failed(&error))?;
    if let Some(why) = unsafe_to_use(&writer).await.map_err(|error| failed(&error))? {
        return Err(failed(&why));
    }
    migrator(|change| change.sqlite).run(&writer).await.map_err(|error| failed(&not_changed(&error)))?;
    let readers = pool(4).connect_with(options).await.map_err(|error| failed(&error))?;
    Ok(Store {
        db: Db::Sqlite { writer, readers },
        place: url.into(),
        owner: None,
        turns: Turns::alone(),
        inbox: Inbox::default(),
    })
}

/// Why its tables could not be brought up to date.
fn not_changed(error: &MigrateError) -> String {
    match error {
        MigrateError::VersionMissing(number) => {
            format!("a newer version of cm-bot has changed its tables (change {number}); start that version")
        }
        error => error.to_string(),
    }
}

/// Why records must not be kept in this file, if they must not.
async fn unsafe_to_use(writer: &SqlitePool) -> Result<Option<String>, sqlx::Error> {
    let check: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(writer).await?;
    if check != "ok" {
        let check = check.replace('\n', " ");
        return Ok(Some(format!(
            "it is damaged ({check}); put the last backup in its place, and see `cm-bot audit verify`"
        )));
    }
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(writer).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(writer).await?;
    // Anything less may lose the last commits when the power fails.
    let safe = journal == "wal" && synchronous == FULL;
    let what = || {
        format!("its file system allows journal_mode={journal} and synchronous={synchronous} only; use a local disk")
    };
    Ok((!safe).then(what))
}

async fn postgres(url: &str) -> Result<Store, StoreError> {
    // What the parser says could show a piece of the password.
    let unreadable = || {
        StoreError::Open(
            "postgres://…".into(),
            "write postgres://USER:PASSWORD@HOST:PORT/DATABASE (database.url)".into(),
        )
    };
    let options: PgConnectOptions = url.parse().map_err(|_| unreadable())?;
    let options = options.application_name("cm-bot");
    let place = place(&options);
    let failed = |why: &dyn std::fmt::Display| StoreError::Open(place.clone(), why.to_string());
    // A pool would keep the reason to itself.
    options.connect().await.map_err(|error| failed(&error))?.close().await.map_err(|error| failed(&error))?;
    let one = PgPoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
    let one = one.connect_with(options.clone()).await.map_err(|error| failed(&error))?;
    // Whoever comes second waits for the first, however long that takes, and finds everything done.
    migrator(|change| change.postgres).run(&one).await.map_err(|error| failed(&not_changed(&error)))?;
    one.close().await;
    let pool = pool(options.clone()).await.map_err(|error| failed(&error))?;
    let turns = Turns::shared(options.clone());
    Ok(Store {
        db: Db::Pg(pool),
        place: place.into(),
        owner: Some(Owner::new(options)),
        turns,
        inbox: Inbox::default(),
    })
}

/// The connections for everything but turns. None waits for ever, and one that its process left in the middle of a
/// transaction is ended by the server.
async fn pool(options: PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    let patience = format!("{}s", PATIENCE.as_secs());
    let limits = [("lock_timeout", &patience), ("idle_in_transaction_session_timeout", &patience)];
    let pool = PgPoolOptions::new().max_connections(MOST_CONNECTIONS).acquire_timeout(PATIENCE);
    let pool = pool.after_connect(|connection, _| {
        Box::pin(async move {
            // What was answered is on disk, whatever the server's own setting.
            let sql = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
            sqlx::query(sql).execute(connection).await.map(drop)
        })
    });
    // One that answered a moment ago needs no test; the work of one that is lost all the same is done again.
    let pool = pool.test_before_acquire(false).before_acquire(|connection, meta| {
        Box::pin(async move {
            if meta.idle_for > FRESH {
                connection.ping().await?;
            }
            Ok(true)
        })
    });
    pool.connect_with(options.options(limits)).await
}

/// The address of a PostgreSQL without user and password.
fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    format!("postgres://{}:{}/{database}", options.get_host(), options.get_port())
}

fn migrator(text: fn(&Change) -> &'static str) -> Migrator {
    let migration = |change: &Change| {
        let sql = text(change).into_sql_str();
        Migration::new(change.number, change.name.into(), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(CHANGES.iter().map(migration).collect())
}
