//! One fault, one incident: incidents that turn out to be one are merged, and the suspected root moves.

use super::effect::Effect;
use super::ingest::placing::Why;
use super::world::{SignalKey, World};
use crate::domain::approval::{Approval, ApprovalState};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, State};
use crate::domain::signal::{Problem, Timestamp};
use crate::domain::target::Target;

impl World {
    /// One fault: the oldest incident takes in the signal and the others, and suspects `root`.
    pub(super) fn gather(
        &mut self,
        incidents: &[IncidentId],
        key: &SignalKey,
        root: Target,
        why: Why,
        now: Timestamp,
    ) -> Option<IncidentId> {
        let (&survivor, others) = incidents.split_first()?;
        self.join(survivor, key, why.clone(), now);
        let why = why.words.as_str();
        for &other in others {
            // What is stuck needs a person, and must not lose that by becoming part of something else. What is being
            // taken back is told where it was done.
            // What only counts its problems can't hand them over.
            let may = |i: &Incident| i.state != State::Stuck && i.undoing.is_none() && i.storm.is_none();
            if self.incident(other).is_some_and(may) {
                self.merge(other, survivor, why, now);
            }
        }
        self.move_root(survivor, root, why, now);
        Some(survivor)
    }

    /// Puts one incident into another. Its thread points there from now on.
    pub(super) fn merge(&mut self, from: IncidentId, into: IncidentId, why: &str, now: Timestamp) {
        let (Some(victim), Some(survivor)) = (self.incident(from), self.incident(into)) else { return };
        let (members, severity, number) = (victim.members.clone(), victim.severity, victim.number);
        let into_number = survivor.number;
        let (declined, taken_back) = (victim.declined.clone(), victim.all_taken_back().collect());
        self.retract_occurrence(from);
        let went_on = format!("incident #{number} went on as #{into_number}");
        self.call_off(from, &went_on, now);
        self.withdraw_question(from, &went_on, now);
        self.questions_moved(from, into_number);
        self.record(
            from,
            Event::MergedInto { incident: into, number: into_number, why: why.to_owned() },
            now,
        );
        members.iter().for_each(|member| self.rehome(&member.problem, into));
        let why = why.to_owned();
        let absorbed =
            Event::Absorbed { incident: from, number, members, severity, why, declined, taken_back };
        self.record(into, absorbed, now);
        let quiet = self.incidents.get_mut(&from).map(|live| std::mem::take(&mut live.quiet));
        quiet.unwrap_or_default().into_keys().for_each(|problem| self.falls_quiet(into, problem, now));
    }

    /// Notes with the signals of a problem that they belong to another incident now.
    pub(super) fn rehome(&mut self, problem: &Problem, id: IncidentId) {
        for origin in self.heard_of.get(problem).cloned().unwrap_or_default() {
            let key = (origin, problem.clone());
            if let Some(row) = self.signals.get_mut(&key) {
                row.incident = Some(id);
                self.changed.insert(key);
            }
        }
    }

    /// Suspects something else: what runs for the old root is called off, what was asked for it is withdrawn.
    pub(super) fn move_root(&mut self, id: IncidentId, root: Target, why: &str, now: Timestamp) {
        if self.incident(id).is_none_or(|incident| incident.root == root) {
            return;
        }
        self.call_off(id, &format!("the suspected root is now {root}"), now);
        self.record(id, Event::RootMoved { root: root.clone(), why: why.to_owned() }, now);
        self.not_lasting(&root, Some(id), now);
        self.find_suspects(id);
    }

    /// Withdraws what was asked for an incident.
    pub(super) fn withdraw_question(&mut self, id: IncidentId, why: &str, now: Timestamp) {
        if let Some((_, number)) = self.incident(id).and_then(|incident| incident.approval) {
            self.end_approval(number, ApprovalState::Withdrawn, None, Some(why), now);
        }
    }

    /// Calls off what runs for an incident and withdraws what was asked. A person who wants something taken back wants
    /// that whatever becomes of the problem.
    pub(super) fn call_off(&mut self, id: IncidentId, why: &str, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        let running = incident.running_repair().map(|r| r.remediation);
        let asked = incident.approval.and_then(|(_, number)| self.approvals.get(&number));
        let for_undo = asked.is_some_and(Approval::is_for_undo);
        if let Some(remediation) = running {
            self.effects.push(Effect::CallOff { remediation, why: why.to_owned() });
        }
        if !for_undo {
            self.withdraw_question(id, why, now);
        }
    }
}
