//! Once a day, one message about everything that was approved automatically, where the settings want that instead of a
//! message for each.

use std::time::Duration;

use super::Context;
use crate::audit::{Entry, Event};
use crate::model::AutoApproved;
use crate::render::digest::{self as render, Approved};
use crate::render::view::{build, subject};
use crate::store::{Effect, NewAction, StoreError};

/// The subject of the message in the records, and its switch.
const DIGEST: &str = "auto-approved";

/// How long an approval may take to be recorded with the time that it has: so much later the day is told of.
const GRACE: Duration = Duration::from_secs(60);

/// Writes the message of today, unless it was written, is not due, or has nothing to tell. Says whether it did.
///
/// # Errors
/// When the records do not answer.
pub async fn run(context: &Context) -> Result<bool, StoreError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    if context.auto_approved != AutoApproved::Digest {
        store.switch_off(DIGEST).await?;
        return Ok(false);
    }
    let on = store.on_since(DIGEST, now).await?;
    let today = context.reminders.daily.last_before(now);
    let from = store.last_reminded(DIGEST).await?.map_or(on, |last| last.max(on));
    if today <= from || now < today.plus(GRACE) {
        return Ok(false);
    }
    let all = store.approved_untold((from, today)).await?;
    let Some((issue, _)) = all.first() else { return Ok(false) };
    let mut told = Vec::new();
    for (_, decision) in all.iter().take(render::MOST) {
        told.extend(store.decision(*decision).await?.map(|stored| Approved {
            subject: format!("{}, {}", subject(&stored.facts), build(&stored.facts)),
            key: stored.ticket,
        }));
    }
    let message =
        context.posted(&render::message((&told, all.len()), from, &context.links), &format!("{DIGEST}:{}", today.0));
    let action = NewAction::new(Effect::Daily { message })?;
    let who = told.iter().map(|one| one.key.to_string()).collect();
    let entry = Entry { at: now, ticket: None, event: Event::Reminded { step: DIGEST.into(), who } };
    store.remind((DIGEST, today, "message"), (issue, &[action]), &entry).await
}
