//! The JSON shapes of GitHub's REST API and of its webhooks, one named function a shape.

mod checks;
mod commits;
mod deployments;
mod pulls;
mod repos;
mod runs;
mod scanning;

use serde_json::{Value, json};

use super::accounts::{Account, Kind};
use super::git::Oid;
use super::ids::{NodeId, opaque};
use super::pulls::Pull;
use super::world::{Repo, World};

pub(super) use commits::Comparison;
pub(super) use repos::wrapped_base64;

/// The id of the App's only installation.
pub(super) const INSTALLATION: u64 = 5001;

/// The id of the App.
pub(super) const APP: u64 = 900_001;

/// Where addresses in answers point to.
#[derive(Debug, Clone)]
pub struct Links {
    /// The root of the REST API.
    pub api: String,
    /// The root of the pages for people.
    pub web: String,
    /// Whether the scene hides which pull requests carry a commit.
    pub hides_pulls: bool,
}

/// One repository, seen by somebody who asks.
#[derive(Debug, Clone, Copy)]
pub struct View<'w> {
    /// The world around it.
    pub world: &'w World,
    /// The repository.
    pub repo: &'w Repo,
    /// Where addresses point to.
    pub links: &'w Links,
}

impl Links {
    /// For webhooks, which no request came before.
    #[must_use]
    pub fn public() -> Links {
        Links { api: "https://api.github.example".into(), web: "https://github.example".into(), hides_pulls: false }
    }

    /// An account without details: a `simple-user`.
    #[must_use]
    pub fn user_json(&self, account: &Account) -> Value {
        let login = account.rest_login();
        let api = format!("{}/users/{}", self.api, escaped(&login));
        let folder = if account.kind == Kind::Bot { "/apps" } else { "" };
        json!({
            "login": login,
            "id": account.id,
            "node_id": user_node(account),
            "avatar_url": format!("{}/avatars/{}", self.web, account.id),
            "gravatar_id": "",
            "url": api,
            "html_url": format!("{}{folder}/{}", self.web, account.login),
            "followers_url": format!("{api}/followers"),
            "following_url": format!("{api}/following{{/other_user}}"),
            "gists_url": format!("{api}/gists{{/gist_id}}"),
            "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{api}/subscriptions"),
            "organizations_url": format!("{api}/orgs"),
            "repos_url": format!("{api}/repos"),
            "events_url": format!("{api}/events{{/privacy}}"),
            "received_events_url": format!("{api}/received_events"),
            "type": account.kind.type_name(),
            "user_view_type": "public",
            "site_admin": false,
        })
    }
}

impl<'w> View<'w> {
    /// An account without details, as it is now; `ghost` when it was deleted.
    #[must_use]
    pub fn user_json(&self, account: &Account) -> Value {
        self.links.user_json(&self.today(account).unwrap_or_else(Account::ghost))
    }

    /// An account without details, as it is now; null when it was deleted.
    #[must_use]
    pub fn user_or_null_json(&self, account: &Account) -> Value {
        self.today(account).map_or(Value::Null, |account| self.links.user_json(&account))
    }

    /// An account as it is now, or nothing when it was deleted.
    #[must_use]
    pub fn today(&self, account: &Account) -> Option<Account> {
        self.world.today(account)
    }

    /// The relation of an account to the repository as GitHub words it.
    #[must_use]
    pub fn association(&self, account: &Account) -> &'static str {
        self.today(account).map_or("NONE", |account| account.association())
    }

    /// Whether an account may push now.
    #[must_use]
    pub fn may_push(&self, account: &Account) -> bool {
        self.today(account).is_some_and(|account| account.may_push)
    }

    /// The account that an e-mail address in a commit belongs to, or null.
    #[must_use]
    pub fn user_with_email_json(&self, email: &str) -> Value {
        let account = self.world.account_with_email(email);
        account.map_or(Value::Null, |account| self.links.user_json(&account))
    }

    /// The pull requests that carry a commit, as far as this answer may show them.
    #[must_use]
    pub fn pulls_with(&self, commit: Oid) -> Vec<&'w Pull> {
        if self.links.hides_pulls { Vec::new() } else { self.repo.pulls_with(commit) }
    }

    /// The repository's address in the API.
    #[must_use]
    pub fn api(&self) -> String {
        format!("{}/repos/{}", self.links.api, self.repo.full_name)
    }

    /// The repository's page.
    #[must_use]
    pub fn web(&self) -> String {
        format!("{}/{}", self.links.web, self.repo.full_name)
    }

    /// The repository's node id.
    #[must_use]
    pub fn repo_node(&self) -> String {
        NodeId::Repository { repo: self.repo.id }.text()
    }
}

/// A path as it stands in an address: everything but plain letters, digits and slashes is escaped.
#[must_use]
pub fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The node id of an account.
#[must_use]
pub fn user_node(account: &Account) -> String {
    let kind = match account.kind {
        Kind::User => "U",
        Kind::Bot => "BOT",
        Kind::Organization => "O",
    };
    opaque(kind, account.id)
}
