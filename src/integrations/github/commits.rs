//! Who had a hand in each commit, and the pull requests that GitHub connects with it.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::client::GithubClient;
use super::graphql::{Looked, NodeQuery};
use super::history::Comparison;
use super::wire::{self, ActorKind};
use crate::integrations::SourceError;
use crate::model::{
    Account, AccountKind, Commit, CommitSha, GitActor, GithubId, ObjectId, ParseError, RepoName, Signature,
};

/// The query; `tests/it/queries.rs` validates it against GitHub's schema.
const QUERY: NodeQuery = NodeQuery {
    kind: "Commit",
    text: include_str!("queries/commit_origins.graphql"),
    variables: Value::Null,
    most: 50,
};

/// Pull requests of a commit that the query lists.
const LISTED: usize = 10;

/// The commits of a range with everything that was found out about where they come from.
#[derive(Debug, Default)]
pub struct Origins {
    /// The commits, oldest first.
    pub commits: Vec<Commit>,
    /// Node ids of merged pull requests, by number.
    pub pull_requests: BTreeMap<u64, String>,
    /// For each commit the merged pull requests that GitHub connects with it.
    pub of_commit: BTreeMap<CommitSha, Vec<u64>>,
    /// Commits without a pull request of which that was not confirmed, because there are too many of them.
    pub not_looked_up: Vec<CommitSha>,
}

impl GithubClient {
    /// Finds out where the commits of a comparison come from.
    ///
    /// # Errors
    /// When any of them cannot be found out about.
    pub async fn origins(&self, repository: &RepoName, comparison: &Comparison) -> Result<Origins, SourceError> {
        let ids: Vec<String> = comparison.commits.iter().map(|commit| commit.node_id.clone()).collect();
        let found: Looked<wire::CommitOrigin> = self.nodes_in_batches(repository, &QUERY, &ids).await?;
        let found: HashMap<String, wire::CommitOrigin> =
            found.nodes.into_iter().map(|origin| (origin.oid.clone(), origin)).collect();
        let mut origins = Origins::default();
        for compared in &comparison.commits {
            let missing = || SourceError::Incomplete(format!("commit {} is missing", compared.sha));
            origins.add(compared, found.get(&compared.sha).ok_or_else(missing)?)?;
        }
        self.look_up_unconnected(repository, &mut origins).await?;
        Ok(origins)
    }
}

impl Origins {
    fn add(&mut self, compared: &wire::ComparedCommit, origin: &wire::CommitOrigin) -> Result<(), SourceError> {
        complete(&origin.authors, "authors of a commit")?;
        let pulls = &origin.associated_pull_requests;
        // A commit with more than are listed here is looked up by itself, like one with none.
        let goes_on = pulls.nodes.len() == LISTED && pulls.total_count > LISTED;
        if !goes_on {
            complete(pulls, "pull requests of a commit")?;
        }
        let commit = commit(compared, origin)?;
        let merged = pulls.nodes.iter().filter(|pull| !goes_on && pull.merged);
        let numbers = merged.map(|pull| self.connect(pull.number, &pull.id)).collect::<Result<_, _>>()?;
        self.of_commit.insert(commit.sha.clone(), numbers);
        self.commits.push(commit);
        Ok(())
    }

    /// Notes the node id of a pull request. One number has one id, however often it is named.
    pub(super) fn connect(&mut self, number: u64, id: &str) -> Result<u64, SourceError> {
        let known = self.pull_requests.entry(number).or_insert_with(|| id.to_owned());
        if known == id {
            return Ok(number);
        }
        Err(SourceError::Unreadable(format!("pull request {number} has two ids")))
    }
}

fn commit(compared: &wire::ComparedCommit, origin: &wire::CommitOrigin) -> Result<Commit, SourceError> {
    let names = compared.parents.iter().map(|parent| parent.sha.as_str());
    let author =
        GitActor { name: compared.commit.author.name.clone(), account: rest_account(compared.author.as_ref()) };
    let co_authors = origin.authors.nodes.iter().skip(1).map(|author| GitActor {
        name: author.name.clone().unwrap_or_else(|| "nobody".into()),
        account: author.user.as_ref().and_then(user),
    });
    Ok(Commit {
        sha: CommitSha::parse(&compared.sha).map_err(unreadable)?,
        tree: ObjectId::parse(&compared.commit.tree.sha).map_err(unreadable)?,
        parents: parents(names)?,
        authors: std::iter::once(author).chain(co_authors).collect(),
        committer: GitActor {
            name: compared.commit.committer.name.clone(),
            account: rest_account(compared.committer.as_ref()),
        },
        signature: signature(origin.signature.as_ref()),
        headline: compared.commit.message.lines().next().unwrap_or_default().chars().take(200).collect(),
    })
}

/// The parents of a commit. Git never joins a commit with itself.
pub(super) fn parents<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<CommitSha>, SourceError> {
    let parents: Vec<CommitSha> = names.map(CommitSha::parse).collect::<Result<_, _>>().map_err(unreadable)?;
    let unique: HashSet<&CommitSha> = parents.iter().collect();
    if unique.len() == parents.len() {
        return Ok(parents);
    }
    Err(SourceError::Unreadable("a commit with the same parent twice".into()))
}

/// What a signature proves.
pub(super) fn signature(info: Option<&wire::SignatureInfo>) -> Signature {
    match info {
        Some(signature) if signature.is_valid && signature.by_github => Signature::ByGithub,
        Some(signature) if signature.is_valid => Signature::Valid,
        Some(_) | None => Signature::None,
    }
}

/// The account that REST names; none for `null` and for `{}`.
pub(super) fn rest_account(account: Option<&wire::RestAccount>) -> Option<Account> {
    let account = account?;
    let kind = match account.kind.as_deref() {
        Some("User") => AccountKind::User,
        Some("Bot") => AccountKind::Bot,
        Some(_) | None => AccountKind::Other,
    };
    Some(Account { id: GithubId(account.id?).into(), login: account.login.clone()?, kind })
}

/// The user that GraphQL names; none without a number, because a login alone is nobody.
pub(super) fn user(user: &wire::User) -> Option<Account> {
    Some(Account { id: GithubId(user.database_id?).into(), login: user.login.clone(), kind: AccountKind::User })
}

/// As [`user`], for whatever can act.
pub(super) fn account(actor: &wire::Actor) -> Option<Account> {
    let kind = match actor.kind {
        ActorKind::User => AccountKind::User,
        ActorKind::Bot => AccountKind::Bot,
        ActorKind::Mannequin | ActorKind::Organization | ActorKind::EnterpriseUserAccount => AccountKind::Other,
    };
    Some(Account { id: GithubId(actor.database_id?).into(), login: actor.login.clone(), kind })
}

/// A list that is as long as it says.
pub(super) fn complete<T>(list: &wire::Counted<T>, what: &str) -> Result<(), SourceError> {
    if list.nodes.len() == list.total_count {
        return Ok(());
    }
    Err(SourceError::TooMuch(format!("{} of {} {what}", list.nodes.len(), list.total_count)))
}

pub(super) fn unreadable(error: ParseError) -> SourceError {
    SourceError::Unreadable(error.to_string())
}
