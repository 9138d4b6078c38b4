//! Whether the target branch of a merge request has lost something meanwhile.
//!
//! GitLab shows reviewers what the target branch has not. Whatever was there when they looked and was taken away again comes
//! with the merge, and was seen by nobody who approved before.

use std::collections::HashSet;

use super::client::GitlabClient;
use super::pushes::{Move, Version};
use crate::integrations::SourceError;
use crate::model::{CommitSha, Merged, Relation, Service, Timestamp};

/// The target branch of a merge request.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) project: u64,
    pub(super) branch: &'a str,
    pub(super) versions: &'a [Version],
    pub(super) opened: Timestamp,
    /// How it was merged, and whether that only moved the branch to its head.
    pub(super) merged: Option<(&'a Merged, bool)>,
}

impl GitlabClient {
    /// When it lost something, by the versions of the merge request and by what people pushed. Where that is not known far enough
    /// back, it may have been at any time before the merge.
    ///
    /// # Errors
    /// When GitLab does not answer.
    pub(super) async fn lost_by_the_target(
        &self,
        service: &Service,
        target: &Target<'_>,
    ) -> Result<Vec<Timestamp>, SourceError> {
        let mut stood: Vec<(CommitSha, Timestamp)> =
            target.versions.iter().map(|version| (version.start.clone(), version.at)).collect();
        if let Some((merged, _)) = target.merged {
            stood.push((self.merged_into(service, target).await?, merged.at));
        }
        let mut lost = Vec::new();
        for ((before, _), (after, at)) in stood.iter().zip(stood.iter().skip(1)) {
            if !self.is_part(service, (before, after)).await? {
                lost.push(*at);
            }
        }
        if let (Some((merged, _)), Some((first, _)), Some((onto, _))) = (target.merged, stood.first(), stood.last()) {
            lost.extend(self.forced(service, target, (merged, first, onto)).await?);
        }
        Ok(lost)
    }

    /// What the branch ended in before the merge. A fast-forward leaves no trace of that but in the newest version, which was made
    /// on top of it.
    async fn merged_into(&self, service: &Service, target: &Target<'_>) -> Result<CommitSha, SourceError> {
        let odd = || SourceError::Incomplete("what a merge request was merged into".into());
        match target.merged {
            Some((merged, false)) => {
                let made = self.git.commits(&service.repository, std::slice::from_ref(&merged.commit)).await?;
                made.into_iter().next().and_then(|commit| commit.parents.into_iter().next()).ok_or_else(odd)
            }
            Some((_, true)) | None => target.versions.last().map(|version| version.start.clone()).ok_or_else(odd),
        }
    }

    /// When somebody took away what the branch had between the opening and the merge.
    async fn forced(
        &self,
        service: &Service,
        target: &Target<'_>,
        (merged, first, onto): (&Merged, &CommitSha, &CommitSha),
    ) -> Result<Vec<Timestamp>, SourceError> {
        let moves = self.moves((target.project, target.branch), (target.opened, merged.at)).await?;
        let Some(moves) = moves else { return Ok(vec![merged.at]) };
        let moves: Vec<Move> = moves.into_iter().filter(|one| one.to.as_ref() != Some(&merged.commit)).collect();
        let mut kept: HashSet<CommitSha> = [first.clone(), onto.clone()].into();
        if !moves.is_empty() && first != onto {
            let between = self.git.range(&service.repository, (first, onto)).await?;
            kept.extend(between.commits.into_iter().map(|commit| commit.sha));
        }
        let mut lost = Vec::new();
        for (place, one) in moves.iter().enumerate() {
            let is_kept = match &one.to {
                Some(to) => kept.contains(to) || self.is_part(service, (to, onto)).await?,
                None => false,
            };
            if !is_kept {
                // It was there until the next move.
                lost.push(moves.get(place + 1).map_or(merged.at, |next| next.at));
            }
        }
        Ok(lost)
    }

    /// Whether the history of `whole` has `part`; what is gone is in no history.
    async fn is_part(&self, service: &Service, (part, whole): (&CommitSha, &CommitSha)) -> Result<bool, SourceError> {
        match self.relation(service, (part, whole)).await {
            Ok(Relation::Identical | Relation::Ahead) => Ok(true),
            Ok(Relation::Behind | Relation::Diverged) | Err(SourceError::NotFound) => Ok(false),
            // So GitLab answers for a commit that it has thrown away.
            Err(SourceError::Refused { status: 400, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
