//! One entry of the audit trail.

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::dice::FirstRound;
use super::draw::Population;
use crate::model::{AccountId, CommitSha, DecisionId, EmergencyId, TicketKey, Timestamp};
use crate::policy::approvers::Deed;
use crate::policy::follow_up::parts::Part;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// To which ticket, if to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketKey>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// The kinds of things that happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// cm-bot judged a ticket.
    Decided {
        /// The decision.
        decision: DecisionId,
        /// Which evaluation of the ticket.
        evaluation: i64,
        /// The verdict.
        verdict: String,
        /// SHA-256 of the stored facts.
        facts_sha256: String,
        /// SHA-256 of the stored decision.
        decision_sha256: String,
        /// The criteria and people under which it was made.
        policy_digest: String,
        /// What is to be done outside: the id of each action and the SHA-256 of its payload.
        actions: Vec<(String, String)>,
    },
    /// cm-bot approved a ticket, and Jira confirmed it.
    ApprovedAutomatically {
        /// The decision that allowed it.
        decision: DecisionId,
        /// What may be deployed.
        commit: CommitSha,
    },
    /// Somebody did something that matters to an approval.
    ApprovalAct {
        /// Whose account, as far as Jira says.
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<AccountId>,
        /// Where it is written, and under which number.
        source: String,
        /// What.
        #[serde(flatten)]
        deed: Deed,
        /// When, by the clock of whoever wrote it down.
        acted_at: Timestamp,
        /// The fingerprint of the ticket for which it was done.
        fingerprint: String,
        /// Why it was refused, if it was.
        #[serde(skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// Humans approved a ticket, and that counts.
    ApprovedByHuman {
        /// Who, each in which role.
        by: String,
        /// Their roles.
        role: String,
        /// What may be deployed; nothing when the change brings no code.
        #[serde(skip_serializing_if = "Option::is_none")]
        commit: Option<CommitSha>,
        /// When, by the clock of whoever set the status: what the gate lets through names its approval by this time.
        approved_at: Timestamp,
    },
    /// A human declined a ticket, and that counts.
    DeclinedByHuman {
        /// Who.
        by: String,
        /// Why, in their own words.
        reason: String,
    },
    /// A human set the status to approved, and that does not count.
    ApprovalNotCounted {
        /// Why.
        reason: String,
    },
    /// An approval does not count any more.
    ApprovalVoided {
        /// What had been approved.
        commit: CommitSha,
        /// Why.
        reason: String,
    },
    /// An action was carried out.
    ActionDone {
        /// The action.
        action: String,
        /// What came of it: the id of a comment or message, a status.
        result: String,
    },
    /// An action was given up or had become pointless.
    ActionDropped {
        /// The action.
        action: String,
        /// Why.
        reason: String,
    },
    /// A pipeline asked to deploy a build.
    GateRequested {
        /// The request.
        request: String,
        /// The run.
        run: String,
        /// What it wants to deploy.
        commit: CommitSha,
        /// Where to.
        scope: String,
        /// Who asked, as far as the token says.
        caller: String,
    },
    /// A request of the gate has its ticket.
    GateTicket {
        /// The request.
        request: String,
        /// Whether it was there, or was made for it.
        how: TicketOrigin,
    },
    /// The gate let a build through: the approval is used.
    GateAllowed {
        /// The request.
        request: String,
        /// The run.
        run: String,
        /// What may be deployed now.
        commit: CommitSha,
        /// Where to.
        scope: String,
        /// The fingerprint of the ticket as it was read.
        fingerprint: String,
        /// When the approval that was used had been given.
        approved_at: Timestamp,
    },
    /// The gate said no.
    GateDenied {
        /// The request.
        request: String,
        /// The run.
        run: String,
        /// Why.
        reason: String,
        /// What differed.
        details: Vec<String>,
    },
    /// A pipeline sent the Terraform plan that it is going to apply.
    PlanJudged {
        /// The request.
        request: String,
        /// The run.
        run: String,
        /// SHA-256 of the plan, byte by byte.
        plan_sha256: String,
        /// The ids of its risky changes.
        risky: Vec<String>,
    },
    /// GitHub is told what becomes of a run that waits at a deployment protection rule.
    RunAnswered {
        /// The request.
        request: String,
        /// The repository, the run and the environment.
        run: String,
        /// Which attempt of the run.
        attempt: u32,
        /// `approved` or `rejected`.
        answer: String,
    },
    /// A pipeline said what became of a deployment, or never did.
    DeploymentEnded {
        /// The request.
        request: String,
        /// What became of it.
        outcome: String,
        /// What the pipeline said about it.
        note: String,
    },
    /// Something was deployed that the gate had not let through.
    OrphanDeployment {
        /// Who knows of it, and under which number.
        source: String,
        /// What was deployed, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        commit: Option<CommitSha>,
        /// Where to.
        scope: String,
        /// Why nothing had let it through.
        reason: String,
        /// The emergency on whose account it was, if one was open.
        #[serde(skip_serializing_if = "Option::is_none")]
        emergency: Option<EmergencyId>,
    },
    /// The ticket was declined, closed, or is gone.
    Ended {
        /// Its last status.
        status: String,
    },
    /// An emergency was declared.
    EmergencyDeclared {
        /// Its id.
        emergency: EmergencyId,
        /// Who changes production.
        by: String,
        /// How many leads have to acknowledge it.
        leads_needed: usize,
    },
    /// A lead knows of an emergency. That is no approval.
    EmergencyAcknowledged {
        /// Which.
        emergency: EmergencyId,
        /// Who.
        by: String,
    },
    /// A change went to production on account of an emergency.
    EmergencyUsed {
        /// Which.
        emergency: EmergencyId,
    },
    /// Production was not changed after all.
    EmergencyCalledOff {
        /// Which.
        emergency: EmergencyId,
        /// Who says so.
        by: String,
    },
    /// The documentation of an emergency was not there in time.
    EmergencyOverdue {
        /// Which.
        emergency: EmergencyId,
        /// When it was due.
        due: Timestamp,
        /// What was missing.
        missing: BTreeSet<Part>,
    },
    /// The Security Officer gave more time. A date that was missed stays missed.
    EmergencyNewDate {
        /// Which.
        emergency: EmergencyId,
        /// Who.
        by: String,
        /// Until when.
        until: Timestamp,
        /// Why.
        reason: String,
    },
    /// Every part of the documentation of an emergency is there, and people have approved the ticket with it.
    EmergencyDocumented {
        /// Which.
        emergency: EmergencyId,
        /// SHA-256 of what it says, as the records keep it.
        texts_sha256: String,
    },
    /// Somebody was reminded.
    Reminded {
        /// Of what.
        step: String,
        /// Who.
        who: Vec<String>,
    },
    /// Somebody tried something in Slack who may not, or too late. Nothing came of it.
    RefusedInSlack {
        /// The Slack account.
        account: String,
        /// What was tried.
        what: String,
        /// Why it was refused.
        reason: String,
    },
    /// Somebody signed in on the pages.
    SignedIn {
        /// The Jira account of whoever the people file says it was.
        account: AccountId,
    },
    /// Somebody tried something on the pages who may not, or too late. Nothing came of it.
    RefusedOnPage {
        /// The Jira account of whoever the people file says it was.
        account: AccountId,
        /// What was tried.
        what: String,
        /// Why it was refused.
        reason: String,
    },
    /// cm-bot failed at the ticket again and again, and left it to people.
    ProcessingError,
    /// What there is to inspect of a month is fixed.
    PopulationClosed {
        /// The month.
        month: String,
        /// How many changes there are.
        changes: usize,
        /// The root of the tree over their keys.
        root: String,
        /// SHA-256 of the stored list, with the reasons to inspect some of them anyway.
        members_sha256: String,
    },
    /// Changes were drawn for inspection.
    InspectionDrawn {
        /// The month.
        month: String,
        /// Which draw of the month, from 1.
        draw: i64,
        /// What nobody could know when the population was fixed.
        entropy: String,
        /// Who brought it.
        brought_by: String,
        /// Why it was drawn once more.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// How many were to be drawn.
        size: usize,
        /// The root that the seed rests on.
        root: String,
        /// The seed.
        seed: String,
        /// Those that were drawn, in the order of their ranks.
        tickets: Vec<TicketKey>,
        /// Which round it had to be, if a beacon drew.
        #[serde(skip_serializing_if = "Option::is_none")]
        beacon: Option<FirstRound>,
    },
    /// Somebody has inspected a change.
    Inspected {
        /// The month.
        month: String,
        /// `sound` or `finding`.
        result: String,
        /// In the inspector's words.
        note: String,
        /// Who.
        inspector: String,
    },
    /// From here on decisions are made under these criteria and people.
    PolicyActivated {
        /// Their digest.
        policy_digest: String,
        /// The digest of those before, if there were any.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        /// Which keys of which file have changed.
        changed: Vec<String>,
        /// Who vouches for them, or why nobody does.
        signed: String,
        /// Which files do not count, and why, when these count instead of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        passed_over: Option<String>,
    },
    /// Somebody asked for a change in Slack, and its ticket was made.
    RequestedInSlack {
        /// Who.
        by: String,
        /// The class of change.
        class: String,
        /// What is changed.
        scope: String,
    },
    /// From here on people decide in other places beside Jira: `link` leads to Jira, `interactive` decides there too.
    DecidingChanged {
        /// `slack.decisions` of the settings.
        slack: String,
        /// `pages.decisions` of the settings.
        pages: String,
    },
    /// From here on the first draw of a month is made by this beacon, or by a person who brings dice.
    DrawingChanged {
        /// The hash of the beacon's chain; nothing for dice.
        #[serde(skip_serializing_if = "Option::is_none")]
        chain: Option<String>,
    },
    /// The records were put back from a backup, and two people answer for it.
    RollbackAcknowledged {
        /// Who.
        by: Vec<String>,
        /// How many entries a checkpoint tells of that was kept elsewhere.
        kept: u64,
        /// How many there were.
        found: i64,
    },
    /// From here on checkpoints are signed with this key.
    CheckpointKey {
        /// The public key.
        public: String,
    },
}

impl Event {
    /// An emergency is documented, and what its documentation says is stored as this text.
    #[must_use]
    pub fn emergency_documented(emergency: EmergencyId, texts: &str) -> Event {
        Event::EmergencyDocumented { emergency, texts_sha256: hex::encode(Sha256::digest(texts)) }
    }

    /// What there is to inspect of a month was fixed, and is stored as this text.
    #[must_use]
    pub fn population_closed(population: &Population, members: &str) -> Event {
        Event::PopulationClosed {
            month: population.month().to_string(),
            changes: population.members().len(),
            root: population.root(),
            members_sha256: hex::encode(Sha256::digest(members)),
        }
    }
}

/// Where the ticket of a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are what they say")]
pub enum TicketOrigin {
    Found,
    Made,
}
