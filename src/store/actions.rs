//! The outbox: what is to be done outside.
//!
//! Actions of one lane are done in order; a failing Slack never holds up Jira. An action is done at least once and
//! arrives once, because whoever repeats it looks first whether it is there already.

use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::cards::GIVEN_UP;
use super::claims::Claim;
use super::db::{Row, Transaction, query};
use super::effects::{Effect, Lane};
use super::{Store, StoreError, audit, stored};
use crate::audit::{Entry, Event};
use crate::model::{DecisionId, IssueId, TicketKey, Timestamp};

/// The first that is due, first in its lane, and has nothing to wait for. Both live states are named because the index is
/// asked for by these words.
macro_rules! due {
    () => {
        "SELECT a.seq FROM actions AS a WHERE a.state IN ('ready', 'running') \
         AND ((a.state = 'ready' AND a.run_at <= $2) OR (a.state = 'running' AND a.lease_until < $2)) \
         AND NOT EXISTS (SELECT 1 FROM actions AS b WHERE b.lane = a.lane AND b.seq < a.seq \
                         AND b.state IN ('ready', 'running')) \
         AND NOT EXISTS (SELECT 1 FROM actions AS c WHERE c.id = a.waits_for AND c.state IN ('ready', 'running')) \
         ORDER BY a.run_at, a.seq LIMIT 1"
    };
}

/// Takes it.
macro_rules! claim {
    ($owner:literal, $lock:literal) => {
        concat!(
            "UPDATE actions SET state = 'running', attempts = attempts + 1, lease_token = lease_token + 1, lease_until = $1",
            $owner,
            " WHERE seq = (",
            due!(),
            $lock,
            ") RETURNING seq, id, issue_id, payload, made_at, attempts, lease_token, \
              (SELECT ticket_key FROM tickets AS t WHERE t.issue_id = actions.issue_id) AS ticket_key"
        )
    };
}

/// What nobody has begun of a decision; it is looked for among what is still to be done.
const DROP_REST: &str = "UPDATE actions SET state = 'dropped' WHERE state IN ('ready', 'running') AND decision_id = $1 \
                         AND state = 'ready' AND attempts = 0";

const CLAIM: Claim = Claim {
    due: due!(),
    sqlite: claim!("", ""),
    postgres: claim!(", owner = $3, claim = $4", " FOR UPDATE OF a SKIP LOCKED"),
};

/// An action to store.
#[derive(Debug, Clone)]
pub struct NewAction {
    id: Uuid,
    effect: Effect,
    payload: String,
    waits_for: Option<Uuid>,
    not_before: Option<Timestamp>,
}

/// An action in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Its id, which everything that it makes outside carries.
    pub id: String,
    /// The ticket.
    pub issue: IssueId,
    /// The ticket's key.
    pub ticket: TicketKey,
    /// What to do.
    pub effect: Effect,
    /// When it was asked for.
    pub made_at: Timestamp,
}

/// An action that this worker has.
#[derive(Debug, Clone)]
pub struct ClaimedAction {
    /// The action.
    pub action: Action,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// Whether a newer action of the same kind makes this one pointless, unless it was carried out already.
    pub superseded: bool,
    seq: i64,
    token: i64,
}

impl NewAction {
    /// An action with a new id.
    ///
    /// # Errors
    /// When the effect cannot be written as JSON.
    pub fn new(effect: Effect) -> Result<NewAction, StoreError> {
        NewAction::named(Uuid::now_v7(), effect)
    }

    /// An action of which there is one.
    pub(super) fn named(id: Uuid, effect: Effect) -> Result<NewAction, StoreError> {
        let payload = stored(serde_json::to_string(&effect))?;
        Ok(NewAction { id, effect, payload, waits_for: None, not_before: None })
    }

    /// The same action, not before another one has ended.
    #[must_use]
    pub fn after(mut self, other: &NewAction) -> NewAction {
        self.waits_for = Some(other.id);
        self
    }

