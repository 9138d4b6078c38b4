//! Which actions follow from what happened: who is told, where, in which words.

use serde_json::{Value, json};

use super::Context;
use super::approvals::Basis;
use crate::integrations::slack::to_json;
use crate::integrations::teams;
use crate::model::{Ending, Text, Ticket, TicketStatus, Timestamp, plural};
use crate::policy::approvers::Matrix;
use crate::policy::approvers::standing::waiting_title;
use crate::render::approvals;
use crate::render::deployment::{self, Ended};
use crate::render::document::Document;
use crate::render::jira;
use crate::render::orphan::{self, Orphan};
use crate::render::slack::{self, Message};
use crate::render::teams::card;
use crate::render::verdict::Verdict;
use crate::render::view::View;
use crate::store::{Effect, GateRequest, NewAction, Place, StoreError};

impl Context {
    /// A message as it is stored until it is sent: for Slack and, where there is one, for the Teams that hears of what Slack did
    /// not take. `generation` makes the ids of its blocks.
    pub(super) fn posted(&self, message: &Message, generation: &str) -> Value {
        let mut stored = to_json(message, generation);
        if self.teams.is_some() {
            stored["card"] = teams::to_json(&card(message));
        }
        stored
    }

    /// The comment and the message about a ticket, saying the same.
    fn told(
        &self,
        verdict: Verdict,
        evaluation: i64,
        (body, message): (Value, &Message),
    ) -> Result<Vec<NewAction>, StoreError> {
        let id = verdict.id().to_owned();
        let message = self.posted(message, &format!("{evaluation}:{id}"));
        let comment = Effect::Comment { verdict: id.clone(), evaluation, body };
        let message = Effect::Message { place: Place::Changes, verdict: id, message };
        Ok(vec![NewAction::new(comment)?, NewAction::new(message)?])
    }
}

/// After a decision: the approval if it gives one, not before the scope has settled, and then the words about it. `root` is
/// the announcement of an emergency.
pub(super) fn decision(
    context: &Context,
    view: &View<'_>,
    before: Option<&str>,
    (settled, root): (Timestamp, Option<Value>),
) -> Result<Vec<NewAction>, StoreError> {
    let verdict = Verdict::of(view.decision);
    let message = Effect::Message {
        place: if view.decision.is_emergency() { Place::Emergencies } else { Place::Changes },
        verdict: verdict.id().into(),
        message: root.unwrap_or_else(|| context.posted(&slack::findings(view), &generation(view))),
    };
    let mut words = vec![comment(context, view)];
    if view.evaluation == 1 {
        words.push(Effect::Link { link: evidence_link(view) });
    }
    words.push(message);
    if before.is_some_and(|before| needs_reply(before, verdict)) {
        words.push(Effect::Reply {
            message: context.posted(&slack::changed(view), &format!("{}:reply", generation(view))),
        });
    }
    let words = words.into_iter().map(NewAction::new).collect::<Result<Vec<_>, _>>()?;
    if view.decision.auto_approval().is_none() {
        return Ok(words);
    }
    // Nobody is told of an approval before Jira has taken it.
    let approve = NewAction::new(Effect::Approve { decision: view.record })?.not_before(settled);
    let words = words.into_iter().map(|action| action.after(&approve)).collect::<Vec<_>>();
    Ok(std::iter::once(approve).chain(words).collect())
}

/// After people approved or declined: what shows the ticket is true again. The announcement of an emergency stands for
/// itself.
pub(super) fn shown(context: &Context, view: &View<'_>) -> Result<Vec<NewAction>, StoreError> {
    let mut words = vec![comment(context, view)];
    if !view.decision.is_emergency() {
        let message =
            context.posted(&slack::findings(view), &format!("{}:{}", generation(view), view.approvals.given().len()));
        let verdict = Verdict::of(view.decision).id().into();
        words.push(Effect::Message { place: Place::Changes, verdict, message });
    }
    words.into_iter().map(NewAction::new).collect()
}

fn comment(context: &Context, view: &View<'_>) -> Effect {
    Effect::Comment {
        verdict: Verdict::of(view.decision).id().into(),
        evaluation: view.evaluation,
        body: context.sources.jira.body(&jira::findings(view)),
    }
}

