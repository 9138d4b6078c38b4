//! Pull requests.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Router};

use super::super::Github;
use super::super::pulls::Pull;
use super::super::shapes::View;
use super::{Asked, Refusal, Reply, view};

/// The path of a pull request.
type Numbered = Path<(String, String, u64)>;

/// REST shows no more commits of a pull request than these, and paging does not help.
const COMMITS: usize = 250;

/// The routes of this file.
pub(super) fn routes() -> Router<Arc<Github>> {
    Router::new()
        .route("/repos/{owner}/{repo}/pulls", get(list))
        .route("/repos/{owner}/{repo}/pulls/{number}", get(one))
        .route("/repos/{owner}/{repo}/pulls/{number}/reviews", get(reviews))
        .route("/repos/{owner}/{repo}/pulls/{number}/commits", get(commits))
        .route("/repos/{owner}/{repo}/issues/{number}/comments", get(comments))
        .route("/repos/{owner}/{repo}/issues/{number}/timeline", get(timeline))
}

/// Newest first; only open ones without a word.
async fn list(
    State(github): State<Arc<Github>>,
    Path((owner, repo)): Path<(String, String)>,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let state = asked.value("state").unwrap_or("open").to_owned();
    let wanted = |pull: &&Pull| state == "all" || view.pull_summary_json(pull)["state"] == state.as_str();
    let pulls: Vec<&Pull> = view.repo.pulls.values().rev().filter(wanted).collect();
    Ok(asked.list(&pulls, |pull| asked.versioned(view.pull_summary_json(pull))))
}

async fn one(
    State(github): State<Arc<Github>>,
    Path((owner, repo, number)): Numbered,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    Ok(asked.versioned(view.pull_json(pull(&view, number)?)).into())
}

async fn reviews(
    State(github): State<Arc<Github>>,
    Path((owner, repo, number)): Numbered,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let pull = pull(&view, number)?;
    Ok(asked.list(&pull.reviews, |review| view.review_json(pull, review)))
}

async fn commits(
    State(github): State<Arc<Github>>,
    Path((owner, repo, number)): Numbered,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let commits = &pull(&view, number)?.commits;
    let shown = commits.get(..COMMITS).unwrap_or(commits);
    Ok(asked.list(shown, |oid| view.commit_json(*oid)))
}

async fn comments(
    State(github): State<Arc<Github>>,
    Path((owner, repo, number)): Numbered,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let pull = pull(&view, number)?;
    Ok(asked.list(&pull.comments, |remark| view.remark_json(pull, remark)))
}

async fn timeline(
    State(github): State<Arc<Github>>,
    Path((owner, repo, number)): Numbered,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let pull = pull(&view, number)?;
    Ok(asked.list(&pull.timeline, |item| view.item_json(pull, item)))
}

fn pull<'w>(view: &View<'w>, number: u64) -> Result<&'w Pull, Refusal> {
    view.repo.pulls.get(&number).ok_or_else(Refusal::not_found)
}
