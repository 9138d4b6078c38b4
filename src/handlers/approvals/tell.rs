//! What follows when somebody approved, declined or asked: everything that shows the ticket is true again.

use super::look::{Answer, Said};
use super::{Basis, Stand};
use crate::audit::{Entry, Event};
use crate::handlers::{Context, announce};
use crate::model::{AccountId, Ticket};
use crate::policy::approvers::{Act, Given};
use crate::policy::decision::Kind;
use crate::render::approvals as render;
use crate::render::view::View;
use crate::store::{NewAction, NewActs, StoreError};

/// The acts, the answers, and everything that has to be shown anew.
pub(super) fn of(context: &Context, ticket: &Ticket, stand: &Stand) -> Result<NewActs, StoreError> {
    let mut new = answers(context, ticket, stand)?;
    let Some(view) = view(context, stand).filter(|_| !stand.new.is_empty()) else { return Ok(new) };
    // What cm-bot approves by itself is told when Jira has taken it, and so is what people have approved.
    if stand.basis.decision.kind() == Kind::Approve || stand.approvals.is_full() {
        return Ok(new);
    }
    new.actions.extend(announce::shown(context, &view)?);
    for (place, (given, role)) in fresh(stand).into_iter().enumerate() {
        let count = stand.before.len() + place + 1;
        new.actions.push(announce::reply(context, &render::approved(given, &role, (count, &view)), &view)?);
    }
    Ok(new)
}

/// The acts with their audit entries, and the answers to comments.
pub(super) fn answers(context: &Context, ticket: &Ticket, stand: &Stand) -> Result<NewActs, StoreError> {
    let answers = stand.answers.iter().map(|one| answer(context, ticket, (stand, one)));
    Ok(NewActs {
        acts: stand.new.clone(),
        answered: stand.dealt_with.clone(),
        entries: stand.new.iter().map(|act| entry(context, ticket, act)).collect(),
        actions: answers.collect::<Result<_, _>>()?,
    })
}

/// Those who have approved since the last look.
fn fresh(stand: &Stand) -> Vec<(&Given, String)> {
    let given = stand.approvals.given().into_iter();
    given.filter(|(given, _)| !stand.before.contains(&given.name)).collect()
}

fn view<'a>(context: &'a Context, stand: &'a Stand) -> Option<View<'a>> {
    let Basis { facts, decision, stored } = &stand.basis;
    let stored = stored.as_ref()?;
    Some(View {
        facts,
        decision,
        approvals: &stand.approvals,
        record: stored.id,
        evaluation: stored.number,
        at: stored.at,
        people: &context.policy.criteria.people,
        terms: &context.policy.criteria.terms,
        links: &context.links,
        troubles: &[],
    })
}

/// The answer to a command of which nothing can come.
pub(super) fn too_late(context: &Context, to: Option<&AccountId>, why: &str) -> Result<NewAction, StoreError> {
    announce::call(context, "answer", &render::too_late(named(context, to), why))
}

/// Somebody by account and name.
fn named<'a>(context: &Context, to: Option<&'a AccountId>) -> Option<(&'a AccountId, String)> {
    let account = to?;
    let person = context.policy.criteria.people.by_jira(account);
    Some((account, person.map_or_else(|| "whoever wrote it".to_owned(), |person| person.name.clone())))
}

fn answer(context: &Context, ticket: &Ticket, (stand, one): (&Stand, &Answer)) -> Result<NewAction, StoreError> {
    let to = named(context, one.to.as_ref());
    let document = match (&one.what, view(context, stand)) {
        (Said::Refused(why), _) => render::refused(to, why, &stand.approvals),
        (Said::Explained, Some(view)) => render::explained(&view),
        (Said::Checked, _) | (Said::Explained, None) => {
            render::checked(to, context.clock.now(), (&stand.approvals, &context.links, ticket))
        }
    };
    announce::call(context, "answer", &document)
}

/// The audit entry of an act.
pub(super) fn entry(context: &Context, ticket: &Ticket, act: &Act) -> Entry {
    Entry { at: context.clock.now(), ticket: Some(ticket.key.clone()), event: event(act) }
}

fn event(act: &Act) -> Event {
    Event::ApprovalAct {
        account: act.by.clone(),
        source: format!("{}:{}", act.way.id(), act.source),
        deed: act.deed.clone(),
        acted_at: act.at,
        fingerprint: act.fingerprint.clone(),
        refused: act.refused.clone(),
    }
}