/// A reply in the thread of the ticket's message.
pub(super) fn reply(context: &Context, message: &Message, view: &View<'_>) -> Result<NewAction, StoreError> {
    NewAction::new(Effect::Reply { message: context.posted(message, &format!("{}:reply", generation(view))) })
}

/// A comment of its own, beside the one that is kept up to date.
pub(super) fn call(context: &Context, about: &str, document: &Document) -> Result<NewAction, StoreError> {
    NewAction::new(Effect::Call { about: about.into(), body: context.sources.jira.body(document) })
}

/// After people approved the ticket, and that counts.
pub(super) fn approved(
    context: &Context,
    ticket: &Ticket,
    by: &[(String, String)],
    (subject, basis): (&str, &Basis),
) -> Result<Vec<NewAction>, StoreError> {
    let evaluation = basis.stored.as_ref().map_or(0, |stored| stored.number);
    let document = jira::approved_by(by, &standing(basis), &context.links, ticket);
    let how = format!("Approved by {}", approvals::by(by));
    let message = slack::ended(Verdict::Approved, &how, subject, (ticket, &context.links));
    context.told(Verdict::Approved, evaluation, (context.sources.jira.body(&document), &message))
}

/// What cm-bot had found when people approved, for whoever reads the record later.
fn standing(basis: &Basis) -> String {
    if basis.stored.is_none() {
        return "cm-bot had not judged the ticket yet.".into();
    }
    let decision = &basis.decision;
    match decision.problems().len() {
        0 => "Every check had passed.".into(),
        open => {
            let all = plural(decision.applied(), "check");
            format!("At that time {open} of {all} had not passed; the comment above names them.")
        }
    }
}

/// After a human set the status to approved, and that does not count.
pub(super) fn not_counted(
    context: &Context,
    ticket: &Ticket,
    (title, reason): (&str, &str),
    (subject, evaluation): (&str, i64),
) -> Result<Vec<NewAction>, StoreError> {
    let document = jira::approval_does_not_count((title, reason), &context.links, ticket);
    let how = format!("{title}: the approval in Jira does not count");
    let message = slack::ended(Verdict::NotCounted, &how, subject, (ticket, &context.links));
    context.told(Verdict::NotCounted, evaluation, (context.sources.jira.body(&document), &message))
}

/// After cm-bot wanted to approve and Jira offered it no way.
///
/// # Errors
/// When the words cannot be written as JSON.
pub fn could_not_move(
    context: &Context,
    ticket: &Ticket,
    (transition, subject, evaluation): (&str, &str, i64),
) -> Result<Vec<NewAction>, StoreError> {
    let title = nobody_yet(context);
    let document = jira::could_not_move((&title, transition), &context.links, ticket);
    let how = format!("{title}: Jira does not let cm-bot approve");
    let message = slack::ended(Verdict::Waiting, &how, subject, (ticket, &context.links));
    context.told(Verdict::Waiting, evaluation, (context.sources.jira.body(&document), &message))
}

/// After people approved the ticket and Jira offered cm-bot no way.
///
/// # Errors
/// When the words cannot be written as JSON.
pub fn could_not_move_for_people(
    context: &Context,
    ticket: &Ticket,
    by: &[(String, String)],
    (transition, subject, evaluation): (&str, &str, i64),
) -> Result<Vec<NewAction>, StoreError> {
    let document = approvals::could_not_move(by, transition, (&context.links, ticket));
    let how = format!("Approved by {}, but Jira does not let cm-bot set the status", approvals::by(by));
    let message = slack::ended(Verdict::Waiting, &how, subject, (ticket, &context.links));
    context.told(Verdict::Waiting, evaluation, (context.sources.jira.body(&document), &message))
}

/// What a ticket waits for of which nothing else is known.
fn nobody_yet(context: &Context) -> String {
    let wanted = Matrix::of_any(&context.policy.criteria).seats().len();
    waiting_title(wanted, wanted)
}

/// After an approval was voided. The ticket is set back when its status still says approved.
pub(super) fn voided(
    context: &Context,
    ticket: &Ticket,
    (why, subject, evaluation): (&[Text], &str, i64),
) -> Result<Vec<NewAction>, StoreError> {
    let document = jira::voided(why, &context.links, ticket);
    let how = "Not approved any more: the ticket is not what was approved";
    let message = slack::ended(Verdict::Voided, how, subject, (ticket, &context.links));
    let words = context.told(Verdict::Voided, evaluation, (context.sources.jira.body(&document), &message))?;
    if ticket.status.meaning != TicketStatus::Approved {
        return Ok(words);
    }
    let set_back = NewAction::new(Effect::SetBack {})?;
    Ok(std::iter::once(set_back).chain(words).collect())
}

