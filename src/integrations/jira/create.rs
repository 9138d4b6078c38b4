//! Making a change ticket, and finding one whose making was not answered.
//!
//! Jira has no key that makes a request idempotent. So a ticket carries its mark from the first moment: as a property,
//! and as a label, because a search finds only labels
//! (<https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post>).

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::client::{JiraClient, MOST_PAGES, quoted, same, unreadable};
use super::dialect::Dialect;
use super::paging::is_read;
use super::search::Question;
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::{AccountId, Field, IssueId, ServiceName, TicketKey};

/// The key of the property that holds the mark.
const PROPERTY: &str = "cm-bot-request";

/// Longest summary and longest line that Jira takes, in characters.
const LONGEST_LINE: usize = 255;

/// Entries a page of the form.
const PAGE: u64 = 100;

/// The request that a ticket is made for. Whoever may edit a ticket can forge a mark, so it finds tickets and proves
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestMark(pub Uuid);

/// A change ticket to make.
#[derive(Debug)]
pub struct NewTicket<'a> {
    /// What it is found by.
    pub mark: RequestMark,
    /// One line.
    pub summary: &'a str,
    /// The service, which is its component.
    pub component: &'a ServiceName,
    /// Who asks for the change.
    pub reporter: Reporter<'a>,
    /// What to fill in.
    pub fields: &'a BTreeMap<Field, String>,
    /// Without which of them there is no ticket, because it would ask for something else.
    pub never_without: &'a [Field],
}

/// Who a ticket says asks for the change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reporter<'a> {
    /// cm-bot's own account: who it is, is not known.
    OurOwn,
    /// This person, if Jira lets us say it; otherwise cm-bot's own account.
    IfPossible(&'a AccountId),
    /// This person, or there is no ticket: else whoever asks could approve.
    Always(&'a AccountId),
}

/// A ticket that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its id.
    pub id: IssueId,
    /// Its key.
    pub key: TicketKey,
    /// What could not be filled in.
    pub unfilled: Vec<Unfilled>,
}

/// A field that Jira does not let us fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfilled {
    /// Which.
    pub field: Field,
    /// Why, in a few words.
    pub why: String,
}

impl RequestMark {
    fn label(self) -> String {
        format!("cm-bot-request-{}", self.0.simple())
    }
}

impl JiraClient {
    /// Makes a ticket with every field that the form of its type has; the others are named in the answer.
    ///
    /// # Errors
    /// [`SourceError::Unreachable`] and [`SourceError::Unreadable`] leave open whether it was made: after the search has
    /// had time to learn of it, ask [`JiraClient::find_created`] before making it again. [`SourceError::Refused`] names
    /// what Jira requires and nobody filled in.
    pub async fn create_issue(&self, new: &NewTicket<'_>) -> Result<Created, SourceError> {
        let kind = self.issue_type().await?;
        let form = self.form(&kind).await?;
        let (body, unfilled) = self.filled(new, &kind, &form).await?;
        let answer = Peer::Jira.send_once(self.request(Method::POST, "issue").json(&body)).await?;
        if answer.status != StatusCode::CREATED {
            return Err(SourceError::Unreadable(format!("{} to a new ticket", answer.status)));
        }
        let made: wire::CreatedIssue = answer.json()?;
        let (id, key) = named(&made.id, &made.key)?;
        Ok(Created { id, key, unfilled })
    }

    /// The ticket that was made with this mark, as far as Jira's search knows, which may be minutes late. A ticket that
    /// somebody else made is none, whatever mark it bears.
    ///
    /// # Errors
    /// When Jira does not answer, or more than one has the mark.
    pub async fn find_created(&self, mark: RequestMark) -> Result<Option<(IssueId, TicketKey)>, SourceError> {
        let jql = format!("project = {} AND labels = {}", quoted(&self.project), quoted(&mark.label()));
        let question = Question { jql, field: "labels", recent: Vec::new() };
        let mut ours = Vec::new();
        for found in self.search(&question).await? {
            ours.extend(self.made_by_us(&found.id, mark).await?);
        }
        match ours.len() {
            0 | 1 => Ok(ours.pop()),
            many => Err(SourceError::Unreadable(format!("{many} tickets have one mark"))),
        }
    }

