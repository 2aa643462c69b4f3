//! Drives a remediation through its saga, and takes one up again after a crash.
//!
//! The saga ([`crate::domain::remediation`]) decides; this does what it says. The order is the promise: an event
//! is durable before anything follows from it, and a log that can't be written stops everything. So whatever
//! instant Steward dies at, its log says at least as much as has happened, and [`recover`] can go on.

mod driver;
mod late;
mod ports;
mod probe;
#[cfg(test)]
mod tests;

pub use driver::{Deps, DriveError, Observe, drive, recover};
pub use ports::{Execute, ExecuteError, FinalCheck, Order, Permitted, Purpose, SagaLog};
