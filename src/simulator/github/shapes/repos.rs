//! Repositories, branches, trees and files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::accounts::Account;
use super::super::git::Oid;
use super::super::git::tree::{Entry, Mode};
use super::super::ids::opaque;
use super::super::time_text;
use super::View;

impl View<'_> {
    /// A repository.
    #[must_use]
    pub fn repo_json(&self) -> Value {
        let (repo, api, web) = (self.repo, self.api(), self.web());
        json!({
            "id": repo.id,
            "node_id": self.repo_node(),
            "name": repo.name(),
            "full_name": repo.full_name,
            "private": true,
            "visibility": "private",
            "owner": self.user_json(&Account::owner(repo.owner())),
            "html_url": web,
            "description": null,
            "fork": false,
            "url": api,
            "branches_url": format!("{api}/branches{{/branch}}"),
            "commits_url": format!("{api}/commits{{/sha}}"),
            "compare_url": format!("{api}/compare/{{base}}...{{head}}"),
            "contents_url": format!("{api}/contents/{{+path}}"),
            "git_commits_url": format!("{api}/git/commits{{/sha}}"),
            "git_refs_url": format!("{api}/git/refs{{/sha}}"),
            "pulls_url": format!("{api}/pulls{{/number}}"),
            "statuses_url": format!("{api}/statuses/{{sha}}"),
            "trees_url": format!("{api}/git/trees{{/sha}}"),
            "clone_url": format!("{web}.git"),
            "default_branch": repo.default_branch,
            "archived": false,
            "disabled": false,
            "allow_merge_commit": true,
            "allow_squash_merge": true,
            "allow_rebase_merge": true,
            "created_at": time_text(repo.created),
            "updated_at": time_text(repo.created),
            "pushed_at": time_text(repo.suites.last().map_or(repo.created, |suite| suite.created)),
            "permissions": { "admin": false, "maintain": false, "push": false, "triage": false, "pull": true },
        })
    }

    /// A branch with its newest commit.
    #[must_use]
    pub fn branch_json(&self, branch: &str, tip: Oid) -> Value {
        let api = format!("{}/branches/{branch}", self.api());
        let protected = branch == self.repo.default_branch;
        let checks = json!({ "enforcement_level": "off", "contexts": [], "checks": [] });
        json!({
            "name": branch,
            "commit": self.commit_json(tip),
            "_links": { "self": api, "html": format!("{}/tree/{branch}", self.web()) },
            "protected": protected,
            "protection": { "enabled": protected, "required_status_checks": checks },
            "protection_url": format!("{api}/protection"),
        })
    }

    /// A reference to a branch.
    #[must_use]
    pub fn ref_json(&self, branch: &str, tip: Oid) -> Value {
        let api = self.api();
        json!({
            "ref": format!("refs/heads/{branch}"),
            "node_id": opaque("REF", format_args!("{}:{branch}", self.repo.id)),
            "url": format!("{api}/git/refs/heads/{branch}"),
            "object": { "type": "commit", "sha": tip.to_string(), "url": format!("{api}/git/commits/{tip}") },
        })
    }

    /// A tree with the entries that were asked for.
    #[must_use]
    pub fn tree_json(&self, tree: Oid, entries: &[(String, &Entry)]) -> Value {
        let entries = entries.iter().map(|(path, entry)| self.entry_json(path, entry)).collect::<Vec<_>>();
        let url = format!("{}/git/trees/{tree}", self.api());
        json!({ "sha": tree.to_string(), "url": url, "tree": entries, "truncated": false })
    }

    fn entry_json(&self, path: &str, entry: &Entry) -> Value {
        let (kind, place) = if entry.mode == Mode::Folder { ("tree", "trees") } else { ("blob", "blobs") };
        let mut shape = json!({
            "path": path,
            "mode": entry.mode.digits(),
            "type": kind,
            "sha": entry.id.to_string(),
            "url": format!("{}/git/{place}/{}", self.api(), entry.id),
        });
        if let Some(content) = self.repo.git.blob(entry.id) {
            shape["size"] = json!(content.len());
        }
        shape
    }

    /// A blob with its content.
    #[must_use]
    pub fn blob_json(&self, blob: Oid, content: &[u8]) -> Value {
        json!({
            "sha": blob.to_string(),
            "node_id": opaque("B", format_args!("{}:{blob}", self.repo.id)),
            "size": content.len(),
            "url": format!("{}/git/blobs/{blob}", self.api()),
            "content": wrapped_base64(content),
            "encoding": "base64",
        })
    }

    /// A file or folder at a place in a commit; a file that is asked for by itself has `content`.
    #[must_use]
    pub fn content_json(&self, path: &str, entry: &Entry, reference: &str) -> Value {
        let (kind, place) = if entry.mode == Mode::Folder { ("dir", "trees") } else { ("file", "blobs") };
        let url = format!("{}/contents/{path}?ref={reference}", self.api());
        let html = format!("{}/blob/{reference}/{path}", self.web());
        let git = format!("{}/git/{place}/{}", self.api(), entry.id);
        json!({
            "name": entry.name,
            "path": path,
            "sha": entry.id.to_string(),
            "size": self.repo.git.blob(entry.id).map_or(0, <[u8]>::len),
            "type": kind,
            "url": url,
            "html_url": html,
            "git_url": git,
            "download_url": null,
            "_links": { "self": url, "html": html, "git": git },
        })
    }
}

/// Base64 as GitHub writes it: a newline after each 60 characters.
#[must_use]
pub fn wrapped_base64(content: &[u8]) -> String {
    let text = STANDARD.encode(content).into_bytes();
    text.chunks(60).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}
