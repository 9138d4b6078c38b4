//! The simulated Jira, Cloud or Data Center: a change project with its workflow, its REST API, its webhooks and its pages.

mod actions;
mod adf;
mod adf_check;
mod adf_html;
mod api;
mod fields;
mod issue_json;
mod jql;
mod jql_tokens;
mod pages;
mod refusal;
mod service_desk;
mod shapes;
mod state;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod view;
mod webhook_body;
mod webhooks;
mod wiki;
mod workflow;

pub use view::{CommentView, TicketView, TransitionView};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use serde_json::Value;
use uuid::Uuid;

use super::Shared;
use super::scene::{
    ChangeWorkflow, Comment, CreateTicket, DeleteComment, DeleteTicket, EditComment, EditTicket, ForgeWebhook,
    JiraKind, MoveTicket, Person, Redeliver, RenameTicket, Scene, SceneError,
};
use actions::{NewTicket, Push};
use fields::{FIELDS, Field};
use shapes::{BOT_EMAIL, Version};
use state::{Change, Edit, State};
use webhooks::{Hook, Hooks};

/// The account id of the bot.
pub const BOT_ACCOUNT: &str = shapes::BOT;

/// The simulated Jira.
#[derive(Debug)]
pub struct Jira {
    shared: Shared,
    token: String,
    state: Mutex<State>,
    hooks: Hooks,
}

/// Plain text of an ADF document, one line a paragraph, list item or table row.
#[must_use]
pub fn adf_text(body: &Value) -> String {
    adf::text(body)
}

impl Jira {
    /// A Jira without tickets.
    #[must_use]
    pub fn new(shared: Shared) -> Jira {
        Jira {
            token: Uuid::now_v7().simple().to_string(),
            state: Mutex::new(State::new(fields::options(&shared.scene), shared.scene.jira)),
            hooks: Hooks::new(shared.clock.clone(), shared.faults.clone()),
            shared,
        }
    }

    /// The shape of its data in the REST API.
    fn version(&self) -> Version {
        match self.shared.scene.jira {
            JiraKind::Cloud => Version::Three,
            JiraKind::DataCenter => Version::Two,
        }
    }

    /// The bot's e-mail address and API token. On Data Center the token alone is enough.
    #[must_use]
    pub fn credentials(&self) -> (String, String) {
        (BOT_EMAIL.to_owned(), self.token.clone())
    }

    /// Registers a webhook for every event, as an administrator would in Jira's settings.
    pub fn send_webhooks_to(&self, url: String, secret: String) {
        let name = "cm-bot".to_owned();
        self.hooks.register(Hook { name, url, secret: Some(secret), events: Vec::new(), filter: None });
    }

    /// How many webhooks were sent and not yet answered. One that waits for its next try does not count.
    #[must_use]
    pub fn webhooks_under_way(&self) -> usize {
        self.hooks.under_way()
    }

    /// How many webhooks were answered with 401.
    #[must_use]
    pub fn refused_webhooks(&self) -> usize {
        self.hooks.refused()
    }

    /// The REST API.
    pub fn router(self: Arc<Self>) -> Router {
        api::router(self)
    }

    /// The pages for people.
    pub fn pages(self: Arc<Self>) -> Router {
        pages::router(self)
    }

    /// Somebody creates a change ticket.
    ///
    /// # Errors
    /// When the key is taken or has no number, or the scene names an unknown person or field.
    pub fn create_ticket(&self, create: &CreateTicket, sha: &str) -> Result<(), SceneError> {
        let by = self.shared.scene.person(&create.by)?.jira_account();
        let number = create.key.rsplit_once('-').and_then(|(_, number)| number.parse::<u64>().ok());
        if number.is_none() {
            return Err(SceneError(format!("`{}` is no ticket key; write for example `PRODCM-412`", create.key)));
        }
        if self.locked().find(&create.key).is_some() {
            return Err(SceneError(format!("the ticket {} exists already", create.key)));
        }
        let content = content(create, sha, &self.shared.scene)?;
        self.know_options(&content);
        self.create(NewTicket { key: create.key.clone(), by, content });
        Ok(())
    }

