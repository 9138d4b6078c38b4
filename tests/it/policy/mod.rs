//! One file a policy question; each test is a sentence of the policy and a difference from a ticket that passes.

mod approvers;
mod change_classes;
mod changed_files;
mod commit_review;
mod completeness;
mod decision;
mod emergency;
mod evidence;
mod forges;
mod four_eyes;
mod inspection;
mod many_findings;
mod objects;
mod other_rules;
mod security_scan;
mod sensitive_paths;
mod signed_criteria;
mod terms;
mod version_bump;
mod version_change;
