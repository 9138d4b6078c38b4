//! What differs between Jira Cloud (REST v3) and Jira Data Center (REST v2): everything else asks here, or does the same for
//! both. Where Data Center lacks something, it is named or held, and nothing is guessed.
//!
//! | | Cloud | Data Center |
//! |---|---|---|
//! | who somebody is | `accountId` | `key`, which stays when somebody is renamed; a `name` is nobody |
//! | who logs in | e-mail address and token | a personal access token alone, since 8.14 |
//! | rich text | ADF | wiki markup |
//! | history | in pages, naming fields by their ids | whole, inside the issue, naming fields by their names |
//! | search | by token, and it can be told of newest changes | by number, and it cannot |

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::acts::{Actor, command_in_document, command_in_markup};
use super::client::unreadable;
use super::fields::rich_text;
use super::{adf, wiki, wire};
use crate::integrations::SourceError;
use crate::integrations::advice::{JIRA_CREDENTIALS, JIRA_PERSONAL_TOKEN};
use crate::model::{AccountId, AccountState};
use crate::render::document::{Block, Document, Inline, Line};
use crate::settings::Deployment;

/// Which of the two a Jira is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// REST v3.
    Cloud,
    /// REST v2.
    DataCenter,
}

impl From<Deployment> for Dialect {
    fn from(deployment: Deployment) -> Dialect {
        match deployment {
            Deployment::Cloud => Dialect::Cloud,
            Deployment::DataCenter => Dialect::DataCenter,
        }
    }
}

impl Dialect {
    /// Where the REST API is, below the address of Jira.
    pub(super) fn api(self) -> &'static str {
        match self {
            Dialect::Cloud => "rest/api/3",
            Dialect::DataCenter => "rest/api/2",
        }
    }

    /// Where tickets are searched, as an auditor is told.
    pub(super) fn search(self) -> &'static str {
        match self {
            Dialect::Cloud => "POST /rest/api/3/search/jql",
            Dialect::DataCenter => "GET /rest/api/2/search",
        }
    }

    /// A request in the name of cm-bot.
    pub(super) fn log_in(self, request: RequestBuilder, account: &str, token: &SecretString) -> RequestBuilder {
        match self {
            Dialect::Cloud => request.basic_auth(account, Some(token.expose_secret())),
            Dialect::DataCenter => request.bearer_auth(token.expose_secret()),
        }
    }

    /// What an operator does when the credentials are refused.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Dialect::Cloud => JIRA_CREDENTIALS,
            Dialect::DataCenter => JIRA_PERSONAL_TOKEN,
        }
    }

    /// A request to Jira Service Management, whose approvals count as an experiment on Data Center.
    pub(super) fn approvals(self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Dialect::Cloud => request,
            Dialect::DataCenter => request.header("X-ExperimentalApi", "opt-in"),
        }
    }

    /// Which account this is: never by a name, which may be given to somebody else.
    pub(super) fn account(self, author: &wire::Author) -> Result<AccountId, SourceError> {
        let (name, id) = match self {
            Dialect::Cloud => ("accountId", &author.account_id),
            Dialect::DataCenter => ("key", &author.key),
        };
        let id = id.as_deref().ok_or_else(|| SourceError::Unreadable(format!("an account without `{name}`")))?;
        AccountId::parse(id).map_err(unreadable)
    }

    /// The account, and what Jira says of it now. Data Center knows no accounts that are not a person's.
    pub(super) fn actor(self, author: &wire::Author) -> Result<Actor, SourceError> {
        let state = match (self, author.account_type.as_deref(), author.active) {
            (Dialect::Cloud, Some("atlassian"), Some(true)) | (Dialect::DataCenter, _, Some(true)) => {
                AccountState::Active
            }
            (Dialect::Cloud, Some("atlassian"), Some(false)) | (Dialect::DataCenter, _, Some(false)) => {
                AccountState::Deactivated
            }
            (Dialect::Cloud, Some("atlassian"), None) | (Dialect::Cloud, None, _) | (Dialect::DataCenter, _, None) => {
                AccountState::NotKnown
            }
            (Dialect::Cloud, Some(_), _) => AccountState::NotHuman,
        };
        Ok(Actor { account: self.account(author)?, state })
    }

    /// How an account is asked for.
    pub(super) fn query(self, account: &AccountId) -> [(&'static str, &str); 1] {
        match self {
            Dialect::Cloud => [("accountId", account.as_str())],
            Dialect::DataCenter => [("key", account.as_str())],
        }
    }

    /// A document as the body of a comment, as it waits to be sent.
    pub(super) fn body(self, document: &Document) -> Value {
        match self {
            Dialect::Cloud => adf::document(document),
            Dialect::DataCenter => wiki::document(document),
        }
    }

    /// A body with one more paragraph at its beginning.
    pub(super) fn with_first_line(self, line: &Line, body: Value) -> Value {
        match self {
            Dialect::Cloud => adf::with_first_line(line, body),
            Dialect::DataCenter => wiki::with_first_line(line, body),
        }
    }

    /// The parts of a body that waited to be sent. One that was written for the other kind of Jira is its words alone.
    pub(super) fn parts(self, body: &Value) -> Vec<wiki::Part> {
        let read = serde_json::from_value::<wiki::Body>(body.clone());
        read.map_or_else(|_| vec![wiki::Part::Markup(wiki::escaped(&rich_text(body)))], |body| body.wiki)
    }

    /// The command in a comment, if it begins like one.
    pub(super) fn command(self, body: &Value) -> Option<String> {
        match self {
            Dialect::Cloud => command_in_document(body),
            Dialect::DataCenter => command_in_markup(body.as_str()?),
        }
    }

    /// The value of a field of several lines.
    pub(super) fn area(self, text: &str) -> Value {
        match self {
            Dialect::Cloud => rich(text),
            Dialect::DataCenter => json!(wiki::area(text)),
        }
    }
}

/// A text area: a paragraph a line, and a line that is an address is a link.
fn rich(text: &str) -> Value {
    let inline = |line: &str| match line.starts_with("https://") && !line.contains(char::is_whitespace) {
        true => Inline::Link(line.to_owned(), line.to_owned()),
        false => Inline::Words(line.to_owned()),
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    adf::document(&Document(lines.map(|line| Block::Paragraph(vec![inline(line)])).collect()))
}
