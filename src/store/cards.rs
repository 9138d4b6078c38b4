//! What is told in Teams because Slack did not take it.
//!
//! An action for Slack that failed gets a second one beside it, for a later time. Its id follows from that of the first, so
//! there is one of them however often the first fails. When its time has come it looks whether it is still wanted.

use std::time::Duration;

use uuid::Uuid;

use super::actions::{Action, ClaimedAction, NewAction, claimed, insert};
use super::db::{Row, query};
use super::effects::Effect;
use super::{Store, StoreError};
use crate::model::{IssueId, Timestamp};

/// What an action for Slack leaves to be told: itself and what waits behind it. Not what waits for something else, because
/// nobody is told of an approval before Jira has taken it; no reply where the message itself is told anew; and nothing that was
/// for one person alone.
const UNTOLD: &str = "SELECT a.id, a.issue_id, a.made_at FROM actions AS a JOIN actions AS this ON this.id = $1 \
                      WHERE a.lane = this.lane AND a.seq >= this.seq AND a.state IN ('ready', 'running') AND a.kind <> 'direct' \
                      AND NOT EXISTS (SELECT 1 FROM actions AS w WHERE w.id = a.waits_for AND w.state IN ('ready', 'running')) \
                      AND (a.kind <> 'reply' OR NOT EXISTS (SELECT 1 FROM actions AS m WHERE m.lane = a.lane \
                        AND m.kind IN ('message', 'overdue') AND m.state IN ('ready', 'running'))) ORDER BY a.seq";

/// A newer one that says what this one said, as it is now.
const NEWER: &str = "SELECT b.id FROM actions AS b JOIN actions AS this ON this.id = $1 \
                     WHERE b.lane = this.lane AND b.seq > this.seq AND b.state IN ('ready', 'running') \
                     AND (b.kind = this.kind OR (this.kind = 'reply' AND b.kind = 'message')) \
                     AND this.kind IN ('message', 'overdue', 'reply', 'remind', 'daily') \
                     AND NOT EXISTS (SELECT 1 FROM actions AS w WHERE w.id = b.waits_for AND w.state IN ('ready', 'running')) \
                     ORDER BY b.seq DESC LIMIT 1";

/// An action for Slack, as it stands.
#[derive(Debug, Clone)]
pub struct Untold {
    /// The action.
    pub action: Action,
    /// Whether Slack has it.
    pub reached: Reached,
    /// The action that says the same as it is now.
    pub newer: Option<String>,
}

/// Whether Slack has what it was to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It has not taken it so far.
    Waits,
    /// It refused it again and again.
    GivenUp,
    /// It has it.
    Taken,
    /// Nobody needs it any more.
    Needless,
}

/// The error that an action keeps which was given up.
pub(super) const GIVEN_UP: &str = "refused again and again";

impl Store {
    /// Has what Slack did not take told elsewhere: this action at `due`, and what waits behind it when it is `after` old. What
    /// was asked for already comes no later than it was to come.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn tell_elsewhere(
        &self,
        failed: &str,
        (due, after): (Timestamp, Duration),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
        let rows = query(UNTOLD).bind(failed).all(&mut transaction).await?;
        for row in &rows {
            let (id, made): (String, i64) = (row.get("id")?, row.get("made_at")?);
            let due = if id == failed { due } else { Timestamp(made).plus(after).max(now) };
            let issue = super::stored(IssueId::parse(row.get("issue_id")?))?;
            let earlier =
                "UPDATE actions SET run_at = $1 WHERE id = $2 AND state = 'ready' AND attempts = 0 AND run_at > $1";
            query(earlier).bind(due.0).bind(card_id(&id).to_string()).execute(&mut transaction).await?;
            let card = NewAction::named(card_id(&id), Effect::Card { instead_of: id })?.not_before(due);
            insert(&mut transaction, (&issue, None), &[card], now).await?;
        }
        transaction.commit().await
    }

    /// How an action for Slack stands; nothing when there is none of this id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn untold(&self, id: &str) -> Result<Option<Untold>, StoreError> {
        let sql = "SELECT seq, id, issue_id, payload, made_at, attempts, lease_token, state, last_error, \
                   (SELECT ticket_key FROM tickets AS t WHERE t.issue_id = actions.issue_id) AS ticket_key \
                   FROM actions WHERE id = $1";
        let Some(row) = query(sql).bind(id).optional(self.db.reader()).await? else { return Ok(None) };
        let newer = query(NEWER).bind(id).optional(self.db.reader()).await?;
        let newer = newer.map(|row| row.get("id")).transpose()?;
        let ClaimedAction { action, .. } = claimed(&row)?;
        Ok(Some(Untold { reached: reached(&row)?, action, newer }))
    }
}

fn reached(row: &Row) -> Result<Reached, StoreError> {
    let (state, error): (String, Option<String>) = (row.get("state")?, row.get("last_error")?);
    Ok(match state.as_str() {
        "ready" | "running" => Reached::Waits,
        "done" => Reached::Taken,
        _ if error.as_deref() == Some(GIVEN_UP) => Reached::GivenUp,
        _ => Reached::Needless,
    })
}

/// The id of the card that is told instead of an action for Slack.
fn card_id(action: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("card:{action}").as_bytes())
}
