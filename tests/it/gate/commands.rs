//! `cm-bot gate` as a pipeline's shell calls it: words, exit codes, and never a yes by mistake.

use std::process::Output;

use serde_json::Value;

use super::Pipeline;
use crate::support::process::program;
use crate::support::scene;

impl Pipeline {
    /// Runs the program as this pipeline would.
    async fn shell(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = std::process::Command::new(program());
        command.arg("gate").args(arguments).env_clear().stdin(std::process::Stdio::null());
        command.env("CM_BOT_URL", format!("http://{}", self.played.world.service));
        command.env("CM_BOT_TOKEN", self.played.world.gate_token("billing-api"));
        command.envs(variables.iter().copied());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    /// What Jenkins sets.
    fn jenkins(&self, commit: &str) -> Vec<(&'static str, String)> {
        let commit = self.played.world.simulator.sha(commit).unwrap();
        let variables = [
            ("JENKINS_URL", "https://ci.acme.example/".to_owned()),
            ("JOB_NAME", "billing-api/release".to_owned()),
            ("BUILD_NUMBER", "1871".to_owned()),
            ("BRANCH_NAME", "main".to_owned()),
            ("GIT_COMMIT", commit),
        ];
        variables.into_iter().collect()
    }

    async fn requested(&self, commit: &str, more: &[&str]) -> Output {
        let arguments =
            ["request", "--service", "billing-api", "--environment", "prod-us", "--repository", "acme/billing-api"];
        let arguments: Vec<&str> = arguments.iter().chain(more).copied().collect();
        let variables = self.jenkins(commit);
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.shell(&arguments, &variables).await
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_requests_asks_deploys_and_reports() {
    let pipeline = Pipeline::approved().await;
    let output = pipeline.requested("merged", &["--artifact", "billing-api:1871", "--json"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let change: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let id = change["id"].as_str().unwrap();
    let output = pipeline.shell(&["status", id], &[]).await;
    assert!(
        stdout(&output).starts_with("Approved   PRODCM-412 billing-api to prod-us, build 1871"),
        "{}",
        stdout(&output)
    );
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("summary.md");
    let output = pipeline.shell(&["consume", id], &[("GITHUB_STEP_SUMMARY", page.to_str().unwrap())]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("Go ahead   PRODCM-412 billing-api to prod-us"), "{}", stdout(&output));
    assert!(std::fs::read_to_string(page).unwrap().contains("Go ahead   PRODCM-412"));
    let output = pipeline.shell(&["finish", id, "--outcome", "succeeded"], &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("Deployed   PRODCM-412"), "{}", stdout(&output));
    let output = pipeline.shell(&["status", id], &[]).await;
    assert_eq!(output.status.code(), Some(0), "it is done: {}", stderr(&output));
    let again = pipeline.requested("merged", &["--artifact", "billing-api:1871"]).await;
    for output in [again, pipeline.shell(&["wait", id, "--timeout", "1s"], &[]).await] {
        assert_eq!(output.status.code(), Some(4), "what has ended is no yes: {}", stdout(&output));
        assert_eq!(
            stderr(&output),
            "The deployment of this run has ended before. Start a new run; it requests a change of its own.\n"
        );
    }
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn c06_another_build_ends_with_5() {
    let pipeline = Pipeline::approved().await;
    let output =
        pipeline.requested("merged", &["--artifact", "billing-api:1872", "--ticket", "PRODCM-412", "--json"]).await;
    let change: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let output = pipeline.shell(&["consume", change["id"].as_str().unwrap()], &[]).await;
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert_eq!(stdout(&output), "", "nothing that a script could take for a yes");
    assert!(
        stderr(&output)
            .contains("  why    The artifact: the ticket has billing-api:1871, this run has billing-api:1872."),
        "{}",
        stderr(&output)
    );
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_held_ends_with_3_or_7() {
    let pipeline = Pipeline::after(scene("no-pull-request")).await;
    let output = pipeline.requested("fix", &["--json"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
    let change: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let id = change["id"].as_str().unwrap();
    let output = pipeline.shell(&["wait", id, "--timeout", "1s"], &[]).await;
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
    assert!(stderr(&output).contains("  who    "), "whoever waits is told who must act: {}", stderr(&output));
    assert_ne!(pipeline.shell(&["consume", id], &[]).await.status.code(), Some(0), "what waits is not let through");
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_is_no_yes() {
    let pipeline = Pipeline::approved().await;
    let nobody = uuid::Uuid::new_v4().to_string();
    let output = pipeline.shell(&["consume", &nobody], &[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let output = pipeline.shell(&["consume", &nobody], &[("CM_BOT_URL", "http://127.0.0.1:1")]).await;
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(stderr(&output).contains("do not deploy meanwhile"), "{}", stderr(&output));
    let output = pipeline.shell(&["consume", &nobody], &[("CM_BOT_TOKEN", "no token of ours at all")]).await;
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let output = pipeline.shell(&["request", "--service", "billing-api"], &[]).await;
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("Nothing was asked of the gate"), "{}", stderr(&output));
    pipeline.stop().await;
}
