//! Which keys differ between two policies, for whoever signs and for the audit trail.

use std::collections::{BTreeMap, BTreeSet};

use super::PolicyTexts;

/// The keys that differ, file by file: `criteria: required_fields.least_characters`, `people: people.Dana Reyes.roles`.
/// A file that cannot be read is one difference.
#[must_use]
pub fn differences(before: &PolicyTexts, after: &PolicyTexts) -> Vec<String> {
    let files = [("criteria", &before.criteria, &after.criteria), ("people", &before.people, &after.people)];
    let mut found: Vec<String> = files.into_iter().flat_map(|(file, old, new)| in_toml(file, old, new)).collect();
    let (old, new) = (&before.signatures, &after.signatures);
    let vouching = [
        ("signature of the criteria", old.of_criteria != new.of_criteria),
        ("signature of the people file", old.of_people != new.of_people),
        ("allowed signers", old.allowed_signers != new.allowed_signers),
    ];
    found.extend(vouching.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what.to_owned()));
    found
}

fn in_toml(file: &str, before: &str, after: &str) -> Vec<String> {
    let (Some(old), Some(new)) = (keys(before), keys(after)) else { return vec![format!("{file}: not readable")] };
    let all: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = all.into_iter().filter(|key| old.get(*key) != new.get(*key));
    let found: Vec<String> = differing.map(|key| format!("{file}: {key}")).collect();
    if found.is_empty() && before != after {
        return vec![format!("{file}: comments or spelling only")];
    }
    found
}

/// Every value by its path.
fn keys(text: &str) -> Option<BTreeMap<String, String>> {
    let table: toml::Table = text.parse().ok()?;
    let mut found = BTreeMap::new();
    collect(&toml::Value::Table(table), "", &mut found);
    Some(found)
}

fn collect(value: &toml::Value, path: &str, found: &mut BTreeMap<String, String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    if let Some(table) = value.as_table() {
        table.iter().for_each(|(key, value)| collect(value, &below(key), found));
        return;
    }
    let Some(list) = value.as_array().filter(|list| list.iter().any(toml::Value::is_table)) else {
        found.insert(path.to_owned(), value.to_string());
        return;
    };
    for (place, value) in list.iter().enumerate() {
        let name = value.get("name").and_then(toml::Value::as_str).map(str::to_owned);
        collect(value, &below(&name.unwrap_or_else(|| (place + 1).to_string())), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::criteria::SignatureTexts;

    #[test]
    fn a_difference_is_named_by_its_key_and_a_person_by_name() {
        let texts = |criteria: &str, people: &str, signers: Option<&str>| PolicyTexts {
            criteria: criteria.into(),
            people: people.into(),
            signatures: SignatureTexts { allowed_signers: signers.map(str::to_owned), ..SignatureTexts::default() },
        };
        let people = |role: &str| {
            format!("[[people]]\nname = \"Ana\"\nroles = []\n[[people]]\nname = \"Ben\"\nroles = [\"{role}\"]\n")
        };
        let before = texts("version = \"v1\"\n[notify]\nheld = [\"a\"]\n", &people("x"), Some("a"));
        let after = texts("version = \"v2\"\nmode = \"off\"\n[notify]\nheld = [\"a\"]\n", &people("y"), Some("b"));
        assert_eq!(
            differences(&before, &after),
            ["criteria: mode", "criteria: version", "people: people.Ben.roles", "allowed signers"]
        );
        assert!(differences(&before, &before).is_empty());
        let listed = |role: &str| texts("", &format!("[[roles]]\nat = \"a\"\n[[roles]]\nat = \"{role}\"\n"), None);
        assert_eq!(differences(&listed("b"), &listed("c")), ["people: roles.2.at"]);
        let commented = texts(&format!("# why\n{}", before.criteria), &before.people, Some("a"));
        assert_eq!(differences(&before, &commented), ["criteria: comments or spelling only"]);
    }
}
