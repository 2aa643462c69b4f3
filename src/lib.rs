//! Steward: an autonomous SRE for the homelab that lives in chat.
//!
//! The layers, from the inside out; a file imports only from its own layer and from those above it in this
//! list (`tests/architecture.rs` holds the tree to it).

pub mod domain;
pub mod adopt;
pub mod policy;
pub mod config;
pub mod store;
pub mod engine;
pub mod agent;
pub mod adapters;
pub mod cli;
pub mod demo;
pub mod app;
