//! `cm-bot plan` as pipelines meet it.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::{create, delete, plan, update};
use crate::support::process::program;

fn run(arguments: &[&str], plan: &str) -> Output {
    let mut command = Command::new(program());
    command.arg("plan").args(arguments).env_remove("CM_BOT_CONFIG");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever refuses early does not read to the end.
    let _ = child.stdin.take().unwrap().write_all(plan.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn risky() -> Value {
    plan(&[
        create("aws_instance.web", json!({"tags": {"team": "billing"}})),
        delete("aws_security_group_rule.sg_ingress_db"),
        update("aws_iam_policy.deployer", json!({"policy": "{}"}), json!({"policy": "{\"a\":1}"})),
    ])
}

#[test]
fn a_risky_plan_waits_and_says_for_whom_and_why() {
    let (code, stdout, stderr) = said(&run(&["-", "--environment", "prod-us"], &risky().to_string()));
    assert_eq!(code, Some(3), "{stderr}");
    let (text, digest) = stdout.split_once("plan sha256 ").unwrap();
    assert_eq!(
        text,
        "Deploy paused: 2 risky infrastructure changes\n\
         Plan: 1 to add, 1 to change, 1 to destroy\n  \
           delete  aws_security_group_rule.sg_ingress_db\n            \
             A delete in production; A security group changes\n  \
           update  aws_iam_policy.deployer\n            \
             Who may do what changes (policy)\n\
         The other change is low risk.\n\
         Do this: let a human who may approve this change look at the plan. Nothing was applied.\n"
    );
    assert_eq!(digest.len(), 64 + ": an approval counts for exactly these changes\n".len());
    assert_eq!(stderr, "No criteria were given, so the rules are those that come with cm-bot.\n");
}

#[test]
fn a_harmless_plan_passes() {
    let harmless = plan(&[create("aws_instance.web", json!({}))]).to_string();
    let (code, stdout, _) = said(&run(&["-", "--environment", "prod-us"], &harmless));
    assert_eq!(code, Some(0));
    assert!(
        stdout.starts_with("No risky change among 1 changed resource\nPlan: 1 to add, 0 to change, 0 to destroy\n")
    );
}

#[test]
fn a_plan_of_which_nobody_says_where_it_goes_counts_as_one_for_production() {
    let plan = plan(&[delete("aws_instance.web")]).to_string();
    let (code, _, stderr) = said(&run(&["-"], &plan));
    assert_eq!(code, Some(3));
    assert!(stderr.contains("so the plan is judged as one for production"));
    assert_eq!(said(&run(&["-", "--environment", "staging"], &plan)).0, Some(0));
}

#[test]
fn what_cannot_be_read_fails_and_allows_nothing() {
    let (code, stdout, stderr) = said(&run(&["-", "--environment", "prod-us"], "{\"format_version\""));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.ends_with("it ends in the middle. Make it with `terraform show -json PLAN`. Nothing was judged, and nothing is allowed by it.\n"), "{stderr}");
    assert_eq!(said(&run(&["/there/is/no/such.json"], "")).0, Some(1));
    assert_eq!(said(&run(&[], "")).0, Some(2));
    assert_eq!(said(&run(&["-", "--environment", "prod us!"], "")).0, Some(1));
}

#[test]
fn json_holds_the_same_for_scripts() {
    let (code, stdout, _) = said(&run(&["-", "--json", "--environment", "prod-us"], &risky().to_string()));
    let object: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(code, Some(3));
    assert_eq!(object["risky"], true);
    assert_eq!(object["verdict"], "Deploy paused: 2 risky infrastructure changes");
    assert_eq!(object["counts"]["destroy"], 1);
    assert_eq!(object["low_risk"], 1);
    assert_eq!(object["terraform_version"], "1.11.4");
    assert_eq!(object["items"][1]["address"], "aws_iam_policy.deployer");
    assert_eq!(object["items"][1]["actions"], json!(["update"]));
    assert_eq!(object["items"][1]["attributes"], json!(["policy"]));
    assert_eq!(object["items"][1]["id"].as_str().unwrap().len(), 32);
}

#[test]
fn values_are_never_shown_and_an_address_cannot_write_on_the_terminal() {
    let mark = "the-secret-of-this-plan";
    let address = "aws_iam_role.x[\"\u{1b}[2J\u{202e}\n fake: no risk\"]";
    let mut change = update("aws_iam_role.x", json!({"name": mark, mark: mark}), json!({"name": [mark], mark: 1}));
    change["address"] = json!(address);
    let plan = plan(&[change]).to_string().replace(&format!("\"{mark}\":"), "\"name2\":");
    for arguments in [&["-"][..], &["-", "--json"]] {
        let (code, stdout, stderr) = said(&run(arguments, &plan));
        assert_eq!(code, Some(3));
        assert!(!stdout.contains(mark) && !stderr.contains(mark), "{stdout}{stderr}");
        assert!(!stdout.contains('\u{1b}') && !stdout.contains("\n fake"), "{stdout}");
    }
}

#[test]
fn other_criteria_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("criteria.toml");
    let text = std::fs::read_to_string("config/criteria.toml").unwrap();
    std::fs::write(&file, text.split("[terraform]").next().unwrap()).unwrap();
    let harmless = plan(&[create("aws_instance.web", json!({}))]).to_string();
    let (code, stdout, stderr) = said(&run(&["-", "--criteria", file.to_str().unwrap()], &harmless));
    assert_eq!(code, Some(3));
    assert!(stdout.contains("The criteria say nothing about Terraform plans"), "{stdout}");
    assert!(!stderr.contains("come with cm-bot"));
}
