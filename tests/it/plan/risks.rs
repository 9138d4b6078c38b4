//! Each risk, and its twin that is none.

use serde_json::{Value, json};

use super::{change, create, delete, judged, judged_in, lines, plan, said, update};

const POLICY: &str = r#"{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

#[test]
fn whatever_says_who_may_do_what_is_looked_at() {
    for address in [
        "aws_iam_role.deployer",
        "aws_iam_policy.deployer",
        "aws_iam_role_policy_attachment.deployer",
        "aws_iam_user.ci",
        "aws_iam_instance_profile.web",
        "module.ci[\"eu\"].module.roles.aws_iam_role.deployer",
    ] {
        let said = said(create(address, json!({"name": "deployer"})));
        assert_eq!(said, format!("create {address}: Who may do what changes (arn, id, name)"));
    }
    assert_eq!(
        said(update("aws_iam_policy.deployer", json!({"policy": "{}"}), json!({"policy": POLICY}))),
        "update aws_iam_policy.deployer: Who may do what changes (policy)"
    );
    let detached = judged_in(&plan(&[delete("aws_iam_role_policy_attachment.deployer")]), "staging");
    assert_eq!(lines(&detached), "delete aws_iam_role_policy_attachment.deployer: Who may do what changes");
}

#[test]
fn documents_that_are_only_read_are_no_risk() {
    let mut read =
        change("aws_iam_policy_document.deployer", &["read"], [Value::Null, json!({}), json!({"json": true})]);
    read["mode"] = json!("data");
    read["address"] = json!("data.aws_iam_policy_document.deployer");
    assert_eq!(said(read), "");
}

#[test]
fn policies_of_resources_are_looked_at_and_their_other_attributes_are_not() {
    for kind in ["aws_s3_bucket", "aws_kms_key", "aws_sqs_queue", "aws_sns_topic", "aws_secretsmanager_secret"] {
        let address = format!("{kind}.data");
        let changed = |attribute: &str, value: &str| {
            let mut after = json!({"policy": POLICY, "description": "old", "tags": {"team": "billing"}});
            let before = after.clone();
            after[attribute] = json!(value);
            said(update(&address, before, after))
        };
        assert_eq!(changed("policy", "{}"), format!("update {address}: Who may reach a resource changes (policy)"));
        assert_eq!(changed("description", "new"), "", "{kind}");
        assert_eq!(said(create(&address, json!({"name": "data", "policy": null}))), "", "{kind}");
        let with_policy = said(create(&address, json!({"name": "data", "policy": POLICY})));
        assert_eq!(with_policy, format!("create {address}: Who may reach a resource changes (policy)"));
    }
}

#[test]
fn resources_that_are_a_policy_are_looked_at() {
    for address in [
        "aws_s3_bucket_policy.data",
        "aws_s3_bucket_public_access_block.data",
        "aws_kms_grant.data",
        "aws_sqs_queue_policy.data",
        "aws_sns_topic_policy.data",
        "aws_ecr_repository_policy.images",
        "aws_lambda_permission.api",
    ] {
        assert!(said(create(address, json!({}))).contains("Who may reach a resource changes"), "{address}");
    }
    for address in [
        "aws_ecr_lifecycle_policy.images",
        "aws_s3_bucket_versioning.data",
        "aws_s3_bucket_lifecycle_configuration.data",
        "aws_kms_alias.data",
        "aws_sqs_queue.jobs",
        "aws_ecr_repository.images",
        "aws_autoscaling_policy.web",
        "aws_cloudwatch_log_group.web",
        "aws_instance.web",
        "random_id.suffix",
    ] {
        assert_eq!(said(create(address, json!({"name": "x", "policy": null}))), "", "{address}");
    }
}

