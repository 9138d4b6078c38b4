//! The JSON of the REST API.

use serde_json::{Value, json};

use super::accounts::Account;
use super::git::{Commit, Oid};
use super::requests::{Approval, Note, Request, Reviewer, Version};
use super::scene::{GitlabMerge, StatusState};
use super::world::{CommitStatus, Project, World};

/// A project that somebody looks at.
#[derive(Debug, Clone, Copy)]
pub struct View<'w> {
    /// Where accounts are.
    pub world: &'w World,
    /// The project.
    pub project: &'w Project,
    /// The address of the instance, without a slash at its end.
    pub web: &'w str,
}

/// A time as GitLab writes it.
#[must_use]
pub fn time(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms);
    time.map_or_else(|_| String::new(), |time| time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// An account as everybody sees it beside what it did.
#[must_use]
pub fn user(account: &Account, web: &str) -> Value {
    json!({
        "id": account.id, "username": account.username, "public_email": account.email, "name": account.name,
        "state": "active", "locked": false, "avatar_url": null, "web_url": format!("{web}/{}", account.username),
    })
}

/// An account that somebody asked for by its number.
#[must_use]
pub fn whole_user(account: &Account, web: &str) -> Value {
    let mut shape = user(account, web);
    shape["bot"] = json!(account.is_bot);
    shape["created_at"] = json!(time(1_700_000_000_000));
    shape["bio"] = json!("");
    shape["location"] = json!("");
    shape
}

impl View<'_> {
    /// Where people see the project.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}/{}", self.web, self.project.path)
    }

    /// An account as it is now.
    #[must_use]
    pub fn user(&self, account: &Account) -> Value {
        user(&self.world.today(account), self.web)
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> Value {
        let project = self.project;
        let method = match project.rules.merge {
            GitlabMerge::MergeCommit => "merge",
            GitlabMerge::SemiLinear => "rebase_merge",
            GitlabMerge::FastForward => "ff",
        };
        let name = project.path.rsplit('/').next().unwrap_or_default();
        json!({
            "id": project.id, "name": name, "path": name, "path_with_namespace": project.path,
            "description": null, "visibility": "private", "archived": false, "default_branch": project.default_branch,
            "created_at": time(project.created), "web_url": self.address(),
            "http_url_to_repo": format!("{}.git", self.address()), "merge_method": method, "squash_option": "default_off",
            "empty_repo": project.branches.is_empty(), "merge_requests_access_level": "enabled",
            "permissions": { "project_access": { "access_level": 20, "notification_level": 3 }, "group_access": null },
        })
    }

    /// A branch.
    #[must_use]
    pub fn branch(&self, name: &str, tip: Oid) -> Value {
        let is_default = name == self.project.default_branch;
        json!({
            "name": name, "commit": self.commit(tip), "merged": false, "protected": is_default,
            "developers_can_push": false, "developers_can_merge": is_default, "can_push": false, "default": is_default,
            "web_url": format!("{}/-/tree/{name}", self.address()),
        })
    }

    /// A commit as lists show it.
    #[must_use]
    pub fn commit(&self, id: Oid) -> Value {
        let Some(commit) = self.project.git.commit(id) else { return Value::Null };
        let parents: Vec<String> = commit.parents.iter().map(Oid::to_string).collect();
        let (authored, committed) = (time(commit.author.seconds * 1000), time(commit.committer.seconds * 1000));
        json!({
            "id": id.to_string(), "short_id": short(id), "created_at": committed, "parent_ids": parents,
            "title": title(commit), "message": commit.message,
            "author_name": commit.author.name, "author_email": commit.author.email, "authored_date": authored,
            "committer_name": commit.committer.name, "committer_email": commit.committer.email,
            "committed_date": committed, "trailers": {}, "extended_trailers": {},
            "web_url": format!("{}/-/commit/{id}", self.address()),
        })
    }

    /// A commit that somebody asked for.
    #[must_use]
    pub fn whole_commit(&self, id: Oid) -> Value {
        let mut shape = self.commit(id);
        shape["stats"] = json!({ "additions": 1, "deletions": 1, "total": 2 });
        shape["status"] = Value::Null;
        shape["project_id"] = json!(self.project.id);
        shape["last_pipeline"] = Value::Null;
        shape
    }

    /// A merge request as lists show it.
    #[must_use]
    pub fn request(&self, request: &Request) -> Value {
        let landing = request.landing.as_ref();
        let head = request.versions.last().map(|version| version.head.to_string());
        let merged_by = landing.map(|landing| self.user(&landing.by));
        let (closed_at, closed_by) = match &request.closed {
            Some((at, by)) => (json!(time(*at)), self.user(by)),
            None => (Value::Null, Value::Null),
        };
        let mut shape = json!({
            "id": request.id, "iid": request.iid, "project_id": self.project.id, "title": request.title,
            "description": "", "state": request.state(), "created_at": time(request.created),
            "updated_at": time(request.updated), "merged_by": merged_by, "merge_user": merged_by,
            "merged_at": landing.map(|landing| time(landing.at)), "closed_by": closed_by, "closed_at": closed_at,
            "target_branch": request.target, "source_branch": request.source, "author": self.user(&request.author),
            "source_project_id": self.project.id, "target_project_id": self.project.id, "sha": head,
        });
        let commit = |made: Option<Oid>| made.map(|id| id.to_string());
        let reviewers = request.reviewers.iter().map(|reviewer| self.user(&reviewer.who));
        let squash = landing.and_then(|landing| landing.squash);
        put(
            &mut shape,
            json!({
                "merge_commit_sha": commit(landing.and_then(|landing| landing.merge)),
                "squash_commit_sha": commit(squash), "squash": squash.is_some(), "squash_on_merge": squash.is_some(),
                "assignees": [], "assignee": null, "reviewers": reviewers.collect::<Vec<_>>(), "labels": [],
                "draft": false, "work_in_progress": false, "milestone": null, "merge_when_pipeline_succeeds": false,
                "merge_status": "can_be_merged", "prepared_at": time(request.created),
                "detailed_merge_status": if request.is_open() { "mergeable" } else { "not_open" },
            }),
        );
        put(
            &mut shape,
            json!({
                "user_notes_count": 0, "upvotes": 0, "downvotes": 0, "imported": false, "merge_after": null,
                "discussion_locked": null, "should_remove_source_branch": null, "force_remove_source_branch": true,
                "reference": format!("!{}", request.iid), "has_conflicts": false,
                "web_url": format!("{}/-/merge_requests/{}", self.address(), request.iid),
                "blocking_discussions_resolved": true, "approvals_before_merge": null,
            }),
        );
        shape
    }

    /// A merge request that somebody asked for.
    #[must_use]
    pub fn whole_request(&self, request: &Request) -> Value {
        let mut shape = self.request(request);
        if let Some(version) = request.versions.last() {
            shape["diff_refs"] = json!({
                "base_sha": version.base.to_string(), "head_sha": version.head.to_string(),
                "start_sha": version.start.to_string(),
            });
        }
        shape["changes_count"] = json!("1");
        shape["merge_error"] = Value::Null;
        shape["first_contribution"] = json!(false);
        shape["pipeline"] = Value::Null;
        shape["head_pipeline"] = Value::Null;
        shape["user"] = json!({ "can_merge": false });
        shape
    }

    /// One version of a merge request.
    #[must_use]
    pub fn version(&self, request: &Request, version: &Version) -> Value {
        json!({
            "id": version.id, "head_commit_sha": version.head.to_string(),
            "base_commit_sha": version.base.to_string(), "start_commit_sha": version.start.to_string(),
            "created_at": time(version.created), "merge_request_id": request.id, "state": "collected",
            "real_size": "1", "patch_id_sha": null,
        })
    }

    /// Who approves a merge request. Older instances do not say since when.
    #[must_use]
    pub fn approvals(&self, request: &Request) -> Value {
        let dates = self.project.rules.dates_approvals;
        let one = |approval: &Approval| {
            let mut shape = json!({ "user": self.user(&approval.by) });
            if dates {
                shape["approved_at"] = json!(time(approval.at));
            }
            shape
        };
        json!({
            "id": request.id, "iid": request.iid, "project_id": self.project.id, "title": request.title,
            "description": "", "state": request.state(), "created_at": time(request.created),
            "updated_at": time(request.updated), "merge_status": "can_be_merged", "approved": true,
            "approvals_required": 0, "approvals_left": 0, "require_password_to_approve": false,
            "approved_by": request.approvals.iter().map(one).collect::<Vec<_>>(), "suggested_approvers": [],
            "approvers": [], "approver_groups": [], "user_has_approved": false, "user_can_approve": false,
            "approval_rules_left": [], "has_approval_rules": false, "merge_request_approvers_available": true,
            "multiple_approval_rules_available": true, "invalid_approvers_rules": [],
        })
    }

    /// Something that was written about a merge request.
    #[must_use]
    pub fn note(&self, request: &Request, note: &Note) -> Value {
        json!({
            "id": note.id, "type": null, "body": note.body, "author": self.user(&note.author),
            "created_at": time(note.created), "updated_at": time(note.created), "system": note.is_system,
            "noteable_id": request.id, "noteable_type": "MergeRequest", "project_id": self.project.id,
            "resolvable": false, "confidential": false, "internal": false, "imported": false,
            "noteable_iid": request.iid, "commands_changes": {},
        })
    }

    /// Somebody who looked at a merge request.
    #[must_use]
    pub fn reviewer(&self, reviewer: &Reviewer) -> Value {
        json!({ "user": self.user(&reviewer.who), "state": reviewer.state.word(), "created_at": time(reviewer.since) })
    }

    /// A status of a commit.
    #[must_use]
    pub fn status(&self, status: &CommitStatus) -> Value {
        let state = match status.state {
            StatusState::Success => "success",
            StatusState::Failure | StatusState::Error => "failed",
            StatusState::Pending => "pending",
        };
        let created = time(status.created);
        json!({
            "id": status.id, "sha": status.commit.to_string(), "ref": self.project.default_branch, "status": state,
            "name": status.name, "target_url": null, "description": null, "created_at": created,
            "started_at": null, "finished_at": created, "allow_failure": false, "coverage": null,
            "pipeline_id": status.id, "author": self.user(&status.by),
        })
    }
}

/// The first line of a message.
fn title(commit: &Commit) -> &str {
    commit.message.lines().next().unwrap_or_default()
}

/// Adds fields to a shape.
fn put(shape: &mut Value, more: Value) {
    if let (Some(shape), Value::Object(more)) = (shape.as_object_mut(), more) {
        shape.extend(more);
    }
}

/// The first eight digits of a commit's SHA.
pub fn short(id: Oid) -> String {
    id.to_string().chars().take(8).collect()
}
