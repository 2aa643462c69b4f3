//! Whether a silence that somebody asks for covers anything that is known: a slip of the keys silences nothing.

use std::collections::BTreeSet;

use crate::domain::command::suggest;
use crate::domain::signal::SignalState;
use crate::domain::suppression::Scope;
use crate::domain::target::Target;
use crate::engine::world::World;
use crate::store::batch::SignalRow;

impl World {
    /// What to say if nothing is known that a silence would cover; `now` says that it holds from now on.
    pub(super) fn doubt(&self, scope: &Scope, now: bool) -> Option<String> {
        match scope {
            Scope::Target(_) => self.unknown_target(scope).map(|doubt| format!("But {doubt}")),
            Scope::Matchers(_) => {
                let firing = |row: &&SignalRow| row.signal.state == SignalState::Firing;
                let matches = self.signals.values().filter(firing).any(|row| scope.covers(&row.signal));
                (now && !matches).then(|| "It matches nothing that is broken now.".to_owned())
            }
        }
    }

    /// That nothing is known at or below the target of a silence, and what may have been meant.
    pub(in crate::engine) fn unknown_target(&self, scope: &Scope) -> Option<String> {
        let wanted = scope.target()?;
        let known = self.known_targets();
        if known.iter().any(|target| target.is_within(wanted)) {
            return None;
        }
        let meant = self.knowledge.topology.canonical(wanted);
        if meant != *wanted {
            return Some(format!(
                "{wanted} is another name of {meant}, and only that is silenced by its name."
            ));
        }
        // What is above something known is known as well.
        let mut names: BTreeSet<String> = BTreeSet::new();
        for target in known {
            let mut above = Some(target.clone());
            while let Some(target) = above {
                names.insert(target.to_string());
                above = target.parent();
            }
        }
        let meant = suggest(wanted.as_str(), names.iter().map(String::as_str));
        Some(match meant {
            Some(meant) => format!("I know nothing called {wanted}. Did you mean {meant}?"),
            None => format!("I know nothing called {wanted}, so it may silence nothing."),
        })
    }

    /// Every target that the topology, the skills, the incidents and the signals tell of.
    fn known_targets(&self) -> BTreeSet<&Target> {
        let topology = &self.knowledge.topology;
        let written =
            topology.entries().flat_map(|entry| std::iter::once(&entry.target).chain(&entry.depends_on));
        let watched = self.knowledge.watched.values().flatten();
        let incidents = self.incidents.values().map(|live| &live.incident);
        let roots = incidents.clone().map(|incident| &incident.root);
        let members = incidents.flat_map(|incident| incident.members.iter().map(|m| &m.problem.target));
        let heard = self.signals.keys().map(|(_, problem)| &problem.target);
        written.chain(watched).chain(roots).chain(members).chain(heard).collect()
    }
}
