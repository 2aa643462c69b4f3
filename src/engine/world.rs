//! The world as the engine holds it in memory: what is live, and the recent past that decisions look back on.
//!
//! Every change goes through `World::record`, which appends to the timeline, folds, and notes what is to be
//! written. A turn of the engine changes the world, is written as one [`Batch`], and only then has effects.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use ulid::Ulid;

use super::effect::Effect;
use super::inhibition::Inhibitors;
use super::learned::Learned;
use super::lines::Lines;
use super::reach::Reach;
use super::settings::Settings;
use super::sources::Sources;
use super::storm::Storms;
use super::timer::{Timer, Timers};
use super::topology::Learning;
use super::triage::Held;
use super::trusting::Trial;
use super::watching::Unwatched;
use crate::domain::agent::{Goal, GoalMark, Offer};
use crate::domain::approval::Approval;
use crate::domain::change::Change;
use crate::domain::correlation::Index;
use crate::domain::escalation::{Cause, Recurrence};
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::incident::{Event, Incident, Record, State, SuspectNote};
use crate::domain::runbook::Runbook;
use crate::domain::signal::{Origin, Problem, Severity, SignalState, Timestamp};
use crate::domain::suppression::Silence;
use crate::domain::target::{Signature, Target};
use crate::domain::topology::Topology;
use crate::domain::trust::Trust;
use crate::policy::Policy;
use crate::store::adoptions::Adopting;
use crate::store::audit::AuditEntry;
use crate::store::batch::{Batch, SignalRow, StoredIncident, Telling};

/// What the operator wrote and may change while Steward runs.
#[derive(Debug, Clone)]
pub struct Knowledge {
    /// What depends on what.
    pub topology: Arc<Topology>,
    /// What to do about it.
    pub runbooks: Arc<Vec<Runbook>>,
    /// What may be done.
    pub policy: Arc<Policy>,
    /// The names of the skills that are loaded.
    pub skills: Arc<BTreeSet<String>>,
    /// What each skill looks at, by its name.
    pub watched: Arc<BTreeMap<String, Vec<Target>>>,
    /// The agent's standing goals.
    pub goals: Arc<Vec<Goal>>,
    /// `MEMORY.md` as it was read.
    pub memory: Arc<str>,
}

/// A live incident.
#[derive(Debug)]
pub struct Live {
    /// The fold of its timeline.
    pub incident: Incident,
    /// How far it has been told.
    pub telling: Telling,
    /// The lines of the timeline that its thread has not heard.
    pub untold: Vec<Record>,
    /// Problems that are counted as active though nobody reports them now, and since when: they come and go so often
    /// that a recovery has to last before it is believed.
    pub quiet: BTreeMap<Problem, Timestamp>,
    /// Those of them that came back since, which no event tells.
    pub restless: BTreeSet<Problem>,
    /// When a flapping incident last came back.
    pub bounced_at: Option<Timestamp>,
    /// When it is time to suspect something else, because the root has recovered and symptoms have not.
    pub promote_at: Option<Timestamp>,
    /// Since when that is so.
    pub doubtful_since: Option<Timestamp>,
    /// When somebody is reminded of it.
    pub remind_at: Option<Timestamp>,
    /// How it was when people last heard that what inhibited it is over.
    pub shown: Option<Shown>,
}

/// How an incident was when people last heard that what inhibited it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// When they heard it.
    pub at: Timestamp,
    /// What was broken.
    pub broken: Vec<Problem>,
    /// How bad it was.
    pub severity: Severity,
    /// Where it stood.
    pub state: State,
}

impl Live {
    /// An incident of which nobody has to be reminded yet.
    #[must_use]
    pub fn new(incident: Incident, telling: Telling, untold: Vec<Record>) -> Self {
        Self {
            incident,
            telling,
            untold,
            quiet: BTreeMap::new(),
            restless: BTreeSet::new(),
            bounced_at: None,
            promote_at: None,
            doubtful_since: None,
            remind_at: None,
            shown: None,
        }
    }
}

/// What is remembered of a runbook on a target.
#[derive(Debug, Default, Clone)]
pub struct History {
    /// When it last began.
    pub last_started: Option<Timestamp>,
    /// When it failed, or turned out not to last, since it last held.
    pub failures: Vec<Timestamp>,
    /// Its last success, and when the incident resolved.
    pub last_success: Option<(RemediationId, Timestamp)>,
    /// It did not last: it is not tried again before this.
    pub ineffective_until: Option<Timestamp>,
}

