//! Pull requests, reviews and timelines.

use serde_json::{Value, json};

use super::super::accounts::Account;
use super::super::git::Oid;
use super::super::ids::{NodeId, opaque};
use super::super::pulls::{Deed, Event, GivenReview, Item, Opinion, Pull, Remark};
use super::super::time_text;
use super::View;

impl View<'_> {
    /// A pull request as it stands in lists.
    #[must_use]
    pub fn pull_summary_json(&self, pull: &Pull) -> Value {
        let api = format!("{}/pulls/{}", self.api(), pull.number);
        let web = format!("{}/pull/{}", self.web(), pull.number);
        let issue = format!("{}/issues/{}", self.api(), pull.number);
        let review_comment = format!("{}/pulls/comments{{/number}}", self.api());
        let statuses = format!("{}/statuses/{}", self.api(), pull.head);
        let links = json!({
            "self": { "href": api },
            "html": { "href": web },
            "issue": { "href": issue },
            "commits": { "href": format!("{api}/commits") },
            "comments": { "href": format!("{issue}/comments") },
            "review_comments": { "href": format!("{api}/comments") },
            "review_comment": { "href": review_comment },
            "statuses": { "href": statuses },
        });
        let (ended, merged_at) = (pull.ended(), pull.merged.as_ref().map(|landing| landing.at));
        // Before the merge this is the test merge, so it is set for every pull request that is not in conflict.
        let merge = pull.merged.as_ref().map(|landing| landing.commit).or(pull.test_merge);
        json!({
            "id": pull.id,
            "node_id": self.pull_node(pull),
            "number": pull.number,
            "url": api,
            "html_url": web,
            "diff_url": format!("{web}.diff"),
            "patch_url": format!("{web}.patch"),
            "issue_url": issue,
            "commits_url": format!("{api}/commits"),
            "comments_url": format!("{issue}/comments"),
            "review_comments_url": format!("{api}/comments"),
            "review_comment_url": review_comment,
            "statuses_url": statuses,
            "state": if pull.is_open() { "open" } else { "closed" },
            "locked": false,
            "draft": false,
            "title": pull.title,
            "body": null,
            "user": self.user_json(&pull.opener),
            "author_association": self.association(&pull.opener),
            "created_at": time_text(pull.created),
            "updated_at": time_text(pull.updated),
            "closed_at": ended.map(time_text),
            "merged_at": merged_at.map(time_text),
            "merge_commit_sha": merge.map(|oid| oid.to_string()),
            "assignee": pull.assignees.first().map(|account| self.user_json(account)),
            "assignees": pull.assignees.iter().map(|account| self.user_json(account)).collect::<Vec<_>>(),
            "requested_reviewers": [],
            "requested_teams": [],
            "labels": [],
            "milestone": null,
            "auto_merge": null,
            "active_lock_reason": null,
            "head": self.end_json(&pull.head_branch, pull.head),
            "base": self.end_json(&pull.base_branch, pull.base),
            "_links": links,
        })
    }

    /// A pull request by itself.
    #[must_use]
    pub fn pull_json(&self, pull: &Pull) -> Value {
        let mut shape = self.pull_summary_json(pull);
        let changes = self.changes_since(pull.base, pull.head);
        let (additions, deletions) = self.line_counts(&changes);
        let mergeable = pull.is_open().then_some(pull.test_merge.is_some());
        let state = match mergeable {
            None => "unknown",
            Some(true) => "clean",
            Some(false) => "dirty",
        };
        let more = json!({
            "merged": pull.merged.is_some(),
            "merged_by": pull.merged.as_ref().map(|landing| self.user_json(&landing.by)),
            "mergeable": mergeable,
            "rebaseable": mergeable,
            "mergeable_state": state,
            "maintainer_can_modify": false,
            "comments": pull.comments.len(),
            "review_comments": 0,
            "commits": pull.commits.len(),
            "additions": additions,
            "deletions": deletions,
            "changed_files": changes.len(),
        });
        if let (Some(shape), Value::Object(more)) = (shape.as_object_mut(), more) {
            shape.extend(more);
        }
        shape
    }

    /// A submitted review.
    #[must_use]
    pub fn review_json(&self, pull: &Pull, review: &GivenReview) -> Value {
        let api = format!("{}/pulls/{}", self.api(), pull.number);
        let web = format!("{}/pull/{}#pullrequestreview-{}", self.web(), pull.number, review.id);
        json!({
            "id": review.id,
            "node_id": self.review_node(pull, review),
            "user": self.user_or_null_json(&review.author),
            "body": review.text,
            "state": review.state.name(),
            "html_url": web,
            "pull_request_url": api,
            "author_association": self.association(&review.author),
            "_links": { "html": { "href": web }, "pull_request": { "href": api } },
            "submitted_at": time_text(review.submitted),
            "commit_id": review.commit.to_string(),
        })
    }

    /// A comment in the conversation of a pull request.
    #[must_use]
    pub fn remark_json(&self, pull: &Pull, remark: &Remark) -> Value {
        let api = format!("{}/issues", self.api());
        json!({
            "id": remark.id,
            "node_id": opaque("IC", remark.id),
            "url": format!("{api}/comments/{}", remark.id),
            "html_url": format!("{}/pull/{}#issuecomment-{}", self.web(), pull.number, remark.id),
            "issue_url": format!("{api}/{}", pull.number),
            "user": self.user_or_null_json(&remark.author),
            "author_association": self.association(&remark.author),
            "body": remark.text,
            "created_at": time_text(remark.created),
            "updated_at": time_text(remark.created),
            "performed_via_github_app": null,
        })
    }

    /// An entry of a timeline.
    #[must_use]
    pub fn item_json(&self, pull: &Pull, item: &Item) -> Value {
        match item {
            Item::Commit(oid) => {
                let mut shape = self.git_commit_json(*oid);
                shape["event"] = json!("committed");
                shape
            }
            Item::Review(place) => {
                let mut shape = pull.reviews.get(*place).map(|review| self.review_json(pull, review));
                if let Some(shape) = &mut shape {
                    shape["event"] = json!("reviewed");
                    shape["state"] = json!(shape["state"].as_str().unwrap_or_default().to_lowercase());
                }
                shape.unwrap_or_default()
            }
            Item::Event(event) => self.event_json(pull, event),
        }
    }

    /// The node id of a pull request.
    #[must_use]
    pub fn pull_node(&self, pull: &Pull) -> String {
        NodeId::Pull { repo: self.repo.id, number: pull.number }.text()
    }

    /// The node id of a review.
    #[must_use]
    pub fn review_node(&self, pull: &Pull, review: &GivenReview) -> String {
        let place = pull.reviews.iter().take_while(|other| other.id != review.id).count() as u64;
        NodeId::Review { repo: self.repo.id, number: pull.number, place }.text()
    }

    fn end_json(&self, branch: &str, oid: Oid) -> Value {
        let owner = self.repo.owner();
        json!({
            "label": format!("{owner}:{branch}"),
            "ref": branch,
            "sha": oid.to_string(),
            "user": self.user_json(&Account::owner(owner)),
            "repo": self.repo_json(),
        })
    }

    fn event_json(&self, pull: &Pull, event: &Event) -> Value {
        let (name, commit) = match &event.what {
            Deed::HeadForced { after, .. } => ("head_ref_force_pushed", Some(*after)),
            Deed::BaseForced { after, .. } => ("base_ref_force_pushed", Some(*after)),
            Deed::BaseChanged { .. } => ("base_ref_changed", None),
            Deed::BaseMoved { .. } => ("automatic_base_change_succeeded", None),
            Deed::Dismissed { .. } => ("review_dismissed", None),
            Deed::Assigned { .. } => ("assigned", None),
            Deed::Merged => ("merged", pull.merged.as_ref().map(|landing| landing.commit)),
            Deed::Closed => ("closed", None),
        };
        let mut shape = json!({
            "id": event.id,
            "node_id": opaque("EV", event.id),
            "url": format!("{}/issues/events/{}", self.api(), event.id),
            "actor": self.user_or_null_json(&event.by),
            "event": name,
            "commit_id": commit.map(|oid| oid.to_string()),
            "commit_url": commit.map(|oid| format!("{}/commits/{oid}", self.api())),
            "created_at": time_text(event.at),
            "performed_via_github_app": null,
        });
        if let Deed::Dismissed { review, was } = &event.what {
            shape["dismissed_review"] = json!({
                "state": was_json(*was),
                "review_id": pull.reviews.get(*review).map(|review| review.id),
                "dismissal_message": "",
            });
        }
        shape
    }
}

fn was_json(was: Opinion) -> String {
    was.name().to_lowercase()
}
