//! The pages of an export: one for each change, and the one with which an auditor begins. They stand alone, in a folder, and
//! print well.

use maud::{DOCTYPE, Markup, html};

use super::document::{Block, Document, Inline, Line, line, strong, words};
use super::html::document;
use super::jira;
use super::view::{View, word};
use crate::model::{ApprovalRecord, ChangeRecord, GateRecord, Ticket, Timestamp, plural, shortened};
use crate::policy::controls;
use crate::policy::follow_up::completeness::Orphan;

/// How much of a text from outside a cell shows; all of it is in the JSON of the change.
const MOST: usize = 160;

/// One change of the export.
#[derive(Debug, Clone, Copy)]
pub struct ChangePage<'a> {
    /// What the records hold.
    pub record: &'a ChangeRecord,
    /// The ticket as Jira showed it at the time of the export.
    pub ticket: Option<&'a Ticket>,
    /// When it was created.
    pub created: Timestamp,
    /// The newest decision, made again from its stored facts.
    pub view: Option<&'a View<'a>>,
    /// What it misses in the comparison of the period.
    pub orphans: &'a [&'a Orphan],
}

/// The page with which an auditor begins.
#[derive(Debug, Clone, Copy)]
pub struct IndexPage<'a> {
    /// The first and the last day.
    pub period: (&'a str, &'a str),
    /// When it was made.
    pub made_at: Timestamp,
    /// Tickets, answers, runs and deployments of the period; why one of them is not known.
    pub numbers: [(&'static str, Result<usize, &'static str>); 4],
    /// Everything that misses its counterpart.
    pub orphans: &'a [Orphan],
    /// What could not be read.
    pub gaps: &'a [String],
    /// Each change: key, what it is, its state, its last verdict.
    pub changes: &'a [[String; 4]],
}

/// A page of the bundle; `up` leads to its root.
fn page(title: &str, up: &str, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href=(format!("{up}style.css"));
            }
            body { main { (content) } }
        }
    }
    .into_string()
}

fn cell(text: impl Into<String>) -> Line {
    vec![words(text)]
}

fn outside(text: &str) -> Line {
    cell(shortened(text, MOST))
}

fn table(head: Vec<&'static str>, rows: Vec<Vec<Line>>, title: &str) -> Option<Block> {
    (!rows.is_empty()).then(|| Block::Folded(title.to_owned(), vec![Block::Table(head, rows)]))
}

/// The page of one change.
#[must_use]
pub fn change(shown: &ChangePage<'_>) -> String {
    let ChangePage { record, ticket, view, .. } = shown;
    let summary =
        ticket.map(|ticket| ticket.summary.as_str()).or_else(|| view.map(|view| view.ticket().summary.as_str()));
    let summary = shortened(summary.unwrap_or(""), 200);
    let content = html! {
        h1 { (record.ticket) " " (summary) }
        p class="soft" { (standing(shown)) }
        (document(&Document(shown.orphans.iter().map(|orphan| missing(orphan)).collect())))
        @match view {
            Some(view) => (document(&jira::findings(view))),
            None => p { strong { "Nothing was decided about this ticket." } },
        }
        (document(&Document(history(shown))))
        p { a href=(format!("{}.json", record.ticket)) { "Everything about this change as JSON" } " · " a href="../index.html" { "All changes" } }
    };
    page(&format!("{} · evidence", record.ticket), "../", &content)
}

/// `billing-api to prod-us · created 2026-11-02 09:10 UTC · closed when it was seen last`.
fn standing(shown: &ChangePage<'_>) -> String {
    let ChangePage { record, ticket, created, .. } = shown;
    let scope = match (&record.service, &record.environment) {
        (Some(service), Some(environment)) => format!("{service} to {environment}"),
        _ => "no registered service and environment".to_owned(),
    };
    let requester = ticket.map_or_else(String::new, |ticket| format!(" by {}", shortened(&ticket.requester_name, 60)));
    format!("{scope} · created{requester} {} · {} when it was seen last", created.day_and_clock(), record.status)
}

