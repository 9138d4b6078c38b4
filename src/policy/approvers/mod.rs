//! "Who may approve, and are they enough?"

pub mod edits;
pub mod human_approval;
