//! Plans that a real Terraform 1.11 with the AWS provider 5.100 made of `tests/plans/before.tf`, `after.tf` and `dynamic.tf`.
//! What is risky about them was written down from these files, in the order of the addresses.

use cm_bot::model::Environment;
use cm_bot::policy::plan::{PlanRisk, Target, judge};

use super::rules;

/// From nothing to `before.tf`.
const CREATE: &[u8] = include_bytes!("../../plans/create.json");

/// From `before.tf` to `after.tf`.
const CHANGE: &[u8] = include_bytes!("../../plans/change.json");

/// From nothing to `dynamic.tf`.
const DYNAMIC: &[u8] = include_bytes!("../../plans/dynamic.json");

const RISKY_TO_CREATE: [&str; 14] = [
    "create aws_ecr_repository_policy.api",
    "create aws_iam_policy.read",
    "create aws_iam_role.deployer",
    "create aws_iam_role_policy_attachment.deployer",
    "create aws_iam_user.ci",
    "create aws_kms_key.with_policy",
    "create aws_lambda_permission.deleted_later",
    "create aws_s3_bucket_policy.logs",
    "create aws_s3_bucket_public_access_block.logs",
    "create aws_sns_topic_policy.alarms",
    "create aws_sqs_queue.with_policy",
    "create aws_vpc_security_group_egress_rule.deleted_later",
    "create module.queue[\"eu\"].aws_sqs_queue_policy.part",
    "create module.queue[\"us\"].aws_sqs_queue_policy.part",
];

const RISKY_TO_CHANGE: [&str; 21] = [
    "update aws_ecr_repository_policy.api",
    "delete aws_iam_policy.read",
    "update aws_iam_role.deployer",
    "delete aws_iam_role_policy_attachment.deployer",
    "update aws_iam_user.ci",
    "update aws_kms_key.disabled_later",
    "update aws_kms_key.with_policy",
    "update aws_lambda_function.with_another_role_later",
    "delete aws_lambda_permission.deleted_later",
    "replace aws_s3_bucket.renamed_later",
    "update aws_s3_bucket_policy.logs",
    "update aws_s3_bucket_public_access_block.logs",
    "delete aws_security_group.deleted_later",
    "update aws_security_group.opened_later",
    "forget aws_sns_topic.forgotten_later",
    "update aws_sns_topic_policy.alarms",
    "move aws_sqs_queue.mail",
    "update aws_sqs_queue.with_policy",
    "delete aws_vpc_security_group_egress_rule.deleted_later",
    "create aws_vpc_security_group_ingress_rule.made_now",
    "update module.queue[\"us\"].aws_sqs_queue_policy.part",
];

/// What is deleted or made again, and would be nobody's business elsewhere.
const RISKY_IN_PRODUCTION: [&str; 4] = [
    "delete aws_cloudwatch_log_group.deleted_later",
    "replace aws_cloudwatch_log_group.renamed_later",
    "replace aws_ecr_lifecycle_policy.api",
    "replace terraform_data.made_again_later",
];

fn judged(plan: &[u8], environment: &str) -> PlanRisk {
    let environment = Environment::parse(environment).unwrap();
    judge(plan, &rules(), Target::Environment(&environment)).unwrap()
}

/// `action address`, in the order of these lines.
fn found(risk: &PlanRisk) -> Vec<String> {
    let line =
        |item: &cm_bot::policy::plan::RiskItem| format!("{} {}", cm_bot::render::plan::actions(item), item.address);
    let mut lines: Vec<String> = risk.items.iter().map(line).collect();
    lines.sort();
    lines
}

fn sorted(lines: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    lines.sort();
    lines
}

#[test]
fn what_is_made_from_nothing_is_looked_at_where_it_says_who_may_do_what() {
    for environment in ["prod-us", "staging"] {
        assert_eq!(found(&judged(CREATE, environment)), sorted(&RISKY_TO_CREATE), "{environment}");
    }
}

#[test]
fn what_changes_is_looked_at_where_it_matters_and_nowhere_else() {
    assert_eq!(found(&judged(CHANGE, "staging")), sorted(&RISKY_TO_CHANGE));
}

#[test]
fn what_goes_away_is_looked_at_in_production() {
    let all = [RISKY_TO_CHANGE.as_slice(), RISKY_IN_PRODUCTION.as_slice()].concat();
    assert_eq!(found(&judged(CHANGE, "prod-us")), sorted(&all));
}

/// The configuration in a plan leaves out blocks that are made in a loop, and a block of which nobody knows how often it is
/// made is unknown as a whole, as a provider's default is. The twins are plain resources of the same types.
#[test]
fn c11_what_is_made_in_a_loop_is_looked_at() {
    let expressions = String::from_utf8_lossy(DYNAMIC);
    let (_, configuration) = expressions.split_once("\"configuration\"").unwrap();
    for block in ["\"public_access_block_configuration\"", "\"grant\""] {
        assert!(expressions.contains(block) && !configuration.contains(block), "{block} is in the configuration");
    }
    let risk = judged(DYNAMIC, "prod-us");
    let risky = ["create aws_s3_access_point.made_in_an_unknown_loop", "create aws_s3_bucket.granted_in_a_loop"];
    assert_eq!(found(&risk), risky);
    let why = "Who may reach a resource changes: what it becomes is known only after apply";
    assert!(super::lines(&risk).contains(&format!("{why} (public_access_block_configuration)")), "{risk:?}");
}

#[test]
fn no_value_of_the_plan_is_said() {
    let said = super::lines(&judged(CHANGE, "prod-us"));
    for value in ["444455556666", "111122223333", "0.0.0.0/0", "role/admin", "for45seconds"] {
        assert!(String::from_utf8_lossy(CHANGE).contains(value), "{value} is in the plan");
        assert!(!said.contains(value), "{value} is said: {said}");
    }
}
