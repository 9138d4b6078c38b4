//! Repositories, branches, files and Git objects.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Value, json};

use super::super::Github;
use super::super::git::Oid;
use super::super::git::tree::{Entry, Mode};
use super::super::shapes::{View, wrapped_base64};
use super::{Answer, Asked, Refusal, Reply, view};

/// The path of a repository and one thing in it.
type Thing = Path<(String, String, String)>;

/// The routes of this file.
pub(super) fn routes() -> Router<Arc<Github>> {
    Router::new()
        .route("/repos/{owner}/{repo}", get(repository))
        .route("/repos/{owner}/{repo}/branches/{*branch}", get(branch))
        .route("/repos/{owner}/{repo}/git/ref/{*reference}", get(reference))
        .route("/repos/{owner}/{repo}/collaborators/{login}/permission", get(permission))
        .route("/repos/{owner}/{repo}/contents", get(root))
        .route("/repos/{owner}/{repo}/contents/{*path}", get(contents))
        .route("/repos/{owner}/{repo}/git/commits/{sha}", get(git_commit))
        .route("/repos/{owner}/{repo}/git/trees/{*tree}", get(git_tree))
        .route("/repos/{owner}/{repo}/git/blobs/{sha}", get(git_blob))
}

async fn repository(
    State(github): State<Arc<Github>>,
    Path((owner, repo)): Path<(String, String)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    Ok(view(&world, &asked, (&owner, &repo))?.full_repo_json().into())
}

async fn branch(
    State(github): State<Arc<Github>>,
    Path((owner, repo, branch)): Thing,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let tip = view.repo.branches.get(&branch);
    let tip = tip.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "Branch not found"))?;
    Ok(view.branch_json(&branch, *tip).into())
}

/// Octokit writes `heads%2Fmain` where others write `heads/main`; both are one parameter for GitHub.
async fn reference(
    State(github): State<Arc<Github>>,
    Path((owner, repo, reference)): Thing,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let tip = match reference.split_once('/') {
        Some(("heads", branch)) => view.repo.branches.get(branch),
        Some(("tags", tag)) => view.repo.tags.get(tag),
        _ => None,
    };
    Ok(view.ref_json(&reference, *tip.ok_or_else(Refusal::not_found)?).into())
}

/// What somebody may do. Here that is to write, or to read alone.
async fn permission(
    State(github): State<Arc<Github>>,
    Path((owner, repo, login)): Thing,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let account = world.account_with_login(&login);
    let account = account.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, format!("{login} is not a user")))?;
    Ok(view.permission_json(&account).into())
}

async fn root(
    github: State<Arc<Github>>,
    Path((owner, repo)): Path<(String, String)>,
    asked: Extension<Asked>,
) -> Result<Response, Refusal> {
    contents(github, Path((owner, repo, String::new())), asked).await
}

async fn contents(
    State(github): State<Arc<Github>>,
    Path((owner, repo, path)): Thing,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Refusal> {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let reference = asked.value("ref").unwrap_or(&view.repo.default_branch);
    let commit = view.repo.resolve(reference).and_then(|oid| view.repo.git.commit(oid));
    let no_ref = || Refusal::new(StatusCode::NOT_FOUND, format!("No commit found for the ref {reference}"));
    let tree = commit.ok_or_else(no_ref)?.tree;
    let path = path.trim_end_matches('/');
    let Some(entry) = find(&view, tree, path)? else {
        return Ok(folder(&view, (tree, path), reference).into_response());
    };
    let entry = linked(&view, tree, (path, entry));
    if entry.mode == Mode::Folder {
        return Ok(folder(&view, (entry.id, path), reference).into_response());
    }
    let content = view.repo.git.blob(entry.id);
    if let (Some(content), true) = (content, asked.wants_raw()) {
        return Ok(raw(content));
    }
    let mut shape = view.content_json(path, entry, reference);
    match (entry.mode, content) {
        (Mode::Submodule, _) => shape["submodule_git_url"] = Value::Null,
        (Mode::Link, Some(target)) => shape["target"] = json!(String::from_utf8_lossy(target)),
        (_, Some(content)) => {
            shape["encoding"] = json!("base64");
            shape["content"] = json!(wrapped_base64(content));
        }
        (_, None) => return Err(Refusal::not_found()),
    }
    Ok(Answer::from(shape).into_response())
}

async fn git_commit(
    State(github): State<Arc<Github>>,
    Path((owner, repo, sha)): Thing,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let oid = Oid::parse(&sha).filter(|oid| view.repo.git.commit(*oid).is_some());
    Ok(view.git_commit_json(oid.ok_or_else(Refusal::not_found)?).into())
}

async fn git_tree(
    State(github): State<Arc<Github>>,
    Path((owner, repo, name)): Thing,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let git = &view.repo.git;
    let of_commit = || view.repo.resolve(&name).and_then(|oid| git.commit(oid)).map(|commit| commit.tree);
    let tree = Oid::parse(&name).filter(|oid| git.tree(*oid).is_some()).or_else(of_commit);
    let tree = tree.ok_or_else(Refusal::not_found)?;
    let mut entries = git.entries(tree);
    if asked.value("recursive").is_none() {
        entries.retain(|(path, _)| !path.contains('/'));
    }
    Ok(view.tree_json(tree, &entries).into())
}

async fn git_blob(
    State(github): State<Arc<Github>>,
    Path((owner, repo, sha)): Thing,
    Extension(asked): Extension<Asked>,
) -> Result<Response, Refusal> {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let blob = Oid::parse(&sha).and_then(|oid| view.repo.git.blob(oid).map(|content| (oid, content)));
    let (oid, content) = blob.ok_or_else(Refusal::not_found)?;
    if asked.wants_raw() {
        return Ok(raw(content));
    }
    Ok(Answer::from(view.blob_json(oid, content)).into_response())
}

/// The entry at a path; none is the root. Names are compared as they are, so `..` is a name that nothing has.
fn find<'w>(view: &View<'w>, tree: Oid, path: &str) -> Result<Option<&'w Entry>, Refusal> {
    let (mut tree, mut found) = (tree, None);
    for name in path.split('/').filter(|_| !path.is_empty()) {
        let entries = view.repo.git.tree(tree).unwrap_or_default();
        let entry = entries.iter().find(|entry| entry.name == name).ok_or_else(Refusal::not_found)?;
        (tree, found) = (entry.id, Some(entry));
    }
    Ok(found)
}

/// GitHub answers a link to a file with that file, and a link to anything else with the link.
fn linked<'w>(view: &View<'w>, tree: Oid, (path, entry): (&str, &'w Entry)) -> &'w Entry {
    let target = view.repo.git.blob(entry.id).filter(|_| entry.mode == Mode::Link);
    let Some(target) = target.map(String::from_utf8_lossy) else {
        return entry;
    };
    let mut parts = path.split('/').collect::<Vec<_>>();
    parts.pop();
    for part in target.split('/').filter(|part| *part != ".") {
        match part {
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let found = find(view, tree, &parts.join("/")).ok().flatten();
    found.filter(|found| matches!(found.mode, Mode::File | Mode::Executable)).unwrap_or(entry)
}

fn folder(view: &View<'_>, (tree, path): (Oid, &str), reference: &str) -> Answer {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    let entries = view.repo.git.tree(tree).unwrap_or_default().iter();
    let entries = entries.map(|entry| view.content_json(&format!("{prefix}{}", entry.name), entry, reference));
    entries.collect::<Value>().into()
}

fn raw(content: &[u8]) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/vnd.github.raw+json; charset=utf-8")];
    (kind, content.to_vec()).into_response()
}
