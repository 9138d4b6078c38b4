//! Terraform plans.

use cm_bot::policy::criteria::Terms;
use cm_bot::policy::plan::{PlanReader, Target, judge};
use serde_json::{Value, json};

use super::bears;
use crate::plan::{create, delete, plan, update};

/// Whether a careless reader sees a delete.
fn deletes(plan: &Value) -> bool {
    let changes = plan["resource_changes"].as_array().into_iter().flatten();
    changes.flat_map(|change| change["change"]["actions"].as_array().into_iter().flatten()).any(|one| one == "delete")
}

#[test]
fn terraform_plans() {
    let terms = std::fs::read_to_string("config/criteria.toml").unwrap();
    let rules = Terms::parse(&terms).unwrap().plan_rules();
    let inputs = [
        plan(&[delete("aws_instance.web"), create("aws_sqs_queue.jobs", json!({"policy": "{\"a\": [1, 2]}"}))]),
        plan(&[update("aws_iam_policy.deployer", json!({"policy": "a\\\"b"}), json!({"policy": null, "n": 1.5e3}))]),
        json!({"format_version": "1.0", "planned_values": {}, "errored": true, "deferred_changes": [{}]}),
    ];
    let inputs: Vec<Vec<u8>> = inputs.iter().map(|plan| plan.to_string().into_bytes()).collect();
    bears(&inputs, |input| {
        let whole = judge(input, &rules, Target::Unknown);
        let mut reader = PlanReader::new(&rules, Target::Unknown);
        let pushed = input.chunks(7).try_for_each(|piece| reader.push(piece));
        let in_pieces = pushed.and_then(|()| reader.finish());
        assert_eq!(whole.is_err(), in_pieces.is_err());
        let Ok(risk) = whole else { return };
        assert_eq!(Ok(&risk), in_pieces.as_ref());
        if let Ok(plan) = serde_json::from_slice::<Value>(input) {
            assert!(!deletes(&plan) || risk.is_risky(), "a delete passes");
        }
    });
}