    /// Somebody edits a ticket; `commit` is the full SHA for the commit field.
    ///
    /// # Errors
    /// When there is no such ticket, or the scene names an unknown person or field.
    pub fn edit_ticket(&self, edit: &EditTicket, commit: Option<&str>) -> Result<(), SceneError> {
        let by = self.shared.scene.person(&edit.by)?.jira_account();
        let mut values = fields::from_scene(&edit.fields)?;
        if let Some(commit) = commit {
            values.extend(fields::from_scene(&BTreeMap::from([("commit".to_owned(), commit.to_owned())]))?);
        }
        let wishes = Edit { summary: edit.summary.clone(), values, ..Edit::default() };
        self.know_options(&wishes);
        self.edit(&edit.ticket, &by, wishes).ok_or_else(|| no_ticket(&edit.ticket))
    }

    /// Somebody moves a ticket to another status.
    ///
    /// # Errors
    /// When there is no such ticket or person, or no button that leads there.
    pub fn move_ticket(&self, step: &MoveTicket) -> Result<(), SceneError> {
        let by = self.shared.scene.person(&step.by)?.jira_account();
        let status = self.locked().find(&step.ticket).ok_or_else(|| no_ticket(&step.ticket))?.status;
        let transition = workflow::available(status).find(|transition| transition.to.name == step.to);
        let transition = transition.ok_or_else(|| {
            SceneError(format!("{} is `{}`: no transition leads from there to `{}`", step.ticket, status.name, step.to))
        })?;
        let push = Push { transition, metadata: None, properties: Vec::new() };
        self.push(&step.ticket, &by, push).ok_or_else(|| no_ticket(&step.ticket))
    }

    /// An administrator gives a permission to the bot, or takes it.
    pub fn permit(&self, permission: &str, has: bool) {
        self.locked().permissions.insert(permission.to_owned(), has);
    }

    /// A Data Center is of another version.
    pub fn be_of_version(&self, version: [u32; 3]) {
        self.locked().version = version;
    }

    /// Somebody deletes a ticket.
    ///
    /// # Errors
    /// When there is no such ticket or person.
    pub fn delete_ticket(&self, step: &DeleteTicket) -> Result<(), SceneError> {
        let by = self.shared.scene.person(&step.by)?.jira_account();
        self.delete(&step.ticket, by).ok_or_else(|| no_ticket(&step.ticket))
    }

    /// Somebody moves a ticket to another project, where it gets another key and keeps its id.
    ///
    /// # Errors
    /// When there is no such ticket or person.
    pub fn rename_ticket(&self, step: &RenameTicket) -> Result<(), SceneError> {
        let by = self.shared.scene.person(&step.by)?.jira_account();
        self.rename(&step.ticket, by, &step.to).ok_or_else(|| no_ticket(&step.ticket))
    }

    /// Somebody comments on a ticket.
    ///
    /// # Errors
    /// When there is no such ticket or person.
    pub fn comment(&self, comment: &Comment) -> Result<(), SceneError> {
        let by = self.shared.scene.person(&comment.by)?.jira_account();
        let written = self.add_comment(&comment.ticket, actions::words(by, &comment.text));
        written.map(|_| ()).ok_or_else(|| no_ticket(&comment.ticket))
    }

    /// Somebody changes the newest comment of a person.
    ///
    /// # Errors
    /// When there is no such ticket, person or comment.
    pub fn change_comment(&self, edit: &EditComment) -> Result<(), SceneError> {
        let id = self.newest_comment(&edit.ticket, &edit.of)?;
        let by = self.shared.scene.person(edit.by.as_ref().unwrap_or(&edit.of))?.jira_account();
        self.edit_comment(id, actions::words(by, &edit.text)).ok_or_else(|| no_ticket(&edit.ticket))
    }