/// One origin's word on one problem.
pub type SignalKey = (Origin, Problem);

/// Everything that decisions are made from.
pub struct World {
    /// The numbers that decisions go by.
    pub settings: Arc<Settings>,
    /// What the operator wrote.
    pub knowledge: Knowledge,
    pub(super) incidents: HashMap<IncidentId, Live>,
    pub(super) by_number: HashMap<u64, IncidentId>,
    pub(super) index: Index,
    pub(super) signals: HashMap<SignalKey, SignalRow>,
    pub(super) firing_by_origin: HashMap<Origin, BTreeSet<Problem>>,
    pub(super) origins_of: HashMap<Problem, BTreeSet<Origin>>,
    /// Everyone whose word on a problem is kept, firing or not.
    pub(super) heard_of: HashMap<Problem, BTreeSet<Origin>>,
    pub(super) last_complete: HashMap<String, Timestamp>,
    pub(super) mitigated: BTreeSet<IncidentId>,
    pub(super) silences: Vec<Silence>,
    pub(super) last_silence: i64,
    pub(super) windows_begun: HashMap<String, Timestamp>,
    pub(super) held: Held,
    pub(super) inhibitors: Inhibitors,
    pub(super) recurrences: HashMap<(Target, Option<Signature>), Recurrence>,
    pub(super) called: HashMap<(Cause, Target), Timestamp>,
    pub(super) histories: HashMap<(String, Target), History>,
    pub(super) approvals: BTreeMap<u64, Approval>,
    /// The repairs that run or wait for their turn, and what each keeps others from touching.
    pub(super) running: BTreeMap<RemediationId, Reach>,
    /// What has earned how much trust, by runbook and class of targets.
    pub(super) trust: BTreeMap<(String, String), Trust>,
    /// The repairs that worked and are watched.
    pub(super) trials: BTreeMap<RemediationId, Trial>,
    pub(super) timers: Timers,
    pub(super) counters: (u64, u64),
    pub(super) paused: Option<String>,
    pub(super) unwatched: Unwatched,
    /// When the last turn was, by the clock.
    pub(super) last_turn: Option<Timestamp>,
    pub(super) storms: Storms,
    /// The sources of alerts, as they were heard lately.
    pub(super) sources: Sources,
    /// The agent's plans, as runbooks, by name.
    pub(super) plans: BTreeMap<String, Runbook>,
    /// The offers that wait for an answer, by number.
    pub(super) offers: BTreeMap<u64, Offer>,
    pub(super) learned: Learned,
    /// What is remembered of the agent's goals, by name.
    pub(super) goals: BTreeMap<String, GoalMark>,
    /// What is brought into the cluster and is not over, by the case in which it began.
    pub(super) adoptions: BTreeMap<IncidentId, Adopting>,
    pub(super) lines: Lines,
    pub(super) learning: Learning,
    pub(super) batch: Batch,
    pub(super) effects: Vec<Effect>,
    pub(super) dirty: BTreeSet<IncidentId>,
    pub(super) touched: BTreeSet<SignalKey>,
    pub(super) changed: BTreeSet<SignalKey>,
    /// The identity that was given out last.
    last_id: Option<Ulid>,
}

impl World {
    /// An empty world.
    #[must_use]
    pub fn new(settings: Arc<Settings>, knowledge: Knowledge) -> Self {
        Self {
            settings,
            knowledge,
            incidents: HashMap::new(),
            by_number: HashMap::new(),
            index: Index::default(),
            signals: HashMap::new(),
            firing_by_origin: HashMap::new(),
            origins_of: HashMap::new(),
            heard_of: HashMap::new(),
            last_complete: HashMap::new(),
            mitigated: BTreeSet::new(),
            silences: Vec::new(),
            last_silence: 0,
            windows_begun: HashMap::new(),
            held: Held::default(),
            inhibitors: Inhibitors::default(),
            recurrences: HashMap::new(),
            called: HashMap::new(),
            histories: HashMap::new(),
            approvals: BTreeMap::new(),
            running: BTreeMap::new(),
            trust: BTreeMap::new(),
            trials: BTreeMap::new(),
            timers: Timers::default(),
            counters: (0, 0),
            paused: None,
            plans: BTreeMap::new(),
            offers: BTreeMap::new(),
            learned: Learned::default(),
            goals: BTreeMap::new(),
            adoptions: BTreeMap::new(),
            lines: Lines::default(),
            learning: Learning::default(),
            unwatched: Unwatched::default(),
            last_turn: None,
            storms: Storms::default(),
            sources: Sources::default(),
            batch: Batch::default(),
            effects: Vec::new(),
            dirty: BTreeSet::new(),
            touched: BTreeSet::new(),
            changed: BTreeSet::new(),
            last_id: None,
        }
    }

