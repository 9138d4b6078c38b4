//! The queue of things to look at.
//!
//! A claim is a lease with a token that grows with every claim: a worker that slept past its lease cannot finish what
//! another has taken over. Attempts grow at the claim, so that crashes count.

use super::claims::Claim;
use super::db::{Transaction, query};
use super::{Store, StoreError, stored};
use crate::model::{EmergencyId, IssueId, ProtectedRun, RepoName, Timestamp};

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// A ticket was created or changed, or it is time to look at it again.
    Ticket(IssueId),
    /// Something about a repository changed.
    Repository(RepoName),
    /// It is time to see what is owed for a ticket.
    FollowUp(IssueId),
    /// An emergency was declared in Slack, before there is a ticket.
    Declaration(EmergencyId),
    /// Somebody did something in Slack: the id of the delivery that says what.
    Slack(String),
    /// A run of GitHub Actions waits at a deployment protection rule.
    Protected(ProtectedRun),
}

/// The first that is due and whose subject nobody has. One whose claim ran out comes before a newer one for the same
/// subject, so there are never two at once. Both live states are named because the indices are asked for by these words.
macro_rules! due {
    () => {
        "SELECT j.seq FROM jobs AS j WHERE j.state IN ('ready', 'running') \
         AND ((j.state = 'ready' AND j.run_at <= $2) OR (j.state = 'running' AND j.lease_until < $2)) \
         AND NOT EXISTS (SELECT 1 FROM jobs AS k WHERE k.kind = j.kind AND k.subject = j.subject \
                         AND k.state IN ('ready', 'running') AND k.state = 'running' AND k.seq <> j.seq) \
         ORDER BY j.run_at, j.seq LIMIT 1"
    };
}

/// Takes it.
macro_rules! claim {
    ($owner:literal, $lock:literal) => {
        concat!(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_token = lease_token + 1, lease_until = $1",
            $owner,
            " WHERE seq = (",
            due!(),
            $lock,
            ") RETURNING seq, kind, subject, attempts, faults, lease_token"
        )
    };
}

const CLAIM: Claim = Claim {
    due: due!(),
    sqlite: claim!("", ""),
    postgres: claim!(", owner = $3, claim = $4", " FOR UPDATE OF j SKIP LOCKED"),
};

/// A job that this worker has.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// What to do.
    pub job: Job,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// How often handling it has ended in a fault of ours.
    pub faults: i64,
    seq: i64,
    token: i64,
}

impl Job {
    /// Whether it is for whatever tickets of a repository wait.
    pub(super) fn is_of_repository(&self) -> bool {
        matches!(self, Job::Repository(_))
    }

    fn kind(&self) -> &'static str {
        match self {
            Job::Ticket(_) => "ticket",
            Job::Repository(_) => "repository",
            Job::FollowUp(_) => "follow-up",
            Job::Declaration(_) => "declaration",
            Job::Slack(_) => "slack",
            Job::Protected(_) => "protected-run",
        }
    }

    fn subject(&self) -> String {
        match self {
            Job::Ticket(id) | Job::FollowUp(id) => id.to_string(),
            Job::Repository(name) => name.to_string(),
            Job::Declaration(id) => id.to_string(),
            Job::Slack(delivery) => delivery.clone(),
            Job::Protected(held) => held.to_string(),
        }
    }
}

