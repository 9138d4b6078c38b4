//! What a run that waits at GitHub's deployment protection rule wants to deploy (policy: a pipeline speaks for itself alone).
//!
//! Such a run has sent no token. What GitHub says of it when it is asked has to match what is pinned for the service, part
//! by part, as a token would; what cannot be told apart is not believed.

use crate::model::{
    BranchName, CiSystem, Deployment, Environment, ParseError, PipelineName, ProtectedRun, Run, Service, WorkflowPin,
    WorkflowRun,
};

/// What starts runs whose workflow file and commit are those of a branch of the repository itself. A pull request is none of
/// them: its file and its commit may be anybody's.
const EVENTS: [&str; 5] = ["push", "workflow_dispatch", "schedule", "repository_dispatch", "workflow_run"];

/// What is deployed, as the gate would be asked for it.
///
/// # Errors
/// With a sentence that says why nothing can be deployed by this run.
pub fn deployment(
    held: &ProtectedRun,
    run: &WorkflowRun,
    (service, environment): (&Service, &Environment),
    pins: &[WorkflowPin<'_>],
) -> Result<Deployment, String> {
    let branch = branch(run)?;
    let file = file(held, run, branch)?;
    pinned(held, run, (branch, file), (service, pins))?;
    read(held, run, (branch, file), (service, environment)).map_err(|error| format!("{error}."))
}

fn branch(run: &WorkflowRun) -> Result<&str, String> {
    if !EVENTS.contains(&run.event.as_str()) {
        return Err("It was not started by a push, by hand, by a schedule or by another run.".into());
    }
    if run.head_repository_id != Some(run.repository_id) {
        return Err("Its commit is not in the repository itself, but in a fork.".into());
    }
    if run.is_ambiguous {
        return Err("A tag has the name of the branch, and GitHub does not say which of the two the run is of.".into());
    }
    run.branch.as_deref().ok_or_else(|| "It is of no branch.".into())
}

/// The workflow's file. GitHub may write the repository before it, and `@` and the ref after it: then both have to be those of
/// the run.
fn file<'a>(held: &ProtectedRun, run: &'a WorkflowRun, branch: &str) -> Result<&'a str, String> {
    let file = match run.workflow.split_once('@') {
        None => run.workflow.as_str(),
        Some((file, at)) if at.strip_prefix("refs/heads/").unwrap_or(at) == branch => file,
        Some(_) => return Err("Its workflow is not that of its branch.".into()),
    };
    let own = file.strip_prefix(held.repository.as_str()).and_then(|rest| rest.strip_prefix('/')).unwrap_or(file);
    let is_file = own.starts_with(".github/workflows/");
    is_file.then_some(own).ok_or_else(|| "Its workflow is not a file of its repository.".to_owned())
}

/// A job in a reusable workflow cannot be told from the other jobs of its run, so only the run's own file counts.
fn pinned(
    held: &ProtectedRun,
    run: &WorkflowRun,
    (branch, file): (&str, &str),
    (service, pins): (&Service, &[WorkflowPin<'_>]),
) -> Result<(), String> {
    if pins.is_empty() {
        return Err(format!("No pipeline of GitHub Actions is registered for {}.", service.name));
    }
    let (number, workflow) = (run.repository_id.to_string(), format!("{}/{file}@refs/heads/{branch}", held.repository));
    let is_pinned = pins.iter().any(|pin| pin.repository_id == number && pin.workflow == workflow);
    if is_pinned {
        return Ok(());
    }
    Err(format!("Its repository and workflow are not those that are registered for {}.", service.name))
}

fn read(
    held: &ProtectedRun,
    run: &WorkflowRun,
    (branch, file): (&str, &str),
    (service, environment): (&Service, &Environment),
) -> Result<Deployment, ParseError> {
    Ok(Deployment {
        run: Run {
            system: CiSystem::GithubActions,
            job: PipelineName::parse(&format!("{}/{file}", held.repository))?,
            build: PipelineName::parse(&held.run.to_string())?,
            attempt: run.attempt,
        },
        service: service.name.clone(),
        environment: environment.clone(),
        repository: held.repository.clone(),
        branch: BranchName::parse(branch)?,
        commit: run.commit.clone(),
        artifact: None,
        action: PipelineName::parse("apply")?,
    })
}

/// Whether a request that this run made itself before is for the same: a pipeline may also name what it built, and what is
/// done with it, which GitHub does not know.
#[must_use]
pub fn is_of(asked: &Deployment, seen: &Deployment) -> bool {
    let said = Deployment { artifact: asked.artifact.clone(), action: asked.action.clone(), ..seen.clone() };
    said == *asked
}
