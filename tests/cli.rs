//! The command line, by the real binary in folders of its own.

#[cfg(test)]
#[path = "cli/past.rs"]
mod past;
#[cfg(test)]
#[path = "cli/place.rs"]
mod place;
#[cfg(test)]
#[path = "cli/running.rs"]
mod running;
#[cfg(test)]
#[path = "cli/shape.rs"]
mod shape;

#[cfg(test)]
#[path = "support/llm/mod.rs"]
#[expect(dead_code, unused_imports, unreachable_pub, reason = "what the stories script, too")]
mod llm;

#[cfg(test)]
#[path = "cli/adopt.rs"]
mod adopt;
#[cfg(test)]
#[path = "cli/agent_eval.rs"]
mod agent_eval;
#[cfg(test)]
#[path = "cli/agent_runs.rs"]
mod agent_runs;
#[cfg(test)]
#[path = "cli/alerts.rs"]
mod alerts;
#[cfg(test)]
#[path = "cli/audit.rs"]
mod audit;
#[cfg(test)]
#[path = "cli/checks.rs"]
mod checks;
#[cfg(test)]
#[path = "cli/contract.rs"]
mod contract;
#[cfg(test)]
#[path = "cli/control.rs"]
mod control;
#[cfg(test)]
#[path = "cli/history.rs"]
mod history;
#[cfg(test)]
#[path = "cli/replay.rs"]
mod replay;
#[cfg(test)]
#[path = "cli/runbooks.rs"]
mod runbooks;
#[cfg(test)]
#[path = "cli/skills.rs"]
mod skills;
