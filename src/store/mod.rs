//! The database. One file a family of tables; each function is one statement or one transaction.
//!
//! SQLite or PostgreSQL: `db.rs` hands each statement to the one in use, `open.rs` knows the tables of both, and the three
//! things that only processes that share a PostgreSQL need are in `claims.rs` (who has died?), `turns.rs` (who judges?) and
//! `db.rs` (who writes?).

mod actions;
mod acts;
mod approvals;
mod audit;
mod callbacks;
mod cards;
mod checkpoints;
mod claims;
mod db;
mod deciding;
mod deliveries;
mod disk;
mod doubts;
mod drawing;
mod effects;
mod emergencies;
mod ends;
mod evidence;
mod gate;
mod inbox;
mod inspections;
mod jobs;
mod kept;
mod ledger;
mod marks;
mod numbers;
mod open;
mod overview;
mod plans;
mod policies;
mod posts;
mod protected_runs;
mod records;
mod reminders;
mod sessions;
mod sightings;
mod tickets;
mod turns;
mod uploads;
mod wishes;
mod words;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use claims::Owner;
use db::{Db, Transaction, query};
use inbox::Inbox;
use turns::Turns;

pub use actions::{Action, ClaimedAction, NewAction};
pub use acts::NewActs;
pub use approvals::Approval;
pub use audit::TrailEntry;
pub use callbacks::Callback;
pub use cards::{Reached, Untold};
pub use checkpoints::Memory;
pub use claims::LEASE;
pub use deliveries::{Delivery, Received};
pub use disk::lost as disk_lost;
pub use effects::{Effect, InspectionEnd, Lane, Reach};
pub use emergencies::{EmergencyRecord, Mark};
pub use evidence::Activation;
pub use gate::{GateApproval, GateRequest, Reported, Use, Used};
pub use inspections::{InspectableChange, InspectionResult, RecordedDraw, UnsanctionedDeployment};
pub use jobs::{ClaimedJob, Job};
pub use marks::{Again, Standing, Void};
pub use numbers::{Backlog, Retried};
pub use overview::{LeadTime, Listed, PastEvaluation};
pub use plans::Planned;
pub use policies::{PassedOver, Policy};
pub use posts::{Place, Post};
pub use protected_runs::HeldAttempt;
pub use records::{Evaluation, StoredDecision};
pub use sessions::{NewSession, Session};
pub use tickets::KnownTicket;
pub use turns::Turn;
pub use uploads::{Upload, Uploaded};
pub use wishes::Granted;
pub use words::Word;

use crate::model::Timestamp;

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened or its tables cannot be made.
    #[error("the database {0} cannot be opened: {1}")]
    Open(String, String),
    /// A statement failed.
    #[error("the database failed: {0}")]
    Sql(#[source] sqlx::Error),
    /// Nothing can be written.
    #[error(
        "the disk of the database is full: make room; until then webhooks are refused, so that they come again, and nothing is decided"
    )]
    DiskFull,
    /// What was written may be gone; this process must not go on.
    #[error("the disk has lost what was written")]
    DiskLost,
    /// A stored value cannot be read back.
    #[error("a record in the database cannot be read: {0}")]
    Damaged(String),
    /// More deliveries wait to be written than there is room for.
    #[error("too many webhooks wait to be written")]
    Full,
    /// Whoever wrote failed in the middle of it.
    #[error("the write was broken off")]
    BrokenOff,
    /// The worker's claim ran out and somebody else has it now.
    #[error("the claim on this work was lost")]
    LeaseLost,
    /// Another process has brought other criteria or people into force.
    #[error("other criteria have come into force since this process was started: start it anew")]
    OtherCriteria,
}

impl StoreError {
    /// Whether the server gave the transaction up because it and another waited for each other; nothing of it was written,
    /// and the same may work next time (PostgreSQL, appendix A: `serialization_failure`, `deadlock_detected`).
    fn is_given_up(&self) -> bool {
        let StoreError::Sql(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| matches!(&*code, "40001" | "40P01"))
    }
}

/// A handle on the database; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    place: Arc<str>,
    /// Nothing on SQLite, where only this process uses the file.
    owner: Option<Owner>,
    turns: Turns,
    inbox: Inbox,
}

impl Store {
    /// Opens the database and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Open`] with the reason.
    pub async fn open(url: &SecretString) -> Result<Store, StoreError> {
        open::open(url.expose_secret()).await
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not, or takes nothing new.
    pub async fn check(&self) -> Result<(), StoreError> {
        query("SELECT count(*) FROM jobs").one(self.db.reader()).await?;
        if disk::is_full() { Err(StoreError::DiskFull) } else { Ok(()) }
    }

    /// Whether nothing is left to do that is due by `now`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_idle(&self, now: Timestamp) -> Result<bool, StoreError> {
        let sql = "SELECT (SELECT count(*) FROM jobs WHERE state IN ('ready', 'running') \
                      AND (state = 'running' OR (state = 'ready' AND run_at <= $1))) \
                   + (SELECT count(*) FROM actions AS a WHERE a.state IN ('ready', 'running') \
                      AND (a.state = 'running' OR (a.state = 'ready' AND a.run_at <= $1 \
                      AND NOT EXISTS (SELECT 1 FROM actions AS b WHERE b.lane = a.lane AND b.seq < a.seq \
                                      AND b.state IN ('ready', 'running')) \
                      AND NOT EXISTS (SELECT 1 FROM actions AS c WHERE c.id = a.waits_for AND c.state IN ('ready', 'running')))))";
        let left = query(sql).bind(now.0).one(self.db.reader()).await?;
        Ok(left.get::<i64>(0)? == 0)
    }

    /// Where it is, without user and password.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    async fn write(&self) -> Result<Transaction, StoreError> {
        self.db.begin_alone().await
    }
}

/// A stored text as one of our types.
fn stored<T, E: std::fmt::Display>(result: Result<T, E>) -> Result<T, StoreError> {
    result.map_err(|error| StoreError::Damaged(error.to_string()))
}
