//! Code-scanning analyses and check runs of one commit.

use std::collections::{BTreeMap, BTreeSet};

use http::header::{HeaderValue, LINK};
use serde::de::DeserializeOwned;

use super::client::GithubClient;
use super::commits::{rest_account, unreadable};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Answer;
use crate::integrations::scanner::sarif;
use crate::model::{
    AlertDismissal, Analysis, BranchName, CheckRun, CommitSha, CommitStatus, Conclusion, RepoName, Timestamp,
};

/// Entries on a full page; GitHub's most.
const PAGE: usize = 100;

/// Most pages of analyses that are searched for a commit, 100 each, newest first.
const MOST_PAGES: u32 = 5;

/// Most pages of dismissed alerts of one tool that are read, 100 each.
const MOST_ALERT_PAGES: u32 = 20;

/// Most pages of commit statuses that are searched, 100 each, newest first. GitHub keeps a thousand of each context.
const MOST_STATUS_PAGES: u32 = 20;

/// The analyses of one commit by a tool and category, as far as the list was read.
#[derive(Debug)]
pub struct Analyses {
    /// Newest first.
    pub of_commit: Vec<Analysis>,
    /// Where there is none, the newest of any commit.
    pub other: Option<Analysis>,
    /// The next page, and the time back to which the pages before it go; nothing when that was the whole list.
    rest: Option<(u32, Timestamp)>,
    /// Whether GitHub has said that there is a next page.
    is_promised: bool,
}

impl Analyses {
    /// Whether the list was read back to this time; without one, to its end.
    #[must_use]
    pub fn goes_back_to(&self, since: Option<Timestamp>) -> bool {
        self.rest.is_none_or(|(_, read)| since.is_some_and(|since| read < since))
    }
}

impl GithubClient {
    /// The newest analyses of a commit by a tool and category: those of the first page that has one.
    ///
    /// # Errors
    /// [`SourceError::Forbidden`] when we may not see code scanning.
    pub async fn analyses(
        &self,
        repository: &RepoName,
        scan: (&str, &str),
        sha: &CommitSha,
    ) -> Result<Analyses, SourceError> {
        let mut analyses = Analyses { of_commit: Vec::new(), other: None, rest: None, is_promised: false };
        for page in 1..=MOST_PAGES {
            self.add_page((repository, page), (scan, sha), &mut analyses).await?;
            if analyses.rest.is_none() || !analyses.of_commit.is_empty() {
                break;
            }
        }
        Ok(analyses)
    }

    /// Reads on until this time, or to the end.
    ///
    /// # Errors
    /// [`SourceError::TooMuch`] when the list goes on.
    pub async fn analyses_since(
        &self,
        repository: &RepoName,
        (scan, sha): ((&str, &str), &CommitSha),
        (mut analyses, since): (Analyses, Option<Timestamp>),
    ) -> Result<Analyses, SourceError> {
        while !analyses.goes_back_to(since) {
            match analyses.rest {
                Some((page, _)) if page <= MOST_PAGES => {
                    self.add_page((repository, page), (scan, sha), &mut analyses).await?;
                }
                Some(_) | None => return Err(SourceError::TooMuch(format!("the analyses of {}", scan.0))),
            }
        }
        Ok(analyses)
    }

    /// A page moves on while others add to the list: one that was read before is not taken twice.
    async fn add_page(
        &self,
        (repository, page): (&RepoName, u32),
        ((tool, category), sha): ((&str, &str), &CommitSha),
        analyses: &mut Analyses,
    ) -> Result<(), SourceError> {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("tool_name", tool).finish();
        let path = format!("/code-scanning/analyses?{query}&per_page=100&page={page}");
        let found = match self.get(repository, &path, None).await {
            Ok(answer) => Page::<wire::AnalysisInfo>::of(&answer)?,
            // GitHub's answer for a repository that was never scanned.
            Err(SourceError::NotFound) if page == 1 => Page { items: Vec::new(), says_more: false },
            Err(error) => return Err(error),
        };
        if found.items.is_empty() && analyses.is_promised {
            return Err(SourceError::Incomplete(format!("page {page} of the analyses is empty")));
        }
        analyses.is_promised = found.says_more;
        let is_last = found.is_last();
        let found = found.items.into_iter().map(analysis).collect::<Result<Vec<Analysis>, SourceError>>()?;
        let oldest = found.iter().map(|analysis| analysis.created_at).min().filter(|_| !is_last);
        analyses.rest = oldest.map(|oldest| (page + 1, oldest));
        for analysis in found.into_iter().filter(|analysis| analysis.category == category) {
            let is_new = analyses.of_commit.iter().all(|known| known.id != analysis.id);
            if analysis.commit != *sha {
                analyses.other.get_or_insert(analysis);
            } else if is_new {
                analyses.of_commit.push(analysis);
            }
        }
        Ok(())
    }

    /// What an analysis came to: the only list of findings that is bound to its commit.
    ///
    /// # Errors
    /// When it cannot be read as SARIF.
    pub async fn findings(&self, repository: &RepoName, analysis: u64) -> Result<Vec<sarif::Run>, SourceError> {
        let path = format!("/code-scanning/analyses/{analysis}");
        let answer = self.get(repository, &path, Some("application/sarif+json")).await?;
        sarif::read(answer.as_json()?).map_err(|error| SourceError::Unreadable(error.to_string()))
    }

