//! Searches. Jira's index is seconds to minutes late, so they find tickets; what a ticket says is read from itself.

use std::time::Duration;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client::{JiraClient, MOST_PAGES, no_environment, quoted, unreadable};
use super::dialect::Dialect;
use super::fields::text;
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::{Field, IssueId, ServiceName, Ticket, Timestamp};

/// Most pages of a hundred tickets of a period that is exported.
const MOST_PAGES_OF_A_PERIOD: usize = 1_000;

/// Tickets a page.
const PAGE: usize = 100;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a search tells of a ticket. Searches are late, so whoever wants to know more reads the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTicket {
    /// Its id.
    pub id: IssueId,
    /// Its environment, if it names one.
    pub environment: Option<String>,
}

/// Which tickets of the project somebody is looking for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Those that wait for a decision, however old they are.
    Pending,
    /// Those that were changed lately, by Jira's own clock.
    ChangedSince(Duration),
}

/// A ticket, and when it was changed last, in Jira's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedTicket {
    /// Its id.
    pub id: IssueId,
    /// Compared with an earlier one and never read.
    pub updated: String,
}

/// A question to the search.
pub(super) struct Question<'a> {
    pub jql: String,
    pub field: &'a str,
    pub recent: Vec<u64>,
}

impl JiraClient {
    /// Every ticket of a service that is pending or approved, as far as Jira's search knows. `recent` are ids of tickets
    /// that we know of: Jira Cloud brings these up to date before it searches. Data Center cannot be told to, so there the
    /// search shows what it has indexed, and a ticket that it must show and does not is what gives a late index away.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when there is no end to the pages.
    pub async fn unfinished(&self, service: &ServiceName, recent: &[IssueId]) -> Result<Vec<FoundTicket>, SourceError> {
        let jql = format!(
            "project = {} AND component = {} AND status in ({}, {})",
            quoted(&self.project),
            quoted(service.as_str()),
            quoted(&self.workflow.pending),
            quoted(&self.workflow.approved),
        );
        let field = self.field_ids().await?.get(&Field::Environment).ok_or_else(no_environment)?;
        let recent = recent.iter().rev().take(50).filter_map(|id| id.as_str().parse().ok()).collect();
        let found = self.search(&Question { jql, field, recent }).await?.into_iter().map(|issue| {
            let environment = issue.fields.get(field).and_then(text);
            Ok(FoundTicket { id: IssueId::parse(&issue.id).map_err(unreadable)?, environment })
        });
        found.collect()
    }

    /// Tickets that a webhook should have told of, for when it did not.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when there is no end to the pages.
    pub async fn changed(&self, wanted: Wanted) -> Result<Vec<ChangedTicket>, SourceError> {
        let clause = match wanted {
            Wanted::Pending => format!("status = {}", quoted(&self.workflow.pending)),
            Wanted::ChangedSince(ago) => format!("updated >= \"-{}m\"", ago.as_secs().div_ceil(60)),
        };
        let jql = format!("project = {} AND {clause}", quoted(&self.project));
        let found = self.search(&Question { jql, field: "updated", recent: Vec::new() }).await?;
        let found = found.into_iter().map(|issue| {
            let updated = issue.fields.get("updated").and_then(text);
            let updated = updated.ok_or_else(|| SourceError::Unreadable("a ticket without `updated`".into()))?;
            Ok(ChangedTicket { id: IssueId::parse(&issue.id).map_err(unreadable)?, updated })
        });
        found.collect()
    }

