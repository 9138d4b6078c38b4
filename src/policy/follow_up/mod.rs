//! "What is owed afterwards?"

pub mod emergency;
pub mod inspection;
