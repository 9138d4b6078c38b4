//! What can be done to a ticket, by a step of a scene and by the REST API alike. Each action tells the webhooks.

use std::sync::{MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::Jira;
use super::adf;
use super::fields::{Field, Kind};
use super::shapes::{Frame, Version};
use super::state::{Change, Comment, Edit, Item, Side, State, Ticket};
use super::webhook_body;
use super::workflow::{AWAITING_APPROVAL, Transition};

/// A ticket to be made.
#[derive(Debug)]
pub(super) struct NewTicket {
    /// Its key; the caller makes sure that it is free.
    pub key: String,
    /// The account of its creator, who is also its reporter unless the content names another.
    pub by: String,
    /// What stands in it.
    pub content: Edit,
}

/// A comment to be made.
#[derive(Debug)]
pub(super) struct NewComment {
    /// The account of its author.
    pub by: String,
    /// An ADF document.
    pub body: Value,
    /// Entity properties.
    pub properties: Vec<(String, Value)>,
    /// Who may see it.
    pub visibility: Option<Value>,
}

/// A transition to be made.
#[derive(Debug)]
pub(super) struct Push {
    /// Which one. It must be available.
    pub transition: &'static Transition,
    /// Shown in the history.
    pub metadata: Option<Value>,
    /// Issue properties set on the way.
    pub properties: Vec<(String, Value)>,
}

impl Jira {
    /// Everything that is remembered. Never lock it twice at once.
    pub(super) fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a shape needs besides the thing itself.
    pub(super) fn frame<'a>(&'a self, state: &'a State, version: Version) -> Frame<'a> {
        Frame { scene: &self.shared.scene, site: &state.site, version }
    }

    /// Makes a ticket.
    pub(super) fn create(&self, new: NewTicket) {
        let now = self.shared.clock.now_ms();
        let mut state = self.locked();
        let mut ticket = blank(state.next_ticket_id(), &new, now);
        let items = apply(&mut ticket, new.content, &state);
        let key = ticket.key.clone();
        state.add(ticket);
        let change = record(&mut state, new.by, now, items);
        if let Some(ticket) = state.find(&key) {
            let body = webhook_body::issue_created(self.frame(&state, Version::Two), &state, (ticket, &change));
            self.hooks.publish(&state, ticket, webhook_body::event("jira:issue_created", &change.author, body));
        }
    }

    /// Changes fields of a ticket; `None` when there is no such ticket.
    pub(super) fn edit(&self, id_or_key: &str, by: &str, edit: Edit) -> Option<()> {
        let now = self.shared.clock.now_ms();
        let mut state = self.locked();
        let metadata = edit.metadata.clone();
        let mut after = state.find(id_or_key)?.clone();
        let items = apply(&mut after, edit, &state);
        state.change(id_or_key, now, |ticket| *ticket = after)?;
        if items.is_empty() {
            return Some(());
        }
        let change = Change { metadata, ..record(&mut state, by.to_owned(), now, items) };
        self.note_change(&mut state, id_or_key, change)
    }

    /// Moves a ticket; `None` when there is no such ticket.
    pub(super) fn push(&self, id_or_key: &str, by: &str, push: Push) -> Option<()> {
        let now = self.shared.clock.now_ms();
        let mut state = self.locked();
        let old = state.find(id_or_key)?.status;
        let new = push.transition.to;
        let item = Item {
            field: "status".into(),
            field_type: "jira",
            field_id: "status".into(),
            from: Side { id: Some(old.id.into()), text: Some(old.name.into()) },
            to: Side { id: Some(new.id.into()), text: Some(new.name.into()) },
        };
        state.change(id_or_key, now, |ticket| {
            ticket.status = new;
            ticket.status_since = now;
            ticket.properties.extend(push.properties);
        })?;
        let change = record(&mut state, by.to_owned(), now, vec![item]);
        let change = Change { transition: Some(push.transition.name), metadata: push.metadata, ..change };
        self.note_change(&mut state, id_or_key, change)
    }

    /// Removes a ticket; `None` when there is no such ticket.
    pub(super) fn delete(&self, id_or_key: &str, by: String) -> Option<()> {
        let now = self.shared.clock.now_ms();
        let mut state = self.locked();
        let ticket = state.find(id_or_key)?.clone();
        let change = record(&mut state, by, now, Vec::new());
        let body = webhook_body::issue_deleted(self.frame(&state, Version::Two), &state, (&ticket, &change));
        state.remove(ticket.id);
        self.hooks.publish(&state, &ticket, webhook_body::event("jira:issue_deleted", &change.author, body));
        Some(())
    }

    /// Gives a ticket another key; `None` when there is no such ticket.
    pub(super) fn rename(&self, id_or_key: &str, by: String, to: &str) -> Option<()> {
        let now = self.shared.clock.now_ms();
        let mut state = self.locked();
        let from = state.find(id_or_key)?.key.clone();
        state.change(&from, now, |ticket| to.clone_into(&mut ticket.key))?;
        let change = record(&mut state, by, now, vec![system_item("Key", plain(&from), plain(to))]);
        self.note_change(&mut state, to, change)
    }

    fn note_change(&self, state: &mut State, id_or_key: &str, change: Change) -> Option<()> {
        state.change(id_or_key, change.at, |ticket| ticket.history.push(change.clone()))?;
        let ticket = state.find(id_or_key)?;
        let body = webhook_body::issue_updated(self.frame(state, Version::Two), state, (ticket, &change));
        self.hooks.publish(state, ticket, webhook_body::event("jira:issue_updated", &change.author, body));
        Some(())
    }

    /// Writes a comment and answers its id; `None` when there is no such ticket.
    pub(super) fn add_comment(&self, id_or_key: &str, new: NewComment) -> Option<u64> {
        let now = self.shared.clock.now_ms();
        let mut state = self.locked();
        let id = state.next_id();
        let comment = Comment {
            id,
            update_author: new.by.clone(),
            author: new.by,
            body: new.body,
            created: now,
            updated: now,
            edits: 0,
            properties: new.properties,
            visibility: new.visibility,
        };
        state.change(id_or_key, now, |ticket| ticket.comments.push(comment))?;
        self.tell_of_comment(&state, id, "comment_created");
        Some(id)
    }

    /// Changes a comment; `None` when there is no such comment.
    pub(super) fn edit_comment(&self, id: u64, edit: NewComment) -> Option<()> {
        let now = self.shared.clock.now_ms();
        let mut state = self.locked();
        let key = state.comment(&id.to_string())?.0.key.clone();
        state.change(&key, now, |ticket| {
            if let Some(comment) = ticket.comments.iter_mut().find(|comment| comment.id == id) {
                comment.body = edit.body;
                comment.update_author = edit.by;
                comment.updated = now;
                comment.edits += 1;
                edit.properties.into_iter().for_each(|property| set_property(&mut comment.properties, property));
            }
        })?;
        self.tell_of_comment(&state, id, "comment_updated");
        Some(())
    }

    /// Removes a comment; `None` when there is no such comment.
    pub(super) fn remove_comment(&self, id: u64) -> Option<()> {
        let now = self.shared.clock.now_ms();
        let mut state = self.locked();
        let key = state.comment(&id.to_string())?.0.key.clone();
        self.tell_of_comment(&state, id, "comment_deleted");
        state.change(&key, now, |ticket| ticket.comments.retain(|comment| comment.id != id))
    }

    fn tell_of_comment(&self, state: &State, id: u64, name: &'static str) {
        if let Some((ticket, comment)) = state.comment(&id.to_string()) {
            let body = webhook_body::comment(self.frame(state, Version::Two), name, (ticket, comment));
            self.hooks.publish(state, ticket, webhook_body::event(name, &comment.update_author, body));
        }
    }
}

/// Sets an entity property and says whether it is new.
pub(super) fn set_property(properties: &mut Vec<(String, Value)>, (key, value): (String, Value)) {
    match properties.iter_mut().find(|(known, _)| *known == key) {
        Some((_, old)) => *old = value,
        None => properties.push((key, value)),
    }
}

/// A ticket in which nothing stands.
pub(super) fn blank(id: u64, new: &NewTicket, now: i64) -> Ticket {
    Ticket {
        id,
        key: new.key.clone(),
        summary: String::new(),
        status: &AWAITING_APPROVAL,
        status_since: now,
        reporter: new.by.clone(),
        creator: new.by.clone(),
        created: now,
        updated: now,
        components: Vec::new(),
        labels: Vec::new(),
        description: None,
        values: std::collections::BTreeMap::new(),
        properties: std::collections::BTreeMap::new(),
        comments: Vec::new(),
        history: Vec::new(),
        links: Vec::new(),
        approvals: Vec::new(),
    }
}

fn record(state: &mut State, author: String, at: i64, items: Vec<Item>) -> Change {
    Change { id: state.next_id(), author, at, items, transition: None, metadata: None }
}

/// Carries out an edit and answers what really changed.
pub(super) fn apply(ticket: &mut Ticket, edit: Edit, state: &State) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(summary) = edit.summary {
        let old = std::mem::replace(&mut ticket.summary, summary);
        items.push(system_item("summary", plain(&old), plain(&ticket.summary)));
    }
    if let Some(reporter) = edit.reporter {
        let old = std::mem::replace(&mut ticket.reporter, reporter);
        items.push(system_item("reporter", plain(&old), plain(&ticket.reporter)));
    }
    if let Some(description) = edit.description {
        let old = std::mem::replace(&mut ticket.description, description);
        let sides =
            [old.as_ref(), ticket.description.as_ref()].map(|body| plain(&body.map_or_else(String::new, adf::text)));
        let [from, to] = sides;
        items.push(system_item("description", from, to));
    }
    if let Some(components) = edit.components {
        let old = std::mem::replace(&mut ticket.components, components);
        items.push(system_item("Component", plain(&old.join(", ")), plain(&ticket.components.join(", "))));
    }
    if let Some(labels) = edit.labels {
        let old = std::mem::replace(&mut ticket.labels, labels);
        items.push(system_item("labels", plain(&old.join(" ")), plain(&ticket.labels.join(" "))));
    }
    for (field, value) in edit.values {
        items.push(set_value(ticket, field, value, state));
    }
    ticket.properties.extend(edit.properties);
    items.retain(|item| item.from != item.to);
    items
}

