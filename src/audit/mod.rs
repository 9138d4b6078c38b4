//! The audit trail: what happened, in an order that nobody can change unnoticed.

pub mod chain;
pub mod checkpoint;
pub mod dice;
pub mod draw;
mod entry;
mod let_through;
pub mod tree;
mod verification;

pub use entry::{Entry, Event, TicketOrigin};
pub use let_through::Unapproved;
pub use verification::{Fault, Verification};
