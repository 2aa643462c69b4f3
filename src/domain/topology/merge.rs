//! What is written and what is learned become one topology: what is written wins, then what
//! matters most (see [`Relation`]), then what is known for longer.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::{Learned, Relation, Topology};
use crate::domain::target::{Meant, Target, by_ending};

/// What the operator wrote about what may be learned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrules {
    /// Other names of targets.
    pub aliases: BTreeMap<Target, Target>,
    /// What a target, with all that lies below it, does not need, whatever is learned.
    pub not_depends_on: BTreeMap<Target, BTreeSet<Target>>,
    /// Of these, and of what lies below them, nothing is learned.
    pub unlearned: BTreeSet<Target>,
}

/// Why something that was learned is not in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    /// The operator wrote `not_depends_on` or `learn: false` under this target.
    Overruled(Target),
    /// The other already needs this one, directly or not.
    Circle,
    /// The name means another target already.
    NameTaken,
}

impl std::fmt::Display for LeftOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Overruled(by) => write!(f, "overruled under {by} in topology.yaml"),
            Self::Circle => f.write_str("it would close a circle"),
            Self::NameTaken => f.write_str("the name stands for another target already"),
        }
    }
}

impl Topology {
    /// The same with what the operator wrote about learning and names.
    #[must_use]
    pub fn overruled(mut self, overrules: Overrules) -> Self {
        self.aliases =
            overrules.aliases.iter().map(|(name, target)| (name.clone(), (target.clone(), None))).collect();
        self.overrules = overrules;
        self
    }

    /// What is written of this one, with `learned` in place of what was learned before. What can't be in force is
    /// [left out](Topology::left_out).
    #[must_use]
    pub fn with_learned(&self, learned: impl IntoIterator<Item = Arc<Learned>>) -> Self {
        // What is written was found to be free of cycles already.
        let mut merged =
            Self { entries: self.entries.clone(), ..Self::default() }.overruled(self.overrules.clone());
        for entry in self.entries.values() {
            for upstream in &entry.depends_on {
                merged.dependents.entry(upstream.clone()).or_default().push(entry.target.clone());
            }
        }
        let mut learned: Vec<Arc<Learned>> = learned.into_iter().collect();
        // Names first: what is needed is known by them. Then what matters most, and of that the older.
        learned.sort_by_key(|learned| (learned.fact.relation, learned.first_seen));
        let mut meant: HashSet<Target> = self.overrules.aliases.values().cloned().collect();
        for learned in learned {
            let refused = match learned.fact.relation {
                Relation::Is => merged.add_name(&learned, &mut meant),
                _ => merged.add_edge(&learned),
            };
            if let Err(why) = refused {
                merged.left_out.push((learned, why));
            }
        }
        merged
    }

    fn add_name(&mut self, learned: &Arc<Learned>, meant: &mut HashSet<Target>) -> Result<(), LeftOut> {
        let (name, target) = (&learned.fact.target, self.canonical(&learned.fact.other));
        if let Some(by) = enclosing(name).find(|path| self.overrules.unlearned.contains(path)) {
            return Err(LeftOut::Overruled(by));
        }
        if *name == target || self.aliases.get(name).is_some_and(|(known, _)| *known == target) {
            return Ok(());
        }
        let means_something = self.entries.contains_key(name) || self.aliases.contains_key(name);
        // A name of a name would depend on the order in which they were learned.
        if means_something || meant.contains(name) || target.is_within(name) {
            return Err(LeftOut::NameTaken);
        }
        meant.insert(target.clone());
        self.aliases.insert(name.clone(), (target, Some(learned.clone())));
        Ok(())
    }

    /// Puts more edges in force, without looking at all the others again. Names are passed over: they would change
    /// what the others mean.
    pub fn learn_more(&mut self, learned: impl IntoIterator<Item = Arc<Learned>>) {
        for learned in learned.into_iter().filter(|learned| learned.fact.relation != Relation::Is) {
            if let Err(why) = self.add_edge(&learned) {
                self.left_out.push((learned, why));
            }
        }
    }

    /// These and everything that needs one of them or what encloses one: all that may find new causes when one of
    /// these comes to need something. What lies below one of the result belongs to it too.
    #[must_use]
    pub fn below(&self, targets: impl IntoIterator<Item = Target>) -> HashSet<Target> {
        let mut waiting: Vec<Target> = targets.into_iter().collect();
        let mut found: HashSet<Target> = waiting.iter().cloned().collect();
        while let Some(here) = waiting.pop() {
            let after = self.dependents.range(here.clone()..);
            let near = after.take_while(|(target, _)| target.as_str().starts_with(here.as_str()));
            for dependent in near.filter(|(target, _)| target.is_within(&here)).flat_map(|(_, below)| below) {
                if found.insert(dependent.clone()) {
                    waiting.push(dependent.clone());
                }
            }
        }
        found
    }

    /// Whether that was learned already.
    fn has_learned(&self, from: &Target, to: &Target) -> bool {
        let (Some(above), Some(below)) = (self.learned.get(from), self.dependents.get(to)) else {
            return false;
        };
        match above.len() < below.len() {
            true => above.iter().any(|(other, _)| other == to),
            false => below.contains(from),
        }
    }

