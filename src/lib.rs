#![doc = include_str!("ARCHITECTURE.md")]

pub mod model;

pub mod policy;

pub mod audit;
pub mod render;

pub mod settings;

pub mod integrations;
pub mod store;

pub mod gather;

pub mod handlers;

pub mod clock;
pub mod signals;

pub mod jobs;
pub mod server;

pub mod app;
pub mod cli;
pub mod simulator;
pub mod telemetry;
