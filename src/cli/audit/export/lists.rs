//! The lists of an export.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bundle::Bundle;
use super::{Export, written};
use crate::gather::evidence::Change;
use crate::gather::trail::Trail;
use crate::model::{Timestamp, Witness};
use crate::policy::RULES;
use crate::policy::controls::{self, FRAMEWORKS};
use crate::policy::criteria::PolicyTexts;
use crate::policy::follow_up::completeness::{Orphan, SightingTrace};
use crate::render::csv::row;
use crate::store::{InspectionResult, RecordedDraw};

/// Every change, a row each.
pub(super) fn population(export: &Export) -> String {
    let head = row([
        "ticket",
        "jira_id",
        "service",
        "environment",
        "summary",
        "requester",
        "created",
        "status",
        "in_jira",
        "in_records",
        "evaluations",
        "last_verdict",
        "policy_digest",
        "approved_at",
        "approved_by",
        "commit",
        "let_through_at",
        "outcome",
        "emergency",
        "orphan",
        "page",
        "file",
    ]);
    head + &export.period.population.changes.iter().map(|change| change_row(export, change)).collect::<String>()
}

fn change_row(export: &Export, change: &Change) -> String {
    let (record, ticket) = (&change.record, change.ticket.as_ref());
    let trace = export.period.population.traces.tickets.iter().find(|trace| trace.key == record.ticket);
    let yes_no = |known: Option<bool>| known.map_or("not known", |yes| if yes { "yes" } else { "no" });
    let last = record.decisions.last();
    let approval = record.approvals.last().filter(|approval| approval.mark == "given");
    let approved_by = approval.map_or_else(String::new, |approval| {
        let people: Vec<String> = approval.by.iter().map(|(name, role)| format!("{name} ({role})")).collect();
        if people.is_empty() { "cm-bot".into() } else { people.join(", ") }
    });
    let used = record.gate.iter().rev().find(|request| request.used_at.is_some());
    let outcome = used.and_then(|request| request.outcomes.last()).map_or("", |(outcome, ..)| outcome.as_str());
    let is_emergency = record.decisions.iter().any(|decision| decision.verdict == "emergency");
    let orphans: Vec<&str> = export.orphans_of(&record.ticket).iter().map(|orphan| orphan.kind.id()).collect();
    let time = |at: Option<Timestamp>| at.map_or_else(String::new, written);
    row([
        record.ticket.as_str(),
        record.issue.as_str(),
        record.service.as_deref().unwrap_or(""),
        record.environment.as_deref().unwrap_or(""),
        ticket.map_or("", |ticket| ticket.summary.as_str()),
        ticket.map_or("", |ticket| ticket.requester_name.as_str()),
        &written(change.created),
        &record.status,
        yes_no(trace.and_then(|trace| trace.in_jira)),
        yes_no(trace.map(|trace| trace.in_records)),
        &record.decisions.len().to_string(),
        last.map_or("", |decision| decision.verdict.as_str()),
        last.map_or("", |decision| decision.policy_digest.as_str()),
        &time(approval.map(|approval| approval.approved_at)),
        &approved_by,
        approval.map_or("", |approval| approval.commit.as_str()),
        &time(used.and_then(|request| request.used_at)),
        outcome,
        if is_emergency { "yes" } else { "no" },
        &orphans.join(" "),
        &format!("changes/{}.html", record.ticket),
        &format!("changes/{}.json", record.ticket),
    ])
}

/// Everything that misses its counterpart.
pub(super) fn orphans(orphans: &[Orphan]) -> String {
    let line = |orphan: &Orphan| {
        row([
            orphan.kind.id(),
            orphan.kind.sentence(),
            orphan.ticket.as_ref().map_or("", |key| key.as_str()),
            &orphan.scope.as_ref().map_or_else(String::new, ToString::to_string),
            orphan.commit.as_ref().map_or("", |commit| commit.as_str()),
            &orphan.seen.join(", "),
            &written(orphan.at),
        ])
    };
    row(["kind", "what", "ticket", "scope", "commit", "seen", "at"]) + &orphans.iter().map(line).collect::<String>()
}

/// Which controls each check gives evidence for.
pub(super) fn controls() -> String {
    let head = ["rule", "question", "policy"].into_iter().chain(FRAMEWORKS);
    let line = |rule: &crate::policy::Rule| {
        let columns = controls::of(rule.id).map_or([""; 6], |controls| controls.columns());
        row([rule.id, rule.question, rule.section].into_iter().chain(columns))
    };
    row(head) + &RULES.iter().map(line).collect::<String>()
}

/// Who set what, and when.
pub(super) fn history(trail: &Trail) -> String {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let line = |(seq, entry): &(i64, Value)| {
        let at = entry["at"].as_i64().map_or_else(String::new, |at| written(Timestamp(at)));
        row([
            seq.to_string(),
            at,
            text(&entry["event"]),
            text(
                ["public", "chain"]
                    .iter()
                    .map(|key| &entry[key])
                    .find(|key| !key.is_null())
                    .unwrap_or(&entry["policy_digest"]),
            ),
            text(&entry["before"]),
            text(&entry["changed"]),
            text(if entry["signed"].is_null() { &entry["by"] } else { &entry["signed"] }),
        ])
    };
    row(["entry", "at", "event", "digest_or_key", "before", "changed", "signed_by"])
        + &trail.history.iter().map(line).collect::<String>()
}

