//! Jenkins' JSON.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Builds {
    #[serde(alias = "allBuilds")]
    pub builds: Vec<Build>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Build {
    pub number: u64,
    /// Nothing while it runs.
    pub result: Option<String>,
    /// When it began, in milliseconds.
    pub timestamp: i64,
    /// In milliseconds.
    pub duration: i64,
    pub url: String,
    pub actions: Vec<Action>,
}

#[derive(Debug, Deserialize)]
pub(super) struct OneBuild {
    pub number: u64,
    pub building: bool,
    pub actions: Vec<Action>,
}

/// What a plugin adds to a build. Each adds other things, and some add nothing.
#[derive(Debug, Deserialize)]
pub(super) struct Action {
    #[serde(rename = "lastBuiltRevision")]
    pub revision: Option<Revision>,
    pub parameters: Option<Vec<Parameter>>,
    pub causes: Option<Vec<Cause>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Revision {
    #[serde(rename = "SHA1")]
    pub sha: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Parameter {
    pub name: String,
    /// A text or a switch; a password has none.
    pub value: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Cause {
    #[serde(rename = "userName")]
    pub user: Option<String>,
}

impl OneBuild {
    /// What it checked out; a shared library is checked out too.
    pub(super) fn commits(&self) -> Vec<&str> {
        self.actions
            .iter()
            .filter_map(|action| action.revision.as_ref())
            .map(|revision| revision.sha.as_str())
            .collect()
    }

    /// Its parameters as texts; a password has none.
    pub(super) fn parameters(&self) -> Vec<(String, String)> {
        let all = self.actions.iter().filter_map(|action| action.parameters.as_ref()).flatten();
        let text = |one: &Parameter| match &one.value {
            Some(Value::String(text)) => Some((one.name.clone(), text.clone())),
            Some(Value::Bool(switch)) => Some((one.name.clone(), switch.to_string())),
            Some(_) | None => None,
        };
        all.filter_map(text).collect()
    }
}

impl Build {
    /// An unstable build went through all of its stages.
    pub(super) fn has_gone_out(&self) -> bool {
        matches!(self.result.as_deref(), Some("SUCCESS" | "UNSTABLE"))
    }

    pub(super) fn commit(&self) -> Option<&str> {
        self.actions.iter().find_map(|action| action.revision.as_ref()).map(|revision| revision.sha.as_str())
    }

    pub(super) fn started_by(&self) -> Option<&str> {
        self.actions
            .iter()
            .filter_map(|action| action.causes.as_ref())
            .flatten()
            .find_map(|cause| cause.user.as_deref())
    }

    pub(super) fn has(&self, (name, value): &(String, String)) -> bool {
        let all = self.actions.iter().filter_map(|action| action.parameters.as_ref()).flatten();
        all.filter(|one| one.name == *name).any(|one| match &one.value {
            Some(Value::String(text)) => text == value,
            Some(Value::Bool(switch)) => switch.to_string().as_str() == value,
            Some(_) | None => false,
        })
    }
}