    /// Somebody deletes the newest comment of a person.
    ///
    /// # Errors
    /// When there is no such ticket, person or comment.
    pub fn delete_comment(&self, delete: &DeleteComment) -> Result<(), SceneError> {
        let id = self.newest_comment(&delete.ticket, &delete.of)?;
        self.remove_comment(id).ok_or_else(|| no_ticket(&delete.ticket))
    }

    fn newest_comment(&self, ticket: &str, of: &str) -> Result<u64, SceneError> {
        let account = self.shared.scene.person(of)?.jira_account();
        let state = self.locked();
        let found = state.find(ticket).ok_or_else(|| no_ticket(ticket))?;
        let newest = found.comments.iter().rfind(|comment| comment.author == account).map(|comment| comment.id);
        newest.ok_or_else(|| SceneError(format!("{of} has written no comment on {ticket}")))
    }

    /// An administrator changes who may approve.
    pub fn change_workflow(&self, step: ChangeWorkflow) {
        self.locked().may_approve = step.approve;
    }

    /// Jira sends the newest webhook of a ticket again: the newest that a person caused, if there is one.
    ///
    /// # Errors
    /// When none was sent.
    pub fn redeliver(&self, again: &Redeliver) -> Result<(), SceneError> {
        let sent = self.hooks.redeliver(&again.ticket, again.times);
        sent.ok_or_else(|| SceneError(format!("no webhook about {} was sent", again.ticket)))
    }

    /// Somebody who does not know the secret sends a webhook that says a ticket was created.
    ///
    /// # Errors
    /// When the ticket's key is none, or the scene has no people.
    pub fn forge_webhook(&self, forge: &ForgeWebhook) -> Result<(), SceneError> {
        let scene = &self.shared.scene;
        let forger = scene.people.first().ok_or_else(|| SceneError("this scene has no people".into()))?;
        let now = self.shared.clock.now_ms();
        let mut state = self.locked();
        let (author, key) = (forger.jira_account(), forge.ticket.clone());
        let ticket = state.find(&forge.ticket).cloned();
        let new = NewTicket { key, by: author.clone(), content: Edit::default() };
        let ticket = ticket.unwrap_or_else(|| actions::blank(state.next_ticket_id(), &new, now));
        let change =
            Change { id: state.next_id(), author, at: now, items: Vec::new(), transition: None, metadata: None };
        let body = webhook_body::issue_created(self.frame(&state, Version::Two), &state, (&ticket, &change));
        drop(state);
        self.hooks.forge(body.to_string(), forge.signature.clone());
        Ok(())
    }

    /// A scene may fill in what it likes: its values become options of the select fields.
    fn know_options(&self, edit: &Edit) {
        let mut state = self.locked();
        for (field, value) in edit.values.iter().filter(|(field, _)| field.kind == fields::Kind::Choice) {
            if let Some(value) = value.as_ref().and_then(Value::as_str) {
                state.add_option(field.id, value);
            }
        }
    }
}

/// What stands in a new ticket.
fn content(create: &CreateTicket, sha: &str, scene: &Scene) -> Result<Edit, SceneError> {
    let filled = fields::of_new_ticket(create, sha, scene)?;
    let first = scene.services.first().map(|service| service.name.clone());
    let component = create.service.clone().or(first).filter(|name| !name.is_empty());
    let environment = filled.get("environment").map_or("", String::as_str);
    let title = format!("Deploy {} to {environment}", component.as_deref().unwrap_or("a service"));
    let in_form_order = |(field, _): &(&Field, _)| FIELDS.iter().position(|known| known.id == field.id);
    let mut values = fields::from_scene(&filled)?;
    values.sort_by_key(in_form_order);
    let reporter = create.reporter.as_ref().map(|name| scene.person(name)).transpose()?;
    Ok(Edit {
        reporter: reporter.map(Person::jira_account),
        summary: Some(create.summary.clone().unwrap_or(title)),
        components: Some(component.into_iter().collect()),
        values,
        ..Edit::default()
    })
}

fn no_ticket(key: &str) -> SceneError {
    SceneError(format!("there is no ticket {key}"))
}
