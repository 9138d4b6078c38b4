//! Scans of which only the end is known: check runs of one App, and commit statuses of one account.
//!
//! Whoever may push can write any status and any check under any name, so a name counts only together with who wrote it.
//! Only `success` is a yes: what was skipped was not scanned, although GitHub shows it green.

use super::Scan;
use super::exceptions::Build;
use crate::model::{CheckRun, CommitStatus, Conclusion, GithubId, Text, UserId, shortened};

/// Of several runs of one check the worst counts.
pub(super) fn check_run(name: &str, app_id: u64, build: &Build<'_>) -> Scan {
    let is_it = |run: &&CheckRun| run.name == name && run.app_id == app_id && run.commit == build.head;
    let ends: Vec<&Conclusion> = build.scans.checks.iter().filter(is_it).map(|run| &run.conclusion).collect();
    match ends.iter().find(|end| ***end != Conclusion::Success).or(ends.first()) {
        Some(Conclusion::Success) => Scan::Clean(Vec::new()),
        Some(Conclusion::Running) => Scan::NotDone(format!("The check {name} is still running.").into()),
        Some(Conclusion::Other(how)) => Scan::NotDone(
            Text::new().words(format!("The check {name} ended with ")).quoted(how).words(", not with success."),
        ),
        None => Scan::NotDone(format!("There is no check {name} by App {app_id} on this commit.").into()),
    }
}

/// The newest status of a context decides, whoever set it: an older one of the right account is no longer true.
pub(super) fn status(context: &str, creator: GithubId, build: &Build<'_>) -> Scan {
    let is_it = |status: &&CommitStatus| status.is_of(context) && status.commit == build.head;
    let Some(newest) = build.scans.statuses.iter().find(is_it) else {
        return Scan::NotDone(format!("There is no status {context} on this commit.").into());
    };
    let by = match &newest.creator {
        Some(account) if account.id == UserId::Github(creator) => None,
        Some(account) => Some(format!("{} ({})", shortened(&account.login, 60), account.id)),
        None => Some("a deleted account".to_owned()),
    };
    if let Some(by) = by {
        let expected = format!("The status {context} was set by {by}, and only GitHub account {} counts.", creator.0);
        return Scan::NotDone(expected.into());
    }
    match &newest.state {
        Conclusion::Success => Scan::Clean(Vec::new()),
        Conclusion::Running => Scan::NotDone(format!("The status {context} is still pending.").into()),
        Conclusion::Other(how) => {
            Scan::NotDone(Text::new().words(format!("The status {context} is ")).quoted(how).words(", not success."))
        }
    }
}
