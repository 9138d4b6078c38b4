//! A ticket waits for a decision: gather, evaluate, record.

use std::time::Duration;

use serde_json::Value;
use tracing::Instrument as _;
use uuid::Uuid;

use super::follow_up::emergency;
use super::{Context, HandlerError, Next, access, announce, approvals, voiding};
use crate::gather;
use crate::model::{DecisionId, Service, Ticket, Timestamp};
use crate::policy;
use crate::policy::approval::change_class::is_emergency;
use crate::policy::decision::{Decision, Kind};
use crate::policy::facts::{Facts, Placement};
use crate::render::verdict::Verdict;
use crate::render::view::View;
use crate::store::{Evaluation, KnownTicket, StoreError, StoredDecision, Turn};

/// Judges a ticket and records what comes of it.
pub(super) async fn run(context: &Context, ticket: Ticket) -> Result<Next, HandlerError> {
    let criteria = &context.policy.criteria;
    let scope = Placement::of(&ticket, &context.sources.services).scope();
    let mut turn = match &scope {
        Some(scope) => Some(context.sources.store.turn(scope).await?),
        None => None,
    };
    // Only where an approval stands is the ticket read once more: that one was given while we waited for our turn, or taken back.
    // A decision that comes after it would be one that nobody has seen who approved.
    if !voiding::void_if_set_back(context, &ticket).await? {
        return Ok(Next::LookAgain(Duration::ZERO));
    }
    let now = context.clock.now();
    context.sources.store.note_ticket(&ticket, scope.as_ref(), now).await?;
    if is_emergency(&ticket, criteria) && is_new(context, &ticket).await? {
        // The leads are told from the ticket alone; everything that has to be asked for comes with the next look.
        record(context, &gather::alone(&context.sources, (ticket, now)).await?, turn.as_mut()).await?;
        return Ok(Next::LookAgain(Duration::ZERO));
    }
    context.sources.store.assure_in_force(criteria).await?;
    if let Some(rest) = context.too_dear.rest(&ticket, now) {
        return Ok(Next::LookAgain(rest));
    }
    let gathering = tracing::info_span!("gather");
    let facts = gather::for_ticket(&context.sources, (ticket, now), criteria).instrument(gathering).await?;
    context.too_dear.note(&facts, now);
    access::note(context, &facts);
    record(context, &facts, turn.as_mut()).await
}

async fn is_new(context: &Context, ticket: &Ticket) -> Result<bool, StoreError> {
    let known = context.sources.store.known_ticket(&ticket.id).await?;
    Ok(known.is_none_or(|known| known.decision.is_none()))
}

async fn record(context: &Context, facts: &Facts, turn: Option<&mut Turn>) -> Result<Next, HandlerError> {
    let now = context.clock.now();
    let decision = policy::evaluate(facts, &context.policy.criteria, now);
    let store = &context.sources.store;
    let known = store.known_ticket(&facts.ticket.id).await?;
    if !store.says_something_new(known.as_ref(), &decision)? {
        return Ok(next(context, facts, &decision));
    }
    let criteria = &context.policy.criteria;
    let approvals = approvals::shown((store, context.links.deciding), criteria, (facts, &decision)).await?;
    let troubles: Vec<String> = context.readiness.troubles().into_keys().collect();
    let view = View {
        facts,
        decision: &decision,
        approvals: &approvals,
        record: DecisionId(Uuid::now_v7()),
        evaluation: known.as_ref().map_or(0, |known| known.evaluation) + 1,
        at: now,
        people: &context.policy.criteria.people,
        terms: &context.policy.criteria.terms,
        links: &context.links,
        troubles: &troubles,
    };
    let last = previous(context, known.as_ref()).await?;
    let verdict = last.as_ref().map(|last| last.verdict.as_str());
    let root = match decision.is_emergency() {
        true => Some(announcement(context, facts, declared(known.as_ref(), facts, now)).await?),
        false => None,
    };
    let actions = announce::decision(context, &view, verdict, (settled(context, last.as_ref(), &view), root))?;
    let evaluation = Evaluation {
        facts,
        decision: &decision,
        id: view.record,
        number: view.evaluation,
        verdict: Verdict::of(&decision).id(),
        policy: &context.policy,
        at: now,
        actions: &actions,
    };
    store.record(&evaluation, facts.placement.scope().as_ref(), turn).await?;
    context.wake.all();
    let (key, verdict) = (&facts.ticket.key, evaluation.verdict);
    tracing::info!(ticket.key = %key, decision.id = %view.record, verdict, "Decided {key}: {verdict}");
    Ok(next(context, facts, &decision))
}

/// The announcement of an emergency, with what happened to it since. The first one opens it.
async fn announcement(context: &Context, facts: &Facts, declared: Timestamp) -> Result<Value, StoreError> {
    let record = emergency::of_ticket(context, &facts.ticket, (facts.placement.scope(), declared)).await?;
    emergency::root(context, &record).await
}

/// From when the time of an emergency runs: since we saw the ticket, or, when it was no emergency at first, since it is one.
fn declared(known: Option<&KnownTicket>, facts: &Facts, now: Timestamp) -> Timestamp {
    let was_judged = known.is_some_and(|known| known.decision.is_some());
    facts.first_seen.filter(|_| !was_judged).unwrap_or(now)
}

async fn previous(context: &Context, known: Option<&KnownTicket>) -> Result<Option<StoredDecision>, StoreError> {
    match known.and_then(|known| known.decision) {
        Some(decision) => context.sources.store.decision(decision).await,
        None => Ok(None),
    }
}

/// When the ticket will have been visible in its scope for so long that Jira's search shows whatever was created beside it.
fn settled(context: &Context, last: Option<&StoredDecision>, view: &View<'_>) -> Timestamp {
    let here = |last: &&StoredDecision| last.facts.placement.scope() == view.facts.placement.scope();
    last.filter(here).map_or(view.at, |last| last.at).plus(context.settle)
}

/// A ticket that waits is looked at again by itself, so that no lost webhook leaves it behind.
fn next(context: &Context, facts: &Facts, decision: &Decision) -> Next {
    let wait = |service: &Service| context.sources.forge(service).must_wait(service);
    let rest = context.too_dear.rest(&facts.ticket, context.clock.now());
    match (decision.kind(), rest) {
        (Kind::Approve, _) => Next::Nothing,
        (_, Some(rest)) => Next::LookAgain(rest),
        _ if decision.waits_for_time() => Next::TryAgain(facts.placement.service().and_then(wait)),
        (Kind::Hold | Kind::Block | Kind::CouldNotCheck, None) => Next::LookAgain(context.intervals.recheck),
    }
}
