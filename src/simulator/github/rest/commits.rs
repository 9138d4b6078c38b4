//! Commits, comparisons and what is known about a commit.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Value, json};

use super::super::Github;
use super::super::git::Oid;
use super::super::shapes::{Comparison, View};
use super::{Answer, Asked, Refusal, Reply, commit, view};

/// The path of a repository and one thing in it.
type Thing = Path<(String, String, String)>;

/// Without paging, a comparison shows no more than its newest commits.
const UNPAGED: usize = 250;

/// The routes of this file.
pub(super) fn routes() -> Router<Arc<Github>> {
    Router::new()
        .route("/repos/{owner}/{repo}/compare/{*basehead}", get(compare))
        .route("/repos/{owner}/{repo}/commits/{*rest}", get(about_commit))
}

async fn compare(
    State(github): State<Arc<Github>>,
    Path((owner, repo, basehead)): Thing,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    let compared = comparison(&view, &basehead)?;
    let paging = asked.explicit_paging();
    let newest = compared.ahead.len().saturating_sub(UNPAGED);
    let commits = match paging {
        Some(paging) => paging.of(&compared.ahead),
        None => compared.ahead.get(newest..).unwrap_or_default(),
    };
    let mut body = view.comparison_json(&compared, commits);
    if paging.is_none_or(|paging| paging.page == 1) {
        let changes = view.changes_since(compared.base, compared.head);
        body["files"] = view.files_json(&changes, compared.head);
    }
    let link = paging.and_then(|paging| asked.link(paging, compared.ahead.len()));
    Ok(Answer { body, link })
}

/// The name of a branch may have slashes, so what is asked about it can only be told from the end.
async fn about_commit(
    State(github): State<Arc<Github>>,
    Path((owner, repo, rest)): Thing,
    Extension(asked): Extension<Asked>,
) -> Reply {
    let world = github.locked();
    let view = view(&world, &asked, (&owner, &repo))?;
    match rest.rsplit_once('/') {
        Some((name, "pulls")) => Ok(pulls(&view, &asked, commit(&view, name)?)),
        Some((name, "check-runs")) => Ok(check_runs(&view, &asked, commit(&view, name)?)),
        Some((name, "status")) => Ok(combined_status(&view, &asked, commit(&view, name)?)),
        Some((name, "statuses")) => {
            let statuses = view.repo.statuses_of(commit(&view, name)?);
            Ok(asked.list(&statuses, |status| view.status_json(status)))
        }
        _ => Ok(view.commit_with_files_json(commit(&view, &rest)?).into()),
    }
}

fn pulls(view: &View<'_>, asked: &Asked, oid: Oid) -> Answer {
    asked.list(&view.pulls_with(oid), |pull| asked.versioned(view.pull_summary_json(pull)))
}

fn combined_status(view: &View<'_>, asked: &Asked, oid: Oid) -> Answer {
    asked.wrapped_list(&view.repo.latest_statuses(oid), |page| view.combined_status_json(oid, page))
}

fn check_runs(view: &View<'_>, asked: &Asked, oid: Oid) -> Answer {
    let mut runs = match asked.value("filter") {
        Some("all") => view.repo.runs_of(oid),
        _ => view.repo.latest_runs(oid),
    };
    runs.retain(|run| asked.value("app_id").is_none_or(|id| id == run.app.to_string()));
    runs.retain(|run| asked.value("check_name").is_none_or(|name| name == run.name));
    runs.retain(|run| asked.value("status").is_none_or(|status| status == run.status()));
    asked.wrapped_list(&runs, |page| {
        let shapes = page.iter().map(|run| view.run_json(run)).collect::<Vec<Value>>();
        json!({ "total_count": runs.len(), "check_runs": shapes })
    })
}

fn comparison(view: &View<'_>, basehead: &str) -> Result<Comparison, Refusal> {
    let (base_name, head_name) = basehead.split_once("...").ok_or_else(Refusal::not_found)?;
    let (base, head) = (compared(view, base_name)?, compared(view, head_name)?);
    let git = &view.repo.git;
    let unrelated = || {
        let message = format!("No common ancestor between {base_name} and {head_name}.");
        Refusal::new(StatusCode::NOT_FOUND, message)
    };
    Ok(Comparison {
        name: basehead.to_owned(),
        base,
        head,
        merge_base: git.merge_base(base, head).ok_or_else(unrelated)?,
        ahead: git.range(base, head),
        behind: git.range(head, base).len(),
    })
}

/// A branch may be written with its owner: `acme:main`.
fn compared(view: &View<'_>, name: &str) -> Result<Oid, Refusal> {
    let (owner, branch) = name.split_once(':').unwrap_or((view.repo.owner(), name));
    let found = view.repo.resolve(branch).filter(|_| owner.eq_ignore_ascii_case(view.repo.owner()));
    found.ok_or_else(Refusal::not_found)
}
