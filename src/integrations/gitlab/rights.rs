//! Whether cm-bot may read everything that a decision needs.

use super::client::{GitlabClient, project};
use super::wire;
use crate::integrations::SourceError;
use crate::integrations::github::Denied;
use crate::model::Service;

impl GitlabClient {
    /// Asks for one of everything that a decision about a service needs.
    ///
    /// # Errors
    /// With the first thing that cannot be read.
    pub async fn check_rights(&self, service: &Service) -> Result<(), Denied> {
        let denied = |what| move |error| Denied { what, error };
        self.project_id(service).await.map_err(denied("the repository"))?;
        self.branch_tip(service).await.map_err(denied("the release branch"))?;
        let asked = [
            ("the merge requests", "/merge_requests?state=all&per_page=1"),
            ("the events", "/events?action=pushed&per_page=1"),
            ("the members", "/members/all?per_page=1"),
        ];
        for (what, path) in asked {
            self.get(&project(&service.repository, path)).await.map_err(denied(what))?;
        }
        let tip = self.git.tip(&service.repository, &service.branch).await;
        tip.map(drop).map_err(denied("the commits (read_repository)"))
    }

    /// What the token may do (<https://docs.gitlab.com/api/personal_access_tokens/#get-details-on-a-personal-access-token>);
    /// nothing when GitLab does not say.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn scopes(&self) -> Result<Option<Vec<String>>, SourceError> {
        match self.read::<wire::Token>("/personal_access_tokens/self").await {
            Ok(token) => Ok(Some(token.scopes)),
            Err(SourceError::NotFound | SourceError::Forbidden(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
