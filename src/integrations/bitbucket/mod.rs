//! Bitbucket Cloud: people and pull requests over REST (<https://developer.atlassian.com/cloud/bitbucket/rest/>), commits and
//! files with Git's own protocol.
//!
//! What Bitbucket does not tell is who pushed a commit: its API has no record of pushes. An unsigned commit could be anybody's
//! work under anybody's name, so as long as nobody else vouches for it, a change of Bitbucket waits for people, who read what
//! was found. Signatures, comments and scans are not read from it either.

mod activity;
mod client;
mod history;
mod origins;
mod people;
mod pull_requests;
mod wire;

pub use client::BitbucketClient;