    async fn made_by_us(&self, id: &str, mark: RequestMark) -> Result<Option<(IssueId, TicketKey)>, SourceError> {
        let id = IssueId::parse(id).map_err(unreadable)?;
        let request = self.request(Method::GET, &format!("issue/{id}")).query(&[("fields", "creator")]);
        let issue: wire::MadeBy = match Peer::Jira.read(request).await {
            Ok(answer) => answer.json()?,
            Err(SourceError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let creator = issue.fields.creator.as_ref().map(|creator| self.dialect.account(creator)).transpose()?;
        if creator.as_ref() != Some(self.myself().await?) {
            return Ok(None);
        }
        let request = self.request(Method::GET, &format!("issue/{id}/properties/{PROPERTY}"));
        match Peer::Jira.read(request).await {
            Ok(answer) => {
                let value = answer.json::<wire::Property>()?.value;
                let is_it = serde_json::from_value(value).is_ok_and(|found: RequestMark| found == mark);
                if is_it { named(&issue.id, &issue.key).map(Some) } else { Ok(None) }
            }
            Err(SourceError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The id of the type that the settings name.
    async fn issue_type(&self) -> Result<String, SourceError> {
        let path = format!("issue/createmeta/{}/issuetypes", self.project);
        let mut seen = 0;
        for _ in 0..MOST_PAGES {
            let page: wire::IssueTypes = self.page(&path, seen).await?.json()?;
            let (count, total) = (page.issue_types.len(), page.total);
            in_order(page.start_at, seen)?;
            if let Some(kind) = page.issue_types.into_iter().find(|kind| same(&kind.name, &self.issue_type)) {
                return Ok(kind.id);
            }
            seen += count as u64;
            if is_read((seen, total), count, "issue types")? {
                break;
            }
        }
        let message = format!(
            "the project {} offers cm-bot no issue type \"{}\"; correct jira.issue_type, or give its account the \
             permission Create Issues",
            self.project, self.issue_type
        );
        Err(SourceError::Refused { status: 200, message })
    }

    /// The fields of the form with which an issue of a type is made.
    async fn form(&self, kind: &str) -> Result<BTreeMap<String, wire::FormField>, SourceError> {
        let path = format!("issue/createmeta/{}/issuetypes/{kind}", self.project);
        let mut fields = BTreeMap::new();
        let mut seen = 0;
        for _ in 0..MOST_PAGES {
            let page: wire::FormFields = self.page(&path, seen).await?.json()?;
            in_order(page.start_at, seen)?;
            let count = page.fields.len();
            seen += count as u64;
            fields.extend(page.fields.into_iter().map(|field| (field.field_id.clone(), field)));
            if is_read((seen, page.total), count, "fields of the form")? {
                return Ok(fields);
            }
        }
        Err(SourceError::Incomplete("the form has no end".into()))
    }

    async fn page(&self, path: &str, start: u64) -> Result<crate::integrations::http::Answer, SourceError> {
        Peer::Jira.read(self.request(Method::GET, path).query(&[("startAt", start), ("maxResults", PAGE)])).await
    }

    /// What stands in the field of the reporter.
    async fn reporter(
        &self,
        wanted: Reporter<'_>,
        form: &BTreeMap<String, wire::FormField>,
    ) -> Result<Option<Value>, SourceError> {
        let (Reporter::IfPossible(account) | Reporter::Always(account)) = wanted else { return Ok(None) };
        let on_the_form = form.contains_key("reporter");
        let value = if on_the_form { self.as_reporter(account).await? } else { None };
        if value.is_none() && matches!(wanted, Reporter::Always(_)) {
            let message = "Jira does not let cm-bot name you as the reporter of a ticket".to_owned();
            return Err(SourceError::Refused { status: 400, message });
        }
        Ok(value)
    }

    /// An account as a field for one takes it; nothing when Jira does not know it any more.
    async fn as_reporter(&self, account: &AccountId) -> Result<Option<Value>, SourceError> {
        Ok(match self.dialect {
            Dialect::Cloud => Some(json!({"id": account})),
            Dialect::DataCenter => self.user_name(account).await?.map(|name| json!({"name": name})),
        })
    }

    /// The body of the request, and what is not in it.
    async fn filled(
        &self,
        new: &NewTicket<'_>,
        kind: &str,
        form: &BTreeMap<String, wire::FormField>,
    ) -> Result<(Value, Vec<Unfilled>), SourceError> {
        let mut fields = Map::new();
        fields.insert("project".into(), json!({"key": self.project}));
        fields.insert("issuetype".into(), json!({"id": kind}));
        fields.insert("summary".into(), json!(line(new.summary)));
        fields.insert("components".into(), json!([{"name": new.component}]));
        fields.insert("labels".into(), json!([new.mark.label()]));
        if let Some(reporter) = self.reporter(new.reporter, form).await? {
            fields.insert("reporter".into(), reporter);
        }
        let ids = self.field_ids().await?;
        let mut unfilled = Vec::new();
        for (field, text) in new.fields {
            match ids.get(field).map(|id| value(form.get(id), text, self.dialect).map(|value| (id.clone(), value))) {
                Some(Ok((id, value))) => drop(fields.insert(id, value)),
                Some(Err(why)) => unfilled.push(Unfilled { field: *field, why }),
                None => unfilled.push(Unfilled { field: *field, why: "the settings name no field for it".into() }),
            }
        }
        if let Some(lost) = unfilled.iter().find(|unfilled| new.never_without.contains(&unfilled.field)) {
            let message = format!("The {} cannot be filled in: {}", lost.field, lost.why);
            return Err(SourceError::Refused { status: 400, message });
        }
        let is_missing = |field: &&wire::FormField| {
            field.required && field.has_default_value != Some(true) && !fields.contains_key(&field.field_id)
        };
        let missing: Vec<&str> = form.values().filter(is_missing).map(|field| field.name.as_str()).collect();
        // Jira itself fills in the reporter.
        let missing: Vec<&str> = missing.into_iter().filter(|name| !same(name, "reporter")).collect();
        if !missing.is_empty() {
            let message = format!("Jira requires what is not filled in: {}", missing.join(", "));
            return Err(SourceError::Refused { status: 400, message });
        }
        Ok((json!({"fields": fields, "properties": [{"key": PROPERTY, "value": new.mark}]}), unfilled))
    }
}

/// A text as a field of this kind takes it.
fn value(field: Option<&wire::FormField>, text: &str, dialect: Dialect) -> Result<Value, String> {
    let Some(field) = field else { return Err("it is not on the form of new tickets in Jira".into()) };
    match (field.schema.kind.as_str(), field.schema.custom.as_deref()) {
        ("string", Some(custom)) if custom.ends_with(":textarea") => Ok(dialect.area(text)),
        ("string", _) => Ok(json!(line(text))),
        ("option", _) => choice(field, text),
        (other, _) => Err(format!("Jira keeps it as \"{other}\", which cm-bot does not write")),
    }
}

/// An option, which must be one that Jira offers.
fn choice(field: &wire::FormField, text: &str) -> Result<Value, String> {
    let offered = field.allowed_values.iter().flatten();
    let mut names = offered.filter_map(|choice| choice.value.as_deref().or(choice.name.as_deref()));
    match names.find(|name| same(name, text)) {
        Some(name) => Ok(json!({"value": name})),
        None => Err(format!("Jira's field does not offer \"{text}\"")),
    }
}

/// One line that Jira takes.
fn line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST_LINE {
        line
    } else {
        line.chars().take(LONGEST_LINE - 1).chain(['…']).collect()
    }
}

fn named(id: &str, key: &str) -> Result<(IssueId, TicketKey), SourceError> {
    Ok((IssueId::parse(id).map_err(unreadable)?, TicketKey::parse(key).map_err(unreadable)?))
}

fn in_order(start: u64, expected: u64) -> Result<(), SourceError> {
    if start == expected { Ok(()) } else { Err(SourceError::Incomplete("the form came in another order".into())) }
}
