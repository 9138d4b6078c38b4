//! `slack-oracle DIR`: says of every `*.slack.json` file in a folder whether Slack would take it as a message.
//!
//! Slack's rules come from the crate `slackblocks`, which other people wrote; the rules of this project that are
//! stricter than Slack's are in `lint.rs`. Each file is the body of a `chat.postMessage`.

mod lint;
mod self_check;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use slackblocks::MessagePayload;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every message of the folder is good.
fn run() -> Result<bool, Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: slack-oracle DIR")?;
    self_check::run()?;
    let files = messages_in(Path::new(&folder))?;
    let mut failed = 0;
    for file in &files {
        let faults = match serde_json::from_slice(&std::fs::read(file)?) {
            Ok(message) => faults(message),
            Err(error) => vec![format!("no JSON: {error}")],
        };
        failed += usize::from(!faults.is_empty());
        faults.iter().for_each(|fault| println!("{}: {fault}", file.display()));
    }
    println!("{} passed, {failed} failed", files.len() - failed);
    Ok(failed == 0)
}

/// The messages of a folder, in the order of their names. A folder without any is a mistake of the caller.
fn messages_in(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".slack.json"));
    files.sort();
    if files.is_empty() {
        return Err(format!("{} has no *.slack.json file", folder.display()).into());
    }
    Ok(files)
}

/// What is wrong with a message, each with its place.
fn faults(mut message: Value) -> Vec<String> {
    let mut faults = lint::faults(&message);
    // Where a message goes is not the business of who writes it, so a file may leave the channel out.
    if let Some(fields) = message.as_object_mut() {
        fields.entry("channel").or_insert_with(|| json!("C0CHANGES"));
    }
    if let Err(error) = MessagePayload::try_from(message) {
        faults.push(error.to_string());
    }
    faults
}
