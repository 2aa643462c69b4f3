//! Storms: when so much fails at once that a thread for each would help nobody, it becomes one, with a count.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use super::timer::Timer;
use super::world::{SignalKey, World};
use crate::domain::escalation::{Cause, within};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Count, Event, Incident, Member, State, Storm};
use crate::domain::signal::{Origin, Problem, Severity, Timestamp};
use crate::domain::target::{Signature, Target};

/// So many faults that nothing explains, begun within twice `settle`, may be the beginning of a storm.
const GATHERING: usize = 4;
/// What may be part of a storm waits so many times `settle` to be told, at most.
const LONGER: u32 = 6;
/// Two fifths of a storm within this time are one.
const BURST: Duration = Duration::from_secs(60);
/// A storm is over when no more than this is left of what it counts …
const LITTLE: usize = 25;
/// … or when nothing new has come for so many times the window.
const LONG: u32 = 12;
/// An incident names no more victims than this; further ones are counted.
const CROWD: usize = 1000;
/// Problems that become members at the end of a storm, at most.
const LEFT: usize = 50;

/// The storms, and what might become one.
#[derive(Debug, Default)]
pub(super) struct Storms {
    /// The incidents that nothing explained, as they were opened lately.
    unexplained: VecDeque<(Timestamp, IncidentId)>,
    /// The storm that new problems are counted in.
    current: Option<IncidentId>,
    swarms: HashMap<IncidentId, Swarm>,
}

/// What is counted in a storm.
#[derive(Debug)]
struct Swarm {
    active: BTreeSet<Problem>,
    kinds: BTreeMap<Signature, u64>,
    seen: u64,
    severity: Severity,
    /// When something new last came in.
    grew_at: Timestamp,
    /// When it was last counted.
    counted_at: Option<Timestamp>,
    /// How many there were when people were last told.
    told: u64,
    /// How many there were then, and how many came in, members among them.
    extent: (u64, u64),
    news: bool,
}

impl Swarm {
    fn new(now: Timestamp) -> Self {
        Self {
            active: BTreeSet::new(),
            kinds: BTreeMap::new(),
            seen: 0,
            severity: Severity::Info,
            grew_at: now,
            counted_at: None,
            told: 0,
            extent: (0, 0),
            news: false,
        }
    }

    fn arrives(&mut self, problem: Problem) {
        let signature = problem.signature.clone();
        if self.active.insert(problem) {
            *self.kinds.entry(signature).or_default() += 1;
            self.news = true;
        }
    }

    fn leaves(&mut self, problem: &Problem) -> bool {
        if !self.active.remove(problem) {
            return false;
        }
        if let Some(count) = self.kinds.get_mut(&problem.signature) {
            *count -= 1;
            if *count == 0 {
                self.kinds.remove(&problem.signature);
            }
        }
        self.news = true;
        true
    }

    fn count(&self) -> Count {
        let mut kinds: Vec<_> = self.kinds.iter().map(|(kind, count)| (kind.clone(), *count)).collect();
        kinds.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kinds.truncate(Storm::KINDS);
        Count { seen: self.seen, active: number(self.active.len()), kinds, severity: self.severity }
    }
}

impl World {
    /// An incident was opened that nothing explains: if there are too many of those, they are a storm.
    pub(super) fn may_be_a_storm(&mut self, id: IncidentId, now: Timestamp) {
        let (least, window) = (self.settings.storm, self.settings.correlation_window);
        let own = self
            .incident(id)
            .is_none_or(|incident| incident.members.iter().all(|member| member.origin == Origin::Steward));
        if least == 0 || own {
            return;
        }
        self.storms.unexplained.push_back((now, id));
        // (What is from the future is from before the clock was set back.)
        self.storms.unexplained.retain(|(at, _)| *at <= now);
        while self.storms.unexplained.front().is_some_and(|(at, _)| !within(*at, now, window)) {
            self.storms.unexplained.pop_front();
        }
        self.await_the_rest(now);
        let burst = |(at, _): &&(Timestamp, IncidentId)| within(*at, now, BURST);
        let in_a_minute = self.storms.unexplained.iter().rev().take_while(burst).count();
        if self.storms.unexplained.len() < least && !is_burst(in_a_minute, least) {
            return;
        }
        let still = |id: &IncidentId| {
            self.incidents.get(id).is_some_and(|live| is_free(&live.incident) && !live.telling.silenced)
        };
        let those: Vec<(Timestamp, IncidentId)> =
            self.storms.unexplained.iter().filter(|(_, id)| still(id)).copied().collect();
        if those.len() < least && !is_burst(those.len(), least) {
            return;
        }
        match self.shared_by(&those) {
            Some((cause, below)) => self.share_a_cause(cause, &below, now),
            None => self.begin_storm(&those, now),
        }
    }

