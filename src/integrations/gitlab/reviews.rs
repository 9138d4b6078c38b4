//! What people said about a merge request.
//!
//! An approval is in force or gone; GitLab does not say which commit it was given for, so that follows from when it was given
//! and which version there was by then. An instance that does not say when has written it down in a note of its own, or nobody
//! can say.

use std::collections::{BTreeMap, BTreeSet};

use super::client::GitlabClient;
use super::pushes::{Version, time};
use super::wire;
use crate::integrations::SourceError;
use crate::model::{Opinion, Review, Service, Timestamp};

/// Most pages of notes of a merge request.
const MOST_PAGES: usize = 50;

/// What GitLab writes down about an approval (<https://docs.gitlab.com/user/project/system_notes/>).
const APPROVED: &str = "approved this merge request";
const UNAPPROVED: &str = "unapproved this merge request";
const ASKED: &str = "requested changes";

/// The merge request that is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) service: &'a Service,
    /// Its address.
    pub(super) path: &'a str,
    pub(super) versions: &'a [Version],
    pub(super) opened: Timestamp,
}

/// What GitLab wrote down about a merge request.
#[derive(Debug)]
pub(super) struct Notes(Vec<(u64, Timestamp, String)>);

impl GitlabClient {
    /// What GitLab wrote down about what people did (<https://docs.gitlab.com/api/notes/#merge-requests>).
    ///
    /// # Errors
    /// When it cannot be read completely.
    pub(super) async fn notes(&self, path: &str) -> Result<Notes, SourceError> {
        let path = format!("{path}/notes?activity_filter=only_activity&sort=asc&order_by=created_at");
        let mut found: Vec<wire::Note> = self.list(&path, MOST_PAGES).await?;
        // What people write may say the same.
        found.retain(|note| note.system);
        found.sort_by_key(|note| note.id);
        let note = |note: wire::Note| {
            let by = note.author.map_or(0, |author| author.id);
            Ok((by, time(&note.created_at)?, note.body.trim().to_owned()))
        };
        Ok(Notes(found.into_iter().map(note).collect::<Result<_, SourceError>>()?))
    }

    /// Approvals that are in force, and demands for changes (<https://docs.gitlab.com/api/merge_request_approvals/>).
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) async fn reviews(&self, about: About<'_>, notes: &Notes) -> Result<Vec<Review>, SourceError> {
        let approvals: wire::Approvals = self.read(&format!("{}/approvals", about.path)).await?;
        let reviewers: Vec<wire::Reviewer> = self.list(&format!("{}/reviewers", about.path), 10).await?;
        let asks = |reviewer: &&wire::Reviewer| reviewer.state == "requested_changes";
        let now = reviewers.iter().filter(asks).map(|reviewer| reviewer.user.id);
        // Whoever is asked to look again, or is no reviewer any more, has not taken back what was said.
        let asking: BTreeSet<u64> = now.chain(notes.asking()).collect();
        let mut reviews = Vec::new();
        for approval in approvals.approved_by.iter().filter(|approval| !asking.contains(&approval.user.id)) {
            let at = match &approval.approved_at {
                Some(at) => Some(time(at)?),
                None => notes.approved_at(approval.user.id),
            };
            reviews.push(self.approval(about, approval.user.id, at).await?);
        }
        let newest = reviews.iter().map(|review| review.submitted_at).max().unwrap_or(about.opened);
        for id in asking {
            let review = self.said(about, id, Opinion::ChangesRequested).await?;
            // Since when is not said. It stands, so nothing that is older takes it back.
            reviews.push(Review { submitted_at: newest, ..review });
        }
        Ok(reviews)
    }

    /// Without a time nobody can say what it was given for, and it counts for nothing.
    async fn approval(&self, about: About<'_>, id: u64, at: Option<Timestamp>) -> Result<Review, SourceError> {
        let review = self.said(about, id, Opinion::Approved).await?;
        let stood = at.and_then(|at| about.versions.iter().rev().find(|version| version.at <= at));
        let commit = stood.map(|version| version.head.clone());
        Ok(Review { submitted_at: at.unwrap_or(about.opened), commit, ..review })
    }

    async fn said(&self, about: About<'_>, id: u64, opinion: Opinion) -> Result<Review, SourceError> {
        let author = self.account(id).await?;
        let may_push = match &author {
            Some(author) => self.may_push(about.service, author).await?,
            None => false,
        };
        Ok(Review {
            id: format!("{} {id}", if opinion == Opinion::Approved { "approval" } else { "objection" }),
            author,
            opinion,
            submitted_at: about.opened,
            commit: None,
            may_push,
            text: String::new(),
            edited_at: None,
        })
    }
}

