//! The lab as it is: checks that can be run now, targets and what they need.

use std::collections::BTreeSet;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bench, Tool, instead, unreadable};
use crate::agent::context::case::place;
use crate::agent::toolbox::Outcome;
use crate::domain::report::{Report, Status};
use crate::domain::target::Target;
use crate::engine::skills::RunResult;
use crate::engine::topology::show::Shown;
use crate::store::topology::{Kept, all};

/// Targets listed where several fit, or none does.
const LISTED: usize = 60;
/// Lines of one kind about one target.
const LINES: usize = 30;

/// Runs a skill (a check) now.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunSkill {
    name: String,
}

#[async_trait]
impl Tool for RunSkill {
    const NAME: &'static str = "run_skill";

    fn what(&self) -> String {
        format!("skill {}", self.name)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let skills = &bench.case.knowledge.skills;
        if !skills.contains(&self.name) {
            let why = instead(&self.name, skills.iter().map(String::as_str));
            return Outcome::Misused(format!("there is no skill {:?}{why}", self.name));
        }
        let run = match bench.deps.skills.run_and_wait(&self.name, "the agent asked for it").await {
            Ok(run) => run,
            Err(why) => return Outcome::Failed(why),
        };
        let label = format!("report of skill {}", self.name);
        match &run.result {
            RunResult::Report(report) => bench.data(&label, &told(report)),
            // What it says of its own failure is its own text, too.
            RunResult::Failed(why) => {
                bench.data(&label, &format!("the skill failed, which says nothing of its targets: {why}"))
            }
            RunResult::Cancelled => Outcome::Failed("it was called off: Steward is ending".to_owned()),
        }
    }
}

fn told(report: &Report) -> String {
    let word = |status| match status {
        Status::Ok => "OK",
        Status::Problem => "PROBLEM",
        Status::Action => "ACTION",
        Status::Unknown => "UNKNOWN",
    };
    let mut lines = Vec::new();
    for finding in &report.findings {
        lines.push(format!(
            "{} {} {}: {}",
            word(finding.status),
            finding.target,
            finding.signature,
            finding.summary
        ));
        lines.extend(finding.impact.as_ref().map(|impact| format!("    impact: {impact}")));
        lines.extend(finding.evidence.lines().map(|line| format!("    {line}")));
    }
    if !report.complete {
        lines.push("(not everything could be checked)".to_owned());
    }
    lines.join("\n")
}

/// What a target needs and what needs it; or targets by a word of name or kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TopologyOf {
    target: String,
}

#[async_trait]
impl Tool for TopologyOf {
    const NAME: &'static str = "topology";

    fn what(&self) -> String {
        format!("topology around {}", self.target)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let kept = match bench.deps.store.read(all).await {
            Ok(kept) => kept,
            Err(error) => return unreadable(&error),
        };
        let label = format!("topology around {}", self.target);
        bench.data(&label, &bench.around(self.target.trim(), &kept))
    }
}

impl Bench {
    fn around(&self, named: &str, kept: &Kept) -> String {
        let topology = &*self.case.knowledge.topology;
        let kinds = BTreeSet::new();
        let shown = Shown {
            topology,
            kinds: &kinds,
            sources: kept.sources.iter().collect(),
            now: self.deps.clock.now(),
        };
        let meant = Target::parse(named).ok().and_then(|target| shown.meant(&target, []).ok());
        if let Some(target) = meant {
            return one(&shown, &target, &self.case.knowledge.watched);
        }
        let found = search(&shown, named);
        let line = |target: &Target| match topology.kind(target) {
            Some(kind) => format!("{target} ({kind})"),
            None => target.to_string(),
        };
        let listed = |targets: &[&Target]| {
            let mut lines: Vec<String> = targets.iter().take(LISTED).map(|target| line(target)).collect();
            let more = targets.len().saturating_sub(LISTED);
            lines.extend((more > 0).then(|| format!("… and {more} more")));
            lines.join("\n")
        };
        // The same as a model was told to begin with, of what only its own name places.
        let by_name = Target::parse(named).map(|target| place::of(&target, topology)).unwrap_or_default();
        match (found.is_empty(), shown.all().is_empty()) {
            (true, _) if !by_name.is_empty() => {
                format!("{named} is not in the topology; by its name:\n{}", by_name.join("\n"))
            }
            (false, _) => format!("targets with {named:?} in them:\n{}", listed(&found)),
            (true, false) => {
                format!("nothing like {named:?} is known; all that is:\n{}", listed(&shown.all()))
            }
            (true, true) => "nothing is known of the lab's topology".to_owned(),
        }
    }
}

/// Targets that have all of these words in their path, another name of theirs, their kind or their labels.
fn search<'a>(shown: &'a Shown<'_>, words: &str) -> Vec<&'a Target> {
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    if words.is_empty() {
        return shown.all();
    }
    let topology = shown.topology;
    let labels = |target: &Target| {
        let entry = topology.entries().find(|entry| entry.target == *target);
        let labels = entry.into_iter().flat_map(|entry| &entry.labels);
        labels.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>()
    };
    let fits = |target: &&Target| {
        let mut about = vec![target.to_string(), topology.kind(target).unwrap_or_default().to_owned()];
        about.extend(topology.names_of(target).into_iter().map(|(name, _)| name.to_string()));
        about.extend(labels(target));
        let about = about.join(" ").to_lowercase();
        words.iter().all(|word| about.contains(word))
    };
    shown.all().into_iter().filter(fits).collect()
}

fn one(
    shown: &Shown<'_>,
    target: &Target,
    watched: &std::collections::BTreeMap<String, Vec<Target>>,
) -> String {
    let mut lines = vec![match shown.topology.kind(target) {
        Some(kind) => format!("{target} ({kind})"),
        None => target.to_string(),
    }];
    let mut list = |title: &str, mut of: Vec<String>, none: &str| {
        let more = of.len().saturating_sub(LINES);
        of.truncate(LINES);
        if of.is_empty() {
            lines.extend((!none.is_empty()).then(|| format!("{title}: {none}")));
            return;
        }
        lines.push(format!("{title}:"));
        lines.extend(of.into_iter().map(|line| format!("    {line}")));
        lines.extend((more > 0).then(|| format!("    … and {more} more")));
    };
    list("needs", shown.needs(target), "nothing that is known");
    list("needed by", shown.needed_by(target), "nothing that is known");
    list("also called", shown.names(target), "");
    let parts = shown.all().into_iter().filter(|part| part.is_within(target) && *part != target);
    list("parts", parts.map(ToString::to_string).collect(), "");
    let looks = |(_, targets): &(&String, &Vec<Target>)| targets.iter().any(|seen| target.is_within(seen));
    list("watched by skills", watched.iter().filter(looks).map(|(name, _)| name.clone()).collect(), "none");
    lines.join("\n")
}
