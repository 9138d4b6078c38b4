//! Who is who on GitLab.

use std::collections::{HashMap, HashSet};

use super::scene::{AddAddress, DeleteAccount, Person, RenameAccount, Scene, SceneError, SetRights};
use super::world::World;

/// An account as it was when something was done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The number, which stays the same when the name changes.
    pub id: u64,
    /// The name by which people are called in the web.
    pub username: String,
    /// The name that people read.
    pub name: String,
    /// The address that it has shown to everybody.
    pub email: String,
    /// Whether it belongs to a token or to GitLab itself.
    pub is_bot: bool,
}

/// What an account may do in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// May read.
    Reporter,
    /// May push and merge.
    Developer,
}

impl Role {
    /// The number of the access level.
    #[must_use]
    pub fn level(self) -> u64 {
        match self {
            Role::Reporter => 20,
            Role::Developer => 30,
        }
    }
}

/// What became of accounts since the scene began.
#[derive(Debug, Default)]
pub struct Changes {
    rights: HashMap<u64, bool>,
    names: HashMap<u64, String>,
    addresses: HashMap<String, u64>,
    deleted: HashSet<u64>,
}

impl Account {
    /// The account of a person of the scene.
    #[must_use]
    pub fn of(person: &Person, scene: &Scene) -> Account {
        Account {
            id: person.gitlab_id(scene),
            username: person.name.clone(),
            name: person.full_name.clone(),
            email: person.email(),
            is_bot: person.bot,
        }
    }

    /// Whoever owns the token of cm-bot.
    #[must_use]
    pub fn token_owner() -> Account {
        Account {
            id: 900,
            username: "project_1_bot_cm".into(),
            name: "cm-bot".into(),
            email: "project_1_bot_cm@noreply.gitlab.example".into(),
            is_bot: true,
        }
    }

    /// Stands for everybody whose account was deleted.
    #[must_use]
    pub fn ghost() -> Account {
        Account {
            id: 899,
            username: "ghost1".into(),
            name: "Ghost User".into(),
            email: "ghost1@noreply.gitlab.example".into(),
            is_bot: false,
        }
    }
}

impl World {
    /// The account of somebody in the scene.
    ///
    /// # Errors
    /// When nobody has this handle, or the account was deleted.
    pub fn account(&self, name: &str) -> Result<Account, SceneError> {
        let scene = &self.shared.scene;
        let account = Account::of(scene.person(name)?, scene);
        if self.changes.deleted.contains(&account.id) {
            return Err(SceneError(format!("the account of `{name}` was deleted")));
        }
        Ok(account)
    }

    /// Gives somebody the right to push, or takes it.
    ///
    /// # Errors
    /// When nobody has this handle.
    pub fn set_rights(&mut self, step: &SetRights) -> Result<(), SceneError> {
        let id = self.account(&step.who)?.id;
        self.changes.rights.insert(id, step.may_push);
        Ok(())
    }

    /// Gives an account another name.
    ///
    /// # Errors
    /// When nobody has this handle.
    pub fn rename_account(&mut self, step: &RenameAccount) -> Result<(), SceneError> {
        let id = self.account(&step.who)?.id;
        self.changes.names.insert(id, step.login.clone());
        Ok(())
    }

    /// Gives an account one more address, which it keeps to itself.
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

    /// Deletes an account. What it did is the ghost's from then on.
    ///
    /// # Errors
    /// When nobody has this handle.
    pub fn delete_account(&mut self, step: &DeleteAccount) -> Result<(), SceneError> {
        let id = self.account(&step.who)?.id;
        self.changes.deleted.insert(id);
        Ok(())
    }

    /// An account as it is shown now.
    #[must_use]
    pub fn today(&self, account: &Account) -> Account {
        if self.changes.deleted.contains(&account.id) {
            return Account::ghost();
        }
        let username = self.changes.names.get(&account.id).unwrap_or(&account.username).clone();
        Account { username, ..account.clone() }
    }

    /// Every account that is there now.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        let scene = &self.shared.scene;
        let people = scene.people.iter().map(|person| Account::of(person, scene));
        let people = people.filter(|account| !self.changes.deleted.contains(&account.id));
        people.map(|account| self.today(&account)).collect()
    }

    /// The account to which GitLab counts commits with this address.
    #[must_use]
    pub fn account_with_email(&self, email: &str) -> Option<Account> {
        let added = self.changes.addresses.get(email);
        let private = |account: &Account| format!("{}-{}@users.noreply.gitlab.example", account.id, account.username);
        let has_it = |account: &Account| {
            account.email.eq_ignore_ascii_case(email) || added == Some(&account.id) || private(account) == email
        };
        self.accounts().into_iter().find(has_it)
    }

    /// What an account may do in the projects; nothing when it is no member.
    #[must_use]
    pub fn role(&self, id: u64) -> Option<Role> {
        let scene = &self.shared.scene;
        if id == Account::token_owner().id {
            return Some(Role::Reporter);
        }
        let person = scene.people.iter().find(|person| person.gitlab_id(scene) == id)?;
        if self.changes.deleted.contains(&id) {
            return None;
        }
        let may_push = self.changes.rights.get(&id).copied().unwrap_or(!person.read_only);
        Some(if may_push { Role::Developer } else { Role::Reporter })
    }
}
