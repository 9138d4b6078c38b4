//! Approves or declines a ticket in Jira in the name of people, if they still mean it when it is done.
//!
//! Everything is read anew: the ticket, what people did to it, their accounts, the other tickets of its scope.

use super::{Done, Outbox, OutboxError};
use crate::audit::{Entry, Event};
use crate::gather::siblings;
use crate::handlers::approvals::{Look, Stand, look};
use crate::handlers::{approve, could_not_move_for_people, is_not_enough, look_at_approved, void_if_edited};
use crate::integrations::SourceError;
use crate::integrations::jira::TransitionError;
use crate::model::{Scope, Ticket, TicketStatus};
use crate::policy::approvers::HumanApproval;
use crate::policy::facts::{Fact, Placement, Sibling};
use crate::render::approvals as render;
use crate::render::view::subject;
use crate::store::{ClaimedAction, Effect, Job, NewAction, NewActs, Turn};

impl Outbox {
    /// The right to approve is not stored: what people did is added up again, and has to be enough again.
    pub(super) async fn approve_by_people(&self, claimed: &ClaimedAction) -> Result<Done, OutboxError> {
        let (jira, store) = (&self.context.sources.jira, &self.context.sources.store);
        let first = jira.ticket(&claimed.action.issue).await?;
        let scope = Placement::of(&first, &self.context.sources.services).scope();
        // Nobody judges in this scope, and nobody voids an approval in it, from the last look to the record.
        let turn = match &scope {
            Some(scope) => Some(store.turn(scope).await?),
            None => None,
        };
        let ticket = jira.ticket(&claimed.action.issue).await?;
        match ticket.status.meaning {
            TicketStatus::Pending => self.approve_pending(claimed, &ticket, (scope, turn)).await,
            TicketStatus::Approved => self.confirm_for_people(&ticket, turn).await,
            TicketStatus::Declined | TicketStatus::Closed | TicketStatus::Other => {
                Ok(Done::Dropped("the ticket is not waiting for a decision any more"))
            }
        }
    }

    async fn approve_pending(
        &self,
        claimed: &ClaimedAction,
        ticket: &Ticket,
        (scope, mut turn): (Option<Scope>, Option<Turn>),
    ) -> Result<Done, OutboxError> {
        let stand = match Box::pin(look(&self.context, ticket)).await? {
            Look::Stands(stand) if stand.new.is_empty() => stand,
            Look::Stands(_) | Look::Edited | Look::Quiet => {
                return self.look_again(claimed, "something happened to the ticket meanwhile").await;
            }
        };
        let Some(right) = stand.approvals.approval() else {
            return self.look_again(claimed, "the approvals are not enough any more").await;
        };
        if let Some(why) = self.reason_to_wait(ticket, (&stand, scope.as_ref())).await? {
            return self.look_again(claimed, why).await;
        }
        if let (Some(scope), Some(turn)) = (&scope, &mut turn) {
            self.assure((ticket, scope), turn).await?;
        }
        match self.context.sources.jira.approve_by_people(&right).await {
            Ok(()) => self.record_for_people(ticket, (&right, &stand)).await,
            Err(TransitionError::Source(error)) => Err(error.into()),
            Err(TransitionError::NotOffered(name)) => {
                self.not_offered_for_people(ticket, (&right, &stand), &name).await
            }
        }
    }

