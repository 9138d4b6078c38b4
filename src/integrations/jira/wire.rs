//! Jira's JSON.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What a Jira says of itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerInfo {
    /// `Cloud` or `Server`; the oldest versions leave it out.
    pub deployment_type: Option<String>,
    pub version: String,
    pub version_numbers: Vec<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Permissions {
    pub permissions: BTreeMap<String, Permission>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Permission {
    pub have_permission: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct FieldInfo {
    pub id: String,
    pub name: String,
    /// Its type, which only matters for how a field of a ticket that cm-bot makes is written: whatever it is, ours is found.
    /// Some fields of apps have none.
    pub schema: Option<Value>,
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
    pub reporter: Option<Author>,
    /// Who made it: unlike the reporter, nobody can change it.
    pub creator: Option<Author>,
    pub components: Vec<Named>,
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Transitions {
    pub transitions: Vec<Transition>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WorkflowSteps {
    pub transitions: Vec<WorkflowStep>,
}

/// A transition with everything that an administrator can change about who may use it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkflowStep {
    pub name: String,
    pub to: Named,
    pub is_conditional: bool,
    pub is_global: bool,
    pub is_initial: bool,
    pub has_screen: bool,
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
pub(super) struct WithHistory {
    pub changelog: Histories,
}

/// The history inside an issue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Histories {
    pub start_at: u64,
    pub total: u64,
    pub histories: Vec<Change>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    pub id: String,
    /// Jira leaves it out for changes that it made itself.
    pub author: Option<Author>,
    pub created: String,
    pub items: Vec<ChangeItem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Author {
    /// Cloud alone.
    pub account_id: Option<String>,
    /// Data Center alone: what stays of an account.
    pub key: Option<String>,
    /// Data Center alone: with what it logs in.
    pub name: Option<String>,
    /// What people read; where it matters it is asked for.
    pub display_name: Option<String>,
    /// `atlassian` for a person; some Jira versions leave it out.
    pub account_type: Option<String>,
    /// Whether it is in use; some Jira versions leave it out.
    pub active: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeItem {
    pub field: String,
    /// `jira` or `custom`.
    pub fieldtype: Option<String>,
    /// Cloud alone.
    pub field_id: Option<String>,
    #[serde(rename = "fromString")]
    pub from: Option<String>,
    #[serde(rename = "toString")]
    pub to: Option<String>,
}

impl ChangeItem {
    /// Whether it may be a field that somebody made, and not one of Jira's own.
    pub(super) fn is_custom(&self) -> bool {
        self.fieldtype.as_deref() != Some("jira")
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found<T = FoundIssue> {
    pub issues: Vec<T>,
    pub next_page_token: Option<String>,
    pub is_last: bool,
}

/// A page by number.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FoundPage {
    pub start_at: u64,
    pub total: u64,
    pub issues: Vec<Value>,
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
#[serde(rename_all = "camelCase")]
pub(super) struct CommentInfo {
    pub id: String,
    pub author: Option<Author>,
    pub update_author: Option<Author>,
    pub created: String,
    pub updated: String,
    pub body: Value,
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

#[derive(Debug, Deserialize)]
pub(super) struct CreatedIssue {
    pub id: String,
    pub key: String,
}

/// Who made an issue: unlike the reporter, nobody can change it.
#[derive(Debug, Deserialize)]
pub(super) struct MadeBy {
    pub id: String,
    pub key: String,
    pub fields: Creator,
}

#[derive(Debug, Deserialize)]
pub(super) struct Creator {
    /// Nobody when Jira made it itself.
    pub creator: Option<Author>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IssueTypes {
    pub start_at: u64,
    pub total: u64,
    /// Data Center calls them values.
    #[serde(alias = "values")]
    pub issue_types: Vec<IssueType>,
}

#[derive(Debug, Deserialize)]
pub(super) struct IssueType {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FormFields {
    pub start_at: u64,
    pub total: u64,
    /// Data Center calls them values.
    #[serde(alias = "values")]
    pub fields: Vec<FormField>,
}

/// A field of the form with which an issue is made.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FormField {
    pub field_id: String,
    pub name: String,
    pub required: bool,
    /// Left out by some fields, which then have none.
    pub has_default_value: Option<bool>,
    pub schema: FieldSchema,
    /// Only fields of a choice have them.
    pub allowed_values: Option<Vec<Choice>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct FieldSchema {
    #[serde(rename = "type")]
    pub kind: String,
    pub custom: Option<String>,
}

/// An option has a value, a component a name.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Choice {
    pub value: Option<String>,
    pub name: Option<String>,
}

/// Jira names a remote link by a number.
#[derive(Debug, Deserialize)]
pub(super) struct Linked {
    #[serde(rename = "id")]
    pub _id: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestApprovals {
    pub is_last_page: bool,
    pub values: Vec<RequestApproval>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestApproval {
    pub id: String,
    pub approvers: Vec<RequestApprover>,
    pub created_date: RequestDate,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestApprover {
    pub approver: Author,
    pub approver_decision: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestDate {
    pub epoch_millis: i64,
}
