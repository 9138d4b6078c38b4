//! The map of `src/ARCHITECTURE.md`, as tests: who may use whom, and which folders do no I/O.

use std::fs;
use std::path::Path;

/// A top-level module, and the modules that it may name with `crate::`.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("policy", &["model"]),
    ("audit", &["model", "policy"]),
    ("render", &["model", "policy"]),
    ("settings", &["model"]),
    ("clock", &["model"]),
    ("signals", &["model"]),
    ("integrations", &["model", "policy", "render", "settings", "clock"]),
    ("store", &["model", "policy", "audit"]),
    ("gather", &["model", "policy", "audit", "integrations", "store"]),
    (
        "handlers",
        &["model", "policy", "render", "audit", "integrations", "store", "gather", "settings", "clock", "signals"],
    ),
    (
        "jobs",
        &["model", "policy", "render", "audit", "integrations", "store", "gather", "handlers", "signals", "clock"],
    ),
    ("server", &["model", "policy", "render", "integrations", "store", "handlers", "signals", "clock"]),
    (
        "app",
        &[
            "model",
            "policy",
            "audit",
            "render",
            "integrations",
            "store",
            "gather",
            "handlers",
            "jobs",
            "server",
            "settings",
            "clock",
            "signals",
        ],
    ),
    (
        "cli",
        &[
            "model",
            "policy",
            "audit",
            "render",
            "integrations",
            "store",
            "gather",
            "server",
            "settings",
            "clock",
            "app",
            "simulator",
            "telemetry",
        ],
    ),
    ("telemetry", &[]),
    ("simulator", &[]),
];

/// Folders that neither ask nor wait.
const PURE: &[&str] = &["model", "policy", "render"];

/// Marks of I/O, time or chance.
const IMPURE: &[&str] = &[
    "async ",
    ".await",
    "tokio::",
    "reqwest::",
    "sqlx::",
    "std::fs",
    "std::env",
    "std::net",
    "Timestamp::now",
    "SystemTime",
    "Instant::",
    "new_v4",
    "now_v7",
    "rand::",
];

/// Words that would let a date in a commit, or its message, into a decision.
const FORGEABLE: &[&str] =
    &["authored", "committed_date", "author_date", "committer_date", "commit.message", "headline =="];

#[test]
fn modules_use_only_what_lies_below() {
    let mut faults = Vec::new();
    for (module, allowed) in MAY_USE {
        for (path, text) in sources(module) {
            for rest in text.split("crate::").skip(1) {
                let used = rest.split(|char: char| !(char.is_alphanumeric() || char == '_')).next().unwrap_or("");
                if used != *module && !allowed.contains(&used) {
                    faults.push(format!("{path}: `{module}` may not use `{used}`"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_module_is_on_the_map() {
    let lib = fs::read_to_string("src/lib.rs").unwrap();
    let modules: Vec<&str> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    for module in &modules {
        assert!(MAY_USE.iter().any(|(known, _)| known == module), "`{module}` is not in the table of this test");
        let map = fs::read_to_string("src/ARCHITECTURE.md").unwrap();
        assert!(map.contains(&format!("[`{module}`]")), "`{module}` is not in src/ARCHITECTURE.md");
    }
    assert_eq!(modules.len(), MAY_USE.len());
}

#[test]
fn pure_modules_do_no_io() {
    let mut faults = Vec::new();
    for module in PURE {
        for (path, text) in sources(module) {
            let found = IMPURE.iter().filter(|mark| text.contains(**mark));
            faults.extend(found.map(|mark| format!("{path}: `{mark}`")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_a_committer_can_write_is_no_evidence() {
    let mut faults = Vec::new();
    for module in ["policy", "gather"] {
        for (path, text) in sources(module) {
            let found = FORGEABLE.iter().filter(|mark| text.contains(**mark));
            faults.extend(found.map(|mark| format!("{path}: `{mark}`")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_the_policy_makes_the_right_to_approve() {
    let makers =
        ["model", "audit", "render", "integrations", "store", "gather", "handlers", "jobs", "server", "app", "cli"];
    for (path, text) in makers.iter().flat_map(|module| sources(module)) {
        assert!(!text.contains("AutoApproval {"), "{path} makes an AutoApproval");
        assert!(!text.contains("HumanApproval {"), "{path} makes a HumanApproval");
    }
}

#[test]
fn no_file_is_too_long_to_read() {
    let all = MAY_USE.iter().flat_map(|(module, _)| sources(module));
    let long: Vec<String> = all
        .filter(|(_, text)| text.lines().count() > 500)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// The sources of a module: a file, a folder, or both.
fn sources(module: &str) -> Vec<(String, String)> {
    let file = Path::new("src").join(format!("{module}.rs"));
    let mut found = Vec::new();
    if file.is_file() {
        found.push((file.display().to_string(), fs::read_to_string(&file).unwrap()));
    }
    collect(&Path::new("src").join(module), &mut found);
    assert!(!found.is_empty(), "there is no module `{module}`");
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}
