//! Runs of GitHub Actions that wait at a deployment protection rule, and what GitHub was told about each.

use uuid::Uuid;

use super::actions::insert;
use super::db::{Row, query};
use super::{NewAction, Store, StoreError, audit, stored};
use crate::audit::Entry;
use crate::model::{IssueId, ProtectedRun, Timestamp};

/// One attempt of a run, as far as we have got with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAttempt {
    /// When it was seen first.
    pub seen_at: Timestamp,
    /// What it asks the gate for, once that is known.
    pub request: Option<Uuid>,
    /// How often GitHub was told something that decides nothing.
    pub reports: u32,
    /// What GitHub was told last.
    pub said: String,
    /// `approved`, `rejected` or `gone`, once there is nothing more to say.
    pub answer: Option<String>,
}

impl Store {
    /// Notes an attempt that waits, and gives what is known of it.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_held(
        &self,
        (held, attempt): (&ProtectedRun, u32),
        now: Timestamp,
    ) -> Result<HeldAttempt, StoreError> {
        let mut transaction = self.db.begin().await?;
        let sql = "INSERT INTO protected_runs (repository, run_id, environment, attempt, seen_at, reports, said) \
                   VALUES ($1, $2, $3, $4, $5, 0, '') ON CONFLICT DO NOTHING";
        let query_ = query(sql).bind(held.repository.as_str()).bind(number(held)?).bind(&held.environment);
        query_.bind(i64::from(attempt)).bind(now.0).execute(&mut transaction).await?;
        let sql = "SELECT seen_at, request_id, reports, said, answer FROM protected_runs \
                   WHERE repository = $1 AND run_id = $2 AND environment = $3 AND attempt = $4";
        let query_ = query(sql).bind(held.repository.as_str()).bind(number(held)?).bind(&held.environment);
        let row = query_.bind(i64::from(attempt)).one(&mut transaction).await?;
        transaction.commit().await?;
        read(&row)
    }

    /// Notes what an attempt asks the gate for.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn link_held(&self, (held, attempt): (&ProtectedRun, u32), request: Uuid) -> Result<(), StoreError> {
        let sql = "UPDATE protected_runs SET request_id = $1 \
                   WHERE repository = $2 AND run_id = $3 AND environment = $4 AND attempt = $5";
        let query = query(sql).bind(request.to_string()).bind(held.repository.as_str()).bind(number(held)?);
        query.bind(&held.environment).bind(i64::from(attempt)).execute(self.db.writer()).await.map(drop)
    }

    /// Notes that GitHub was told this, which decides nothing.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_report(&self, (held, attempt): (&ProtectedRun, u32), said: &str) -> Result<(), StoreError> {
        let sql = "UPDATE protected_runs SET reports = reports + 1, said = $1 \
                   WHERE repository = $2 AND run_id = $3 AND environment = $4 AND attempt = $5";
        let query = query(sql).bind(said).bind(held.repository.as_str()).bind(number(held)?);
        query.bind(&held.environment).bind(i64::from(attempt)).execute(self.db.writer()).await.map(drop)
    }

    /// Notes how an attempt ended for us, once. `told` is what goes out with it, and for which ticket.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn end_held(
        &self,
        (held, attempt): (&ProtectedRun, u32),
        answer: &'static str,
        told: Option<(&IssueId, &NewAction, &Entry)>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        let sql = "UPDATE protected_runs SET answer = $1 \
                   WHERE repository = $2 AND run_id = $3 AND environment = $4 AND attempt = $5 AND answer IS NULL";
        let query_ = query(sql).bind(answer).bind(held.repository.as_str()).bind(number(held)?);
        let query_ = query_.bind(&held.environment).bind(i64::from(attempt));
        if query_.execute(&mut transaction).await? == 0 {
            return Ok(false);
        }
        if let Some((issue, action, entry)) = told {
            insert(&mut transaction, (issue, None), std::slice::from_ref(action), entry.at).await?;
            audit::append(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// The runs that wait for a ticket.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn held_for(&self, issue: &IssueId) -> Result<Vec<ProtectedRun>, StoreError> {
        let sql = "SELECT p.repository, p.run_id, p.environment FROM protected_runs AS p \
                   JOIN gate_requests AS r ON r.id = p.request_id WHERE r.issue_id = $1 AND p.answer IS NULL";
        let rows = query(sql).bind(issue.as_str()).all(self.db.reader()).await?;
        rows.iter().map(named).collect()
    }

    /// The newest answer of an attempt for a request; nothing when it did not wait at a protection rule.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn held_answer(&self, request: Uuid) -> Result<Option<String>, StoreError> {
        let sql = "SELECT answer FROM protected_runs WHERE request_id = $1 AND answer IS NOT NULL LIMIT 1";
        let row = query(sql).bind(request.to_string()).optional(self.db.reader()).await?;
        row.map(|row| row.get(0)).transpose()
    }
}

fn number(held: &ProtectedRun) -> Result<i64, StoreError> {
    stored(i64::try_from(held.run))
}

fn named(row: &Row) -> Result<ProtectedRun, StoreError> {
    let (repository, run, environment): (&str, i64, &str) =
        (row.get("repository")?, row.get("run_id")?, row.get("environment")?);
    stored(ProtectedRun::parse(&format!("{repository} {run} {environment}")))
}

fn read(row: &Row) -> Result<HeldAttempt, StoreError> {
    let request: Option<String> = row.get("request_id")?;
    Ok(HeldAttempt {
        seen_at: Timestamp(row.get("seen_at")?),
        request: request.map(|id| stored(Uuid::parse_str(&id))).transpose()?,
        reports: stored(u32::try_from(row.get::<i64>("reports")?))?,
        said: row.get("said")?,
        answer: row.get("answer")?,
    })
}
