//! What an approval covers: these changes, and not others that look like them.

use std::collections::BTreeSet;

use cm_bot::policy::plan::PlanRisk;
use serde_json::{Value, json};

use super::{create, delete, judged, plan, update};

fn ids(risk: &PlanRisk) -> BTreeSet<String> {
    risk.items.iter().map(|item| item.id.clone()).collect()
}

fn policy(text: &str) -> Value {
    update("aws_iam_policy.deployer", json!({"policy": "{}"}), json!({"policy": text}))
}

#[test]
fn a_plan_with_the_same_or_fewer_risks_keeps_its_approval_and_a_new_one_asks_again() {
    let both = judged(&plan(&[policy("a"), delete("aws_instance.web")]));
    let approved = ids(&both);
    assert_eq!(approved.len(), 2);
    let covers = |changes: &[Value]| judged(&plan(changes)).not_covered(&approved).count() == 0;
    assert!(covers(&[delete("aws_instance.web"), create("aws_instance.new", json!({})), policy("a")]), "the same");
    assert!(covers(&[policy("a")]) && covers(&[]), "fewer");
    assert!(!covers(&[policy("a"), delete("aws_instance.web"), delete("aws_instance.db")]), "a new one");
    assert!(!covers(&[policy("a, and much more")]), "another policy at the same place");
    assert!(!covers(&[super::change("aws_instance.web", &["delete", "create"], [json!({}), json!({}), json!({})])]));
    assert_ne!(both.digest, judged(&plan(&[policy("a")])).digest);
}

/// Whoever has the id of an item could try what a secret is. So it says nothing about the secret, and counts for one plan.
#[test]
fn an_item_with_a_secret_counts_for_this_plan_alone() {
    let plan_with = |secret: &str, time: &str| {
        let mut user = create("aws_iam_user_login_profile.ci", json!({"password": secret}));
        user["change"]["after_sensitive"] = json!({"password": true});
        let mut plan = plan(&[user]);
        plan["timestamp"] = json!(time);
        judged(&plan)
    };
    let first = plan_with("hunter", "2026-11-02T09:00:00Z");
    assert_eq!(ids(&first), ids(&plan_with("hunter", "2026-11-02T09:00:00Z")));
    assert_ne!(ids(&first), ids(&plan_with("hunter", "2026-11-02T10:00:00Z")));
    let open = |time: &str| {
        let mut plan = plan(&[create("aws_iam_user.ci", json!({"name": "ci"}))]);
        plan["timestamp"] = json!(time);
        ids(&judged(&plan))
    };
    assert_eq!(open("2026-11-02T09:00:00Z"), open("2026-11-02T10:00:00Z"), "the twin without a secret");
}

#[test]
fn what_is_not_recognised_is_approved_for_this_plan_alone() {
    let plan_of = |size: u64| {
        let mut plan = plan(&[create("aws_instance.web", json!({"size": size}))]);
        plan["format_version"] = json!("9.0");
        judged(&plan)
    };
    assert_ne!(ids(&plan_of(1)), ids(&plan_of(2)));
}

#[test]
fn the_order_of_attributes_does_not_matter() {
    let one = serde_json::from_str::<Value>(r#"{"a":"1","b":"2"}"#).unwrap();
    let other = serde_json::from_str::<Value>(r#"{"b":"2","a":"1"}"#).unwrap();
    let id = |after: Value| ids(&judged(&plan(&[create("aws_iam_user.ci", after)])));
    assert_eq!(id(one), id(other));
}
