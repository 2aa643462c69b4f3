//! The migration, as data: checks, steps with their proof and their way back, and what a person does by hand before.
//!
//! It is written as the text of a runbook, and read by what reads those: policy, approval, saga and undo come with that.

mod copies;
mod k8s;
mod nomad;
mod text;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::copies::Copy;
use super::project::{Note, Project, Restart, called};
use super::settle::sizes::{human, time_to_copy};
use super::{Adoption, Fault, Kind, Options};

/// A migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// One line for people: `Bring paperless from vm3 into the cluster`.
    pub title: String,
    /// What a person does first, because it needs values that Steward must not see, or rights that it doesn't have.
    pub by_hand: Vec<ByHand>,
    /// What must hold before anything is done.
    pub checks: Vec<Check>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What removes the old containers, once they were kept for long enough. Their data stays.
    pub decommission: Vec<Step>,
    /// Days for which the old containers are kept, stopped.
    pub keep_days: u32,
    /// What else people should know: how long it stands still, what is theirs to point at the new place.
    pub notes: Vec<Note>,
}

/// Something that a person does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// What for, in a sentence.
    pub what: String,
    /// The shell line; may have several lines.
    pub command: String,
}

/// What must hold: a command that ends with 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What is asked.
    pub command: Line,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// What it belongs to.
    pub stage: Stage,
    /// What it does.
    pub run: Line,
    /// What ends with 0 when it has worked.
    pub verify: Option<Line>,
    /// What takes it back.
    pub undo: Option<Line>,
    /// How long it may take.
    pub timeout: Duration,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Where it runs; this machine where absent.
    pub host: Option<String>,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// What it reads.
    pub stdin: Option<String>,
}

/// What a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Everything that can be done while the old one still works.
    Prepare,
    /// The old one stops, so that its data stands still.
    Quiesce,
    /// Its data is copied, and compared.
    Copy,
    /// The new one starts.
    Start,
    /// The new one proves itself.
    Validate,
    /// Requests go to the new one.
    Switch,
    /// The old one is removed.
    Decommission,
}

/// How long a step may take where nothing is copied and nothing has to come up.
const QUICK: Duration = Duration::from_secs(120);
/// How long something may take until it has started and is well: images are fetched in this time.
const COMES_UP: Duration = Duration::from_secs(1_800);
/// How long copying may take at most.
const COPIES: Duration = Duration::from_secs(24 * 3600);

/// Makes the migration, as it is with the recommendations where decisions still wait for a person: whoever runs it looks
/// first whether any does.
///
/// # Errors
/// Why there is none: a host that is not known, data that can't be reached.
pub fn migration(adoption: &Adoption, options: &Options) -> Result<Migration, Vec<Fault>> {
    let project = &adoption.settled.project;
    let Some(host) = project.host.as_deref() else {
        let what = "nobody has said on which host it runs now";
        return Err(vec![Fault::of(&project.name, what).fix("name it, as in `--host vm3`")]);
    };
    let old = Old { project, host };
    let copies = || copies::copies(adoption, options);
    match options.to {
        Kind::K8s => Ok(k8s::draw(adoption, &old, &copies()?, options)),
        Kind::Nomad => nomad::draw(adoption, &old, &copies()?, options),
        Kind::Compose => {
            let what = "a compose project stays on its host, so there is nothing to migrate";
            let fix = "put the file in the place of the old one, and run `docker compose up --detach` there";
            Err(vec![Fault::of(&project.name, what).fix(fix)])
        }
    }
}

impl Line {
    /// A command on this machine.
    fn here(words: &[&str]) -> Self {
        Self { host: None, argv: words.iter().map(|word| (*word).to_owned()).collect(), stdin: None }
    }

    /// The same on another host; `local` is this machine.
    fn on(self, host: &str) -> Self {
        Self { host: (host != "local").then(|| host.to_owned()), ..self }
    }

    fn and(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.argv.extend(words);
        self
    }

    fn reads(self, text: impl Into<String>) -> Self {
        Self { stdin: Some(text.into()), ..self }
    }
}

impl std::fmt::Display for Line {
    /// As it would be typed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&shell_words::join(&self.argv))
    }
}

impl Step {
    fn new(name: impl Into<String>, stage: Stage, run: Line) -> Self {
        Self { name: name.into(), stage, run, verify: None, undo: None, timeout: QUICK }
    }

    fn verify(self, line: Line) -> Self {
        Self { verify: Some(line), ..self }
    }

    fn undo(self, line: Line) -> Self {
        Self { undo: Some(line), ..self }
    }

