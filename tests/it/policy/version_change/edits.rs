//! For any document: a new version alone is proven, and a new version with any other edit is refused.

use cm_bot::policy::version_bump::{Siblings, version_change};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Documents with a version, in which nothing else says 1.4.2.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![any::<bool>().prop_map(Value::from), any::<i32>().prop_map(Value::from), text()];
    let tree = leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-z]{1,6}", tree, 0..6).prop_map(|map| {
        let mut object: Map<String, Value> = map.into_iter().collect();
        object.insert("version".into(), "1.4.2".into());
        Value::Object(object)
    })
}

fn text() -> impl Strategy<Value = Value> {
    "[ -~]{0,12}".prop_filter("the version stands once", |text| !text.contains("1.4.")).prop_map(Value::from)
}

fn proven(path: &str, before: &str, after: &str) -> bool {
    version_change(path, before, after, &Siblings::default()).is_ok()
}

/// The text with one byte put in, taken out or replaced, somewhere outside the version.
fn edited(text: &str, (place, kind, char): (prop::sample::Index, u8, char)) -> Option<String> {
    let version = text.find("1.4.3")?;
    let at = place.index(text.len());
    if (version..=version + 5).contains(&at) || !text.is_char_boundary(at) || !text.is_char_boundary(at + 1) {
        return None;
    }
    let (head, tail) = text.split_at(at);
    let after = match kind % 3 {
        0 => format!("{head}{char}{tail}"),
        1 => format!("{head}{}", &tail[1..]),
        _ => format!("{head}{char}{}", &tail[1..]),
    };
    (after != text).then_some(after)
}

fn edits() -> impl Strategy<Value = (prop::sample::Index, u8, char)> {
    (any::<prop::sample::Index>(), any::<u8>(), prop_oneof![prop::char::range(' ', '~'), Just('\n'), any::<char>()])
}

proptest! {
    #[test]
    fn in_json_only_the_version_may_change(document in document(), edit in edits()) {
        let before = serde_json::to_string_pretty(&document).unwrap();
        let after = before.replace("1.4.2", "1.4.3");
        prop_assert!(proven("package.json", &before, &after));
        if let Some(edited) = edited(&after, edit) {
            prop_assert!(!proven("package.json", &before, &edited), "{}", edited);
        }
    }

    #[test]
    fn in_toml_only_the_version_may_change(document in document(), edit in edits()) {
        let mut manifest = toml::Table::new();
        manifest.insert("package".to_owned(), toml::Value::try_from(document).unwrap());
        let before = toml::to_string(&manifest).unwrap();
        let after = before.replace("1.4.2", "1.4.3");
        prop_assert!(proven("Cargo.toml", &before, &after));
        if let Some(edited) = edited(&after, edit) {
            prop_assert!(!proven("Cargo.toml", &before, &edited), "{}", edited);
        }
    }

    /// No text makes a reader fail in another way than with words.
    #[test]
    fn no_text_is_too_odd(text in any::<String>(), name in 0_usize..9) {
        let files = ["package.json", "Cargo.toml", "pyproject.toml", "pom.xml", "VERSION", "Chart.yaml", "mix.exs",
            "gradle.properties", "yarn.lock"];
        prop_assert!(version_change(files[name], &text, &text, &Siblings::default()).is_err());
    }

    /// Whatever is proven differs in nothing but the version.
    #[test]
    fn in_lines_only_the_version_may_change(edit in edits(), name in 0_usize..3) {
        let (path, before) = [
            ("Chart.yaml", "name: billing\nversion: 1.4.2\nkeywords:\n- money # ours\n"),
            ("gradle.properties", "# ours\nversion=1.4.2\nkotlin.version = 2.0.0\n"),
            ("pom.xml", "<project><artifactId>billing</artifactId><version>1.4.2</version><!-- x --></project>\n"),
        ][name];
        let after = before.replace("1.4.2", "1.4.3");
        prop_assert!(proven(path, before, &after));
        if let Some(edited) = edited(&after, edit) {
            prop_assert!(!proven(path, before, &edited), "{}", edited);
        }
    }
}
