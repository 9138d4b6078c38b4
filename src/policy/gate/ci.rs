//! What a build of Jenkins says of itself is what Jenkins says of it (policy: a pipeline speaks for itself alone).

use super::{Denial, Reason};
use crate::model::{Deployment, JenkinsBuild, Text, Watched, WatchedPlace, listed};

/// Each part in which a run is not what Jenkins knows; empty when it is. What Jenkins does not know of a build is not compared.
#[must_use]
pub fn unlike_jenkins(asked: &Deployment, build: Option<&JenkinsBuild>, watched: &[Watched]) -> Option<Denial> {
    let differences = match build {
        Some(build) => differences(asked, build, watched),
        None => {
            let text = Text::new().words("The build number: Jenkins has no build ").quoted(asked.run.build.as_str());
            vec![("build number", text.words(" of ").quoted(asked.run.job.as_str()).words("."))]
        }
    };
    if differences.is_empty() {
        return None;
    }
    let names: Vec<String> = differences.iter().map(|(what, _)| format!("the {what}")).collect();
    Some(Denial {
        reason: Reason::BuildMismatch,
        headline: format!("The run differs from what Jenkins says of it in {}.", listed(&names, "and")),
        details: differences.into_iter().map(|(_, text)| text).collect(),
        todo: "let the build that Jenkins runs ask for what it has built.".into(),
    })
}

fn differences(asked: &Deployment, build: &JenkinsBuild, watched: &[Watched]) -> Vec<(&'static str, Text)> {
    let mut found = Vec::new();
    if !build.is_running {
        found.push(("build number", Text::from("The build number: Jenkins says that this build has ended.")));
    }
    if let Some(first) = build.commits.first().filter(|_| !build.commits.contains(&asked.commit)) {
        let text = Text::new().words("The commit: Jenkins has ").code(first.short());
        found.push(("commit", text.words(", this run says ").code(asked.commit.short()).words(".")));
    }
    found.extend(other_target(asked, build, watched).map(|text| ("target environment", text)));
    found
}

/// Where the settings say by which parameter a job deploys to an environment, the build must have it.
fn other_target(asked: &Deployment, build: &JenkinsBuild, watched: &[Watched]) -> Option<Text> {
    let parameters =
        watched.iter().filter(|one| one.environment == asked.environment).filter_map(|one| match &one.place {
            WatchedPlace::Jenkins { job, parameter: Some(parameter) } if *job == asked.run.job => Some(parameter),
            WatchedPlace::Jenkins { .. } | WatchedPlace::Github { .. } => None,
        });
    let parameters: Vec<&(String, String)> = parameters.collect();
    let (name, value) = parameters.first().filter(|_| !parameters.iter().any(|one| build.parameters.contains(one)))?;
    let text = Text::new().words("The target environment: a build for ").quoted(asked.environment.as_str());
    Some(text.words(" has the parameter ").quoted(&format!("{name}={value}")).words(", and this one has not."))
}