    /// The incident, while it is live.
    #[must_use]
    pub fn incident(&self, id: IncidentId) -> Option<&Incident> {
        // What ended in this very turn is still here, and can't change any more.
        self.incidents.get(&id).map(|live| &live.incident).filter(|incident| incident.state.is_live())
    }

    /// Whether every changing action waits for a person, and who wanted that.
    #[must_use]
    pub fn paused_by(&self) -> Option<&str> {
        self.paused.as_deref()
    }

    /// How many incidents are live and unresolved.
    #[must_use]
    pub fn unresolved(&self) -> usize {
        let faults = self.incidents.values().filter(|live| live.incident.is_fault());
        faults.filter(|live| live.incident.state.is_unresolved()).count()
    }

    pub(super) fn new_id(now: Timestamp) -> Ulid {
        Ulid::from_parts(u64::try_from(now.timestamp_millis()).unwrap_or(0), Ulid::generate().random())
    }

    /// An identity that comes after the last one also within a millisecond: of two incidents that began together, the
    /// one that was heard of first is the older one.
    fn next_id(&mut self, now: Timestamp) -> Ulid {
        let fresh = Self::new_id(now);
        let same_ms = self.last_id.filter(|last| last.timestamp_ms() == fresh.timestamp_ms());
        let id = same_ms.and_then(|last| last.increment().ok()).unwrap_or(fresh);
        self.last_id = Some(id);
        id
    }

    /// Opens an incident.
    pub(super) fn open(&mut self, event: Event, now: Timestamp) -> Option<IncidentId> {
        let id = IncidentId(self.next_id(now));
        let number = self.counters.0 + 1;
        let record = Record { seq: 1, at: now, event };
        let incident = Incident::open(id, number, &record)?;
        self.counters.0 = number;
        self.batch.counters = Some(self.counters);
        if incident.is_fault() {
            self.index.put(&incident, &self.knowledge.topology);
        }
        self.batch.events.push((id, record.clone()));
        self.by_number.insert(number, id);
        self.incidents.insert(id, Live::new(incident, Telling::default(), vec![record]));
        self.dirty.insert(id);
        Some(id)
    }

    /// Appends an event to an incident's timeline. What does not fit its state is refused, logged, and changes nothing.
    pub(super) fn record(&mut self, id: IncidentId, event: Event, now: Timestamp) -> bool {
        let Some(live) = self.incidents.get_mut(&id) else { return false };
        let severity = live.incident.severity;
        let record = Record { seq: live.incident.last_seq + 1, at: now, event };
        if let Err(error) = live.incident.apply(&record) {
            tracing::warn!(incident = live.incident.number, %error, "event refused");
            return false;
        }
        if live.incident.is_fault() {
            self.index.take(&live.incident, &record.event, &self.knowledge.topology);
        }
        if live.incident.state == State::Mitigated {
            self.mitigated.insert(id);
        } else {
            self.mitigated.remove(&id);
        }
        live.untold.push(record.clone());
        self.batch.events.push((id, record.clone()));
        self.dirty.insert(id);
        self.follow_up(id, &record.event, severity, now);
        true
    }

    /// Notes what somebody did, for good.
    pub(super) fn audit(&mut self, who: &str, what: &str, data: serde_json::Value, now: Timestamp) {
        self.batch.audit.push(AuditEntry::asked(who, what, data, now));
    }

    /// Keeps the signal's row, and the indexes over the rows.
    pub(super) fn note_signal(&mut self, key: &SignalKey, state: SignalState) {
        self.heard_of.entry(key.1.clone()).or_default().insert(key.0.clone());
        let firing = state == SignalState::Firing;
        if firing {
            self.note_firing(key);
            self.origins_of.entry(key.1.clone()).or_default().insert(key.0.clone());
        } else {
            if let Some(set) = self.firing_by_origin.get_mut(&key.0) {
                set.remove(&key.1);
                if set.is_empty() {
                    self.firing_by_origin.remove(&key.0);
                }
            }
            if let Some(set) = self.origins_of.get_mut(&key.1) {
                set.remove(&key.0);
                if set.is_empty() {
                    self.origins_of.remove(&key.1);
                }
            }
        }
    }

