//! The world after a restart: what was live is live again, its timers are set anew, and nothing is told twice.

use std::time::Duration;

use super::effect::Effect;
use super::intake;
use super::reach::Reach;
use super::requests::TALK;
use super::respond::outcome_name;
use super::timer::Timer;
use super::trusting::{HELD, LAPSED};
use super::world::{Live, World};
use crate::config::runbook_from;
use crate::domain::escalation::{Cause, Scope};
use crate::domain::incident::State;
use crate::domain::remediation::Outcome;
use crate::domain::signal::{SignalState, Timestamp};
use crate::domain::target::Signature;
use crate::store::load::{LiveIncident, Loaded, LookBack, PastRepair};
use crate::store::sagas::Unfinished;

/// How far back repairs are remembered: a failure that is older is forgotten.
pub(super) const REPAIRS_REMEMBERED: Duration = Duration::from_secs(24 * 3600);

impl World {
    /// How far back the store has to be read.
    #[must_use]
    pub fn look_back(&self) -> LookBack {
        let threshold = self.settings.threshold;
        // What is still watched is not forgotten.
        let watch = self.knowledge.runbooks.iter().map(|runbook| runbook.limits.watch).max();
        let repairs = REPAIRS_REMEMBERED + watch.unwrap_or_default();
        LookBack { escalation: threshold.window.max(threshold.cooldown), repairs }
    }

    /// Takes in what the store has.
    pub fn restore(&mut self, loaded: Loaded, now: Timestamp) {
        let Loaded {
            incidents,
            signals,
            mut silences,
            held,
            last_silence,
            approvals,
            occurrences,
            escalations,
            repairs,
            counters,
            settings,
            trust,
            offers,
            learned,
            goals,
            adoptions,
        } = loaded;
        // Before what names them.
        for (name, yaml) in &learned.plans {
            match runbook_from(name, yaml, &self.settings.hosts) {
                Ok(runbook) => _ = self.plans.insert(name.clone(), runbook),
                // A host of it may have been taken out of the configuration.
                Err(_) => tracing::info!(name, "a plan of the agent can't be read any more"),
            }
        }
        self.restore_learned(learned);
        self.restore_offers(offers);
        self.trust = trust.into_iter().map(|t| ((t.kind.clone(), t.class.clone()), t)).collect();
        self.await_hours(now);
        self.counters = counters;
        self.last_silence = last_silence;
        let setting = |wanted: &str| settings.iter().find(|(key, _)| key == wanted).map(|(_, value)| value);
        self.paused = setting("paused_by").filter(|by| !by.is_empty()).cloned();
        self.await_sources(setting(intake::DONE).and_then(|done| done.parse().ok()).unwrap_or(0), now);
        self.restore_windows(&mut silences, &settings, now);
        self.restore_held(held, now);
        for row in signals {
            let key = (row.signal.origin.clone(), row.signal.problem());
            if self.is_held(&key) && row.signal.state == SignalState::Firing {
                self.note_firing(&key);
            } else {
                self.note_signal(&key, row.signal.state);
            }
            self.signals.insert(key.clone(), row);
            self.inhibition_sees(&key);
        }
        for silence in silences {
            self.watch_silence(&silence, now);
            self.silences.push(silence);
        }
        for approval in approvals {
            self.wake(approval.expires_at, Timer::Approval(approval.number));
            if !approval.is_pinned() {
                self.effects.push(Effect::fingerprint(&approval));
            }
            self.approvals.insert(approval.number, approval);
        }
        incidents.into_iter().for_each(|live| self.restore_incident(live, now));
        self.end_lost_runs(now);
        self.narrate_lost(now);
        self.restore_storms(now);
        let by_signature = self.settings.scope == Scope::Signature;
        let scoped = |signature: Signature| by_signature.then_some(signature);
        for (root, signature, at) in occurrences {
            self.recurrences.entry((root, scoped(signature))).or_default().was_seen(at);
        }
        for (root, signature, cause, at) in escalations {
            let Some(cause) = Cause::parse(&cause) else { continue };
            if cause == Cause::Recurring {
                self.recurrences.entry((root.clone(), scoped(signature))).or_default().was_called(at);
            }
            self.called.insert((cause, root), at);
        }
        repairs.into_iter().for_each(|repair| self.restore_repair(repair));
        self.restore_goals(goals, now);
        self.restore_adoptions(adoptions);
    }