    fn add_edge(&mut self, learned: &Arc<Learned>) -> Result<(), LeftOut> {
        let (from, to) = (self.canonical(&learned.fact.target), self.canonical(&learned.fact.other));
        if from == to || self.entries.get(&from).is_some_and(|entry| entry.depends_on.contains(&to)) {
            return Ok(());
        }
        if let Some(by) = self.overruling(&from, &to) {
            return Err(LeftOut::Overruled(by));
        }
        if self.has_learned(&from, &to) {
            return Ok(());
        }
        if to.is_within(&from) || self.reaches(&to, &from) {
            return Err(LeftOut::Circle);
        }
        self.dependents.entry(to.clone()).or_default().push(from.clone());
        self.learned.entry(from).or_default().push((to, learned.clone()));
        Ok(())
    }

    fn overruling(&self, from: &Target, to: &Target) -> Option<Target> {
        let overrules = &self.overrules;
        if overrules.unlearned.is_empty() && overrules.not_depends_on.is_empty() {
            return None;
        }
        enclosing(from).find(|path| {
            let denied = overrules.not_depends_on.get(path);
            overrules.unlearned.contains(path)
                || denied.is_some_and(|denied| denied.iter().any(|other| to.is_within(other)))
        })
    }

    /// Whether `start` needs `end`, by what is declared.
    fn reaches(&self, start: &Target, end: &Target) -> bool {
        let mut seen: HashMap<&Target, ()> = HashMap::new();
        let mut waiting: Vec<&Target> = self.needs(start).map(|edge| edge.to).collect();
        while let Some(here) = waiting.pop() {
            if here == end {
                return true;
            }
            if seen.insert(here, ()).is_none() {
                waiting.extend(self.needs(here).map(|edge| edge.to));
            }
        }
        false
    }

    /// The target that a name means: the longest part of it from the left that is another name of a target is
    /// replaced by that. `10.0.0.5/media` is `nas/media` where `10.0.0.5` is `nas`.
    #[must_use]
    pub fn canonical(&self, target: &Target) -> Target {
        if self.aliases.is_empty() {
            return target.clone();
        }
        let known = enclosing(target).find_map(|path| Some((self.aliases.get(&path)?, path)));
        let Some(((meant, _), path)) = known else { return target.clone() };
        let rest = target.as_str().strip_prefix(path.as_str()).unwrap_or_default();
        Target::parse(&format!("{meant}{rest}")).unwrap_or_else(|_| target.clone())
    }

    /// The other names of a target, in order, with where each was learned if it is not written.
    #[must_use]
    pub fn names_of(&self, target: &Target) -> Vec<(&Target, Option<&Learned>)> {
        let names = self.aliases.iter().filter(|(_, (meant, _))| meant == target);
        let mut names: Vec<_> = names.map(|(name, (_, learned))| (name, learned.as_deref())).collect();
        names.sort_by_key(|(name, _)| *name);
        names
    }

    /// Every target that something was learned to need, and what.
    pub fn learned(&self) -> impl Iterator<Item = super::Edge<'_>> {
        let of = |(from, learned)| {
            let edges: &Vec<(Target, Arc<Learned>)> = learned;
            edges.iter().map(move |(to, learned)| super::Edge { from, to, learned: Some(learned) })
        };
        self.learned.iter().flat_map(of)
    }

    /// What was learned and is not in force, and why not.
    pub fn left_out(&self) -> impl Iterator<Item = (&Learned, &LeftOut)> {
        self.left_out.iter().map(|(learned, why)| (&**learned, why))
    }

    /// The target that a name means: by this topology, or else by what is `failing`, itself, another name of it, or
    /// the one whose path ends so. A path that leads to something known stands for itself.
    #[must_use]
    pub fn meant<'a>(&'a self, named: &Target, failing: impl IntoIterator<Item = &'a Target>) -> Meant {
        let target = self.canonical(named);
        let edges = self
            .learned
            .iter()
            .flat_map(|(from, to)| std::iter::once(from).chain(to.iter().map(|(to, _)| to)));
        let known: Vec<&Target> = self.entries.keys().chain(edges).collect();
        let failing: Vec<&Target> = failing.into_iter().collect();
        let leads = |other: &&&Target| other.is_within(&target) || target.is_within(other);
        if known.iter().chain(&failing).any(|other| leads(&other)) {
            return Meant::One(target);
        }
        match by_ending(&target, known) {
            Meant::Unknown => by_ending(&target, failing),
            known => known,
        }
    }

    /// Whether anything is known of the target: it is written, was learned of, or is another name.
    #[must_use]
    pub fn knows(&self, target: &Target) -> bool {
        self.entries.contains_key(target)
            || self.learned.contains_key(target)
            || self.dependents.contains_key(target)
            || self.aliases.contains_key(target)
    }
}

/// The path itself and all that enclose it, the longest first.
fn enclosing(target: &Target) -> impl Iterator<Item = Target> {
    std::iter::successors(Some(target.clone()), Target::parent)
}

#[cfg(test)]
#[path = "merge/tests.rs"]
mod tests;
