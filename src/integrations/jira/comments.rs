//! cm-bot's comments on a ticket, found again by a property that they carry.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::JiraClient;
use super::dialect::Dialect;
use super::paging::is_read;
use super::wiki::{Part, escaped, mention};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::TicketKey;
use crate::render::document::{Document, Line};

/// The key of the property that marks our comments. It marks them for us; it is never evidence, anybody can set one.
const PROPERTY: &str = "cm-bot";

/// Most pages of comments that are read, 100 each.
const MOST_PAGES: usize = 30;

/// What stands in the property of one of our comments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentMark {
    /// The action that wrote it.
    pub action: String,
    /// The verdict that it gives.
    pub verdict: String,
    /// The newest checkpoint of the audit trail when it was written: kept here, it binds the trail there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

/// A comment to write.
#[derive(Debug, Clone)]
pub struct Comment<'a> {
    /// Its content, as [`JiraClient::body`] wrote it.
    pub body: &'a Value,
    /// Its mark.
    pub mark: &'a CommentMark,
}

impl JiraClient {
    /// The id of the comment that an action wrote, if it did: looked up before the action is repeated.
    ///
    /// # Errors
    /// When Jira does not show all comments.
    pub async fn find_comment(&self, ticket: &TicketKey, action: &str) -> Result<Option<String>, SourceError> {
        let own = self.myself().await?.clone();
        let mut seen = 0;
        for _ in 0..MOST_PAGES {
            let page = self.page_of_comments(ticket, seen).await?;
            seen += page.comments.len() as u64;
            let is_last = is_read((seen, page.total), page.comments.len(), "comments")?;
            for comment in page.comments {
                let author = comment.author.as_ref().map(|author| self.dialect.account(author)).transpose()?;
                let is_ours = author.as_ref() == Some(&own);
                if is_ours && self.mark_of(&comment).await?.is_some_and(|mark| mark.action == action) {
                    return Ok(Some(comment.id));
                }
            }
            if is_last {
                return Ok(None);
            }
        }
        Err(SourceError::Incomplete("the comments have no end".into()))
    }

    /// Every comment on a ticket, newest first.
    ///
    /// # Errors
    /// When Jira does not show all of them.
    pub(super) async fn comments(&self, ticket: &TicketKey) -> Result<Vec<wire::CommentInfo>, SourceError> {
        let mut comments = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = self.page_of_comments(ticket, comments.len() as u64).await?;
            let on_page = page.comments.len();
            comments.extend(page.comments);
            let is_last = is_read((comments.len() as u64, page.total), on_page, "comments")?;
            if is_last {
                return Ok(comments);
            }
        }
        Err(SourceError::Incomplete("the comments have no end".into()))
    }

    async fn page_of_comments(&self, ticket: &TicketKey, seen: u64) -> Result<wire::Comments, SourceError> {
        let request = self.request(Method::GET, &format!("issue/{ticket}/comment")).query(&[
            ("startAt", seen.to_string().as_str()),
            ("maxResults", "100"),
            ("orderBy", "-created"),
            ("expand", "properties"),
        ]);
        let page: wire::Comments = Peer::Jira.read(request).await?.json()?;
        match page.start_at == seen {
            true => Ok(page),
            false => Err(SourceError::Incomplete("the comments came in another order".into())),
        }
    }

    /// Writes a new comment and gives its id.
    ///
    /// # Errors
    /// [`SourceError::Unreachable`] leaves open whether it was written.
    pub async fn write_comment(&self, ticket: &TicketKey, comment: &Comment<'_>) -> Result<String, SourceError> {
        let path = format!("issue/{ticket}/comment");
        let created: wire::Created = Peer::Jira
            .send_once(self.request(Method::POST, &path).json(&self.to_wire(comment).await?))
            .await?
            .json()?;
        Ok(created.id)
    }

    /// Changes one of our comments without notifying anybody.
    ///
    /// # Errors
    /// [`SourceError::NotFound`] when somebody deleted it.
    pub async fn edit_comment(&self, ticket: &TicketKey, id: &str, comment: &Comment<'_>) -> Result<(), SourceError> {
        let path = format!("issue/{ticket}/comment/{id}");
        let request = self.request(Method::PUT, &path).query(&[("notifyUsers", "false")]);
        Peer::Jira.send_once(request.json(&self.to_wire(comment).await?)).await?.json::<wire::Created>().map(|_| ())
    }

    /// The mark of a comment: some Jira versions send properties along, the others are asked for it.
    async fn mark_of(&self, comment: &wire::CommentInfo) -> Result<Option<CommentMark>, SourceError> {
        let value = match &comment.properties {
            Some(properties) => {
                properties.iter().find(|property| property.key == PROPERTY).map(|property| property.value.clone())
            }
            None => {
                let path = format!("comment/{}/properties/{PROPERTY}", comment.id);
                match Peer::Jira.read(self.request(Method::GET, &path)).await {
                    Ok(answer) => Some(answer.json::<wire::Property>()?.value),
                    Err(SourceError::NotFound) => None,
                    Err(error) => return Err(error),
                }
            }
        };
        Ok(value.and_then(|value| serde_json::from_value(value).ok()))
    }

    /// In Jira Service Management a comment is shown to the customers of the request unless it says otherwise.
    async fn to_wire(&self, comment: &Comment<'_>) -> Result<Value, SourceError> {
        let mut properties = vec![json!({"key": PROPERTY, "value": comment.mark})];
        if self.approvals.service_desk {
            properties.push(json!({"key": "sd.public.comment", "value": {"internal": true}}));
        }
        let body = match self.dialect {
            Dialect::Cloud => comment.body.clone(),
            Dialect::DataCenter => json!(self.markup(comment.body).await?),
        };
        Ok(json!({"body": body, "properties": properties}))
    }

    /// A body as markup, with the names of today in its mentions. Who cannot be mentioned is named.
    async fn markup(&self, body: &Value) -> Result<String, SourceError> {
        let mut markup = String::new();
        for part in self.dialect.parts(body) {
            match part {
                Part::Markup(text) => markup.push_str(&text),
                Part::Mention { mention: account, name } => {
                    let mentioned = self.user_name(&account).await?.as_deref().and_then(mention);
                    markup.push_str(&mentioned.unwrap_or_else(|| escaped(&format!("@{name}"))));
                }
            }
        }
        Ok(markup)
    }

    /// A document as the body of a comment: kept as it is until it is sent.
    #[must_use]
    pub fn body(&self, document: &Document) -> Value {
        self.dialect.body(document)
    }

    /// Such a body with one more paragraph at its beginning.
    #[must_use]
    pub fn with_first_line(&self, line: &Line, body: Value) -> Value {
        self.dialect.with_first_line(line, body)
    }
}
