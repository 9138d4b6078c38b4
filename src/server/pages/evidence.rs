//! `GET /evidence?from=DAY&to=DAY`: what an export of a period would say, for whoever audits, and the command that writes it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::visitor::Visitor;
use super::{Failure, Pages, page};
use crate::handlers::Context;
use crate::handlers::evidence::{Preview, preview};
use crate::model::{Day, Month, Timestamp};
use crate::policy::access::Right;
use crate::render::evidence::{IndexPage, compared, listed};

/// How long whoever asks waits for an answer. What takes longer is shown when the page is loaded again.
const PATIENCE: Duration = Duration::from_secs(7);

/// How long asking everybody may take.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// How long an answer is kept, and how long it stands that there is none.
const KEPT: Duration = Duration::from_secs(10 * 60);
const FAILED: Duration = Duration::from_secs(60);

/// Most days of a period on a page: a year with its edges. The command knows no limit.
const MOST_DAYS: u64 = 400;

/// Most changes that a page lists.
const MOST_CHANGES: usize = 500;

/// Answers of this process. One is made at a time, because it costs the other systems many requests.
#[derive(Debug, Clone, Default)]
pub struct Previews(Arc<Mutex<BTreeMap<(Day, Day), Entry>>>);

/// How far an answer is.
#[derive(Debug, Clone)]
enum Entry {
    /// It is being made.
    Begun(Timestamp),
    /// It was made.
    Made(Arc<Preview>),
    /// It could not be made.
    Failed(Timestamp),
}

/// What there is for whoever asks.
enum Found {
    There(Entry),
    /// Another period is being asked for, since then.
    Busy(Timestamp),
    /// Nothing: whoever asks makes it.
    Nothing,
}

/// Which period.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    from: Option<String>,
    to: Option<String>,
}

impl Entry {
    fn lasts_until(&self) -> Timestamp {
        match self {
            Entry::Begun(at) => at.plus(LONGEST),
            Entry::Made(preview) => preview.read_at.plus(KEPT),
            Entry::Failed(at) => at.plus(FAILED),
        }
    }
}

impl Previews {
    /// What there is of a period; where there is nothing, it counts as begun from now on.
    fn look(&self, days: (Day, Day), now: Timestamp) -> Found {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| now < entry.lasts_until());
        if let Some(entry) = entries.get(&days) {
            return Found::There(entry.clone());
        }
        let busy = entries.values().find_map(|entry| if let Entry::Begun(at) = entry { Some(*at) } else { None });
        if let Some(since) = busy {
            return Found::Busy(since);
        }
        entries.insert(days, Entry::Begun(now));
        Found::Nothing
    }

    fn put(&self, days: (Day, Day), entry: Entry) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(days, entry);
    }
}

/// The page.
pub(super) async fn evidence(
    State(pages): State<Pages>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    visitor.needs(Right::SeeEvidence)?;
    let now = pages.context.clock.now();
    let (status, result) = match period(&asked) {
        None => (StatusCode::OK, html! {}),
        Some(Err(why)) => (
            StatusCode::BAD_REQUEST,
            html! { div class="panel bad" role="alert" { p { strong { "This is no period. " } (why) } } },
        ),
        Some(Ok(days)) => (StatusCode::OK, shown(days, found(&pages, days, now).await)),
    };
    let content = html! {
        h1 { "Evidence" }
        p { "Every production change of a period, held against everything else that shows of it: tickets in Jira, answers of the gate, runs and deployments." }
        (form(&asked, now))
        (result)
    };
    Ok((status, page(&visitor, ("Evidence", "/evidence"), &content)).into_response())
}

/// The days that were asked for; nothing when none were.
fn period(asked: &Asked) -> Option<Result<(Day, Day), String>> {
    let (from, to) = (asked.from.as_deref()?, asked.to.as_deref().unwrap_or_default());
    let days = Day::parse(from).and_then(|from| Ok((from, Day::parse(to)?)));
    Some(match days {
        Err(error) => Err(format!("{error}.")),
        Ok((from, to)) if from > to => Err(format!("The first day, {from}, lies after the last day, {to}.")),
        Ok((from, to)) if to.end().since(from.start()) > Duration::from_secs(MOST_DAYS * 24 * 3600) => Err(format!(
            "A page shows at most {MOST_DAYS} days; the command below writes any number: {}",
            command((from, to))
        )),
        Ok(days) => Ok(days),
    })
}

fn command((from, to): (Day, Day)) -> String {
    format!("cm-bot audit export --from {from} --to {to}")
}

/// What there is, or what is there after a short wait. Asking goes on when nobody waits for it any more.
async fn found(pages: &Pages, days: (Day, Day), now: Timestamp) -> Found {
    let found = pages.previews.look(days, now);
    if !matches!(found, Found::Nothing) {
        return found;
    }
    let task = tokio::spawn(make(pages.context.clone(), pages.previews.clone(), days));
    let _ = tokio::time::timeout(PATIENCE, task).await;
    pages.previews.look(days, now)
}

