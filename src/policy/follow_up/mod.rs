//! "What is owed afterwards?"

pub mod emergency;
