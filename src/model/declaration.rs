//! What somebody says who declares an emergency.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ids::{AccountId, ParseError};
use super::service::{Scope, Service};
use super::{People, Person};

/// The id of an emergency in our records, and the only thing about it that a button carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EmergencyId(pub Uuid);

/// An emergency as it was declared. The texts are untrusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// Who changes production, and documents it.
    pub owner: Option<AccountId>,
    /// That person's name.
    pub owner_name: String,
    /// What is changed; nothing when the ticket names nothing that is registered.
    pub scope: Option<Scope>,
    /// What is wrong, in a sentence.
    pub summary: String,
    /// What is done about it.
    pub what: String,
    /// Why it cannot wait.
    pub why: String,
    /// How bad it is, in the company's own words.
    pub severity: Option<String>,
    /// The incident that it belongs to.
    pub incident: Option<String>,
}

/// Why a text in Slack declares nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// Nothing was written.
    #[error("nothing was written")]
    Empty,
    /// The first word is no class that can be asked for.
    #[error("it does not begin with a class of change that can be asked for here: {0}")]
    NoClass(String),
    /// The words where service and environment belong are none that are registered.
    #[error("it does not name a registered service and environment: {0}")]
    NoScope(String),
    /// What is done, or why, is missing.
    #[error("say what you change and why, with a | between them")]
    NoReason,
}

impl EmergencyId {
    /// Reads one.
    ///
    /// # Errors
    /// When the text is no such id.
    pub fn parse(text: &str) -> Result<EmergencyId, ParseError> {
        Uuid::parse_str(text).map(EmergencyId).map_err(|_| ParseError::new(text, "the id of an emergency"))
    }

    /// What the summary of its ticket ends with, so that the ticket is known again.
    #[must_use]
    pub fn token(self) -> String {
        let digits = self.0.simple().to_string();
        format!("[emergency {}]", digits.get(..12).unwrap_or(&digits))
    }
}

impl fmt::Display for EmergencyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Declaration {
    /// Whoever declared it, if the people file knows the account.
    #[must_use]
    pub fn owner_in<'a>(&self, people: &'a People) -> Option<&'a Person> {
        self.owner.as_ref().and_then(|account| people.by_jira(account))
    }

    /// Reads `SERVICE ENVIRONMENT what is done | why it cannot wait | severity | incident`; the last two may be left out.
    ///
    /// # Errors
    /// With what is missing.
    pub fn parse(
        text: &str,
        (owner, owner_name): (&AccountId, &str),
        services: &[Service],
    ) -> Result<Declaration, Unclear> {
        if text.trim().is_empty() {
            return Err(Unclear::Empty);
        }
        let mut words = text.trim().splitn(3, char::is_whitespace);
        let (service, environment) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let scope = registered(service, environment, services);
        let scope = scope.ok_or_else(|| Unclear::NoScope(known(services)))?;
        let mut parts = words.next().unwrap_or("").split('|').map(str::trim);
        let (what, why) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        if what.is_empty() || why.is_empty() {
            return Err(Unclear::NoReason);
        }
        let mut optional = || parts.next().filter(|text| !text.is_empty()).map(str::to_owned);
        let severity = optional().map(|text| text.trim_start_matches("severity").trim().to_owned());
        let incident = optional();
        Ok(Declaration {
            owner: Some(owner.clone()),
            owner_name: owner_name.to_owned(),
            scope: Some(scope),
            summary: why.to_owned(),
            what: what.to_owned(),
            why: why.to_owned(),
            severity,
            incident,
        })
    }
}

/// The scope of these names, if it is registered.
#[must_use]
pub fn registered(service: &str, environment: &str, services: &[Service]) -> Option<Scope> {
    let found = services.iter().find(|known| known.name.as_str() == service)?;
    let environment = found.environments.iter().find(|known| known.as_str() == environment)?;
    Some(Scope { service: found.name.clone(), environment: environment.clone() })
}

/// Every registered service with its environments, as far as somebody reads on.
pub(super) fn known(services: &[Service]) -> String {
    let all = services.iter().flat_map(|service| {
        service.environments.iter().map(move |environment| format!("{} {environment}", service.name))
    });
    all.take(10).collect::<Vec<_>>().join(", ")
}
