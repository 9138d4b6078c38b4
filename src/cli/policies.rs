//! The ready-made policies that the program carries along, to start from.

use anyhow::bail;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(Policy {
            name: $name,
            criteria: include_str!(concat!("../../config/policies/", $name, "/criteria.toml")),
            readme: include_str!(concat!("../../config/policies/", $name, "/README.md")),
        }),*]
    };
}

/// A policy of a company, as criteria.
#[derive(Debug)]
pub struct Policy {
    /// Its name.
    pub name: &'static str,
    /// Its criteria.
    pub criteria: &'static str,
    /// Sentence by sentence, what checks it and what does not.
    pub readme: &'static str,
}

/// Every policy.
pub const POLICIES: &[Policy] = shipped!["lifeomic", "janus", "luma-2018", "luma", "hosted-platform"];

/// The policy of this name.
///
/// # Errors
/// With the names that there are.
pub fn named(name: &str) -> anyhow::Result<&'static Policy> {
    match POLICIES.iter().find(|policy| policy.name == name) {
        Some(policy) => Ok(policy),
        None => {
            let names = POLICIES.iter().map(|policy| policy.name).collect::<Vec<_>>().join(", ");
            bail!("there is no policy `{name}`; there are {names}")
        }
    }
}