    /// Whether so much has just begun that it may be a storm, so that what began lately waits a little longer to be
    /// told.
    pub(super) fn is_gathering(&self, opened_at: Timestamp, now: Timestamp) -> bool {
        let settle = self.settings.settle;
        let lately = settle * 2;
        let just_now = self.storms.unexplained.iter().rev().take_while(|(at, _)| within(*at, now, lately));
        let grows = self.storms.unexplained.back().is_some_and(|(at, _)| within(*at, now, settle));
        grows && within(opened_at, now, settle * LONGER) && just_now.take(GATHERING).count() == GATHERING
    }

    /// Has what waits longer looked at again.
    fn await_the_rest(&mut self, now: Timestamp) {
        if !self.is_gathering(now, now) {
            return;
        }
        let settle = self.settings.settle;
        let waiting: Vec<(Timestamp, IncidentId)> = self.storms.unexplained.iter().copied().collect();
        for (opened_at, id) in waiting {
            self.wake((now + settle).min(opened_at + settle * LONGER), Timer::Settle(id));
        }
    }

    /// What four in five of those need, though nobody has seen it fail: that is no storm.
    fn shared_by(&self, those: &[(Timestamp, IncidentId)]) -> Option<(Target, Vec<IncidentId>)> {
        let mut needed: BTreeMap<Target, (Vec<IncidentId>, u32)> = BTreeMap::new();
        for (opened_at, id) in those {
            let Some(incident) = self.incident(*id) else { continue };
            let upstreams = self.knowledge.topology.upstreams(&incident.root);
            let declared = upstreams.into_iter().filter(|u| u.declared);
            for upstream in declared.filter(|u| !self.index.is_fine_since(&u.target, *opened_at)) {
                let (below, steps) = needed.entry(upstream.target).or_default();
                below.push(*id);
                *steps += upstream.distance;
            }
        }
        // Most of them first, then the nearest.
        let best =
            needed.into_iter().max_by_key(|(_, (below, steps))| (below.len(), std::cmp::Reverse(*steps)));
        best.map(|(cause, (below, _))| (cause, below)).filter(|(_, below)| below.len() * 5 >= those.len() * 4)
    }

    fn share_a_cause(&mut self, cause: Target, below: &[IncidentId], now: Timestamp) {
        let Some((&survivor, others)) = below.split_first() else { return };
        let why = format!("{} things that need {cause} began to fail at nearly the same time.", below.len());
        others.iter().for_each(|other| self.merge(*other, survivor, &why, now));
        self.move_root(survivor, cause, &why, now);
        self.storms.unexplained.retain(|(_, id)| !below.contains(id));
    }