impl Notes {
    /// Who asked for changes and has not approved since.
    fn asking(&self) -> impl Iterator<Item = u64> {
        let mut newest: BTreeMap<u64, bool> = BTreeMap::new();
        for (by, _, body) in &self.0 {
            if body.starts_with(ASKED) || body == APPROVED {
                newest.insert(*by, body != APPROVED);
            }
        }
        newest.into_iter().filter(|(_, asks)| *asks).map(|(by, _)| by)
    }

    /// When somebody approved, by GitLab's own note; nothing when the newest one about it says that they took it back.
    fn approved_at(&self, id: u64) -> Option<Timestamp> {
        let about = |note: &&(u64, Timestamp, String)| note.0 == id && (note.2 == APPROVED || note.2 == UNAPPROVED);
        let (_, at, body) = self.0.iter().rev().find(about)?;
        (body == APPROVED).then_some(*at)
    }

    /// When it was pointed at another branch, by somebody or by GitLab.
    pub(super) fn base_changes(&self) -> Vec<Timestamp> {
        let by_somebody = |body: &str| body.starts_with("changed target branch");
        let by_itself = |body: &str| body.starts_with("changed automatically target branch");
        let is_gone = |body: &str| body.starts_with("deleted the ") && body.contains("merge request now targets");
        let is_change = |body: &str| by_somebody(body) || by_itself(body) || is_gone(body);
        self.0.iter().filter(|(_, _, body)| is_change(body)).map(|(_, at, _)| *at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(all: &[(u64, i64, &str)]) -> Notes {
        Notes(all.iter().map(|(by, at, body)| (*by, Timestamp(*at), (*body).to_owned())).collect())
    }

    #[test]
    fn a_note_says_when_somebody_approved_and_the_newest_counts() {
        let given = notes(&[(7, 1, APPROVED), (8, 2, APPROVED), (7, 3, UNAPPROVED), (7, 5, APPROVED)]);
        assert_eq!(given.approved_at(7), Some(Timestamp(5)));
        assert_eq!(given.approved_at(8), Some(Timestamp(2)));
        assert_eq!(given.approved_at(9), None);
        assert_eq!(notes(&[(7, 1, APPROVED), (7, 3, UNAPPROVED)]).approved_at(7), None, "taken back");
        assert_eq!(notes(&[(7, 1, "approved this merge request.")]).approved_at(7), None, "other words");
    }

    #[test]
    fn who_asked_for_changes_asks_until_approving() {
        let asking = |all: &[(u64, i64, &str)]| notes(all).asking().collect::<Vec<_>>();
        assert_eq!(asking(&[(7, 1, "requested changes"), (8, 2, APPROVED)]), [7]);
        assert_eq!(asking(&[(7, 1, "requested changes"), (7, 2, APPROVED)]), [0; 0]);
        assert_eq!(asking(&[(7, 1, APPROVED), (7, 2, "requested changes"), (7, 3, "requested review from @sam")]), [7]);
    }

    #[test]
    fn another_target_is_noticed_whoever_chose_it() {
        let changed = notes(&[
            (7, 1, "changed target branch from `main` to `other`"),
            (7, 2, "changed automatically target branch to `main` because `other` was deleted"),
            (7, 3, "deleted the `other` branch. This merge request now targets the `main` branch"),
            (7, 4, "added 1 commit"),
            (7, 5, "changed title from **a** to **the target branch**"),
        ]);
        assert_eq!(changed.base_changes(), [Timestamp(1), Timestamp(2), Timestamp(3)]);
    }
}