impl Store {
    /// Asks for a look at something, not before `run_at`.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn enqueue(&self, job: &Job, run_at: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        enqueue(&mut transaction, job, run_at).await?;
        transaction.commit().await
    }

    /// Takes the next job that is due and whose subject nobody is looking at.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_job(&self, now: Timestamp) -> Result<Option<ClaimedJob>, StoreError> {
        let row = self.claim(&CLAIM, now).await?;
        let Some(row) = row else { return Ok(None) };
        let subject: String = row.get("subject")?;
        let job = match row.get::<&str>("kind")? {
            "ticket" => Job::Ticket(stored(IssueId::parse(&subject))?),
            "repository" => Job::Repository(stored(RepoName::parse(&subject))?),
            "follow-up" => Job::FollowUp(stored(IssueId::parse(&subject))?),
            "declaration" => Job::Declaration(stored(EmergencyId::parse(&subject))?),
            "slack" => Job::Slack(subject),
            "protected-run" => Job::Protected(stored(ProtectedRun::parse(&subject))?),
            other => return Err(StoreError::Damaged(format!("a job of kind `{other}`"))),
        };
        let (seq, token) = (row.get("seq")?, row.get("lease_token")?);
        Ok(Some(ClaimedJob { job, attempts: row.get("attempts")?, faults: row.get("faults")?, seq, token }))
    }

    /// The job is done.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it now.
    pub async fn finish_job(&self, claimed: &ClaimedJob) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        end(&mut transaction, claimed).await?;
        transaction.commit().await
    }

    /// The job is done, and its subject is looked at again at `run_at`; sooner when somebody asked for it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it now.
    pub async fn look_again(&self, claimed: &ClaimedJob, run_at: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        end(&mut transaction, claimed).await?;
        enqueue(&mut transaction, &claimed.job, run_at).await?;
        transaction.commit().await
    }

    /// The job failed and is tried again at `run_at`, or joins a newer one that waits for the same subject.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn retry_job(&self, claimed: &ClaimedJob, run_at: Timestamp, error: &str) -> Result<(), StoreError> {
        self.put_back(claimed, &Ended { state: "ready", run_at, faults: claimed.faults, error }).await
    }

    /// The job ended in a fault of ours and is tried again at `run_at`.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn retry_after_fault(
        &self,
        claimed: &ClaimedJob,
        run_at: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        self.put_back(claimed, &Ended { state: "ready", run_at, faults: claimed.faults + 1, error }).await
    }

    /// The job ended in a fault of ours too often. It is kept for the operator, and not tried again.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn bury_job(&self, claimed: &ClaimedJob, now: Timestamp, error: &str) -> Result<(), StoreError> {
        self.put_back(claimed, &Ended { state: "dead", run_at: now, faults: claimed.faults + 1, error }).await
    }

    /// How many subjects are not looked at any more because of faults of ours.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn dead_jobs(&self) -> Result<i64, StoreError> {
        let dead = "SELECT count(DISTINCT subject) FROM jobs WHERE state = 'dead'";
        query(dead).one(self.db.reader()).await?.get(0)
    }

    async fn put_back(&self, claimed: &ClaimedJob, ended: &Ended<'_>) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        end(&mut transaction, claimed).await?;
        let sql = "INSERT INTO jobs (kind, subject, state, run_at, attempts, faults, lease_until, lease_token, last_error) \
                   VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8) ON CONFLICT DO NOTHING";
        query(sql)
            .bind(claimed.job.kind())
            .bind(claimed.job.subject())
            .bind(ended.state)
            .bind(ended.run_at.0)
            .bind(claimed.attempts)
            .bind(ended.faults)
            .bind(claimed.token)
            .bind(ended.error)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await
    }
}

/// What becomes of a job that was not done.
struct Ended<'a> {
    state: &'static str,
    run_at: Timestamp,
    faults: i64,
    error: &'a str,
}

/// Ends a claim, unless it was lost, and forgets what died of the same subject before: somebody has looked at it again.
async fn end(transaction: &mut Transaction, claimed: &ClaimedJob) -> Result<(), StoreError> {
    let sql = "DELETE FROM jobs WHERE seq = $1 AND lease_token = $2 AND state = 'running'";
    if query(sql).bind(claimed.seq).bind(claimed.token).execute(&mut *transaction).await? != 1 {
        return Err(StoreError::LeaseLost);
    }
    let sql = "DELETE FROM jobs WHERE kind = $1 AND subject = $2 AND state = 'dead'";
    query(sql).bind(claimed.job.kind()).bind(claimed.job.subject()).execute(transaction).await.map(drop)
}

/// Adds a job, or brings a waiting one for the same subject forward.
pub(super) async fn enqueue(transaction: &mut Transaction, job: &Job, run_at: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO jobs (kind, subject, state, run_at, attempts, lease_until, lease_token) \
               VALUES ($1, $2, 'ready', $3, 0, 0, 0) \
               ON CONFLICT (kind, subject) WHERE state = 'ready' DO UPDATE SET run_at = CASE WHEN excluded.run_at < jobs.run_at THEN excluded.run_at ELSE jobs.run_at END, attempts = 0";
    query(sql).bind(job.kind()).bind(job.subject()).bind(run_at.0).execute(transaction).await?;
    Ok(())
}
