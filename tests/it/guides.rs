//! What the guides for developers, approvers, the Security Officer, auditors and operators name is there: commands with their
//! flags, settings, exit codes, files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use cm_bot::policy::approvers::commands;

use crate::support::process::program;

/// Every page that people follow, with its text.
fn pages() -> Vec<(PathBuf, String)> {
    let guides = std::fs::read_dir("deploy/guides").unwrap().map(|file| file.unwrap().path());
    let pages: Vec<PathBuf> = guides.chain(["README.md".into(), "deploy/README.md".into()]).collect();
    assert!(pages.len() >= 7, "{pages:?}");
    let read = |page: PathBuf| {
        let text = std::fs::read_to_string(&page).unwrap();
        (page, text)
    };
    pages.into_iter().map(read).collect()
}

/// The pieces of a text between backticks, and the lines of its blocks of code, without what a comment says beside them.
fn code(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (place, block) in text.split("```").enumerate() {
        let pieces: Vec<&str> = if place % 2 == 1 {
            block.lines().skip(1).map(|line| line.split(" # ").next().unwrap_or(line)).collect()
        } else {
            block.split('`').skip(1).step_by(2).collect()
        };
        found.extend(pieces.into_iter().map(|piece| piece.trim().to_owned()));
    }
    found
}

/// What the program says about a command.
fn help(words: &[&str]) -> Option<String> {
    let output = Command::new(program()).args(words).arg("--help").output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn every_command_is_there_with_its_flags() {
    let mut seen = BTreeSet::new();
    for (page, text) in pages() {
        for line in code(&text).iter().filter_map(|piece| piece.strip_prefix("cm-bot ").map(str::to_owned)) {
            let line = line.split("&&").next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            let is_name = |word: &&&str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
            let names: Vec<&str> =
                words.iter().take_while(is_name).filter(|word| !word.starts_with('-')).copied().collect();
            let told = (1..=names.len()).rev().find_map(|most| help(&names[..most]).map(|told| (most, told)));
            let (most, told) = told.unwrap_or_else(|| panic!("{}: `cm-bot {line}` is no command", page.display()));
            for flag in words.iter().filter(|word| word.starts_with("--")) {
                let flag = flag.split('=').next().unwrap_or(flag);
                assert!(told.contains(flag), "{}: `cm-bot {line}` knows no {flag}", page.display());
            }
            seen.insert(names[..most].join(" "));
        }
    }
    assert!(seen.len() >= 15, "{seen:?}");
}

#[test]
fn every_setting_is_there() {
    let settings: toml::Table = std::fs::read_to_string("config/default.toml").unwrap().parse().unwrap();
    let mut seen = 0;
    for (page, text) in pages().into_iter().filter(|(page, _)| page.starts_with("deploy/guides")) {
        for piece in code(&text) {
            let Some((section, key)) = piece.split_once('.').filter(|(section, _)| settings.contains_key(*section))
            else {
                continue;
            };
            let key = key.split(' ').next().unwrap_or_default();
            assert!(settings[section].get(key).is_some(), "{}: there is no setting {piece}", page.display());
            seen += 1;
        }
    }
    assert!(seen >= 10, "only {seen} settings are named");
}

#[test]
fn every_comment_command_is_one() {
    let mut seen = BTreeSet::new();
    for (page, text) in pages() {
        for piece in code(&text).into_iter().filter(|piece| piece.starts_with("/cm ")) {
            let whole =
                if piece == "/cm decline" { "/cm decline The reason is here.".to_owned() } else { piece.clone() };
            assert!(commands::read(&whole).is_ok(), "{}: {piece} is no command", page.display());
            seen.insert(piece);
        }
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}

#[test]
fn every_link_leads_somewhere() {
    for (page, text) in pages() {
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http") && !target.starts_with('#')) {
            let target = target.split('#').next().unwrap_or(target);
            let there = page.parent().unwrap_or(Path::new("")).join(target);
            assert!(there.exists(), "{}: {target} is not there", page.display());
        }
    }
}
