//! "May this ticket be approved without a human?" One rule, one file, one shape: `check(&Facts, &Criteria) -> Finding`.
//!
//! What the review rules rest on is proven in [`super::evidence`].

pub mod change_class;
pub mod clocks;
pub mod commit_range;
pub mod commit_review;
pub mod control_paths;
pub mod first_deployment;
pub mod hidden_characters;
pub mod known_service;
pub mod opaque_changes;
pub mod pending_sibling;
pub mod release_branch;
pub mod required_fields;
pub mod security_scan;
pub mod self_change;
pub mod sensitive_paths;
pub mod signed_criteria;
pub mod squash_merge;
pub mod staging;
pub mod terraform_plan;
pub mod version_bump;
pub mod workflow;
