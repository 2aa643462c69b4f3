//! The words of the house and their rules. Pure: no I/O, no clock, no runtime. Whatever needs the time takes `now`.

pub mod action;
pub mod card;
pub mod change;
pub mod ids;
pub mod signal;
pub mod target;
