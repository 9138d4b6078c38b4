//! What a pipeline says about itself is what its token proves (policy: a pipeline speaks for itself alone).

use crate::model::{
    BranchName, CiSystem, CommitSha, Deployment, Environment, GithubId, PipelineName, RepoName, ServiceName, Text,
};

/// What a token proves of whoever sent it. What it says nothing about is not proven, and not compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proven {
    /// Who it is, for the records.
    pub subject: String,
    /// The services that it may speak for.
    pub services: Vec<ServiceName>,
    /// The system that runs the pipeline.
    pub system: Option<CiSystem>,
    /// The repository.
    pub repository: Option<RepoName>,
    /// The job.
    pub job: Option<PipelineName>,
    /// The build.
    pub build: Option<PipelineName>,
    /// The attempt.
    pub attempt: Option<u32>,
    /// The job of the run as it was started this time; another start of it is another one.
    pub started_job: Option<PipelineName>,
    /// The branch.
    pub branch: Option<BranchName>,
    /// The commit.
    pub commit: Option<CommitSha>,
    /// The environment.
    pub environment: Option<Environment>,
    /// The GitHub account of whoever started the run.
    pub started_by: Option<GithubId>,
}

impl Proven {
    /// Whether it may speak for a service at all.
    #[must_use]
    pub fn speaks_for(&self, service: &ServiceName) -> bool {
        self.services.contains(service)
    }

    /// Each part in which a deployment is not what the token proves; empty when it may ask for it.
    #[must_use]
    pub fn contradictions(&self, asked: &Deployment) -> Vec<Text> {
        let service = (!self.speaks_for(&asked.service))
            .then(|| Text::new().words("The token does not speak for ").quoted(asked.service.as_str()).words("."));
        let attempt = self.attempt.map(|attempt| attempt.to_string());
        let asked_attempt = asked.run.attempt.to_string();
        let parts = [
            ("system", self.system.map(CiSystem::id), asked.run.system.id()),
            ("repository", self.repository.as_ref().map(RepoName::as_str), asked.repository.as_str()),
            ("build job", self.job.as_ref().map(PipelineName::as_str), asked.run.job.as_str()),
            ("build number", self.build.as_ref().map(PipelineName::as_str), asked.run.build.as_str()),
            ("attempt", attempt.as_deref(), asked_attempt.as_str()),
            ("branch", self.branch.as_ref().map(BranchName::as_str), asked.branch.as_str()),
            ("commit", self.commit.as_ref().map(CommitSha::as_str), asked.commit.as_str()),
            ("target environment", self.environment.as_ref().map(Environment::as_str), asked.environment.as_str()),
        ];
        let different = parts.into_iter().filter_map(|(what, proven, asked)| {
            let proven = proven.filter(|proven| *proven != asked)?;
            let text = Text::new().words(format!("The {what}: the token says ")).quoted(proven);
            Some(text.words(", the request says ").quoted(asked).words("."))
        });
        service.into_iter().chain(different).collect()
    }
}
