//! The custom fields of a change ticket, and what stands in them when a scene does not say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::scene::{CreateTicket, Scene, SceneError, Service};
use super::adf;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One line of text, at most 255 characters.
    Line,
    /// One of several options.
    Choice,
    /// Formatted text: an ADF document in v3, plain text in v2.
    Area,
}

/// A custom field.
#[derive(Debug)]
pub(super) struct Field {
    /// The key of `[jira.fields]` and of a scene's `fields`.
    pub logical: &'static str,
    /// The name that people read.
    pub name: &'static str,
    /// `customfield_…`.
    pub id: &'static str,
    /// The number in the id.
    pub number: u64,
    /// What it holds.
    pub kind: Kind,
}

const fn field(logical: &'static str, name: &'static str, (id, number): (&'static str, u64), kind: Kind) -> Field {
    Field { logical, name, id, number, kind }
}

/// Every custom field. Jira's system field `Environment` is another one than the first of these: names are not unique.
pub(super) static FIELDS: [Field; 22] = [
    field("environment", "Target environment", ("customfield_10101", 10101), Kind::Choice),
    field("repository", "Repository", ("customfield_10102", 10102), Kind::Line),
    field("commit", "Commit", ("customfield_10103", 10103), Kind::Line),
    field("branch", "Branch", ("customfield_10104", 10104), Kind::Line),
    field("build_job", "Build job", ("customfield_10105", 10105), Kind::Line),
    field("build_number", "Build number", ("customfield_10106", 10106), Kind::Line),
    field("artifact", "Artifact", ("customfield_10107", 10107), Kind::Line),
    field("deploy_action", "Deploy action", ("customfield_10108", 10108), Kind::Choice),
    field("justification", "Justification", ("customfield_10109", 10109), Kind::Area),
    field("rollback_plan", "Rollback plan", ("customfield_10110", 10110), Kind::Area),
    field("links", "Links", ("customfield_10111", 10111), Kind::Area),
    field("security_scan", "Security scan", ("customfield_10112", 10112), Kind::Line),
    field("change_class", "Change class", ("customfield_10113", 10113), Kind::Choice),
    field("access_method", "Access method", ("customfield_10114", 10114), Kind::Line),
    field("emergency_steps", "Emergency steps", ("customfield_10115", 10115), Kind::Area),
    field("prevention", "Prevention", ("customfield_10116", 10116), Kind::Area),
    field("responsible", "Responsible person", ("customfield_10117", 10117), Kind::Line),
    field("tests", "Tests", ("customfield_10118", 10118), Kind::Area),
    field("security_analysis", "Security analysis", ("customfield_10119", 10119), Kind::Area),
    field("end_date", "End date", ("customfield_10120", 10120), Kind::Line),
    field("security_approval", "Security approval", ("customfield_10121", 10121), Kind::Choice),
    field("engineering_approval", "Engineering approval", ("customfield_10122", 10122), Kind::Choice),
];

impl Field {
    /// A text as this field stores it; an empty one is a field not filled in.
    pub(super) fn stored(&self, text: &str) -> Option<Value> {
        match self.kind {
            _ if text.is_empty() => None,
            Kind::Line | Kind::Choice => Some(json!(text)),
            Kind::Area => Some(adf::document(text)),
        }
    }

    /// What people read of a stored value.
    pub(super) fn text(&self, stored: &Value) -> String {
        match self.kind {
            Kind::Line | Kind::Choice => stored.as_str().unwrap_or_default().to_owned(),
            Kind::Area => adf::text(stored),
        }
    }

    /// `schema` in Jira's field list.
    pub(super) fn schema(&self) -> Value {
        let (kind, custom) = match self.kind {
            Kind::Line => ("string", "textfield"),
            Kind::Choice => ("option", "select"),
            Kind::Area => ("string", "textarea"),
        };
        let custom = format!("com.atlassian.jira.plugin.system.customfieldtypes:{custom}");
        json!({ "type": kind, "custom": custom, "customId": self.number })
    }
}

/// The field with this id.
pub(super) fn by_id(id: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.id == id)
}

