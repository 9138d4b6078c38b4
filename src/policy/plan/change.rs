//! One resource of a plan: what happens to it, and which rules that touches.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::diff::{self, Becomes, Changed, States};
use super::risk::{Action, Counts, PlanError, THE_PLAN};
use super::rules::PlanRule;
use crate::policy::strict_json;

/// An element of `resource_changes`. A key that stands twice is an error.
#[derive(Debug, Deserialize)]
struct Raw<'a> {
    address: String,
    previous_address: Option<String>,
    deposed: Option<String>,
    mode: String,
    r#type: String,
    #[serde(borrow)]
    change: RawChange<'a>,
}

#[derive(Debug, Deserialize)]
struct RawChange<'a> {
    actions: Vec<String>,
    #[serde(borrow)]
    before: Option<&'a RawValue>,
    #[serde(borrow)]
    after: Option<&'a RawValue>,
    #[serde(borrow)]
    after_unknown: Option<&'a RawValue>,
    #[serde(borrow)]
    after_sensitive: Option<&'a RawValue>,
    #[serde(borrow)]
    importing: Option<&'a RawValue>,
}

/// A risky change before it has its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Risky {
    pub actions: Vec<Action>,
    pub address: String,
    pub object: Object,
    pub touched: Vec<Touched>,
    pub reasons: Vec<String>,
    /// Whether a value that Terraform keeps secret matters: then the id is good for this plan alone, so that it gives no hint.
    pub is_for_this_plan: bool,
}

/// Which real thing the address stands for, where the address does not say it alone. An approval is for this one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Object {
    /// Where it was, if it is moved.
    pub moved_from: Option<String>,
    /// What is imported, as a hash: it may be a name that people keep to themselves.
    pub imported: Option<[u8; 32]>,
    /// Terraform's key of what is left of an earlier replacement; it stands beside the one in use.
    pub deposed: Option<String>,
}

/// A risky attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touched {
    /// Its name, as people read it.
    pub name: String,
    /// What it becomes, as a hash.
    pub fingerprint: [u8; 32],
    /// The reason, and whether it falls away when the configuration does not set the attribute: a new resource's attribute
    /// that nobody set is the provider's default.
    pub because: Because,
}

/// Why an attribute is touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Because {
    /// A rule about this attribute.
    Rule(String),
    /// The same, but only if the configuration sets it.
    IfSet(String),
    /// A rule about the resource as a whole.
    Whole,
}

