//! What happens to accounts on GitHub. The handles of the scene stay what they are.

use serde::Deserialize;

/// Somebody is given, or loses, the right to push to the repositories.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetRights {
    /// Whose right.
    pub who: String,
    /// Whether it is there from now on.
    pub may_push: bool,
}

/// An account gets another login. Its id stays, and the old login is free for others.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenameAccount {
    /// Whose account.
    pub who: String,
    /// The new login.
    pub login: String,
}

/// Somebody adds an e-mail address to an account. Commits that bear it are of this account from now on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddAddress {
    /// Whose account.
    pub who: String,
    /// The address.
    pub address: String,
}

/// An account is deleted. What it did stays, without a name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteAccount {
    /// Whose account.
    pub who: String,
}