    fn begin_storm(&mut self, those: &[(Timestamp, IncidentId)], now: Timestamp) {
        let Some(((since, survivor), others)) = those.split_first() else { return };
        let (Ok(root), survivor) = (Storm::root(), *survivor) else { return };
        let within_secs = (now - *since).num_seconds().max(0).unsigned_abs();
        let began = Event::StormBegan { root, targets: number(those.len()), within_secs };
        self.call_off(survivor, "it is part of a storm", now);
        if !self.record(survivor, began, now) {
            return;
        }
        let why = "so much began to fail at once that it is told as one storm.";
        for (_, other) in others {
            self.merge(*other, survivor, why, now);
        }
        self.storms.unexplained.clear();
        self.storms.current = Some(survivor);
        let extent = self.incident(survivor).map_or((0, 0), Incident::extent);
        self.storms.swarms.insert(survivor, Swarm { told: extent.0, extent, ..Swarm::new(now) });
        self.wake(now + self.settings.correlation_window, Timer::Storm(survivor));
        let text = format!(
            "{} things failed within {within_secs} s and I know of nothing that all of them need. Look at power, network, DNS and storage first.",
            those.len()
        );
        self.escalate(survivor, Cause::Storm, text, now);
    }

    /// Counts a new problem in the storm, if there is one.
    pub(super) fn counted_in_storm(&mut self, key: &SignalKey, now: Timestamp) -> Option<IncidentId> {
        let id = self.storms.current?;
        let row = self.signals.get(key)?;
        let hidden = row.signal.target.as_str().starts_with("steward/") || self.is_silenced(&key.1, now);
        let severity = row.signal.severity;
        let counts = self.incident(id).is_some_and(|incident| {
            // What is critical stands out in a storm of lesser things.
            let stands_out = severity == Severity::Critical && incident.severity < Severity::Critical;
            incident.is_storming() && incident.is_active() && !stands_out
        });
        if hidden || !counts {
            return None;
        }
        let window = self.settings.correlation_window;
        let swarm = self.storms.swarms.get_mut(&id).filter(|swarm| within(swarm.grew_at, now, window))?;
        swarm.grew_at = now;
        self.only_count(id, key, now);
        Some(id)
    }

    /// Counts a problem in an incident that names no more of them.
    fn only_count(&mut self, id: IncidentId, key: &SignalKey, now: Timestamp) {
        let severity = self.signals.get(key).map_or(Severity::Error, |row| row.signal.severity);
        let swarm = self.storms.swarms.entry(id).or_insert_with(|| Swarm::new(now));
        swarm.seen += 1;
        swarm.severity = swarm.severity.max(severity);
        swarm.arrives(key.1.clone());
        self.index.swarms(key.1.clone(), id);
        self.dirty.insert(id);
    }

    /// One more victim of a fault that has a great many: it is only counted. Whether it was.
    pub(super) fn is_crowded_out(&mut self, id: IncidentId, key: &SignalKey, now: Timestamp) -> bool {
        let Some(incident) = self.incident(id) else { return false };
        let has_room = incident.members.len() < CROWD;
        if has_room || key.1.target == incident.root || incident.member(&key.1).is_some() {
            return false;
        }
        let first = incident.storm.is_none();
        self.only_count(id, key, now);
        if let Some(count) = self.storms.swarms.get(&id).filter(|_| first).map(Swarm::count) {
            self.record(id, Event::StormCounted { count, told: None }, now);
        }
        true
    }

    /// Whether a problem is only counted in an incident.
    pub(super) fn is_swarming(&self, id: IncidentId, problem: &Problem) -> bool {
        self.incidents
            .get(&id)
            .is_some_and(|live| live.incident.storm.is_some() && live.incident.member(problem).is_none())
    }

    /// A problem that is only counted is worse than those so far.
    pub(super) fn swarm_worsens(&mut self, id: IncidentId, problem: &Problem, severity: Severity) {
        if self.is_swarming(id, problem)
            && let Some(swarm) = self.storms.swarms.get_mut(&id).filter(|swarm| swarm.severity < severity)
        {
            swarm.severity = severity;
            swarm.news = true;
            self.dirty.insert(id);
        }
    }

    /// A problem that is only counted is back.
    pub(super) fn swarm_again(&mut self, id: IncidentId, problem: &Problem, now: Timestamp) {
        let summary = self.latest(problem).map_or_else(String::new, |row| row.signal.summary.clone());
        if let Some(swarm) = self.storms.swarms.get_mut(&id) {
            swarm.arrives(problem.clone());
        }
        match self.incident(id).map(|incident| incident.state) {
            Some(state @ (State::Mitigated | State::Resolved)) => {
                let occurrence = state == State::Resolved;
                self.record(id, Event::Reopened { problem: problem.clone(), summary, occurrence }, now);
                if !occurrence {
                    self.check_flapping(id, now);
                }
            }
            _ => {
                self.dirty.insert(id);
            }
        }
    }

