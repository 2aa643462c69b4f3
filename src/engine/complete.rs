//! What could be meant by what was typed so far, for platforms that complete as one types.

use std::collections::BTreeSet;

use super::ports::{Choice, Kind};
use super::world::World;
use crate::domain::command::{COMMANDS, Cluster};
use crate::domain::signal::Timestamp;

/// Most choices of one answer; no platform shows more.
const CHOICES: usize = 25;

impl World {
    /// What a field of this kind may hold, as far as it fits what was typed: first what begins with it.
    pub(super) fn complete(&self, kind: Kind, typed: &str, now: Timestamp) -> Vec<Choice> {
        let typed = typed.trim().trim_start_matches('#').to_lowercase();
        let mut fitting: Vec<(bool, Choice)> = self
            .all_of(kind, now)
            .into_iter()
            .filter_map(|choice| {
                let value = choice.value.to_lowercase();
                let fits = value.contains(&typed) || choice.label.to_lowercase().contains(&typed);
                fits.then(|| (!value.starts_with(&typed), choice))
            })
            .collect();
        fitting.sort_by_key(|(later, _)| *later);
        fitting.into_iter().map(|(_, choice)| choice).take(CHOICES).collect()
    }

    fn all_of(&self, kind: Kind, now: Timestamp) -> Vec<Choice> {
        match kind {
            Kind::Command => COMMANDS.iter().map(|help| choice(help.name, help.what)).collect(),
            Kind::Incident => self.incidents_by_number(),
            Kind::Target => self.targets_by_trouble(),
            Kind::Skill => self.knowledge.skills.iter().map(|name| choice(name, "")).collect(),
            Kind::Runbook => self.knowledge.runbooks.iter().map(|r| choice(&r.name, &r.title)).collect(),
            Kind::Goal => self.knowledge.goals.iter().map(|goal| choice(&goal.name, &goal.title)).collect(),
            Kind::Approval => self
                .approvals
                .values()
                .map(|a| choice(&a.number.to_string(), &format!("{} on {}", a.runbook, a.problem.target)))
                .chain(self.offers.values().map(|o| choice(&o.number.to_string(), &o.title)))
                .collect(),
            Kind::Silence => {
                let open = self.silences.iter().filter(|silence| now < silence.ends_at);
                open.map(|s| choice(&s.number.to_string(), &s.scope.to_string())).collect()
            }
            Kind::Duration => ["30m", "1h", "2h", "8h", "1d", "7d"].map(|time| choice(time, "")).into(),
            Kind::Host => {
                let here = choice(self.settings.host.as_str(), "this machine");
                std::iter::once(here)
                    .chain(self.settings.hosts.iter().map(|(name, host)| choice(name, &host.address)))
                    .collect()
            }
            Kind::Cluster => Cluster::ALL.map(|cluster| choice(cluster.as_str(), "")).into(),
            Kind::Time | Kind::Soon | Kind::Decision | Kind::Name | Kind::Text | Kind::Flag => Vec::new(),
        }
    }

    /// Those that are not over, the newest first.
    fn incidents_by_number(&self) -> Vec<Choice> {
        let mut live: Vec<_> = self.incidents.values().map(|live| &live.incident).collect();
        live.sort_by_key(|incident| (!incident.state.is_unresolved(), std::cmp::Reverse(incident.number)));
        live.into_iter()
            .map(|i| choice(&i.number.to_string(), &format!("{} ({})", i.root, i.state)))
            .collect()
    }

    /// What is broken now, then all else that is known.
    fn targets_by_trouble(&self) -> Vec<Choice> {
        let faults = self.incidents.values().filter(|live| live.incident.is_fault());
        let roots = faults.filter(|live| live.incident.state.is_unresolved());
        let broken: BTreeSet<&str> = roots.map(|live| live.incident.root.as_str()).collect();
        let mut known: BTreeSet<&str> =
            self.knowledge.topology.entries().map(|entry| entry.target.as_str()).collect();
        known.extend(self.heard_of.keys().map(|problem| problem.target.as_str()));
        broken.iter().chain(known.difference(&broken)).map(|target| choice(target, "")).collect()
    }
}

fn choice(value: &str, what: &str) -> Choice {
    let label = if what.is_empty() { value.to_owned() } else { format!("{value} · {what}") };
    Choice { value: value.to_owned(), label }
}
