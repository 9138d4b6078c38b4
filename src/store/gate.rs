//! What pipelines asked the gate, what they were answered, and what became of it.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::actions::{drop_untried, insert};
use super::db::{Row, Transaction, query};
use super::{NewAction, Standing, Store, StoreError, audit, marks, stored};
use crate::audit::Entry;
use crate::model::{AccountId, Deployment, Ending, Field, IssueId, PipelineName, Run, TicketKey, Timestamp};
use crate::policy::gate::Pass;

/// Requests, each with its use and its newest outcome.
macro_rules! requests {
    ($which:literal) => {
        concat!(
            "SELECT r.id, r.deployment, r.words, r.caller, r.requester, r.wanted_ticket, r.requested_at, r.tried_at, r.issue_id, \
             r.ticket_key, r.unfilled, u.used_at, u.approved_at AS used_approval, u.job AS used_job, \
             (SELECT o.outcome FROM gate_outcomes AS o WHERE o.request_id = r.id ORDER BY o.seq DESC LIMIT 1) AS outcome \
             FROM gate_requests AS r LEFT JOIN gate_uses AS u ON u.request_id = r.id ",
            $which
        )
    };
}

/// A pipeline's request to deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateRequest {
    /// Its id, which is the mark of a ticket that is made for it.
    pub id: Uuid,
    /// What is to be deployed.
    pub deployment: Deployment,
    /// Words that the pipeline gave for fields of the ticket.
    pub words: BTreeMap<Field, String>,
    /// Who asked, as far as the token says.
    pub caller: String,
    /// The person who started the run, if that is known.
    pub requester: Option<AccountId>,
    /// The ticket that the pipeline names, if it names one.
    pub wanted: Option<TicketKey>,
    /// When.
    pub requested_at: Timestamp,
    /// When a ticket was last asked of Jira; what came of it is not known yet.
    pub tried_at: Option<Timestamp>,
    /// The ticket, once there is one.
    pub ticket: Option<(IssueId, TicketKey)>,
    /// What could not be filled in, with the reason.
    pub unfilled: Vec<(String, String)>,
    /// How it was let through, once it was.
    pub used: Option<Use>,
    /// What became of the deployment.
    pub ending: Option<Ending>,
}

/// How a run was let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// When.
    pub at: Timestamp,
    /// When the approval that it used had been given.
    pub approved_at: Timestamp,
    /// The job of the run that asked, where its token says so.
    pub job: Option<PipelineName>,
}

/// What a run may make of an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Used {
    /// It is recorded, now or by an earlier question of the same run.
    By(Timestamp),
    /// Another run was faster.
    ByAnother(Box<Run>),
    /// This job of the same run was faster.
    ByAnotherJob(PipelineName),
    /// The approval does not stand any more.
    NotStanding,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// It is recorded.
    Recorded,
    /// It had been said before.
    Known,
    /// Nothing was recorded: it may not follow what was said before, which is this.
    Otherwise(Ending),
}

/// The approval at which a ticket stands, and who used it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateApproval {
    /// The approval.
    pub standing: Standing,
    /// Which humans gave it.
    pub by: Vec<String>,
    /// The run that used it.
    pub used_by: Option<Run>,
}

impl Store {
    /// Stores a request with its audit entry, unless the same run asked for the same before; gives what is stored.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn request_change(&self, request: &GateRequest, entry: &Entry) -> Result<GateRequest, StoreError> {
        let mut transaction = self.write().await?;
        let Deployment { run, service, environment, .. } = &request.deployment;
        let sql = "INSERT INTO gate_requests (id, system, job, build, attempt, service, environment, deployment, words, \
                     caller, requester, wanted_ticket, requested_at, unfilled) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '[]') ON CONFLICT DO NOTHING";
        let query_ = query(sql).bind(request.id.to_string()).bind(run.system.id()).bind(run.job.as_str());
        let query_ = query_.bind(run.build.as_str()).bind(i64::from(run.attempt));
        let query_ = query_.bind(service.as_str()).bind(environment.as_str());
        let query_ = query_.bind(stored(serde_json::to_string(&request.deployment))?);
        let query_ = query_.bind(stored(serde_json::to_string(&request.words))?).bind(&request.caller);
        let query_ = query_.bind(request.requester.as_ref().map(AccountId::as_str));
        let query_ = query_.bind(request.wanted.as_ref().map(TicketKey::as_str)).bind(request.requested_at.0);
        if query_.execute(&mut transaction).await? == 1 {
            audit::append(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        let known = self.request_of(&request.deployment).await?;
        known.ok_or_else(|| StoreError::Damaged("a request of the gate that is gone".into()))
    }

    /// A request by its id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn gate_request(&self, id: Uuid) -> Result<Option<GateRequest>, StoreError> {
        let sql = requests!("WHERE r.id = $1");
        let row = query(sql).bind(id.to_string()).optional(self.db.reader()).await?;
        row.as_ref().map(request).transpose()
    }

