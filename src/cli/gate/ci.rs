//! What the environment of a pipeline says of its run. The service compares it with the token; here it only saves typing.

/// What is known of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub system: Option<String>,
    pub job: Option<String>,
    pub build: Option<String>,
    pub attempt: Option<u32>,
    pub repository: Option<String>,
    pub reference: Option<String>,
    pub commit: Option<String>,
}

/// Reads the variables of GitHub Actions, GitLab or Jenkins.
pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Known {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if set("GITHUB_ACTIONS").as_deref() == Some("true") {
        let file = set("GITHUB_WORKFLOW_REF").map(|workflow| match workflow.split_once('@') {
            Some((file, _)) => file.to_owned(),
            None => workflow,
        });
        return Known {
            system: Some("github-actions".into()),
            job: file,
            build: set("GITHUB_RUN_ID"),
            attempt: set("GITHUB_RUN_ATTEMPT").and_then(|attempt| attempt.parse().ok()),
            repository: set("GITHUB_REPOSITORY"),
            reference: set("GITHUB_REF"),
            commit: set("GITHUB_SHA"),
        };
    }
    if set("GITLAB_CI").is_some() {
        return Known {
            system: Some("gitlab".into()),
            job: set("CI_PROJECT_PATH"),
            build: set("CI_PIPELINE_ID"),
            attempt: None,
            repository: set("CI_PROJECT_PATH"),
            reference: set("CI_COMMIT_BRANCH").map(|branch| format!("refs/heads/{branch}")),
            commit: set("CI_COMMIT_SHA"),
        };
    }
    if set("JENKINS_URL").is_some() {
        let branch = set("BRANCH_NAME").or_else(|| set("GIT_BRANCH"));
        let branch = branch.map(|branch| format!("refs/heads/{}", branch.trim_start_matches("origin/")));
        return Known {
            system: Some("jenkins".into()),
            job: set("JOB_NAME"),
            build: set("BUILD_NUMBER"),
            attempt: None,
            repository: None,
            reference: branch,
            commit: set("GIT_COMMIT"),
        };
    }
    Known::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(variables: &[(&str, &str)]) -> Known {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        from_environment(&find)
    }

    #[test]
    fn a_run_of_github_actions_is_named_by_its_id_and_its_workflow_file() {
        let known = known(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_WORKFLOW_REF", "acme/billing-api/.github/workflows/deploy.yml@refs/heads/main"),
            ("GITHUB_RUN_ID", "77"),
            ("GITHUB_RUN_ATTEMPT", "2"),
            ("GITHUB_REF", "refs/heads/main"),
        ]);
        assert_eq!(known.job.as_deref(), Some("acme/billing-api/.github/workflows/deploy.yml"));
        assert_eq!((known.build.as_deref(), known.attempt), (Some("77"), Some(2)));
        assert_eq!((known.reference.as_deref(), known.commit), (Some("refs/heads/main"), None));
    }

    #[test]
    fn a_machine_without_a_pipeline_knows_nothing() {
        assert_eq!(known(&[("GITHUB_ACTIONS", ""), ("JOB_NAME", "x")]), Known::default());
    }
}
