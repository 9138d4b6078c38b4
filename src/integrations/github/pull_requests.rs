//! Pull requests and their reviews.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::client::GithubClient;
use super::commits::{account, complete, unreadable};
use super::graphql::{Looked, NodeQuery};
use super::wire::{self, TimelineItem};
use crate::integrations::SourceError;
use crate::model::{
    Account, AccountKind, BranchName, CommitSha, Dismissal, ForcePush, Ledger, MachineAssignment, Merged, Opinion,
    ParseError, PullRequest, Push, RepoName, Review, Timestamp, UserId,
};

/// The query; `tests/it/queries.rs` validates it against GitHub's schema.
pub(super) const TEXT: &str = include_str!("queries/pull_requests.graphql");

/// Pull requests in one query, unless that proves to be too many.
const BATCH: usize = 20;

/// Commits of a pull request in one answer.
const PAGE: usize = 100;

/// Whether the commits of pull requests are wanted as they were reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnCommits {
    /// All of them, because a squash or rebase may have left none.
    All,
    /// Those that came to the release branch are enough.
    None,
}

/// Pull requests that were read.
#[derive(Debug, Default)]
pub struct PullRequestsRead {
    /// In the order of their ids.
    pub found: Vec<PullRequest>,
    /// The commit that the release branch ended in meanwhile, when nobody moved it.
    pub tip: Option<CommitSha>,
}

impl GithubClient {
    /// Reads pull requests by node id, each with all opinions that were given on it.
    ///
    /// # Errors
    /// When any of them cannot be read completely.
    pub async fn pull_requests(
        &self,
        (repository, branch): (&RepoName, &BranchName),
        ids: &[String],
        own: OwnCommits,
    ) -> Result<PullRequestsRead, SourceError> {
        let variables = variables((repository, branch), own);
        let query = NodeQuery { kind: "PullRequest", text: TEXT, variables: variables.clone(), most: BATCH };
        let Looked { nodes, tip } = self.nodes_in_batches::<wire::PullInfo>(repository, &query, ids).await?;
        let found = nodes.into_iter().map(|mut info| {
            let variables = &variables;
            async move {
                let (commits, earlier) = match own {
                    OwnCommits::All => (Some(self.own_commits(repository, &mut info, variables).await?), Vec::new()),
                    OwnCommits::None => (None, self.earlier_names(repository, &info).await?),
                };
                let mut found = PullRequest { commits, ..pull_request(info)? };
                let read = found.commits.iter().flatten().map(|commit| commit.sha.clone());
                found.own.get_or_insert_default().extend(read.chain(earlier));
                Ok(found)
            }
        });
        Ok(PullRequestsRead { found: try_join_all(found).await?, tip })
    }
}

fn variables((repository, branch): (&RepoName, &BranchName), own: OwnCommits) -> Value {
    let (owner, name) = repository.parts();
    let branch = format!("refs/heads/{branch}");
    json!({"owner": owner, "name": name, "branch": branch, "rewritten": own == OwnCommits::All})
}

fn pull_request(info: wire::PullInfo) -> Result<PullRequest, SourceError> {
    complete(&info.reviews, "reviews of a pull request")?;
    complete(&info.timeline_items, "events of a pull request")?;
    check_newest(&info.commits)?;
    let base =
        info.base_repository.ok_or_else(|| SourceError::Unreadable("a pull request without a repository".into()))?;
    let head = parse(CommitSha::parse(&info.head_ref_oid))?;
    let mut pull_request = PullRequest {
        number: info.number,
        repository: parse(RepoName::parse(&base.name_with_owner))?,
        title: info.title,
        base: parse(BranchName::parse(&info.base_ref_name))?,
        opener: info.author.as_ref().and_then(account),
        assignees: assignees(&info.assignees)?,
        assigned_by_machines: Vec::new(),
        own: Some(
            info.commits.nodes.iter().map(|own| parse(CommitSha::parse(&own.commit.oid))).collect::<Result<_, _>>()?,
        ),
        commits: None,
        merged: merged(info.merged, info.merge_commit, info.merged_at)?,
        squash: None,
        reviews: info.reviews.nodes.into_iter().map(review).collect::<Result<_, _>>()?,
        first_seen: BTreeMap::new(),
        pushes: Vec::new(),
        force_pushes: Vec::new(),
        base_changes: Vec::new(),
        dismissals: Vec::new(),
        ledger: Ledger::default(),
        head,
    };
    for commit in info.commits.nodes {
        add_arrival(&mut pull_request, commit.commit)?;
    }
    let by_people = named_by_people(&info.timeline_items.nodes);
    for item in info.timeline_items.nodes {
        add_event(&mut pull_request, item)?;
    }
    pull_request.assigned_by_machines.retain(|one| !by_people.contains(&one.who));
    Ok(pull_request)
}

/// Whom people assigned, each other or themselves, and who did: a machine that names them too takes nothing from that.
fn named_by_people(items: &[TimelineItem]) -> BTreeSet<UserId> {
    let by_person = |item: &TimelineItem| match item {
        TimelineItem::Assigned { actor, assignee } if !actor.as_ref().is_some_and(is_machine) => {
            [actor, assignee].map(|who| who.as_ref().and_then(account))
        }
        _ => [None, None],
    };
    items.iter().flat_map(by_person).flatten().map(|who| who.id).collect()
}

fn is_machine(actor: &wire::Actor) -> bool {
    account(actor).is_some_and(|account| account.kind != AccountKind::User)
}

