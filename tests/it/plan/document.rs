//! What is no plan, no whole plan, or not to be trusted (C10).

use cm_bot::policy::criteria::Terms;
use cm_bot::policy::plan::{PlanReader, PlanRules, Target, judge};
use serde_json::{Value, json};

use super::{change, create, delete, judged, lines, plan, rules, update};

fn with(key: &str, value: Value) -> Value {
    let mut plan = plan(&[create("aws_instance.web", json!({}))]);
    plan[key] = value;
    plan
}

fn refused(text: &str) -> String {
    judge(text.as_bytes(), &rules(), Target::Unknown).unwrap_err().to_string()
}

#[test]
fn c10_a_format_that_is_not_known_is_risky() {
    for known in ["0.1", "1.0", "1.2"] {
        assert_eq!(lines(&judged(&with("format_version", json!(known)))), "");
    }
    for unknown in [json!("1.3"), json!("2.0"), json!(""), json!(1.2), Value::Null] {
        let said = lines(&judged(&with("format_version", unknown)));
        assert!(said.ends_with("cm-bot does not know this version of the plan's format; it knows up to 1.2"), "{said}");
    }
}

#[test]
fn c10_an_action_or_mode_that_is_not_known_is_risky() {
    for actions in [&["create", "update"][..], &["destroy"], &[], &["no-op", "delete"], &["create", "forget"]] {
        let said = super::said(change("aws_instance.web", actions, [json!({}), json!({}), json!({})]));
        assert_eq!(said, "unrecognised aws_instance.web: cm-bot does not know what this does");
    }
    let mut ephemeral = create("aws_instance.web", json!({}));
    ephemeral["mode"] = json!("ephemeral");
    assert!(super::said(ephemeral).starts_with("unrecognised"));
}

#[test]
fn c10_a_plan_that_is_not_whole_is_risky() {
    for (key, value, why) in [
        ("complete", json!(false), "The plan leaves a part out: made with -target, or with changes put off"),
        ("complete", json!([true]), "The plan leaves a part out: made with -target, or with changes put off"),
        ("errored", json!(true), "Terraform failed while it planned, so this is not all of it"),
        ("errored", json!("false"), "Terraform failed while it planned, so this is not all of it"),
        ("deferred_changes", json!([{}]), "Terraform puts changes off to a later plan, so this is not all of it"),
        ("action_invocations", json!([{}, {}]), "The plan starts actions of providers, which cm-bot cannot judge"),
        ("something_new", json!({}), "The plan has a part that cm-bot does not know"),
    ] {
        let risk = judged(&with(key, value));
        assert_eq!(lines(&risk), format!("unrecognised (the plan): {why}"));
        assert_eq!(risk.low_risk(), risk.counts.resources, "what speaks of the whole plan is no resource");
    }
    for (key, value) in [
        ("complete", json!(true)),
        ("errored", json!(false)),
        ("deferred_changes", json!([])),
        ("action_invocations", json!([])),
        ("action_invocations", json!(null)),
    ] {
        assert_eq!(lines(&judged(&with(key, value))), "");
    }
}

#[test]
fn a_plan_without_changes_passes_and_what_only_looks_like_one_does_not() {
    let mut nothing = plan(&[]);
    nothing.as_object_mut().unwrap().remove("resource_changes");
    assert!(!judged(&nothing).is_risky(), "Terraform leaves out an empty list");
    nothing.as_object_mut().unwrap().remove("planned_values");
    assert!(refused(&nothing.to_string()).starts_with("this is no Terraform plan: it plans nothing"));
    let state = r#"{"format_version":"1.0","terraform_version":"1.11.4","values":{"root_module":{}}}"#;
    assert!(refused(state).starts_with("this is no Terraform plan: it is a state"));
    assert!(refused("{}").starts_with("this is no Terraform plan: it does not name the version of its format"));
    let map = with("resource_changes", json!({"a": 1})).to_string();
    assert!(refused(&map).starts_with("this is no Terraform plan: its resource changes are no list"));
    for text in ["", "[]", "null", "{", "{\"format_version\":\"1.2\"", "Terraform will perform the following actions"] {
        assert!(refused(text).starts_with("the plan cannot be read: it "), "{text}: {}", refused(text));
    }
    let whole = plan(&[delete("aws_instance.web")]).to_string();
    for end in 1..whole.len() {
        refused(&whole[..end]);
    }
    assert!(refused(&(whole + "{}")).contains("something follows its end"));
}

