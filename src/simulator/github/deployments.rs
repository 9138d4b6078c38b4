//! Deployments, as anybody may write them into a repository.

use super::accounts::Account;
use super::git::Oid;
use super::scene::{SceneError, ShowDeployment};
use super::world::{Repo, World};

/// A deployment to an environment.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The id in GitHub's database.
    pub id: u64,
    /// The commit.
    pub commit: Oid,
    /// The environment.
    pub environment: String,
    /// Whose token made it.
    pub by: Account,
    /// When.
    pub created: i64,
    /// Its statuses, the newest first, each with its id.
    pub statuses: Vec<(u64, String)>,
    /// The run of GitHub Actions that made it.
    pub run: Option<String>,
}

impl Repo {
    /// Those to an environment, or all; newest first.
    #[must_use]
    pub fn deployments_to(&self, environment: Option<&str>) -> Vec<&Deployed> {
        let wanted = |one: &&Deployed| environment.is_none_or(|environment| one.environment == environment);
        self.deployments.iter().rev().filter(wanted).collect()
    }
}

impl World {
    /// Somebody deletes the newest deployment to an environment, as who may write to the repository can.
    ///
    /// # Errors
    /// When there is none.
    pub fn delete_deployment(&mut self, environment: &str) -> Result<(), SceneError> {
        let mut all = self.repos.iter_mut().map(|repo| &mut repo.deployments);
        let found = all.find_map(|of_repo| {
            let place = of_repo.iter().rposition(|one| one.environment == environment)?;
            Some(of_repo.remove(place))
        });
        found.map(drop).ok_or_else(|| SceneError(format!("there is no deployment to {environment}")))
    }

    /// Shows a deployment.
    ///
    /// # Errors
    /// When the repository does not have the commit.
    pub fn show_deployment(&mut self, step: &ShowDeployment) -> Result<(), SceneError> {
        let place = self.place(step.repository.as_deref())?;
        let commit = self.oid_in(place, &step.commit)?;
        let (id, created, by) = (self.next_id(), self.now(), self.account(&step.by)?);
        let states: &[&str] = match step.state.as_str() {
            "inactive" => &["inactive", "success", "in_progress"],
            "in_progress" => &["in_progress"],
            "success" => &["success", "in_progress"],
            "failure" => &["failure", "in_progress"],
            other => return Err(SceneError(format!("a deployment is never `{other}`"))),
        };
        let statuses = states.iter().map(|state| (self.next_id(), (*state).to_owned())).collect();
        let deployed = Deployed {
            id,
            commit,
            environment: step.environment.clone(),
            by,
            created,
            statuses,
            run: step.run.clone(),
        };
        self.repos[place].deployments.push(deployed);
        Ok(())
    }
}
