//! A build of Jenkins asks: Jenkins is asked about it, where the settings say how.
//!
//! Whether it is one is not only its own word: a token of a job does not say which system runs the job, so whoever has it
//! could name another one. A job that the settings watch in Jenkins is a job of Jenkins, whatever the run says.

use crate::handlers::Context;
use crate::integrations::SourceError;
use crate::model::{CiSystem, Deployment, Watched, WatchedPlace};
use crate::policy::gate::{Denial, unlike_jenkins};

/// In what a run differs from what its system says of it, if it does.
///
/// # Errors
/// When the system does not answer.
pub async fn unlike(context: &Context, asked: &Deployment) -> Result<Option<Denial>, SourceError> {
    let gate = context.gates.iter().find(|gate| gate.service == asked.service);
    let watched: &[Watched] = gate.map_or(&[], |gate| &gate.watch);
    let Some(jenkins) = context.jenkins.as_ref().filter(|_| is_of_jenkins(asked, watched)) else {
        return Ok(None);
    };
    let build = jenkins.build(&asked.run.job, &asked.run.build).await?;
    Ok(unlike_jenkins(asked, build.as_ref(), watched))
}

fn is_of_jenkins(asked: &Deployment, watched: &[Watched]) -> bool {
    let is_its_job = |one: &Watched| matches!(&one.place, WatchedPlace::Jenkins { job, .. } if *job == asked.run.job);
    asked.run.system == CiSystem::Jenkins || watched.iter().any(is_its_job)
}
