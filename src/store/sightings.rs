//! Deployments that others showed us, and what let each through.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::actions::insert;
use super::db::{Row, query};
use super::{NewAction, Store, StoreError, audit, stored};
use crate::audit::Entry;
use crate::model::{CommitSha, Deployment, IssueId, Scope, Sighting, TicketKey, Timestamp, Witness};
use crate::policy::follow_up::orphans::Use;

/// The ticket at which people look for a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// Its id.
    pub issue: IssueId,
    /// Its key.
    pub key: TicketKey,
    /// Whether exactly this commit was approved for exactly this scope by it.
    pub is_of_commit: bool,
}

impl Store {
    /// Those of a witness's names under which no deployment was seen yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unsighted(&self, witness: Witness, ids: &[String]) -> Result<BTreeSet<String>, StoreError> {
        let known = "SELECT external_id FROM sightings WHERE witness = $1 AND external_id IN";
        self.unknown(known, witness.id(), ids).await
    }

    /// The runs that were let through in a scope since a time, oldest first. What a witness has shown of each is taken for
    /// that witness alone: a run of Jenkins and the deployment that it shows on GitHub are of one use.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn uses_in(&self, scope: &Scope, witness: Witness, since: Timestamp) -> Result<Vec<Use>, StoreError> {
        let sql = "SELECT r.id, r.deployment, u.commit_sha, u.used_at, \
                     (SELECT count(*) FROM sightings AS s WHERE s.request_id = r.id AND s.witness = $4) AS taken \
                   FROM gate_uses AS u JOIN gate_requests AS r ON r.id = u.request_id \
                   WHERE r.service = $1 AND r.environment = $2 AND u.used_at >= $3 ORDER BY u.used_at, u.seq";
        let query = query(sql).bind(scope.service.as_str()).bind(scope.environment.as_str()).bind(since.0);
        query.bind(witness.id()).all(self.db.reader()).await?.iter().map(used).collect()
    }

    /// The ticket that approved the commit for the scope; without one, the newest of the scope; without that, the newest
    /// of all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn nearest(&self, sighting: &Sighting) -> Result<Option<Nearest>, StoreError> {
        let Scope { service, environment } = &sighting.scope;
        let sql = "SELECT t.issue_id, t.ticket_key, (SELECT count(*) FROM approvals AS a \
                     WHERE a.issue_id = t.issue_id AND a.commit_sha = $1 AND a.service = $2 AND a.environment = $3) AS of_commit \
                   FROM tickets AS t ORDER BY of_commit DESC, \
                     CASE WHEN t.service = $2 AND t.environment = $3 THEN 0 ELSE 1 END, t.seen_at DESC LIMIT 1";
        let query = query(sql).bind(sighting.commit.as_ref().map(CommitSha::as_str));
        let row = query.bind(service.as_str()).bind(environment.as_str()).optional(self.db.reader()).await?;
        row.map(|row| {
            Ok(Nearest {
                issue: stored(IssueId::parse(row.get("issue_id")?))?,
                key: stored(TicketKey::parse(row.get("ticket_key")?))?,
                is_of_commit: row.get::<i64>("of_commit")? > 0,
            })
        })
        .transpose()
    }

    /// Records a deployment that a run was let through for. A second time it changes nothing.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn record_sighting(&self, sighting: &Sighting, request: Uuid) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        note(&mut transaction, sighting, Some(request)).await?;
        transaction.commit().await
    }

    /// Records a deployment that nothing let through, with its audit entry and what is to be said about it. Says whether
    /// it is new; a second time nothing is done.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn record_orphan(
        &self,
        sighting: &Sighting,
        entry: &Entry,
        actions: Option<(&IssueId, &[NewAction])>,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write().await?;
        if !note(&mut transaction, sighting, None).await? {
            return Ok(false);
        }
        if let Some((issue, actions)) = actions {
            insert(&mut transaction, (issue, None), actions, entry.at).await?;
        }
        audit::append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

async fn note(
    transaction: &mut super::db::Transaction,
    sighting: &Sighting,
    request: Option<Uuid>,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO sightings (witness, external_id, service, environment, commit_sha, deployed_at, request_id) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let query = query(sql).bind(sighting.witness.id()).bind(&sighting.id);
    let query = query.bind(sighting.scope.service.as_str()).bind(sighting.scope.environment.as_str());
    let query = query.bind(sighting.commit.as_ref().map(CommitSha::as_str)).bind(sighting.at.0);
    Ok(query.bind(request.map(|id| id.to_string())).execute(transaction).await? == 1)
}

fn used(row: &Row) -> Result<Use, StoreError> {
    let deployment: Deployment = stored(serde_json::from_str(row.get("deployment")?))?;
    Ok(Use {
        request: stored(Uuid::parse_str(row.get("id")?))?,
        run: deployment.run,
        commit: stored(CommitSha::parse(row.get("commit_sha")?))?,
        at: Timestamp(row.get("used_at")?),
        is_taken: row.get::<i64>("taken")? > 0,
    })
}
