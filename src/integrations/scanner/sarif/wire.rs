//! The JSON of SARIF, as far as it is read.

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub(super) struct Log {
    pub version: String,
    pub runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub tool: Tool,
    pub results: Option<Vec<Result>>,
    pub invocations: Option<Vec<Invocation>>,
    pub version_control_provenance: Option<Vec<Origin>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tool {
    pub driver: Component,
    pub extensions: Option<Vec<Component>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Component {
    pub name: String,
    pub rules: Option<Vec<Rule>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub id: String,
    pub properties: Option<RuleProperties>,
    pub default_configuration: Option<DefaultConfiguration>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RuleProperties {
    /// A number as text; some tools write the number itself.
    #[serde(rename = "security-severity")]
    pub security_severity: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DefaultConfiguration {
    pub level: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub execution_successful: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Origin {
    pub revision_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Result {
    pub rule_id: Option<String>,
    pub rule_index: Option<i64>,
    pub rule: Option<RuleReference>,
    pub level: Option<String>,
    pub kind: Option<String>,
    pub baseline_state: Option<String>,
    pub message: Message,
    pub locations: Option<Vec<serde_json::Value>>,
    pub properties: Option<ResultProperties>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleReference {
    pub id: Option<String>,
    pub index: Option<i64>,
    pub tool_component: Option<ComponentReference>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ComponentReference {
    pub index: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub text: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResultProperties {
    /// GitHub's own addition.
    #[serde(rename = "github/alertNumber")]
    pub alert: Option<u64>,
}

impl Result {
    /// The rule's id, in either of its two places.
    pub(super) fn id(&self) -> Option<&str> {
        self.rule_id.as_deref().or_else(|| self.rule.as_ref()?.id.as_deref())
    }
}
