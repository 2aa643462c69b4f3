//! The measurements as a whole. Labels are skills, sources, platforms, rules, states: sets that the operator or this
//! program bounds, and never targets.

use std::collections::BTreeMap;

use super::Counts;
use super::exposition::{Exposition, number, seconds, whole};
use super::health::Beat;
use crate::domain::signal::Timestamp;
use crate::engine::ports::PartHealth;
use crate::store::backlog::Backlog;

/// What a process takes of the machine, as far as that can be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Process {
    /// Bytes of memory.
    pub resident: Option<u64>,
    /// Open files, sockets among them.
    pub open_files: Option<u64>,
}

/// What is measured beside the counts.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The program's version.
    pub version: &'a str,
    /// What is known of the pipeline.
    pub beat: &'a Beat,
    /// How each part is.
    pub parts: &'a [PartHealth],
    /// Deliveries that wait, and how many may.
    pub inbox: (usize, usize),
    /// What waits for each platform.
    pub backlog: &'a BTreeMap<String, Backlog>,
    /// Sources of changes that could not be read lately.
    pub silent_changes: usize,
    /// What the process takes.
    pub process: Process,
}

/// Writes the measurements at `now`.
#[must_use]
pub fn scrape(counts: &Counts, seen: &Seen<'_>, now: Timestamp) -> String {
    let mut to = Exposition::default();
    itself(&mut to, seen, now);
    incidents(&mut to, counts, seen);
    signals(&mut to, counts, seen);
    messages(&mut to, counts, seen, now);
    skills(&mut to, counts, seen);
    repairs(&mut to, counts, seen);
    engine(&mut to, counts, seen);
    to.finish()
}

fn itself(to: &mut Exposition, seen: &Seen<'_>, now: Timestamp) {
    let build = [([("version", seen.version)], 1.0)];
    to.family("steward_build_info", "gauge", "The program that runs.", build);
    let uptime = passed(seen.beat.started_at, now);
    to.gauge("steward_uptime_seconds", "Time since the start.", uptime);
    let well = seen.parts.iter().map(|part| ([("part", part.part.as_str())], truth(part.ok)));
    to.family("steward_healthy", "gauge", "Whether a part does its work, as /healthz says it.", well);
    if let Some(bytes) = seen.process.resident {
        to.gauge("process_resident_memory_bytes", "Memory of this process.", whole(bytes));
    }
    if let Some(files) = seen.process.open_files {
        to.gauge("process_open_fds", "Open files and sockets of this process.", whole(files));
    }
    to.gauge("steward_paused", "Whether every change waits for a person.", truth(seen.beat.pulse.paused));
}

fn incidents(to: &mut Exposition, counts: &Counts, seen: &Seen<'_>) {
    let pulse = &seen.beat.pulse;
    let live = pulse.incidents.iter().map(|((state, severity), count)| {
        ([("state", state.as_str()), ("severity", severity.as_str())], number(*count))
    });
    to.family("steward_incidents", "gauge", "Incidents that are not closed, by state and severity.", live);
    to.counter("steward_incidents_opened_total", "Incidents that were opened.", counts.opened);
    to.counter("steward_incidents_resolved_total", "Incidents that were resolved.", counts.resolved);
    to.counter("steward_escalations_total", "Times that people were called.", counts.called);
    to.gauge("steward_approvals_waiting", "Questions that wait for a person.", number(pulse.approvals));
    to.gauge("steward_silences_active", "Silences and maintenance in force.", number(pulse.silences));
}

fn signals(to: &mut Exposition, counts: &Counts, seen: &Seen<'_>) {
    let pulse = &seen.beat.pulse;
    to.gauge("steward_signals_firing", "Signals that say that something is broken.", number(pulse.firing));
    to.gauge("steward_signals_held", "Signals that triage holds back now.", number(pulse.held));
    let taken = counts
        .signals
        .iter()
        .map(|((kind, source), count)| ([("kind", *kind), ("source", source.as_str())], whole(count)));
    let help = "Signals taken in: alerts by their source, findings by their skill.";
    to.family("steward_signals_total", "counter", help, taken);
    let delivered =
        counts.delivered.iter().map(|(source, count)| ([("source", source.as_str())], whole(count)));
    to.family("steward_deliveries_total", "counter", "Deliveries that were worked off.", delivered);
    let rejected =
        counts.rejected.iter().map(|(source, count)| ([("source", source.as_str())], whole(count)));
    let help = "Bodies that were not understood; `steward alerts rejected` shows them.";
    to.family("steward_deliveries_rejected_total", "counter", help, rejected);
    let held = counts.held_back.iter().map(|(rule, count)| ([("rule", rule.as_str())], whole(count)));
    to.family("steward_held_back_total", "counter", "Signals that a rule held back as noise.", held);
    let (waiting, most) = seen.inbox;
    to.gauge("steward_inbox_waiting", "Deliveries that wait to be worked off.", number(waiting));
    to.gauge("steward_inbox_capacity", "Deliveries that may wait.", number(most));
    let lost = number(pulse.lost_sources.len());
    to.gauge("steward_sources_lost", "Sources of alerts that are silent or not understood.", lost);
    let silent = number(seen.silent_changes);
    to.gauge("steward_change_sources_silent", "Sources of changes that could not be read lately.", silent);
    to.gauge("steward_topology_learned", "Dependencies and names that were learned.", number(pulse.learned));
}

