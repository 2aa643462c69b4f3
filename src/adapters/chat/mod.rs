//! Chat platforms.

pub mod console;
pub mod telegram;
