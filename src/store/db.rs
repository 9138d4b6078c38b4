//! One text of SQL for two databases.
//!
//! Every statement of the store is written once, in what SQLite and PostgreSQL both understand: `$1`, and values that are
//! numbers (BIGINT), texts (TEXT) or bytes (BLOB, BYTEA). This file hands it to the one that is in use.

use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite, Type};

use super::{StoreError, disk};

/// Numbers of our advisory locks on PostgreSQL: who lives, who writes, who judges in a scope.
pub(super) const OWNERS: i32 = 0x636d_0001;
const WRITERS: i32 = 0x636d_0002;
pub(super) const SCOPES: i32 = 0x636d_0003;

/// The database that is in use.
#[derive(Debug, Clone)]
pub(super) enum Db {
    /// A file of this process.
    Sqlite {
        /// One connection writes; so a write waits for the one before it instead of failing.
        writer: SqlitePool,
        /// The others read.
        readers: SqlitePool,
    },
    /// A server that other processes may use too.
    Pg(PgPool),
}

/// A transaction; undone when it is dropped before it is committed.
pub(super) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Pg(sqlx::Transaction<'static, Postgres>),
}

/// Where a statement is carried out.
pub(super) enum On<'a> {
    SqlitePool(&'a SqlitePool),
    PgPool(&'a PgPool),
    Sqlite(&'a mut SqliteConnection),
    Pg(&'a mut PgConnection),
}

/// A statement with its values.
pub(super) struct Query {
    sql: SqlStr,
    values: Vec<Value>,
}

/// A value of a statement.
#[derive(Clone)]
pub(super) enum Value {
    Number(i64),
    Text(Option<String>),
    Bytes(Vec<u8>),
}

/// A row of an answer.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Pg(PgRow),
}

/// What can be read out of a row of either database.
pub(super) trait Portable<'r>:
    Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>
{
}

impl<'r, T> Portable<'r> for T where T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres> {}

impl Db {
    /// For statements that only read.
    pub(super) fn reader(&self) -> On<'_> {
        match self {
            Db::Sqlite { readers, .. } => On::SqlitePool(readers),
            Db::Pg(pool) => On::PgPool(pool),
        }
    }

    /// For single statements that write.
    pub(super) fn writer(&self) -> On<'_> {
        match self {
            Db::Sqlite { writer, .. } => On::SqlitePool(writer),
            Db::Pg(pool) => On::PgPool(pool),
        }
    }

    /// Begins a transaction that writes nothing but what constraints keep right, whoever else writes at the same time.
    pub(super) async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(match self {
            // One that reads first would fail when another has written meanwhile.
            Db::Sqlite { writer, .. } => Transaction::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Db::Pg(pool) => Transaction::Pg(pool.begin().await?),
        })
    }

    /// Begins a transaction while no other such one is under way, in any process. What it reads stays true until it is
    /// committed, and numbers are given in the order of the commits: of the audit trail, of the actions in a lane, of a
    /// scope's approvals.
    pub(super) async fn begin_alone(&self) -> Result<Transaction, StoreError> {
        let mut transaction = self.begin().await?;
        if let Transaction::Pg(transaction) = &mut transaction {
            sqlx::query("SELECT pg_advisory_xact_lock($1, 0)").bind(WRITERS).execute(&mut **transaction).await?;
        }
        Ok(transaction)
    }
}

impl Transaction {
    /// Makes it true.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Transaction::Sqlite(transaction) => transaction.commit().await?,
            Transaction::Pg(transaction) => transaction.commit().await?,
        }
        disk::wrote()
    }
}

impl<'a> From<&'a mut Transaction> for On<'a> {
    fn from(transaction: &'a mut Transaction) -> On<'a> {
        match transaction {
            Transaction::Sqlite(transaction) => On::Sqlite(transaction),
            Transaction::Pg(transaction) => On::Pg(transaction),
        }
    }
}

/// A statement without its values yet.
pub(super) fn query(sql: impl SqlSafeStr) -> Query {
    Query { sql: sql.into_sql_str(), values: Vec::new() }
}