fn messages(to: &mut Exposition, counts: &Counts, seen: &Seen<'_>, now: Timestamp) {
    let lines = &seen.beat.pulse.lines;
    let connected = lines.iter().flat_map(|(platform, line)| {
        let out = ([("platform", platform.as_str()), ("way", "out")], truth(line.out.is_none()));
        [out, ([("platform", platform.as_str()), ("way", "in")], truth(line.into.is_none()))]
    });
    to.family("steward_platform_connected", "gauge", "Whether the line to a platform works.", connected);
    let sent = counts.messages_out.iter().map(|((platform, outcome), count)| {
        ([("platform", platform.as_str()), ("outcome", *outcome)], whole(count))
    });
    to.family("steward_messages_total", "counter", "Deliveries of messages by what became of them.", sent);
    let none = Backlog::default();
    let waiting: Vec<(&str, &Backlog)> = lines
        .keys()
        .map(|platform| (platform.as_str(), seen.backlog.get(platform).unwrap_or(&none)))
        .collect();
    let pending =
        waiting.iter().map(|(platform, backlog)| ([("platform", *platform)], whole(backlog.pending)));
    to.family("steward_outbox_pending", "gauge", "Messages that wait for a platform.", pending);
    let oldest = waiting.iter().map(|(platform, backlog)| {
        let age = backlog.oldest.map_or(0.0, |at| passed(at, now));
        ([("platform", *platform)], age)
    });
    let help = "Age of the oldest message that waits for a platform.";
    to.family("steward_outbox_oldest_seconds", "gauge", help, oldest);
    let pings = counts.pings.iter().map(|(outcome, count)| ([("outcome", *outcome)], whole(count)));
    to.family("steward_deadman_pings_total", "counter", "Pings of the dead man's switch.", pings);
    let help = "When a ping of the dead man's switch was last answered.";
    to.moment("steward_deadman_last_success_timestamp_seconds", help, counts.pinged_at);
}

fn skills(to: &mut Exposition, counts: &Counts, seen: &Seen<'_>) {
    let runs = counts
        .runs
        .iter()
        .map(|((skill, outcome), count)| ([("skill", skill.as_str()), ("outcome", *outcome)], whole(count)));
    to.family("steward_skill_runs_total", "counter", "Runs of skills by outcome.", runs);
    let ran = counts.skill_ran.iter().map(|(skill, at)| ([("skill", skill.as_str())], seconds(*at)));
    let help = "When a skill last reported.";
    to.family("steward_skill_last_success_timestamp_seconds", "gauge", help, ran);
    let help = "Skills that could not look, or not everywhere, when they last ran.";
    to.gauge("steward_skills_unable", help, number(seen.beat.pulse.unwatched.len()));
    let help = "When the next skill is due.";
    to.moment("steward_skill_next_due_timestamp_seconds", help, counts.skills_due);
}

fn repairs(to: &mut Exposition, counts: &Counts, seen: &Seen<'_>) {
    let ended = counts.repairs.iter().map(|(outcome, count)| ([("outcome", *outcome)], whole(count)));
    to.family("steward_repairs_total", "counter", "Repairs that ended, by outcome.", ended);
    let help = "Repairs that run or wait for their turn.";
    to.gauge("steward_repairs_running", help, number(seen.beat.pulse.repairs));
}

fn engine(to: &mut Exposition, counts: &Counts, seen: &Seen<'_>) {
    to.counter("steward_desk_messages_total", "Messages that were decided on.", counts.messages);
    let help = "Messages that waited to be decided on at the end of the last turn.";
    to.gauge("steward_desk_waiting", help, number(counts.waiting));
    to.histogram("steward_turn_duration_seconds", "Time of a turn, writing included.", &counts.turns);
    to.histogram("steward_store_write_duration_seconds", "Time of writing a turn.", &counts.writes);
    let last = counts.writes.last.as_secs_f64();
    to.gauge("steward_store_last_write_seconds", "Time that the last write of a turn took.", last);
    to.counter("steward_store_errors_total", "Tries to write a turn that failed.", counts.store_errors);
    let answered = seen.beat.answered.map(|(at, _)| at);
    let help = "When the pipeline last answered the test of itself.";
    to.moment("steward_pipeline_answered_timestamp_seconds", help, answered);
}

/// Seconds from one moment to another; none if the clock went back.
fn passed(from: Timestamp, to: Timestamp) -> f64 {
    (to - from).to_std().unwrap_or_default().as_secs_f64()
}

fn truth(is: bool) -> f64 {
    f64::from(u8::from(is))
}

#[cfg(test)]
mod tests;
