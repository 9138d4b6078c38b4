//! Who is who on GitHub.

use std::collections::{HashMap, HashSet};

use super::scene::{AddAddress, DeleteAccount, Person, RenameAccount, Scene, SceneError, SetRights};
use super::world::World;

/// An account. What GitHub reports about people comes from here, never from Git's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The login without the suffix of bots.
    pub login: String,
    /// The numeric id, which stays the same when the login changes.
    pub id: u64,
    /// What kind of account.
    pub kind: Kind,
    /// Whether it may push to the repositories.
    pub may_push: bool,
}

/// The kinds of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A human, or a machine that pretends to be one.
    User,
    /// An App.
    Bot,
    /// The owner of repositories.
    Organization,
}

/// The address that GitHub writes into commits which it makes itself.
pub(super) const GITHUB_EMAIL: &str = "noreply@github.com";

impl Account {
    /// The account of a person of the scene.
    #[must_use]
    pub fn of(person: &Person, scene: &Scene) -> Account {
        let kind = if person.bot { Kind::Bot } else { Kind::User };
        Account { login: person.name.clone(), id: person.github_id(scene), kind, may_push: !person.read_only }
    }

    /// The account with this handle.
    ///
    /// # Errors
    /// When nobody in the scene has it.
    pub fn named(name: &str, scene: &Scene) -> Result<Account, SceneError> {
        scene.person(name).map(|person| Account::of(person, scene))
    }

    /// The account in whose name GitHub commits when somebody presses a button.
    #[must_use]
    pub fn web_flow() -> Account {
        Account { login: "web-flow".into(), id: 19_864_447, kind: Kind::User, may_push: false }
    }

    /// Stands for everybody whose account was deleted, where an answer needs somebody.
    #[must_use]
    pub fn ghost() -> Account {
        Account { login: "ghost".into(), id: 10_137, kind: Kind::User, may_push: false }
    }

    /// The owner of the fixed personal token.
    #[must_use]
    pub fn token_owner() -> Account {
        Account { login: "change-manager".into(), id: 900, kind: Kind::User, may_push: false }
    }

    /// The bot of the App.
    #[must_use]
    pub fn app() -> Account {
        Account { login: "change-manager".into(), id: 901, kind: Kind::Bot, may_push: false }
    }

    /// The owner of a repository.
    #[must_use]
    pub fn owner(login: &str) -> Account {
        Account { login: login.into(), id: 1, kind: Kind::Organization, may_push: false }
    }

    /// The login as REST writes it: with a suffix for bots.
    #[must_use]
    pub fn rest_login(&self) -> String {
        let suffix = if self.kind == Kind::Bot { "[bot]" } else { "" };
        format!("{}{suffix}", self.login)
    }

    /// The relation to the repository as GitHub words it.
    #[must_use]
    pub fn association(&self) -> &'static str {
        match self.kind {
            Kind::User if self.may_push => "MEMBER",
            _ => "CONTRIBUTOR",
        }
    }
}

impl Kind {
    /// The name of the type, the same in REST and in GraphQL.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Kind::User => "User",
            Kind::Bot => "Bot",
            Kind::Organization => "Organization",
        }
    }
}

/// What became of accounts since the scene began. Everything else that is kept about them is as it was then.
#[derive(Debug, Default)]
pub struct Changes {
    rights: HashMap<u64, bool>,
    logins: HashMap<u64, String>,
    addresses: HashMap<String, u64>,
    deleted: HashSet<u64>,
}

impl World {
    /// Gives somebody the right to push, or takes it.
    ///
    /// # Errors
    /// When nobody has this handle.
    pub fn set_rights(&mut self, step: &SetRights) -> Result<(), SceneError> {
        let id = self.account(&step.who)?.id;
        self.changes.rights.insert(id, step.may_push);
        Ok(())
    }

    /// Gives an account another login.
    ///
    /// # Errors
    /// When nobody has this handle, or somebody else has the login.
    pub fn rename_account(&mut self, step: &RenameAccount) -> Result<(), SceneError> {
        let id = self.account(&step.who)?.id;
        if self.account_with_login(&step.login).is_some_and(|other| other.id != id) {
            return Err(SceneError(format!("the login `{}` is taken", step.login)));
        }
        self.changes.logins.insert(id, step.login.clone());
        Ok(())
    }

    /// Gives an account one more address.
    ///
    /// # Errors
    /// When nobody has this handle, or somebody has the address.
    pub fn add_address(&mut self, step: &AddAddress) -> Result<(), SceneError> {
        let id = self.account(&step.who)?.id;
        if self.account_with_email(&step.address).is_some() {
            return Err(SceneError(format!("the address `{}` is taken", step.address)));
        }
        self.changes.addresses.insert(step.address.clone(), id);
        Ok(())
    }

    /// Deletes an account.
    ///
    /// # Errors
    /// When nobody has this handle.
    pub fn delete_account(&mut self, step: &DeleteAccount) -> Result<(), SceneError> {
        let id = self.account(&step.who)?.id;
        self.changes.deleted.insert(id);
        Ok(())
    }

    /// An account as it is now, or nothing when it was deleted.
    #[must_use]
    pub fn today(&self, account: &Account) -> Option<Account> {
        let (changes, id) = (&self.changes, account.id);
        let login = changes.logins.get(&id).unwrap_or(&account.login).clone();
        let may_push = changes.rights.get(&id).copied().unwrap_or(account.may_push);
        (!changes.deleted.contains(&id)).then_some(Account { login, may_push, id, kind: account.kind })
    }

    /// The account that an e-mail address in a commit belongs to, if any.
    #[must_use]
    pub fn account_with_email(&self, email: &str) -> Option<Account> {
        if email == GITHUB_EMAIL {
            return Some(Account::web_flow());
        }
        let scene = &self.shared.scene;
        let added = self.changes.addresses.get(email);
        let has_it = |person: &&Person| person.email() == email || added == Some(&person.github_id(scene));
        let person = scene.people.iter().find(has_it)?;
        self.today(&Account::of(person, scene))
    }

    /// The account that has this login now.
    #[must_use]
    pub fn account_with_login(&self, login: &str) -> Option<Account> {
        let scene = &self.shared.scene;
        let mut people = scene.people.iter().filter_map(|person| self.today(&Account::of(person, scene)));
        people.find(|account| account.rest_login().eq_ignore_ascii_case(login))
    }
}
