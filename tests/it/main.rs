//! Every integration test, as one program: it links once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ablation;
mod answers;
mod architecture;
mod attacks;
mod audit;
mod canary;
mod cli;
mod connections;
mod contention;
mod crash;
mod crash_matrix;
mod deploy;
mod escaping;
mod explain;
mod faults;
mod forgery;
mod fuzz;
mod hostile;
mod ledger;
mod logins;
mod logs;
mod lost_answers;
mod lost_thread;
mod metrics;
mod modes;
mod new_tickets;
mod peers;
mod policy;
mod queries;
mod races;
mod readme;
mod reconcile;
mod records;
mod replicas;
mod requests;
mod scenes;
mod settings;
mod sibling_model;
mod simulation;
mod store;
mod support;
mod traces;
mod uploads;
mod webhooks;