/// The values that a scene gives by logical name.
///
/// # Errors
/// When a name is none of the known ones.
pub(super) fn from_scene(named: &BTreeMap<String, String>) -> Result<Vec<(&'static Field, Option<Value>)>, SceneError> {
    named.iter().map(|(logical, text)| by_logical(logical).map(|field| (field, field.stored(text)))).collect()
}

fn by_logical(logical: &str) -> Result<&'static Field, SceneError> {
    FIELDS.iter().find(|field| field.logical == logical).ok_or_else(|| {
        let known = FIELDS.iter().map(|field| field.logical).collect::<Vec<_>>().join(", ");
        SceneError(format!("a ticket has no field `{logical}`; the fields are {known}"))
    })
}

/// The fields of a new ticket: what the scene says, and a good value for everything else.
///
/// # Errors
/// When the scene names a field that does not exist.
pub(super) fn of_new_ticket(
    create: &CreateTicket,
    sha: &str,
    scene: &Scene,
) -> Result<BTreeMap<String, String>, SceneError> {
    create.fields.keys().try_for_each(|name| by_logical(name).map(|_| ()))?;
    let mut filled = defaults(service_of(create, scene), create, sha);
    filled.extend(create.fields.clone());
    Ok(filled)
}

/// The service of a new ticket. A component that no service has is allowed: the first service fills in the rest.
fn service_of<'a>(create: &CreateTicket, scene: &'a Scene) -> Option<&'a Service> {
    let named = scene.services.iter().find(|service| Some(&service.name) == create.service.as_ref());
    named.or_else(|| scene.services.first())
}

fn defaults(service: Option<&Service>, create: &CreateTicket, sha: &str) -> BTreeMap<String, String> {
    let said = |name: &str| create.fields.get(name).filter(|text| !text.is_empty()).cloned();
    let component = create.service.clone().or_else(|| service.map(|service| service.name.clone())).unwrap_or_default();
    let environment = service.and_then(|service| service.environments.first()).cloned().unwrap_or_default();
    let build = said("build_number").unwrap_or_else(|| "1871".into());
    let job = said("build_job").unwrap_or_else(|| format!("{component}/release"));
    let values = [
        ("environment", environment),
        ("repository", service.map(|service| service.repository.clone()).unwrap_or_default()),
        ("commit", sha.to_owned()),
        ("branch", service.map(|service| service.branch.clone()).unwrap_or_default()),
        ("artifact", format!("{component}:{build}")),
        ("deploy_action", "apply".into()),
        ("justification", JUSTIFICATION.into()),
        ("rollback_plan", ROLLBACK_PLAN.into()),
        ("links", format!("https://ci.acme.example/job/{job}/{build}/")),
        ("security_scan", "see code scanning of the commit".into()),
        ("change_class", "normal".into()),
        ("build_job", job),
        ("build_number", build),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

const JUSTIFICATION: &str =
    "Customers wait for the invoice corrections in this release; it ran in staging for two days.";
const ROLLBACK_PLAN: &str =
    "Deploy the previous build with the same job; the database schema stays as it is, so no data is lost.";

/// The options that the select fields have from the start.
pub(super) fn options(scene: &Scene) -> Vec<(&'static str, String)> {
    let mut options: Vec<(&'static str, String)> = Vec::new();
    for environment in scene.services.iter().flat_map(|service| &service.environments) {
        let option = ("customfield_10101", environment.clone());
        if !options.contains(&option) {
            options.push(option);
        }
    }
    options.extend(["apply", "destroy"].map(|action| ("customfield_10108", action.to_owned())));
    options.extend(
        ["normal", "standard", "emergency", "provisioning"].map(|class| ("customfield_10113", class.to_owned())),
    );
    options
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_refused_with_the_known_ones() {
        let named = BTreeMap::from([("enviroment".to_owned(), "prod-us".to_owned())]);
        let error = from_scene(&named).unwrap_err().to_string();
        assert!(error.starts_with("a ticket has no field `enviroment`; the fields are environment, repository,"));
    }

    #[test]
    fn an_empty_text_is_a_field_that_is_not_filled_in() {
        assert_eq!(FIELDS[8].stored(""), None);
    }

    #[test]
    fn the_reasons_are_long_enough_and_differ() {
        assert!(JUSTIFICATION.len() > 60 && ROLLBACK_PLAN.len() > 60 && JUSTIFICATION != ROLLBACK_PLAN);
    }
}
