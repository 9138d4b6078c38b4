//! The commits of a pull request as they were reviewed, where a squash or rebase left none of them.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::client::GithubClient;
use super::commits::{account, complete, parents, rest_account, signature, unreadable, user};
use super::{pull_requests, wire};
use crate::integrations::SourceError;
use crate::model::{Account, Commit, CommitSha, GitActor, ObjectId, RepoName};

/// The query for names alone; `tests/it/queries.rs` validates it against GitHub's schema.
const NAMES: &str = include_str!("queries/commit_names.graphql");

/// Most commits of one pull request that are read, and most of which only the names are: as many as a range may have.
const MOST: usize = 1_000;
const MOST_NAMES: usize = 5_000;

/// Pages of a pull request's commits over REST, which shows 250 of them and no more, and how many stand on each.
const MOST_PAGES: usize = 3;
const PAGE: usize = 100;

impl GithubClient {
    /// All own commits of a pull request, oldest first, from its newest ones and the pages before them; proven complete.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when the pages do not add up or do not end in the pull request's final commit.
    pub(super) async fn own_commits(
        &self,
        repository: &RepoName,
        info: &mut wire::PullInfo,
        variables: &Value,
    ) -> Result<Vec<Commit>, SourceError> {
        let (total, head) = (info.commits.total_count, CommitSha::parse(&info.head_ref_oid).map_err(unreadable)?);
        if total > MOST {
            return Err(SourceError::TooMuch(format!("{total} commits of a pull request")));
        }
        let mut commits = reviewed(&mut info.commits)?;
        let mut earlier = earlier(&info.commits.page_info, (commits.len(), total));
        while let Some(before) = earlier {
            let mut page = self.earlier_page(repository, (&info.id, &before), variables).await?;
            let read = reviewed(&mut page)?;
            commits.splice(0..0, read);
            earlier = self::earlier(&page.page_info, (commits.len(), total));
        }
        let commits = check_complete(commits, total, &head)?;
        let commits = self.with_names(repository, info.number, commits).await?;
        Ok(with_kinds(commits, info.author.as_ref().and_then(account).as_ref()))
    }

    /// The names of the commits of a pull request before its newest ones.
    ///
    /// # Errors
    /// [`SourceError::TooMuch`] when there are more than a range may have; [`SourceError::Incomplete`] when the pages do not add
    /// up.
    pub(super) async fn earlier_names(
        &self,
        repository: &RepoName,
        info: &wire::PullInfo,
    ) -> Result<Vec<CommitSha>, SourceError> {
        let (mut read, total) = (info.commits.nodes.len(), info.commits.total_count);
        if total > MOST_NAMES {
            return Err(SourceError::TooMuch(format!("{total} commits of a pull request")));
        }
        let mut names = Vec::new();
        let mut before = earlier(&info.commits.page_info, (read, total));
        while let Some(cursor) = before {
            let query = json!({ "query": NAMES, "variables": { "id": info.id, "before": cursor } });
            let found: wire::NamedNode = self.ask(repository, &query).await?;
            let page = found.node.ok_or(SourceError::NotFound)?.commits;
            read += page.nodes.len();
            names.extend(page.nodes.iter().map(|one| CommitSha::parse(&one.commit.oid).map_err(unreadable)));
            before = earlier(&page.page_info, (read, total));
        }
        if read != total {
            return Err(SourceError::Incomplete(format!("{read} of {total} commits of a pull request")));
        }
        names.into_iter().collect()
    }

    async fn earlier_page(
        &self,
        repository: &RepoName,
        (id, before): (&str, &str),
        variables: &Value,
    ) -> Result<wire::CommitPage, SourceError> {
        let mut variables = variables.clone();
        (variables["ids"], variables["before"]) = (json!([id]), json!(before));
        let query = json!({ "query": pull_requests::TEXT, "variables": variables });
        let found: wire::Nodes<wire::PullInfo> = self.ask(repository, &query).await?;
        let found = found.nodes.into_iter().flatten().find(|found| found.id == id).ok_or(SourceError::NotFound)?;
        Ok(found.commits)
    }

