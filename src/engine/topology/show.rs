//! The topology for people: what a target needs, what needs it, and how that is known.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::told::dependencies;
use crate::domain::card::Card;
use crate::domain::command::suggest;
use crate::domain::signal::Timestamp;
use crate::domain::target::{Meant, Target, by_ending, did_you_mean};
use crate::domain::topology::{Edge, Learned, LeftOut, Relation, SourceKind, Topology};
use crate::engine::answers::count_of;
use crate::engine::cards::span;
use crate::store::topology::SourceState;

/// The most lines of one kind that a card has; the command line shows all.
const LINES: usize = 25;

/// What is shown, and from when.
pub struct Shown<'a> {
    /// What is in force.
    pub topology: &'a Topology,
    /// The kinds of sources that it is learned from.
    pub kinds: &'a BTreeSet<SourceKind>,
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

    /// The answer in chat, where `failing` is what is part of an incident now; the flag says whether there is such a
    /// target.
    #[must_use]
    pub fn card<'b>(
        &self,
        target: Option<&Target>,
        failing: impl IntoIterator<Item = &'b Target>,
    ) -> (bool, Card) {
        let Some(named) = target else { return (true, self.overview()) };
        match self.meant(named, failing) {
            Ok(target) => (true, self.one(named, &target)),
            Err(card) => (false, *card),
        }
    }

    /// The target that a name means: itself or another name of it, or the one whose path ends so.
    ///
    /// # Errors
    /// Nothing is known of it; the card tells what may be meant.
    pub fn meant<'b>(
        &self,
        named: &Target,
        failing: impl IntoIterator<Item = &'b Target>,
    ) -> Result<Target, Box<Card>> {
        let target = self.topology.canonical(named);
        if self.topology.knows(&target) || self.inherits(&target) {
            return Ok(target);
        }
        let ending = |known: Vec<&Target>| by_ending(named, known);
        // What is failing is no part of the topology, and asked for all the same; what is known of goes before.
        match ending(self.all()) {
            Meant::One(target) => Ok(target),
            Meant::Several(names) => Err(Box::new(self.unknown(named, &names))),
            Meant::Unknown => match ending(failing.into_iter().collect()) {
                Meant::One(target) if self.inherits(&target) => Ok(target),
                Meant::One(target) => Err(Box::new(self.unknown(&target, &[]))),
                Meant::Several(names) => Err(Box::new(self.unknown(named, &names))),
                Meant::Unknown => Err(Box::new(self.unknown(named, &[]))),
            },
        }
    }

    fn inherits(&self, target: &Target) -> bool {
        self.topology.upstreams(target).iter().any(|upstream| upstream.declared)
    }

    fn one(&self, named: &Target, target: &Target) -> Card {
        let title = match self.topology.kind(target) {
            Some(kind) => format!("{target} ({kind})"),
            None => target.to_string(),
        };
        let mut card = Card::titled(title);
        if named != target {
            card = card.line(self.called(named, target));
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

    /// How a name that was asked for is this target.
    #[must_use]
    pub fn called(&self, named: &Target, target: &Target) -> String {
        match self.topology.canonical(named) == *target {
            true => format!("{named} is another name of {target}."),
            false => format!("{target} is the only one that I know whose path ends in {named}."),
        }
    }

    fn unknown(&self, target: &Target, meant: &[Target]) -> Card {
        if !meant.is_empty() {
            return Card::titled(did_you_mean(target, meant));
        }
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
        let written = count_of(written, "target");
        let learned = dependencies(learned);
        Card::titled(format!("Topology: {written} written, {learned} learned"))
            .field("Learned from", clipped(self.sources()))
            .field("Most depends on", clipped(most.collect()))
            .field("Learned, but left out", nothing_else(clipped(self.left_out(None)), "nothing"))
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
    nothing_else(lines, "nothing that is known")
}

fn nothing_else(lines: String, nothing: &str) -> String {
    if lines.is_empty() { nothing.to_owned() } else { lines }
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
