//! A pipeline asks the gate: for a ticket, whether it may deploy, and what became of it.

pub(in crate::handlers) mod callback;
mod ci;
mod consume;
mod finish;
mod plan;
pub mod protection;
mod request;
mod status;

pub use consume::{Consumed, consume};
pub use finish::{finish, follow_up};
pub use plan::{approved_changes, plan};
pub use request::{NewRequest, request, tend};
pub use status::{State, Status, status};
