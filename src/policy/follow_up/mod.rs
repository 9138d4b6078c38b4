//! "What is owed afterwards?" Given what happened so far and the time: what is owed now, and when to look next.

pub mod completeness;
pub mod emergency;
pub mod ends;
pub mod held;
pub mod inspecting;
pub mod inspection;
pub mod inspectors;
pub mod orphans;
pub mod parts;
