//! The audit trail: what happened, in an order that nobody can change unnoticed.

pub mod chain;
mod entry;

pub use entry::{Entry, Event};
