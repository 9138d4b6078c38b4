//! People: one person, the accounts that are theirs, and their roles. The content of `people.toml`.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use super::forge::{Forge, UserId, braced};
use super::ids::{AccountId, GithubId, ParseError, RoleName, SlackId};

/// One human.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The name that others read.
    pub name: String,
    /// The Jira account.
    pub jira: AccountId,
    /// Every GitHub account that is this person's, by number.
    pub github: Vec<GithubId>,
    /// Every GitLab account, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gitlab: Vec<u64>,
    /// Every Bitbucket account, by UUID with its braces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bitbucket: Vec<BitbucketId>,
    /// The Slack account, if there is one.
    pub slack: Option<SlackId>,
    /// What this person may do for others: the roles that the criteria name.
    #[serde(default)]
    pub roles: BTreeSet<RoleName>,
    /// The principal in the file of allowed signers, for whoever signs the criteria.
    pub signs_as: Option<String>,
    /// The subject by which the company's OpenID Connect provider knows this person, for cm-bot's pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openid: Option<String>,
    /// The e-mail address that the provider vouches for, where the settings let people be known by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// The id of a Bitbucket account, as it is written there: a UUID with its braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BitbucketId(pub Uuid);

impl TryFrom<String> for BitbucketId {
    type Error = ParseError;

    fn try_from(text: String) -> Result<BitbucketId, ParseError> {
        braced(&text)
            .map(BitbucketId)
            .ok_or_else(|| ParseError::new(&text, "the UUID of a Bitbucket account with its braces"))
    }
}

impl From<BitbucketId> for String {
    fn from(id: BitbucketId) -> String {
        id.0.braced().to_string()
    }
}

impl Person {
    /// All accounts of this person at all forges.
    pub fn accounts(&self) -> impl Iterator<Item = UserId> {
        let github = self.github.iter().copied().map(UserId::Github);
        let gitlab = self.gitlab.iter().copied().map(UserId::Gitlab);
        github.chain(gitlab).chain(self.bitbucket.iter().map(|id| UserId::Bitbucket(id.0)))
    }

    /// The first account of this person at a forge, if there is one.
    #[must_use]
    pub fn account_at(&self, forge: Forge) -> Option<UserId> {
        self.accounts().find(|id| id.forge() == forge)
    }
}

/// Who signed in, by the word of the OpenID Connect provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider's own name for the account; it never changes hands.
    pub subject: String,
    /// The address of the account, if the provider vouches for it and the settings let people be known by it.
    pub email: Option<String>,
}

/// What another system says of an account now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// A person's, in use.
    Active,
    /// A person's who has left.
    Deactivated,
    /// An app's, a rule's or a customer's.
    NotHuman,
    /// It does not say.
    NotKnown,
}

/// Everybody whom cm-bot knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    everybody: Vec<Person>,
    by_account: HashMap<UserId, usize>,
    by_jira: HashMap<AccountId, usize>,
    by_slack: HashMap<SlackId, usize>,
    by_openid: HashMap<String, usize>,
    by_email: HashMap<String, usize>,
}

/// What is wrong with a people file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    /// Not readable.
    #[error("{0}")]
    Unreadable(String),
    /// An account that two people claim: then nobody can tell who acted.
    #[error("{account} belongs to both {one} and {other}; an account has one owner")]
    SharedAccount {
        /// The account, in words.
        account: String,
        /// Who has it first.
        one: String,
        /// Who has it too.
        other: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    people: Vec<Person>,
}

impl People {
    /// Reads the text of a people file.
    ///
    /// # Errors
    /// When it is no TOML of this form, or an account has two owners.
    pub fn parse(text: &str) -> Result<People, PeopleError> {
        let file: File = toml::from_str(text).map_err(|error| PeopleError::Unreadable(error.to_string()))?;
        let mut people = People {
            everybody: file.people,
            by_account: HashMap::new(),
            by_jira: HashMap::new(),
            by_slack: HashMap::new(),
            by_openid: HashMap::new(),
            by_email: HashMap::new(),
        };
        for (place, person) in people.everybody.iter().enumerate() {
            for id in person.accounts() {
                own(&mut people.by_account, id, place)
                    .map_err(|first| shared(id.to_string(), &people.everybody, (first, place)))?;
            }
            own(&mut people.by_jira, person.jira.clone(), place)
                .map_err(|first| shared(format!("Jira account {}", person.jira), &people.everybody, (first, place)))?;
            if let Some(slack) = &person.slack {
                own(&mut people.by_slack, slack.clone(), place)
                    .map_err(|first| shared(format!("Slack account {slack}"), &people.everybody, (first, place)))?;
            }
            if let Some(subject) = &person.openid {
                own(&mut people.by_openid, subject.clone(), place)
                    .map_err(|first| shared(format!("subject {subject}"), &people.everybody, (first, place)))?;
            }
            if let Some(email) = &person.email {
                own(&mut people.by_email, email.to_ascii_lowercase(), place)
                    .map_err(|first| shared(format!("address {email}"), &people.everybody, (first, place)))?;
            }
        }
        Ok(people)
    }

    /// Whose account this is, at whichever forge.
    #[must_use]
    pub fn by_account(&self, id: impl Into<UserId>) -> Option<&Person> {
        self.by_account.get(&id.into()).map(|place| &self.everybody[*place])
    }

