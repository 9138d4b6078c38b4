//! The tests of the rules, and every decision of the scenes and attacks made again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod policy;
mod replay;
mod support {
    pub mod facts;
}
