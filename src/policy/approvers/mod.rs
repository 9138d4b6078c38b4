//! "Who may approve, and are they enough?"

pub mod human_approval;
