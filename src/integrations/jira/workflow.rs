//! What the workflow offers, as a digest that changes when somebody changes it.

use reqwest::Method;
use sha2::{Digest, Sha256};

use super::JiraClient;
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::TicketKey;

/// The transitions that a ticket offers to cm-bot's account, one a line, and the digest over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowSeal {
    /// Sorted lines: name, target, and whether it is conditional, global, initial, and has a screen.
    pub lines: Vec<String>,
    /// SHA-256 over the lines.
    pub sha256: String,
}

impl JiraClient {
    /// What a ticket offers now. Ids differ between workflows that are the same to people, so they are left out.
    ///
    /// # Errors
    /// When Jira does not answer.
    pub async fn workflow_of(&self, ticket: &TicketKey) -> Result<WorkflowSeal, SourceError> {
        let path = format!("issue/{ticket}/transitions");
        let offered: wire::WorkflowSteps = Peer::Jira.read(self.request(Method::GET, &path)).await?.json()?;
        let mut lines: Vec<String> = offered.transitions.iter().map(line).collect();
        lines.sort();
        let sha256 = hex::encode(Sha256::digest(lines.join("\n")));
        Ok(WorkflowSeal { lines, sha256 })
    }
}

/// Names are quoted, so that no name can look like the rest of a line.
fn line(step: &wire::WorkflowStep) -> String {
    let wire::WorkflowStep { name, to, is_conditional, is_global, is_initial, has_screen } = step;
    format!(
        "{name:?} to {:?}, conditional {is_conditional}, global {is_global}, initial {is_initial}, screen {has_screen}",
        to.name
    )
}
