//! Approves a ticket in Jira, if everything is still as it was when that was decided.

use super::{Done, Outbox, OutboxError};
use crate::audit::{Entry, Event};
use crate::gather::siblings;
use crate::handlers::approvals::{is_spoken_for, shown};
use crate::handlers::{could_not_move, void_if_edited, void_if_set_back};
use crate::integrations::SourceError;
use crate::integrations::jira::{StatusChange, TransitionError};
use crate::model::{DecisionId, IssueId, Scope, Ticket, TicketStatus};
use crate::policy::approval::clocks;
use crate::policy::decision::AutoApproval;
use crate::policy::evaluate;
use crate::policy::facts::{Fact, Facts, Sibling};
use crate::render::view::subject;
use crate::store::{Approval, ClaimedAction, Job, StoredDecision, Turn};

impl Outbox {
    /// The right to approve is not stored: the decision is made again from its stored facts, and has to come out the same.
    pub(super) async fn approve(&self, claimed: &ClaimedAction, id: DecisionId) -> Result<Done, OutboxError> {
        let store = &self.context.sources.store;
        let Some(stored) = store.decision(id).await? else { return Ok(Done::Dropped("there is no such decision")) };
        let decision = evaluate(&stored.facts, &stored.criteria, stored.at);
        let Some(approval) = decision.auto_approval() else {
            return self.outdated(claimed, id, "the decision does not come out as an approval any more").await;
        };
        let Some(scope) = stored.facts.placement.scope() else {
            return self.outdated(claimed, id, "the ticket has no scope").await;
        };
        // Nobody judges in this scope, and nobody voids an approval in it, from the last look to the record. Everything is
        // looked at at the same time, so that nothing of it is older than one answer when the ticket is moved.
        let mut turn = store.turn(&scope).await?;
        let jira = &self.context.sources.jira;
        let (ticket, others, way, said) = tokio::join!(
            jira.ticket(&claimed.action.issue),
            siblings(&self.context.sources, &stored.facts.ticket, &scope),
            jira.way_to_approval(&stored.ticket),
            is_spoken_for(&self.context, &stored.facts.ticket, stored.at),
        );
        let ticket = ticket?;
        if store.was_given_by(&ticket.id, id).await? {
            return self.given_before(&ticket, id).await;
        }
        match ticket.status.meaning {
            TicketStatus::Approved => self.confirm(&stored, approval, &ticket).await,
            TicketStatus::Pending if self.was_taken_back(claimed, &ticket).await? => {
                self.taken_back(&stored, approval, &ticket).await
            }
            TicketStatus::Pending if self.is_declined(&stored).await? => {
                store.drop_rest_of(id).await?;
                Ok(Done::Dropped("somebody has declined it"))
            }
            TicketStatus::Pending => match self.objection(&stored, approval, (&ticket, others?, said?)).await? {
                Some(why) => self.outdated(claimed, id, why).await,
                None => {
                    self.assure((&ticket, &scope), &mut turn).await?;
                    match way {
                        Ok(way) => jira.approve(approval, &way).await?,
                        Err(TransitionError::Source(error)) => return Err(error.into()),
                        Err(TransitionError::NotOffered(name)) => {
                            return self.not_offered(claimed, &stored, &name).await;
                        }
                    }
                    self.record(&stored, approval).await
                }
            },
            // Whoever moved it meant it: what was decided is not decided anew before something changes.
            TicketStatus::Declined | TicketStatus::Closed | TicketStatus::Other => {
                store.drop_rest_of(id).await?;
                Ok(Done::Dropped("the ticket is not waiting for a decision any more"))
            }
        }
    }

    /// An earlier try was recorded, and ended before it could look whether it still counts. It is not given again: it may
    /// have been voided meanwhile.
    async fn given_before(&self, ticket: &Ticket, id: DecisionId) -> Result<Done, OutboxError> {
        match ticket.status.meaning {
            TicketStatus::Pending => drop(void_if_set_back(&self.context, ticket).await?),
            TicketStatus::Approved => {}
            TicketStatus::Declined | TicketStatus::Closed | TicketStatus::Other => {
                self.context.sources.store.drop_rest_of(id).await?;
            }
        }
        self.read_back(&ticket.id).await
    }

