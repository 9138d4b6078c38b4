//! The rules alone, without the program around them, and all that tests them, in one crate: what `tests/mutants/run` changes
//! and tests. One crate is built twice as fast as three.

extern crate self as cm_bot;

pub mod model;
pub mod policy;

/// Every decision of the scenes and attacks made again.
#[cfg(test)]
mod replay;
#[cfg(test)]
#[path = "rules/mod.rs"]
mod rules;
#[cfg(test)]
mod support {
    pub mod facts;
}
