//! "Who may approve, and are they enough?"
//!
//! [`matrix`] says which roles a change wants, [`acts`] what people did, [`eligibility`] whose word counts, [`matching`]
//! who fills which role, and [`standing`] adds it up: who has approved, who is missing, which approvals do not count.

pub mod acts;
pub mod commands;
pub mod edits;
pub mod eligibility;
pub mod matching;
pub mod matrix;
pub mod standing;

pub use acts::{Act, Deed, Seen, Way};
pub use eligibility::{Accounts, Case, Involved};
pub use matrix::Matrix;
pub use standing::{Approvals, Given, HumanApproval, Place};
