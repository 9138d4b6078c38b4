//! What the change of a manifest proves, family by family: the clean bump, and everything that must not ride along.

mod documents;
mod edits;
mod lines;

use std::collections::BTreeSet;

use cm_bot::policy::version_bump::{ChangedFile, Siblings, is_manifest, version_change, version_changes};

/// A manifest, the version that grows in it, and the file beside it in the same commit.
struct Bump {
    path: &'static str,
    text: &'static str,
    beside: Option<(&'static str, &'static str)>,
}

const OLD: &str = "1.4.2";
const NEW: &str = "1.4.3";

impl Bump {
    const fn of(path: &'static str, text: &'static str) -> Bump {
        Bump { path, text, beside: None }
    }

    fn change(&self, before: &str, after: &str) -> Result<String, String> {
        let beside = self.beside.map(|(path, text)| (path, text, text.replace(OLD, NEW)));
        let files: Vec<ChangedFile<'_>> =
            beside.iter().map(|(path, before, after)| ChangedFile { path, before, after }).collect();
        version_change(self.path, before, after, &Siblings::of(&files)).map(|change| change.to_string())
    }

    #[track_caller]
    fn proves(&self, before: &str, after: &str) {
        let (old, new) = (if before.contains(OLD) { OLD } else { before.trim() }, NEW);
        assert_eq!(self.change(before, after), Ok(format!("{} {old} to {new}", self.path)));
    }

    #[track_caller]
    fn refuses(&self, before: &str, after: &str, why: &str) {
        let Err(said) = self.change(before, after) else { panic!("proven, although it {why}") };
        assert!(said.starts_with(self.path), "{said}");
        assert!(said.contains(why), "{said}");
    }

    /// The clean bump, and what every family refuses.
    #[track_caller]
    fn is_a_family(&self) {
        let (text, bumped) = (self.text, self.text.replace(OLD, NEW));
        assert!(is_manifest(self.path) && is_manifest(&format!("services/billing/{}", self.path)));
        self.proves(text, &bumped);
        self.proves(&text.replace('\n', "\r\n"), &bumped.replace('\n', "\r\n"));
        self.refuses(text, text, "goes from version 1.4.2 to 1.4.2, which is not newer");
        self.refuses(text, &text.replace(OLD, "1.4.1"), "goes from version 1.4.2 to 1.4.1, which is not newer");
        self.refuses(text, &text.replace(OLD, "latest"), "`latest` is no version number");
        self.refuses(text, &bumped.replace('\n', "\r\n"), "also changes its line ends");
        for mark in ["\u{feff}", "\0", "\u{202e}", "\u{2028}"] {
            self.refuses(text, &format!("{mark}{bumped}"), "cannot be read strictly (it holds a");
            self.refuses(&format!("{text}{mark}"), &format!("{bumped}{mark}"), "cannot be read strictly (it holds a");
        }
        let long = format!("{bumped}{}", "\n".repeat(1_000_000));
        self.refuses(text, &long, "cannot be read strictly (it is larger than 1 MB)");
        self.refuses(text, &format!("{bumped}\n\n"), "");
    }

    /// A new version, and with it an edit on the new side.
    #[track_caller]
    fn refuses_beside(&self, edits: &[(&str, &str, &str)]) {
        for (old, new, why) in edits {
            assert!(self.text.contains(old), "{old}");
            self.refuses(self.text, &self.text.replace(OLD, NEW).replacen(old, new, 1), why);
        }
    }

    /// A clean bump of a file that proves nothing as it is.
    #[track_caller]
    fn refuses_in(&self, edits: &[(&str, &str, &str)]) {
        for (old, new, why) in edits {
            assert!(self.text.contains(old), "{old}");
            let text = self.text.replacen(old, new, 1);
            self.refuses(&text, &text.replace(OLD, NEW), why);
        }
    }
}

const PACKAGE: &str = r#"{
  "name": "billing-api",
  "version": "1.4.2",
  "scripts": { "test": "node --test" },
  "dependencies": { "left-pad": "^1.3.0" }
}
"#;

const LOCK: &str = r#"{
  "name": "billing-api",
  "version": "1.4.2",
  "lockfileVersion": 3,
  "packages": {
    "": { "name": "billing-api", "version": "1.4.2", "dependencies": { "left-pad": "^1.3.0" } },
    "node_modules/left-pad": { "version": "1.3.0", "integrity": "sha512-a" }
  }
}
"#;

#[test]
fn a_whole_commit() {
    let changelog = ChangedFile { path: "CHANGELOG.md", before: "", after: "# 1.4.3" };
    let (package, lock) = (PACKAGE.replace(OLD, NEW), LOCK.replace(OLD, NEW));
    let files = [
        ChangedFile { path: "api/package-lock.json", before: LOCK, after: &lock },
        ChangedFile { path: "api/package.json", before: PACKAGE, after: &package },
        changelog,
    ];
    let companions = BTreeSet::from(["CHANGELOG.md".to_owned()]);
    let said = |files: &[ChangedFile<'_>], companions: &BTreeSet<String>| {
        version_changes(files, companions).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    };
    let proven = "api/package-lock.json 1.4.2 to 1.4.3, api/package.json 1.4.2 to 1.4.3";
    assert_eq!(said(&files, &companions), Ok(proven.into()));
    assert_eq!(said(&files, &BTreeSet::new()), Err("CHANGELOG.md is no manifest that cm-bot can read".into()));
    let alone = "CHANGELOG.md changes without a manifest whose version grows";
    assert_eq!(said(&[changelog], &companions), Err(alone.into()));
    assert_eq!(said(&[], &companions), Ok(String::new()));
    let apart = "api/package-lock.json changes without package.json beside it in the same commit";
    assert_eq!(said(&[files[0], changelog], &companions), Err(apart.into()));
}
