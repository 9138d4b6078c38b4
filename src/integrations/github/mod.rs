//! GitHub: history over REST, reviews over GraphQL, scans over REST (<https://docs.github.com/rest>).
//!
//! octocrab carries the requests and the App's log-in. Its typed answers, its GraphQL call, its paging and its retries are
//! not used: they lose partial errors, follow pages without credentials on Enterprise Server, and repeat writes.

mod addresses;
mod batches;
mod carrier;
mod client;
mod comments;
mod commits;
mod deliveries;
mod deployments;
mod edge;
mod graphql;
mod history;
mod login;
mod lookup;
mod memory;
mod objects;
mod own_commits;
mod pull_requests;
mod rights;
mod runs;
mod scans;
pub mod webhook;
mod wire;

pub use client::GithubClient;
pub use comments::Comment;
pub use commits::Origins;
pub use deliveries::Listed;
pub use deployments::Begun;
pub use edge::Edge;
pub use history::Comparison;
pub use objects::{Asked, MOST_OBJECTS, Read};
pub use pull_requests::{OwnCommits, PullRequestsRead};
pub use rights::Denied;
pub use runs::DeploymentReview;
pub use scans::Analyses;