/// As many of the newest commits as GitHub shows at once.
fn check_newest(page: &wire::CommitPage) -> Result<(), SourceError> {
    let (shown, total) = (page.nodes.len(), page.total_count);
    if shown == total.min(PAGE) {
        return Ok(());
    }
    Err(SourceError::Incomplete(format!("the newest {shown} of {total} commits of a pull request")))
}

fn merged(is: bool, commit: Option<wire::Oid>, at: Option<String>) -> Result<Option<Merged>, SourceError> {
    match (is, commit, at) {
        (true, Some(commit), Some(at)) => {
            Ok(Some(Merged { commit: parse(CommitSha::parse(&commit.oid))?, at: parse(Timestamp::parse(&at))? }))
        }
        // Without the commit nobody can say what it brought, so it brought nothing.
        (true, _, _) | (false, _, _) => Ok(None),
    }
}

/// Those whom GitHub names with a number.
fn assignees(list: &wire::Counted<wire::Actor>) -> Result<Vec<Account>, SourceError> {
    complete(list, "assignees of a pull request")?;
    let nobody = || SourceError::Unreadable("an assignee without a number".into());
    list.nodes.iter().map(|actor| account(actor).ok_or_else(nobody)).collect()
}

fn review(info: wire::ReviewInfo) -> Result<Review, SourceError> {
    let missing = || SourceError::Unreadable("a review without a time".into());
    Ok(Review {
        opinion: opinion(&info.state)?,
        submitted_at: parse(Timestamp::parse(&info.submitted_at.ok_or_else(missing)?))?,
        author: info.author.as_ref().and_then(account),
        commit: info.commit.map(|commit| parse(CommitSha::parse(&commit.oid))).transpose()?,
        may_push: info.author_can_push_to_repository,
        text: String::new(),
        edited_at: None,
        id: info.id,
    })
}

/// When GitHub first made something for a commit, and who pushed it.
fn add_arrival(pull_request: &mut PullRequest, commit: wire::HeadCommitInfo) -> Result<(), SourceError> {
    let sha = parse(CommitSha::parse(&commit.oid))?;
    for suite in commit.check_suites.map_or_else(Vec::new, |suites| suites.nodes) {
        let at = parse(Timestamp::parse(&suite.created_at))?;
        let first = pull_request.first_seen.entry(sha.clone()).or_insert(at);
        *first = at.min(*first);
        let push = suite.push.map(|push| pushed(&push, at)).transpose()?.flatten();
        let is_new =
            |push: &Push| pull_request.pushes.iter().all(|old| (&old.after, &old.by) != (&push.after, &push.by));
        if let Some(push) = push.filter(is_new) {
            pull_request.pushes.push(push);
        }
    }
    Ok(())
}

/// A push as its check suite describes it; a deleted branch has no commit after it.
fn pushed(push: &wire::Push, at: Timestamp) -> Result<Option<Push>, SourceError> {
    let sha = |text: &Option<String>| text.as_ref().map(|text| parse(CommitSha::parse(text))).transpose();
    let Some(after) = sha(&push.next_sha)? else { return Ok(None) };
    let before = sha(&push.previous_sha)?.filter(|before| !before.as_str().bytes().all(|byte| byte == b'0'));
    Ok(Some(Push { before, after, by: account(&push.pusher), at }))
}

fn add_event(pull_request: &mut PullRequest, item: TimelineItem) -> Result<(), SourceError> {
    match item {
        TimelineItem::ForcePushed { created_at, actor } => pull_request
            .force_pushes
            .push(ForcePush { at: parse(Timestamp::parse(&created_at))?, actor: actor.as_ref().and_then(account) }),
        TimelineItem::BaseChanged { created_at } => {
            pull_request.base_changes.push(parse(Timestamp::parse(&created_at))?);
        }
        // Whoever names somebody else as the one who asked may have asked.
        TimelineItem::Assigned { actor, assignee } => {
            let (by, who) = (actor.as_ref().and_then(account), assignee.as_ref().and_then(account));
            if let (Some(by), Some(who)) = (by.as_ref().filter(|by| by.kind != AccountKind::User), &who) {
                pull_request.assigned_by_machines.push(MachineAssignment { by: by.id, who: who.id });
            }
            pull_request.assignees.extend(by.into_iter().chain(who));
        }
        TimelineItem::ReviewDismissed { created_at, previous_review_state, actor, review: Some(review) } => {
            pull_request.dismissals.push(Dismissal {
                review: review.id,
                was: opinion(&previous_review_state)?,
                at: Some(parse(Timestamp::parse(&created_at))?),
                actor: actor.as_ref().and_then(account),
            });
        }
        TimelineItem::ReviewDismissed { review: None, .. } => {}
    }
    Ok(())
}

fn opinion(state: &str) -> Result<Opinion, SourceError> {
    match state {
        "APPROVED" => Ok(Opinion::Approved),
        "CHANGES_REQUESTED" => Ok(Opinion::ChangesRequested),
        "DISMISSED" => Ok(Opinion::Dismissed),
        "COMMENTED" | "PENDING" => Ok(Opinion::Commented),
        other => Err(SourceError::Unreadable(format!("unknown review state `{}`", crate::model::shortened(other, 30)))),
    }
}

fn parse<T>(result: Result<T, ParseError>) -> Result<T, SourceError> {
    result.map_err(unreadable)
}
