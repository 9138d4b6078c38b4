//! The system that holds the code of a service and its reviews, whichever it is: one value with the calls that facts need.
//!
//! What only GitHub has (deliveries, deployments, protection rules, code scanning, check runs, commit statuses) is asked of
//! [`GithubClient`] alone. Of another forge it is not known, and not known is never yes.

mod calls;
mod comparison;
mod objects;
mod origins;

pub use crate::integrations::github::{
    Asked, Comment, Denied, Edge, MOST_OBJECTS, Origins, OwnCommits, PullRequestsRead, Read,
};
pub use comparison::{Comparison, GitComparison};
pub(in crate::integrations) use objects::named;
pub(in crate::integrations) use origins::{pull_requests_of_each, with_people};

use std::sync::Arc;

use crate::integrations::SourceError;
use crate::integrations::bitbucket::BitbucketClient;
use crate::integrations::github::GithubClient;
use crate::integrations::gitlab::GitlabClient;
use crate::model::{Forge, Service};

/// The forges of the settings besides GitHub.
#[derive(Debug, Clone, Default)]
pub struct Others {
    /// GitLab, if the settings name one.
    pub gitlab: Option<Arc<GitlabClient>>,
    /// Bitbucket, if the settings name one.
    pub bitbucket: Option<Arc<BitbucketClient>>,
}

impl Others {
    /// The same clients for one look at one ticket.
    #[must_use]
    pub fn for_one_ticket(&self) -> Others {
        Others {
            gitlab: self.gitlab.as_ref().map(|gitlab| Arc::new(gitlab.for_one_ticket())),
            bitbucket: self.bitbucket.as_ref().map(|bitbucket| Arc::new(bitbucket.for_one_ticket())),
        }
    }
}

/// The client of the forge of one service.
#[derive(Debug, Clone, Copy)]
pub enum ForgeClient<'a> {
    /// GitHub.
    Github(&'a GithubClient),
    /// GitLab.
    Gitlab(&'a GitlabClient),
    /// Bitbucket.
    Bitbucket(&'a BitbucketClient),
    /// The settings do not say how to reach it. They are checked at the start, so nobody should ever meet this.
    NotSet(Forge),
}

impl<'a> ForgeClient<'a> {
    /// The one that holds a service.
    #[must_use]
    pub fn of(service: &Service, github: &'a GithubClient, others: &'a Others) -> ForgeClient<'a> {
        let not_set = ForgeClient::NotSet(service.forge);
        match service.forge {
            Forge::Github => ForgeClient::Github(github),
            Forge::Gitlab => others.gitlab.as_deref().map_or(not_set, ForgeClient::Gitlab),
            Forge::Bitbucket => others.bitbucket.as_deref().map_or(not_set, ForgeClient::Bitbucket),
        }
    }

    /// GitHub, for what only GitHub has.
    ///
    /// # Errors
    /// With what to say of any other.
    pub fn github(self) -> Result<&'a GithubClient, SourceError> {
        match self {
            ForgeClient::Github(github) => Ok(github),
            ForgeClient::Gitlab(_) => Err(only_github(Forge::Gitlab)),
            ForgeClient::Bitbucket(_) => Err(only_github(Forge::Bitbucket)),
            ForgeClient::NotSet(forge) => Err(only_github(forge)),
        }
    }
}

fn only_github(forge: Forge) -> SourceError {
    SourceError::Forbidden(format!("cm-bot reads this from GitHub alone, and the service is at {forge}"))
}

fn not_set(forge: Forge) -> SourceError {
    SourceError::Forbidden(format!("the settings say nothing of {forge}"))
}
