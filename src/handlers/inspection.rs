//! Each month, by itself: the list of changes is fixed and published, drawn, told, reminded of, and concluded. Every step is taken
//! once, whoever takes it.

use std::time::Duration;

use super::Context;
use crate::audit::dice::{BEACON, FirstRound};
use crate::audit::draw::Population;
use crate::audit::{Entry, Event};
use crate::gather::inspection::{members, progress};
use crate::integrations::beacon::Rules;
use crate::model::{Month, Person, RoleName, TicketKey, Timestamp};
use crate::policy::follow_up::inspecting::{Progress, Step, due, owed};
use crate::render::inspection::{self as render, About};
use crate::render::slack::Message;
use crate::store::{Effect, InspectionEnd, NewAction, RecordedDraw, StoreError};

pub use crate::gather::inspection::{Inspection, of};

/// Since when this goes by itself, as a switch of the records.
const SWITCH: &str = "inspection";

/// How many months back an inspection that is not concluded is looked after.
const MOST_MONTHS: usize = 12;

/// How long after its time a round of a beacon is surely known.
const LATE: Duration = Duration::from_secs(10);

/// Takes the steps that are owed, one for each month; says how many.
///
/// # Errors
/// When the records do not answer. A beacon that does not answer is asked again at the next look.
pub async fn run(context: &Context) -> Result<usize, StoreError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    if !context.inspection.is_on {
        store.switch_off(SWITCH).await?;
        return Ok(0);
    }
    // A month that had begun before is not all there.
    let first = Month::of(store.on_since(SWITCH, now).await?);
    let (mut month, mut steps) = (Month::of(now).map(Month::before), 0);
    for _ in 0..MOST_MONTHS {
        let Some(one) = month.filter(|month| first.is_some_and(|first| first <= *month)) else { break };
        steps += usize::from(of_month(context, one, now).await?);
        month = Some(one.before());
    }
    Ok(steps)
}

fn subject(month: Month) -> String {
    format!("inspection:{month}")
}

async fn of_month(context: &Context, month: Month, now: Timestamp) -> Result<bool, StoreError> {
    let store = &context.sources.store;
    let progress = progress(store, month, &subject(month)).await?;
    let Some(step) = owed(month, &progress, &context.inspection, now) else { return Ok(false) };
    match step {
        Step::Close => {
            let population = Population::of(month, members(store, month).await?);
            store.close_population(&population, now).await
        }
        Step::Draw(after) => draw(context, month, after).await,
        Step::AskForDice | Step::AskAgain(_) | Step::Tell | Step::Remind(_) | Step::Overdue(_) | Step::Conclude => {
            tell(context, (month, &progress), step).await
        }
    }
}

/// The first round after the list was published draws.
async fn draw(context: &Context, month: Month, after: Timestamp) -> Result<bool, StoreError> {
    let (Some(beacon), now) = (&context.beacon, context.clock.now()) else { return Ok(false) };
    let said = match beacon.rules().await.map(|rules| first_round(rules, after)) {
        Ok(first) if first.made(first.number()).plus(LATE) > now => return Ok(false),
        Ok(first) => beacon.entropy(first.number()).await.map(|entropy| (first, entropy)),
        Err(error) => Err(error),
    };
    let (first, entropy) = match said {
        Ok(said) => said,
        Err(error) => {
            tracing::warn!(%error, "The beacon of the inspection of {month} is asked again: {error}");
            return Ok(false);
        }
    };
    let Some(population) = context.sources.store.population(month).await? else { return Ok(false) };
    let draw = population.draw(&entropy, context.inspection.size);
    let recorded = RecordedDraw {
        number: 1,
        entropy,
        brought_by: BEACON.into(),
        reason: None,
        size: context.inspection.size,
        tickets: draw.drawn.iter().map(|one| one.ticket.clone()).collect(),
    };
    context.sources.store.record_draw((month, &recorded), (&draw, Some(first)), now).await
}

fn first_round(Rules { genesis, period }: Rules, after: Timestamp) -> FirstRound {
    FirstRound { genesis, period, after }
}

/// Says something, once. Where no ticket is known there is nobody to carry it, and nothing to inspect.
async fn tell(context: &Context, (month, progress): (Month, &Progress), step: Step) -> Result<bool, StoreError> {
    let (store, now) = (&context.sources.store, context.clock.now());
    let Some(inspection) = of(store, month).await? else { return Ok(false) };
    let Some(carrier) = store.newest_ticket().await? else { return Ok(false) };
    let people = whom(context, step);
    let due = due(progress, &context.inspection).unwrap_or(now);
    let (message, until) = said(context, (&inspection, step), (&people, due));
    let message = context.posted(&message, &format!("{}:{}", subject(month), step.name()));
    let action = NewAction::new(Effect::Inspection { month: month.to_string(), until, message })?;
    let who = people.iter().map(|person| person.name.clone()).collect();
    let event = Event::Reminded { step: format!("{} of the inspection of {month}", step.name()), who };
    let (subject, since, name) = (subject(month), month.bounds().1, step.name());
    let entry = Entry { at: now, ticket: None, event };
    store.remind((&subject, since, &name), (&carrier, &[action]), &entry).await
}

/// Whoever must act: those who inspect, or the Security Officer when it is overdue. Of what is done, nobody.
fn whom(context: &Context, step: Step) -> Vec<&Person> {
    match step {
        Step::Conclude | Step::Close | Step::Draw(_) => Vec::new(),
        Step::Overdue(_) => with_role(context, &context.inspection.officer),
        Step::AskForDice | Step::AskAgain(_) | Step::Tell | Step::Remind(_) => {
            let of_roles = context.inspection.roles.iter().map(|role| with_role(context, role));
            of_roles.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
        }
    }
}

fn with_role<'a>(context: &'a Context, role: &'a RoleName) -> Vec<&'a Person> {
    context.policy.criteria.people.with_any_role(std::slice::from_ref(role)).collect()
}

fn said(
    context: &Context,
    (inspection, step): (&Inspection, Step),
    (people, due): (&[&Person], Timestamp),
) -> (Message, InspectionEnd) {
    let population = &inspection.population;
    let always =
        |key: &TicketKey| population.always().find(|member| member.ticket == *key).map(|member| &member.strata);
    let line = |key| (key, always(key));
    let about = About {
        month: population.month(),
        changes: population.members().len(),
        root: &population.root(),
        people,
        due,
        links: &context.links,
    };
    match step {
        Step::AskForDice | Step::AskAgain(_) | Step::Close | Step::Draw(_) => {
            (render::asks_for_dice(&about), InspectionEnd::Drawn)
        }
        Step::Tell => {
            let wanted: Vec<_> = inspection.wanted().into_iter().map(line).collect();
            (render::list(&about, &wanted), InspectionEnd::Inspected)
        }
        Step::Remind(_) | Step::Overdue(_) => {
            let open: Vec<_> = inspection.open().into_iter().map(line).collect();
            let is_overdue = matches!(step, Step::Overdue(_));
            let message = if is_overdue { render::overdue(&about, &open) } else { render::reminder(&about, &open) };
            (message, InspectionEnd::Inspected)
        }
        Step::Conclude => {
            let findings = inspection.wanted().into_iter().filter_map(|key| inspection.result_of(key));
            let findings = findings.filter(|result| result.result == "finding");
            let findings: Vec<_> = findings.map(|result| (&result.ticket, result.note.as_str())).collect();
            (
                render::conclusion(&about, (inspection.wanted().len(), &findings), inspection.counted()),
                InspectionEnd::Never,
            )
        }
    }
}
