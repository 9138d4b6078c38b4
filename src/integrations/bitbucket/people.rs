//! Whose account it is, and what somebody may do.
//!
//! An address in a commit is anybody's to write. It stands for an account only where Bitbucket itself connects the two: as the
//! author of a commit, whose address the owner of the account has confirmed.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::client::{BitbucketClient, repository};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::forge::with_people;
use crate::integrations::git::GitCommit;
use crate::model::{Account, AccountKind, Commit, CommitSha, Service, UserId, braced};

/// Most pages of the commits of a range: so many commits as a range can have.
const MOST_PAGES: usize = 100;

/// Most old commits that are named in a question.
const MOST_EXCLUDED: usize = 40;

/// What one look at a ticket has read and need not read again: who may push, by repository and account.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<(String, Uuid), bool>>);

impl BitbucketClient {
    /// Whether somebody may push to the repository of a service. Only an administrator of the workspace may ask; where we may
    /// not, nobody is known to.
    /// (<https://developer.atlassian.com/cloud/bitbucket/rest/api-group-workspaces/#api-workspaces-workspace-permissions-repositories-repo-slug-get>).
    ///
    /// # Errors
    /// When Bitbucket does not answer.
    pub(in crate::integrations) async fn may_push(
        &self,
        service: &Service,
        account: &Account,
    ) -> Result<bool, SourceError> {
        let UserId::Bitbucket(user) = account.id else {
            return Err(SourceError::Unreadable("an account of another forge".into()));
        };
        let question = (service.repository.to_string(), user);
        let known = self.known.0.lock().unwrap_or_else(PoisonError::into_inner).get(&question).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let (workspace, name) = service.repository.parts();
        let path =
            format!("/workspaces/{workspace}/permissions/repositories/{name}?q=user.uuid%3D%22{}%22", user.braced());
        let found: Vec<wire::Permission> = match self.list(&path, 1).await {
            Ok(found) => found,
            Err(SourceError::Forbidden(_) | SourceError::NotFound) => Vec::new(),
            Err(error) => return Err(error),
        };
        let is_theirs = |one: &&wire::Permission| one.user.as_ref().and_then(id) == Some(user);
        let may = found.iter().filter(is_theirs).any(|one| matches!(one.permission.as_str(), "write" | "admin"));
        self.known.0.lock().unwrap_or_else(PoisonError::into_inner).insert(question, may);
        Ok(may)
    }

    /// Commits with the accounts behind their names. `listed` are those that Bitbucket lists, each with its author.
    ///
    /// # Errors
    /// When one of them is not listed.
    pub(super) fn with_people(commits: &[GitCommit], listed: &[wire::Commit]) -> Result<Vec<Commit>, SourceError> {
        let by_sha: HashMap<&str, Option<Account>> =
            listed.iter().map(|commit| (commit.hash.as_str(), commit.author.user.as_ref().and_then(account))).collect();
        let author = |sha: &CommitSha| {
            let missing = || SourceError::Incomplete(format!("commit {sha} is missing"));
            by_sha.get(sha.as_str()).cloned().ok_or_else(missing)
        };
        // One address that belongs to two accounts belongs to nobody.
        let mut by_address: HashMap<&str, Option<Account>> = HashMap::new();
        for commit in commits {
            let (Some(address), found) = (&commit.author.address, author(&commit.sha)?) else { continue };
            let same = by_address.entry(address).or_insert_with(|| found.clone());
            if *same != found {
                *same = None;
            }
        }
        let known = |address: &str| by_address.get(address).cloned().flatten();
        commits.iter().map(|commit| Ok(with_people(commit, author(&commit.sha)?, known))).collect()
    }

    /// Commits of a range, the newest last, as Bitbucket lists them
    /// (<https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/#api-repositories-workspace-repo-slug-commits-revision-get>).
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) async fn listed(
        &self,
        service: &Service,
        commits: &[GitCommit],
    ) -> Result<Vec<wire::Commit>, SourceError> {
        let Some(head) = commits.last() else { return Ok(Vec::new()) };
        let inside: HashSet<&CommitSha> = commits.iter().map(|commit| &commit.sha).collect();
        let old: BTreeSet<&CommitSha> =
            commits.iter().flat_map(|commit| &commit.parents).filter(|parent| !inside.contains(parent)).collect();
        // What is listed beyond the range does no harm.
        let exclude: Vec<String> = old.iter().take(MOST_EXCLUDED).map(|sha| format!("exclude={sha}")).collect();
        let path = repository(&service.repository, &format!("/commits/{}?{}", head.sha, exclude.join("&")));
        self.list(&path, MOST_PAGES).await
    }
}