    /// Whose Jira account this is.
    #[must_use]
    pub fn by_jira(&self, account: &AccountId) -> Option<&Person> {
        self.by_jira.get(account).map(|place| &self.everybody[*place])
    }

    /// Whose Slack account this is. A display name or a photo is nobody's.
    #[must_use]
    pub fn by_slack(&self, account: &SlackId) -> Option<&Person> {
        self.by_slack.get(account).map(|place| &self.everybody[*place])
    }

    /// Who signed in. The subject comes first; whoever has one in the file is not known by an address, which may have been
    /// given to somebody else meanwhile.
    #[must_use]
    pub fn by_identity(&self, identity: &Identity) -> Option<&Person> {
        let of = |place: &usize| &self.everybody[*place];
        if let Some(person) = self.by_openid.get(&identity.subject).map(of) {
            return Some(person);
        }
        let email = identity.email.as_ref()?.to_ascii_lowercase();
        self.by_email.get(&email).map(of).filter(|person| person.openid.is_none())
    }

    /// The roles of everybody of this name: who has two accounts is one person with the roles of both.
    #[must_use]
    pub fn roles_of(&self, name: &str) -> BTreeSet<&RoleName> {
        self.everybody.iter().filter(|person| person.name == name).flat_map(|person| &person.roles).collect()
    }

    /// Everybody with at least one of these roles, in the order of the file.
    pub fn with_any_role<'a>(&'a self, roles: &'a [RoleName]) -> impl Iterator<Item = &'a Person> {
        self.everybody.iter().filter(|person| roles.iter().any(|role| person.roles.contains(role)))
    }

    /// Everybody, in the order of the file.
    #[must_use]
    pub fn everybody(&self) -> &[Person] {
        &self.everybody
    }
}

fn own<K: std::hash::Hash + Eq>(owners: &mut HashMap<K, usize>, account: K, place: usize) -> Result<(), usize> {
    match owners.insert(account, place) {
        None => Ok(()),
        Some(first) => Err(first),
    }
}

fn shared(account: String, everybody: &[Person], (one, other): (usize, usize)) -> PeopleError {
    PeopleError::SharedAccount { account, one: everybody[one].name.clone(), other: everybody[other].name.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_one_owner() {
        let person =
            |name: &str, jira: &str| format!("[[people]]\nname = \"{name}\"\njira = \"{jira}\"\ngithub = [7]\n");
        let error = People::parse(&(person("Ana", "a") + &person("Ben", "b"))).unwrap_err();
        assert_eq!(error.to_string(), "GitHub account 7 belongs to both Ana and Ben; an account has one owner");
        assert!(People::parse(&person("Ana", "a")).is_ok());
    }

    #[test]
    fn one_number_at_two_forges_is_two_peoples() {
        let person =
            |name: &str, accounts: &str| format!("[[people]]\nname = \"{name}\"\njira = \"{name}\"\n{accounts}\n");
        let uuid = "{11111111-2222-3333-4444-555555555555}";
        let ana = person("Ana", "github = [7]");
        let ben = person("Ben", "github = []\ngitlab = [7]");
        let cem = person("Cem", &format!("github = []\nbitbucket = [\"{uuid}\"]"));
        let people = People::parse(&(ana.clone() + &ben + &cem)).unwrap();
        let who = |id: UserId| people.by_account(id).map(|person| person.name.as_str());
        assert_eq!(who(UserId::Github(GithubId(7))), Some("Ana"));
        assert_eq!(who(UserId::Gitlab(7)), Some("Ben"));
        assert_eq!(who(UserId::Bitbucket(braced(uuid).unwrap())), Some("Cem"));
        assert_eq!(people.everybody()[0].account_at(Forge::Gitlab), None);
        let error = People::parse(&(ben + &person("Dan", "github = []\ngitlab = [7]"))).unwrap_err();
        assert_eq!(error.to_string(), "GitLab account 7 belongs to both Ben and Dan; an account has one owner");
        let error = People::parse(&person("Eve", "github = []\nbitbucket = [\"7\"]")).unwrap_err();
        assert!(error.to_string().contains("is not the UUID of a Bitbucket account with its braces"), "{error}");
    }

    #[test]
    fn who_signed_in_is_known_by_the_subject_and_by_an_address_only_without_one() {
        let person =
            |name: &str, rest: &str| format!("[[people]]\nname = \"{name}\"\njira = \"{name}\"\ngithub = []\n{rest}");
        let ana = person("Ana", "openid = \"00u1\"\nemail = \"ana@acme.example\"\n");
        let file = ana.clone() + &person("Ben", "email = \"Ben@acme.example\"\n");
        let people = People::parse(&file).unwrap();
        let who = |subject: &str, email: Option<&str>| {
            let identity = Identity { subject: subject.into(), email: email.map(str::to_owned) };
            people.by_identity(&identity).map(|person| person.name.as_str())
        };
        assert_eq!(who("00u1", None), Some("Ana"));
        assert_eq!(who("00u1", Some("ben@acme.example")), Some("Ana"), "the subject comes first");
        assert_eq!(who("00u2", Some("ben@ACME.example")), Some("Ben"));
        assert_eq!(who("00u2", Some("ana@acme.example")), None, "the address is another account's now");
        assert_eq!(who("00u2", None), None);
        let error = People::parse(&(ana + &person("Cem", "openid = \"00u1\"\n"))).unwrap_err();
        assert_eq!(error.to_string(), "subject 00u1 belongs to both Ana and Cem; an account has one owner");
    }
}
