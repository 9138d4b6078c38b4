//! What passes without a review: the change of a manifest.

use std::collections::BTreeSet;

use cm_bot::policy::version_bump::{ChangedFile, Siblings, version_change};

use super::bears_texts;

/// Manifests before and after, in which only the version grew.
const GROWN: [(&str, &str, &str); 8] = [
    (
        "package.json",
        "{\"name\": \"a\", \"version\": \"1.4.2\", \"scripts\": {\"x\": \"1.4.2\"}}",
        "{\"name\": \"a\", \"version\": \"1.4.3\", \"scripts\": {\"x\": \"1.4.2\"}}",
    ),
    ("Cargo.toml", "[package]\nname = \"a\"\nversion = \"1.4.2\"\n", "[package]\nname = \"a\"\nversion = \"1.4.3\"\n"),
    (
        "pyproject.toml",
        "[project]\nname = \"a\"\nversion = \"1.4.2\"\n",
        "[project]\nname = \"a\"\nversion = \"1.4.3\"\n",
    ),
    (
        "pom.xml",
        "<project><artifactId>a</artifactId><version>1.4.2</version></project>",
        "<project><artifactId>a</artifactId><version>1.4.3</version></project>",
    ),
    ("VERSION", "1.4.2\n", "1.4.3\n"),
    ("Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.4.2\n", "apiVersion: v2\nname: a\nversion: 1.4.3\n"),
    ("gradle.properties", "group=a\nversion=1.4.2\n", "group=a\nversion=1.4.3\n"),
    (
        "mix.exs",
        "defmodule A do\n  def project do\n    [\n      app: :a,\n      version: \"1.4.2\",\n      deps: deps()\n    ]\n  end\nend\n",
        "defmodule A do\n  def project do\n    [\n      app: :a,\n      version: \"1.4.3\",\n      deps: deps()\n    ]\n  end\nend\n",
    ),
];

/// Whether one text becomes the other when some places of the old version become the new one: tried byte by byte, and without
/// knowing anything of manifests.
fn differ_only_in((before, old): (&[u8], &[u8]), (after, new): (&[u8], &[u8])) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![(0, 0)]);
    while let Some((i, j)) = open.pop() {
        if (i, j) == (before.len(), after.len()) {
            return true;
        }
        if i > before.len() || j > after.len() || !seen.insert((i, j)) {
            continue;
        }
        if i < before.len() && before.get(i) == after.get(j) {
            open.push((i + 1, j + 1));
        }
        if before[i..].starts_with(old) && after[j..].starts_with(new) {
            open.push((i + old.len(), j + new.len()));
        }
    }
    false
}

fn is_sound(path: &str, before: &str, after: &str) {
    let files = [ChangedFile { path, before, after }];
    if let Ok(change) = version_change(path, before, after, &Siblings::of(&files)) {
        let (old, new) = ((before.as_bytes(), change.old.as_bytes()), (after.as_bytes(), change.new.as_bytes()));
        assert!(differ_only_in(old, new), "{change} is said of\n{before}\n{after}");
        assert_ne!(change.old, change.new);
    }
}

#[test]
fn the_oracle_of_these_tests_knows_a_bump() {
    let differ =
        |before: &str, after: &str| differ_only_in((before.as_bytes(), b"1.4.2"), (after.as_bytes(), b"1.4.3"));
    assert!(differ("v 1.4.2 x 1.4.2", "v 1.4.3 x 1.4.2") && !differ("v 1.4.2 x", "v 1.4.3 y"));
    for (path, before, after) in GROWN {
        let change = version_change(path, before, after, &Siblings::default());
        assert!(change.is_ok_and(|change| change.old == "1.4.2" && change.new == "1.4.3"), "{path}");
        is_sound(path, before, after);
    }
}

#[test]
fn changes_of_manifests() {
    let inputs: Vec<&str> = GROWN.iter().map(|(_, _, after)| *after).collect();
    bears_texts(&inputs, |after| {
        for (path, before, _) in GROWN {
            is_sound(path, before, after);
        }
    });
}

#[test]
fn manifests_that_were_odd_before() {
    let inputs: Vec<String> = GROWN.iter().map(|(path, before, _)| format!("{path}\n{before}")).collect();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    bears_texts(&inputs, |input| {
        let (path, before) = input.split_once('\n').unwrap_or((input, ""));
        is_sound(path, before, &before.replacen("1.4.2", "1.4.3", 1));
        is_sound(path, before, &before.replace("1.4.2", "1.4.3"));
    });
}
