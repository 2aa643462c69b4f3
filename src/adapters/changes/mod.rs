//! Sources of changes: where "what changed?" is answered from.
//!
//! A source decides what to read and how to understand it. Who may run the reader is not its business: it hands
//! its command to [`ReadCommand`](crate::engine::ports::ReadCommand), behind which stand the policy and the runner.

pub mod docker;
pub mod flux;
pub mod git;
mod git_log;
mod gist;
mod images;
pub mod kubernetes;
mod objects;
pub mod packages;
pub mod reboots;
