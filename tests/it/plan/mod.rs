//! Terraform plans: what a human must look at, and only that. Those in `real.rs` were made by a real Terraform; the others are
//! written by hand after its documentation, for what it would not write.

mod command;
mod document;
mod ids;
mod real;
mod risks;

use cm_bot::model::Environment;
use cm_bot::policy::criteria::Terms;
use cm_bot::policy::plan::{PlanRisk, PlanRules, Target, judge};
use serde_json::{Value, json};

/// The shipped rules.
pub fn rules() -> PlanRules {
    Terms::parse(&std::fs::read_to_string("config/criteria.toml").unwrap()).unwrap().plan_rules()
}

/// A plan as Terraform 1.11 writes it, with these resource changes.
pub fn plan(changes: &[Value]) -> Value {
    json!({
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": []}},
        "timestamp": "2026-11-02T09:00:00Z",
        "applyable": true,
        "complete": true,
        "errored": false,
    })
}

/// A change of a resource in the root module.
pub fn change(address: &str, actions: &[&str], [before, after, unknown]: [Value; 3]) -> Value {
    let resource = address.rsplit_once("module.").map_or(address, |(_, rest)| rest.split_once('.').unwrap().1);
    let (kind, name) = resource.split_once('.').unwrap();
    json!({
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {
            "actions": actions, "before": before, "after": after, "after_unknown": unknown,
            "before_sensitive": {}, "after_sensitive": {},
        },
    })
}

/// Something new.
pub fn create(address: &str, after: Value) -> Value {
    change(address, &["create"], [Value::Null, after, json!({"id": true, "arn": true})])
}

/// Something that stays and changes.
pub fn update(address: &str, before: Value, after: Value) -> Value {
    change(address, &["update"], [before, after, json!({})])
}

/// Something that goes.
pub fn delete(address: &str) -> Value {
    change(address, &["delete"], [json!({"id": "x-1"}), Value::Null, json!({})])
}

/// Judged for production.
pub fn judged(plan: &Value) -> PlanRisk {
    judge(plan.to_string().as_bytes(), &rules(), Target::Unknown).unwrap()
}

/// Judged for another place.
pub fn judged_in(plan: &Value, environment: &str) -> PlanRisk {
    let environment = Environment::parse(environment).unwrap();
    judge(plan.to_string().as_bytes(), &rules(), Target::Environment(&environment)).unwrap()
}

/// What is said of one change: `action address: reasons`, or nothing.
pub fn said(change: Value) -> String {
    lines(&judged(&plan(&[change])))
}

/// A line an item.
pub fn lines(risk: &PlanRisk) -> String {
    let line = |item: &cm_bot::policy::plan::RiskItem| {
        format!("{} {}: {}", cm_bot::render::plan::actions(item), item.address, cm_bot::render::plan::why(item))
    };
    risk.items.iter().map(line).collect::<Vec<_>>().join("\n")
}
