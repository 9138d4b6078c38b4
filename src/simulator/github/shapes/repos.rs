//! Repositories, branches, trees and files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::accounts::Account;
use super::super::git::Oid;
use super::super::git::tree::{Entry, Mode};
use super::super::ids::{NodeId, opaque};
use super::super::time_text;
use super::{View, escaped};

/// Addresses below the one of the repository. The name of each field is the first word with `_url`.
const ADDRESSES: [(&str, &str); 36] = [
    ("archive", "/{archive_format}{/ref}"),
    ("assignees", "/assignees{/user}"),
    ("blobs", "/git/blobs{/sha}"),
    ("branches", "/branches{/branch}"),
    ("collaborators", "/collaborators{/collaborator}"),
    ("comments", "/comments{/number}"),
    ("commits", "/commits{/sha}"),
    ("compare", "/compare/{base}...{head}"),
    ("contents", "/contents/{+path}"),
    ("contributors", "/contributors"),
    ("deployments", "/deployments"),
    ("downloads", "/downloads"),
    ("events", "/events"),
    ("forks", "/forks"),
    ("git_commits", "/git/commits{/sha}"),
    ("git_refs", "/git/refs{/sha}"),
    ("git_tags", "/git/tags{/sha}"),
    ("hooks", "/hooks"),
    ("issue_comment", "/issues/comments{/number}"),
    ("issue_events", "/issues/events{/number}"),
    ("issues", "/issues{/number}"),
    ("keys", "/keys{/key_id}"),
    ("labels", "/labels{/name}"),
    ("languages", "/languages"),
    ("merges", "/merges"),
    ("milestones", "/milestones{/number}"),
    ("notifications", "/notifications{?since,all,participating}"),
    ("pulls", "/pulls{/number}"),
    ("releases", "/releases{/id}"),
    ("stargazers", "/stargazers"),
    ("statuses", "/statuses/{sha}"),
    ("subscribers", "/subscribers"),
    ("subscription", "/subscription"),
    ("tags", "/tags"),
    ("teams", "/teams"),
    ("trees", "/git/trees{/sha}"),
];

/// Numbers about which nothing happens in a scene.
const COUNTS: [&str; 8] = [
    "forks",
    "forks_count",
    "open_issues",
    "open_issues_count",
    "size",
    "stargazers_count",
    "watchers",
    "watchers_count",
];

impl View<'_> {
    /// A repository that is asked for by itself.
    #[must_use]
    pub fn full_repo_json(&self) -> Value {
        let mut shape = self.repo_json();
        for name in ["allow_merge_commit", "allow_squash_merge", "allow_rebase_merge"] {
            shape[name] = json!(true);
        }
        for name in ["network_count", "subscribers_count"] {
            shape[name] = json!(0);
        }
        shape
    }

    /// A repository as a part of something else.
    #[must_use]
    pub fn repo_json(&self) -> Value {
        let (repo, api, web) = (self.repo, self.api(), self.web());
        let mut shape = json!({
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
            "clone_url": format!("{web}.git"),
            "git_url": format!("git://github.example/{}.git", repo.full_name),
            "ssh_url": format!("git@github.example:{}.git", repo.full_name),
            "svn_url": web,
            "mirror_url": null,
            "homepage": null,
            "language": null,
            "license": null,
            "default_branch": repo.default_branch,
            "archived": false,
            "disabled": false,
            "has_discussions": false,
            "has_downloads": false,
            "has_issues": true,
            "has_pages": false,
            "has_projects": false,
            "has_wiki": false,
            "created_at": time_text(repo.created),
            "updated_at": time_text(repo.created),
            "pushed_at": time_text(repo.suites.last().map_or(repo.created, |suite| suite.created)),
            "permissions": { "admin": false, "maintain": false, "push": false, "triage": false, "pull": true },
        });
        for (name, path) in ADDRESSES {
            shape[format!("{name}_url")] = json!(format!("{api}{path}"));
        }
        for name in COUNTS {
            shape[name] = json!(0);
        }
        shape
    }

    /// What an account may do in the repository.
    #[must_use]
    pub fn permission_json(&self, account: &Account) -> Value {
        let push = account.may_push;
        let word = if push { "write" } else { "read" };
        let mut user = self.user_json(account);
        user["permissions"] = json!({ "pull": true, "triage": push, "push": push, "maintain": false, "admin": false });
        user["role_name"] = json!(word);
        json!({ "permission": word, "role_name": word, "user": user })
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
    pub fn ref_json(&self, name: &str, tip: Oid) -> Value {
        let api = self.api();
        json!({
            "ref": format!("refs/{name}"),
            "node_id": opaque("REF", format_args!("{}:{name}", self.repo.id)),
            "url": format!("{api}/git/refs/{name}"),
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
        let kind = entry.mode.kind();
        let mut shape = json!({
            "path": path,
            "mode": entry.mode.digits(),
            "type": kind,
            "sha": entry.id.to_string(),
        });
        // What is not in this repository has no address in it.
        if entry.mode != Mode::Submodule {
            shape["url"] = json!(format!("{}/git/{kind}s/{}", self.api(), entry.id));
        }
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
            "node_id": NodeId::Blob { repo: self.repo.id, oid: blob }.text(),
            "size": content.len(),
            "url": format!("{}/git/blobs/{blob}", self.api()),
            "content": wrapped_base64(content),
            "encoding": "base64",
        })
    }

    /// A file or folder at a place in a commit; a file that is asked for by itself has `content`.
    #[must_use]
    pub fn content_json(&self, path: &str, entry: &Entry, reference: &str) -> Value {
        let (kind, place) = match entry.mode {
            Mode::Folder => ("dir", "trees"),
            Mode::Link => ("symlink", "blobs"),
            Mode::Submodule => ("submodule", "trees"),
            Mode::File | Mode::Executable => ("file", "blobs"),
        };
        let (at, file) = (escaped(reference), escaped(path));
        let url = format!("{}/contents/{file}?ref={at}", self.api());
        let html = format!("{}/blob/{at}/{file}", self.web());
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
