//! Git's protocol against the real Git: what is read is what `git` itself says, and whatever a server keeps back, changes or
//! makes too large is noticed.

mod compared;
mod hostile;
mod objects;
mod served;

use cm_bot::integrations::git::{GitClient, Server};
use cm_bot::integrations::http;
use cm_bot::model::{BranchName, CommitSha, ObjectId, RepoName};

use served::Served;

/// The token of these tests.
const TOKEN: &str = "a token for Git";

fn repository() -> RepoName {
    RepoName::parse("acme/billing-api").unwrap()
}

fn branch(name: &str) -> BranchName {
    BranchName::parse(name).unwrap()
}

fn sha(name: &str) -> CommitSha {
    CommitSha::parse(name).unwrap()
}

fn id(name: &str) -> ObjectId {
    ObjectId::parse(name).unwrap()
}

/// A client for a server of a test.
fn client(served: &Served) -> GitClient {
    let base = format!("http://{}/", served.address).parse().unwrap();
    GitClient::new(http::client().unwrap(), Server { base, user: "oauth2".into(), token: TOKEN.into() })
}
