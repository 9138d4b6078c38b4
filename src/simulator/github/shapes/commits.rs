//! Commits and comparisons.

use serde_json::{Value, json};

use super::super::git::tree::Change;
use super::super::git::{Commit, Oid, Stamp};
use super::super::ids::NodeId;
use super::super::time_text;
use super::{View, escaped};

/// GitHub lists no more changed files than this in one answer.
const FILES: usize = 300;

/// Two commits side by side.
#[derive(Debug)]
pub struct Comparison {
    /// What the request calls `BASE...HEAD`.
    pub name: String,
    /// The base.
    pub base: Oid,
    /// The head.
    pub head: Oid,
    /// Where their histories part.
    pub merge_base: Oid,
    /// What only head has, oldest first.
    pub ahead: Vec<Oid>,
    /// How many commits only base has.
    pub behind: usize,
}

impl Comparison {
    /// How head stands to base.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match (self.ahead.len(), self.behind) {
            (0, 0) => "identical",
            (_, 0) => "ahead",
            (0, _) => "behind",
            _ => "diverged",
        }
    }
}

impl View<'_> {
    /// A commit without its changes.
    #[must_use]
    pub fn commit_json(&self, oid: Oid) -> Value {
        let Some(commit) = self.repo.git.commit(oid) else {
            return Value::Null;
        };
        let (api, web) = (self.api(), self.web());
        let parents = commit.parents.iter().map(|parent| {
            json!({
                "sha": parent.to_string(),
                "url": format!("{api}/commits/{parent}"),
                "html_url": format!("{web}/commit/{parent}"),
            })
        });
        json!({
            "sha": oid.to_string(),
            "node_id": NodeId::Commit { repo: self.repo.id, oid }.text(),
            "commit": {
                "author": stamp_json(&commit.author),
                "committer": stamp_json(&commit.committer),
                "message": commit.shown_message(),
                "tree": { "sha": commit.tree.to_string(), "url": format!("{api}/git/trees/{}", commit.tree) },
                "url": format!("{api}/git/commits/{oid}"),
                "comment_count": 0,
                "verification": verification_json(commit),
            },
            "url": format!("{api}/commits/{oid}"),
            "html_url": format!("{web}/commit/{oid}"),
            "comments_url": format!("{api}/commits/{oid}/comments"),
            "author": self.user_with_email_json(&commit.author.email),
            "committer": self.user_with_email_json(&commit.committer.email),
            "parents": parents.collect::<Vec<_>>(),
        })
    }

    /// A commit with what it changes against its first parent.
    #[must_use]
    pub fn commit_with_files_json(&self, oid: Oid) -> Value {
        let mut shape = self.commit_json(oid);
        if let Some(commit) = self.repo.git.commit(oid) {
            let changes = self.repo.git.changes(self.parent_tree(commit), commit.tree);
            let (additions, deletions) = self.line_counts(&changes);
            shape["stats"] = json!({ "additions": additions, "deletions": deletions, "total": additions + deletions });
            shape["files"] = self.files_json(&changes, oid);
        }
        shape
    }

    /// A commit as Git stores it.
    #[must_use]
    pub fn git_commit_json(&self, oid: Oid) -> Value {
        let mut shape = self.commit_json(oid);
        let mut inner = shape["commit"].take();
        inner.as_object_mut().and_then(|fields| fields.remove("comment_count"));
        for key in ["sha", "node_id", "html_url", "parents"] {
            inner[key] = shape[key].take();
        }
        inner
    }

    /// Two commits side by side, with some of the commits between them.
    #[must_use]
    pub fn comparison_json(&self, compared: &Comparison, commits: &[Oid]) -> Value {
        let (api, web) = (self.api(), self.web());
        let html = format!("{web}/compare/{}", compared.name);
        let (base, head) = (compared.base.short(), compared.head.short());
        json!({
            "url": format!("{api}/compare/{}", compared.name),
            "html_url": html,
            "permalink_url": format!("{web}/compare/{base}...{head}"),
            "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"),
            "base_commit": self.commit_json(compared.base),
            "merge_base_commit": self.commit_json(compared.merge_base),
            "status": compared.status(),
            "ahead_by": compared.ahead.len(),
            "behind_by": compared.behind,
            "total_commits": compared.ahead.len(),
            "commits": commits.iter().map(|oid| self.commit_json(*oid)).collect::<Vec<_>>(),
        })
    }

    /// Changed files without patches, at most as many as GitHub lists.
    #[must_use]
    pub fn files_json(&self, changes: &[Change], at: Oid) -> Value {
        changes.iter().take(FILES).map(|change| self.file_json(change, at)).collect()
    }

    /// Lines added and lines removed by some changes.
    #[must_use]
    pub fn line_counts(&self, changes: &[Change]) -> (usize, usize) {
        let lines = changes.iter().map(|change| self.repo.git.line_change(change));
        lines.fold((0, 0), |(added, removed), change| (added + change.added.len(), removed + change.removed.len()))
    }

    /// What changes between the merge base of two commits and the second one.
    #[must_use]
    pub fn changes_since(&self, base: Oid, head: Oid) -> Vec<Change> {
        let git = &self.repo.git;
        let tree_of = |id: Oid| git.commit(id).map(|commit| commit.tree);
        let old = git.merge_base(base, head).and_then(tree_of);
        tree_of(head).map(|new| git.changes(old, new)).unwrap_or_default()
    }

    /// The tree of a commit's first parent.
    #[must_use]
    pub fn parent_tree(&self, commit: &Commit) -> Option<Oid> {
        commit.parents.first().and_then(|parent| self.repo.git.commit(*parent)).map(|parent| parent.tree)
    }

    fn file_json(&self, change: &Change, at: Oid) -> Value {
        let (api, web, path) = (self.api(), self.web(), escaped(&change.path));
        let lines = self.repo.git.line_change(change);
        json!({
            "sha": change.new.or(change.old).map(|file| file.blob.to_string()),
            "filename": change.path,
            "status": change.status(),
            "additions": lines.added.len(),
            "deletions": lines.removed.len(),
            "changes": lines.added.len() + lines.removed.len(),
            "blob_url": format!("{web}/blob/{at}/{path}"),
            "raw_url": format!("{web}/raw/{at}/{path}"),
            "contents_url": format!("{api}/contents/{path}?ref={at}"),
        })
    }
}

fn stamp_json(stamp: &Stamp) -> Value {
    json!({ "name": stamp.name, "email": stamp.email, "date": time_text(stamp.seconds * 1000) })
}

fn verification_json(commit: &Commit) -> Value {
    match &commit.signature {
        None => {
            json!({ "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null })
        }
        Some(signature) => json!({
            "verified": true,
            "reason": "valid",
            "signature": signature,
            "payload": commit.payload(),
            "verified_at": time_text(commit.committer.seconds * 1000),
        }),
    }
}