    /// Whether an earlier try of ours had its effect, and a human set the ticket back before it was recorded.
    async fn was_taken_back(&self, claimed: &ClaimedAction, ticket: &Ticket) -> Result<bool, OutboxError> {
        if claimed.attempts < 2 {
            return Ok(false);
        }
        let Some(change) = self.own_approval(ticket).await? else { return Ok(false) };
        let voided = self.context.sources.store.voided(&ticket.id).await?;
        Ok(voided.is_none_or(|voided| change.at > voided))
    }

    /// The trail holds both: that it was approved, and that it was taken back.
    async fn taken_back(
        &self,
        stored: &StoredDecision,
        approval: &AutoApproval,
        ticket: &Ticket,
    ) -> Result<Done, OutboxError> {
        self.record(stored, approval).await?;
        void_if_set_back(&self.context, ticket).await?;
        self.judge_anew(&ticket.id, stored.id).await?;
        Ok(Done::Did("approved by an earlier try, and taken back by a human".into()))
    }

    /// What followed from a newer decision was dropped with the approval that was taken back.
    async fn judge_anew(&self, issue: &IssueId, but: DecisionId) -> Result<(), OutboxError> {
        let store = &self.context.sources.store;
        let stands_at = store.known_ticket(issue).await?.and_then(|known| known.decision);
        if let Some(newer) = stands_at.filter(|decision| *decision != but) {
            store.void_decision(newer).await?;
            store.enqueue(&Job::Ticket(issue.clone()), self.context.clock.now()).await?;
        }
        Ok(())
    }

    /// The newest approval in Jira's history, if it is ours.
    async fn own_approval(&self, ticket: &Ticket) -> Result<Option<StatusChange>, OutboxError> {
        let jira = &self.context.sources.jira;
        let change = jira.approved_by(&ticket.key).await?;
        let myself = jira.myself().await?;
        Ok(change.filter(|change| change.by.as_ref() == Some(myself)))
    }

    /// Whether a word that is noted declines the ticket, also when Jira could not be told of it so far.
    async fn is_declined(&self, stored: &StoredDecision) -> Result<bool, OutboxError> {
        let (context, facts) = (&self.context, &stored.facts);
        let decision = evaluate(facts, &context.policy.criteria, context.clock.now());
        let records = (&context.sources.store, context.links.deciding);
        let approvals = shown(records, &context.policy.criteria, (facts, &decision)).await?;
        Ok(approvals.declined().is_some())
    }