    /// The same action, not before a point in time.
    #[must_use]
    pub fn not_before(mut self, at: Timestamp) -> NewAction {
        self.not_before = Some(at);
        self
    }

    /// Its id and the SHA-256 of its payload, for the audit trail.
    #[must_use]
    pub fn stamp(&self) -> (String, String) {
        (self.id.to_string(), hex::encode(Sha256::digest(&self.payload)))
    }
}

impl Store {
    /// Asks for actions that do not come from a decision, with the audit entry that explains them.
    ///
    /// # Errors
    /// When they cannot be stored.
    pub async fn ask_for(
        &self,
        (issue, actions): (&IssueId, &[NewAction]),
        entry: &Entry,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        drop_untried(&mut transaction, issue).await?;
        insert(&mut transaction, (issue, None), actions, now).await?;
        audit::append(&mut transaction, entry).await?;
        transaction.commit().await
    }

    /// Takes the next action that is due and first in its lane.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_action(&self, now: Timestamp) -> Result<Option<ClaimedAction>, StoreError> {
        let row = self.claim(&CLAIM, now).await?;
        let Some(row) = row else { return Ok(None) };
        let mut claimed = claimed(&row)?;
        let newer = "SELECT count(*) FROM actions AS newer JOIN actions AS this ON this.seq = $1 \
                     WHERE newer.lane = this.lane AND newer.kind = this.kind AND newer.seq > this.seq AND newer.state = 'ready'";
        let newer = query(newer).bind(claimed.seq).one(self.db.reader()).await?;
        claimed.superseded = newer.get::<i64>(0)? > 0 && claimed.attempts > 1;
        Ok(Some(claimed))
    }

    /// The action was carried out; `result` is what came of it.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it now.
    pub async fn finish_action(&self, claimed: &ClaimedAction, result: &str, now: Timestamp) -> Result<(), StoreError> {
        let event = Event::ActionDone { action: claimed.action.id.clone(), result: result.to_owned() };
        self.end_action(claimed, ("done", None), (event, now)).await
    }

    /// The action has become pointless.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it now.
    pub async fn drop_action(&self, claimed: &ClaimedAction, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        let event = Event::ActionDropped { action: claimed.action.id.clone(), reason: reason.to_owned() };
        self.end_action(claimed, ("dropped", None), (event, now)).await
    }

    /// The action is given up, because it is refused again and again. It keeps the reason: nobody has what it was to tell.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it now.
    pub async fn give_up_action(&self, claimed: &ClaimedAction, now: Timestamp) -> Result<(), StoreError> {
        let event = Event::ActionDropped { action: claimed.action.id.clone(), reason: GIVEN_UP.to_owned() };
        self.end_action(claimed, ("dropped", Some(GIVEN_UP)), (event, now)).await
    }

    /// The action failed and is tried again at `run_at`.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when somebody else has it now.
    pub async fn retry_action(
        &self,
        claimed: &ClaimedAction,
        run_at: Timestamp,
        error: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE actions SET state = 'ready', run_at = $1, last_error = $2 \
                   WHERE seq = $3 AND lease_token = $4 AND state = 'running'";
        let query = query(sql).bind(run_at.0).bind(error).bind(claimed.seq).bind(claimed.token);
        if query.execute(self.db.writer()).await? == 1 { Ok(()) } else { Err(StoreError::LeaseLost) }
    }

    /// Drops what nobody has begun of a decision that no longer holds.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn drop_rest_of(&self, decision: DecisionId) -> Result<(), StoreError> {
        query(DROP_REST).bind(decision.to_string()).execute(self.db.writer()).await?;
        Ok(())
    }

    /// Takes a decision back of which nothing was said outside: what was to follow it is dropped, and the next evaluation
    /// is recorded, also when it says the same again.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn void_decision(&self, decision: DecisionId) -> Result<(), StoreError> {
        let mut transaction = self.db.begin().await?;
        query(DROP_REST).bind(decision.to_string()).execute(&mut transaction).await?;
        let sql = "UPDATE tickets SET result_sha256 = NULL \
                   WHERE issue_id = (SELECT issue_id FROM decisions WHERE id = $1) AND decision_id = $1";
        query(sql).bind(decision.to_string()).execute(&mut transaction).await?;
        transaction.commit().await
    }

    /// The content of the comment that an action wrote.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn comment_body(&self, action: &str) -> Result<Option<Value>, StoreError> {
        let sql = "SELECT payload FROM actions WHERE id = $1";
        let Some(row) = query(sql).bind(action).optional(self.db.reader()).await? else { return Ok(None) };
        let effect: Option<Effect> = stored(serde_json::from_str(row.get(0)?))?;
        Ok(if let Some(Effect::Comment { body, .. }) = effect { Some(body) } else { None })
    }

    async fn end_action(
        &self,
        claimed: &ClaimedAction,
        (state, error): (&'static str, Option<&'static str>),
        (event, now): (Event, Timestamp),
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let sql =
            "UPDATE actions SET state = $1, last_error = $2 WHERE seq = $3 AND lease_token = $4 AND state = 'running'";
        let query = query(sql).bind(state).bind(error).bind(claimed.seq).bind(claimed.token);
        if query.execute(&mut transaction).await? == 0 {
            return Err(StoreError::LeaseLost);
        }
        let entry = Entry { at: now, ticket: Some(claimed.action.ticket.clone()), event };
        audit::append(&mut transaction, &entry).await?;
        transaction.commit().await
    }
}