async fn make(context: Context, previews: Previews, days: (Day, Day)) {
    let made = tokio::time::timeout(LONGEST, preview(&context, days)).await;
    let entry = match made {
        Ok(Ok(preview)) => Entry::Made(Arc::new(preview)),
        Ok(Err(error)) => {
            tracing::error!(%error, "The evidence of a period could not be read: {error}");
            Entry::Failed(context.clock.now())
        }
        Err(_) => {
            tracing::error!("The evidence of a period could not be read within {} s", LONGEST.as_secs());
            Entry::Failed(context.clock.now())
        }
    };
    previews.put(days, entry);
}

/// The form; the month before this one, where nothing was asked for.
fn form(asked: &Asked, now: Timestamp) -> Markup {
    let before = Month::of(now).map(|month| month.before().bounds());
    let day = |at: Option<Timestamp>| at.and_then(Day::of).map_or_else(String::new, |day| day.to_string());
    let first = asked.from.clone().unwrap_or_else(|| day(before.map(|(first, _)| first)));
    let last = asked.to.clone().unwrap_or_else(|| day(before.map(|(_, next)| next.minus(Duration::from_millis(1)))));
    html! {
        form method="get" action="/evidence" class="row" {
            label for="from" { "From" }
            input type="date" id="from" name="from" required value=(first);
            label for="to" { "to" }
            input type="date" id="to" name="to" required value=(last);
            button type="submit" { "Show the evidence" }
        }
    }
}

fn shown(days: (Day, Day), found: Found) -> Markup {
    let waiting = |since: Timestamp, what: &str| {
        html! { div class="panel waiting" role="status" { p {
            strong { (what) } " It asks Jira, GitHub and Jenkins since " (since.day_and_clock()) "; "
            a href=(format!("/evidence?from={}&to={}", days.0, days.1)) { "load the page again" } " in a minute."
        } } }
    };
    match found {
        Found::There(Entry::Made(preview)) => made(&preview),
        Found::There(Entry::Begun(since)) => waiting(since, "cm-bot is collecting this period."),
        Found::Busy(since) => waiting(since, "cm-bot is collecting another period, and does one at a time."),
        Found::There(Entry::Failed(_)) | Found::Nothing => html! { div class="panel bad" role="alert" { p {
            strong { "This period could not be collected. " } "The log of cm-bot says why. The operator can run "
            code { (command(days)) } ", which has more time."
        } } },
    }
}

fn made(preview: &Preview) -> Markup {
    let (from, to) = (preview.days.0.to_string(), preview.days.1.to_string());
    let shown = IndexPage {
        period: (&from, &to),
        made_at: preview.made_at,
        numbers: preview.numbers,
        orphans: &preview.orphans,
        gaps: &preview.gaps,
        changes: &preview.changes,
    };
    let listing = preview.changes.get(..MOST_CHANGES).unwrap_or(&preview.changes);
    html! {
        h2 { "Production changes, " (from) " to " (to) }
        p class="soft" { "Collected on " (preview.read_at.day_and_clock()) "; after " (KEPT.as_secs() / 60) " minutes it is collected anew." }
        (compared(&shown))
        (totals(preview))
        (download(preview))
        (listed(listing, |key| format!("/changes/{key}")))
        @if listing.len() < preview.changes.len() { p { "The first " (MOST_CHANGES) " of them; the export lists all." } }
    }
}

/// Numbers with which somebody who has the export can tell that it is the same list.
fn totals(preview: &Preview) -> Markup {
    let key = |change: Option<&[String; 4]>| change.map_or_else(|| "none".to_owned(), |[key, ..]| key.clone());
    html! {
        section aria-labelledby="totals" {
            h2 id="totals" { "Control totals" }
            dl {
                dt { "Changes" } dd { (preview.changes.len()) }
                dt { "First and last ticket" } dd { (key(preview.changes.first())) " and " (key(preview.changes.last())) }
                dt { "SHA-256 of the sorted keys" } dd { code class="long" { (preview.keys_sha256) } }
            }
            table {
                thead { tr { th scope="col" { "Orphans" } th scope="col" class="number" { "Number" } } }
                tbody { @for (kind, number) in &preview.orphans_by_kind { tr {
                    th scope="row" { (kind.sentence()) }
                    td class="number" { (number) }
                } } }
            }
            details { summary { "What was asked, word for word" }
                ul { @for asked in &preview.asked { li { (asked) } } li { "the records of cm-bot: every ticket that was seen, judged, approved or let through in the period" } }
            }
        }
    }
}

fn download(preview: &Preview) -> Markup {
    html! {
        section aria-labelledby="export" {
            h2 id="export" { "Everything, to take away" }
            p { "The operator runs this where cm-bot runs, and gives you the folder that it writes:" }
            p { code class="long" { (command(preview.days)) } }
            p { "It holds a page and a JSON file for each of these changes, the criteria with their signatures, the whole audit trail, and "
                code { "verify.py" } ", which finds every byte that was changed and needs nothing of cm-bot. The totals above stand in its "
                code { "totals.json" } ", unless something happened meanwhile." }
        }
    }
}
