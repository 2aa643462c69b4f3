//! The tour on real processes: a scratch lab that breaks as labs do, and the same bot as `run` that looks after it.

pub mod lab;
mod promises;
mod script;
mod setup;
mod tour;
mod witness;

pub use tour::{Stage, run};
