//! What an auditor is given: which changes a period touched, and everything that the records hold of each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;
use uuid::Uuid;

use super::db::{Row, query};
use super::{Store, StoreError, policies, stored};
use crate::model::{
    AccountId, ActRecord, ApprovalRecord, ChangeRecord, CommitSha, DecisionId, DecisionRecord, Deployment, Ending,
    GateRecord, IssueId, Scope, TicketKey, Timestamp,
};
use crate::policy::criteria::PolicyTexts;
use crate::policy::follow_up::completeness::AnswerTrace;

/// Since when a policy was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// Its digest.
    pub digest: String,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// The tickets that were seen, judged, approved or let through in a time.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be read.
    pub async fn touched_between(&self, (from, to): (Timestamp, Timestamp)) -> Result<BTreeSet<IssueId>, StoreError> {
        let sql = "SELECT issue_id FROM tickets WHERE seen_at >= $1 AND seen_at < $2 \
                   UNION SELECT issue_id FROM decisions WHERE decided_at >= $1 AND decided_at < $2 \
                   UNION SELECT issue_id FROM approval_marks WHERE marked_at >= $1 AND marked_at < $2 \
                   UNION SELECT issue_id FROM gate_uses WHERE used_at >= $1 AND used_at < $2 \
                   UNION SELECT issue_id FROM gate_outcomes WHERE reported_at >= $1 AND reported_at < $2";
        let rows = query(sql).bind(from.0).bind(to.0).all(self.db.reader()).await?;
        rows.iter().map(|row| stored(IssueId::parse(row.get(0)?))).collect()
    }

    /// Everything about a change, without the numbers of its audit entries; nothing when the records do not know it.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be read.
    pub async fn change_record(&self, issue: &IssueId) -> Result<Option<ChangeRecord>, StoreError> {
        let sql = "SELECT ticket_key, service, environment, status, seen_at FROM tickets WHERE issue_id = $1";
        let Some(row) = query(sql).bind(issue.as_str()).optional(self.db.reader()).await? else { return Ok(None) };
        Ok(Some(ChangeRecord {
            ticket: stored(TicketKey::parse(row.get("ticket_key")?))?,
            issue: issue.clone(),
            service: row.get("service")?,
            environment: row.get("environment")?,
            status: row.get("status")?,
            first_seen: Some(Timestamp(row.get("seen_at")?)),
            decisions: self.decisions_of(issue).await?,
            approvals: self.approvals_of(issue).await?,
            acts: self.acts_of(issue).await?,
            gate: self.gate_records_of(issue).await?,
            entries: Vec::new(),
        }))
    }

    /// The ticket that a decision is about.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn issue_of(&self, decision: DecisionId) -> Result<Option<IssueId>, StoreError> {
        let sql = "SELECT issue_id FROM decisions WHERE id = $1";
        let row = query(sql).bind(decision.to_string()).optional(self.db.reader()).await?;
        row.map(|row| stored(IssueId::parse(row.get(0)?))).transpose()
    }

    /// The runs that were let through in a time, oldest first.
    ///
    /// # Errors
    /// When the database does not answer, or a record cannot be read.
    pub async fn answers_between(
        &self,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(IssueId, AnswerTrace)>, StoreError> {
        let sql = "SELECT r.id, r.deployment, r.ticket_key, u.issue_id, u.commit_sha, u.used_at, \
                     (SELECT o.outcome FROM gate_outcomes AS o WHERE o.request_id = r.id ORDER BY o.seq DESC LIMIT 1) AS outcome \
                   FROM gate_uses AS u JOIN gate_requests AS r ON r.id = u.request_id \
                   WHERE u.used_at >= $1 AND u.used_at < $2 ORDER BY u.seq";
        query(sql).bind(from.0).bind(to.0).all(self.db.reader()).await?.iter().map(answer).collect()
    }

    /// Since when which policy was in force, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn activations(&self) -> Result<Vec<Activation>, StoreError> {
        let rows = query("SELECT digest, activated_at FROM policy_activations ORDER BY seq").all(self.db.reader());
        let activation =
            |row: &Row| Ok(Activation { digest: row.get("digest")?, at: Timestamp(row.get("activated_at")?) });
        rows.await?.iter().map(activation).collect()
    }

    /// The texts of every policy under which anything was decided or that was in force, by digest.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn policies(&self) -> Result<BTreeMap<String, PolicyTexts>, StoreError> {
        let sql =
            "SELECT digest, criteria, people, criteria_signature, people_signature, allowed_signers FROM policies";
        let rows = query(sql).all(self.db.reader()).await?;
        rows.iter().map(|row| Ok((row.get("digest")?, policies::texts(row)?))).collect()
    }

    async fn decisions_of(&self, issue: &IssueId) -> Result<Vec<DecisionRecord>, StoreError> {
        let sql = "SELECT id, evaluation, verdict, facts, decision, policy_digest, decided_at FROM decisions \
                   WHERE issue_id = $1 ORDER BY evaluation";
        query(sql).bind(issue.as_str()).all(self.db.reader()).await?.iter().map(decision).collect()
    }

    async fn approvals_of(&self, issue: &IssueId) -> Result<Vec<ApprovalRecord>, StoreError> {
        // A row of `approvals` tells of the first approval alone.
        let sql = "SELECT m.mark, m.commit_sha, m.approved_at, m.marked_at, CASE WHEN EXISTS (SELECT 1 FROM approval_marks AS v \
                     WHERE v.issue_id = m.issue_id AND v.commit_sha = m.commit_sha AND v.mark = 'voided' AND v.seq < m.seq) \
                     THEN m.decision_id ELSE a.decision_id END AS decision_id FROM approval_marks AS m \
                   JOIN approvals AS a ON a.issue_id = m.issue_id AND a.commit_sha = m.commit_sha \
                   WHERE m.issue_id = $1 ORDER BY m.seq";
        let rows = query(sql).bind(issue.as_str()).all(self.db.reader()).await?;
        let mut records = rows.iter().map(approval).collect::<Result<Vec<_>, _>>()?;
        let sql = "SELECT commit_sha, approved_at, name, role FROM approvers WHERE issue_id = $1 ORDER BY seq";
        for row in query(sql).bind(issue.as_str()).all(self.db.reader()).await? {
            let (commit, at): (String, i64) = (row.get("commit_sha")?, row.get("approved_at")?);
            let is_of = |one: &&mut ApprovalRecord| {
                one.mark == "given" && one.commit.as_str() == commit && one.approved_at.0 == at
            };
            if let Some(record) = records.iter_mut().find(is_of) {
                record.by.push((row.get("name")?, row.get("role")?));
                record.decision = None;
            }
        }
        Ok(records)
    }

    async fn acts_of(&self, issue: &IssueId) -> Result<Vec<ActRecord>, StoreError> {
        let sql =
            "SELECT way, source, account, deed, acted_at, refused FROM approval_acts WHERE issue_id = $1 ORDER BY seq";
        query(sql).bind(issue.as_str()).all(self.db.reader()).await?.iter().map(act).collect()
    }

    async fn gate_records_of(&self, issue: &IssueId) -> Result<Vec<GateRecord>, StoreError> {
        let sql = "SELECT r.id, r.deployment, r.caller, r.requested_at, u.used_at FROM gate_requests AS r \
                   LEFT JOIN gate_uses AS u ON u.request_id = r.id WHERE r.issue_id = $1 ORDER BY r.seq";
        let rows = query(sql).bind(issue.as_str()).all(self.db.reader()).await?;
        let mut records = rows.iter().map(gate).collect::<Result<Vec<_>, _>>()?;
        for record in &mut records {
            let sql = "SELECT outcome, reported_at, note FROM gate_outcomes WHERE request_id = $1 ORDER BY seq";
            let rows = query(sql).bind(record.request.as_str()).all(self.db.reader()).await?;
            let outcome = |row: &Row| Ok((row.get(0)?, Timestamp(row.get(1)?), row.get(2)?));
            record.outcomes = rows.iter().map(outcome).collect::<Result<_, StoreError>>()?;
        }
        Ok(records)
    }
}