/// Everything that was compared, with what came of it.
pub(super) fn reconciliation(export: &Export) -> Value {
    let (traces, comparison) = (&export.period.population.traces, &export.period.comparison);
    let tickets = traces.tickets.iter().map(|ticket| {
        json!({ "ticket": ticket.key, "at": ticket.at, "in_jira": ticket.in_jira, "in_records": ticket.in_records })
    });
    let in_period = |at: Timestamp| export.period.question.covers(at);
    let answers = traces.answers.iter().map(|answer| {
        json!({
            "request": answer.request, "ticket": answer.ticket, "scope": answer.scope.to_string(), "run": answer.run,
            "commit": answer.commit, "at": answer.at, "ending": answer.ending, "in_period": in_period(answer.at),
        })
    });
    let of = |witness: Witness| {
        let shown = |(place, trace): (usize, &SightingTrace)| {
            let sighting = &trace.sighting;
            (sighting.witness == witness).then(|| {
                json!({
                    "id": format!("{} {}", witness.id(), sighting.id), "scope": sighting.scope.to_string(),
                    "commit": sighting.commit, "by": sighting.by, "at": sighting.at, "url": sighting.url,
                    "request": comparison.let_through.get(&place), "emergency": trace.is_emergency,
                    "in_period": in_period(sighting.at),
                })
            })
        };
        traces.sightings.iter().enumerate().filter_map(shown).collect::<Vec<Value>>()
    };
    json!({
        "tickets": tickets.collect::<Vec<Value>>(),
        "answers": answers.collect::<Vec<Value>>(),
        "runs": of(Witness::Jenkins),
        "deployments": of(Witness::Github),
        "orphans": comparison.orphans,
    })
}

/// The criteria and people under which the exported decisions were made, and those in force in the period.
pub(super) async fn write_policies(export: &Export, bundle: &mut Bundle) -> anyhow::Result<()> {
    let store = &export.app.context.sources.store;
    let decided = export.period.population.changes.iter().flat_map(|change| &change.record.decisions);
    let mut wanted: BTreeSet<String> = decided.map(|decision| decision.policy_digest.clone()).collect();
    let activations = store.activations().await?;
    let before = activations.iter().rev().find(|one| one.at < export.period.question.from);
    let within = activations.iter().filter(|one| export.period.question.covers(one.at));
    wanted.extend(before.into_iter().chain(within).map(|one| one.digest.clone()));
    for (digest, texts) in store.policies().await? {
        if wanted.contains(&digest) {
            write_policy(&digest, &texts, bundle)?;
        }
    }
    Ok(())
}

fn write_policy(digest: &str, texts: &PolicyTexts, bundle: &mut Bundle) -> anyhow::Result<()> {
    let PolicyTexts { criteria, people, signatures } = texts;
    let files = [
        ("criteria.toml", Some(criteria)),
        ("people.toml", Some(people)),
        ("criteria.toml.sig", signatures.of_criteria.as_ref()),
        ("people.toml.sig", signatures.of_people.as_ref()),
        ("allowed_signers", signatures.allowed_signers.as_ref()),
    ];
    for (name, text) in files {
        if let Some(text) = text {
            bundle.write(&format!("policy/{digest}/{name}"), text)?;
        }
    }
    Ok(())
}

/// What the documentation of emergencies said, byte for byte as it is stored because the trail holds the hashes.
pub(super) fn write_emergencies(export: &Export, bundle: &mut Bundle) -> anyhow::Result<()> {
    for (id, texts) in &export.period.documentations {
        bundle.write(&format!("emergencies/{id}.json"), texts)?;
    }
    Ok(())
}

/// What there was to inspect of each month; what was drawn and found.
pub(super) fn write_inspections(export: &Export, bundle: &mut Bundle) -> anyhow::Result<()> {
    let draw = |draw: &RecordedDraw| {
        json!({ "draw": draw.number, "entropy": draw.entropy, "brought_by": draw.brought_by, "reason": draw.reason,
                "size": draw.size, "tickets": draw.tickets })
    };
    let result = |result: &InspectionResult| {
        json!({ "ticket": result.ticket, "result": result.result, "note": result.note, "inspector": result.inspector,
                "at": result.at })
    };
    let mut samples = Vec::new();
    for one in &export.period.inspections {
        bundle.write(&format!("inspections/{}.json", one.month), &one.members)?;
        samples.push(json!({
            "month": one.month,
            "draws": one.draws.iter().map(draw).collect::<Vec<Value>>(),
            "results": one.results.iter().map(result).collect::<Vec<Value>>(),
        }));
    }
    bundle.write_json("samples.json", &samples)
}
