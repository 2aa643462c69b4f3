//! The use cases, and the ports through which they reach the world.

pub mod cards;
pub mod effect;
mod ingest;
mod lifecycle;
mod people;
pub mod plan;
pub mod ports;
pub mod remediate;
mod respond;
pub mod settings;
mod tell;
pub mod timer;
pub mod world;
