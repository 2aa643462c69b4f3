//! The adapters: the world behind the engine's ports. They never import each other.

pub mod changes;
pub mod chat;
pub mod clock;
pub mod control;
pub mod deadman;
pub mod exec;
pub mod http;
pub mod llm;
pub mod memory;
pub mod spool;
pub mod topology;
