//! `cm-bot audit verify-decision`: makes a recorded decision again, from nothing but what was recorded.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::export::read;
use super::verify::{LogLine, lines, page};
use crate::cli::{Exit, SettingsFile};
use crate::model::{ChangeRecord, DecisionId, DecisionRecord};
use crate::policy::criteria::{PolicyTexts, SignatureTexts};
use crate::policy::evaluate;
use crate::store::Store;

/// At most so many differences are named.
const MOST: usize = 20;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The decision, as comments and pages name it in full
    id: String,
    /// An exported bundle; without it, the database of the settings
    #[arg(long, value_name = "FOLDER")]
    bundle: Option<PathBuf>,
    /// Print what differs as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsFile,
}

/// A decision with what it was made under, and what the trail says of it.
struct Recorded {
    record: DecisionRecord,
    texts: PolicyTexts,
    /// The entry that tells of it.
    entry: Option<Value>,
}

/// Makes it again and compares.
///
/// # Errors
/// When there is no such decision, or it cannot be read.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let id = DecisionId::parse(&arguments.id)?;
    let recorded = match &arguments.bundle {
        Some(folder) => from_bundle(folder, id)?,
        None => from_records(&Store::open(&arguments.settings.load()?.database_url).await?, id).await?,
    };
    let differences = compare(&recorded)?;
    if arguments.json {
        let same = differences.is_empty();
        println!("{}", serde_json::json!({ "decision": id, "same": same, "differences": differences }));
    } else {
        say(&recorded.record, &differences);
    }
    Ok(if differences.is_empty() { Exit::Done } else { Exit::Failed })
}

fn say(record: &DecisionRecord, differences: &[String]) {
    let (id, evaluation) = (record.id, record.evaluation);
    if differences.is_empty() {
        let verdict = record.verdict.replace('-', " ");
        println!("same: decision {id} (evaluation {evaluation}, {verdict}) comes out as it was recorded");
        return;
    }
    println!("differs: decision {id} (evaluation {evaluation})");
    for difference in differences.iter().take(MOST) {
        println!("  {difference}");
    }
    if differences.len() > MOST {
        println!("  and {} more", differences.len() - MOST);
    }
}

/// Everything in which the record differs from what comes out, and from what the trail says of it.
fn compare(recorded: &Recorded) -> anyhow::Result<Vec<String>> {
    let Recorded { record, texts, entry } = recorded;
    let (facts, criteria) = read(record, texts)?;
    let decision = evaluate(&facts, &criteria, record.decided_at);
    let mut differences = Vec::new();
    let (stored, again) = (serde_json::from_str(record.decision.get())?, serde_json::to_value(&decision)?);
    differ("decision", (&stored, &again), &mut differences);
    if differences.is_empty() && serde_json::to_string(&decision)? != record.decision.get() {
        differences.push("decision: the same content in another order or form".into());
    }
    if criteria.digest != record.policy_digest {
        differences.push(format!("criteria and people: recorded {}, read {}", record.policy_digest, criteria.digest));
    }
    match entry {
        None => differences.push("audit trail: no entry tells of this decision".into()),
        Some(entry) => differences.extend(against_trail(record, entry)),
    }
    Ok(differences)
}

fn against_trail(record: &DecisionRecord, entry: &Value) -> Vec<String> {
    let sha256 = |text: &str| hex::encode(Sha256::digest(text));
    let said = [
        ("facts_sha256", sha256(record.facts.get())),
        ("decision_sha256", sha256(record.decision.get())),
        ("policy_digest", record.policy_digest.clone()),
        ("verdict", record.verdict.clone()),
    ];
    let differs = said.into_iter().filter(|(key, found)| entry[key].as_str() != Some(found));
    differs.map(|(key, found)| format!("audit trail, {key}: recorded {}, found {found}", entry[key])).collect()
}

/// Where two values differ, each with its place: `decision.findings[3].finding.outcome`.
fn differ(place: &str, (recorded, again): (&Value, &Value), differences: &mut Vec<String>) {
    match (recorded, again) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let value = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                differ(&format!("{place}.{key}"), (&value(one), &value(other)), differences);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, pair) in one.iter().zip(other).enumerate() {
                differ(&format!("{place}[{number}]"), pair, differences);
            }
        }
        _ if recorded == again => {}
        _ => differences.push(format!("{place}: recorded {recorded}, comes out as {again}")),
    }
}

async fn from_records(store: &Store, id: DecisionId) -> anyhow::Result<Recorded> {
    let issue = store.issue_of(id).await?.with_context(|| format!("there is no decision {id}"))?;
    let change = store.change_record(&issue).await?.with_context(|| format!("there is no ticket of decision {id}"))?;
    let record = find(change, id)?;
    let texts = store.policies().await?.remove(&record.policy_digest);
    let texts = texts.with_context(|| format!("there are no criteria {}", record.policy_digest))?;
    let (mut entry, mut last) = (None, 0);
    while let Some(entries) = page(store, &mut last).await? {
        entry = entry.or_else(|| entries.iter().find_map(|(_, body, _)| entry_of(body, id)));
    }
    Ok(Recorded { record, texts, entry })
}

fn from_bundle(folder: &Path, id: DecisionId) -> anyhow::Result<Recorded> {
    let mut entry = None;
    for line in lines(&folder.join("log.ndjson"))? {
        let LogLine { body, .. } = line?;
        entry = entry.or_else(|| entry_of(&body, id));
    }
    let ticket = entry.as_ref().and_then(|entry| entry["ticket"].as_str()).map(str::to_owned);
    let ticket = ticket.with_context(|| format!("the trail in {} tells of no decision {id}", folder.display()))?;
    let text = read_file(&folder.join("changes").join(format!("{ticket}.json")))?;
    let change: ChangeRecord = serde_json::from_str(&text).with_context(|| format!("changes/{ticket}.json"))?;
    let record = find(change, id)?;
    let policy = folder.join("policy").join(&record.policy_digest);
    let optional = |name: &str| match std::fs::read_to_string(policy.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let signatures = SignatureTexts {
        of_criteria: optional("criteria.toml.sig")?,
        of_people: optional("people.toml.sig")?,
        allowed_signers: optional("allowed_signers")?,
    };
    let (criteria, people) = (read_file(&policy.join("criteria.toml"))?, read_file(&policy.join("people.toml"))?);
    Ok(Recorded { record, texts: PolicyTexts { criteria, people, signatures }, entry })
}

fn read_file(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn find(change: ChangeRecord, id: DecisionId) -> anyhow::Result<DecisionRecord> {
    match change.decisions.into_iter().find(|record| record.id == id) {
        Some(record) => Ok(record),
        None => bail!("{} has no decision {id}", change.ticket),
    }
}

/// The entry that tells of the decision, if this is it.
fn entry_of(body: &str, id: DecisionId) -> Option<Value> {
    if !body.contains("\"decided\"") || !body.contains(&id.to_string()) {
        return None;
    }
    let entry: Value = serde_json::from_str(body).ok()?;
    (entry["event"] == "decided" && entry["decision"].as_str() == Some(&id.to_string())).then_some(entry)
}
