//! Inhibition, kept up as signals come and go: what inhibits and what may be inhibited is indexed by the labels that have
//! to be equal, so that one signal costs a look at each rule and never a look at each other signal.

use std::collections::{BTreeSet, HashMap};

use super::world::{SignalKey, World};
use crate::domain::signal::SignalState;
use crate::domain::suppression::Side;

/// What a signal is to one rule: on which sides it stands, with which values of the labels that have to be equal.
struct Place {
    rule: usize,
    values: Vec<String>,
    side: Side,
}

/// The firing signals of one rule that have the same labels.
#[derive(Default)]
struct Group {
    /// What inhibits and could not be inhibited itself.
    pure: BTreeSet<SignalKey>,
    /// What stands on both sides.
    both: BTreeSet<SignalKey>,
    /// What may be inhibited; those that stand on both sides, too.
    targets: BTreeSet<SignalKey>,
}

/// Everything that fires and is anything to a rule.
#[derive(Default)]
pub(super) struct Inhibitors {
    groups: HashMap<(usize, Vec<String>), Group>,
    places: HashMap<SignalKey, Vec<Place>>,
}

impl Group {
    /// What inhibits a target on this side.
    fn inhibitor(&self, side: Side) -> Option<&SignalKey> {
        // What stands on both sides inhibits what only stands on the target's.
        let both = self.both.first().filter(|_| !side.source);
        self.pure.first().or(both)
    }

    fn state(&self) -> (bool, bool) {
        (self.pure.is_empty(), self.both.is_empty())
    }

    fn put(&mut self, key: &SignalKey, side: Side) {
        if side.source {
            if side.target { &mut self.both } else { &mut self.pure }.insert(key.clone());
        }
        if side.target {
            self.targets.insert(key.clone());
        }
    }

    fn take(&mut self, key: &SignalKey) {
        for set in [&mut self.pure, &mut self.both, &mut self.targets] {
            set.remove(key);
        }
    }
}

impl World {
    /// Takes note of what a signal says now, and has whatever that inhibits, or no longer does, looked at.
    pub(super) fn inhibition_sees(&mut self, key: &SignalKey) {
        let settings = self.settings.clone();
        let rules = &settings.quiet.inhibit;
        if rules.is_empty() {
            return;
        }
        let firing = self.signals.get(key).filter(|row| row.signal.state == SignalState::Firing);
        let mut places = Vec::new();
        if let Some(row) = firing {
            for (index, rule) in rules.iter().enumerate() {
                let side = rule.side(&row.signal);
                if side.source || side.target {
                    places.push(Place { rule: index, values: rule.values(&row.signal), side });
                }
            }
        }
        for place in self.inhibitors.places.remove(key).unwrap_or_default() {
            self.change_group((place.rule, place.values), |group| group.take(key));
        }
        for place in &places {
            self.change_group((place.rule, place.values.clone()), |group| group.put(key, place.side));
        }
        if !places.is_empty() {
            self.inhibitors.places.insert(key.clone(), places);
        }
    }

    /// Changes a group; where that makes a difference to what it inhibits, those incidents are looked at.
    fn change_group(&mut self, at: (usize, Vec<String>), change: impl FnOnce(&mut Group)) {
        let group = self.inhibitors.groups.entry(at.clone()).or_default();
        let before = group.state();
        change(group);
        if group.state() != before {
            let touched = group.targets.iter().filter_map(|(_, problem)| self.index.incident_of(problem));
            self.dirty.extend(touched);
        }
        if group.targets.is_empty() && group.state() == (true, true) {
            self.inhibitors.groups.remove(&at);
        }
    }

    /// Why a signal that fires is inhibited, if it is: what inhibits it, and by which rule.
    pub(super) fn inhibited_by(&self, key: &SignalKey) -> Option<String> {
        let places = self.inhibitors.places.get(key)?;
        places.iter().filter(|place| place.side.target).find_map(|place| {
            let group = self.inhibitors.groups.get(&(place.rule, place.values.clone()))?;
            let (_, problem) = group.inhibitor(place.side)?;
            let rule = self.settings.quiet.inhibit.get(place.rule)?;
            Some(format!("{problem} (rule {})", rule.name))
        })
    }

    /// Whether anything could be inhibited at all.
    pub(super) fn inhibits_nothing(&self) -> bool {
        self.inhibitors.groups.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::{Origin, Problem};
    use crate::domain::target::{Signature, Target};

    fn key(name: &str) -> SignalKey {
        let signature = Signature::parse("down").unwrap();
        (Origin::alert("am", name), Problem { target: Target::parse(name).unwrap(), signature })
    }

    #[test]
    fn a_group_finds_its_inhibitor_as_the_rule_for_single_signals_says() {
        const SIDES: [Side; 3] = [
            Side { source: true, target: false },
            Side { source: false, target: true },
            Side { source: true, target: true },
        ];
        for there in SIDES {
            for looked_at in SIDES.into_iter().filter(|side| side.target) {
                let mut group = Group::default();
                group.put(&key("a"), there);
                let found = group.inhibitor(looked_at).is_some();
                assert_eq!(found, there.inhibits(looked_at), "{there:?} and {looked_at:?}");
                group.take(&key("a"));
                assert!(group.inhibitor(looked_at).is_none() && group.targets.is_empty());
            }
        }
    }
}