    /// The dismissed alerts of a tool on a branch, by number.
    ///
    /// # Errors
    /// When the list is not complete.
    pub async fn dismissals(
        &self,
        (repository, branch): (&RepoName, &BranchName),
        tool: &str,
    ) -> Result<BTreeMap<u64, AlertDismissal>, SourceError> {
        let mut dismissed = BTreeMap::new();
        let pairs = [("tool_name", tool), ("ref", &format!("refs/heads/{branch}"))];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        for page in 1..=MOST_ALERT_PAGES {
            let path = format!("/code-scanning/alerts?{query}&state=dismissed&per_page=100&page={page}");
            let found = Page::<wire::AlertInfo>::of(&self.get(repository, &path, None).await?)?;
            let is_last = found.is_last();
            for info in found.items {
                if info.state != "dismissed" || info.tool.name != tool {
                    return Err(SourceError::Unreadable(format!("alert {} was not asked for", info.number)));
                }
                dismissed.insert(info.number, dismissal(info));
            }
            if is_last {
                return Ok(dismissed);
            }
        }
        Err(SourceError::TooMuch("dismissed alerts".into()))
    }

    /// The newest runs of a check by one App on a commit.
    ///
    /// # Errors
    /// When the list is not complete.
    pub async fn check_runs(
        &self,
        repository: &RepoName,
        (name, app_id): (&str, u64),
        sha: &CommitSha,
    ) -> Result<Vec<CheckRun>, SourceError> {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("check_name", name).finish();
        let path = format!("/commits/{sha}/check-runs?{query}&app_id={app_id}&filter=latest&per_page=100");
        let page: wire::CheckRuns = self.get(repository, &path, None).await?.json()?;
        if page.total_count != page.check_runs.len() as u64 {
            return Err(SourceError::TooMuch(format!("{} check runs", page.total_count)));
        }
        page.check_runs.into_iter().map(check_run).collect()
    }
}

impl GithubClient {
    /// The newest status of each of these contexts of a commit; the list of GitHub begins with the newest.
    ///
    /// # Errors
    /// When one was not found and the list is not complete.
    pub async fn newest_statuses(
        &self,
        repository: &RepoName,
        contexts: &BTreeSet<&str>,
        sha: &CommitSha,
    ) -> Result<Vec<CommitStatus>, SourceError> {
        let mut newest: Vec<CommitStatus> = Vec::new();
        for page in 1..=MOST_STATUS_PAGES {
            let path = format!("/commits/{sha}/statuses?per_page=100&page={page}");
            let found = Page::<wire::StatusInfo>::of(&self.get(repository, &path, None).await?)?;
            let is_last = found.is_last();
            for status in found.items.into_iter().map(|info| commit_status(info, sha)) {
                let status = status?;
                let wanted = contexts.iter().any(|context| status.is_of(context));
                if wanted && !newest.iter().any(|newer| newer.is_of(&status.context)) {
                    newest.push(status);
                }
            }
            if is_last || newest.len() == contexts.len() {
                return Ok(newest);
            }
        }
        Err(SourceError::TooMuch("commit statuses".into()))
    }
}

/// One page of a list (<https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api>).
struct Page<T> {
    items: Vec<T>,
    /// Whether it names a next one.
    says_more: bool,
}

impl<T: DeserializeOwned> Page<T> {
    fn of(answer: &Answer) -> Result<Page<T>, SourceError> {
        // Links that cannot be read may name a next page.
        let names_next = |links: &HeaderValue| links.to_str().ok().is_none_or(|links| links.contains("rel=\"next\""));
        Ok(Page { items: answer.json()?, says_more: answer.headers.get(LINK).is_some_and(names_next) })
    }

    /// Whether it is neither full nor names another.
    fn is_last(&self) -> bool {
        self.items.len() < PAGE && !self.says_more
    }
}

fn commit_status(info: wire::StatusInfo, sha: &CommitSha) -> Result<CommitStatus, SourceError> {
    if !info.url.ends_with(&format!("/statuses/{sha}")) {
        return Err(SourceError::Unreadable("a status of another commit".into()));
    }
    let state = match info.state.as_str() {
        "success" => Conclusion::Success,
        "pending" => Conclusion::Running,
        _ => Conclusion::Other(info.state),
    };
    let creator = rest_account(info.creator.as_ref());
    Ok(CommitStatus { context: info.context, creator, commit: sha.clone(), state })
}

fn analysis(info: wire::AnalysisInfo) -> Result<Analysis, SourceError> {
    Ok(Analysis {
        id: info.id,
        tool: info.tool.name,
        category: info.category.unwrap_or_default(),
        commit: CommitSha::parse(&info.commit_sha).map_err(unreadable)?,
        error: info.error,
        warning: info.warning,
        rules: info.rules_count,
        results: info.results_count,
        created_at: Timestamp::parse(&info.created_at).map_err(unreadable)?,
    })
}

fn dismissal(info: wire::AlertInfo) -> AlertDismissal {
    AlertDismissal {
        tool: info.tool.name,
        rule: info.rule.id,
        by: rest_account(info.dismissed_by.as_ref()),
        reason: info.dismissed_reason,
        comment: info.dismissed_comment,
    }
}

fn check_run(info: wire::CheckRunInfo) -> Result<CheckRun, SourceError> {
    let conclusion = match (info.status.as_str(), info.conclusion) {
        ("completed", Some(end)) if end == "success" => Conclusion::Success,
        ("completed", Some(end)) => Conclusion::Other(end),
        ("completed", None) => Conclusion::Other("no conclusion".into()),
        _ => Conclusion::Running,
    };
    let nobody = || SourceError::Unreadable("a check run without an App".into());
    Ok(CheckRun {
        name: info.name,
        app_id: info.app.ok_or_else(nobody)?.id,
        commit: CommitSha::parse(&info.head_sha).map_err(unreadable)?,
        conclusion,
    })
}
