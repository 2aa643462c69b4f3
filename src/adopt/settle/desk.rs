//! Where decisions are asked and answered.

use std::collections::BTreeSet;

use crate::adopt::project::Project;
use crate::adopt::{Decision, Fault, Options};
use crate::domain::command::suggest;

/// What decisions of a service are about, behind the slash of their ids. An answer to one that is not a question any
/// more (it was settled before) is no mistake.
const TOPICS: &[&str] = &[
    "address",
    "capabilities",
    "devices",
    "gpu",
    "health",
    "image",
    "limits",
    "network",
    "privileged",
    "public-name",
    "processes",
    "replicas",
    "runs",
    "root",
    "sysctls",
    "udp",
];

/// The decisions so far, and the answers to come.
pub(super) struct Desk<'a> {
    pub(super) options: &'a Options,
    decisions: Vec<Decision>,
    faults: Vec<Fault>,
    /// Further ids that an answer may have: the same volume in another service.
    aliases: BTreeSet<String>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(options: &'a Options) -> Self {
        Self { options, decisions: Vec::new(), faults: Vec::new(), aliases: BTreeSet::new() }
    }

    /// Asks, and says which choice counts.
    pub(super) fn ask(&mut self, decision: Decision) -> String {
        self.ask_or(decision, &[], |_| false)
    }

    /// Asks; an answer that is none of the choices counts, too, if it is accepted. It may stand under another of the
    /// ids that the thing has.
    pub(super) fn ask_or(
        &mut self,
        mut decision: Decision,
        others: &[String],
        accepts: impl Fn(&str) -> bool,
    ) -> String {
        self.aliases.extend(others.iter().cloned());
        let ids = std::iter::once(&decision.id).chain(others);
        let answer = ids.filter_map(|id| self.options.answers.get(id)).next();
        if let Some(answer) = answer.map(|answer| answer.trim()) {
            if decision.choices.iter().any(|choice| choice.key == answer) || accepts(answer) {
                answer.clone_into(&mut decision.chosen);
                decision.answered = true;
            } else {
                self.faults.push(no_such_choice(&decision, answer));
            }
        }
        let chosen = decision.chosen.clone();
        self.decisions.push(decision);
        chosen
    }

    /// Changes the latest decision.
    pub(super) fn latest(&mut self) -> Option<&mut Decision> {
        self.decisions.last_mut()
    }

    /// All decisions, those that wait for a person first.
    pub(super) fn done(mut self, project: &Project) -> Result<Vec<Decision>, Vec<Fault>> {
        for id in self.options.answers.keys() {
            let is_asked = self.decisions.iter().any(|decision| decision.id == *id);
            if !is_asked && !self.aliases.contains(id) && !was_a_question(id, project) {
                self.faults.push(self.no_such_decision(id));
            }
        }
        if !self.faults.is_empty() {
            return Err(self.faults);
        }
        self.decisions.sort_by_key(|decision| !decision.blocking);
        Ok(self.decisions)
    }

    fn no_such_decision(&self, id: &str) -> Fault {
        let ids: Vec<&str> = self.decisions.iter().map(|decision| decision.id.as_str()).collect();
        let fault = Fault::of("answers", "there is no such decision").at(id);
        match suggest(id, ids.iter().copied()) {
            Some(near) => fault.fix(format!("did you mean `{near}`?")),
            None if ids.is_empty() => fault.fix("there is nothing to decide: leave it out"),
            None => fault.fix(format!("there are {}", listed(&ids))),
        }
    }
}

/// Whether there may have been a decision of that id before it was settled.
fn was_a_question(id: &str, project: &Project) -> bool {
    let Some((service, topic)) = id.split_once('/') else { return matches!(id, "old-address" | "time-zone") };
    if service == "network" {
        return project.networks.contains_key(topic);
    }
    let Some(service) = project.service(service) else { return false };
    let of_mount = |path: &str| service.mounts.iter().any(|mount| mount.target == path);
    match topic.split_once(':') {
        Some(("mount" | "sqlite" | "shared", path)) => of_mount(path),
        Some(("variable", _)) => true,
        _ => TOPICS.contains(&topic),
    }
}

fn no_such_choice(decision: &Decision, answer: &str) -> Fault {
    let keys: Vec<&str> = decision.choices.iter().map(|choice| choice.key.as_str()).collect();
    let fault = Fault::of("answers", format!("there is no choice `{answer}`")).at(&decision.id);
    match suggest(answer, keys.iter().copied()) {
        Some(near) => fault.fix(format!("did you mean `{near}`? There are {}", listed(&keys))),
        None => fault.fix(format!("there are {}", listed(&keys))),
    }
}

fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
