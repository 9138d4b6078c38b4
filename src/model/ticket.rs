//! The change ticket.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::ids::{AccountId, IssueId, TicketKey};

/// A change ticket as Jira showed it at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The id that stays when a ticket is moved.
    pub id: IssueId,
    /// The key that people know.
    pub key: TicketKey,
    /// The summary; untrusted text.
    pub summary: String,
    /// Its status now.
    pub status: Status,
    /// Who asks for the change; nobody when Jira names nobody.
    pub requester: Option<AccountId>,
    /// The requester's name; for people.
    pub requester_name: String,
    /// The account that made it in Jira, which nobody can change; nothing in the records of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creator: Option<AccountId>,
    /// Its components: the service is the only one.
    pub components: Vec<String>,
    /// The fields that are filled in; a field that is not here is empty in Jira.
    pub fields: BTreeMap<Field, String>,
}

/// A workflow status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Jira's name for it.
    pub name: String,
    /// What it means to us, by the settings.
    pub meaning: TicketStatus,
}

/// What a workflow status means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// It waits for a decision.
    Pending,
    /// It may be deployed.
    Approved,
    /// It may not be deployed.
    Declined,
    /// It is finished.
    Closed,
    /// A status that the settings do not name.
    Other,
}

/// The fields of a ticket by their logical name: the keys of `[jira.fields]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is what its title says")]
pub enum Field {
    Environment,
    Repository,
    Commit,
    Branch,
    BuildJob,
    BuildNumber,
    Artifact,
    DeployAction,
    Justification,
    RollbackPlan,
    Links,
    SecurityScan,
    ChangeClass,
    AccessMethod,
    EmergencySteps,
    Prevention,
    Responsible,
    Tests,
    SecurityAnalysis,
    EndDate,
}

impl Field {
    /// Every field.
    pub const ALL: [Field; 20] = [
        Field::Environment,
        Field::Repository,
        Field::Commit,
        Field::Branch,
        Field::BuildJob,
        Field::BuildNumber,
        Field::Artifact,
        Field::DeployAction,
        Field::Justification,
        Field::RollbackPlan,
        Field::Links,
        Field::SecurityScan,
        Field::ChangeClass,
        Field::AccessMethod,
        Field::EmergencySteps,
        Field::Prevention,
        Field::Responsible,
        Field::Tests,
        Field::SecurityAnalysis,
        Field::EndDate,
    ];

    /// What people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Field::Environment => "target environment",
            Field::Repository => "repository",
            Field::Commit => "commit",
            Field::Branch => "branch",
            Field::BuildJob => "build job",
            Field::BuildNumber => "build number",
            Field::Artifact => "artifact",
            Field::DeployAction => "deploy action",
            Field::Justification => "justification",
            Field::RollbackPlan => "rollback plan",
            Field::Links => "links",
            Field::SecurityScan => "security scan",
            Field::ChangeClass => "change class",
            Field::AccessMethod => "access method",
            Field::EmergencySteps => "emergency steps",
            Field::Prevention => "prevention",
            Field::Responsible => "responsible person",
            Field::Tests => "test report",
            Field::SecurityAnalysis => "security analysis",
            Field::EndDate => "end date",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

impl Ticket {
    /// What a field says, if it is filled in.
    #[must_use]
    pub fn field(&self, field: Field) -> Option<&str> {
        self.fields.get(&field).map(String::as_str)
    }

    /// SHA-256 over everything that an approval covers: an edit of any of it makes another ticket of it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        };
        add(self.id.as_str());
        add(self.key.as_str());
        add(self.requester.as_ref().map_or("", AccountId::as_str));
        self.components.iter().for_each(|component| add(component));
        for (field, value) in &self.fields {
            add(field.title());
            add(value);
        }
        hex::encode(hash.finalize())
    }
}