fn set_value(ticket: &mut Ticket, field: &'static Field, value: Option<Value>, state: &State) -> Item {
    let old = match value {
        Some(value) => ticket.values.insert(field.id, value),
        None => ticket.values.remove(field.id),
    };
    let side = |stored: Option<&Value>| match stored.map(|stored| field.text(stored)) {
        None => Side::default(),
        Some(text) if field.kind == Kind::Choice => Side { id: state.option_id(field.id, &text), text: Some(text) },
        Some(text) => Side { id: None, text: Some(text) },
    };
    Item {
        field: field.name.into(),
        field_type: "custom",
        field_id: field.id.into(),
        from: side(old.as_ref()),
        to: side(ticket.values.get(field.id)),
    }
}

fn plain(text: &str) -> Side {
    Side { id: None, text: Some(text.to_owned()).filter(|text| !text.is_empty()) }
}

/// Jira calls a change of the components `Component`, while the field's id is `components`.
fn system_item(field: &str, from: Side, to: Side) -> Item {
    let field_id = if field == "Component" { "components" } else { field };
    Item { field: field.into(), field_type: "jira", field_id: field_id.into(), from, to }
}

/// The entity properties of a request body: `[{key, value}]`.
pub(super) fn properties_of(body: &Value) -> Vec<(String, Value)> {
    let list = body["properties"].as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|one| Some((one["key"].as_str()?.to_owned(), one["value"].clone()))).collect()
}

/// The body of a person's comment.
pub(super) fn words(by: String, text: &str) -> NewComment {
    let body =
        if text.is_empty() { json!({ "type": "doc", "version": 1, "content": [] }) } else { adf::document(text) };
    NewComment { by, body, properties: Vec::new(), visibility: None }
}
