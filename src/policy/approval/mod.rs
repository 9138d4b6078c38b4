//! "May this ticket be approved without a human?" One rule, one file, one shape: `check(&Facts, &Criteria) -> Finding`.
//!
//! Three files are shared by the review rules: [`route`] says how each commit came to the release branch, [`opinions`]
//! who approved a pull request and whether that counts, [`proof`] puts both together, commit by commit.

pub mod change_class;
pub mod commit_range;
pub mod commit_review;
pub mod first_deployment;
pub mod known_service;
mod opinions;
pub mod pending_sibling;
mod proof;
pub mod release_branch;
pub mod required_fields;
mod route;
pub mod security_scan;
pub mod self_change;
pub mod squash_merge;
pub mod version_bump;

pub use proof::{commit_verdicts, commits_to_look_into, contributors, ignored_approvals};
