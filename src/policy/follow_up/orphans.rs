//! Deployments behind the gate's back (attack C12): what went to production and no run was let through for.

use std::time::Duration;

use uuid::Uuid;

use crate::model::{CommitSha, Run, Sighting, Timestamp};

/// How much later than the deployment the gate may seem to have been asked, by two clocks.
const TOLERANCE: Duration = Duration::from_secs(120);

/// A run that the gate let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The request.
    pub request: Uuid,
    /// The run.
    pub run: Run,
    /// What it was let through with.
    pub commit: CommitSha,
    /// When.
    pub at: Timestamp,
    /// Whether an earlier deployment was let through by it.
    pub is_taken: bool,
}

/// What let a deployment through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sanction {
    /// This request.
    Request(Uuid),
    /// Nothing.
    Nothing(Lack),
}

/// Why nothing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// Nobody asked the gate for it.
    NotAsked,
    /// Its run was let through with another commit.
    AnotherCommit(CommitSha),
    /// Its run asked when it had gone out already.
    AskedAfterwards,
    /// Its commit was let through, and went out with another deployment.
    UsedUp,
}

/// What let a deployment through, given the runs that were let through in its scope.
#[must_use]
pub fn judge(sighting: &Sighting, uses: &[Use]) -> Sanction {
    match &sighting.run {
        Some(seen) => by_run(sighting, uses.iter().filter(|one| seen.is(&one.run))),
        None => by_commit(sighting, uses),
    }
}

/// The witness names the run: it counts, and no other.
fn by_run<'a>(sighting: &Sighting, of_run: impl Iterator<Item = &'a Use>) -> Sanction {
    let mut lack = Lack::NotAsked;
    for one in of_run {
        if sighting.commit.as_ref().is_some_and(|commit| *commit != one.commit) {
            lack = Lack::AnotherCommit(one.commit.clone());
        } else if is_late(one, sighting) {
            lack = Lack::AskedAfterwards;
        } else {
            return Sanction::Request(one.request);
        }
    }
    Sanction::Nothing(lack)
}

/// The witness names no run: any that was let through with this commit, for one deployment each.
fn by_commit(sighting: &Sighting, uses: &[Use]) -> Sanction {
    let mut lack = Lack::NotAsked;
    for one in uses.iter().filter(|one| Some(&one.commit) == sighting.commit.as_ref()) {
        if is_late(one, sighting) {
            lack = Lack::AskedAfterwards;
        } else if one.is_taken {
            lack = Lack::UsedUp;
        } else {
            return Sanction::Request(one.request);
        }
    }
    Sanction::Nothing(lack)
}

fn is_late(one: &Use, sighting: &Sighting) -> bool {
    one.at > sighting.at.plus(TOLERANCE)
}
