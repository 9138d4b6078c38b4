//! What `deploy/` gives to pipelines, run as far as it runs without the vendor's server: the shell script, the job of the
//! GitLab template, the composite action's own entry point and the step of the Jenkins library, each against the service.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use cm_bot::cli::demo::play::settle;
use serde_json::json;

use super::Pipeline;
use super::identity::{Issuer, WORKFLOW, trusting};
use crate::plan::{delete, plan};
use crate::support::process::program;
use crate::support::{play_all, scene, start_with};

/// A shell as a CI system starts it: with the program on its path and little else.
fn shell(pipeline: &Pipeline) -> Command {
    let mut bash = Command::new("bash");
    let path = std::env::var("PATH").unwrap();
    let own = program().parent().unwrap().display().to_string();
    bash.env_clear().env("PATH", format!("{own}:{path}")).stdin(Stdio::null());
    bash.env("CM_BOT_URL", format!("http://{}", pipeline.played.world.service));
    bash
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn words(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

/// What Jenkins sets.
fn of_jenkins(command: &mut Command, pipeline: &Pipeline, commit: &str) {
    command.env("CM_BOT_TOKEN", pipeline.played.world.gate_token("billing-api"));
    command.env("JENKINS_URL", "https://ci.acme.example/").env("JOB_NAME", "billing-api/release");
    command.env("BUILD_NUMBER", "1871").env("BRANCH_NAME", "main");
    command.env("GIT_COMMIT", pipeline.played.world.simulator.sha(commit).unwrap());
}

fn opened(pipeline: &Pipeline, commit: &str) -> Command {
    let mut bash = shell(pipeline);
    of_jenkins(&mut bash, pipeline, commit);
    bash.args(["deploy/gate.sh", "open", "--service", "billing-api", "--environment", "prod-us"]);
    bash.args(["--repository", "acme/billing-api", "--artifact", "billing-api:1871"]);
    bash
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_script_opens_for_the_approved_build_and_closes_its_ticket() {
    let pipeline = Pipeline::approved().await;
    let output = run(opened(&pipeline, "merged")).await;
    let (id, said) = words(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(uuid::Uuid::parse_str(id.trim()).is_ok(), "{id}");
    let mut close = shell(&pipeline);
    of_jenkins(&mut close, &pipeline, "merged");
    close.args(["deploy/gate.sh", "close", id.trim(), "succeeded"]);
    assert_eq!(run(close).await.status.code(), Some(0));
    settle(&pipeline.played).await.unwrap();
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Closed");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_script_says_nothing_on_stdout_that_could_be_taken_for_a_yes() {
    let pipeline = Pipeline::after(scene("no-pull-request")).await;
    let mut held = opened(&pipeline, "fix");
    held.env("CM_BOT_TIMEOUT", "1s");
    let mut unreachable = opened(&pipeline, "fix");
    unreachable.env("CM_BOT_URL", "http://127.0.0.1:1");
    let mut unknown = opened(&pipeline, "fix");
    unknown.env("CM_BOT_TOKEN", "nobody's");
    for (command, code) in [(held, 7), (unreachable, 6), (unknown, 1)] {
        let output = run(command).await;
        assert_eq!((output.status.code(), words(&output).0.as_str()), (Some(code), ""), "{}", words(&output).1);
    }
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shell_script_waits_for_people_when_its_plan_is_risky() {
    let pipeline = Pipeline::approved().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    std::fs::write(&file, plan(&[delete("aws_sqs_queue.jobs")]).to_string()).unwrap();
    let mut first = opened(&pipeline, "merged");
    first.env("CM_BOT_PLAN", &file).env("CM_BOT_TIMEOUT", "1s");
    let output = run(first).await;
    assert_eq!((output.status.code(), words(&output).0.as_str()), (Some(7), ""), "{}", words(&output).1);
    assert!(words(&output).1.contains("Deploy paused: 1 risky infrastructure change"), "{}", words(&output).1);
    settle(&pipeline.played).await.unwrap();
    for who in ["sam", "priya"] {
        pipeline
            .happens(&format!("comment = {{ ticket = \"PRODCM-412\", by = \"{who}\", text = \"/cm approve\" }}"))
            .await;
    }
    let mut second = opened(&pipeline, "merged");
    second.env("CM_BOT_PLAN", &file).env("CM_BOT_TIMEOUT", "5s");
    let output = run(second).await;
    assert_eq!(output.status.code(), Some(0), "{}", words(&output).1);
    pipeline.stop().await;
}

/// The lines of a list or a block of a YAML file, below a key, without their indentation.
fn below(file: &str, key: &str) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines = text.lines().skip_while(|line| line.trim() != key);
    let depth = lines.next().unwrap().find(|char: char| char != ' ').unwrap();
    let inside =
        lines.take_while(|line| line.trim().is_empty() || line.find(|char: char| char != ' ').unwrap() > depth);
    inside.map(|line| line.trim().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_of_the_gitlab_template_opens_and_reports_and_a_retry_of_it_does_not_open() {
    let ticket = "create_ticket = { key = \"PRODCM-412\", by = \"dana\", commit = \"merged\" }";
    let scene = scene("clean-change").with(ticket, "pass = \"1s\"");
    let played = start_with(scene.parsed(), |settings| {
        let token = &mut settings["services"][0]["gate"]["tokens"][0];
        token.as_table_mut().unwrap().insert("job".into(), "acme/billing-api".into());
    })
    .await;
    play_all(&played).await;
    let pipeline = Pipeline::of(played);
    let script: Vec<String> = below("deploy/gitlab/gate.yml", "before_script:")
        .iter()
        .map(|line| line.trim_start_matches("- ").to_owned())
        .collect();
    let after = below("deploy/gitlab/gate.yml", "after_script:");
    let after = after.iter().filter(|line| *line != "- |").cloned().collect::<Vec<_>>().join("\n");
    // GitLab gives each job of a pipeline a clean folder, and "Retry" starts the job again in the same pipeline.
    let job = |folder: &Path| {
        let mut bash = shell(&pipeline);
        let (deploy, path) = (Path::new("deploy").canonicalize().unwrap(), std::env::var("PATH").unwrap());
        let path = format!("{}:{}:{path}", program().parent().unwrap().display(), deploy.display());
        bash.current_dir(folder).env("PATH", path);
        bash.env("CM_BOT_TOKEN", pipeline.played.world.gate_token("billing-api")).env("CM_BOT_TIMEOUT", "30s");
        bash.env("GITLAB_CI", "true").env("CI_PROJECT_PATH", "acme/billing-api").env("CI_PIPELINE_ID", "55");
        bash.env("CI_COMMIT_BRANCH", "main").env("CI_COMMIT_SHA", pipeline.commit()).env("CI_JOB_STATUS", "success");
        bash.env("SERVICE", "billing-api").env("DEPLOY_TO", "prod-us");
        bash.args(["-e", "-c", &format!("{}\necho DEPLOYED\n{after}", script.join("\n"))]);
        bash
    };
    let folder = tempfile::tempdir().unwrap();
    let output = run(job(folder.path())).await;
    assert_eq!(output.status.code(), Some(0), "{}", words(&output).1);
    assert!(words(&output).0.contains("DEPLOYED"));
    assert!(words(&output).1.contains("Deployed   "), "it reports: {}", words(&output).1);
    settle(&pipeline.played).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let output = run(job(folder.path())).await;
    assert_eq!((output.status.code(), words(&output).0.as_str()), (Some(1), ""), "{}", words(&output).1);
    assert!(words(&output).1.contains("The deployment of this run has ended before."), "{}", words(&output).1);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_composite_action_asks_with_the_token_of_its_run() {
    let issuer = Issuer::start().await;
    let pipeline = trusting(&issuer).await;
    issuer.issues(&pipeline, json!({}));
    let run_block = below("deploy/github-actions/action.yml", "run: |").join("\n");
    let folder = tempfile::tempdir().unwrap();
    let output_file = folder.path().join("output");
    let action = |commit: &str| {
        let mut bash = shell(&pipeline);
        bash.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKFLOW_REF", format!("{WORKFLOW}@refs/heads/main"));
        bash.env("GITHUB_RUN_ID", "1871").env("GITHUB_RUN_ATTEMPT", "1").env("GITHUB_REPOSITORY", "acme/billing-api");
        bash.env("GITHUB_REF", "refs/heads/main")
            .env("GITHUB_SHA", pipeline.played.world.simulator.sha(commit).unwrap());
        bash.env("GITHUB_OUTPUT", &output_file)
            .env("GITHUB_ACTION_PATH", Path::new("deploy/github-actions").canonicalize().unwrap());
        bash.env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/issue?api-version=2.0", issuer.address));
        bash.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of the run").env("CM_BOT_AUDIENCE", "cm-bot");
        bash.env("CM_BOT_TIMEOUT", "30s")
            .env("SERVICE", "billing-api")
            .env("ENVIRONMENT", "prod-us")
            .env("ARTIFACT", "billing-api:1871");
        bash.args(["-e", "-o", "pipefail", "-c", &run_block]);
        bash
    };
    let other = run(action("v1")).await;
    assert_eq!(other.status.code(), Some(5), "another commit than the token proves: {}", words(&other).1);
    let output = run(action("merged")).await;
    assert_eq!(output.status.code(), Some(0), "{}", words(&output).1);
    let outputs = std::fs::read_to_string(&output_file).unwrap();
    assert!(outputs.lines().any(|line| line.starts_with("change=")), "{outputs}");
    pipeline.stop().await;
}

/// `groovy` with the harness; Debian's looks for a Java where there may be none.
fn jenkins(pipeline: &Pipeline, commit: &str) -> Command {
    let mut bash = shell(pipeline);
    of_jenkins(&mut bash, pipeline, commit);
    let commit = pipeline.played.world.simulator.sha(commit).unwrap();
    bash.args([
        "-c",
        "JAVA_HOME=$(dirname \"$(dirname \"$(readlink -f \"$(command -v java)\")\")\") exec groovy \"$@\"",
        "groovy",
    ]);
    bash.args(["tests/pipelines/jenkins.groovy", "deploy/jenkins/vars/productionGate.groovy", "service=billing-api"]);
    bash.args(["environment=prod-us", "repository=acme/billing-api", "branch=main", "credentialsId=gate"]);
    bash.arg("artifact=billing-api:1871");
    bash.arg(format!("commit={commit}"));
    bash
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_of_the_jenkins_library_deploys_what_was_approved_and_reports() {
    let pipeline = Pipeline::approved().await;
    let output = run(jenkins(&pipeline, "merged")).await;
    assert_eq!((output.status.code(), words(&output).0.trim()), (Some(0), "DEPLOYED"), "{}", words(&output).1);
    settle(&pipeline.played).await.unwrap();
    assert_eq!(pipeline.ticket_status("PRODCM-412"), "Closed");
    let output = run(jenkins(&pipeline, "merged")).await;
    assert_eq!((output.status.code(), words(&output).0.trim()), (Some(1), ""), "{}", words(&output).1);
    let said = "This build was let through before (succeeded). Nothing is deployed.";
    assert!(words(&output).1.contains(said), "{}", words(&output).1);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_of_the_jenkins_library_holds_no_executor_while_it_waits_for_people() {
    let pipeline = Pipeline::after(scene("no-pull-request")).await;
    pipeline.request(&pipeline.asked()).await;
    let mut command = jenkins(&pipeline, "fix");
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    tokio::time::sleep(Duration::from_secs(4)).await;
    for who in ["sam", "priya"] {
        pipeline
            .happens(&format!("comment = {{ ticket = \"PRODCM-412\", by = \"{who}\", text = \"/cm approve\" }}"))
            .await;
    }
    let output = tokio::time::timeout(Duration::from_secs(90), ended).await.unwrap().unwrap();
    assert_eq!((output.status.code(), words(&output).0.trim()), (Some(0), "DEPLOYED"), "{}", words(&output).1);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_of_the_jenkins_library_deploys_nothing_that_was_declined() {
    let pipeline = Pipeline::after(scene("no-pull-request")).await;
    pipeline.request(&pipeline.asked()).await;
    pipeline
        .happens(
            "comment = { ticket = \"PRODCM-412\", by = \"sam\", text = \"/cm decline Not before the freeze ends\" }",
        )
        .await;
    let output = run(jenkins(&pipeline, "fix")).await;
    assert_eq!((output.status.code(), words(&output).0.trim()), (Some(1), ""), "{}", words(&output).1);
    assert!(words(&output).1.contains("The change is declined. Nothing is deployed."), "{}", words(&output).1);
    pipeline.stop().await;
}
