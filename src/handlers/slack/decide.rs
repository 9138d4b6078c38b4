//! Somebody approves or declines a ticket in Slack. The word counts like a comment in Jira, if the settings let people decide
//! here; how it is judged is the same as on our page (`word.rs`).

use super::{Act, Answer, Refusal};
use crate::handlers::word::{Saying, open};
use crate::handlers::{Context, HandlerError};
use crate::integrations::slack::interaction::{Press, Submit};
use crate::policy::approvers::{Deed, Way};
use crate::render::decide::subject_of;
use crate::render::form::{APPROVE, DECLINE, REASON};
use crate::store::Word;

/// A button was pressed and its form did not open: whoever pressed it is told why.
pub(super) async fn pressed(context: &Context, press: &Press, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let deed = match press.action.as_str() {
        DECLINE => Deed::Decline { reason: String::new() },
        _ => Deed::Approve { note: String::new() },
    };
    Ok(Answer::Refused(match open(context, &press.value, act.saying(&deed)).await? {
        Err(refusal) => refusal,
        Ok(stored) => {
            let refusal = Refusal::new("The form did not open.", "Please press the button again.");
            Refusal { ticket: Some(stored.ticket), ..refusal }
        }
    }))
}

/// A form came back.
pub(super) async fn by_form(context: &Context, form: &Submit, act: &Act<'_>) -> Result<Answer, HandlerError> {
    let store = &context.sources.store;
    if store.has_word(act.delivery).await? {
        return Ok(Answer::Seen);
    }
    let Some(deed) = deed(form) else {
        let reason = format!("A decline needs a reason of at least {REASON} characters.");
        return Ok(Answer::Refused(Refusal::new(&reason, "Please use the newest message about the ticket.")));
    };
    let (value, _) = subject_of(&form.about);
    let stored = match open(context, value, act.saying(&deed)).await? {
        Ok(stored) => stored,
        Err(refusal) => return Ok(Answer::Refused(refusal)),
    };
    let word = Word {
        way: Way::Slack,
        delivery: act.delivery.to_owned(),
        by: act.person.jira.clone(),
        deed,
        at: act.at,
        decision: stored.id,
        fingerprint: stored.facts.ticket.fingerprint(),
    };
    store.note_word(&stored.facts.ticket.id, &word, context.clock.now()).await?;
    Ok(Answer::Seen)
}

impl<'a> Act<'a> {
    fn saying(&self, deed: &'a Deed) -> Saying<'a> {
        Saying { way: Way::Slack, deed, person: self.person }
    }
}

fn deed(form: &Submit) -> Option<Deed> {
    let said = |name: &str| form.said.get(name).cloned();
    if form.form == APPROVE {
        return Some(Deed::Approve { note: said("note").unwrap_or_else(String::new) });
    }
    let reason = said("reason").filter(|reason| reason.chars().count() >= REASON)?;
    Some(Deed::Decline { reason })
}
