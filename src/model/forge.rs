//! The systems that hold code and reviews, and the accounts that people have there.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::ids::{GithubId, ParseError};

/// Where the code of a service is, with its reviews.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forge {
    /// GitHub; what was written before there were others.
    #[default]
    Github,
    /// GitLab.
    Gitlab,
    /// Bitbucket Cloud.
    Bitbucket,
}

impl Forge {
    /// Whether it is GitHub, which stands nowhere in writing because it was there before the others.
    #[must_use]
    pub fn is_github(&self) -> bool {
        *self == Forge::Github
    }

    /// What stands between the address of a repository and the number of a pull request.
    #[must_use]
    pub fn pull_requests(self) -> &'static str {
        match self {
            Forge::Github => "pull",
            Forge::Gitlab => "-/merge_requests",
            Forge::Bitbucket => "pull-requests",
        }
    }

    /// What stands between the address of a repository and the name of a commit.
    #[must_use]
    pub fn commits(self) -> &'static str {
        match self {
            Forge::Github => "commit",
            Forge::Gitlab => "-/commit",
            Forge::Bitbucket => "commits",
        }
    }

    /// What stands between the address of a repository and a file at a commit.
    #[must_use]
    pub fn files(self) -> &'static str {
        match self {
            Forge::Github => "blob",
            Forge::Gitlab => "-/blob",
            Forge::Bitbucket => "src",
        }
    }
}

impl fmt::Display for Forge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Forge::Github => "GitHub",
            Forge::Gitlab => "GitLab",
            Forge::Bitbucket => "Bitbucket",
        })
    }
}

/// The id of somebody's account. The same number at two systems is two accounts, which may be two people's.
///
/// In writing GitHub's is a plain number, as it was before there were others; the others say whose they are: `gitlab:7`,
/// `bitbucket:{…}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UserId {
    /// GitHub's number.
    Github(GithubId),
    /// GitLab's number, which is of one GitLab; there is one in the settings.
    Gitlab(u64),
    /// Bitbucket's UUID.
    Bitbucket(Uuid),
}

impl UserId {
    /// Whose account it is.
    #[must_use]
    pub fn forge(&self) -> Forge {
        match self {
            UserId::Github(_) => Forge::Github,
            UserId::Gitlab(_) => Forge::Gitlab,
            UserId::Bitbucket(_) => Forge::Bitbucket,
        }
    }

    /// Reads what is written for an account that is not GitHub's.
    ///
    /// # Errors
    /// When it is neither `gitlab:7` nor `bitbucket:{…}`.
    pub fn parse(text: &str) -> Result<UserId, ParseError> {
        let odd = || ParseError::new(text, "an account such as 7, gitlab:7 or bitbucket:{UUID}");
        let (forge, id) = text.split_once(':').ok_or_else(odd)?;
        match forge {
            "gitlab" if id.bytes().all(|byte| byte.is_ascii_digit()) && !id.starts_with('0') => {
                Ok(UserId::Gitlab(id.parse().map_err(|_| odd())?))
            }
            "bitbucket" => braced(id).map(UserId::Bitbucket).ok_or_else(odd),
            _ => Err(odd()),
        }
    }
}

/// A UUID as Bitbucket writes it, with its braces.
#[must_use]
pub fn braced(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text.strip_prefix('{')?.strip_suffix('}')?).ok()
}

impl From<GithubId> for UserId {
    fn from(id: GithubId) -> UserId {
        UserId::Github(id)
    }
}

/// As people read it: `GitHub account 7`.
impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UserId::Github(id) => write!(f, "GitHub account {}", id.0),
            UserId::Gitlab(id) => write!(f, "GitLab account {id}"),
            UserId::Bitbucket(id) => write!(f, "Bitbucket account {}", id.braced()),
        }
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            UserId::Github(id) => serializer.serialize_u64(id.0),
            UserId::Gitlab(id) => serializer.collect_str(&format_args!("gitlab:{id}")),
            UserId::Bitbucket(id) => serializer.collect_str(&format_args!("bitbucket:{}", id.braced())),
        }
    }
}

impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<UserId, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl Visitor<'_> for Written {
    type Value = UserId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number of a GitHub account, gitlab:NUMBER or bitbucket:{UUID}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<UserId, E> {
        Ok(UserId::Github(GithubId(number)))
    }

    /// TOML knows only signed numbers.
    fn visit_i64<E: Error>(self, number: i64) -> Result<UserId, E> {
        let number = u64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))?;
        self.visit_u64(number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<UserId, E> {
        UserId::parse(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_at_two_systems_is_two_accounts() {
        let (github, gitlab) = (UserId::Github(GithubId(7)), UserId::Gitlab(7));
        assert_ne!(github, gitlab);
        assert_eq!((github.to_string(), gitlab.to_string()), ("GitHub account 7".into(), "GitLab account 7".into()));
    }

    #[test]
    fn an_account_of_github_is_a_number_in_writing_as_it_always_was() {
        let uuid = Uuid::from_u128(7);
        for (id, text) in [
            (UserId::Github(GithubId(7)), "7".to_owned()),
            (UserId::Gitlab(7), "\"gitlab:7\"".to_owned()),
            (UserId::Bitbucket(uuid), format!("\"bitbucket:{}\"", uuid.braced())),
        ] {
            assert_eq!(serde_json::to_string(&id).unwrap(), text);
            assert_eq!(serde_json::from_str::<UserId>(&text).unwrap(), id);
        }
        for odd in [
            "-7",
            "7.5",
            "\"7\"",
            "\"github:7\"",
            "\"gitlab:07\"",
            "\"gitlab:+7\"",
            "\"gitlab:\"",
            "\"bitbucket:7\"",
            "null",
        ] {
            assert!(serde_json::from_str::<UserId>(odd).is_err(), "{odd}");
        }
    }
}
