//! Pull requests and reviews.

use apollo_compiler::resolvers::{ObjectValue, ResolveInfo, ResolvedValue};
use serde_json::Value;

use super::super::git::Oid;
use super::super::ids::opaque;
use super::super::pulls::{GivenReview, Pull, Remark};
use super::super::shapes::View;
use super::super::time_text;
use super::commit::{CommitObject, actor, actor_or_null};
use super::query::RepoObject;
use super::record::{Object, Record, Resolved, connection, leaf, object, texts};
use super::timeline;

/// A pull request.
#[derive(Debug, Clone, Copy)]
pub struct PullObject<'w> {
    /// Where it is.
    pub view: View<'w>,
    /// What it is.
    pub pull: &'w Pull,
}

/// A submitted review.
#[derive(Debug, Clone, Copy)]
pub struct ReviewObject<'w> {
    /// Where it is.
    pub view: View<'w>,
    /// What it is a review of.
    pub pull: &'w Pull,
    /// What it says.
    pub review: &'w GivenReview,
}

impl ObjectValue for PullObject<'_> {
    fn type_name(&self) -> &str {
        "PullRequest"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let (view, pull) = (self.view, self.pull);
        if let Some(scalar) = self.scalar(info.field_name()) {
            return Ok(scalar);
        }
        if let Some(connection) = self.connection(info) {
            return connection;
        }
        match info.field_name() {
            "author" => Ok(object(actor_or_null(&view, &pull.opener))),
            "mergedBy" => Ok(object(pull.merged.as_ref().and_then(|landing| actor_or_null(&view, &landing.by)))),
            "mergeCommit" => {
                let commit = pull.merged.as_ref().map(|landing| landing.commit);
                Ok(object(commit.and_then(|oid| CommitObject::boxed(view, oid))))
            }
            "autoMergeRequest" => Ok(ResolvedValue::null()),
            "repository" | "baseRepository" | "headRepository" => Ok(ResolvedValue::object(RepoObject(view))),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl<'w> PullObject<'w> {
    fn scalar(&self, name: &str) -> Option<ResolvedValue<'w>> {
        let (view, pull) = (self.view, self.pull);
        let merged_at = pull.merged.as_ref().map(|landing| time_text(landing.at));
        let protected = pull.base_branch == view.repo.default_branch;
        Some(match name {
            "id" => leaf(view.pull_node(pull)),
            "fullDatabaseId" => leaf(pull.id.to_string()),
            "number" => leaf(pull.number),
            "title" => leaf(pull.title.as_str()),
            "url" => leaf(format!("{}/pull/{}", view.web(), pull.number)),
            "state" => leaf(match (pull.is_open(), &pull.merged) {
                (true, _) => "OPEN",
                (false, Some(_)) => "MERGED",
                (false, None) => "CLOSED",
            }),
            "merged" => leaf(pull.merged.is_some()),
            "closed" => leaf(!pull.is_open()),
            "mergedAt" => leaf(merged_at),
            "closedAt" => leaf(pull.ended().map(time_text)),
            "createdAt" => leaf(time_text(pull.created)),
            "updatedAt" => leaf(time_text(pull.updated)),
            "isDraft" | "isCrossRepository" | "isInMergeQueue" => leaf(false),
            "baseRefName" => leaf(pull.base_branch.as_str()),
            "baseRefOid" => leaf(pull.base.to_string()),
            "headRefName" => leaf(pull.head_branch.as_str()),
            "headRefOid" => leaf(pull.head.to_string()),
            "authorAssociation" => leaf(view.association(&pull.opener)),
            "reviewDecision" => leaf(protected.then(|| pull.decision(|reviewer| view.may_push(reviewer)))),
            "mergeable" => leaf(match (pull.is_open(), pull.test_merge) {
                (false, _) => "UNKNOWN",
                (true, None) => "CONFLICTING",
                (true, Some(_)) => "MERGEABLE",
            }),
            "additions" => leaf(self.line_counts().0),
            "deletions" => leaf(self.line_counts().1),
            "changedFiles" => leaf(view.changes_since(pull.base, pull.head).len()),
            _ => return None,
        })
    }

    fn connection(&self, info: &ResolveInfo<'_>) -> Option<Resolved<'w>> {
        let (view, pull) = (self.view, self.pull);
        let review = |review: &&'w GivenReview| Box::new(ReviewObject { view, pull, review }) as Object<'w>;
        Some(match info.field_name() {
            "commits" => connection(info, "PullRequestCommitConnection", &pull.commits, |oid| pull_commit(*self, *oid)),
            "reviews" => {
                let states = info.arguments().get("states").and_then(|states| states.as_array());
                let wanted = |review: &&GivenReview| {
                    states.is_none_or(|states| states.iter().any(|state| state.as_str() == Some(review.state.name())))
                };
                let reviews = pull.reviews.iter().filter(wanted).collect::<Vec<_>>();
                connection(info, "PullRequestReviewConnection", &reviews, review)
            }
            "latestOpinionatedReviews" => {
                let writers = info.arguments().get("writersOnly").and_then(|value| value.as_bool()) == Some(true);
                let mut opinions = pull.opinions();
                opinions.retain(|review| !writers || view.may_push(&review.author));
                connection(info, "PullRequestReviewConnection", &opinions, review)
            }
            "assignees" => connection(info, "UserConnection", &pull.assignees, |account| actor(&view, account)),
            "comments" => connection(info, "IssueCommentConnection", &pull.comments, |one| remark(*self, one)),
            "timelineItems" => {
                let types = texts(info, "itemTypes");
                let wanted = |kind: &str| types.as_ref().is_none_or(|types| types.contains(&kind));
                let items = pull.timeline.iter().filter(|item| wanted(timeline::item_type(item))).collect::<Vec<_>>();
                connection(info, "PullRequestTimelineItemsConnection", &items, |item| timeline::item(*self, item))
            }
            _ => return None,
        })
    }

    fn line_counts(&self) -> (usize, usize) {
        self.view.line_counts(&self.view.changes_since(self.pull.base, self.pull.head))
    }
}

impl ObjectValue for ReviewObject<'_> {
    fn type_name(&self) -> &str {
        "PullRequestReview"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let (view, review) = (self.view, self.review);
        match info.field_name() {
            "id" => Ok(leaf(view.review_node(self.pull, review))),
            "fullDatabaseId" => Ok(leaf(review.id.to_string())),
            "databaseId" => Ok(leaf(review.id)),
            "body" => Ok(leaf(review.text.as_str())),
            "state" => Ok(leaf(review.state.name())),
            "submittedAt" | "createdAt" | "publishedAt" => Ok(leaf(time_text(review.submitted))),
            "updatedAt" => Ok(leaf(time_text(review.updated))),
            "lastEditedAt" | "editor" => Ok(ResolvedValue::null()),
            "includesCreatedEdit" => Ok(leaf(false)),
            "author" => Ok(object(actor_or_null(&view, &review.author))),
            "authorAssociation" => Ok(leaf(view.association(&review.author))),
            "authorCanPushToRepository" => Ok(leaf(view.may_push(&review.author))),
            "commit" => Ok(object(CommitObject::boxed(view, review.commit))),
            "pullRequest" => Ok(ResolvedValue::object(PullObject { view, pull: self.pull })),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

fn remark<'w>(of: PullObject<'w>, remark: &Remark) -> Object<'w> {
    let created = time_text(remark.created);
    let url = format!("{}/pull/{}#issuecomment-{}", of.view.web(), of.pull.number, remark.id);
    Record::new("IssueComment")
        .leaf("id", opaque("IC", remark.id))
        .leaf("databaseId", remark.id)
        .leaf("fullDatabaseId", remark.id.to_string())
        .leaf("body", remark.text.as_str())
        .leaf("createdAt", created.as_str())
        .leaf("updatedAt", created.as_str())
        .leaf("lastEditedAt", Value::Null)
        .leaf("url", url)
        .leaf("authorAssociation", of.view.association(&remark.author))
        .object("author", actor_or_null(&of.view, &remark.author))
        .object("editor", None)
        .boxed()
}

/// A commit as a part of a pull request.
#[must_use]
pub fn pull_commit(part_of: PullObject<'_>, oid: Oid) -> Object<'_> {
    let (view, number) = (part_of.view, part_of.pull.number);
    Record::new("PullRequestCommit")
        .leaf("id", opaque("PURC", format_args!("{}:{number}:{oid}", view.repo.id)))
        .object("commit", CommitObject::boxed(view, oid))
        .object("pullRequest", Some(Box::new(part_of)))
        .boxed()
}
