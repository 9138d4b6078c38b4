//! A pipeline asks the gate: for a ticket, whether it may deploy, and what became of it.

pub(in crate::handlers) mod callback;
mod ci;
mod consume;
mod emergency;
mod finish;
mod plan;
pub mod protection;
mod request;
mod status;

pub use ci::unlike;
pub use consume::{Asking, Consumed, consume, objection};
pub use emergency::{Account, account};
pub use finish::{finish, follow_up};
pub use plan::{approved_changes, plan};
pub use request::{NewRequest, request, tend};
pub use status::{State, Status, status};
