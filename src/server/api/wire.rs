//! What pipelines send and get.

use serde::{Deserialize, Serialize};

use crate::model::ParseError;
use crate::model::{
    CiSystem, CommitSha, Deployment, Environment, Field, PipelineName, RepoName, Run, ServiceName, TicketKey,
    branch_of_ref, shortened,
};
use std::collections::BTreeMap;

/// Longest text for a field of the ticket, in characters.
const MOST_TEXT: usize = 4000;

/// A request to deploy a build.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// `github-actions`, `gitlab`, `jenkins` or `other`.
    pub system: String,
    /// The job.
    pub job: String,
    /// The build's number or id.
    pub build: String,
    /// Which attempt of this build, from 1.
    pub attempt: u32,
    /// The service.
    pub service: String,
    /// The target environment.
    pub environment: String,
    /// `owner/name` of the repository.
    pub repository: String,
    /// The full name of the branch, such as `refs/heads/main`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The full SHA of the commit.
    pub commit: String,
    /// The key of a ticket that is there already; without it the one of this build is found, or made.
    pub ticket: Option<String>,
    /// The digest of what was built.
    pub artifact: Option<String>,
    /// What is done with it; `apply` when it is not said.
    pub action: Option<String>,
    /// Why; found out from the pull requests when it is not said.
    pub justification: Option<String>,
    /// The way back; taken from the service's template when it is not said.
    pub rollback_plan: Option<String>,
    /// The class of change; `normal` when it is not said.
    pub change_class: Option<String>,
    /// Where to tell that something has changed; an address that the settings list.
    pub callback: Option<String>,
}

/// How a request stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// In one word: `creating`, `waiting`, `blocked`, `approved`, `declined`, `withdrawn`, `used_by_another`,
    /// `deploying`, `succeeded`, `failed`, `rolled_back`, `unreported`.
    pub state: String,
    /// The ticket's key, once there is one.
    pub ticket: Option<String>,
    /// The ticket in Jira.
    pub ticket_url: Option<String>,
    /// The evidence page.
    pub evidence_url: Option<String>,
    /// What is to be deployed, in words.
    pub subject: String,
    /// What stands in the way.
    pub why: Vec<String>,
    /// Who must act, and what they must do.
    pub who: Vec<String>,
    /// What could not be filled in, each with the reason.
    pub unfilled: Vec<String>,
    /// Until when the approval counts (RFC 3339).
    pub approved_until: Option<String>,
    /// The emergency that the ticket declares, as a sentence.
    pub emergency: Option<String>,
    /// What is owed for it, each as a sentence.
    pub duties: Vec<String>,
}

/// The one answer that lets a build through.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Consumption {
    /// `allow`.
    pub answer: String,
    /// The request.
    pub id: String,
    /// The ticket's key.
    pub ticket: Option<String>,
    /// What may be deployed now, in words.
    pub subject: String,
    /// Since when (RFC 3339): the same however often the run asks.
    pub allowed_at: String,
    /// The emergency on whose account it is, as a sentence.
    pub emergency: Option<String>,
    /// What is owed for it, each as a sentence.
    pub duties: Vec<String>,
}

/// What a run applies.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// The SHA-256 of the Terraform plan that is applied, byte by byte as it was sent.
    pub plan_sha256: Option<String>,
}

/// What was judged of a Terraform plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Judgement {
    /// The request.
    pub id: String,
    /// The verdict in a line.
    pub verdict: String,
    /// What the plan does altogether.
    pub summary: String,
    /// How many risky changes it has.
    pub risky: u64,
    /// Each of them: action, address, why, and its id. Never a value.
    pub changes: Vec<String>,
    /// The SHA-256 of the plan: what `consume` has to name.
    pub plan_sha256: String,
    /// How the request stands now, in one word.
    pub state: String,
    /// The ticket's key, once there is one.
    pub ticket: Option<String>,
    /// Who must act, and what they must do.
    pub who: Vec<String>,
}

/// How a deployment ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// `succeeded`, `failed` or `rolled_back`.
    pub outcome: String,
    /// A few words for the ticket.
    pub note: Option<String>,
}

impl Asked {
    /// What is to be deployed.
    ///
    /// # Errors
    /// With the first thing that has another form.
    pub(super) fn deployment(&self) -> Result<Deployment, ParseError> {
        let name = |text: &Option<String>| text.as_deref().map(PipelineName::parse).transpose();
        if self.attempt == 0 {
            return Err(ParseError::new("0", "an attempt: the first is 1"));
        }
        Ok(Deployment {
            run: Run {
                system: CiSystem::parse(&self.system)?,
                job: PipelineName::parse(&self.job)?,
                build: PipelineName::parse(&self.build)?,
                attempt: self.attempt,
            },
            service: ServiceName::parse(&self.service)?,
            environment: Environment::parse(&self.environment)?,
            repository: RepoName::parse(&self.repository)?,
            branch: branch_of_ref(&self.reference)?,
            commit: CommitSha::parse(&self.commit)?,
            artifact: name(&self.artifact)?,
            action: name(&self.action)?.map_or_else(|| PipelineName::parse("apply"), Ok)?,
        })
    }

    /// The ticket that is named.
    ///
    /// # Errors
    /// When it is no key.
    pub(super) fn wanted(&self) -> Result<Option<TicketKey>, ParseError> {
        self.ticket.as_deref().map(TicketKey::parse).transpose()
    }

    /// What the pipeline says for the ticket.
    pub(super) fn words(&self) -> BTreeMap<Field, String> {
        let said = [
            (Field::Justification, &self.justification),
            (Field::RollbackPlan, &self.rollback_plan),
            (Field::ChangeClass, &self.change_class),
        ];
        let said = said.into_iter().filter_map(|(field, text)| Some((field, text.as_deref()?)));
        let said = said.map(|(field, text)| (field, shortened(text, MOST_TEXT)));
        said.filter(|(_, text)| !text.is_empty()).collect()
    }
}
