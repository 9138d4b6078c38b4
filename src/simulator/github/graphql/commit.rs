//! Commits, and the people in them.

use apollo_compiler::resolvers::{ObjectValue, ResolveInfo, ResolvedValue};

use super::super::accounts::{Account, Kind};
use super::super::commits::authors;
use super::super::git::{Commit, Oid};
use super::super::ids::NodeId;
use super::super::shapes::{View, user_node};
use super::super::time_text;
use super::checks::{rollup, suite};
use super::objects::tree;
use super::pull::PullObject;
use super::query::RepoObject;
use super::record::{Object, Record, Resolved, connection, leaf, object};

/// A commit.
#[derive(Debug, Clone, Copy)]
pub struct CommitObject<'w> {
    view: View<'w>,
    oid: Oid,
    commit: &'w Commit,
}

impl<'w> CommitObject<'w> {
    /// The commit with this id, if the repository has it.
    #[must_use]
    pub fn find(view: View<'w>, oid: Oid) -> Option<CommitObject<'w>> {
        view.repo.git.commit(oid).map(|commit| CommitObject { view, oid, commit })
    }

    /// The same where any object may stand.
    #[must_use]
    pub fn boxed(view: View<'w>, oid: Oid) -> Option<Object<'w>> {
        CommitObject::find(view, oid).map(|commit| Box::new(commit) as Object<'w>)
    }

    fn connection(&self, info: &ResolveInfo<'_>) -> Option<Resolved<'w>> {
        let (view, repo) = (self.view, self.view.repo);
        Some(match info.field_name() {
            "parents" => {
                let parents = self.commit.parents.iter().filter_map(|oid| CommitObject::find(view, *oid));
                let parents = parents.collect::<Vec<_>>();
                connection(info, "CommitConnection", &parents, |parent| Box::new(*parent))
            }
            "history" => {
                let history = repo.git.log(self.oid).into_iter().filter_map(|oid| CommitObject::find(view, oid));
                let history = history.collect::<Vec<_>>();
                connection(info, "CommitHistoryConnection", &history, |commit| Box::new(*commit))
            }
            "authors" => connection(info, "GitActorConnection", &authors(self.commit), |(name, email)| {
                git_actor(view, (name, email), self.commit.author.seconds)
            }),
            "associatedPullRequests" => {
                let mut pulls = view.pulls_with(self.oid);
                let order = info.arguments().get("orderBy").and_then(|order| order.as_object());
                let order = |key: &str| order.and_then(|order| order.get(key)).and_then(|value| value.as_str());
                if order("field") == Some("UPDATED_AT") {
                    pulls.sort_by_key(|pull| pull.updated);
                } else {
                    pulls.sort_by_key(|pull| pull.created);
                }
                if order("direction") == Some("DESC") {
                    pulls.reverse();
                }
                connection(info, "PullRequestConnection", &pulls, |pull| Box::new(PullObject { view, pull }))
            }
            "checkSuites" => {
                connection(info, "CheckSuiteConnection", &repo.suites_of(self.oid), |one| suite(view, one))
            }
            _ => return None,
        })
    }

    fn scalar(&self, name: &str) -> Option<ResolvedValue<'w>> {
        let (commit, message) = (self.commit, self.commit.shown_message());
        let (headline, body) = message.split_once('\n').unwrap_or((message, ""));
        Some(match name {
            "id" => leaf(NodeId::Commit { repo: self.view.repo.id, oid: self.oid }.text()),
            "oid" => leaf(self.oid.to_string()),
            "abbreviatedOid" => leaf(self.oid.short()),
            "url" => leaf(format!("{}/commit/{}", self.view.web(), self.oid)),
            "message" => leaf(message),
            "messageHeadline" => leaf(headline),
            "messageBody" => leaf(body.trim_start_matches('\n')),
            "authoredDate" => leaf(time_text(commit.author.seconds * 1000)),
            "committedDate" => leaf(time_text(commit.committer.seconds * 1000)),
            "committedViaWeb" => leaf(commit.signature.is_some()),
            "authoredByCommitter" => leaf(commit.author.email == commit.committer.email),
            "additions" => leaf(self.line_counts().0),
            "deletions" => leaf(self.line_counts().1),
            "changedFilesIfAvailable" => {
                leaf(self.view.repo.git.changes(self.view.parent_tree(commit), commit.tree).len())
            }
            _ => return None,
        })
    }

    fn line_counts(&self) -> (usize, usize) {
        let old = self.view.parent_tree(self.commit);
        self.view.line_counts(&self.view.repo.git.changes(old, self.commit.tree))
    }
}

impl ObjectValue for CommitObject<'_> {
    fn type_name(&self) -> &str {
        "Commit"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let (view, commit) = (self.view, self.commit);
        if let Some(scalar) = self.scalar(info.field_name()) {
            return Ok(scalar);
        }
        if let Some(connection) = self.connection(info) {
            return connection;
        }
        let (author, committer) = (&commit.author, &commit.committer);
        match info.field_name() {
            "repository" => Ok(ResolvedValue::object(RepoObject(view))),
            "tree" => Ok(ResolvedValue::Object(tree(view, commit.tree, ""))),
            "author" => Ok(ResolvedValue::Object(git_actor(view, (&author.name, &author.email), author.seconds))),
            "committer" => {
                Ok(ResolvedValue::Object(git_actor(view, (&committer.name, &committer.email), committer.seconds)))
            }
            "signature" => Ok(object(signature(view, commit))),
            "statusCheckRollup" => Ok(object(rollup(view, self.oid))),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

/// An account as it is now, or the one that stands for those that were deleted.
#[must_use]
pub fn actor<'w>(view: &View<'w>, account: &Account) -> Object<'w> {
    let account = view.today(account).unwrap_or_else(Account::ghost);
    let record = Record::new(account.kind.type_name()).leaf("login", account.login.as_str());
    with_account(view, &account, record).boxed()
}

/// An account as it is now, or null when it was deleted.
#[must_use]
pub fn actor_or_null<'w>(view: &View<'w>, account: &Account) -> Option<Object<'w>> {
    view.today(account).map(|account| actor(view, &account))
}

/// A person as Git names one. For GitHub, whose address it is decides who it is.
fn git_actor<'w>(view: View<'w>, (name, email): (&str, &str), seconds: i64) -> Object<'w> {
    let account = view.world.account_with_email(email);
    Record::new("GitActor")
        .leaf("name", name)
        .leaf("email", email)
        .leaf("date", time_text(seconds * 1000))
        .object("user", account.map(|account| commit_user(&view, &account)))
        .boxed()
}

/// In commits, GraphQL shows even a bot as a `User`, and with the login that REST uses.
fn commit_user<'w>(view: &View<'w>, account: &Account) -> Object<'w> {
    let record = Record::new(Kind::User.type_name()).leaf("login", account.rest_login());
    with_account(view, account, record).boxed()
}

fn with_account<'w>(view: &View<'w>, account: &Account, record: Record<'w>) -> Record<'w> {
    record
        .leaf("id", user_node(account))
        .leaf("databaseId", account.id)
        .leaf("url", format!("{}/{}", view.links.web, account.login))
        .leaf("isSiteAdmin", false)
}

fn signature<'w>(view: View<'w>, commit: &'w Commit) -> Option<Object<'w>> {
    let signature = commit.signature.as_deref()?;
    let record = Record::new("GpgSignature")
        .leaf("email", commit.committer.email.as_str())
        .leaf("isValid", true)
        .leaf("keyId", "B5690EEEBB952194")
        .leaf("payload", commit.payload())
        .leaf("signature", signature)
        .leaf("state", "VALID")
        .leaf("wasSignedByGitHub", true)
        .object("signer", Some(actor(&view, &Account::web_flow())));
    Some(record.boxed())
}
