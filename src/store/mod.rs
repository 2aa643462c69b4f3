//! The store: SQLite, one owner thread, group commit.
//!
//! `steward.db` holds what Steward must not lose ([`Store`]); `metrics.db` holds history that it can live without
//! ([`Metrics`]). Both are used through closures over a connection that one thread owns. Nothing here reads the
//! clock: what needs the time takes it.

pub mod adoptions;
pub mod agent;
pub mod audit;
pub mod backlog;
pub mod batch;
pub mod changes;
pub mod columns;
mod db;
pub mod executions;
pub mod inbox;
pub mod outbox;
pub mod sagas;
pub mod schedule;
pub mod topology;
pub mod trust;
mod error;
mod gate;
mod group;
pub mod lately;
pub mod load;
pub mod lock;
pub mod metrics;
mod migrations;
mod opening;
mod owner;
pub mod query;
pub mod retention;
pub mod runs;
pub mod signatures;
pub mod silences;

pub use db::Store;
pub use error::{OpenError, StoreError};
pub use metrics::Metrics;
pub use opening::scratch;
