//! The pages and files of the changes.

use std::collections::BTreeMap;

use super::Export;
use super::bundle::Bundle;
use crate::gather::acts::shown;
use crate::gather::evidence::Change;
use crate::model::{ChangeRecord, DecisionRecord};
use crate::policy::criteria::{Criteria, PolicyTexts};
use crate::policy::evaluate;
use crate::policy::facts::Facts;
use crate::render::evidence::{ChangePage, change};
use crate::render::view::View;

/// Writes the page and the file of each change; gives the rows of the first page.
pub(super) async fn write(export: &Export, bundle: &mut Bundle) -> anyhow::Result<Vec<[String; 4]>> {
    let policies = export.app.context.sources.store.policies().await?;
    let mut rows = Vec::new();
    for (place, one) in export.period.population.changes.iter().enumerate() {
        if place.is_multiple_of(100) {
            eprintln!("Writing change {} of {}", place + 1, export.period.population.changes.len());
        }
        let key = one.record.ticket.as_str();
        let entries = export.period.trail.of_ticket.get(key).cloned().unwrap_or_default();
        let record = ChangeRecord { entries, ..one.record.clone() };
        bundle.write_json(&format!("changes/{key}.json"), &record)?;
        bundle.write(&format!("changes/{key}.html"), &page(export, (one, &record), &policies).await?)?;
        rows.push(one.row());
    }
    Ok(rows)
}

async fn page(
    export: &Export,
    (one, record): (&Change, &ChangeRecord),
    policies: &BTreeMap<String, PolicyTexts>,
) -> anyhow::Result<String> {
    let orphans = export.orphans_of(&record.ticket);
    let blank = ChangePage { record, ticket: one.ticket.as_ref(), created: one.created, view: None, orphans: &orphans };
    let Some((newest, texts)) =
        record.decisions.last().and_then(|last| Some((last, policies.get(&last.policy_digest)?)))
    else {
        return Ok(change(&blank));
    };
    let (facts, criteria) = read(newest, texts)?;
    let decision = evaluate(&facts, &criteria, newest.decided_at);
    let context = &export.app.context;
    let approvals = shown((&context.sources.store, context.links.deciding), &criteria, (&facts, &decision)).await?;
    let view = View {
        facts: &facts,
        decision: &decision,
        approvals: &approvals,
        record: newest.id,
        evaluation: newest.evaluation,
        at: newest.decided_at,
        people: &criteria.people,
        terms: &criteria.terms,
        links: &context.links,
        troubles: &[],
    };
    Ok(change(&ChangePage { view: Some(&view), ..blank }))
}

/// What a decision was made from, and under what.
pub(in crate::cli::audit) fn read(record: &DecisionRecord, texts: &PolicyTexts) -> anyhow::Result<(Facts, Criteria)> {
    Ok((serde_json::from_str(record.facts.get())?, Criteria::read(texts)?))
}