/// Reads an element and counts it. What is risky about it, if anything.
pub(super) fn judge(text: &[u8], rules: &[&PlanRule], counts: &mut Counts) -> Result<Option<Risky>, PlanError> {
    let raw: Raw<'_> = serde_json::from_slice(text).map_err(|error| fault(&error.to_string()))?;
    let actions = actions(&raw);
    count(&actions, counts);
    if actions.is_empty() {
        return Ok(None);
    }
    let mut risky = Risky { actions, address: raw.address.clone(), object: object(&raw)?, ..Risky::default() };
    if risky.actions.contains(&Action::Unrecognised) {
        risky.reasons.push("cm-bot does not know what this does".into());
        risky.is_for_this_plan = true;
    }
    let in_question: Vec<&PlanRule> = rules
        .iter()
        .filter(|rule| rule.types.matches(&raw.r#type) && risky.actions.iter().any(|one| rule.actions.contains(one)))
        .copied()
        .collect();
    for rule in in_question.iter().filter(|rule| rule.attributes.is_none()) {
        risky.reasons.push(rule.reason.clone());
    }
    if !in_question.is_empty() {
        attributes(&raw, &in_question, &mut risky)?;
    }
    let is_risky = !risky.reasons.is_empty() || risky.touched.iter().any(|one| one.because != Because::Whole);
    Ok(is_risky.then_some(risky))
}

/// What happens, in our words. Nothing at all is an empty list.
fn actions(raw: &Raw<'_>) -> Vec<Action> {
    let said: Vec<&str> = raw.change.actions.iter().map(String::as_str).collect();
    let main = match (raw.mode.as_str(), said.as_slice()) {
        ("managed" | "data", ["no-op"]) | ("data", ["read"]) => None,
        ("managed", ["create"]) => Some(Action::Create),
        ("managed", ["update"]) => Some(Action::Update),
        ("managed", ["delete"]) => Some(Action::Delete),
        ("managed", ["delete", "create"] | ["create", "delete"]) => Some(Action::Replace),
        ("managed", ["forget"]) => Some(Action::Forget),
        _ => Some(Action::Unrecognised),
    };
    let (moved, imported) = (moved_from(raw).is_some(), raw.change.importing.is_some());
    main.into_iter().chain(moved.then_some(Action::Move)).chain(imported.then_some(Action::Import)).collect()
}

fn moved_from<'a>(raw: &'a Raw<'_>) -> Option<&'a String> {
    raw.previous_address.as_ref().filter(|before| **before != raw.address)
}

fn object(raw: &Raw<'_>) -> Result<Object, PlanError> {
    let imported = raw.change.importing.map(|importing| read(Some(importing))).transpose()?;
    Ok(Object {
        moved_from: moved_from(raw).cloned(),
        imported: imported.map(|importing| Sha256::digest(importing.to_string()).into()),
        deposed: raw.deposed.clone(),
    })
}

fn count(actions: &[Action], counts: &mut Counts) {
    counts.resources += usize::from(!actions.is_empty());
    for action in actions {
        match action {
            Action::Create => counts.add += 1,
            Action::Update => counts.change += 1,
            Action::Delete => counts.destroy += 1,
            Action::Replace => {
                counts.add += 1;
                counts.destroy += 1;
            }
            Action::Import => counts.import += 1,
            Action::Move => counts.moved += 1,
            Action::Forget => counts.forget += 1,
            Action::Unrecognised => {}
        }
    }
}

/// Compares before and after, and notes what the rules speak of.
fn attributes(raw: &Raw<'_>, rules: &[&PlanRule], risky: &mut Risky) -> Result<(), PlanError> {
    let [before, after, unknown, marks] =
        [raw.change.before, raw.change.after, raw.change.after_unknown, raw.change.after_sensitive].map(read);
    let (before, after, unknown, marks) = (before?, after?, unknown?, marks?);
    if matches!(risky.actions.as_slice(), [Action::Delete | Action::Forget | Action::Move]) {
        return Ok(());
    }
    let is_new = risky.actions.contains(&Action::Create);
    let states = States { before: &before, after: &after, unknown: &unknown };
    diff::walk(states, &mut Vec::new(), &mut |changed| {
        let sensitive = diff::is_marked(&marks, changed.path);
        for touched in touched(&changed, rules, is_new) {
            risky.is_for_this_plan |= sensitive;
            risky.touched.push(touched);
        }
    });
    Ok(())
}

/// What rules have to say about a changed attribute.
fn touched(changed: &Changed<'_>, rules: &[&PlanRule], is_new: bool) -> Vec<Touched> {
    // Blocks are no attributes: the configuration in a plan leaves out those that it makes in a loop. Their content is
    // deeper than the name; when nobody knows how often the loop runs, there is the name alone.
    let is_top = is_new && changed.path.len() == 1;
    let mut found: Vec<Touched> = Vec::new();
    for rule in rules {
        let Some(patterns) = &rule.attributes else {
            let name = changed.path.first().cloned().unwrap_or_else(|| "everything".into());
            found.push(Touched { name, fingerprint: diff::fingerprint(changed), because: Because::Whole });
            continue;
        };
        let name = if changed.path.is_empty() {
            Some("everything".to_owned())
        } else {
            (1..=changed.path.len())
                .filter_map(|length| changed.path.get(..length).map(|path| path.join(".")))
                .find(|name| patterns.matches(name))
        };
        let Some(name) = name else { continue };
        let reason = match changed.becomes {
            Becomes::Unknown => format!("{}: what it becomes is known only after apply", rule.reason),
            Becomes::Value(_) | Becomes::Nothing => rule.reason.clone(),
        };
        let is_default = is_top && (!matches!(changed.becomes, Becomes::Unknown) || rule.is_computed(&name));
        let because = if is_default { Because::IfSet(reason) } else { Because::Rule(reason) };
        found.push(Touched { name, fingerprint: diff::fingerprint(changed), because });
    }
    found
}

/// The states of a resource are read strictly.
fn read(raw: Option<&RawValue>) -> Result<Value, PlanError> {
    raw.map_or(Ok(Value::Null), |raw| strict_json::parse(raw.get()).map_err(|error| fault(&error)))
}

fn fault(error: &str) -> PlanError {
    // Where it stands is no help: the text was cut out of the plan. A number there would be of the wrong line.
    let words = error.split(" at line ").next().unwrap_or_default();
    if words.contains("stands twice") || words.contains("duplicate field") {
        return PlanError::Ambiguous("a key in a resource change stands twice".into());
    }
    PlanError::NotJson("a resource change is not of the form that Terraform documents".into())
}

impl Risky {
    /// Something about the plan as a whole.
    pub fn of_plan(reason: String) -> Risky {
        let (actions, address) = (vec![Action::Unrecognised], THE_PLAN.to_owned());
        Risky { actions, address, reasons: vec![reason], is_for_this_plan: true, ..Risky::default() }
    }

    /// A resource change of which nothing is known but that it is there.
    pub fn too_long() -> Risky {
        let risky = Risky::of_plan("It is too long to be judged".into());
        Risky { address: "(a resource with a very long change)".into(), ..risky }
    }

    /// Takes away what the configuration does not set. Whether anything risky is left.
    pub fn without_defaults(&mut self, sets: impl Fn(&str) -> bool) -> bool {
        self.touched.retain(|one| !matches!(one.because, Because::IfSet(_)) || sets(&one.name));
        !self.reasons.is_empty() || self.touched.iter().any(|one| one.because != Because::Whole)
    }

    /// Whether it hangs on the configuration.
    pub fn has_defaults(&self) -> bool {
        self.touched.iter().any(|one| matches!(one.because, Because::IfSet(_)))
    }

    /// The names of what is touched, each once.
    pub fn names(&self) -> Vec<String> {
        self.touched.iter().map(|one| one.name.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// All reasons, each once, in the order of the rules.
    pub fn all_reasons(&self) -> Vec<String> {
        let of_attributes = self.touched.iter().filter_map(|one| match &one.because {
            Because::Rule(reason) | Because::IfSet(reason) => Some(reason.clone()),
            Because::Whole => None,
        });
        let mut all: Vec<String> = Vec::new();
        for reason in self.reasons.iter().cloned().chain(of_attributes) {
            if !all.contains(&reason) {
                all.push(reason);
            }
        }
        all
    }

    /// What an approval counts for: this resource and the thing that it stands for, these actions, and what the risky
    /// attributes become.
    pub fn id(&self, digest: &str) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &[u8]| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        add(b"cm-bot plan item 2");
        add(self.address.as_bytes());
        let Object { moved_from, imported, deposed } = &self.object;
        let parts = [moved_from.as_ref().map(String::as_bytes), imported.as_ref().map(<[u8; 32]>::as_slice)];
        for part in parts.into_iter().chain([deposed.as_ref().map(String::as_bytes)]) {
            add(if part.is_some() { b"is" } else { b"" });
            add(part.unwrap_or_default());
        }
        self.actions.iter().for_each(|action| add(action.to_string().as_bytes()));
        add(b"");
        let prints: BTreeSet<[u8; 32]> = self.touched.iter().map(|one| one.fingerprint).collect();
        prints.iter().for_each(|print| add(print));
        if self.address == THE_PLAN {
            self.reasons.iter().for_each(|reason| add(reason.as_bytes()));
        }
        if self.is_for_this_plan {
            add(digest.as_bytes());
        }
        hex::encode(hash.finalize()).chars().take(32).collect()
    }
}
