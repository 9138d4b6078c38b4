//! Everything that our records hold of one change, in the form in which it is exported. Times are milliseconds since 1970, UTC.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ids::{AccountId, CommitSha, DecisionId, IssueId, TicketKey};
use super::time::Timestamp;

/// One change with everything that happened to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecord {
    /// Its ticket.
    pub ticket: TicketKey,
    /// Jira's number of the ticket.
    pub issue: IssueId,
    /// The service that it names, if it names a registered one.
    pub service: Option<String>,
    /// The environment that it names, if it names a registered one.
    pub environment: Option<String>,
    /// Its state when it was seen last: `pending`, `approved`, `declined`, `closed`, `other` or `gone`.
    pub status: String,
    /// When cm-bot saw it first; nothing when our records do not know it.
    pub first_seen: Option<Timestamp>,
    /// What was decided, in order.
    pub decisions: Vec<DecisionRecord>,
    /// What was approved, voided and approved again, in order.
    pub approvals: Vec<ApprovalRecord>,
    /// What people said and did, in the order in which it was noted.
    pub acts: Vec<ActRecord>,
    /// What pipelines asked the gate, and what came of it.
    pub gate: Vec<GateRecord>,
    /// The numbers of the entries of the audit trail that speak of it.
    pub entries: Vec<i64>,
}

/// One decision. Facts and decision are the texts that were stored, byte for byte: the trail holds their SHA-256.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    /// Its id.
    pub id: DecisionId,
    /// Which evaluation of the ticket, from 1.
    pub evaluation: i64,
    /// Its verdict.
    pub verdict: String,
    /// When it was made.
    pub decided_at: Timestamp,
    /// The criteria and people under which it was made.
    pub policy_digest: String,
    /// What it was made from.
    pub facts: Box<RawValue>,
    /// What it was.
    pub decision: Box<RawValue>,
}

/// An approval that was given, or does not count any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalRecord {
    /// `given` or `voided`.
    pub mark: String,
    /// What was approved.
    pub commit: CommitSha,
    /// When it was given.
    pub approved_at: Timestamp,
    /// When that was noted.
    pub noted_at: Timestamp,
    /// By which decision of cm-bot, if it was one.
    pub decision: Option<DecisionId>,
    /// By whom, each with the role in which they approved.
    pub by: Vec<(String, String)>,
}

/// What somebody said or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActRecord {
    /// Where it is written: `status`, `field`, `comment`, `service-desk` or `slack`.
    pub way: String,
    /// Under which number.
    pub source: String,
    /// Whose account it was, as far as Jira says.
    pub account: Option<AccountId>,
    /// What, with the words.
    pub deed: serde_json::Value,
    /// When, by the clock of whoever wrote it down.
    pub acted_at: Timestamp,
    /// Why it was refused when it came, if it was.
    pub refused: Option<String>,
}

/// A request of the gate with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateRecord {
    /// Its id.
    pub request: String,
    /// What was to be deployed, by which run.
    pub deployment: serde_json::Value,
    /// Who asked, as far as the token says.
    pub caller: String,
    /// When.
    pub requested_at: Timestamp,
    /// When it was let through; nothing when it was not.
    pub used_at: Option<Timestamp>,
    /// What became of it, each with when that was said and in which words.
    pub outcomes: Vec<(String, Timestamp, String)>,
}