    fn within(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

/// What runs now.
struct Old<'a> {
    project: &'a Project,
    host: &'a str,
}

impl Old<'_> {
    /// The containers, those first that others need.
    fn containers(&self) -> Vec<String> {
        let project = self.project;
        let name = |service: &super::project::Service| {
            service.container.clone().unwrap_or_else(|| format!("{}-{}-1", project.name, service.name))
        };
        project.services.iter().map(name).collect()
    }

    /// Whether all of it is there.
    fn check(&self) -> Check {
        let line = Line::here(&["docker", "container", "inspect"]).and(self.containers());
        Check { name: "old-one-is-there".into(), command: line.on(self.host) }
    }

    /// What makes its data stand still: it stops, and stays stopped when the host starts anew.
    fn quiesce(&self) -> Vec<Step> {
        let first = self.containers();
        let mut steps = Vec::new();
        for (service, container) in self.project.services.iter().zip(&first) {
            let before = match service.restart {
                Restart::Always => "always".to_owned(),
                Restart::OnFailure(None) => "on-failure".to_owned(),
                Restart::OnFailure(Some(times)) => format!("on-failure:{times}"),
                // What a person stopped stays stopped.
                Restart::No | Restart::UnlessStopped => continue,
            };
            let update = |policy: &str| {
                Line::here(&["docker", "update", &format!("--restart={policy}"), container]).on(self.host)
            };
            let inspect = Line::here(&["docker", "container", "inspect", container]).on(self.host);
            let hold = Step::new(format!("hold-{}", service.name), Stage::Quiesce, update("no"));
            steps.push(hold.verify(inspect).undo(update(&before)));
        }
        // What needs others stops before them; on the way back they start before it.
        for (service, container) in self.project.services.iter().zip(&first).rev() {
            let docker = |verb: &str| Line::here(&["docker", verb, container]).on(self.host);
            let grace = Duration::from_secs(service.stop_grace.unwrap_or(10));
            steps.push(
                Step::new(format!("stop-{}", service.name), Stage::Quiesce, docker("stop"))
                    .verify(docker("wait"))
                    .undo(docker("start"))
                    .within(QUICK + grace),
            );
        }
        steps
    }

    /// What removes it, once nobody needs it any more. Its volumes and folders stay.
    fn decommission(&self) -> Vec<Step> {
        let mut containers = self.containers();
        containers.reverse();
        vec![removal(&containers, self.host)]
    }
}

/// Removes containers, for good. Looking for one that is gone fails, which is how it is seen.
fn removal(containers: &[String], host: &str) -> Step {
    let gone =
        containers.iter().map(|name| format!("! docker container inspect {}", shell_words::quote(name)));
    let gone = gone.collect::<Vec<_>>().join(" && ");
    let remove = Line::here(&["docker", "rm"]).and(containers.iter().cloned());
    Step::new("remove-the-old-one", Stage::Decommission, remove.on(host))
        .verify(Line::here(&["sh", "-c", &gone]).on(host))
}

/// How long it stands still, and what of the old one stays, in words.
fn standstill(copies: &[Copy]) -> Note {
    let known: u64 = copies.iter().filter_map(|copy| copy.bytes).sum();
    let unknown = copies.iter().filter(|copy| copy.bytes.is_none()).count();
    let unknown = match unknown {
        0 => String::new(),
        1 => " The size of one volume is not known.".to_owned(),
        n => format!(" The sizes of {n} volumes are not known."),
    };
    let text = if copies.is_empty() {
        "It stands still from the stop of the old one until the new one is up: no data is copied.".to_owned()
    } else {
        let (size, time) = (human(known), time_to_copy(known));
        match known {
            0 => format!("It stands still while its data is copied and compared.{unknown}"),
            _ => format!(
                "It stands still while {size} are copied{unknown} and compared: {time} at 100 MB/s, or more."
            ),
        }
    };
    Note { service: None, text }
}

/// What is a person's: where people and programs still go to the old address.
fn after(adoption: &Adoption) -> Vec<Note> {
    let mut notes = Vec::new();
    let referrers = &adoption.settled.project.referrers;
    if !referrers.is_empty() {
        let text = format!(
            "These still point at the old address, and are yours to change: {}.",
            referrers.join("; ")
        );
        notes.push(Note { service: None, text });
    }
    for public in &adoption.settled.public {
        let text = format!(
            "Once it runs, let the name {} lead to the cluster, if it does not yet: that is done where your DNS is.",
            public.host
        );
        notes.push(Note { service: Some(public.service.clone()), text });
    }
    notes
}

#[cfg(test)]
mod tests;
