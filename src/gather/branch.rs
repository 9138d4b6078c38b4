//! Where the release branch ends, and how the commit stands to it. It is read first and last: a branch that was rewritten
//! in between is not the one that the evidence is about.

use std::collections::BTreeMap;

use super::{Sources, kept};
use crate::integrations::SourceError;
use crate::integrations::forge::Edge;
use crate::model::{CommitSha, ObjectId, Relation, Service};

/// How the branch was when reading began.
#[derive(Debug)]
pub(super) struct First {
    tip: CommitSha,
    relation: Relation,
    /// Commits that the baseline reaches, with their files.
    pub reached: BTreeMap<CommitSha, ObjectId>,
}

/// What the last look says.
#[derive(Debug)]
pub(super) enum Last {
    /// How the commit stands to the branch, which at most grew meanwhile.
    Steady(Relation),
    /// What the branch ended in when reading began is not in its history any more.
    Rewritten,
}

/// The first look, and where a range from the baseline begins.
///
/// # Errors
/// When the branch cannot be read, or not be compared with the commit.
pub(super) async fn first(
    sources: &Sources,
    (service, head): (&Service, &CommitSha),
    baseline: &CommitSha,
) -> Result<First, SourceError> {
    let Edge { tip, reached } = sources.forge(service).edge(service, baseline).await?;
    let relation = kept::relation(sources, service, (&tip, head)).await?;
    Ok(First { tip, relation, reached })
}

/// How the commit stands to the branch at this moment.
///
/// # Errors
/// As [`first`].
pub(super) async fn now(sources: &Sources, service: &Service, head: &CommitSha) -> Result<Relation, SourceError> {
    let tip = sources.forge(service).branch_tip(service).await?;
    kept::relation(sources, service, (&tip, head)).await
}

/// The last look; `tip` when somebody has just seen where the branch ends.
///
/// # Errors
/// As [`first`].
pub(super) async fn last(
    sources: &Sources,
    (service, head): (&Service, &CommitSha),
    (first, tip): (&First, Option<CommitSha>),
) -> Result<Last, SourceError> {
    let tip = match tip {
        Some(tip) => tip,
        None => sources.forge(service).branch_tip(service).await?,
    };
    if tip == first.tip {
        return Ok(Last::Steady(first.relation));
    }
    match kept::relation(sources, service, (&first.tip, &tip)).await {
        Ok(Relation::Ahead) => Ok(Last::Steady(kept::relation(sources, service, (&tip, head)).await?)),
        Ok(Relation::Identical | Relation::Behind | Relation::Diverged) => Ok(Last::Rewritten),
        Err(SourceError::Unrelated | SourceError::NotFound) => Ok(Last::Rewritten),
        Err(error) => Err(error),
    }
}
