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

#[test]
fn what_is_said_of_the_whole_plan_counts_for_exactly_that() {
    let mut odd = plan(&[]);
    (odd["complete"], odd["errored"]) = (json!(false), json!(true));
    let risk = judged(&odd);
    assert_eq!((risk.items.len(), ids(&risk).len()), (2, 2), "{:?}", risk.items);
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

/// Nothing changes but which thing the address stands for.
fn same(address: &str) -> Value {
    super::change(address, &["no-op"], [json!({"id": "x-1"}), json!({"id": "x-1"}), json!({})])
}

fn imported(importing: Value) -> PlanRisk {
    let mut change = same("aws_s3_bucket.logs");
    change["change"]["importing"] = importing;
    judged(&plan(&[change]))
}

fn sentence(risk: &PlanRisk) -> String {
    risk.items.iter().map(|item| item.sentence().plain()).collect()
}

/// What people looked at was the bucket of the logs, and another one is taken over in its place.
#[test]
fn c11_another_thing_that_is_imported_under_the_same_address_asks_again() {
    let first = imported(json!({"id": "my-logs"}));
    let twin = imported(json!({"id": "my-logs"}));
    assert_eq!(twin.not_covered(&ids(&first)).count(), 0, "the same bucket");
    for other in [
        json!({"id": "prod-customer-data"}),
        json!({"identity": {"bucket": "prod-customer-data"}}),
        json!({"id": "my-logs", "identity": {"bucket": "prod-customer-data"}}),
        json!({"unknown": true}),
    ] {
        assert_eq!(imported(other.clone()).not_covered(&ids(&first)).count(), 1, "{other}");
    }
    assert!(!sentence(&first).contains("my-logs") && !format!("{first:?}").contains("my-logs"), "{first:?}");
}

#[test]
fn c11_another_thing_that_is_moved_to_the_same_address_asks_again() {
    let moved = |from: &str| {
        let mut change = same("aws_instance.web");
        change["previous_address"] = json!(from);
        judged(&plan(&[change]))
    };
    let first = moved("aws_instance.old");
    assert_eq!(moved("aws_instance.old").not_covered(&ids(&first)).count(), 0, "from the same address");
    assert_eq!(moved("aws_instance.database").not_covered(&ids(&first)).count(), 1);
    assert!(sentence(&first).starts_with("move aws_instance.web moved from aws_instance.old: "), "{first:?}");
}

/// A replacement may leave the old object behind; its delete is no delete of the one in use.
#[test]
fn c11_a_delete_of_what_is_left_is_no_delete_of_what_is_in_use() {
    let left = |key: &str| {
        let mut change = delete("aws_instance.web");
        change["deposed"] = json!(key);
        change
    };
    let first = judged(&plan(&[left("0a1b2c3d")]));
    assert_eq!(judged(&plan(&[left("0a1b2c3d")])).not_covered(&ids(&first)).count(), 0, "the same object");
    assert_eq!(judged(&plan(&[left("4e5f6a7b")])).not_covered(&ids(&first)).count(), 1);
    let both = judged(&plan(&[left("0a1b2c3d"), delete("aws_instance.web")]));
    assert_eq!(both.not_covered(&ids(&first)).count(), 1, "the one in use");
    assert!(sentence(&first).starts_with("delete aws_instance.web deposed object 0a1b2c3d: "), "{first:?}");
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
