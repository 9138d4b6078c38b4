//! The JSON of people, projects, statuses and fields, as Jira Cloud writes it.

use serde_json::{Value, json};

use super::super::scene::{JiraKind, Scene};
use super::fields::{FIELDS, Field};
use super::workflow::{Category, STATUSES, Status, Transition};

/// The account of the bot.
pub(super) const BOT: &str = "712020:cm-bot";
/// The bot's e-mail address.
pub(super) const BOT_EMAIL: &str = "cm-bot@acme.example";
/// The project that a scene's tickets are in, unless their keys say otherwise.
pub(super) const PROJECT: &str = "PRODCM";

/// The two shapes of Jira's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// Texts are strings. Webhooks have this shape, even on Cloud.
    Two,
    /// Texts are ADF documents.
    Three,
}

/// What a shape needs besides the thing itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    /// The scene, for its people and services.
    pub scene: &'a Scene,
    /// Jira's address.
    pub site: &'a str,
    /// Which shape.
    pub version: Version,
}

impl Frame<'_> {
    /// An address below `/rest/api/…/`.
    pub(super) fn link(&self, path: &str) -> String {
        let number = if self.version == Version::Two { 2 } else { 3 };
        format!("{}/rest/api/{number}/{path}", self.site)
    }

    /// A user by account id. Accounts that no one in the scene has are former users.
    pub(super) fn user(&self, account: &str) -> Value {
        let person = self.scene.people.iter().find(|person| person.jira_account() == account);
        let (name, email, kind) = match person {
            _ if account == BOT => ("cm-bot", BOT_EMAIL.to_owned(), "atlassian"),
            Some(person) if person.bot => (person.full_name.as_str(), person.email(), "app"),
            Some(person) => (person.full_name.as_str(), person.email(), "atlassian"),
            None => ("Former user", String::new(), "atlassian"),
        };
        let mut user = json!({
            "emailAddress": email,
            "avatarUrls": self.avatars(),
            "displayName": name,
            "active": person.is_some_and(|person| person.jira != "deactivated") || account == BOT,
            "timeZone": "Etc/UTC",
        });
        match self.scene.jira {
            JiraKind::Cloud => {
                user["self"] = json!(self.link(&format!("user?accountId={account}")));
                user["accountId"] = json!(account);
                user["accountType"] = json!(kind);
            }
            // The key stays when somebody is renamed; the name is what they type to log in.
            JiraKind::DataCenter => {
                let name = person.map_or("cm-bot", |person| person.name.as_str());
                user["self"] = json!(self.link(&format!("user?username={name}")));
                user["key"] = json!(account);
                user["name"] = json!(name);
            }
        }
        user
    }

    fn avatars(&self) -> Value {
        let address = format!("{}/avatar.png", self.site);
        json!({ "48x48": address, "24x24": address, "16x16": address, "32x32": address })
    }

    /// A status.
    pub(super) fn status(&self, status: &Status) -> Value {
        json!({
            "self": self.link(&format!("status/{}", status.id)),
            "description": "",
            "iconUrl": format!("{}/", self.site),
            "name": status.name,
            "id": status.id,
            "statusCategory": self.category(status.category),
        })
    }

    fn category(&self, category: Category) -> Value {
        json!({
            "self": self.link(&format!("statuscategory/{}", category.id())),
            "id": category.id(),
            "key": category.key(),
            "colorName": category.colour(),
            "name": category.name(),
        })
    }

    /// A transition that is offered, without a condition. None has a screen, so none takes fields.
    pub(super) fn transition(&self, transition: &Transition) -> Value {
        json!({
            "id": transition.id,
            "name": transition.name,
            "to": self.status(transition.to),
            "hasScreen": false,
            "isGlobal": transition.from.len() == STATUSES.len() - 1,
            "isInitial": false,
            "isAvailable": true,
            "isConditional": false,
        })
    }

    /// The one issue type.
    pub(super) fn issue_type(&self) -> Value {
        json!({
            "self": self.link("issuetype/10020"),
            "id": "10020",
            "description": "A change of production.",
            "iconUrl": format!("{}/avatar.png", self.site),
            "name": "Change",
            "subtask": false,
            "avatarId": 10300,
            "hierarchyLevel": 0,
        })
    }

    /// A project as an issue shows it.
    pub(super) fn project(&self, key: &str) -> Value {
        let id = project_id(key);
        json!({
            "self": self.link(&format!("project/{id}")),
            "id": id,
            "key": key,
            "name": project_name(key),
            "projectTypeKey": "software",
            "simplified": false,
            "avatarUrls": self.avatars(),
        })
    }

    /// A project by itself.
    pub(super) fn whole_project(&self, key: &str) -> Value {
        let names = self.scene.services.iter().map(|service| service.name.as_str());
        let mut project = self.project(key);
        project["expand"] = json!("description,lead,issueTypes,url,projectKeys,permissions,insight");
        project["description"] = json!("Every change of production.");
        project["lead"] = self.scene.people.first().map_or(Value::Null, |person| self.user(&person.jira_account()));
        project["components"] = names.map(|name| self.component(name)).collect();
        project["issueTypes"] = json!([self.issue_type()]);
        project["assigneeType"] = json!("UNASSIGNED");
        project["versions"] = json!([]);
        project["roles"] = json!({});
        project["style"] = json!("classic");
        project["isPrivate"] = json!(false);
        project["properties"] = json!({});
        project
    }

    /// A component, which is a service.
    pub(super) fn component(&self, name: &str) -> Value {
        let place = self.scene.services.iter().take_while(|service| service.name != name).count();
        let id = (10_500 + place).to_string();
        json!({ "self": self.link(&format!("component/{id}")), "id": id, "name": name })
    }

    /// The option of a select field.
    pub(super) fn option(&self, id: &str, value: &str) -> Value {
        json!({ "self": self.link(&format!("customFieldOption/{id}")), "value": value, "id": id })
    }
}

