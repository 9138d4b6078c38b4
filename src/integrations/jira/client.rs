//! The calls to Jira, in our words.

use std::collections::BTreeMap;

use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

use super::dialect::Dialect;
use super::fields::{FieldIds, Known, text};
use super::server::Server;
use super::{wiki, wire};
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::{AccountId, Field, IssueId, Status, Ticket, TicketKey, TicketStatus};
use crate::policy::approvers::HumanApproval;
use crate::policy::decision::AutoApproval;
use crate::settings::{Approvals, Jira as Settings, Workflow};

/// Most pages of any list that are read; more is treated as incomplete.
pub(super) const MOST_PAGES: usize = 50;

/// A client for one Jira.
#[derive(Debug)]
pub struct JiraClient {
    http: reqwest::Client,
    base: Url,
    pub(super) dialect: Dialect,
    account: String,
    token: SecretString,
    pub(super) project: String,
    pub(super) issue_type: String,
    fields: Vec<(Field, String)>,
    pub(super) approvals: Approvals,
    pub(super) workflow: Workflow,
    known: OnceCell<Known>,
    myself: OnceCell<AccountId>,
    pub(super) server: OnceCell<Server>,
}

/// A transition that Jira offers for a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way(String);

/// Why a ticket was not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// Jira offers no such transition for this ticket to this account.
    #[error("Jira does not offer the transition \"{0}\"")]
    NotOffered(String),
    /// Anything else.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl JiraClient {
    /// A client for the Jira of the settings.
    #[must_use]
    pub fn new(http: reqwest::Client, settings: &Settings) -> JiraClient {
        JiraClient {
            http,
            base: settings.api_url.clone(),
            dialect: settings.deployment.into(),
            account: settings.account.clone(),
            token: settings.token.clone(),
            project: settings.project.clone(),
            issue_type: settings.issue_type.clone(),
            fields: settings.fields.clone(),
            approvals: settings.approvals.clone(),
            workflow: settings.workflow.clone(),
            known: OnceCell::new(),
            myself: OnceCell::new(),
            server: OnceCell::new(),
        }
    }

    /// The account that cm-bot acts as.
    ///
    /// # Errors
    /// When Jira does not say.
    pub async fn myself(&self) -> Result<&AccountId, SourceError> {
        self.myself.get_or_try_init(|| self.logged_in()).await
    }

    /// Checks that Jira answers now, is the one of the settings and lets the account in, and that every field of the settings is
    /// there.
    ///
    /// # Errors
    /// The first of these that is not so.
    pub async fn check(&self) -> Result<(), SourceError> {
        self.check_server().await?;
        self.logged_in().await?;
        self.field_ids().await.map(|_| ())
    }

    /// As whom Jira lets us in; asked anew each time.
    async fn logged_in(&self) -> Result<AccountId, SourceError> {
        let myself: wire::Author = Peer::Jira.read(self.request(Method::GET, "myself")).await?.json()?;
        self.dialect.account(&myself)
    }

    /// What an operator does when Jira refuses the credentials.
    #[must_use]
    pub fn credentials_advice(&self) -> &'static str {
        self.dialect.advice()
    }

    /// Reads a ticket by its id. This is strongly consistent; searches are not.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when it was deleted or is hidden from us.
    pub async fn ticket(&self, id: &IssueId) -> Result<Ticket, SourceError> {
        let fields = self.field_list().await?;
        let request = self.request(Method::GET, &format!("issue/{id}")).query(&[("fields", fields)]);
        let issue: wire::Issue = Peer::Jira.read(request).await?.json()?;
        self.to_ticket(issue).await
    }

    /// Reads a ticket by its key.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when there is none.
    pub async fn ticket_by_key(&self, key: &TicketKey) -> Result<Ticket, SourceError> {
        let fields = self.field_list().await?;
        let request = self.request(Method::GET, &format!("issue/{key}")).query(&[("fields", fields)]);
        let issue: wire::Issue = Peer::Jira.read(request).await?.json()?;
        self.to_ticket(issue).await
    }

    /// The way to the approval of a ticket.
    ///
    /// # Errors
    /// [`TransitionError::NotOffered`] when the workflow does not let this account.
    pub async fn way_to_approval(&self, ticket: &TicketKey) -> Result<Way, TransitionError> {
        self.way(ticket, &self.workflow.approve, &self.workflow.approved).await
    }

    /// Approves a ticket. Only who holds an [`AutoApproval`] can.
    ///
    /// # Errors
    /// When Jira does not take it.
    pub async fn approve(&self, approval: &AutoApproval, way: &Way) -> Result<(), SourceError> {
        self.go(approval.ticket(), way).await
    }

    /// Approves a ticket in the name of those who approved it. Only who holds a [`HumanApproval`] can.
    ///
    /// # Errors
    /// As [`JiraClient::way_to_approval`].
    pub async fn approve_by_people(&self, approval: &HumanApproval) -> Result<(), TransitionError> {
        self.move_to(approval.ticket(), &self.workflow.approve, &self.workflow.approved).await
    }

    /// Declines a ticket that waits.
    ///
    /// # Errors
    /// As [`JiraClient::way_to_approval`].
    pub async fn decline(&self, ticket: &TicketKey) -> Result<(), TransitionError> {
        self.move_to(ticket, &self.workflow.decline, &self.workflow.declined).await
    }

    /// Sets an approved ticket back to review.
    ///
    /// # Errors
    /// As [`JiraClient::way_to_approval`].
    pub async fn set_back(&self, ticket: &TicketKey) -> Result<(), TransitionError> {
        self.move_to(ticket, &self.workflow.hold, &self.workflow.pending).await
    }

    /// Closes an approved ticket.
    ///
    /// # Errors
    /// As [`JiraClient::way_to_approval`].
    pub async fn close(&self, ticket: &TicketKey) -> Result<(), TransitionError> {
        self.move_to(ticket, &self.workflow.close, &self.workflow.closed).await
    }

    /// Puts the evidence link on the ticket; a second time it is the same link.
    ///
    /// # Errors
    /// When Jira does not take it.
    pub async fn link(&self, ticket: &TicketKey, link: &Value) -> Result<(), SourceError> {
        let path = format!("issue/{ticket}/remotelink");
        Peer::Jira.send_once(self.request(Method::POST, &path).json(link)).await?.json::<wire::Linked>().map(|_| ())
    }

    /// Moves a ticket by the transition of this name that ends in this status.
    async fn move_to(&self, ticket: &TicketKey, name: &str, status: &str) -> Result<(), TransitionError> {
        let way = self.way(ticket, name, status).await?;
        Ok(self.go(ticket, &way).await?)
    }

    /// Ids differ between workflows; names and targets are what an administrator sees.
    async fn way(&self, ticket: &TicketKey, name: &str, status: &str) -> Result<Way, TransitionError> {
        let request = self.request(Method::GET, &format!("issue/{ticket}/transitions"));
        let offered: wire::Transitions = Peer::Jira.read(request).await?.json()?;
        let fits = |one: &wire::Transition| same(&one.name, name) && same(&one.to.name, status);
        let transition = offered.transitions.into_iter().find(fits);
        transition.map(|found| Way(found.id)).ok_or_else(|| TransitionError::NotOffered(name.to_owned()))
    }

    async fn go(&self, ticket: &TicketKey, way: &Way) -> Result<(), SourceError> {
        let request = self.request(Method::POST, &format!("issue/{ticket}/transitions"));
        let answer = Peer::Jira.send_once(request.json(&json!({"transition": {"id": way.0}}))).await?;
        match answer.status {
            StatusCode::NO_CONTENT => Ok(()),
            // A page that somebody between us and Jira answered: nothing is known of the transition.
            other => Err(SourceError::Unreadable(format!("{other} to a transition"))),
        }
    }

    /// A request to the REST API.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_to(method, &format!("{}/{path}", self.dialect.api()))
    }

    /// A request to anything that is below Jira's address.
    pub(super) fn request_to(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        self.dialect.log_in(self.http.request(method, url), &self.account, &self.token)
    }

    pub(super) async fn field_ids(&self) -> Result<&FieldIds, SourceError> {
        Ok(&self.known_fields().await?.ids)
    }

    /// The fields that Jira has.
    pub(super) async fn known_fields(&self) -> Result<&Known, SourceError> {
        let ask = || async {
            let all: Vec<wire::FieldInfo> = Peer::Jira.read(self.request(Method::GET, "field")).await?.json()?;
            let known = Known::new(&self.fields, &all)?;
            match self.dialect {
                Dialect::Cloud => {}
                Dialect::DataCenter => known.check_names(&self.approvals.fields)?,
            }
            Ok(known)
        };
        self.known.get_or_try_init(ask).await
    }

    pub(super) async fn field_list(&self) -> Result<String, SourceError> {
        let ids = self.field_ids().await?;
        let names = ["summary", "status", "reporter", "creator", "components"].into_iter();
        let names = names.chain(ids.values().map(String::as_str));
        Ok(names.collect::<Vec<_>>().join(","))
    }

    pub(super) async fn to_ticket(&self, issue: wire::Issue) -> Result<Ticket, SourceError> {
        let fields = issue.fields;
        let known = self.known_fields().await?;
        let value = |(field, id): (&Field, &String)| {
            let text = text(fields.others.get(id)?)?;
            let is_markup = self.dialect == Dialect::DataCenter && known.areas.contains(id);
            Some((*field, if is_markup { wiki::plain(&text) } else { text }))
        };
        let filled: BTreeMap<Field, String> = known.ids.iter().filter_map(value).collect();
        // Jira knows it of every ticket that somebody made who had logged in. Whoever it is must not approve it, so unknown is no.
        let creator = fields.creator.as_ref().map(|user| self.dialect.account(user)).transpose()?;
        let creator = creator.ok_or_else(|| SourceError::Unreadable(format!("{} without `creator`", issue.key)))?;
        let requester = fields.reporter.as_ref().map(|user| self.dialect.account(user)).transpose()?;
        let name = |user: wire::Author| {
            user.display_name.ok_or_else(|| SourceError::Unreadable("a reporter without `displayName`".into()))
        };
        Ok(Ticket {
            id: IssueId::parse(&issue.id).map_err(unreadable)?,
            key: TicketKey::parse(&issue.key).map_err(unreadable)?,
            summary: fields.summary.unwrap_or_default(),
            status: Status { meaning: self.meaning(&fields.status.name), name: fields.status.name },
            requester,
            requester_name: fields.reporter.map(name).transpose()?.unwrap_or_else(|| "nobody".into()),
            creator: Some(creator),
            components: fields.components.into_iter().map(|component| component.name).collect(),
            fields: filled,
        })
    }

    fn meaning(&self, status: &str) -> TicketStatus {
        let Workflow { pending, approved, declined, closed, .. } = &self.workflow;
        let known = [
            (pending, TicketStatus::Pending),
            (approved, TicketStatus::Approved),
            (declined, TicketStatus::Declined),
            (closed, TicketStatus::Closed),
        ];
        known.into_iter().find(|(name, _)| same(name, status)).map_or(TicketStatus::Other, |(_, meaning)| meaning)
    }
}

pub(super) fn unreadable(error: impl std::fmt::Display) -> SourceError {
    SourceError::Unreadable(error.to_string())
}

pub(super) fn no_environment() -> SourceError {
    SourceError::Unreadable("`jira.fields.environment` is not set".into())
}

/// A JQL string.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Jira's names differ in upper and lower case between what administrators type and what it shows.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}
