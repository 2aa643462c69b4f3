//! Stories: the real app, driven like a person would, on a hand-driven clock.

#![expect(unreachable_pub, reason = "the harness is shared by path, and says `pub` for what stories use")]

#[path = "../support/mod.rs"]
mod support;

mod correlation;
mod incidents;
mod repair;
mod shop;