    /// Names the first authors that GraphQL leaves out: it knows users by their addresses, and no bots. REST knows both.
    async fn with_names(
        &self,
        repository: &RepoName,
        number: u64,
        mut commits: Vec<Commit>,
    ) -> Result<Vec<Commit>, SourceError> {
        let nameless = |commit: &Commit| commit.authors.first().is_some_and(|author| author.account.is_none());
        if !commits.iter().any(nameless) {
            return Ok(commits);
        }
        let mut authors: HashMap<String, Account> = HashMap::new();
        for page in 1..=MOST_PAGES {
            let path = format!("/pulls/{number}/commits?per_page={PAGE}&page={page}");
            let found: Vec<wire::PullCommit> = self.get(repository, &path, None).await?.json()?;
            let is_last = found.len() < PAGE;
            let known = found.into_iter().filter_map(|one| Some((one.sha, rest_account(one.author.as_ref())?)));
            authors.extend(known);
            if is_last {
                break;
            }
        }
        for commit in &mut commits {
            if let Some(author) = commit.authors.first_mut().filter(|author| author.account.is_none()) {
                author.account = authors.get(commit.sha.as_str()).cloned();
            }
        }
        Ok(commits)
    }
}

/// Where the page before this one ends, while there are commits that were not read.
fn earlier(page: &wire::PageInfo, (read, total): (usize, usize)) -> Option<String> {
    page.start_cursor.clone().filter(|_| page.has_previous_page && read < total)
}

/// The commits of a page as they were reviewed.
fn reviewed(page: &mut wire::CommitPage) -> Result<Vec<Commit>, SourceError> {
    let missing = || SourceError::Incomplete("a commit of a pull request".into());
    page.nodes.iter_mut().map(|node| commit(node.reviewed.take().ok_or_else(missing)?)).collect()
}

fn check_complete(commits: Vec<Commit>, total: usize, head: &CommitSha) -> Result<Vec<Commit>, SourceError> {
    let unique: HashSet<&CommitSha> = commits.iter().map(|commit| &commit.sha).collect();
    if unique.len() != total || commits.len() != total || !unique.contains(head) {
        return Err(SourceError::Incomplete(format!("{} of {total} commits of a pull request", unique.len())));
    }
    Ok(commits)
}

/// GraphQL calls everybody a user to whom an address belongs; of the opener it says what kind of account it is.
fn with_kinds(mut commits: Vec<Commit>, opener: Option<&Account>) -> Vec<Commit> {
    let authors = commits.iter_mut().flat_map(|commit| &mut commit.authors);
    let accounts = authors.filter_map(|author| author.account.as_mut());
    for account in accounts.filter(|account| opener.is_some_and(|opener| opener.id == account.id)) {
        account.kind = opener.map_or(account.kind, |opener| opener.kind);
    }
    commits
}

fn commit(info: wire::ReviewedCommit) -> Result<Commit, SourceError> {
    complete(&info.parents, "parents of a commit")?;
    complete(&info.authors, "authors of a commit")?;
    let names = info.parents.nodes.iter().map(|parent| parent.oid.as_str());
    Ok(Commit {
        sha: CommitSha::parse(&info.oid).map_err(unreadable)?,
        tree: ObjectId::parse(&info.tree.oid).map_err(unreadable)?,
        parents: parents(names)?,
        authors: info.authors.nodes.iter().map(actor).collect(),
        committer: info.committer.as_ref().map_or_else(nobody, actor),
        signature: signature(info.signature.as_ref()),
        headline: info.message_headline,
    })
}

fn actor(actor: &wire::NamedActor) -> GitActor {
    GitActor {
        name: actor.name.clone().unwrap_or_else(|| "nobody".into()),
        account: actor.user.as_ref().and_then(user),
    }
}

fn nobody() -> GitActor {
    GitActor { name: "nobody".into(), account: None }
}
