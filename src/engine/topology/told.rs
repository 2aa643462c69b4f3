//! Where the topology is learned from, a line for each source, and for each kind of source that is off.

use super::show::Shown;
use crate::domain::topology::{Source, SourceKind};
use crate::engine::cards::span;
use crate::store::topology::SourceState;

/// `1 dependency`, `3 dependencies`.
pub(super) fn dependencies(n: usize) -> String {
    format!("{n} {}", if n == 1 { "dependency" } else { "dependencies" })
}

impl Shown<'_> {
    /// Each source, each a line: whether it is on, when it was read, what came of it and what is wrong with it.
    #[must_use]
    pub fn sources(&self) -> Vec<String> {
        [SourceKind::Labels, SourceKind::Kubernetes, SourceKind::Compose]
            .into_iter()
            .flat_map(|kind| self.of_kind(kind))
            .collect()
    }

    fn of_kind(&self, kind: SourceKind) -> Vec<String> {
        let (name, setting) = match kind {
            SourceKind::Labels => ("the labels of alerts", "labels"),
            SourceKind::Kubernetes => ("kubernetes", "kubernetes"),
            SourceKind::Compose => ("compose files", "compose"),
        };
        if !self.kinds.contains(&kind) {
            return vec![format!("{name}: off (add \"{setting}\" to `[topology] learn`)")];
        }
        if kind == SourceKind::Labels {
            return vec![format!("{name}: on; {}", self.came_of(&Source::Labels))];
        }
        let states = self.sources.iter().filter(|state| state.source.kind() == kind);
        let lines: Vec<String> = states.map(|state| self.state(state)).collect();
        match (lines.is_empty(), kind) {
            (false, _) => lines,
            (true, SourceKind::Compose) => {
                vec![format!("{name}: on, but none was found (`[topology] compose` says where they are)")]
            }
            (true, _) => vec![format!("{name}: on; not read yet")],
        }
    }

    fn state(&self, state: &SourceState) -> String {
        let came = self.came_of(&state.source);
        let read = state.read_at.map(|at| span(at, self.now));
        match (&state.problem, read) {
            (None, Some(read)) => format!("{}: read {read} ago; {came}", state.source),
            (None, None) => format!("{}: not read yet", state.source),
            (Some(why), Some(read)) => format!(
                "{}: can't be read now, so what it said {read} ago stays ({came}): {why}",
                state.source
            ),
            (Some(why), None) => format!("{}: could not be read yet: {why}", state.source),
        }
    }

    /// How much of what a source said is in force, and how much is not.
    fn came_of(&self, source: &Source) -> String {
        let edges = self.topology.learned().filter(|edge| edge.learned.is_some_and(|l| l.source == *source));
        let left_out = self.topology.left_out().filter(|(learned, _)| learned.source == *source).count();
        let edges = dependencies(edges.count());
        match left_out {
            0 => edges,
            n => format!("{edges}, {n} left out"),
        }
    }
}