    /// A problem that is only counted is gone; whether it was one.
    pub(super) fn leaves_swarm(&mut self, id: IncidentId, problem: &Problem) -> bool {
        let left = self.storms.swarms.get_mut(&id).is_some_and(|swarm| swarm.leaves(problem));
        if left {
            self.dirty.insert(id);
        }
        left
    }

    /// Counts anew what a storm has come to: at once when it turns, else now and then. People are told when it has
    /// doubled, or halved.
    pub(super) fn look_at_storm(&mut self, id: IncidentId, now: Timestamp) {
        let Some(incident) = self.incident(id) else { return };
        let Some(counted) = incident.storm.as_ref().map(|storm| (storm.active, storm.seen)) else { return };
        let (active, seen) = incident.extent();
        let flapping = incident.flapping;
        let pause = self.settings.cooldown;
        let Some(swarm) = self.storms.swarms.get_mut(&id) else { return };
        if !swarm.news && swarm.extent == (active, seen) {
            return;
        }
        let turns = !flapping && (counted.0 == 0) != swarm.active.is_empty();
        if let Some(at) = swarm.counted_at.filter(|at| !turns && within(*at, now, pause)) {
            self.wake(at + pause, Timer::Storm(id));
            return;
        }
        swarm.counted_at = Some(now);
        swarm.news = false;
        let count = swarm.count();
        let active = active - counted.0 + count.active;
        let seen = seen - counted.1 + count.seen;
        swarm.extent = (active, seen);
        let worth_it = active == 0 || active >= swarm.told.saturating_mul(2) || active * 2 <= swarm.told;
        let told = worth_it.then_some((active, seen));
        if worth_it {
            swarm.told = active;
        }
        let gone = count.active == 0;
        self.record(id, Event::StormCounted { count, told }, now);
        if gone {
            self.after_recovery(id, now);
        }
    }

    /// Looks whether a storm is over: nothing new has come for a while, and little of it is left, or it has stood as
    /// it is for long.
    pub(super) fn storm_may_be_over(&mut self, id: IncidentId, now: Timestamp) {
        self.dirty.insert(id);
        let window = self.settings.correlation_window;
        let storming = self.incident(id).is_some_and(Incident::is_storming);
        let Some(swarm) = self.storms.swarms.get(&id).filter(|_| storming) else { return };
        let grew_at = swarm.grew_at;
        if within(grew_at, now, window) {
            self.wake(grew_at + window, Timer::Storm(id));
            return;
        }
        if swarm.active.len() > LITTLE && within(grew_at, now, window * LONG) {
            self.wake(now + self.settings.hold.max(self.settings.cooldown), Timer::Storm(id));
            return;
        }
        self.end_storm(id, now);
    }

    fn end_storm(&mut self, id: IncidentId, now: Timestamp) {
        let left = self.left_of(id, now);
        let Some(swarm) = self.storms.swarms.get_mut(&id) else { return };
        for member in &left {
            swarm.leaves(&member.problem);
            swarm.seen = swarm.seen.saturating_sub(1);
            self.index.leaves_swarm(&member.problem);
        }
        swarm.news = false;
        let count = swarm.count();
        let members = self.incident(id).map(|incident| incident.members.as_slice()).unwrap_or_default();
        let broken = members.iter().chain(&left).filter(|m| m.active).map(|m| m.problem.clone()).collect();
        self.record(id, Event::StormEnded { count, left, broken }, now);
        let extent = self.incident(id).map_or((0, 0), Incident::extent);
        if let Some(swarm) = self.storms.swarms.get_mut(&id) {
            (swarm.told, swarm.extent) = (extent.0, extent);
        }
        if self.storms.current == Some(id) {
            self.storms.current = None;
        }
        self.after_recovery(id, now);
    }

