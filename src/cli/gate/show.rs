//! What people and scripts read of the gate. Data goes to stdout, talk to stderr; the exit code says it too.

use std::fmt::Write as _;
use std::io::Write as _;

use super::client::Failure;
use crate::cli::Exit;
use crate::server::api::{Change, Consumption, Judgement};

/// For whom something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A person.
    Words,
    /// A script.
    Json,
}

/// Whether a decision is still to come.
pub fn is_open(change: &Change) -> bool {
    matches!(change.state.as_str(), "creating" | "waiting" | "blocked")
}

/// A change, and the exit code of its state.
pub fn change(change: &Change, form: Form) -> Exit {
    print(change, form);
    match change.state.as_str() {
        "approved" | "deploying" | "succeeded" => Exit::Done,
        "creating" | "waiting" => Exit::Waiting,
        _ => Exit::Blocked,
    }
}

/// The same for whoever wants to deploy: what has ended is no yes, also when it succeeded.
pub fn ahead(change: &Change, form: Form) -> Exit {
    let exit = self::change(change, form);
    if matches!(change.state.as_str(), "succeeded" | "failed" | "rolled_back") {
        eprintln!("The deployment of this run has ended before. Start a new run; it requests a change of its own.");
        return Exit::Blocked;
    }
    exit
}

/// A change whose pipeline has just said how it ended.
pub fn finished(change: &Change, form: Form) -> Exit {
    print(change, form);
    Exit::Done
}

/// What was judged of a plan. A risky one waits for a human; that it is not risky approves nothing.
pub fn judged(judgement: &Judgement, form: Form) -> Exit {
    let mut text = format!("{}   {}", judgement.verdict, judgement.summary);
    for (name, list) in [("why", &judgement.changes), ("who", &judgement.who)] {
        for line in list.iter() {
            let _ = write!(text, "\n  {name:<6} {line}");
        }
    }
    let _ =
        write!(text, "\n  plan   sha256 {}: name this file with `cm-bot gate consume --plan`", judgement.plan_sha256);
    if judgement.risky > 0 {
        let _ = write!(text, "\n  next   cm-bot gate wait {}; nothing was applied", judgement.id);
    }
    summary(&text);
    if form == Form::Json {
        println!("{}", serde_json::json!(judgement))
    } else {
        println!("{text}")
    }
    if judgement.risky > 0 { Exit::Waiting } else { Exit::Done }
}

/// The answer that lets a build through.
pub fn allowed(answer: &Consumption, form: Form) -> Exit {
    let ticket = answer.ticket.as_deref().unwrap_or("");
    let mut line = format!("Go ahead   {ticket} {}, let through at {}", answer.subject, answer.allowed_at);
    for owed in answer.emergency.iter().chain(&answer.duties) {
        let _ = write!(line, "\n  owed   {owed}");
    }
    summary(&line);
    if form == Form::Json {
        println!("{}", serde_json::json!(answer))
    } else {
        println!("{line}")
    }
    Exit::Done
}

/// Why nothing is let through.
pub fn failure(failure: &Failure, form: Form) -> Exit {
    let (text, exit) = match failure {
        Failure::Unreachable(why) => {
            (format!("Could not be checked   {why}\n  next   ask again; do not deploy meanwhile"), Exit::Unreachable)
        }
        Failure::Unusable(why) => (format!("Could not be checked   {why}"), Exit::Failed),
        Failure::Problem(problem) => {
            if form == Form::Json {
                println!("{}", serde_json::json!(problem));
            }
            let mut text = format!("{}   {}", problem.title, problem.detail);
            for difference in &problem.differences {
                let _ = write!(text, "\n  why    {difference}");
            }
            let _ = write!(text, "\n  next   {}", problem.todo);
            (text, code(&problem.reason))
        }
    };
    summary(&text);
    eprintln!("{text}");
    exit
}

fn code(reason: &str) -> Exit {
    match reason {
        "waiting" => Exit::Waiting,
        "build_mismatch" | "token_mismatch" => Exit::BuildDiffers,
        "unauthorized" | "malformed" | "plan_unrecognised" | "no_such_change" | "no_such_endpoint" | "too_large" => {
            Exit::Failed
        }
        _ => Exit::Blocked,
    }
}

fn print(change: &Change, form: Form) {
    let lines = lines(change);
    summary(&lines);
    if form == Form::Json {
        println!("{}", serde_json::json!(change))
    } else {
        println!("{lines}")
    }
    if let Some(file) = std::env::var_os("GITHUB_OUTPUT") {
        append(&file, &format!("change={}\nstate={}", change.id, change.state));
    }
}

/// A change as a person reads it: the verdict, why, who, and what comes next.
pub fn lines(change: &Change) -> String {
    let ticket = change.ticket.as_deref().unwrap_or("no ticket yet");
    let mut text = format!("{}   {ticket} {}", verdict(&change.state), change.subject);
    let emergency: Vec<String> = change.emergency.iter().chain(&change.duties).cloned().collect();
    for (name, list) in [("why", &change.why), ("who", &change.who), ("owed", &emergency), ("empty", &change.unfilled)]
    {
        for line in list {
            let _ = write!(text, "\n  {name:<6} {line}");
        }
    }
    if let Some(url) = &change.ticket_url {
        let _ = write!(text, "\n  see    {url}");
    }
    let _ = write!(text, "\n  id     {}", change.id);
    if let Some(next) = next(change) {
        let _ = write!(text, "\n  next   {next}");
    }
    text
}

fn verdict(state: &str) -> &'static str {
    match state {
        "creating" => "Getting a ticket",
        "waiting" => "Waiting for approval",
        "blocked" => "Blocked",
        "approved" => "Approved",
        "declined" => "Declined",
        "withdrawn" => "Withdrawn",
        "used_by_another" => "Used by another run",
        "deploying" => "Let through",
        "succeeded" => "Deployed",
        "failed" => "Deployment failed",
        "rolled_back" => "Rolled back",
        "unreported" => "Deployment without an end",
        _ => "In a state that this version does not know",
    }
}

fn next(change: &Change) -> Option<String> {
    let id = &change.id;
    match change.state.as_str() {
        "creating" | "waiting" | "blocked" => Some(format!("cm-bot gate wait {id} --timeout 4h")),
        "approved" => Some(format!("cm-bot gate consume {id}, immediately before the deployment")),
        "deploying" | "unreported" => Some(format!("cm-bot gate finish {id} --outcome succeeded")),
        _ => None,
    }
}

/// On GitHub Actions the same stands on the page of the run.
fn summary(text: &str) {
    if let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY") {
        append(&file, &format!("```text\n{}\n```", text.replace("```", "'''")));
    }
}

/// A page that cannot be written is no reason to answer something else.
fn append(file: &std::ffi::OsStr, text: &str) {
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(file);
    let _ = opened.and_then(|mut file| writeln!(file, "{text}"));
}
