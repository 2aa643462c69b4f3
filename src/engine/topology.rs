//! What Steward learns of the topology while it runs, beside what is written of it.
//!
//! The labels of alerts tell a little with each signal; other sources are read as a whole now and then. What is new
//! is put in force once for all that came together: before the signals are placed that it came with.

pub mod show;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::ports::Survey;
use super::route::Reply;
use super::world::World;
use crate::domain::escalation::within;
use crate::domain::signal::{Origin, Signal, SignalState, Timestamp};
use crate::domain::target::Target;
use crate::domain::topology::{Fact, Learned, Relation, Source, SourceKind, Topology, from_labels};
use crate::store::topology::{Kept, SourceState, Write};

/// The most that is kept of one source; a home has less, and a storm of made-up labels must not fill the memory.
const MOST: usize = 20_000;
/// How much later a label has to be seen again for that to be noted.
const SEEN_AGAIN: Duration = Duration::from_secs(3600);

/// What is learned, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearningRules {
    /// The kinds of sources that count.
    pub from: BTreeSet<SourceKind>,
    /// After so long unseen, what labels told is forgotten.
    pub forget: Duration,
}

impl Default for LearningRules {
    fn default() -> Self {
        Self { from: BTreeSet::new(), forget: Duration::from_secs(7 * 24 * 3600) }
    }
}

/// What tells one thing that was learned from another.
type Key = (Target, Relation, Target);

fn key(fact: &Fact) -> Key {
    (fact.target.clone(), fact.relation, fact.other.clone())
}

/// What was learned so far.
#[derive(Debug, Default)]
pub struct Learning {
    rules: LearningRules,
    by_source: BTreeMap<Source, BTreeMap<Key, Arc<Learned>>>,
    states: BTreeMap<Source, SourceState>,
    /// Whether what is in force is older than what is known.
    stale: bool,
    /// What labels told that is not in force yet.
    fresh: Vec<Arc<Learned>>,
    full_told: bool,
}

impl Learning {
    /// Everything that was learned.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Learned>> {
        self.by_source.values().flat_map(BTreeMap::values)
    }

    /// The kinds of sources that it is learned from.
    #[must_use]
    pub fn kinds(&self) -> &BTreeSet<SourceKind> {
        &self.rules.from
    }

    /// How the reading of each source went.
    pub fn states(&self) -> impl Iterator<Item = &SourceState> {
        self.states.values()
    }

    /// Takes in what was kept, as far as the rules still want it; what they don't is to be given up.
    #[must_use]
    pub fn recalled(rules: LearningRules, kept: Kept) -> (Self, Vec<Write>) {
        let mut learning = Self { rules, ..Self::default() };
        let mut gone = BTreeSet::new();
        for learned in kept.learned {
            if learning.rules.from.contains(&learned.source.kind()) {
                let of = learning.by_source.entry(learned.source.clone()).or_default();
                of.insert(key(&learned.fact), Arc::new(learned));
            } else {
                gone.insert(learned.source);
            }
        }
        for state in kept.sources {
            if learning.rules.from.contains(&state.source.kind()) {
                learning.states.insert(state.source.clone(), state);
            } else {
                gone.insert(state.source);
            }
        }
        (learning, gone.into_iter().map(Write::Gone).collect())
    }

    /// Learns from the labels of a signal. Costs nothing but a look where nothing is new.
    fn hear(&mut self, signal: &Signal, now: Timestamp, writes: &mut Vec<Write>) {
        let is_alert = matches!(signal.origin, Origin::Alert { .. });
        if !is_alert || signal.state != SignalState::Firing || !self.rules.from.contains(&SourceKind::Labels)
        {
            return;
        }
        for fact in from_labels(signal) {
            let known = self.by_source.entry(Source::Labels).or_default();
            let key = key(&fact);
            if let Some(learned) = known.get_mut(&key) {
                if !within(learned.last_seen, now, SEEN_AGAIN) {
                    let again = Arc::make_mut(learned);
                    again.last_seen = now;
                    writes.push(Write::Learned(again.clone()));
                }
                continue;
            }
            if known.len() >= MOST {
                if !std::mem::replace(&mut self.full_told, true) {
                    tracing::warn!(
                        most = MOST,
                        "labels told more of the topology than is kept; what is new is passed over until something is forgotten"
                    );
                }
                continue;
            }
            let learned = Learned { fact, source: Source::Labels, first_seen: now, last_seen: now };
            writes.push(Write::Learned(learned.clone()));
            let learned = Arc::new(learned);
            self.fresh.push(learned.clone());
            known.insert(key, learned);
        }
    }

    /// Takes in what the sources of one kind say now.
    fn survey(&mut self, survey: Survey, now: Timestamp, writes: &mut Vec<Write>) {
        if !self.rules.from.contains(&survey.kind) {
            return;
        }
        let found: BTreeSet<&Source> = survey.found.iter().map(|(source, _)| source).collect();
        let known: BTreeSet<Source> = self.by_source.keys().chain(self.states.keys()).cloned().collect();
        for gone in known {
            if gone.kind() == survey.kind && !found.contains(&gone) {
                self.stale |= self.by_source.remove(&gone).is_some_and(|facts| !facts.is_empty());
                self.states.remove(&gone);
                writes.push(Write::Gone(gone));
            }
        }
        for (source, said) in survey.found {
            let before = self.states.get(&source);
            let mut state = SourceState {
                source: source.clone(),
                read_at: before.and_then(|state| state.read_at),
                tried_at: now,
                problem: None,
            };
            match said {
                Ok(facts) => {
                    state.read_at = Some(now);
                    if before.is_some_and(|before| before.problem.is_some()) {
                        tracing::info!(%source, "the topology can be read again");
                    }
                    self.replace(&source, facts, now, writes);
                }
                Err(problem) => {
                    // Told once, not at each try.
                    if before.is_none_or(|before| before.problem.is_none()) {
                        tracing::warn!(%source, %problem, "nothing of the topology could be learned; what is known stays");
                    }
                    state.problem = Some(problem);
                }
            }
            writes.push(Write::Read(state.clone()));
            self.states.insert(source, state);
        }
    }

    /// A full reading takes the place of what the source said before.
    fn replace(&mut self, source: &Source, facts: Vec<Fact>, now: Timestamp, writes: &mut Vec<Write>) {
        let before = self.by_source.remove(source).unwrap_or_default();
        let mut after: BTreeMap<Key, Arc<Learned>> = BTreeMap::new();
        for fact in facts.into_iter().take(MOST) {
            let key = key(&fact);
            if after.contains_key(&key) {
                continue;
            }
            let learned = match before.get(&key) {
                Some(known) if known.fact.why == fact.why => known.clone(),
                known => {
                    let first_seen = known.map_or(now, |known| known.first_seen);
                    let learned = Learned { fact, source: source.clone(), first_seen, last_seen: now };
                    writes.push(Write::Learned(learned.clone()));
                    self.stale = true;
                    Arc::new(learned)
                }
            };
            after.insert(key, learned);
        }
        for gone in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
            writes.push(Write::Forgotten(source.clone(), gone.1.fact.clone()));
            self.stale = true;
        }
        self.by_source.insert(source.clone(), after);
    }

    /// Forgets what labels have not told for long.
    fn forget(&mut self, now: Timestamp, writes: &mut Vec<Write>) {
        let forget = self.rules.forget;
        let Some(known) = self.by_source.get_mut(&Source::Labels) else { return };
        let before = known.len();
        known.retain(|_, learned| {
            let keep = within(learned.last_seen, now, forget);
            if !keep {
                writes.push(Write::Forgotten(Source::Labels, learned.fact.clone()));
            }
            keep
        });
        if known.len() < before {
            self.stale = true;
            self.full_told = false;
        }
    }
}