    /// The worst of what is counted in a storm and still there, as members.
    fn left_of(&self, id: IncidentId, now: Timestamp) -> Vec<Member> {
        let problems = self.storms.swarms.get(&id).into_iter().flat_map(|swarm| &swarm.active);
        let mut left: Vec<Member> = problems
            .filter_map(|problem| {
                let signal = &self.latest(problem)?.signal;
                Some(Member {
                    problem: problem.clone(),
                    origin: signal.origin.clone(),
                    severity: signal.severity,
                    summary: signal.summary.clone(),
                    impact: signal.impact.clone(),
                    active: true,
                    joined_at: now,
                    why: "it failed in the storm, and still does.".to_owned(),
                    score: None,
                    bounces: Vec::new(),
                })
            })
            .collect();
        left.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.problem.cmp(&b.problem)));
        left.truncate(LEFT);
        left
    }

    /// Takes up the storms that an earlier Steward was in.
    pub(super) fn restore_storms(&mut self, now: Timestamp) {
        let storms: Vec<(IncidentId, Storm, Severity)> = self
            .incidents
            .values()
            .filter_map(|live| Some((live.incident.id, live.incident.storm.clone()?, live.incident.severity)))
            .collect();
        if storms.is_empty() {
            return;
        }
        let mut swarming: HashMap<IncidentId, Vec<(Problem, bool, Timestamp)>> = HashMap::new();
        let mut current: Option<(Timestamp, IncidentId)> = None;
        for (key, row) in &self.signals {
            let counted = row.incident.filter(|id| self.is_swarming(*id, &key.1));
            if let Some(id) = counted {
                swarming.entry(id).or_default().push((key.1.clone(), self.is_firing(&key.1), row.first_seen));
            }
        }
        for (id, storm, severity) in storms {
            let mut swarm = Swarm { severity, ..Swarm::new(now) };
            let counted = swarming.remove(&id).unwrap_or_default();
            let mut known = BTreeSet::new();
            let opened_at = self.incident(id).map_or(now, |incident| incident.opened_at);
            let grew_at = counted.iter().map(|(_, _, seen)| *seen).max().unwrap_or(opened_at).min(now);
            for (problem, firing, _) in counted {
                self.index.swarms(problem.clone(), id);
                if firing {
                    swarm.arrives(problem.clone());
                }
                known.insert(problem);
            }
            swarm.seen = storm.seen.max(number(known.len()));
            let extent = self.incident(id).map_or((0, 0), Incident::extent);
            // What was counted when Steward ended may have changed since.
            (swarm.told, swarm.extent, swarm.news) = (extent.0, extent, true);
            swarm.grew_at = grew_at;
            self.storms.swarms.insert(id, swarm);
            if !storm.over {
                current = current.max(Some((grew_at, id)));
                self.wake((grew_at + self.settings.correlation_window).max(now), Timer::Storm(id));
            }
            self.dirty.insert(id);
        }
        self.storms.current = current.map(|(_, id)| id);
    }

    /// Forgets what was counted in an incident that is over, and returns it.
    pub(super) fn forget_storm(&mut self, id: IncidentId) -> Vec<Problem> {
        if self.storms.current == Some(id) {
            self.storms.current = None;
        }
        self.storms.swarms.remove(&id).map(|_| self.index.forget_swarm(id)).unwrap_or_default()
    }
}

/// Whether so many within [`BURST`] are a storm, where `least` would be in the whole window.
fn is_burst(count: usize, least: usize) -> bool {
    count * 5 >= least * 2
}

/// Whether nobody is busy with an incident, so that it may become part of a storm.
fn is_free(incident: &Incident) -> bool {
    incident.state == State::Open
        && incident.storm.is_none()
        && incident.approval.is_none()
        && incident.undoing.is_none()
        && incident.acknowledged.is_none()
        && !incident.sorted_by_hand
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
