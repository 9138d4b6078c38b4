//! Identifiers. Each can only be made by parsing, so a value of these types is always well formed.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not one of our identifiers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` is not {what}")]
pub struct ParseError {
    shown: String,
    what: &'static str,
}

impl ParseError {
    /// Says that `text` is not `what`; long or odd texts are shown cut and escaped.
    #[must_use]
    pub fn new(text: &str, what: &'static str) -> ParseError {
        ParseError { shown: text.chars().take(60).flat_map(char::escape_debug).collect(), what }
    }

    /// What it is not, for whoever must not show the text.
    #[must_use]
    pub fn what(&self) -> &'static str {
        self.what
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads one.
            ///
            /// # Errors
            /// When the text has another form.
            pub fn parse(text: &str) -> Result<$name, ParseError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok($name(text.to_owned())) } else { Err(ParseError::new(text, $what)) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseError;
            fn try_from(text: String) -> Result<$name, ParseError> {
                $name::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

text_id!(
    /// The key of a change ticket, such as `PRODCM-412`.
    TicketKey,
    "a ticket key such as PRODCM-412",
    is_ticket_key
);
text_id!(
    /// Jira's numeric id of an issue, which stays when the key changes.
    IssueId,
    "a numeric Jira issue id",
    |text| (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
);
text_id!(
    /// A full commit SHA: 40 hex digits in lower case.
    CommitSha,
    "a full commit SHA (40 hex digits)",
    |text| text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
);
text_id!(
    /// The name of a Git object: 40 hex digits in lower case.
    ObjectId,
    "the name of a Git object (40 hex digits)",
    |text| text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
);
text_id!(
    /// A repository as `owner/name`; at GitLab there may be groups between the two.
    RepoName,
    "a repository as owner/name",
    |text| (2..=MOST_GROUPS).contains(&text.split('/').count()) && text.split('/').all(is_path_word)
);
text_id!(
    /// The short name of a branch, such as `main`; `refs/heads/` stands before it.
    BranchName,
    "a branch name",
    is_branch
);
text_id!(
    /// A service: equal to the Jira component.
    ServiceName,
    "a service name",
    is_plain_name
);
text_id!(
    /// A target environment, such as `prod-us`.
    Environment,
    "an environment name",
    is_plain_name
);
text_id!(
    /// A Jira account id. On Data Center it is the key of the account, which in the oldest ones is the name of that time.
    AccountId,
    "a Jira account id",
    |text| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-_.@+".contains(&byte))
);
text_id!(
    /// A Slack user id, such as `U0DANA`.
    SlackId,
    "a Slack user id",
    |text| (2..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
);
text_id!(
    /// A role of the people file, such as `security-lead`.
    RoleName,
    "a role such as security-lead",
    |text| (1..=60).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
);

text_id!(
    /// The SHA-256 of a token: what is kept of a secret that others send.
    TokenDigest,
    "the SHA-256 of a token (64 hex digits in lower case)",
    |text| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
);

/// The numeric id of a GitHub account. Logins can be renamed and taken over, ids cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GithubId(pub u64);

/// The id of a decision in our records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DecisionId(pub Uuid);

impl ObjectId {
    /// Takes hex digits that we wrote ourselves.
    pub(super) fn of_hex(hex: String) -> ObjectId {
        ObjectId(hex)
    }

    /// The 20 bytes that the digits stand for.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let digit = |byte: u8| if byte.is_ascii_digit() { byte - b'0' } else { byte - b'a' + 10 };
        self.0.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
    }
}

/// Parts of the longest name of a repository: GitLab has at most 20 groups in one another.
const MOST_GROUPS: usize = 21;

impl RepoName {
    /// The owner, and the name, which has more than one part where there are groups.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or((&self.0, ""))
    }
}

impl TicketKey {
    /// The project's part of the key.
    #[must_use]
    pub fn project(&self) -> &str {
        self.0.split('-').next().unwrap_or("")
    }
}

impl CommitSha {
    /// The first seven digits, as people know them.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

/// Words in the names of roles that are written in capitals, or partly.
const ABBREVIATIONS: [(&str, &str); 6] =
    [("it", "IT"), ("cto", "CTO"), ("ciso", "CISO"), ("qa", "QA"), ("sre", "SRE"), ("devops", "DevOps")];

impl RoleName {
    /// As people write it: `Security Lead`, `CTO`.
    #[must_use]
    pub fn title(&self) -> String {
        let capital = |word: &str| {
            if let Some((_, written)) = ABBREVIATIONS.iter().find(|(known, _)| *known == word) {
                return (*written).to_owned();
            }
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        };
        self.0.split('-').map(capital).collect::<Vec<_>>().join(" ")
    }
}

impl DecisionId {
    /// Reads the long form.
    ///
    /// # Errors
    /// When the text is no UUID.
    pub fn parse(text: &str) -> Result<DecisionId, ParseError> {
        Uuid::parse_str(text).map(DecisionId).map_err(|_| ParseError::new(text, "a decision id"))
    }

    /// The last eight digits: the random part, so that two decisions of one minute look different.
    #[must_use]
    pub fn short(&self) -> String {
        let digits = self.0.simple().to_string();
        digits.get(24..).unwrap_or(&digits).to_owned()
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn is_ticket_key(text: &str) -> bool {
    let Some((project, number)) = text.split_once('-') else { return false };
    let project_is_good = project.len() >= 2
        && project.starts_with(|first: char| first.is_ascii_uppercase())
        && project.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let number_is_good = (1..=10).contains(&number.len())
        && !number.starts_with('0')
        && number.bytes().all(|byte| byte.is_ascii_digit());
    project_is_good && number_is_good
}

/// A part of a URL path that cannot leave its place: letters, digits and `._-`, and neither `.` nor `..`.
fn is_path_word(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text != "."
        && text != ".."
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Stricter than git: what real release branches are called, and nothing that a URL or a JQL text could misread.
fn is_branch(text: &str) -> bool {
    text.len() <= 200 && text.split('/').all(is_path_word)
}

fn is_plain_name(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.trim() == text
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" ._-/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x14_a_key_is_plain_ascii() {
        assert!(TicketKey::parse("PRODCM-412").is_ok());
        for odd in
            ["prodcm-1", "PRODCM-0", "PRODCM-\u{ff11}", "PRODCM-1\n", "\u{202e}PRODCM-1", "PRODCM-1/..", "P-1", ""]
        {
            assert!(TicketKey::parse(odd).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn x08_a_repository_cannot_leave_its_place_in_a_path() {
        assert!(RepoName::parse("acme/billing-api").is_ok());
        assert_eq!(RepoName::parse("acme/payments/api").unwrap().parts(), ("acme", "payments/api"));
        for odd in
            ["acme/..", "../x", "acme/%2e%2e", "acme/a/../b", "acme//b", "https://github.com/acme/b", "acme", "acme/"]
        {
            assert!(RepoName::parse(odd).is_err(), "{odd:?}");
        }
    }

    #[test]
    fn a_role_is_written_as_people_write_it() {
        let title = |role: &str| RoleName::parse(role).unwrap().title();
        assert_eq!(title("security-lead"), "Security Lead");
        assert_eq!((title("it-manager"), title("devops-lead")), ("IT Manager".to_owned(), "DevOps Lead".to_owned()));
        assert_eq!(title("cto-delegate"), "CTO Delegate");
    }

    #[test]
    fn a_commit_is_named_in_full() {
        let sha = CommitSha::parse("9f3c2ab0000000000000000000000000000000ff").unwrap();
        assert_eq!(sha.short(), "9f3c2ab");
        assert!(CommitSha::parse("9f3c2ab").is_err());
        assert!(CommitSha::parse("9F3C2AB0000000000000000000000000000000FF").is_err());
    }
}
