//! What a verdict takes when there are many past tickets: as long as when there are few.

use std::time::Duration;

use cm_bot::simulator::traffic::Latency;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::measure::middle;
use crate::service::Played;

/// Past tickets, half of them in the scope of the ticket that is judged.
pub const PAST: [u32; 2] = [1_000, 100_000];

/// Tries of which the middle one counts.
const TRIES: usize = 9;

/// From the webhook until Jira has the transition and the comment, with so many past tickets.
#[derive(Debug, Clone, Copy)]
pub struct Growth {
    pub past: u32,
    pub took: Duration,
}

/// Everything that is kept of tickets that are closed, from the first to the last number.
const REMEMBER: [&str; 5] = [
    "INSERT INTO tickets (issue_id, ticket_key, service, environment, status, evaluation, seen_at) \
     SELECT 'past-' || n, 'PRODCM-' || (1000000 + n), 'billing-api', CASE n % 2 WHEN 0 THEN 'prod-us' ELSE 'prod-eu' END, \
     'closed', 1, n FROM numbers",
    "INSERT INTO approvals (seq, issue_id, ticket_key, service, environment, commit_sha, approved_at) \
     SELECT n - 10000000, 'past-' || n, 'PRODCM-' || (1000000 + n), 'billing-api', \
     CASE n % 2 WHEN 0 THEN 'prod-us' ELSE 'prod-eu' END, printf('%040x', n), n FROM numbers",
    "INSERT INTO decisions (id, issue_id, ticket_key, evaluation, verdict, facts, decision, policy_digest, decided_at) \
     SELECT printf('00000000-0000-4000-8000-%012x', n), 'past-' || n, 'PRODCM-' || (1000000 + n), 1, 'approved', '{}', '{}', \
     (SELECT digest FROM policies LIMIT 1), n FROM numbers",
    "INSERT INTO actions (id, issue_id, lane, kind, payload, state, run_at, made_at, attempts, lease_until, lease_token) \
     SELECT 'past-' || n, 'past-' || n, 'jira:past-' || n, 'comment', '{}', 'done', n, n, 1, 0, 1 FROM numbers",
    "INSERT INTO deliveries (source, delivery_id, body_sha256, body, received_at) \
     SELECT 'jira', 'past-' || n, printf('%064x', n), '{}', n FROM numbers",
];

/// Measures with few past tickets, and then with many.
pub async fn measure(played: &mut Played) -> anyhow::Result<Vec<Growth>> {
    let (mut found, mut so_far) = (Vec::new(), 0);
    for past in PAST {
        remember(played, (so_far + 1, past)).await?;
        so_far = past;
        let mut took = Vec::new();
        for _ in 0..TRIES {
            played.an_hour_later();
            took.push(played.approve(Latency::default()).await?);
        }
        found.push(Growth { past, took: middle(took) });
    }
    Ok(found)
}

async fn remember(played: &Played, (first, last): (u32, u32)) -> anyhow::Result<()> {
    let records = SqliteConnectOptions::new().filename(played.records());
    let mut records = SqliteConnection::connect_with(&records).await?;
    let mut transaction = records.begin().await?;
    for insert in REMEMBER {
        let numbers = "WITH RECURSIVE numbers (n) AS (SELECT $1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $2)";
        let sql = format!("{numbers} {insert}");
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(first).bind(last).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    // Past tickets came over years, not a moment ago: what was written of them is in the database by now.
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut records).await?;
    records.close().await?;
    Ok(())
}