#[test]
fn a_security_group_may_be_made_and_is_looked_at_when_it_changes() {
    assert_eq!(said(create("aws_security_group.web", json!({"name": "web", "ingress": [{"from_port": 443}]}))), "");
    let (before, after) = (json!({"ingress": [{"from_port": 443}]}), json!({"ingress": [{"from_port": 22}]}));
    assert_eq!(
        said(update("aws_security_group.web", before, after)),
        "update aws_security_group.web: A security group changes (ingress)"
    );
    for address in ["aws_security_group_rule.web", "aws_vpc_security_group_ingress_rule.web"] {
        let said = said(create(address, json!({"from_port": 22})));
        assert!(said.contains("A security group changes"), "{said}");
    }
    assert_eq!(
        said(delete("aws_security_group_rule.db")),
        "delete aws_security_group_rule.db: A delete in production; A security group changes"
    );
}

#[test]
fn in_production_every_delete_and_replacement_is_looked_at_and_elsewhere_only_what_matters_there() {
    let (before, after) = (json!({"engine": "14"}), json!({"engine": "15"}));
    for actions in [["delete", "create"], ["create", "delete"]] {
        let replaced = change("aws_db_instance.main", &actions, [before.clone(), after.clone(), json!({"id": true})]);
        let why = "A replacement in production: it is deleted and made again (engine, id)";
        assert_eq!(said(replaced.clone()), format!("replace aws_db_instance.main: {why}"));
        assert_eq!(lines(&judged_in(&plan(&[replaced]), "staging")), "");
    }
    let replace = |name: &str| change(name, &["delete", "create"], [json!({}), json!({}), json!({})]);
    let counts = judged(&plan(&[replace("aws_instance.web"), replace("aws_instance.db")])).counts;
    assert_eq!((counts.add, counts.destroy, counts.resources), (2, 2, 2), "as Terraform counts");
    assert_eq!(said(delete("aws_instance.web")), "delete aws_instance.web: A delete in production");
    let deletes = [delete("aws_instance.web"), delete("aws_iam_role.web")];
    assert_eq!(lines(&judged_in(&plan(&deletes), "prod-us")).lines().count(), 2);
    assert_eq!(lines(&judged_in(&plan(&deletes), "staging")), "delete aws_iam_role.web: Who may do what changes");
}

#[test]
fn c11_what_is_moved_imported_or_forgotten_is_looked_at_though_nothing_changes() {
    let same = || [json!({"id": "i-1"}), json!({"id": "i-1"}), json!({})];
    let mut moved = change("aws_instance.web", &["no-op"], same());
    moved["previous_address"] = json!("aws_instance.old");
    assert!(
        said(moved.clone()).starts_with("move aws_instance.web: Terraform takes what it knows under another address")
    );
    let mut imported = change("aws_instance.web", &["no-op"], same());
    imported["change"]["importing"] = json!({"id": "i-1"});
    assert_eq!(said(imported.clone()), "import aws_instance.web: Terraform takes over what others made");
    let forgotten = change("aws_instance.web", &["forget"], [json!({"id": "i-1"}), Value::Null, json!({})]);
    assert!(said(forgotten.clone()).starts_with("forget aws_instance.web: Terraform forgets it"));
    for (count, change) in [(1, vec![moved, imported, forgotten.clone()]), (0, vec![forgotten])] {
        let counts = judged(&plan(&change)).counts;
        assert_eq!((counts.moved, counts.import, counts.forget, counts.resources), (count, count, 1, change.len()));
    }
    assert_eq!(said(change("aws_instance.web", &["no-op"], same())), "");
}

#[test]
fn c11_a_policy_that_is_known_only_after_apply_is_looked_at() {
    let unknown = |attribute: &str| {
        let (before, mut after) =
            (json!({"policy": POLICY, "name": "jobs"}), json!({"policy": POLICY, "name": "jobs"}));
        after.as_object_mut().unwrap().remove(attribute);
        said(change("aws_sqs_queue.jobs", &["update"], [before, after, json!({attribute: true})]))
    };
    let why = "Who may reach a resource changes: what it becomes is known only after apply (policy)";
    assert_eq!(unknown("policy"), format!("update aws_sqs_queue.jobs: {why}"));
    assert_eq!(unknown("name"), "");
}

