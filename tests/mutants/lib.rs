//! The rules alone, without the program around them: what `tests/mutants/run` changes and tests.

pub mod model;
pub mod policy;
