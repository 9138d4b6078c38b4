//! A scan that the pipeline sent: bound to the build that it says it is of, and to nothing else.
//!
//! Every file of a build counts. A later one does not make up for an earlier one, so nobody can send files until one is
//! clean.

use super::exceptions::Build;
use super::{Scan, judged};
use crate::model::{BuildName, Rules, ScanFinding, UploadedRun, shortened};

/// What the files of this build say about a tool.
pub(super) fn uploaded(tool: &str, rules: Rules, build: &Build<'_>) -> Scan {
    let Some(name) = build.facts.build() else {
        return Scan::NotDone("The ticket does not name the build job and number that were scanned.".into());
    };
    let of_tool = |run: &&UploadedRun| run.tool == tool;
    let uploads = || build.scans.uploads.iter().filter(of_tool);
    let runs: Vec<&UploadedRun> = uploads().filter(|run| run.build == name).collect();
    if runs.is_empty() {
        return Scan::NotDone(missing(tool, uploads().next_back(), &name).into());
    }
    let findings: Vec<ScanFinding> = runs.iter().flat_map(|run| run.findings.iter().cloned()).collect();
    match (judged(tool, &findings, build), runs.iter().find_map(|run| lacks(run, rules))) {
        (Scan::Clean(_), Some(why)) => Scan::NotDone(why.into()),
        (result, _) => result,
    }
}

fn lacks(run: &UploadedRun, rules: Rules) -> Option<String> {
    let UploadedRun { tool, build: BuildName { number, .. }, received_at, .. } = run;
    let number = shortened(number, 40);
    let which = format!("The {tool} scan of build {number} from {}", received_at.day_and_clock());
    match (run.completed, run.rules, rules) {
        (false, _, _) => Some(format!("{which} did not end well, and no later one makes up for it.")),
        (true, 0, Rules::All) => {
            Some(format!("{which} lists no rules, so nobody can tell whether it looked at anything."))
        }
        (true, _, Rules::All | Rules::Fired) => None,
    }
}

fn missing(tool: &str, newest: Option<&UploadedRun>, name: &BuildName) -> String {
    let Some(other) = newest else { return format!("The pipeline has sent no {tool} scan.") };
    let named = |name: &BuildName| {
        let (job, number) = (shortened(&name.job, 60), shortened(&name.number, 40));
        format!("build {number} of {job} from commit {}", name.commit.short())
    };
    let (found, at) = (named(&other.build), other.received_at.day_and_clock());
    format!("The newest {tool} scan that the pipeline sent is of {found} ({at}), not of {}.", named(name))
}