    /// The request of a run for an environment.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn request_of(&self, deployment: &Deployment) -> Result<Option<GateRequest>, StoreError> {
        let sql = requests!(
            "WHERE r.system = $1 AND r.job = $2 AND r.build = $3 AND r.attempt = $4 AND r.service = $5 \
             AND r.environment = $6"
        );
        let Deployment { run, service, environment, .. } = deployment;
        let query = query(sql).bind(run.system.id()).bind(run.job.as_str()).bind(run.build.as_str());
        let query = query.bind(i64::from(run.attempt)).bind(service.as_str()).bind(environment.as_str());
        query.optional(self.db.reader()).await?.as_ref().map(request).transpose()
    }

    /// Requests that have no ticket yet, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn requests_without_ticket(&self) -> Result<Vec<GateRequest>, StoreError> {
        let sql = requests!("WHERE r.issue_id IS NULL ORDER BY r.seq LIMIT 100");
        query(sql).all(self.db.reader()).await?.iter().map(request).collect()
    }

    /// Requests that were let through before a moment and never said what became of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unreported_since(&self, before: Timestamp) -> Result<Vec<GateRequest>, StoreError> {
        let sql = requests!(
            "WHERE u.used_at < $1 \
             AND NOT EXISTS (SELECT 1 FROM gate_outcomes AS o WHERE o.request_id = r.id) ORDER BY r.seq LIMIT 100"
        );
        query(sql).bind(before.0).all(self.db.reader()).await?.iter().map(request).collect()
    }

    /// Whether a pipeline has said how a deployment of a ticket ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deployment_ended(&self, issue: &IssueId) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM gate_outcomes WHERE issue_id = $1 AND outcome <> 'unreported'";
        Ok(query(sql).bind(issue.as_str()).one(self.db.reader()).await?.get::<i64>(0)? > 0)
    }

    /// Notes that Jira is asked for a ticket now: whatever comes of it, the next try looks for that ticket first.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn note_try(&self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE gate_requests SET tried_at = $1 WHERE id = $2";
        query(sql).bind(now.0).bind(id.to_string()).execute(self.db.writer()).await.map(drop)
    }

    /// Connects a request with its ticket, once.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn link_request(
        &self,
        (id, unfilled): (Uuid, &[(String, String)]),
        (issue, key): (&IssueId, &TicketKey),
        entry: &Entry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let sql = "UPDATE gate_requests SET issue_id = $1, ticket_key = $2, unfilled = $3 \
                   WHERE id = $4 AND issue_id IS NULL";
        let query_ = query(sql).bind(issue.as_str()).bind(key.as_str()).bind(stored(serde_json::to_string(unfilled))?);
        if query_.bind(id.to_string()).execute(&mut transaction).await? == 1 {
            audit::append(&mut transaction, entry).await?;
        }
        transaction.commit().await
    }

    /// The approval at which a ticket stands, who gave it, and who used it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn gate_approval(&self, issue: &IssueId) -> Result<Option<GateApproval>, StoreError> {
        let Some(standing) = self.standing_approval(issue).await? else { return Ok(None) };
        let sql = requests!("WHERE u.issue_id = $1 AND u.commit_sha = $2 AND u.approved_at = $3");
        let query_ = query(sql).bind(issue.as_str()).bind(standing.commit.as_str()).bind(standing.at.0);
        let used = query_.optional(self.db.reader()).await?.as_ref().map(request).transpose()?;
        let used_by = used.map(|request| request.deployment.run);
        let sql =
            "SELECT name FROM approvers WHERE issue_id = $1 AND commit_sha = $2 AND approved_at = $3 ORDER BY seq";
        let query_ = query(sql).bind(issue.as_str()).bind(standing.commit.as_str()).bind(standing.at.0);
        let rows = query_.all(self.db.reader()).await?;
        let mut names = rows.iter().map(|row| row.get("name")).collect::<Result<Vec<String>, _>>()?;
        if names.is_empty() {
            // An older version knew of one.
            names.extend(standing.by.clone());
        }
        Ok(Some(GateApproval { standing, by: names, used_by }))
    }

    /// Records that a run was let through, with its audit entry, or nothing at all. The same run is answered the same
    /// again; another one is not let through by the same approval. Only the approval that was given last can be used: what
    /// was read before it was voided and given anew is not the one that stands.
    ///
    /// # Errors
    /// When it cannot be stored: then nothing was let through.
    pub async fn use_approval(
        &self,
        (request, pass): (&GateRequest, &Pass),
        job: Option<&PipelineName>,
        entry: &Entry,
    ) -> Result<Used, StoreError> {
        let mut transaction = self.write().await?;
        let sql = "SELECT used_at, job AS used_job FROM gate_uses WHERE request_id = $1";
        if let Some(row) = query(sql).bind(request.id.to_string()).optional(&mut transaction).await? {
            return match job_of(&row)?.filter(|let_through| Some(let_through) != job) {
                Some(other) => Ok(Used::ByAnotherJob(other)),
                None => Ok(Used::By(Timestamp(row.get("used_at")?))),
            };
        }
        let (issue, approved) = (pass.issue(), pass.approved());
        let is_voided = marks::is_voided(&mut transaction, issue, &approved.commit).await?;
        if is_voided || marks::given_at(&mut transaction, issue, &approved.commit).await? != Some(approved.at) {
            return Ok(Used::NotStanding);
        }
        let sql = "INSERT INTO gate_uses (request_id, issue_id, commit_sha, approved_at, used_at, job) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
        let query_ = query(sql).bind(request.id.to_string()).bind(issue.as_str()).bind(approved.commit.as_str());
        let query_ = query_.bind(approved.at.0).bind(entry.at.0).bind(job.map(PipelineName::as_str));
        if query_.execute(&mut transaction).await? == 0 {
            return user(&mut transaction, pass).await;
        }
        audit::append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(Used::By(entry.at))
    }

    /// Records what became of a deployment, with its audit entry and what is to be done about it. Said twice in a row it
    /// is recorded once, and what may not follow what was said last is not recorded at all, whoever was faster.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn record_ending(
        &self,
        (request, issue): (&GateRequest, &IssueId),
        (ending, note): (Ending, &str),
        (entry, actions): (&Entry, &[NewAction]),
    ) -> Result<Reported, StoreError> {
        let mut transaction = self.write().await?;
        let sql = "SELECT outcome FROM gate_outcomes WHERE request_id = $1 ORDER BY seq DESC LIMIT 1";
        let last = query(sql).bind(request.id.to_string()).optional(&mut transaction).await?;
        let last = last.map(|row| stored(Ending::parse(row.get(0)?))).transpose()?;
        match last {
            Some(last) if last == ending => return Ok(Reported::Known),
            Some(last) if !ending.may_follow(Some(last)) => return Ok(Reported::Otherwise(last)),
            Some(_) | None => {}
        }
        let sql = "INSERT INTO gate_outcomes (request_id, issue_id, commit_sha, service, environment, outcome, note, reported_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let Deployment { service, environment, commit, .. } = &request.deployment;
        let query_ = query(sql).bind(request.id.to_string()).bind(issue.as_str()).bind(commit.as_str());
        let query_ = query_.bind(service.as_str()).bind(environment.as_str()).bind(ending.id()).bind(note);
        query_.bind(entry.at.0).execute(&mut transaction).await?;
        drop_untried(&mut transaction, issue).await?;
        insert(&mut transaction, (issue, None), actions, entry.at).await?;
        audit::append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(Reported::Recorded)
    }
}

