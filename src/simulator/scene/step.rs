//! The verbs of a timeline.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::accounts::{AddAddress, DeleteAccount, RenameAccount, SetRights};
use super::code::{CheckRun, DeleteBranch, DismissAlert, Merge, Push, Scan, Status, UpdateBranch};
use super::pages::SendForm;
use super::pipelines::{
    CancelRun, GateConsume, GateFinish, GateRequest, JenkinsBuild, PushTag, ShowDeployment, WorkflowRun,
};
use super::pulls::{
    Assign, ChangeBase, ClosePullRequest, CommentOnPullRequest, DismissReview, OpenPullRequest, Review,
};
use super::slack::{Click, SlackCommand, Submit};
use super::tickets::{
    AnswerRequest, ChangeWorkflow, Comment, CreateTicket, DeleteComment, DeleteTicket, DeployedBefore, EditComment,
    EditTicket, Fail, ForgeWebhook, MoveTicket, OpenRequest, Recover, Redeliver, RenameTicket,
};
use super::{SceneError, Variant};

/// One thing that happens: exactly one of the verbs below.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Happens only in one variant of the scene.
    pub only: Option<Variant>,
    /// A part of an earlier change that happens in the same minute as the part before it.
    #[serde(skip)]
    pub at_once: bool,
    /// Somebody pushes a commit to a branch.
    pub push: Option<Push>,
    /// Somebody opens a pull request.
    pub open_pull_request: Option<OpenPullRequest>,
    /// Somebody reviews a pull request.
    pub review: Option<Review>,
    /// Somebody dismisses a review.
    pub dismiss_review: Option<DismissReview>,
    /// Somebody points a pull request at another branch.
    pub change_base: Option<ChangeBase>,
    /// Somebody presses a merge button.
    pub merge: Option<Merge>,
    /// A code-scanning analysis is uploaded.
    pub scan: Option<Scan>,
    /// A check run completes.
    pub check_run: Option<CheckRun>,
    /// Somebody presses "Update branch" in a pull request.
    pub update_branch: Option<UpdateBranch>,
    /// Somebody removes a branch.
    pub delete_branch: Option<DeleteBranch>,
    /// Somebody closes a pull request without merging it.
    pub close_pull_request: Option<ClosePullRequest>,
    /// Somebody comments on a pull request.
    pub comment_on_pull_request: Option<CommentOnPullRequest>,
    /// Somebody assigns a pull request.
    pub assign: Option<Assign>,
    /// A commit status is set.
    pub status: Option<Status>,
    /// Somebody dismisses an alert of code scanning.
    pub dismiss_alert: Option<DismissAlert>,
    /// Somebody gets or loses the right to push.
    pub set_rights: Option<SetRights>,
    /// An account on GitHub gets another login.
    pub rename_account: Option<RenameAccount>,
    /// Somebody adds an address to an account on GitHub.
    pub add_address: Option<AddAddress>,
    /// An account on GitHub is deleted.
    pub delete_account: Option<DeleteAccount>,
    /// Somebody creates a change ticket in Jira.
    pub create_ticket: Option<CreateTicket>,
    /// Somebody edits a ticket.
    pub edit_ticket: Option<EditTicket>,
    /// Somebody moves a ticket to another status.
    pub move_ticket: Option<MoveTicket>,
    /// Somebody deletes a ticket.
    pub delete_ticket: Option<DeleteTicket>,
    /// Somebody moves a ticket to another project.
    pub rename_ticket: Option<RenameTicket>,
    /// An administrator changes the workflow.
    pub change_workflow: Option<ChangeWorkflow>,
    /// Somebody comments on a ticket.
    pub comment: Option<Comment>,
    /// Somebody changes a comment on a ticket.
    pub edit_comment: Option<EditComment>,
    /// Somebody deletes a comment on a ticket.
    pub delete_comment: Option<DeleteComment>,
    /// Jira Service Management asks people to approve a ticket.
    pub open_request: Option<OpenRequest>,
    /// Somebody answers in the portal of Jira Service Management.
    pub answer_request: Option<AnswerRequest>,
    /// An earlier change of the same service, approved by a human and closed: the baseline.
    pub deployed_before: Option<DeployedBefore>,
    /// Time passes: `"10m"`, `"24h"`, `"30s"`.
    pub pass: Option<String>,
    /// An outside system starts to fail.
    pub fail: Option<Fail>,
    /// An outside system works again.
    pub recover: Option<Recover>,
    /// Jira sends the newest webhook of a ticket again.
    pub redeliver: Option<Redeliver>,
    /// Somebody who does not know the secret sends a webhook.
    pub forge_webhook: Option<ForgeWebhook>,
    /// Somebody presses a button in Slack.
    pub click: Option<Click>,
    /// Somebody sends a form in Slack.
    pub submit: Option<Submit>,
    /// Somebody writes a command in Slack.
    pub slack_command: Option<SlackCommand>,
    /// Somebody sends a form on cm-bot's page of a ticket.
    pub send_form: Option<SendForm>,
    /// A pipeline requests a deployment.
    pub gate_request: Option<GateRequest>,
    /// A pipeline asks whether it may deploy now.
    pub gate_consume: Option<GateConsume>,
    /// A pipeline says how its deployment ended.
    pub gate_finish: Option<GateFinish>,
    /// GitHub shows a deployment.
    pub show_deployment: Option<ShowDeployment>,
    /// A run of GitHub Actions waits at a deployment protection rule.
    pub workflow_run: Option<WorkflowRun>,
    /// Somebody cancels a run of GitHub Actions.
    pub cancel_run: Option<CancelRun>,
    /// Somebody pushes a tag.
    pub push_tag: Option<PushTag>,
    /// Jenkins ends a build.
    pub jenkins_build: Option<JenkinsBuild>,
}

