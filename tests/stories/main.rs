//! Stories: the real app, driven like a person would, on a hand-driven clock.

#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the harness is part of the tests: it says `pub` for what stories use, and fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod adopt;
mod agent;
mod agent_incidents;
mod agent_tools;
mod alerts;
mod approvals;
mod approvers;
mod asks_again;
mod autonomy;
mod by_hand;
mod changes;
mod chat;
mod conformance;
mod correlation;
mod day;
mod discord_life;
mod discord_wire;
mod escalation;
mod fake_discord;
mod fake_telegram;
mod first_look;
mod flapping;
mod goals;
mod incidents;
mod injected_runs;
mod injections;
mod intake;
mod invariants;
mod ladder;
mod learning;
mod listening;
mod llm_wire;
mod narrated;
mod observed;
mod outbox;
mod platforms;
mod process;
mod quiet;
mod quiet_triage;
mod quiet_truth;
mod reload;
mod repair;
mod restart;
mod scenarios;
mod secrets;
mod shipped;
mod shop;
mod silence;
mod skills;
mod store;
mod storm;
mod telegram_life;
mod told;
mod told_in_full;
mod topology;
mod trusted;