/// Whose use it is that stands in the way.
async fn user(transaction: &mut Transaction, pass: &Pass) -> Result<Used, StoreError> {
    let sql = requests!("WHERE u.issue_id = $1 AND u.commit_sha = $2 AND u.approved_at = $3");
    let approved = pass.approved();
    let query = query(sql).bind(pass.issue().as_str()).bind(approved.commit.as_str()).bind(approved.at.0);
    Ok(Used::ByAnother(Box::new(request(&query.one(transaction).await?)?.deployment.run)))
}

fn used(row: &Row) -> Result<Option<Use>, StoreError> {
    let (at, approved_at): (Option<i64>, Option<i64>) = (row.get("used_at")?, row.get("used_approval")?);
    let Some((at, approved_at)) = at.zip(approved_at) else { return Ok(None) };
    Ok(Some(Use { at: Timestamp(at), approved_at: Timestamp(approved_at), job: job_of(row)? }))
}

fn job_of(row: &Row) -> Result<Option<PipelineName>, StoreError> {
    let job: Option<String> = row.get("used_job")?;
    job.map(|job| stored(PipelineName::parse(&job))).transpose()
}

fn request(row: &Row) -> Result<GateRequest, StoreError> {
    let issue: Option<String> = row.get("issue_id")?;
    let key: Option<String> = row.get("ticket_key")?;
    let ticket = match (issue, key) {
        (Some(issue), Some(key)) => Some((stored(IssueId::parse(&issue))?, stored(TicketKey::parse(&key))?)),
        _ => None,
    };
    let requester: Option<String> = row.get("requester")?;
    let wanted: Option<String> = row.get("wanted_ticket")?;
    let ending: Option<String> = row.get("outcome")?;
    Ok(GateRequest {
        id: stored(Uuid::parse_str(row.get("id")?))?,
        deployment: stored(serde_json::from_str(row.get("deployment")?))?,
        words: stored(serde_json::from_str(row.get("words")?))?,
        caller: row.get("caller")?,
        requester: requester.map(|account| stored(AccountId::parse(&account))).transpose()?,
        wanted: wanted.map(|key| stored(TicketKey::parse(&key))).transpose()?,
        requested_at: Timestamp(row.get("requested_at")?),
        tried_at: row.get::<Option<i64>>("tried_at")?.map(Timestamp),
        ticket,
        unfilled: stored(serde_json::from_str(row.get("unfilled")?))?,
        used: used(row)?,
        ending: ending.as_deref().map(|ending| stored(Ending::parse(ending))).transpose()?,
    })
}
