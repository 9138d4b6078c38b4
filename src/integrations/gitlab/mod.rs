//! GitLab: people and merge requests over REST and GraphQL (<https://docs.gitlab.com/api/rest/>).
//!
//! Commits and files are read with Git's own protocol, because GitLab's own comparison has no totals and is cut off without
//! a word.

mod accounts;
mod client;
mod history;
mod memory;
mod merge_requests;
mod origins;
mod pages;
mod pushes;
mod reviews;
mod rights;
mod target;
mod wire;

pub use client::GitlabClient;