#[test]
fn c10_a_key_that_stands_twice_is_refused_wherever_it_matters() {
    let text = plan(&[update("aws_sqs_queue.jobs", json!({"policy": "a"}), json!({"policy": "b"}))]).to_string();
    for (once, twice) in [
        ("\"complete\":true", "\"complete\":true,\"complete\":true"),
        ("\"complete\":true", "\"complete\":true,\"c\\u006fmplete\":true"),
        ("\"resource_changes\":", "\"resource_changes\":[],\"resource_changes\":"),
        ("\"actions\":[\"update\"]", "\"actions\":[\"no-op\"],\"actions\":[\"update\"]"),
        ("\"after\":{\"policy\":\"b\"}", "\"after\":{\"policy\":\"b\",\"policy\":\"a\"}"),
        ("\"type\":", "\"type\":\"null_resource\",\"type\":"),
    ] {
        assert!(text.contains(once), "{once}");
        let said = refused(&text.replacen(once, twice, 1));
        assert!(said.starts_with("the plan cannot be trusted: ") && said.contains("twice"), "{twice}: {said}");
    }
}

#[test]
fn a_plan_may_come_in_pieces_of_any_size() {
    let odd = "a \\\" } ] \\\\ \u{e9}\u{1f600}";
    let plan = plan(&[
        create("aws_instance.web", json!({"user_data": odd, "numbers": [1, -2.5e3, true, null]})),
        update("aws_iam_policy.deployer", json!({"policy": odd}), json!({"policy": "{\"a\": [1]}"})),
        delete("aws_instance.old"),
    ]);
    for text in [plan.to_string(), serde_json::to_string_pretty(&plan).unwrap()] {
        let (rules, bytes) = (rules(), text.as_bytes());
        let whole = judge(bytes, &rules, Target::Unknown).unwrap();
        assert_eq!(whole.items.len(), 2);
        for size in 1..40 {
            let mut reader = PlanReader::new(&rules, Target::Unknown);
            bytes.chunks(size).for_each(|piece| reader.push(piece).unwrap());
            assert_eq!(reader.finish().unwrap(), whole, "pieces of {size}");
        }
    }
}

#[test]
fn a_resource_change_of_many_megabytes_is_risky_and_no_more() {
    let large = create("aws_instance.web", json!({"user_data": "x".repeat(5 << 20)}));
    let risk = judged(&plan(&[large, create("aws_instance.small", json!({}))]));
    assert_eq!(lines(&risk), "unrecognised (a resource with a very long change): It is too long to be judged");
    assert_eq!(risk.low_risk(), 1);
    assert_eq!(
        judged(&plan(&[create("aws_instance.small", json!({})), create("aws_instance.b", json!({}))])).low_risk(),
        2
    );
}

#[test]
fn what_is_nested_without_end_is_refused() {
    let deep = format!("{{\"format_version\":\"1.2\",\"variables\":{}", "[".repeat(100_000));
    assert!(refused(&deep).contains("nested too deeply"));
    assert!(refused("{\"a\":{]}").contains("brackets do not match"));
}

#[test]
fn criteria_that_say_nothing_about_terraform_let_nothing_pass() {
    let rules = PlanRules::everything();
    let plan = plan(&[create("random_id.suffix", json!({}))]).to_string();
    let risk = judge(plan.as_bytes(), &rules, Target::Unknown).unwrap();
    assert!(lines(&risk).contains("The criteria say nothing about Terraform plans"));
}

#[test]
fn rules_that_would_let_everything_pass_are_refused() {
    let text = std::fs::read_to_string("config/criteria.toml").unwrap();
    let without = |old: &str, new: &str| {
        assert!(text.contains(old));
        Terms::parse(&text.replacen(old, new, 1)).unwrap_err().to_string()
    };
    let production = "production = [\"prod\", \"prod-*\", \"*-prod\", \"production*\"]";
    let said = without(production, "production = []");
    assert_eq!(said, "`terraform.production` is empty: then a delete would be risky nowhere");
    let said = without("reason = \"A delete in production\"", "reason = \"\"");
    assert!(said.contains("each rule needs types, actions and the reason in words"), "{said}");
    for (old, new) in [("types = [\"*\"]", "types = []"), ("actions = [\"delete\"]", "actions = []")] {
        assert_eq!(without(old, new), said);
    }
    assert!(
        without("types = [\"*\"]\nactions = [\"delete\"]", "types = [\"[\"]\nactions = [\"delete\"]")
            .contains("no pattern")
    );
    assert!(without("actions = [\"delete\"]", "actions = [\"destroy\"]").contains("destroy"));
}