/// The account of somebody; none without an id, because a name alone is nobody.
pub(super) fn account(user: &wire::User) -> Option<Account> {
    let kind = match user.kind.as_str() {
        "user" => AccountKind::User,
        "app_user" => AccountKind::Bot,
        _ => AccountKind::Other,
    };
    let login = user.nickname.clone().or_else(|| user.display_name.clone())?;
    Some(Account { id: UserId::Bitbucket(id(user)?), login, kind })
}

/// The id of somebody's account.
pub(super) fn id(user: &wire::User) -> Option<Uuid> {
    uuid(user.uuid.as_deref()?)
}

/// An id as Bitbucket writes it.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    braced(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::integrations::git::Named;
    use crate::model::{GitActor, ObjectId};

    fn uuid_of(number: u128) -> String {
        Uuid::from_u128(number).braced().to_string()
    }

    fn sha(digit: char) -> CommitSha {
        CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn commit(digit: char, author: &str, committer: &str) -> GitCommit {
        let named = |address: &str| Named { name: "x".into(), address: Some(address.into()) };
        GitCommit {
            sha: sha(digit),
            tree: ObjectId::parse(&"0".repeat(40)).unwrap(),
            parents: Vec::new(),
            author: named(author),
            committer: named(committer),
            co_authors: vec![named("nobody@acme.example")],
            headline: String::new(),
        }
    }

    fn listed(digit: char, user: Option<u128>) -> wire::Commit {
        let user = user.map(|number| json!({"type": "user", "uuid": uuid_of(number), "nickname": "n"}));
        serde_json::from_value(json!({"hash": digit.to_string().repeat(40), "author": {"user": user}})).unwrap()
    }

    fn id_of(actor: &GitActor) -> Option<UserId> {
        actor.account.as_ref().map(|account| account.id)
    }

    #[test]
    fn a_committer_is_known_when_bitbucket_connects_the_address_with_an_author() {
        let commits = [commit('a', "dana@x", "lee@x"), commit('b', "lee@x", "kim@x")];
        let found = BitbucketClient::with_people(&commits, &[listed('a', Some(7)), listed('b', Some(8))]).unwrap();
        let user = |number| Some(UserId::Bitbucket(Uuid::from_u128(number)));
        assert_eq!(found.iter().map(|commit| id_of(&commit.committer)).collect::<Vec<_>>(), [user(8), None]);
        assert_eq!(found.iter().map(|commit| id_of(&commit.authors[0])).collect::<Vec<_>>(), [user(7), user(8)]);
        assert!(found.iter().all(|commit| commit.authors[1].account.is_none()), "a co-author whom nobody knows");
    }

    #[test]
    fn an_address_of_two_accounts_is_nobodys() {
        let commits = [commit('a', "dana@x", "x@x"), commit('b', "dana@x", "dana@x")];
        let found = BitbucketClient::with_people(&commits, &[listed('a', Some(7)), listed('b', Some(8))]).unwrap();
        assert_eq!(id_of(&found[1].committer), None);
    }

    #[test]
    fn a_commit_that_is_not_listed_is_missed() {
        let commits = [commit('a', "dana@x", "x@x"), commit('b', "dana@x", "dana@x")];
        let found = BitbucketClient::with_people(&commits, &[listed('a', Some(7))]);
        assert!(matches!(found, Err(SourceError::Incomplete(_))));
    }

    #[test]
    fn an_account_without_an_id_is_nobodys_and_an_apps_is_a_machines() {
        let user = |json| account(&serde_json::from_value(json).unwrap());
        assert_eq!(user(json!({"type": "user", "nickname": "dana"})), None);
        assert_eq!(user(json!({"type": "user", "uuid": "7", "nickname": "dana"})), None);
        let kind = |kind: &str| user(json!({"type": kind, "uuid": uuid_of(7), "nickname": "n"})).unwrap().kind;
        assert_eq!(["user", "app_user", "team"].map(kind), [AccountKind::User, AccountKind::Bot, AccountKind::Other]);
    }
}
