//! Jira's JSON.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Myself {
    #[serde(rename = "accountId")]
    pub account_id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct FieldInfo {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Issue {
    pub id: String,
    pub key: String,
    pub fields: IssueFields,
}

#[derive(Debug, Deserialize)]
pub(super) struct IssueFields {
    pub summary: Option<String>,
    pub status: Named,
    pub reporter: Option<User>,
    pub components: Vec<Named>,
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub account_id: String,
    pub display_name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Transitions {
    pub transitions: Vec<Transition>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Transition {
    pub id: String,
    pub name: String,
    pub to: Named,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Changelog {
    pub start_at: u64,
    pub total: u64,
    pub values: Vec<Change>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    /// Jira leaves it out for changes that it made itself.
    pub author: Option<Author>,
    pub created: String,
    pub items: Vec<ChangeItem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Author {
    pub account_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeItem {
    pub field: String,
    pub field_id: Option<String>,
    #[serde(rename = "toString")]
    pub to: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    pub issues: Vec<FoundIssue>,
    pub next_page_token: Option<String>,
    pub is_last: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct FoundIssue {
    pub id: String,
    /// The one field that is asked for; left out when the ticket has none.
    pub fields: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Comments {
    pub start_at: u64,
    pub total: u64,
    pub comments: Vec<CommentInfo>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CommentInfo {
    pub id: String,
    pub author: Option<Author>,
    /// Only some Jira versions put them here; otherwise they are asked for one by one.
    pub properties: Option<Vec<Property>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Property {
    pub key: String,
    pub value: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Created {
    pub id: String,
}

/// Jira names a remote link by a number.
#[derive(Debug, Deserialize)]
pub(super) struct Linked {
    #[serde(rename = "id")]
    pub _id: u64,
}
