//! The topology as JSON.

use serde::Serialize;

use super::Time;
use crate::domain::target::Target;
use crate::domain::topology::{Edge, Learned};
use crate::engine::topology::show::Shown;

/// `topology`
#[derive(Serialize)]
pub(in crate::cli) struct TopologyDocument {
    targets: Vec<TargetEntry>,
    sources: Vec<SourceEntry>,
    /// What was learned and is not in force.
    left_out: Vec<LeftOutEntry>,
}

#[derive(Serialize)]
struct TargetEntry {
    target: String,
    /// In the owner's words; `null` where it is not written.
    kind: Option<String>,
    aliases: Vec<NameEntry>,
    needs: Vec<EdgeEntry>,
    needed_by: Vec<EdgeEntry>,
}

#[derive(Serialize)]
struct NameEntry {
    name: String,
    learned: Option<LearnedEntry>,
}

#[derive(Serialize)]
struct EdgeEntry {
    target: String,
    /// `null` if it is written.
    learned: Option<LearnedEntry>,
}

#[derive(Serialize)]
struct LearnedEntry {
    source: String,
    why: String,
    first_seen: Time,
    last_seen: Time,
}

#[derive(Serialize)]
struct SourceEntry {
    source: String,
    read_at: Option<Time>,
    tried_at: Time,
    problem: Option<String>,
}

#[derive(Serialize)]
struct LeftOutEntry {
    target: String,
    relation: &'static str,
    other: String,
    learned: LearnedEntry,
    why: String,
}

impl TopologyDocument {
    /// One target, or all.
    pub(in crate::cli) fn new(shown: &Shown<'_>, target: Option<&Target>) -> Self {
        let targets = match target {
            Some(target) => vec![TargetEntry::new(shown, target)],
            None => shown.all().into_iter().map(|target| TargetEntry::new(shown, target)).collect(),
        };
        let sources = shown.sources.iter().map(|state| SourceEntry {
            source: state.source.to_string(),
            read_at: state.read_at.map(Time),
            tried_at: Time(state.tried_at),
            problem: state.problem.clone(),
        });
        let concerns = |learned: &Learned| {
            target.is_none_or(|target| learned.fact.target == *target || learned.fact.other == *target)
        };
        let left_out = shown.topology.left_out().filter(|(learned, _)| concerns(learned));
        let left_out = left_out.map(|(learned, why)| LeftOutEntry {
            target: learned.fact.target.to_string(),
            relation: learned.fact.relation.as_str(),
            other: learned.fact.other.to_string(),
            learned: LearnedEntry::new(learned),
            why: why.to_string(),
        });
        Self { targets, sources: sources.collect(), left_out: left_out.collect() }
    }
}

impl TargetEntry {
    fn new(shown: &Shown<'_>, target: &Target) -> Self {
        let topology = shown.topology;
        let entry = |target: &Target, edge: &Edge<'_>| EdgeEntry {
            target: target.to_string(),
            learned: edge.learned.map(LearnedEntry::new),
        };
        let names = topology.names_of(target).into_iter();
        Self {
            target: target.to_string(),
            kind: topology.kind(target).map(str::to_owned),
            aliases: names
                .map(|(name, learned)| NameEntry {
                    name: name.to_string(),
                    learned: learned.map(LearnedEntry::new),
                })
                .collect(),
            needs: topology.needs(target).map(|edge| entry(edge.to, &edge)).collect(),
            needed_by: topology.needed_by(target).iter().map(|edge| entry(edge.from, edge)).collect(),
        }
    }
}

impl LearnedEntry {
    fn new(learned: &Learned) -> Self {
        Self {
            source: learned.source.to_string(),
            why: learned.fact.why.clone(),
            first_seen: Time(learned.first_seen),
            last_seen: Time(learned.last_seen),
        }
    }
}
