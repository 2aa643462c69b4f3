//! The use cases, and the ports through which they reach the world.

pub mod activity;
pub mod answers;
pub mod cards;
pub mod desk;
pub mod effect;
mod ingest;
mod lifecycle;
pub mod message;
pub mod outbox;
mod patience;
mod people;
pub mod plan;
pub mod ports;
mod questions;
pub mod remediate;
pub mod repairs;
mod respond;
mod restore;
mod route;
pub mod schedule;
pub mod settings;
pub mod skills;
pub mod suspects;
mod tell;
pub mod timer;
mod watching;
pub mod world;
