//! Stories: the real app, driven like a person would, on a hand-driven clock.

#![expect(unreachable_pub, reason = "the harness is shared by path, and says `pub` for what stories use")]

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

#[cfg(test)]
mod approvals;
#[cfg(test)]
mod chat;
#[cfg(test)]
mod correlation;
#[cfg(test)]
mod incidents;
#[cfg(test)]
mod ladder;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod repair;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod skills;
#[cfg(test)]
mod store;
