//! Git's own protocol, version 2, over HTTP: commits, folders and files straight from the repository
//! (<https://git-scm.com/docs/gitprotocol-v2>, <https://git-scm.com/docs/gitformat-pack>).
//!
//! A forge whose API cannot prove that a list of commits is complete is asked this way. Whatever comes is known by the hash of
//! what it holds and by nothing else: an object is found by the name that was computed from it, so it is either what was asked
//! for or not there, and what is not there is an error. A commit names its parents, so a chain of commits proves itself.
//!
//! From the ground up: [`pkt`] frames, [`reply`] reads what a server says and [`request`] writes what it is asked; [`delta`],
//! [`inflate`] and [`pack`] turn bytes into objects within limits; [`commit`] and [`object`] read them; [`history`] proves what
//! lies between two commits; [`client`] asks, [`compare`] and [`lookup`] say what callers want to know.

mod client;
mod commit;
mod compare;
mod delta;
mod history;
mod inflate;
mod lookup;
mod object;
pub mod pack;
mod pkt;
mod reply;
mod request;

pub use client::{GitClient, Server};
pub use commit::{GitCommit, Named};
pub use compare::Fetched;
pub use object::Object;
