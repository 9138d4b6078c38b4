//! What an operator wants to know of Jira before a ticket comes: what the account may, and whether the names of the settings are
//! there. Source: <https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/>.

use std::collections::BTreeSet;

use reqwest::Method;

use super::JiraClient;
use super::client::quoted;
use super::search::Question;
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::TicketKey;

impl JiraClient {
    /// Those of these permissions that the account has in the project of change tickets.
    ///
    /// # Errors
    /// When Jira does not answer.
    pub async fn permissions(&self, names: &[&str]) -> Result<BTreeSet<String>, SourceError> {
        let request = self.request(Method::GET, "mypermissions");
        let request = request.query(&[("projectKey", self.project.as_str()), ("permissions", &names.join(","))]);
        let found: wire::Permissions = Peer::Jira.read(request).await?.json()?;
        let had = found.permissions.into_iter().filter(|(_, permission)| permission.have_permission);
        Ok(had.map(|(name, _)| name).collect())
    }

    /// Checks that every field of the settings is there.
    ///
    /// # Errors
    /// With the first that is not.
    pub async fn check_fields(&self) -> Result<usize, SourceError> {
        Ok(self.field_ids().await?.len())
    }

    /// Checks that Jira knows the project and the four statuses of the settings: it refuses a search for one that it does not.
    ///
    /// # Errors
    /// With the first that is not there, in Jira's words.
    pub async fn check_statuses(&self) -> Result<(), SourceError> {
        let workflow = &self.workflow;
        let names = [&workflow.pending, &workflow.approved, &workflow.declined, &workflow.closed];
        let names = names.map(|name| quoted(name)).join(", ");
        let jql = format!("project = {} AND status in ({names}) AND created >= \"-1m\"", quoted(&self.project));
        self.search(&Question { jql, field: "updated", recent: Vec::new() }).await.map(drop)
    }

    /// The transitions of the settings that a ticket that waits does not offer to the account.
    ///
    /// # Errors
    /// When Jira does not answer.
    pub async fn missing_transitions(&self, ticket: &TicketKey) -> Result<Vec<String>, SourceError> {
        let request = self.request(Method::GET, &format!("issue/{ticket}/transitions"));
        let offered: wire::Transitions = Peer::Jira.read(request).await?.json()?;
        let workflow = &self.workflow;
        let wanted = [(&workflow.approve, &workflow.approved), (&workflow.decline, &workflow.declined)];
        let is_there = |(name, to): &(&String, &String)| {
            offered
                .transitions
                .iter()
                .any(|one| super::client::same(&one.name, name) && super::client::same(&one.to.name, to))
        };
        let missing = wanted.iter().filter(|wanted| !is_there(wanted));
        Ok(missing.map(|(name, to)| format!("{name} (to {to})")).collect())
    }
}