    /// What cm-bot would have to tell those who approved before it acts on their word.
    async fn reason_to_wait(
        &self,
        ticket: &Ticket,
        (stand, scope): (&Stand, Option<&Scope>),
    ) -> Result<Option<&'static str>, OutboxError> {
        let store = &self.context.sources.store;
        let Some(stored) = &stand.basis.stored else { return Ok(Some("cm-bot has not judged the ticket yet")) };
        if !store.is_current(&ticket.id, stored.id).await? {
            return Ok(Some("the ticket does not stand at this decision any more"));
        }
        store.assure_in_force(&self.context.policy.criteria).await?;
        let decided = store.decision(stored.id).await?;
        if decided.is_none_or(|decided| decided.criteria.digest != self.context.policy.criteria.digest) {
            return Ok(Some("the criteria or the people have changed"));
        }
        let Some(scope) = scope else { return Ok(None) };
        let known = |sibling: &Sibling| match &stand.basis.facts.siblings {
            Fact::Known(seen) => seen.iter().any(|one| one.ticket == sibling.ticket),
            Fact::Unknown(_) => false,
        };
        match siblings(&self.context.sources, ticket, scope).await? {
            Fact::Known(others) if others.iter().all(known) => Ok(None),
            Fact::Known(_) => Ok(Some("another ticket of the same service and environment was created meanwhile")),
            Fact::Unknown(gap) if gap.passes() => Err(SourceError::Incomplete(gap.to_string()).into()),
            Fact::Unknown(_) => Ok(None),
        }
    }

    async fn record_for_people(
        &self,
        ticket: &Ticket,
        (right, stand): (&HumanApproval, &Stand),
    ) -> Result<Done, OutboxError> {
        approve(&self.context, ticket, (right, stand, self.context.clock.now())).await?;
        tracing::info!(ticket.key = %ticket.key, "Approved {} for those who approved it", ticket.key);
        // An edit may have come between our last look and the transition.
        let ticket = self.context.sources.jira.ticket(&ticket.id).await?;
        let voided = void_if_edited(&self.context, &ticket).await?;
        Ok(Done::Did(if voided { "approved, and voided: the ticket was edited meanwhile" } else { "approved" }.into()))
    }

    /// The status is there already: from our own earlier try, whose answer or record was lost, or from one of the people.
    async fn confirm_for_people(&self, ticket: &Ticket, turn: Option<Turn>) -> Result<Done, OutboxError> {
        let (jira, store) = (&self.context.sources.jira, &self.context.sources.store);
        let own = jira.myself().await?;
        let change = jira.approved_by(&ticket.key).await?.filter(|change| change.by.as_ref() == Some(own));
        let Some(change) = change else {
            drop(turn);
            Box::pin(look_at_approved(&self.context, ticket.clone())).await?;
            return Ok(Done::Did("approved by a human already".into()));
        };
        if store.voided(&ticket.id).await?.is_some_and(|voided| change.at <= voided) {
            return Ok(Done::Dropped("the approval was voided meanwhile"));
        }
        match Box::pin(look(&self.context, ticket)).await? {
            Look::Edited | Look::Quiet => Err(SourceError::Incomplete("the ticket is being edited".into()).into()),
            Look::Stands(stand) => match stand.approvals.approval() {
                Some(right) => self.record_for_people(ticket, (&right, &stand)).await,
                None => {
                    Box::pin(is_not_enough(&self.context, ticket, &stand)).await?;
                    Ok(Done::Dropped("the approvals are not enough any more"))
                }
            },
        }
    }

    /// Declines a ticket that somebody has declined, and tells everybody the reason.
    pub(super) async fn decline_by_people(&self, claimed: &ClaimedAction) -> Result<Done, OutboxError> {
        let jira = &self.context.sources.jira;
        let ticket = jira.ticket(&claimed.action.issue).await?;
        let is_ours = claimed.attempts > 1 && ticket.status.meaning == TicketStatus::Declined;
        if ticket.status.meaning != TicketStatus::Pending && !is_ours {
            return Ok(Done::Dropped("the ticket is not waiting for a decision any more"));
        }
        let Look::Stands(stand) = Box::pin(look(&self.context, &ticket)).await? else {
            return self.look_again(claimed, "something happened to the ticket meanwhile").await;
        };
        let Some(declined) = stand.approvals.declined() else {
            return self.look_again(claimed, "nobody declines it any more").await;
        };
        if !is_ours {
            match jira.decline(&ticket.key).await {
                Ok(()) => {}
                Err(TransitionError::Source(error)) => return Err(error.into()),
                Err(TransitionError::NotOffered(name)) => {
                    let key = &ticket.key;
                    tracing::error!(ticket.key = %key, "Jira does not offer the transition \"{name}\" for {key}, which was declined: check jira.workflow and the account's rights");
                    return Ok(Done::Dropped("Jira does not offer the transition"));
                }
            }
        }
        let document = render::declined(&declined.name, &declined.reason, (&self.context.links, &ticket));
        let body = jira.body(&document);
        let call = NewAction::new(Effect::Call { about: "declined".into(), body })?;
        let event = Event::DeclinedByHuman { by: declined.name.clone(), reason: declined.reason.clone() };
        let entry = Entry { at: self.context.clock.now(), ticket: Some(ticket.key.clone()), event };
        let once = format!("declined:{}", claimed.action.id);
        let new = NewActs { acts: Vec::new(), answered: vec![once], entries: vec![entry], actions: vec![call] };
        self.context.sources.store.record_acts(&ticket.id, &new, self.context.clock.now()).await?;
        Ok(Done::Did("declined".into()))
    }

    async fn look_again(&self, claimed: &ClaimedAction, why: &'static str) -> Result<Done, OutboxError> {
        let job = Job::Ticket(claimed.action.issue.clone());
        self.context.sources.store.enqueue(&job, self.context.clock.now()).await?;
        Ok(Done::Dropped(why))
    }

    async fn not_offered_for_people(
        &self,
        ticket: &Ticket,
        (right, stand): (&HumanApproval, &Stand),
        name: &str,
    ) -> Result<Done, OutboxError> {
        let key = &ticket.key;
        tracing::error!(ticket.key = %key, "Jira does not offer the transition \"{name}\" for {key}, which people have approved: check jira.workflow and the account's rights");
        let evaluation = stand.basis.stored.as_ref().map_or(0, |stored| stored.number);
        let subject = subject(&stand.basis.facts);
        let actions = could_not_move_for_people(&self.context, ticket, right.by(), (name, &subject, evaluation))?;
        let new = NewActs { actions, ..NewActs::default() };
        self.context.sources.store.record_acts(&ticket.id, &new, self.context.clock.now()).await?;
        Ok(Done::Dropped("Jira does not offer the transition"))
    }
}
