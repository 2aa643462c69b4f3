//! The agent: a model that reasons over the live system with tools. It implements the engine's
//! [`Investigator`](crate::engine::ports::Investigator) and has a port of its own, [`Model`](model::Model).
//!
//! Nothing it does takes a side door: what it reads goes through the policy and the runner, what it wants changed is a
//! proposal to the engine, which judges it like a runbook. It believes no model: what a model says is a claim.

pub mod context;
pub mod dialogue;
pub mod eval;
pub mod investigator;
pub mod mask;
pub mod model;
mod narrate;
pub mod record;
pub mod run;
pub mod toolbox;
pub mod tools;
mod triage;
pub mod waiting;