    /// Every ticket of the project that was created in a time, with when. The dates of a search are those of the account's
    /// time zone and have no seconds, so it reaches a day further on both sides, and what lies outside is left out here.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when there is no end to the pages.
    pub async fn created_between(
        &self,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<(Ticket, Timestamp)>, SourceError> {
        let jql = self.jql_of_created((from, to));
        let fields = format!("{},created", self.field_list().await?);
        let fields: Vec<&str> = fields.split(',').collect();
        let mut found = Vec::new();
        for issue in self.pages::<wire::Issue>((&jql, &fields, &[]), MOST_PAGES_OF_A_PERIOD).await? {
            let created = issue.fields.others.get("created").and_then(text);
            let created = created.ok_or_else(|| SourceError::Unreadable("a ticket without `created`".into()))?;
            let created = Timestamp::parse(&created).map_err(unreadable)?;
            if from <= created && created < to {
                found.push((self.to_ticket(issue).await?, created));
            }
        }
        found.sort_by_key(|(ticket, created)| (*created, ticket.id.as_str().len(), ticket.id.clone()));
        Ok(found)
    }

    /// What the search for [`JiraClient::created_between`] asks, word for word.
    #[must_use]
    pub fn jql_of_created(&self, (from, to): (Timestamp, Timestamp)) -> String {
        let minute = |time: Timestamp| time.day_and_clock().replace(" UTC", "");
        format!(
            "project = {} AND created >= {} AND created <= {}",
            quoted(&self.project),
            quoted(&minute(from.minus(DAY))),
            quoted(&minute(to.plus(DAY))),
        )
    }

    /// Every page of the answer.
    pub(super) async fn search(&self, question: &Question<'_>) -> Result<Vec<wire::FoundIssue>, SourceError> {
        self.pages((&question.jql, &[question.field], &question.recent), MOST_PAGES).await
    }

    /// Where and how tickets are searched, for a record.
    #[must_use]
    pub fn search_address(&self) -> &'static str {
        self.dialect.search()
    }

    async fn pages<T: DeserializeOwned>(
        &self,
        (jql, fields, recent): (&str, &[&str], &[u64]),
        most: usize,
    ) -> Result<Vec<T>, SourceError> {
        match self.dialect {
            Dialect::Cloud => self.pages_by_token((jql, fields, recent), most).await,
            Dialect::DataCenter => self.pages_by_number((jql, fields), most).await,
        }
    }

    /// Pages that begin at a number can lose a ticket when one before it leaves the list meanwhile. So they are in an order
    /// that stays, and each begins with the last ticket of the one before.
    async fn pages_by_number<T: DeserializeOwned>(
        &self,
        (jql, fields): (&str, &[&str]),
        most: usize,
    ) -> Result<Vec<T>, SourceError> {
        let (jql, fields) = (format!("{jql} ORDER BY key ASC"), fields.join(","));
        let mut found: Vec<Value> = Vec::new();
        for _ in 0..most {
            let start = found.len().saturating_sub(1);
            let request = self.request(Method::GET, "search").query(&[("jql", &jql), ("fields", &fields)]);
            let request = request.query(&[("startAt", start), ("maxResults", PAGE)]);
            let page: wire::FoundPage = Peer::Jira.read(request).await?.json()?;
            let mut issues = page.issues.into_iter();
            let again = if found.is_empty() { None } else { issues.next() };
            let is_same = again.as_ref().map(id) == found.last().map(id);
            if page.start_at != start as u64 || !is_same {
                return Err(SourceError::Incomplete("the list of tickets changed while it was read".into()));
            }
            let before = found.len();
            found.extend(issues);
            if found.len() as u64 >= page.total {
                return found.into_iter().map(|issue| serde_json::from_value(issue).map_err(unreadable)).collect();
            }
            if found.len() == before {
                break;
            }
        }
        Err(SourceError::Incomplete("the list of tickets has no end".into()))
    }

    async fn pages_by_token<T: DeserializeOwned>(
        &self,
        (jql, fields, recent): (&str, &[&str], &[u64]),
        most: usize,
    ) -> Result<Vec<T>, SourceError> {
        let mut issues = Vec::new();
        let mut next: Option<String> = None;
        for _ in 0..most {
            let mut query = json!({"jql": jql, "fields": fields, "maxResults": PAGE});
            if !recent.is_empty() {
                query["reconcileIssues"] = json!(recent);
            }
            if let Some(token) = &next {
                query["nextPageToken"] = json!(token);
            }
            let found: wire::Found<T> =
                Peer::Jira.read(self.request(Method::POST, "search/jql").json(&query)).await?.json()?;
            issues.extend(found.issues);
            match (found.next_page_token, found.is_last) {
                (_, true) => return Ok(issues),
                (None, false) => break,
                (token, false) => next = token,
            }
        }
        Err(SourceError::Incomplete("the list of tickets has no end".into()))
    }
}

/// A ticket's id, as the search wrote it.
fn id(issue: &Value) -> Option<&str> {
    issue.get("id").and_then(Value::as_str)
}