fn missing(orphan: &Orphan) -> Block {
    let text = format!(" {} Seen: {}.", orphan.kind.sentence(), orphan.seen.join(", "));
    Block::Panel(super::document::Tone::Bad, vec![vec![strong("A counterpart is missing."), words(text)]])
}

fn history(shown: &ChangePage<'_>) -> Vec<Block> {
    let record = shown.record;
    let evaluations = record.decisions.iter().map(|decision| {
        vec![
            cell(decision.evaluation.to_string()),
            cell(decision.decided_at.day_and_clock()),
            cell(decision.verdict.replace('-', " ")),
            vec![Inline::Code(decision.id.to_string())],
            vec![Inline::Code(shortened(&decision.policy_digest, 13))],
        ]
    });
    let entries: Vec<String> = record.entries.iter().map(i64::to_string).collect();
    let blocks = [
        shown.view.and_then(controls_of),
        table(
            vec!["Evaluation", "When", "Verdict", "Decision", "Criteria and people"],
            evaluations.collect(),
            &plural(record.decisions.len(), "evaluation"),
        ),
        table(
            vec!["When", "What", "Commit", "By"],
            record.approvals.iter().map(approval).collect(),
            "Approvals, and what became of them",
        ),
        table(vec!["When", "Account", "Where", "What", "Refused because"], acts(record), "What people said and did"),
        table(
            vec!["Asked", "Let through", "Run", "Commit", "Asked by", "Ended"],
            record.gate.iter().map(gate).collect(),
            "At the gate",
        ),
        (!entries.is_empty()).then(|| {
            Block::Paragraph(vec![words(format!("Entries of the audit trail about it: {}.", entries.join(", ")))])
        }),
    ];
    blocks.into_iter().flatten().collect()
}

/// What each check gives evidence for.
fn controls_of(view: &View<'_>) -> Option<Block> {
    let rows = view.decision.findings().iter().map(|judged| {
        let controls = controls::of(judged.rule).map_or_else(String::new, controls::Controls::words);
        vec![cell(judged.title), cell(word(judged.finding.outcome)), cell(controls)]
    });
    table(vec!["Check", "Result", "Gives evidence for"], rows.collect(), "Controls")
}

fn approval(approval: &ApprovalRecord) -> Vec<Line> {
    let by: Vec<String> = approval.by.iter().map(|(name, role)| format!("{name} as {role}")).collect();
    let by = match (&approval.decision, by.is_empty()) {
        (_, false) => by.join(", "),
        (Some(decision), true) => format!("cm-bot, decision {decision}"),
        (None, true) => String::new(),
    };
    vec![
        cell(approval.noted_at.day_and_clock()),
        cell(if approval.mark == "given" { "approved" } else { "does not count any more" }),
        vec![Inline::Code(approval.commit.to_string())],
        outside(&by),
    ]
}

fn acts(record: &ChangeRecord) -> Vec<Vec<Line>> {
    let said = |value: &serde_json::Value| {
        let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        let words = ["note", "reason", "of", "what"].into_iter().map(text).find(|words| !words.is_empty());
        format!("{} {}", text("deed").replace('_', " "), words.unwrap_or_default())
    };
    let act = |act: &crate::model::ActRecord| {
        vec![
            cell(act.acted_at.day_and_clock()),
            cell(act.account.as_ref().map_or("not named", |account| account.as_str())),
            cell(format!("{} {}", act.way, shortened(&act.source, 40))),
            outside(&said(&act.deed)),
            outside(act.refused.as_deref().unwrap_or_default()),
        ]
    };
    record.acts.iter().map(act).collect()
}

fn gate(request: &GateRecord) -> Vec<Line> {
    let text =
        |value: Option<&serde_json::Value>| value.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let run = &request.deployment["run"];
    let run = format!("{} {} #{}", text(run.get("system")), text(run.get("job")), text(run.get("build")));
    let ended = request.outcomes.last().map_or_else(
        || "nobody has said".to_owned(),
        |(outcome, at, _)| format!("{}, {}", outcome.replace('_', " "), at.day_and_clock()),
    );
    vec![
        cell(request.requested_at.day_and_clock()),
        cell(request.used_at.map_or_else(|| "no".to_owned(), Timestamp::day_and_clock)),
        outside(&run),
        vec![Inline::Code(text(request.deployment.get("commit")))],
        outside(&request.caller),
        cell(ended),
    ]
}

