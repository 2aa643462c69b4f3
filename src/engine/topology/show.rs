//! The topology for people: what a target needs, what needs it, and how that is known.

use std::fmt::Write as _;

use crate::domain::card::Card;
use crate::domain::command::suggest;
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;
use crate::domain::topology::{Edge, Learned, LeftOut, Relation, Topology};
use crate::engine::cards::span;
use crate::store::topology::SourceState;

/// The most lines of one kind that a card has; the command line shows all.
const LINES: usize = 25;

/// What is shown, and from when.
pub struct Shown<'a> {
    /// What is in force.
    pub topology: &'a Topology,
    /// How the reading of the sources went.
    pub sources: Vec<&'a SourceState>,
    /// Now.
    pub now: Timestamp,
}

impl Shown<'_> {
    /// How an edge is known: `written`, or `learned from kubernetes 5 min ago: the pod runs on n3`.
    #[must_use]
    pub fn origin(&self, learned: Option<&Learned>) -> String {
        let Some(learned) = learned else { return "written".to_owned() };
        let read = self.sources.iter().find(|state| state.source == learned.source);
        let at = read.and_then(|state| state.read_at).unwrap_or(learned.last_seen);
        format!("learned from {} {} ago: {}", learned.source, span(at, self.now), learned.fact.why)
    }

    /// What is needed by a target, the nearest first, each a line.
    #[must_use]
    pub fn needs(&self, target: &Target) -> Vec<String> {
        let edge = |edge: Edge<'_>| format!("{}  {}", edge.to, self.origin(edge.learned));
        let mut lines: Vec<String> = self.topology.needs(target).map(edge).collect();
        let direct: Vec<&Target> = self.topology.needs(target).map(|edge| edge.to).collect();
        let further = self.topology.upstreams(target);
        let further =
            further.iter().filter(|upstream| upstream.declared && !direct.contains(&&upstream.target));
        lines.extend(further.map(|upstream| {
            let chain = self.topology.chain(target, &upstream.target).unwrap_or_default();
            let by = chain.iter().rev().nth(1).filter(|by| *by != target);
            by.map_or_else(
                || upstream.target.to_string(),
                |by| format!("{}  by way of {by}", upstream.target),
            )
        }));
        lines
    }

    /// What needs a target directly, each a line.
    #[must_use]
    pub fn needed_by(&self, target: &Target) -> Vec<String> {
        let line = |edge: Edge<'_>| format!("{}  {}", edge.from, self.origin(edge.learned));
        self.topology.needed_by(target).into_iter().map(line).collect()
    }

    /// Its other names, each a line.
    #[must_use]
    pub fn names(&self, target: &Target) -> Vec<String> {
        let names = self.topology.names_of(target).into_iter();
        names.map(|(name, learned)| format!("{name}  {}", self.origin(learned))).collect()
    }

    /// What was learned of a target (or of anything) and is not in force, each a line.
    #[must_use]
    pub fn left_out(&self, of: Option<&Target>) -> Vec<String> {
        let about = |(learned, _): &(&Learned, &LeftOut)| {
            of.is_none_or(|target| learned.fact.target == *target || learned.fact.other == *target)
        };
        let left_out = self.topology.left_out().filter(about);
        left_out
            .map(|(learned, why)| format!("{}: {why} (learned from {})", said(learned), learned.source))
            .collect()
    }

    /// How the sources are, each a line.
    #[must_use]
    pub fn sources(&self) -> Vec<String> {
        let line = |state: &&SourceState| {
            let read = state.read_at.map(|at| span(at, self.now));
            match (&state.problem, read) {
                (None, Some(read)) => format!("{}: read {read} ago", state.source),
                (None, None) => format!("{}: not read yet", state.source),
                (Some(why), Some(read)) => {
                    format!("{}: can't be read now, so what it said {read} ago stays: {why}", state.source)
                }
                (Some(why), None) => format!("{}: could not be read yet: {why}", state.source),
            }
        };
        self.sources.iter().map(line).collect()
    }

    /// The answer in chat; the flag says whether there is such a target.
    #[must_use]
    pub fn card(&self, target: Option<&Target>) -> (bool, Card) {
        match target {
            None => (true, self.overview()),
            Some(named) => {
                let target = self.topology.canonical(named);
                let inherits = self.topology.upstreams(&target).iter().any(|upstream| upstream.declared);
                if !self.topology.knows(&target) && !inherits {
                    return (false, self.unknown(named));
                }
                (true, self.one(named, &target))
            }
        }
    }

    fn one(&self, named: &Target, target: &Target) -> Card {
        let title = match self.topology.kind(target) {
            Some(kind) => format!("{target} ({kind})"),
            None => target.to_string(),
        };
        let mut card = Card::titled(title);
        if named != target {
            card = card.line(format!("{named} is another name of {target}."));
        }
        let card = card
            .field("Needs", or_nothing(clipped(self.needs(target))))
            .field("Needed by", or_nothing(clipped(self.needed_by(target))))
            .field("Also called", clipped(self.names(target)))
            .field("Learned, but left out", clipped(self.left_out(Some(target))));
        let wrong = self.topology.needs(target).find(|edge| edge.learned.is_some());
        match wrong {
            Some(edge) => card.line(format!(
                "What is learned and wrong is overruled in topology.yaml: `{target}: {{ not_depends_on: [{}] }}` under `targets`.",
                edge.to
            )),
            None => card,
        }
    }

    fn unknown(&self, target: &Target) -> Card {
        let names: Vec<&str> = self.all().into_iter().map(Target::as_str).collect();
        let card =
            Card::titled(format!("Nothing is known of {target}: it needs nothing, and nothing needs it"));
        match suggest(target.as_str(), names) {
            Some(near) => card.line(format!("Did you mean `topology {near}`?")),
            None => card.line("`topology` alone says where the topology is learned from."),
        }
    }

    fn overview(&self) -> Card {
        let written = self.topology.entries().count();
        let learned = self.topology.learned().count();
        let most = self.busiest().into_iter().map(|(count, target)| format!("{target}  {count}"));
        Card::titled(format!("Topology: {written} targets are written, {learned} dependencies were learned"))
            .field("Learned from", clipped(self.sources()))
            .field("Most depends on", clipped(most.collect()))
            .field("Learned, but left out", clipped(self.left_out(None)))
            .line("`topology TARGET` shows what one target needs, what needs it, and how that is known.")
    }

    /// What is needed most, and by how many.
    fn busiest(&self) -> Vec<(usize, &Target)> {
        let count = |target| (self.topology.needed_by(target).len(), target);
        let mut all: Vec<(usize, &Target)> =
            self.all().into_iter().map(count).filter(|(n, _)| *n > 0).collect();
        all.sort_by_key(|(count, target)| (std::cmp::Reverse(*count), *target));
        all.truncate(8);
        all
    }

    /// Every target that something is known of, in order.
    #[must_use]
    pub fn all(&self) -> Vec<&Target> {
        let written = self.topology.entries().map(|entry| &entry.target);
        let learned = self.topology.learned().flat_map(|edge| [edge.from, edge.to]);
        let mut all: Vec<&Target> = written.chain(learned).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// What was learned, in words.
#[must_use]
pub fn said(learned: &Learned) -> String {
    let verb = match learned.fact.relation {
        Relation::Is => "is another name of",
        _ => "needs",
    };
    format!("{} {verb} {}", learned.fact.target, learned.fact.other)
}

fn or_nothing(lines: String) -> String {
    if lines.is_empty() { "nothing that is known".to_owned() } else { lines }
}

fn clipped(lines: Vec<String>) -> String {
    let more = lines.len().saturating_sub(LINES);
    let mut text = lines.into_iter().take(LINES).collect::<Vec<_>>().join("\n");
    if more > 0 {
        // Writing to a string does not fail.
        let _ = write!(text, "\n… and {more} more; `steward topology` on the command line shows all");
    }
    text
}