fn answer(row: &Row) -> Result<(IssueId, AnswerTrace), StoreError> {
    let deployment: Deployment = stored(serde_json::from_str(row.get("deployment")?))?;
    let ending: Option<String> = row.get("outcome")?;
    let key: Option<String> = row.get("ticket_key")?;
    let key = key.ok_or_else(|| StoreError::Damaged("a run that was let through without a ticket".into()))?;
    let trace = AnswerTrace {
        request: stored(Uuid::parse_str(row.get("id")?))?,
        ticket: stored(TicketKey::parse(&key))?,
        scope: Scope { service: deployment.service, environment: deployment.environment },
        run: deployment.run,
        commit: stored(CommitSha::parse(row.get("commit_sha")?))?,
        at: Timestamp(row.get("used_at")?),
        ending: ending.map(|ending| stored(Ending::parse(&ending))).transpose()?,
    };
    Ok((stored(IssueId::parse(row.get("issue_id")?))?, trace))
}

fn decision(row: &Row) -> Result<DecisionRecord, StoreError> {
    let raw = |text: String| stored(RawValue::from_string(text));
    Ok(DecisionRecord {
        id: stored(DecisionId::parse(row.get("id")?))?,
        evaluation: row.get("evaluation")?,
        verdict: row.get("verdict")?,
        decided_at: Timestamp(row.get("decided_at")?),
        policy_digest: row.get("policy_digest")?,
        facts: raw(row.get("facts")?)?,
        decision: raw(row.get("decision")?)?,
    })
}

fn approval(row: &Row) -> Result<ApprovalRecord, StoreError> {
    let decision: Option<String> = row.get("decision_id")?;
    Ok(ApprovalRecord {
        mark: row.get("mark")?,
        commit: stored(CommitSha::parse(row.get("commit_sha")?))?,
        approved_at: Timestamp(row.get("approved_at")?),
        noted_at: Timestamp(row.get("marked_at")?),
        decision: decision.map(|id| stored(DecisionId::parse(&id))).transpose()?,
        by: Vec::new(),
    })
}

fn act(row: &Row) -> Result<ActRecord, StoreError> {
    let account: Option<String> = row.get("account")?;
    Ok(ActRecord {
        way: row.get("way")?,
        source: row.get("source")?,
        account: account.map(|account| stored(AccountId::parse(&account))).transpose()?,
        deed: stored(serde_json::from_str(row.get("deed")?))?,
        acted_at: Timestamp(row.get("acted_at")?),
        refused: row.get("refused")?,
    })
}

fn gate(row: &Row) -> Result<GateRecord, StoreError> {
    Ok(GateRecord {
        request: row.get("id")?,
        deployment: stored(serde_json::from_str(row.get("deployment")?))?,
        caller: row.get("caller")?,
        requested_at: Timestamp(row.get("requested_at")?),
        used_at: row.get::<Option<i64>>("used_at")?.map(Timestamp),
        outcomes: Vec::new(),
    })
}