/// The page with which an auditor begins.
#[must_use]
pub fn index(shown: &IndexPage<'_>) -> String {
    let (from, to) = shown.period;
    let title = format!("Production changes, {from} to {to}");
    let content = html! {
        h1 { (title) }
        p class="soft" { "Made on " (shown.made_at.day_and_clock()) " by cm-bot. How, and how to verify it: README.txt and IPE.txt." }
        (compared(shown))
        (listed(shown.changes, |key| format!("changes/{key}.html")))
    };
    page(&title, "", &content)
}

/// The four numbers, what could not be compared, and what misses its counterpart.
#[must_use]
pub fn compared(shown: &IndexPage<'_>) -> Markup {
    let orphans = shown.orphans.iter().map(orphan).collect();
    let orphans = table(vec!["What is missing", "Ticket", "Where", "Commit", "Seen", "When"], orphans, "Orphans");
    html! {
        (document(&Document(vec![Block::Table(vec!["Compared in every direction", "Number"], numbers(shown))])))
        @for gap in shown.gaps { p { strong { "Not compared: " } (gap) } }
        p { (said_of(shown)) }
        (document(&Document(orphans.into_iter().collect())))
    }
}

/// Each change with the address of its page.
#[must_use]
pub fn listed(changes: &[[String; 4]], address: fn(&str) -> String) -> Markup {
    html! {
        h2 { (plural(changes.len(), "change")) }
        table {
            thead { tr { th scope="col" { "Ticket" } th scope="col" { "Change" } th scope="col" { "State" } th scope="col" { "Last verdict" } } }
            tbody {
                @for [key, what, state, verdict] in changes {
                    tr { td { a href=(address(key)) { (key) } } td { (shortened(what, MOST)) } td { (state) } td { (verdict) } }
                }
            }
        }
    }
}

fn numbers(shown: &IndexPage<'_>) -> Vec<Vec<Line>> {
    let row = |(name, number): &(&'static str, Result<usize, &'static str>)| {
        vec![cell(*name), cell(number.map_or_else(str::to_owned, |number| number.to_string()))]
    };
    shown.numbers.iter().map(row).collect()
}

fn said_of(shown: &IndexPage<'_>) -> String {
    match (shown.orphans.len(), shown.gaps.is_empty()) {
        (0, true) => "Everything has its counterpart.".into(),
        (0, false) => "What could be compared has its counterpart; the rest is not known.".into(),
        (number, _) => format!("{} without a counterpart.", plural(number, "trace")),
    }
}

fn orphan(orphan: &Orphan) -> Vec<Line> {
    vec![
        line(&orphan.kind.sentence().into()),
        cell(orphan.ticket.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)),
        cell(orphan.scope.as_ref().map_or_else(|| "not known".to_owned(), ToString::to_string)),
        vec![Inline::Code(orphan.commit.as_ref().map_or_else(|| "not known".to_owned(), ToString::to_string))],
        outside(&orphan.seen.join(", ")),
        cell(orphan.at.day_and_clock()),
    ]
}

/// How the list was made, for whoever has to judge whether it is complete: facts, questions word for word, gaps.
#[must_use]
pub fn how_it_was_made(facts: &[(&str, String)], asked: &[String], gaps: &[String]) -> String {
    let list = |title: &str, items: &[String], none: &str| {
        let items: Vec<String> = items.iter().map(|item| format!("  {item}\n")).collect();
        format!("\n{title}\n{}", if items.is_empty() { format!("  {none}\n") } else { items.concat() })
    };
    let facts: String = facts.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let records = "the records of cm-bot: every ticket that was seen, judged, approved or let through in the period";
    let asked: Vec<String> = asked.iter().cloned().chain([records.to_owned()]).collect();
    format!(
        "How this list was made (information produced by the entity)\n\n{facts}{}{}",
        list("What was asked", &asked, ""),
        list("What could not be compared", gaps, "nothing: every place was read to its end"),
    )
}
