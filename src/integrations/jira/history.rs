//! What Jira's own history says about an approval (`GET /rest/api/3/issue/{key}/changelog`, oldest first; on Data Center it is
//! a part of the issue, and no order is promised).

use std::collections::BTreeSet;

use reqwest::Method;

use super::client::{JiraClient, MOST_PAGES, same, unreadable};
use super::dialect::Dialect;
use super::fields::Known;
use super::paging::is_read;
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::{AccountId, Field, TicketKey, Timestamp};

/// Entries a page.
const PAGE: u64 = 100;

/// Who moved a ticket to `approved`, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// Whose account; nobody when Jira itself did it.
    pub by: Option<AccountId>,
    /// When.
    pub at: Timestamp,
    /// What of the ticket was edited since, in people's words.
    pub edited_since: BTreeSet<&'static str>,
}

impl JiraClient {
    /// The newest change of the ticket's status to `approved`.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when the history has no end.
    pub async fn approved_by(&self, ticket: &TicketKey) -> Result<Option<StatusChange>, SourceError> {
        let fields = self.known_fields().await?;
        let mut newest: Option<StatusChange> = None;
        for change in self.history(ticket).await? {
            if self.moves_to_approved(&change) {
                newest = Some(self.status_change(&change)?);
            } else if let Some(approval) = &mut newest {
                approval.edited_since.extend(change.items.iter().filter_map(|item| watched(item, fields)));
            }
        }
        Ok(newest)
    }

    pub(super) async fn history(&self, ticket: &TicketKey) -> Result<Vec<wire::Change>, SourceError> {
        match self.dialect {
            Dialect::Cloud => self.pages_of_history(ticket).await,
            Dialect::DataCenter => self.whole_history(ticket).await,
        }
    }

    async fn whole_history(&self, ticket: &TicketKey) -> Result<Vec<wire::Change>, SourceError> {
        let request = self.request(Method::GET, &format!("issue/{ticket}"));
        let request = request.query(&[("fields", "summary"), ("expand", "changelog")]);
        let wire::Histories { start_at, total, histories } =
            Peer::Jira.read(request).await?.json::<wire::WithHistory>()?.changelog;
        if start_at != 0 || histories.len() as u64 != total {
            return Err(SourceError::Incomplete(format!("{} of {total} entries of the history", histories.len())));
        }
        let mut dated = Vec::new();
        for change in histories {
            let at = Timestamp::parse(&change.created).map_err(unreadable)?;
            dated.push(((at, change.id.len(), change.id.clone()), change));
        }
        dated.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(dated.into_iter().map(|(_, change)| change).collect())
    }

    async fn pages_of_history(&self, ticket: &TicketKey) -> Result<Vec<wire::Change>, SourceError> {
        let mut changes = Vec::new();
        for _ in 0..MOST_PAGES {
            let seen = changes.len() as u64;
            let request = self.request(Method::GET, &format!("issue/{ticket}/changelog"));
            let request = request.query(&[("startAt", seen), ("maxResults", PAGE)]);
            let page: wire::Changelog = Peer::Jira.read(request).await?.json()?;
            if page.start_at != seen {
                return Err(SourceError::Incomplete("the history came in another order".into()));
            }
            let on_page = page.values.len();
            changes.extend(page.values);
            let is_last = is_read((changes.len() as u64, page.total), on_page, "entries of the history")?;
            if is_last {
                return Ok(changes);
            }
        }
        Err(SourceError::Incomplete("the history has no end".into()))
    }

    pub(super) fn moves_to_approved(&self, change: &wire::Change) -> bool {
        let approved = &self.workflow.approved;
        let is_it = |to: &String| same(to, approved);
        change.items.iter().any(|item| item.field == "status" && item.to.as_ref().is_some_and(is_it))
    }

    fn status_change(&self, change: &wire::Change) -> Result<StatusChange, SourceError> {
        let by = change.author.as_ref().map(|author| self.dialect.account(author)).transpose()?;
        let at = Timestamp::parse(&change.created).map_err(unreadable)?;
        Ok(StatusChange { by, at, edited_since: BTreeSet::new() })
    }
}

/// What a change concerns, if an approval covers it: the same as a ticket's fingerprint.
pub(super) fn watched(item: &wire::ChangeItem, known: &Known) -> Option<&'static str> {
    match item.field.as_str() {
        "Component" => Some("component"),
        "reporter" => Some("requester"),
        "Key" => Some("key"),
        name => match &item.field_id {
            Some(id) => known.ours(id).map(Field::title),
            None => known.perhaps_ours(name, item.is_custom()),
        },
    }
}
