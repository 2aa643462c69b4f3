//! Sources of the topology: what needs what, as Kubernetes and compose files have it.
//!
//! Like the sources of changes, they hand a command to whoever may run it: behind [`ReadCommand`](crate::engine::ports::ReadCommand) stand the policy
//! and the runner.

pub mod compose;
mod files;
pub mod kubernetes;
mod objects;