    /// Notes that an origin says that something is broken, whether or not that is believed.
    pub(super) fn note_firing(&mut self, key: &SignalKey) {
        self.firing_by_origin.entry(key.0.clone()).or_default().insert(key.1.clone());
    }

    /// Whether anybody says that the problem is there.
    pub(super) fn is_firing(&self, problem: &Problem) -> bool {
        self.origins_of.contains_key(problem)
    }

    /// The latest word on a problem from someone who says that it is there.
    pub(super) fn latest(&self, problem: &Problem) -> Option<&SignalRow> {
        let origin = self.origins_of.get(problem)?.first()?;
        self.signals.get(&(origin.clone(), problem.clone()))
    }

    /// Sets a timer.
    pub(super) fn wake(&mut self, at: Timestamp, timer: Timer) {
        self.timers.set(at, timer);
    }

    /// Notes changes that Steward itself knows of.
    pub(super) fn note_changes(&mut self, changes: impl IntoIterator<Item = Change>) {
        self.batch.changes.extend(changes);
    }

    /// Notes the suspects that were found for an incident. Finding none is no news, nor is finding more behind the one that
    /// is known already.
    pub(super) fn suspect(&mut self, id: IncidentId, suspects: Vec<SuspectNote>, now: Timestamp) {
        if self.incident(id).is_some_and(|incident| incident.suspects.first() != suspects.first()) {
            self.record(id, Event::Suspects { suspects }, now);
        }
    }

    /// Puts what the operator wrote in force.
    pub(super) fn learn(&mut self, mut knowledge: Knowledge) {
        knowledge.topology = self.with_learned(&knowledge.topology);
        // The index was kept under the old topology, and is made anew under the other.
        let incidents = self.incidents.values().map(|live| &live.incident).filter(|i| i.is_fault());
        self.index = std::mem::take(&mut self.index).rebuilt(incidents, &knowledge.topology);
        self.knowledge = knowledge;
        self.dirty.extend(
            self.incidents.iter().filter(|(_, live)| live.incident.state == State::Open).map(|(id, _)| *id),
        );
    }

    /// Ends a turn after everything that came in was taken in: looks at what is due, tells, and hands out what was
    /// decided.
    pub(super) fn end_turn(&mut self, now: Timestamp) -> (Batch, Vec<Effect>) {
        self.due(now);
        self.finish_turn(now);
        self.take_turn()
    }

    /// Takes what this turn decided: what is to be written, and what is to be done once it is.
    pub(super) fn take_turn(&mut self) -> (Batch, Vec<Effect>) {
        let dirty = std::mem::take(&mut self.dirty);
        let mut over = Vec::new();
        for id in dirty {
            let Some(live) = self.incidents.get(&id) else { continue };
            let stored = StoredIncident { incident: live.incident.clone(), telling: live.telling.clone() };
            self.batch.incidents.push(stored);
            if !live.incident.state.is_live() {
                over.push(id);
            }
        }
        self.note_done();
        self.note_plans();
        let changed = std::mem::take(&mut self.changed);
        let touched = std::mem::take(&mut self.touched);
        self.batch
            .touched
            .extend(touched.difference(&changed).filter_map(|key| self.signals.get(key).cloned()));
        self.batch.signals.extend(changed.iter().filter_map(|key| self.signals.get(key).cloned()));
        over.into_iter().for_each(|id| self.forget(id));
        (std::mem::take(&mut self.batch), std::mem::take(&mut self.effects))
    }

    /// Drops from memory what can't change any more.
    fn forget(&mut self, id: IncidentId) {
        let Some(live) = self.incidents.remove(&id) else { return };
        self.by_number.remove(&live.incident.number);
        self.mitigated.remove(&id);
        let counted = self.forget_storm(id);
        for problem in live.incident.members.into_iter().map(|member| member.problem).chain(counted) {
            if self.is_firing(&problem) || self.index.incident_of(&problem).is_some() {
                continue;
            }
            for origin in self.heard_of.remove(&problem).unwrap_or_default() {
                let key = (origin, problem.clone());
                if !self.is_held(&key) {
                    self.signals.remove(&key);
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
