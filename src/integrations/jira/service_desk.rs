//! Approvals of Jira Service Management (`GET /rest/servicedeskapi/request/{key}/approval`).
//!
//! They say who decided and not when. So each counts from the moment at which the approval was opened: whatever was edited
//! since may have been edited after it.

use reqwest::Method;

use super::acts::{Actor, Recorded};
use super::client::{JiraClient, MOST_PAGES};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::http::Peer;
use crate::model::{AccountState, TicketKey, Timestamp};
use crate::policy::approvers::{Deed, Way};

/// Approvals a page.
const PAGE: u64 = 50;

impl JiraClient {
    /// What people answered to the approvals of a request; nothing where the settings do not ask for it, or the ticket is no
    /// request. What cm-bot answered itself is nobody's word.
    ///
    /// # Errors
    /// [`SourceError::Incomplete`] when the list has no end.
    pub async fn answers(&self, ticket: &TicketKey) -> Result<Vec<Recorded>, SourceError> {
        let mut answers = Vec::new();
        if !self.approvals.service_desk {
            return Ok(answers);
        }
        let mut start = 0;
        for _ in 0..MOST_PAGES {
            let request = self.request_to(Method::GET, &format!("rest/servicedeskapi/request/{ticket}/approval"));
            let request = self.dialect.approvals(request);
            let page = match Peer::Jira.read(request.query(&[("start", start), ("limit", PAGE)])).await {
                Ok(answer) => answer.json::<wire::RequestApprovals>()?,
                Err(SourceError::NotFound) => return Ok(answers),
                Err(error) => return Err(error),
            };
            for approval in &page.values {
                answers.extend(self.of_approval(approval).await?);
            }
            start += page.values.len() as u64;
            if page.is_last_page {
                return Ok(answers);
            }
        }
        Err(SourceError::Incomplete("the approvals have no end".into()))
    }

    async fn of_approval(&self, approval: &wire::RequestApproval) -> Result<Vec<Recorded>, SourceError> {
        let own = self.myself().await?;
        let mut answers = Vec::new();
        for one in &approval.approvers {
            let account = self.dialect.account(&one.approver)?;
            let deed = match one.approver_decision.as_str() {
                "approved" => Deed::Approve { note: String::new() },
                "declined" => Deed::Decline { reason: "declined in Jira Service Management".into() },
                _ => continue,
            };
            if account == *own {
                continue;
            }
            let state = match one.approver.active {
                Some(true) => AccountState::Active,
                Some(false) => AccountState::Deactivated,
                None => AccountState::NotKnown,
            };
            let source = format!("{}:{account}:{}", approval.id, one.approver_decision);
            let at = Timestamp(approval.created_date.epoch_millis);
            answers.push(Recorded { way: Way::ServiceDesk, source, by: Some(Actor { account, state }), deed, at });
        }
        Ok(answers)
    }
}