/// The numeric id of a project.
pub(super) fn project_id(key: &str) -> String {
    if key == PROJECT {
        return "10010".to_owned();
    }
    let sum = key.bytes().fold(0_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 900);
    (10_100 + sum).to_string()
}

fn project_name(key: &str) -> String {
    if key == PROJECT { "Production changes".to_owned() } else { format!("Project {key}") }
}

/// The system fields: id, name, schema type, and the type of an array's items.
const SYSTEM_FIELDS: [(&str, &str, &str, Option<&str>); 16] = [
    ("summary", "Summary", "string", None),
    ("status", "Status", "status", None),
    ("issuetype", "Issue Type", "issuetype", None),
    ("project", "Project", "project", None),
    ("components", "Components", "array", Some("component")),
    ("description", "Description", "string", None),
    // Not the field of the change form: that one is called "Target environment".
    ("environment", "Environment", "string", None),
    ("reporter", "Reporter", "user", None),
    ("creator", "Creator", "user", None),
    ("assignee", "Assignee", "user", None),
    ("priority", "Priority", "priority", None),
    ("resolution", "Resolution", "resolution", None),
    ("labels", "Labels", "array", Some("string")),
    ("created", "Created", "datetime", None),
    ("updated", "Updated", "datetime", None),
    ("comment", "Comment", "comments-page", None),
];

/// Every field, as `GET /field` lists them.
pub(super) fn fields() -> Vec<Value> {
    SYSTEM_FIELDS.iter().map(|(id, name, ..)| system_field(id, name)).chain(FIELDS.iter().map(custom_field)).collect()
}

fn system_field(id: &str, name: &str) -> Value {
    json!({
        "id": id,
        "key": id,
        "name": name,
        "custom": false,
        "orderable": true,
        "navigable": true,
        "searchable": true,
        "clauseNames": [id],
        "schema": schema_of(id),
    })
}

fn custom_field(field: &Field) -> Value {
    json!({
        "id": field.id,
        "key": field.id,
        "name": field.name,
        "untranslatedName": field.name,
        "custom": true,
        "orderable": true,
        "navigable": true,
        "searchable": true,
        "clauseNames": [format!("cf[{}]", field.number), field.name],
        "schema": field.schema(),
    })
}

/// The name that people read of a field.
pub(super) fn name_of(id: &str) -> String {
    let system = SYSTEM_FIELDS.iter().find(|field| field.0 == id).map(|field| field.1);
    let custom = FIELDS.iter().find(|field| field.id == id).map(|field| field.name);
    system.or(custom).unwrap_or(id).to_owned()
}

/// The schema of a field.
pub(super) fn schema_of(id: &str) -> Value {
    if let Some(field) = FIELDS.iter().find(|field| field.id == id) {
        return field.schema();
    }
    match SYSTEM_FIELDS.iter().find(|field| field.0 == id) {
        Some((id, _, kind, Some(items))) => json!({ "type": kind, "items": items, "system": id }),
        Some((id, _, kind, None)) => json!({ "type": kind, "system": id }),
        None => json!({ "type": "any", "system": id }),
    }
}

/// A time as Jira writes it.
pub(super) fn time(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms);
    time.map_or_else(|_| String::new(), |time| time.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_and_an_offset_without_a_colon() {
        assert_eq!(time(1_793_610_000_000), "2026-11-02T09:00:00.000+0000");
        assert_eq!(time(1_793_610_000_045), "2026-11-02T09:00:00.045+0000");
    }

    #[test]
    fn jira_has_an_environment_field_of_its_own() {
        let fields = fields();
        let names = fields.iter().filter_map(|field| field["name"].as_str()).filter(|name| name.contains("nvironment"));
        assert_eq!(names.collect::<Vec<_>>(), ["Environment", "Target environment"]);
    }
}