/// A new queue, a new key: the provider fills in a policy that nobody wrote. What the configuration sets is another matter.
#[test]
fn a_policy_of_something_new_that_nobody_set_is_the_providers_default() {
    let planned = |expressions: Value| {
        let unknown = json!({"id": true, "arn": true, "policy": true});
        let queue = change("module.a[0].aws_sqs_queue.jobs[\"x\"]", &["create"], [Value::Null, json!({}), unknown]);
        let mut plan = plan(&[queue]);
        plan["configuration"] = json!({"root_module": {"module_calls": {"a": {"module": {"resources": [
            {"address": "aws_sqs_queue.jobs", "mode": "managed", "expressions": expressions}]}}}}});
        plan
    };
    assert_eq!(lines(&super::judged(&planned(json!({"name": {"constant_value": "jobs"}})))), "");
    let set = planned(json!({"name": {}, "policy": {"references": ["aws_sns_topic.a.arn"]}}));
    assert!(lines(&super::judged(&set)).contains("known only after apply (policy)"));
    let mut unsaid = planned(json!({}));
    unsaid.as_object_mut().unwrap().remove("configuration");
    assert!(lines(&super::judged(&unsaid)).contains("known only after apply (policy)"), "unknown is never yes");
}

/// A plan of a `dynamic` block of which nobody knows how often it is made says no more of it than of a default.
#[test]
fn c11_a_block_of_something_new_that_no_provider_fills_in_is_made_in_a_loop() {
    let planned = |unknown: Value| {
        let point = change("aws_s3_access_point.logs", &["create"], [Value::Null, json!({"name": "logs"}), unknown]);
        let mut plan = plan(&[point]);
        plan["configuration"]["root_module"]["resources"] =
            json!([{"address": "aws_s3_access_point.logs", "mode": "managed", "expressions": {"name": {}}}]);
        lines(&super::judged(&plan))
    };
    let held = planned(json!({"id": true, "policy": true, "public_access_block_configuration": true}));
    assert!(held.ends_with("known only after apply (public_access_block_configuration)"), "{held}");
    assert_eq!(planned(json!({"id": true, "policy": true, "public_access_block_configuration": []})), "");
}

/// Old providers fill in `private` for every bucket, and every key is enabled.
#[test]
fn a_value_of_something_new_that_nobody_set_is_the_providers_default_too() {
    let planned = |expressions: Value| {
        let mut plan = plan(&[create("aws_s3_bucket.data", json!({"bucket": "data", "acl": "private"}))]);
        plan["configuration"]["root_module"]["resources"] =
            json!([{"address": "aws_s3_bucket.data", "mode": "managed", "expressions": expressions}]);
        lines(&super::judged(&plan))
    };
    assert_eq!(planned(json!({"bucket": {}})), "");
    let set = planned(json!({"bucket": {}, "acl": {"constant_value": "public-read"}}));
    assert_eq!(set, "create aws_s3_bucket.data: Who may reach a resource changes (acl)");
}

#[test]
fn a_number_that_cannot_be_compared_has_changed() {
    let [before, after] = ["90071992547409930000", "90071992547409930001"]
        .map(|number| serde_json::from_str::<Value>(&format!("{{\"policy\": {number}}}")).unwrap());
    assert!(said(update("aws_sqs_queue.jobs", before, after)).contains("(policy)"));
    assert_eq!(said(update("aws_sqs_queue.jobs", json!({"policy": 0.1}), json!({"policy": 0.1}))), "");
}

#[test]
fn something_else_than_a_list_of_people_decides_what_runs_as_whom() {
    let [before, after] = ["reader", "admin"].map(|role| json!({"role": role, "timeout": 3}));
    let said = said(update("aws_lambda_function.api", before, after));
    assert_eq!(said, "update aws_lambda_function.api: Something runs with the rights of another role (role)");
}