/// The one verb of a [`Step`], borrowed.
#[derive(Debug, Clone, Copy)]
pub enum Moment<'a> {
    /// See [`Step::push`]; the others likewise.
    Push(&'a Push),
    OpenPullRequest(&'a OpenPullRequest),
    Review(&'a Review),
    DismissReview(&'a DismissReview),
    ChangeBase(&'a ChangeBase),
    Merge(&'a Merge),
    Scan(&'a Scan),
    CheckRun(&'a CheckRun),
    UpdateBranch(&'a UpdateBranch),
    DeleteBranch(&'a DeleteBranch),
    ClosePullRequest(&'a ClosePullRequest),
    CommentOnPullRequest(&'a CommentOnPullRequest),
    Assign(&'a Assign),
    Status(&'a Status),
    DismissAlert(&'a DismissAlert),
    SetRights(&'a SetRights),
    RenameAccount(&'a RenameAccount),
    AddAddress(&'a AddAddress),
    DeleteAccount(&'a DeleteAccount),
    CreateTicket(&'a CreateTicket),
    EditTicket(&'a EditTicket),
    MoveTicket(&'a MoveTicket),
    DeleteTicket(&'a DeleteTicket),
    RenameTicket(&'a RenameTicket),
    ChangeWorkflow(&'a ChangeWorkflow),
    Comment(&'a Comment),
    EditComment(&'a EditComment),
    DeleteComment(&'a DeleteComment),
    OpenRequest(&'a OpenRequest),
    AnswerRequest(&'a AnswerRequest),
    DeployedBefore(&'a DeployedBefore),
    Pass(std::time::Duration),
    Fail(&'a Fail),
    Recover(&'a Recover),
    Redeliver(&'a Redeliver),
    ForgeWebhook(&'a ForgeWebhook),
    Click(&'a Click),
    Submit(&'a Submit),
    SlackCommand(&'a SlackCommand),
    SendForm(&'a SendForm),
    GateRequest(&'a GateRequest),
    GateConsume(&'a GateConsume),
    GateFinish(&'a GateFinish),
    ShowDeployment(&'a ShowDeployment),
    WorkflowRun(&'a WorkflowRun),
    CancelRun(&'a CancelRun),
    PushTag(&'a PushTag),
    JenkinsBuild(&'a JenkinsBuild),
}

impl<'a> Moment<'a> {
    /// The repository that this is about, where it is about one; inside, nothing stands for the first one of the scene.
    #[must_use]
    pub fn repository(self) -> Option<Option<&'a str>> {
        Some(match self {
            Moment::Push(step) => step.repository.as_deref(),
            Moment::OpenPullRequest(step) => step.repository.as_deref(),
            Moment::Review(step) => step.repository.as_deref(),
            Moment::DismissReview(step) => step.repository.as_deref(),
            Moment::ChangeBase(step) => step.repository.as_deref(),
            Moment::Merge(step) => step.repository.as_deref(),
            Moment::Scan(step) => step.repository.as_deref(),
            Moment::CheckRun(step) => step.repository.as_deref(),
            Moment::UpdateBranch(step) => step.repository.as_deref(),
            Moment::DeleteBranch(step) => step.repository.as_deref(),
            Moment::ClosePullRequest(step) => step.repository.as_deref(),
            Moment::CommentOnPullRequest(step) => step.repository.as_deref(),
            Moment::Assign(step) => step.repository.as_deref(),
            Moment::Status(step) => step.repository.as_deref(),
            Moment::DismissAlert(step) => step.repository.as_deref(),
            Moment::ShowDeployment(step) => step.repository.as_deref(),
            Moment::WorkflowRun(step) => step.repository.as_deref(),
            Moment::PushTag(step) => step.repository.as_deref(),
            _ => return None,
        })
    }
}

impl Step {
    /// The one verb of this step.
    ///
    /// # Errors
    /// When there is none, or more than one, or a duration that cannot be read.
    pub fn moment(&self) -> Result<Moment<'_>, SceneError> {
        let pass = self.pass.as_deref().map(duration).transpose()?;
        let verbs = [
            self.push.as_ref().map(Moment::Push),
            self.open_pull_request.as_ref().map(Moment::OpenPullRequest),
            self.review.as_ref().map(Moment::Review),
            self.dismiss_review.as_ref().map(Moment::DismissReview),
            self.change_base.as_ref().map(Moment::ChangeBase),
            self.merge.as_ref().map(Moment::Merge),
            self.scan.as_ref().map(Moment::Scan),
            self.check_run.as_ref().map(Moment::CheckRun),
            self.update_branch.as_ref().map(Moment::UpdateBranch),
            self.delete_branch.as_ref().map(Moment::DeleteBranch),
            self.close_pull_request.as_ref().map(Moment::ClosePullRequest),
            self.comment_on_pull_request.as_ref().map(Moment::CommentOnPullRequest),
            self.assign.as_ref().map(Moment::Assign),
            self.status.as_ref().map(Moment::Status),
            self.dismiss_alert.as_ref().map(Moment::DismissAlert),
            self.set_rights.as_ref().map(Moment::SetRights),
            self.rename_account.as_ref().map(Moment::RenameAccount),
            self.add_address.as_ref().map(Moment::AddAddress),
            self.delete_account.as_ref().map(Moment::DeleteAccount),
            self.create_ticket.as_ref().map(Moment::CreateTicket),
            self.edit_ticket.as_ref().map(Moment::EditTicket),
            self.move_ticket.as_ref().map(Moment::MoveTicket),
            self.delete_ticket.as_ref().map(Moment::DeleteTicket),
            self.rename_ticket.as_ref().map(Moment::RenameTicket),
            self.change_workflow.as_ref().map(Moment::ChangeWorkflow),
            self.comment.as_ref().map(Moment::Comment),
            self.edit_comment.as_ref().map(Moment::EditComment),
            self.delete_comment.as_ref().map(Moment::DeleteComment),
            self.open_request.as_ref().map(Moment::OpenRequest),
            self.answer_request.as_ref().map(Moment::AnswerRequest),
            self.deployed_before.as_ref().map(Moment::DeployedBefore),
            pass.map(Moment::Pass),
            self.fail.as_ref().map(Moment::Fail),
            self.recover.as_ref().map(Moment::Recover),
            self.redeliver.as_ref().map(Moment::Redeliver),
            self.forge_webhook.as_ref().map(Moment::ForgeWebhook),
            self.click.as_ref().map(Moment::Click),
            self.submit.as_ref().map(Moment::Submit),
            self.slack_command.as_ref().map(Moment::SlackCommand),
            self.send_form.as_ref().map(Moment::SendForm),
            self.gate_request.as_ref().map(Moment::GateRequest),
            self.gate_consume.as_ref().map(Moment::GateConsume),
            self.gate_finish.as_ref().map(Moment::GateFinish),
            self.show_deployment.as_ref().map(Moment::ShowDeployment),
            self.workflow_run.as_ref().map(Moment::WorkflowRun),
            self.cancel_run.as_ref().map(Moment::CancelRun),
            self.push_tag.as_ref().map(Moment::PushTag),
            self.jenkins_build.as_ref().map(Moment::JenkinsBuild),
        ];
        let mut said = verbs.into_iter().flatten();
        match (said.next(), said.next()) {
            (Some(moment), None) => Ok(moment),
            (None, _) => Err(SceneError("a step of the timeline says nothing that happens".into())),
            (Some(_), Some(_)) => Err(SceneError("a step of the timeline says two things: make it two steps".into())),
        }
    }

    /// What the step is made of: itself, or the steps of an earlier change.
    #[must_use]
    pub fn parts(&self) -> Vec<Step> {
        let Some(before) = &self.deployed_before else { return vec![self.clone()] };
        let create = CreateTicket {
            key: before.ticket.clone(),
            by: before.requested_by.clone(),
            commit: before.commit.clone(),
            reporter: None,
            service: before.service.clone(),
            summary: None,
            fields: BTreeMap::new(),
        };
        let (last, others) = before.approved_by.split_last().map_or(("", &[][..]), |(last, others)| (last, others));
        let moved = |to: &str| {
            let (ticket, by) = (before.ticket.clone(), last.to_owned());
            Step { move_ticket: Some(MoveTicket { ticket, by, to: to.into() }), ..Step::default() }
        };
        let commented = |by: &String| {
            let (ticket, text) = (before.ticket.clone(), "/cm approve".to_owned());
            Step { comment: Some(Comment { ticket, by: by.clone(), text }), at_once: true, ..Step::default() }
        };
        let mut parts = vec![Step { create_ticket: Some(create), ..Step::default() }];
        parts.extend(others.iter().map(commented));
        parts.extend([moved("Approved"), moved("Closed")]);
        parts
    }

    pub(super) fn check(&self) -> Result<(), SceneError> {
        self.moment().map(|_| ())
    }
}

fn duration(text: &str) -> Result<std::time::Duration, SceneError> {
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|_| SceneError(format!("`pass = \"{text}\"` is no duration; write `\"10m\"` or `\"24h\"`")))?;
    span.try_into().map_err(|_| SceneError(format!("`pass = \"{text}\"`: time does not run backwards")))
}
