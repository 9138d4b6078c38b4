//! The database of a test: a file, or one of its own on the PostgreSQL that the environment names.

use std::path::Path;

use cm_bot::store::Store;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, query, query_scalar};
use url::Url;

/// The variable with the address of a PostgreSQL; `tests/with-postgres` sets it. Without it the tests run on SQLite.
const SERVER: &str = "CM_BOT_TEST_DATABASE";

/// A database with all tables and no rows, from which the others are copied: that is faster than making the tables.
const TEMPLATE: &str = "cm_bot_template";

/// Whether the tests run on PostgreSQL.
pub fn is_postgres() -> bool {
    std::env::var_os(SERVER).is_some()
}

/// The address of a new, empty database. The folder is for a file.
pub async fn fresh(folder: &Path) -> String {
    match std::env::var(SERVER) {
        Ok(server) => on_server(&server).await,
        Err(_) => format!("sqlite:{}", folder.join("cm-bot.db").display()),
    }
}

/// A store on this database.
pub async fn open(url: &str) -> Store {
    Store::open(&url.into()).await.unwrap()
}

/// The address of a new PostgreSQL database without tables.
pub async fn empty() -> String {
    let server = std::env::var(SERVER).unwrap();
    create(&mut connect(&server).await, &server, "template1").await
}

async fn on_server(server: &str) -> String {
    let mut connection = connect(server).await;
    run(&mut connection, "SELECT pg_advisory_lock(1)").await;
    make_template(&mut connection, server).await;
    drop_left_over(&mut connection).await;
    run(&mut connection, "SELECT pg_advisory_unlock(1)").await;
    create(&mut connection, server, TEMPLATE).await
}

async fn connect(server: &str) -> PgConnection {
    match PgConnection::connect(server).await {
        Ok(connection) => connection,
        Err(error) => panic!("the PostgreSQL of the tests does not answer: {error}"),
    }
}

async fn create(connection: &mut PgConnection, server: &str, template: &str) -> String {
    let name = format!("cm_bot_{}_{}", std::process::id(), uuid::Uuid::new_v4().simple());
    run(connection, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    named(server, &name)
}

async fn make_template(connection: &mut PgConnection, server: &str) {
    let there = "SELECT count(*) FROM pg_database WHERE datname = $1";
    let there: i64 = query_scalar(there).bind(TEMPLATE).fetch_one(&mut *connection).await.unwrap();
    if there > 0 {
        return;
    }
    run(connection, "DROP DATABASE IF EXISTS cm_bot_new WITH (FORCE)").await;
    run(connection, "CREATE DATABASE cm_bot_new").await;
    drop(open(&named(server, "cm_bot_new")).await);
    // The connections of a dropped store end a moment later.
    let end = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = 'cm_bot_new'";
    run(connection, end).await;
    run(connection, &format!("ALTER DATABASE cm_bot_new RENAME TO {TEMPLATE}")).await;
}

/// Those of tests whose process has ended.
async fn drop_left_over(connection: &mut PgConnection) {
    let names = "SELECT datname::text FROM pg_database WHERE datname LIKE 'cm\\_bot\\_%\\_%'";
    let names: Vec<String> = query_scalar(names).fetch_all(&mut *connection).await.unwrap();
    for name in names {
        let Some(process) = name.split('_').nth(2).and_then(|number| number.parse::<u32>().ok()) else { continue };
        if !Path::new(&format!("/proc/{process}")).exists() {
            run(connection, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}

async fn run(connection: &mut PgConnection, sql: &str) {
    query(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

fn named(server: &str, name: &str) -> String {
    let mut url = Url::parse(server).unwrap();
    url.set_path(name);
    url.into()
}

/// Somebody who has a connection to the same database.
pub enum Other {
    Sqlite(SqliteConnection),
    Pg(PgConnection),
}

impl Other {
    /// Another connection than the service's.
    pub async fn connect(url: &str) -> Other {
        if is_postgres() {
            Other::Pg(PgConnection::connect(url).await.unwrap())
        } else {
            Other::Sqlite(SqliteConnection::connect(url).await.unwrap())
        }
    }

    /// The number that a statement asks for.
    pub async fn number(&mut self, statement: &'static str) -> i64 {
        match self {
            Other::Sqlite(connection) => query_scalar(statement).fetch_one(connection).await.unwrap(),
            Other::Pg(connection) => query_scalar(statement).fetch_one(connection).await.unwrap(),
        }
    }

    /// The bytes that a statement asks for, a row each.
    pub async fn bytes(&mut self, statement: &'static str) -> Vec<Vec<u8>> {
        match self {
            Other::Sqlite(connection) => query_scalar(statement).fetch_all(connection).await.unwrap(),
            Other::Pg(connection) => query_scalar(statement).fetch_all(connection).await.unwrap(),
        }
    }

    /// Carries a statement out, or is refused.
    pub async fn run(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Other::Sqlite(connection) => sqlx::query(statement).execute(connection).await.map(drop),
            Other::Pg(connection) => sqlx::query(statement).execute(connection).await.map(drop),
        }
    }
}
