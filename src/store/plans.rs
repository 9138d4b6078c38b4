//! Terraform plans that pipelines sent to the gate, as they were judged.

use uuid::Uuid;

use super::db::{Row, query};
use super::{GateRequest, Store, StoreError, audit, stored};
use crate::audit::Entry;
use crate::model::IssueId;
use crate::policy::plan::PlanRisk;

/// What became of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planned {
    /// It is the newest one of its request now.
    New,
    /// It was the newest one before.
    Known,
    /// The run was let through already, with the plan before.
    TooLate,
}

impl Store {
    /// Stores what was judged of a plan, with its audit entry, unless the run was let through already.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn add_plan(&self, request: &GateRequest, risk: &PlanRisk, entry: &Entry) -> Result<Planned, StoreError> {
        let mut transaction = self.write().await?;
        let sql = "SELECT count(*) FROM gate_uses WHERE request_id = $1";
        let used: i64 = query(sql).bind(request.id.to_string()).one(&mut transaction).await?.get(0)?;
        if used > 0 {
            return Ok(Planned::TooLate);
        }
        let sql = "SELECT risk FROM gate_plans WHERE request_id = $1 ORDER BY seq DESC LIMIT 1";
        let last = query(sql).bind(request.id.to_string()).optional(&mut transaction).await?;
        if last.as_ref().map(read).transpose()?.as_ref() == Some(risk) {
            return Ok(Planned::Known);
        }
        let sql = "INSERT INTO gate_plans (request_id, digest, risk, received_at) VALUES ($1, $2, $3, $4)";
        let query_ = query(sql).bind(request.id.to_string()).bind(&risk.digest);
        query_.bind(stored(serde_json::to_string(risk))?).bind(entry.at.0).execute(&mut transaction).await?;
        audit::append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(Planned::New)
    }

    /// The plan that a request sent last.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plan_of(&self, request: Uuid) -> Result<Option<PlanRisk>, StoreError> {
        let sql = "SELECT risk FROM gate_plans WHERE request_id = $1 ORDER BY seq DESC LIMIT 1";
        query(sql).bind(request.to_string()).optional(self.db.reader()).await?.as_ref().map(read).transpose()
    }

    /// The plan that was sent last for a ticket, by whichever of its requests.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn plan_for(&self, issue: &IssueId) -> Result<Option<PlanRisk>, StoreError> {
        let sql = "SELECT p.risk FROM gate_plans AS p JOIN gate_requests AS r ON r.id = p.request_id \
                   WHERE r.issue_id = $1 ORDER BY p.seq DESC LIMIT 1";
        query(sql).bind(issue.as_str()).optional(self.db.reader()).await?.as_ref().map(read).transpose()
    }
}

fn read(row: &Row) -> Result<PlanRisk, StoreError> {
    stored(serde_json::from_str(row.get("risk")?))
}