/// Adds actions for a ticket.
pub(super) async fn insert(
    transaction: &mut Transaction,
    (issue, decision): (&IssueId, Option<DecisionId>),
    actions: &[NewAction],
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO actions (id, decision_id, issue_id, lane, kind, waits_for, payload, state, run_at, made_at, attempts, lease_until, lease_token) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'ready', $9, $8, 0, 0, 0) ON CONFLICT (id) DO NOTHING";
    for action in actions {
        let lane = match action.effect.lane() {
            Lane::Jira => format!("jira:{issue}"),
            Lane::Slack => format!("slack:{issue}"),
            Lane::Teams => format!("teams:{issue}"),
            Lane::Github => format!("github:{issue}"),
            Lane::Pipelines => format!("pipelines:{issue}"),
        };
        query(sql)
            .bind(action.id.to_string())
            .bind(decision.map(|id| id.to_string()))
            .bind(issue.as_str())
            .bind(lane)
            .bind(action.effect.kind())
            .bind(action.waits_for.map(|id| id.to_string()))
            .bind(&action.payload)
            .bind(now.0)
            .bind(action.not_before.map_or(now, |at| at.max(now)).0)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(())
}

/// Forgets actions of a ticket that nobody has begun: what replaces them is newer. One that was begun stays and is looked after,
/// since it may have arrived; so does what is followed up, and what people have declined, which a decision does not replace.
pub(super) async fn drop_untried(transaction: &mut Transaction, issue: &IssueId) -> Result<(), StoreError> {
    let sql = "UPDATE actions SET state = 'dropped' WHERE issue_id = $1 AND state = 'ready' AND attempts = 0 \
               AND kind NOT IN ('overdue', 'remind', 'direct', 'daily', 'ends', 'alert', 'inspection', 'call', 'card', 'review-run', 'callback', 'decline-by-people')";
    query(sql).bind(issue.as_str()).execute(transaction).await?;
    Ok(())
}

pub(super) fn claimed(row: &Row) -> Result<ClaimedAction, StoreError> {
    let action = Action {
        id: row.get("id")?,
        issue: stored(IssueId::parse(row.get("issue_id")?))?,
        ticket: stored(TicketKey::parse(row.get("ticket_key")?))?,
        effect: stored(serde_json::from_str(row.get("payload")?))?,
        made_at: Timestamp(row.get("made_at")?),
    };
    let (attempts, seq, token) = (row.get("attempts")?, row.get("seq")?, row.get("lease_token")?);
    Ok(ClaimedAction { action, attempts, superseded: false, seq, token })
}