/// A statement that writes so many rows at once: its beginning up to `VALUES`, the values, and its end.
pub(super) fn insert_rows(beginning: &'static str, rows: Vec<Vec<Value>>, end: &'static str) -> Query {
    let mut first = 1;
    let mut all = Vec::with_capacity(rows.len());
    for row in &rows {
        all.push(places(first, row.len()));
        first += row.len();
    }
    let sql = format!("{beginning} VALUES {} {end}", all.join(", "));
    Query { sql: AssertSqlSafe(sql).into_sql_str(), values: rows.into_iter().flatten().collect() }
}

/// A statement with a list of so many values, of which the first is bound as `$first`.
pub(super) fn query_among(beginning: &'static str, (first, count): (usize, usize), end: &'static str) -> Query {
    query(AssertSqlSafe(format!("{beginning} {} {end}", places(first, count))))
}

/// `($3, $4, $5)`.
fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|place| format!("${place}")).collect();
    format!("({})", places.join(", "))
}

/// Carries a query out where it belongs, and makes something of what comes back.
macro_rules! carry_out {
    ($query:ident, $on:ident, $how:ident, $answer:ident => $made:expr) => {
        match $on.into() {
            On::SqlitePool(pool) => {
                let $answer = $query.sqlite().$how(pool).await?;
                $made
            }
            On::PgPool(pool) => {
                let $answer = $query.pg().$how(pool).await?;
                $made
            }
            On::Sqlite(connection) => {
                let $answer = $query.sqlite().$how(connection).await?;
                $made
            }
            On::Pg(connection) => {
                let $answer = $query.pg().$how(connection).await?;
                $made
            }
        }
    };
}

impl Query {
    /// The value of the next `$`.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Query {
        self.values.push(value.into());
        self
    }

    /// Carries it out; says how many rows it touched.
    pub(super) async fn execute<'a>(self, on: impl Into<On<'a>>) -> Result<u64, StoreError> {
        Ok(carry_out!(self, on, execute, done => done.rows_affected()))
    }

    /// The first row, if there is one. What a statement writes is only certain at its end, behind the last row: who stops
    /// reading at the first never hears that the disk refused it.
    pub(super) async fn optional<'a>(self, on: impl Into<On<'a>>) -> Result<Option<Row>, StoreError> {
        Ok(self.all(on).await?.into_iter().next())
    }

    /// The one row.
    pub(super) async fn one<'a>(self, on: impl Into<On<'a>>) -> Result<Row, StoreError> {
        self.optional(on).await?.ok_or_else(|| sqlx::Error::RowNotFound.into())
    }

    /// All rows.
    pub(super) async fn all<'a>(self, on: impl Into<On<'a>>) -> Result<Vec<Row>, StoreError> {
        Ok(carry_out!(self, on, fetch_all, rows => rows.into_iter().map(Row::from).collect()))
    }

    fn sqlite(self) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
        self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Number(number) => query.bind(number),
            Value::Text(text) => query.bind(text),
            Value::Bytes(bytes) => query.bind(bytes),
        })
    }

    fn pg(self) -> sqlx::query::Query<'static, Postgres, PgArguments> {
        self.values.into_iter().fold(sqlx::query(self.sql), |query, value| match value {
            Value::Number(number) => query.bind(number),
            // PostgreSQL keeps no NUL in a text. None of ours holds one, but what others say of an error may.
            Value::Text(text) => query.bind(text.map(|text| text.replace('\0', "\u{fffd}"))),
            Value::Bytes(bytes) => query.bind(bytes),
        })
    }
}

impl Row {
    /// A column by its name, or by its number from 0.
    pub(super) fn get<'r, T: Portable<'r>>(
        &'r self,
        column: impl ColumnIndex<SqliteRow> + ColumnIndex<PgRow>,
    ) -> Result<T, StoreError> {
        Ok(match self {
            Row::Sqlite(row) => row.try_get(column)?,
            Row::Pg(row) => row.try_get(column)?,
        })
    }
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Row {
        Row::Sqlite(row)
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Row {
        Row::Pg(row)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(Some(text))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Text(Some(text.clone()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Value {
        Value::Text(text)
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Value {
        Value::Text(text.map(str::to_owned))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        Value::Bytes(bytes.to_vec())
    }
}
