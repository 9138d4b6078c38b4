//! One file a policy question; each test is a sentence of the policy and a difference from a ticket that passes.

mod commit_review;
mod decision;
mod evidence;
mod four_eyes;
mod human_approval;
mod other_rules;
mod security_scan;
mod terms;
mod version_bump;
mod version_change;