    /// What has changed since the decision, if something has.
    async fn objection(
        &self,
        stored: &StoredDecision,
        approval: &AutoApproval,
        (ticket, others, is_spoken_for): (&Ticket, Fact<Vec<Sibling>>, bool),
    ) -> Result<Option<&'static str>, OutboxError> {
        let store = &self.context.sources.store;
        if is_spoken_for {
            return Ok(Some("somebody has said something about it meanwhile"));
        }
        if !store.is_current(&ticket.id, stored.id).await? {
            return Ok(Some("the ticket does not stand at this decision any more"));
        }
        store.assure_in_force(&self.context.policy.criteria).await?;
        if stored.criteria.digest != self.context.policy.criteria.digest {
            return Ok(Some("the criteria or the people have changed"));
        }
        if stored.criteria.standing_at(self.context.clock.now()).is_err() {
            return Ok(Some("the signature of the criteria does not count any more"));
        }
        if ticket.fingerprint() != approval.fingerprint() {
            return Ok(Some("the ticket was edited after it was judged"));
        }
        if self.is_untimely(&stored.facts) {
            return Ok(Some("the clocks do not agree any more"));
        }
        match others {
            Fact::Known(others) if others.is_empty() => Ok(None),
            Fact::Known(_) => Ok(Some("another ticket of the same service and environment was created meanwhile")),
            Fact::Unknown(gap) if gap.passes() => Err(SourceError::Incomplete(gap.to_string()).into()),
            Fact::Unknown(_) => Ok(Some("the other tickets of the service are not known any more")),
        }
    }

    /// Whether our clock and that of the system that holds the code are known to differ.
    fn is_untimely(&self, facts: &Facts) -> bool {
        let Some(service) = facts.placement.service() else { return false };
        let ahead = self.context.sources.forge(service).clock_ahead_ms();
        ahead.and_then(|ahead| clocks::difference(ahead, service.forge)).is_some()
    }

    /// Our records may say that the ticket was finished, if somebody reopened it a moment ago: whoever looks for siblings
    /// next has to find it. And if our turn was lost, somebody else is judging beside us.
    pub(super) async fn assure(&self, (ticket, scope): (&Ticket, &Scope), turn: &mut Turn) -> Result<(), OutboxError> {
        let store = &self.context.sources.store;
        store.note_ticket(ticket, Some(scope), self.context.clock.now()).await?;
        Ok(turn.assure().await?)
    }

    /// The status is there already: from our own earlier try, or from a human who was faster.
    async fn confirm(
        &self,
        stored: &StoredDecision,
        approval: &AutoApproval,
        ticket: &Ticket,
    ) -> Result<Done, OutboxError> {
        if self.own_approval(ticket).await?.is_some() {
            return self.record(stored, approval).await;
        }
        self.context.sources.store.drop_rest_of(stored.id).await?;
        Ok(Done::Dropped("a human approved it first"))
    }

    async fn record(&self, stored: &StoredDecision, approval: &AutoApproval) -> Result<Done, OutboxError> {
        let Some(scope) = stored.facts.placement.scope() else { return Ok(Done::Dropped("the ticket has no scope")) };
        let at = self.context.clock.now();
        let record = Approval {
            issue: stored.facts.ticket.id.clone(),
            ticket: stored.ticket.clone(),
            scope,
            commit: approval.commit().clone(),
            at,
            decision: Some(stored.id),
            by: Vec::new(),
            fingerprint: approval.fingerprint().to_owned(),
        };
        let event = Event::ApprovedAutomatically { decision: stored.id, commit: approval.commit().clone() };
        let entry = Entry { at, ticket: Some(stored.ticket.clone()), event };
        self.context.sources.store.record_approval(&record, &entry, &[]).await?;
        tracing::info!(ticket.key = %stored.ticket, decision.id = %stored.id, "Approved {}", stored.ticket);
        self.read_back(&record.issue).await
    }

    /// Jira knows no "approve only what I have read": an edit may have come between our last look and the transition.
    async fn read_back(&self, issue: &IssueId) -> Result<Done, OutboxError> {
        let ticket = self.context.sources.jira.ticket(issue).await?;
        let voided = void_if_edited(&self.context, &ticket).await?;
        Ok(Done::Did(if voided { "approved, and voided: the ticket was edited meanwhile" } else { "approved" }.into()))
    }

    /// The words that were to follow are dropped too, and the ticket is judged again.
    async fn outdated(&self, claimed: &ClaimedAction, id: DecisionId, why: &'static str) -> Result<Done, OutboxError> {
        let store = &self.context.sources.store;
        store.void_decision(id).await?;
        store.enqueue(&Job::Ticket(claimed.action.issue.clone()), self.context.clock.now()).await?;
        Ok(Done::Dropped(why))
    }

    async fn not_offered(
        &self,
        claimed: &ClaimedAction,
        stored: &StoredDecision,
        name: &str,
    ) -> Result<Done, OutboxError> {
        let key = &stored.ticket;
        tracing::error!(ticket.key = %key, "Jira does not offer the transition \"{name}\" for {key}: check jira.workflow and the account's rights");
        let store = &self.context.sources.store;
        store.drop_rest_of(stored.id).await?;
        let subject = subject(&stored.facts);
        let about = (name, subject.as_str(), stored.evaluation);
        let actions = could_not_move(&self.context, &stored.facts.ticket, about)?;
        let now = self.context.clock.now();
        let event = Event::ActionDropped { action: claimed.action.id.clone(), reason: "transition not offered".into() };
        store
            .ask_for((&claimed.action.issue, &actions), &Entry { at: now, ticket: Some(key.clone()), event }, now)
            .await?;
        Ok(Done::Dropped("Jira does not offer the transition"))
    }
}