    /// Takes note of a repair that begins, or that an earlier Steward left, and says what it keeps others from.
    pub fn take_up(&mut self, unfinished: &Unfinished) -> Reach {
        let plan = &unfinished.terms.plan;
        let reach = Reach::of(plan, &unfinished.problem.target, &self.knowledge.topology);
        self.running.insert(unfinished.id, reach.clone());
        reach
    }

    fn restore_incident(&mut self, LiveIncident { stored, untold }: LiveIncident, now: Timestamp) {
        let incident = stored.incident;
        let (id, state) = (incident.id, incident.state);
        if incident.is_fault() {
            self.index.put(&incident, &self.knowledge.topology);
        }
        self.by_number.insert(incident.number, id);
        let settings = self.settings.clone();
        match state {
            State::Mitigated => {
                self.mitigated.insert(id);
                let calm_since = incident.mitigated_at.unwrap_or(incident.changed_at);
                self.wake(calm_since + settings.hold, Timer::Hold(id));
                if incident.is_active() {
                    self.wake(incident.changed_at + settings.resolve_timeout, Timer::Confirm(id));
                }
            }
            State::Resolved => {
                let window = if incident.request.is_some() { TALK } else { settings.reopen_window };
                self.wake(incident.changed_at + window, Timer::Close(id));
            }
            State::Open | State::Stuck | State::Remediating => {
                let settle = incident.opened_at + settings.settle;
                self.wake(settle.max(now), Timer::Settle(id));
            }
            State::Closed | State::Merged => {}
        }
        self.wake(now, Timer::Tell(id));
        self.incidents.insert(id, Live::new(incident, stored.telling, untold));
        self.watch_restless(id, now);
    }

    fn restore_repair(&mut self, repair: PastRepair) {
        let watch = self.runbook(&repair.runbook).map(|r| r.limits.watch);
        let history = self.histories.entry((repair.runbook.clone(), repair.target.clone())).or_default();
        history.last_started = history.last_started.max(Some(repair.started_at));
        let Some(ended_at) = repair.ended_at.filter(|_| !repair.target.is_wish()) else { return };
        match repair.outcome.as_deref() {
            Some("ineffective") => {
                history.failures.push(ended_at);
                history.ineffective_until = watch.map(|watch| ended_at + watch);
            }
            Some(name)
                if name == outcome_name(&Outcome::Succeeded) || name == outcome_name(&Outcome::Deferred) =>
            {
                // The exact moment of resolving is not kept with the repair; its end is the earlier, stricter one.
                history.failures.clear();
                history.last_success = Some((repair.id, ended_at));
                let watched = self.settings.hold + self.watch_time(&repair.runbook);
                // While its incident is not resolved, its trial has not begun; and where something else ended that,
                // it has none.
                let resolved = self.incident(repair.incident).is_none_or(|incident| {
                    incident.state == State::Resolved && incident.is_calmed_by(repair.id)
                });
                if resolved {
                    self.watch_past_fix(&repair);
                    let PastRepair { id, runbook, target, written, .. } = repair;
                    self.begin_trial(id, &runbook, &target, written, ended_at + watched);
                }
            }
            Some(HELD | LAPSED) => history.failures.clear(),
            Some(name) if name == outcome_name(&Outcome::Unwound { why: String::new() }) => {
                history.failures.push(ended_at)
            }
            _ => {}
        }
    }
}