impl World {
    /// Takes in what was learned before this start.
    pub fn recall(&mut self, rules: LearningRules, kept: Kept) {
        let (learning, writes) = Learning::recalled(rules, kept);
        self.learning = learning;
        self.batch.topology.extend(writes);
        self.put_learned_in_force(true);
    }

    /// Learns from the labels of signals that are about to be taken in, so that what they tell of each other counts
    /// for their own placing. What is new is put in force once for all of them.
    pub fn overhear<'a>(&mut self, signals: impl IntoIterator<Item = &'a Signal>, now: Timestamp) {
        for signal in signals {
            self.learning.hear(signal, now, &mut self.batch.topology);
        }
        self.put_fresh_in_force();
    }

    /// Takes in what sources say of the topology now; without any, only what is long unseen is forgotten.
    pub(super) fn surveyed(&mut self, surveys: Vec<Survey>, now: Timestamp) {
        for survey in surveys {
            self.learning.survey(survey, now, &mut self.batch.topology);
        }
        self.learning.forget(now, &mut self.batch.topology);
        self.put_learned_in_force(false);
    }

    /// What is written, with what was learned so far.
    pub(super) fn with_learned(&self, written: &Topology) -> Arc<Topology> {
        Arc::new(written.with_learned(self.learning.all().cloned()))
    }

    /// What somebody asked of the topology.
    pub(super) fn show_topology(&self, target: Option<&Target>, now: Timestamp) -> Reply {
        let sources = self.learning.states().collect();
        let kinds = self.learning.kinds();
        let shown = show::Shown { topology: &self.knowledge.topology, kinds, sources, now };
        let failing = self.incidents.values().flat_map(|live| live.incident.targets());
        match shown.card(target, failing) {
            (true, card) => Reply::Now(card),
            (false, card) => Reply::No(card),
        }
    }

    fn put_learned_in_force(&mut self, anyway: bool) {
        if std::mem::take(&mut self.learning.stale) || anyway {
            self.learning.fresh.clear();
            // As after a reload: what is learned comes in again on the way.
            self.learn(self.knowledge.clone());
        }
    }

    /// Puts what labels just told in force, at a cost that goes by how much that is: in a storm each turn tells some.
    fn put_fresh_in_force(&mut self) {
        let fresh = std::mem::take(&mut self.learning.fresh);
        if fresh.is_empty() {
            return;
        }
        let topology = Arc::make_mut(&mut self.knowledge.topology);
        let from: Vec<Target> =
            fresh.iter().map(|learned| topology.canonical(&learned.fact.target)).collect();
        topology.learn_more(fresh);
        let concerned = topology.below(from);
        for live in self.incidents.values() {
            let mut paths = std::iter::successors(Some(live.incident.root.clone()), Target::parent);
            if paths.any(|path| concerned.contains(&path)) {
                // What was indexed under fewer edges is taken out under more: nothing is left behind.
                self.index.put(&live.incident, topology);
            }
        }
    }
}

#[cfg(test)]
mod tests;
