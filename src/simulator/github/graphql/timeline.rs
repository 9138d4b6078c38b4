//! What happened to a pull request.

use super::super::ids::opaque;
use super::super::pulls::{Deed, Event, Item};
use super::super::time_text;
use super::commit::{CommitObject, actor_or_null};
use super::pull::{PullObject, ReviewObject, pull_commit};
use super::record::{Object, Record};

/// The name of an entry's type as the argument `itemTypes` writes it.
#[must_use]
pub fn item_type(item: &Item) -> &'static str {
    match item {
        Item::Commit(_) => "PULL_REQUEST_COMMIT",
        Item::Review(_) => "PULL_REQUEST_REVIEW",
        Item::Event(event) => match event.what {
            Deed::HeadForced { .. } => "HEAD_REF_FORCE_PUSHED_EVENT",
            Deed::BaseForced { .. } => "BASE_REF_FORCE_PUSHED_EVENT",
            Deed::BaseChanged { .. } => "BASE_REF_CHANGED_EVENT",
            Deed::BaseMoved { .. } => "AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT",
            Deed::Dismissed { .. } => "REVIEW_DISMISSED_EVENT",
            Deed::Assigned { .. } => "ASSIGNED_EVENT",
            Deed::Merged => "MERGED_EVENT",
            Deed::Closed => "CLOSED_EVENT",
        },
    }
}

/// An entry of a timeline.
#[must_use]
pub fn item<'w>(of: PullObject<'w>, item: &'w Item) -> Object<'w> {
    match item {
        Item::Commit(oid) => pull_commit(of, *oid),
        Item::Event(event) => deed(of, event),
        // A review is never taken off the list, so its place stays good.
        Item::Review(place) => {
            Box::new(ReviewObject { view: of.view, pull: of.pull, review: &of.pull.reviews[*place] })
        }
    }
}

fn deed<'w>(of: PullObject<'w>, event: &'w Event) -> Object<'w> {
    let (view, pull) = (of.view, of.pull);
    let commit = |oid| CommitObject::boxed(view, oid);
    let record = match &event.what {
        Deed::HeadForced { before, after } => Record::new("HeadRefForcePushedEvent")
            .object("beforeCommit", commit(*before))
            .object("afterCommit", commit(*after)),
        Deed::BaseForced { before, after } => Record::new("BaseRefForcePushedEvent")
            .object("beforeCommit", commit(*before))
            .object("afterCommit", commit(*after)),
        Deed::BaseChanged { from, to } => Record::new("BaseRefChangedEvent")
            .leaf("previousRefName", from.as_str())
            .leaf("currentRefName", to.as_str()),
        Deed::BaseMoved { from, to } => {
            Record::new("AutomaticBaseChangeSucceededEvent").leaf("oldBase", from.as_str()).leaf("newBase", to.as_str())
        }
        Deed::Dismissed { review, was } => {
            let review = pull.reviews.get(*review);
            let review = review.map(|review| Box::new(ReviewObject { view, pull, review }) as Object<'w>);
            Record::new("ReviewDismissedEvent")
                .leaf("previousReviewState", was.name())
                .leaf("dismissalMessage", "")
                .object("review", review)
                // GitHub names a commit here only when a push dismissed the review by itself.
                .object("pullRequestCommit", None)
        }
        Deed::Assigned { who } => Record::new("AssignedEvent").object("assignee", actor_or_null(&view, who)),
        Deed::Merged => Record::new("MergedEvent")
            .leaf("mergeRefName", pull.base_branch.as_str())
            .object("commit", pull.merged.as_ref().and_then(|landing| commit(landing.commit))),
        Deed::Closed => Record::new("ClosedEvent"),
    };
    record
        .leaf("id", opaque("EV", event.id))
        .leaf("createdAt", time_text(event.at))
        .object("actor", actor_or_null(&view, &event.by))
        .boxed()
}
