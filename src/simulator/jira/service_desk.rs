//! Approvals of Jira Service Management: opened on a ticket for some people, each of whom answers once.

use serde_json::{Value, json};

use super::super::scene::{AnswerRequest, OpenRequest, SceneError};
use super::Jira;
use super::shapes::{Frame, time};

/// One approval of a request.
#[derive(Debug, Clone)]
pub(super) struct RequestApproval {
    /// Its number.
    pub id: u64,
    /// When it was opened.
    pub created: i64,
    /// When its last answer came.
    pub completed: Option<i64>,
    /// The accounts that are asked, each with the answer.
    pub approvers: Vec<(String, Answer)>,
}

/// What somebody answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Pending,
    Approved,
    Declined,
}

impl Answer {
    /// Jira's word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Answer::Pending => "pending",
            Answer::Approved => "approved",
            Answer::Declined => "declined",
        }
    }
}

impl RequestApproval {
    /// What all answers come to: one no is a no, and everybody has to say yes.
    pub(super) fn outcome(&self) -> Answer {
        let any = |wanted| self.approvers.iter().any(|(_, answer)| *answer == wanted);
        match (any(Answer::Declined), any(Answer::Pending)) {
            (true, _) => Answer::Declined,
            (false, true) => Answer::Pending,
            (false, false) => Answer::Approved,
        }
    }

    /// Takes the answer of an account; says whether it was one of those who are asked and had not answered.
    pub(super) fn answer(&mut self, account: &str, answer: Answer, now: i64) -> bool {
        if self.outcome() != Answer::Pending {
            return false;
        }
        let pending = |(asked, given): &&mut (String, Answer)| asked == account && *given == Answer::Pending;
        let Some(own) = self.approvers.iter_mut().find(pending) else { return false };
        own.1 = answer;
        if self.outcome() != Answer::Pending {
            self.completed = Some(now);
        }
        true
    }

    /// The `ApprovalDTO`: it says who decided, and not when.
    pub(super) fn shape(&self, frame: Frame<'_>, key: &str, asker: &str) -> Value {
        let approver = |(account, answer): &(String, Answer)| {
            let mut user = frame.user(account);
            // Customers have no type here.
            user.as_object_mut().map(|user| user.remove("accountType"));
            json!({ "approver": user, "approverDecision": answer.word() })
        };
        let may = |(account, answer): &(String, Answer)| account == asker && *answer == Answer::Pending;
        let mut shape = json!({
            "id": self.id.to_string(),
            "name": "Waiting for approval",
            "finalDecision": self.outcome().word(),
            "canAnswerApproval": self.approvers.iter().any(may),
            "approvers": self.approvers.iter().map(approver).collect::<Vec<_>>(),
            "createdDate": date(self.created),
            "_links": { "self": format!("{}/rest/servicedeskapi/request/{key}/approval/{}", frame.site, self.id) },
        });
        if let Some(completed) = self.completed {
            shape["completedDate"] = date(completed);
        }
        shape
    }
}

fn date(at: i64) -> Value {
    json!({ "iso8601": time(at), "jira": time(at), "friendly": "a moment ago", "epochMillis": at })
}

impl Jira {
    /// An approval is opened on a ticket.
    ///
    /// # Errors
    /// When there is no such ticket or person.
    pub fn open_request(&self, open: &OpenRequest) -> Result<(), SceneError> {
        let account = |name: &String| Ok((self.shared.scene.person(name)?.jira_account(), Answer::Pending));
        let approvers = open.approvers.iter().map(account).collect::<Result<Vec<_>, SceneError>>()?;
        let now = self.shared.clock.now_ms();
        let mut state = self.locked();
        let approval = RequestApproval { id: state.next_id(), created: now, completed: None, approvers };
        let opened = state.change(&open.ticket, now, |ticket| ticket.approvals.push(approval));
        opened.ok_or_else(|| super::no_ticket(&open.ticket))
    }

    /// Somebody answers an approval in the portal.
    ///
    /// # Errors
    /// When there is no such ticket or person, or the person is not asked.
    pub fn answer_request(&self, step: &AnswerRequest) -> Result<(), SceneError> {
        let account = self.shared.scene.person(&step.by)?.jira_account();
        let answer = if step.decline { Answer::Declined } else { Answer::Approved };
        let now = self.shared.clock.now_ms();
        let answered = self.locked().change(&step.ticket, now, |ticket| {
            ticket.approvals.last_mut().is_some_and(|approval| approval.answer(&account, answer, now))
        });
        match answered {
            Some(true) => Ok(()),
            Some(false) => Err(SceneError(format!("nobody asks {} to approve {}", step.by, step.ticket))),
            None => Err(super::no_ticket(&step.ticket)),
        }
    }
}
