//! A build of Jenkins asks: Jenkins is asked about it, where the settings say how.

use crate::handlers::Context;
use crate::integrations::SourceError;
use crate::model::{CiSystem, Deployment};
use crate::policy::gate::{Denial, unlike_jenkins};

/// In what a run differs from what its system says of it, if it does.
///
/// # Errors
/// When the system does not answer.
pub async fn unlike(context: &Context, asked: &Deployment) -> Result<Option<Denial>, SourceError> {
    let Some(jenkins) = context.jenkins.as_ref().filter(|_| asked.run.system == CiSystem::Jenkins) else {
        return Ok(None);
    };
    let build = jenkins.build(&asked.run.job, &asked.run.build).await?;
    let gate = context.gates.iter().find(|gate| gate.service == asked.service);
    Ok(unlike_jenkins(asked, build.as_ref(), gate.map_or(&[], |gate| &gate.watch)))
}
