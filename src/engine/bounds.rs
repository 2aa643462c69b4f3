//! How far the agent may go by itself: what is not even judged, and what raises the bar. A runbook's author tied its
//! commands to the problem that it fits; of a model's plan nobody knows that, so it has to show.

use super::respond::{cooling_until, is_exhausted};
use super::world::World;
use crate::domain::action::{Action, Command, Effect};
use crate::domain::agent::PLAN_PREFIX;
use crate::domain::incident::{Incident, State};
use crate::domain::remediation::Plan;
use crate::domain::runbook::{CommandTemplate, Runbook};
use crate::domain::signal::{Signal, Timestamp};
use crate::domain::target::Target;
use crate::policy::{Autonomy, Facts};

/// What the names of units end with.
const KINDS: [&str; 7] = ["service", "mount", "timer", "socket", "container", "target", "slice"];

impl World {
    /// Why a plan is not even judged: what a person said, and what was tried, holds for the agent too. A plan that runs the
    /// same is the same, whatever its steps are called.
    pub(super) fn refuses(
        &self,
        incident: &Incident,
        runbook: &Runbook,
        now: Timestamp,
    ) -> Result<(), String> {
        if incident.state != State::Open {
            return Err(format!("the incident is {}, so nothing is begun now", incident.state));
        }
        let telling = self.incidents.get(&incident.id).map(|live| &live.telling);
        if telling.is_some_and(|telling| telling.silenced) {
            return Err("it is silenced, and nothing is repaired in a silence".to_owned());
        }
        if incident.flapping {
            return Err("it is flapping, and nothing is repaired until it keeps still".to_owned());
        }
        self.same_deeds(runbook).try_for_each(|name| self.refuses_one(incident, runbook, name, now))
    }

    fn refuses_one(
        &self,
        incident: &Incident,
        runbook: &Runbook,
        name: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let names = |names: &[String]| names.iter().any(|known| known == name);
        if names(&incident.declined) || self.learned.declined.contains(&super::proposals::declined_key(name))
        {
            return Err("a person said no to exactly this".to_owned());
        }
        if names(&incident.unanswered) {
            return Err("nobody answered when exactly this was asked for".to_owned());
        }
        if incident.all_taken_back().any(|taken| taken.runbook == name) {
            return Err("a person took back what exactly this did".to_owned());
        }
        let history =
            self.histories.get(&(name.to_owned(), incident.root.clone())).cloned().unwrap_or_default();
        let known = self.runbook(name).unwrap_or(runbook);
        if is_exhausted(incident, &history, known, now) {
            return Err("exactly this was tried as often as it may, and did not help".to_owned());
        }
        if let Some(until) = cooling_until(&history, known, now) {
            let at = until.with_timezone(&self.settings.tz).format("%H:%M:%S");
            return Err(format!("exactly this ran a short while ago; it may run again at {at}"));
        }
        Ok(())
    }

    /// The names under which these very commands are known.
    fn same_deeds<'a>(&'a self, runbook: &'a Runbook) -> impl Iterator<Item = &'a str> {
        let deeds = |runbook: &'a Runbook| runbook.steps.iter().map(|step| &step.run);
        let same = move |other: &&'a Runbook| {
            runbook.name.starts_with(PLAN_PREFIX)
                && other.name != runbook.name
                && deeds(other).map(plain).eq(deeds(runbook).map(plain))
        };
        let others = self.plans.values().filter(same).map(|other| other.name.as_str());
        std::iter::once(runbook.name.as_str()).chain(others)
    }

    /// What the policy has to know of something that the agent wants done. Each of these only raises the bar.
    pub(super) fn facts_for_agent(
        &self,
        incident: &Incident,
        runbook: &Runbook,
        signal: &Signal,
        confidence: u8,
        fits: bool,
        now: Timestamp,
    ) -> Facts {
        let facts = self.facts(&runbook.name, &incident.root, now);
        let enough = self.settings.agent.map_or(100, |limits| limits.confidence);
        let wanted = incident.investigating().is_some_and(|run| run.by.is_some());
        let only_asks = incident.request.is_some() || incident.is_storm() || wanted;
        Facts {
            doubtful: facts.doubtful || confidence < enough || !fits,
            observed: facts.observed && signal.target == incident.root && !incident.root.is_unknown(),
            autonomy: if only_asks { Autonomy::Propose } else { facts.autonomy },
            ..facts
        }
    }

    /// Whether each step of a judged plan that changes anything changes what is broken here, as far as its words show: it
    /// names that, or restores something on the root's very machine.
    pub(super) fn is_about(&self, plan: &Plan, incident: &Incident) -> bool {
        let active: Vec<&Target> = incident
            .members
            .iter()
            .filter(|member| member.active)
            .map(|member| &member.problem.target)
            .collect();
        plan.steps.iter().filter(|step| step.effect != Effect::Read).all(|step| {
            let Action::Command(command) = &step.run;
            let machine = match command.host.as_str() {
                "local" => self.settings.host.as_str(),
                host => host,
            };
            let there = incident.root.as_str().split('/').next() == Some(machine);
            active.iter().any(|target| names(command, target)) || there && step.effect == Effect::Restorative
        })
    }
}

fn plain(command: &CommandTemplate) -> (String, Vec<String>) {
    (command.host.clone(), command.argv.iter().map(ToString::to_string).collect())
}

/// Whether a word of a command is the target's own name: `web.service`, `deployment/web`, `/mnt/web`.
fn names(command: &Command, target: &Target) -> bool {
    let name = target.name();
    let is_it = |part: &str| {
        part == name
            || part.rsplit_once('.').is_some_and(|(stem, kind)| stem == name && KINDS.contains(&kind))
    };
    command.argv.iter().skip(1).flat_map(|word| word.split(['/', ':', '='])).any(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_it(line: &str, target: &str) -> bool {
        let Action::Command(command) = Action::local(line.split(' ').map(str::to_owned).collect());
        names(&command, &Target::parse(target).unwrap())
    }

    #[test]
    fn a_command_names_a_target_only_by_a_whole_word_of_its_own() {
        for line in [
            "systemctl restart web.service",
            "docker restart web",
            "kubectl delete pod/web",
            "umount /mnt/web",
        ] {
            assert!(names_it(line, "vm/web"), "{line}");
        }
        for line in
            ["docker stop db", "systemctl restart webmail", "web restart db", "systemctl restart web.db"]
        {
            assert!(!names_it(line, "vm/web"), "{line}");
        }
    }
}
