//! People: one person, the accounts that are theirs, and their roles. The content of `people.toml`.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, GithubId, RoleName, SlackId};

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
    by_github: HashMap<GithubId, usize>,
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
            by_github: HashMap::new(),
            by_jira: HashMap::new(),
            by_slack: HashMap::new(),
            by_openid: HashMap::new(),
            by_email: HashMap::new(),
        };
        for (place, person) in people.everybody.iter().enumerate() {
            for id in &person.github {
                own(&mut people.by_github, *id, place)
                    .map_err(|first| shared(format!("GitHub account {}", id.0), &people.everybody, (first, place)))?;
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

    /// Whose GitHub account this is.
    #[must_use]
    pub fn by_github(&self, id: GithubId) -> Option<&Person> {
        self.by_github.get(&id).map(|place| &self.everybody[*place])
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
