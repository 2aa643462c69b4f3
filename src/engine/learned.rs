//! What was learned, as the engine has it in memory: what people wanted kept and what they did not, how faults went
//! before, and which fixes of the agent have held.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::agent::{Episode, Fixed, Lesson};
use crate::domain::ids::{IncidentId, RemediationId, RunId};
use crate::domain::target::{Signature, Target};

/// Episodes kept of one problem in memory; a record looks no further back.
pub(super) const EPISODES: usize = 50;

/// What was learned.
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// The keys of what a person did not want.
    pub(super) declined: BTreeSet<String>,
    /// The keys of what was kept.
    pub(super) kept: BTreeSet<String>,
    /// How each problem went before, the oldest first.
    pub(super) episodes: BTreeMap<(Signature, Target), VecDeque<Episode>>,
    /// The agent's fixes that held their watch time, the oldest first.
    pub(super) fixes: Vec<Fixed>,
    /// The agent's fixes that are watched, with the case of each. One that did not last stays here and is looked at no
    /// more.
    pub(super) watched: BTreeMap<RemediationId, (IncidentId, u64, Fixed)>,
    /// Lessons that the agent puts into better words now, with the case of each.
    pub(super) narrating: BTreeMap<RunId, (IncidentId, u64, Lesson)>,
    /// The agent's plans as they are written, by name.
    pub(super) plans: BTreeMap<String, String>,
}

impl Learned {
    /// Remembers how a problem went. What is known of the same incident is replaced: it goes on.
    pub(super) fn remember(&mut self, episode: Episode) {
        let key = (episode.signature.clone(), episode.target.clone());
        let known = self.episodes.entry(key).or_default();
        known.retain(|other| other.incident != episode.incident);
        known.push_back(episode);
        if known.len() > EPISODES {
            known.pop_front();
        }
    }
}