/// After cm-bot wanted to set a ticket back to review and Jira offered it no way.
///
/// # Errors
/// When the words cannot be written as JSON.
pub fn could_not_set_back(
    context: &Context,
    ticket: &Ticket,
    (transition, subject, evaluation): (&str, &str, i64),
) -> Result<Vec<NewAction>, StoreError> {
    let document = jira::could_not_set_back(transition, &context.links, ticket);
    let how = "Do not deploy: the status says approved, but nothing is approved";
    let message = slack::ended(Verdict::NotCounted, how, subject, (ticket, &context.links));
    context.told(Verdict::NotCounted, evaluation, (context.sources.jira.body(&document), &message))
}

/// After cm-bot failed at the ticket again and again.
pub(super) fn gave_up(context: &Context, ticket: &Ticket, subject: &str) -> Result<Vec<NewAction>, StoreError> {
    let title = nobody_yet(context);
    let document = jira::gave_up(&title, &context.links, ticket);
    let how = format!("{title}: cm-bot failed to check this ticket");
    let message = slack::ended(Verdict::Failed, &how, subject, (ticket, &context.links));
    context.told(Verdict::Failed, 0, (context.sources.jira.body(&document), &message))
}

/// After the ticket was declined or closed: only the message in Slack ends; Jira shows its own status.
pub(super) fn ended(
    context: &Context,
    ticket: &Ticket,
    verdict: Verdict,
    (how, subject, place): (&str, &str, Place),
) -> Result<Vec<NewAction>, StoreError> {
    let message = slack::ended(verdict, how, subject, (ticket, &context.links));
    let generation = format!("{}:{}", ticket.key, verdict.id());
    let effect =
        Effect::Message { place, verdict: verdict.id().into(), message: context.posted(&message, &generation) };
    Ok(vec![NewAction::new(effect)?])
}

/// After a deployment that was let through has ended, or nobody knows how.
pub(super) fn deployed(
    context: &Context,
    (request, ending): (&GateRequest, Ending),
    note: &str,
) -> Result<Vec<NewAction>, StoreError> {
    let Some((_, ticket)) = &request.ticket else { return Ok(Vec::new()) };
    let ended = Ended { ticket, deployment: &request.deployment, ending, note };
    let document = context.sources.jira.body(&deployment::comment(&ended, &context.links));
    let message = deployment::message(&ended, &context.links);
    let words = context.told(ended.verdict(), 0, (document, &message))?;
    if ending == Ending::Unreported {
        return Ok(words);
    }
    Ok(std::iter::once(NewAction::new(Effect::Close {})?).chain(words).collect())
}

/// After something was deployed that nothing had let through.
pub(super) fn orphan(context: &Context, orphan: &Orphan<'_>) -> Result<Vec<NewAction>, StoreError> {
    let message = context.posted(&orphan::message(orphan), &orphan.sighting.id);
    let mut actions = vec![NewAction::new(Effect::Alert { message })?];
    if orphan.ticket.is_some() {
        actions.push(call(context, "past the gate", &orphan::comment(orphan))?);
    }
    Ok(actions)
}

/// A reply notifies, and an edit does not. So there is one when somebody must act now, or was asked to act and need not.
fn needs_reply(before: &str, now: Verdict) -> bool {
    let calls = |id: &str| [Verdict::Waiting, Verdict::Blocked].iter().any(|verdict| verdict.id() == id);
    before != now.id() && (calls(before) || calls(now.id())) && now != Verdict::CouldNotBeChecked
}

/// New block ids for each edit, as Slack asks.
fn generation(view: &View<'_>) -> String {
    format!("{}:{}", view.ticket().key, view.evaluation)
}

fn evidence_link(view: &View<'_>) -> Value {
    let key = &view.ticket().key;
    json!({
        "globalId": format!("cm-bot:{key}"),
        "application": {"type": "cm-bot", "name": "cm-bot"},
        "relationship": "is explained by",
        "object": {
            "url": view.links.evidence(view.ticket()),
            "title": format!("cm-bot: evidence for {key}"),
            "summary": "Every check, every commit and what it rests on",
        },
    })
}
