//! What happened: incidents, their timelines, changes.

use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bench, Tool, schema, unreadable};
use crate::agent::toolbox::Outcome;
use crate::domain::change::{Change, reference};
use crate::domain::incident::{Event, Incident, Record, sentence};
use crate::domain::target::Target;
use crate::engine::cards::length;
use crate::engine::suspects::watched;
use crate::store::query;

/// Incidents that are looked through for those that are asked for, the newest.
const SEARCHED: usize = 1_000;
/// Incidents listed, where nothing else is said, and at most.
const LISTED: usize = 10;
const MAX_LISTED: usize = 50;
/// Changes listed at most.
const CHANGES: usize = 40;
/// How far back changes are looked for, where nothing else is said.
const LATELY: Duration = Duration::from_secs(24 * 60 * 60);
/// Evidence shown of each problem, in bytes.
const EVIDENCE: usize = 1_500;

/// Lists incidents, newest first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Incidents {
    target: Option<String>,
    signature: Option<String>,
    /// As 24h or 7d.
    #[serde(default, deserialize_with = "schema::span")]
    #[schemars(with = "Option<String>")]
    since: Option<Duration>,
    limit: Option<usize>,
}

/// An incident's state, evidence, timeline.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IncidentOf {
    number: u64,
}

/// What changed (commits, rollouts, upgrades, reboots), newest first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Changes {
    target: Option<String>,
    #[serde(default, deserialize_with = "schema::span")]
    #[schemars(with = "Option<String>")]
    since: Option<Duration>,
}

#[async_trait]
impl Tool for Incidents {
    const NAME: &'static str = "incidents";

    fn what(&self) -> String {
        let of = [&self.target, &self.signature].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
        if of.is_empty() { "incidents so far".to_owned() } else { format!("incidents of {of}") }
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let target = match self.target.as_deref().map(|target| bench.target(target)).transpose() {
            Ok(target) => target,
            Err(why) => return Outcome::Misused(why),
        };
        let found = match bench.deps.store.read(|conn| query::incidents(conn, true, SEARCHED)).await {
            Ok(found) => found,
            Err(error) => return unreadable(&error),
        };
        let from = self.since.map(|since| bench.deps.clock.now() - since);
        let fits = |incident: &Incident| {
            from.is_none_or(|from| incident.changed_at >= from)
                && target.as_ref().is_none_or(|target| is_about(incident, target))
                && self.signature.as_ref().is_none_or(|signature| has_signature(incident, signature))
        };
        let found: Vec<Incident> =
            found.into_iter().map(|stored| stored.incident).filter(|i| fits(i)).collect();
        let limit = self.limit.unwrap_or(LISTED).clamp(1, MAX_LISTED);
        let mut lines: Vec<String> = found.iter().take(limit).map(|incident| bench.row(incident)).collect();
        if lines.is_empty() {
            lines.push("there is none like that".to_owned());
        } else if found.len() > limit {
            lines.push(format!("… and {} older ones", found.len() - limit));
        }
        bench.data("incidents", &lines.join("\n"))
    }
}

fn is_about(incident: &Incident, target: &Target) -> bool {
    let meets = |other: &Target| other.is_within(target) || target.is_within(other);
    meets(&incident.root) || incident.targets().any(meets)
}

fn has_signature(incident: &Incident, signature: &str) -> bool {
    incident.signature.as_str() == signature
        || incident.members.iter().any(|member| member.problem.signature.as_str() == signature)
}

/// What the root reported, else what was reported first.
fn headline(incident: &Incident) -> &str {
    let of_root = incident.members.iter().find(|member| member.problem.target == incident.root);
    of_root.or(incident.members.first()).map_or("", |member| &member.summary)
}

impl Bench {
    /// A target by its name or the end of it.
    ///
    /// # Errors
    /// It is none, or several end so.
    pub(super) fn target(&self, named: &str) -> Result<Target, String> {
        use crate::domain::target::{Meant, did_you_mean};
        let target = Target::parse(named.trim()).map_err(|error| error.to_string())?;
        match self.case.knowledge.topology.meant(&target, []) {
            Meant::One(meant) => Ok(meant),
            Meant::Several(several) => Err(did_you_mean(&target, &several)),
            Meant::Unknown => Ok(target),
        }
    }

    fn row(&self, incident: &Incident) -> String {
        let worked: Vec<String> = incident.repairs.iter().filter_map(worked).collect();
        let repairs = if worked.is_empty() { String::new() } else { format!("; {}", worked.join(", ")) };
        format!(
            "#{} {} {} {} {} since {}, {} times: {}{repairs}",
            incident.number,
            incident.state,
            incident.severity,
            incident.root,
            incident.signature,
            self.at(incident.opened_at),
            incident.occurrences,
            headline(incident),
        )
    }
}

/// What became of a repair, in short.
fn worked(repair: &crate::domain::incident::Repair) -> Option<String> {
    Some(format!("{} {}", repair.runbook, repair.outcome.as_ref()?))
}

#[async_trait]
impl Tool for IncidentOf {
    const NAME: &'static str = "incident";

    fn what(&self) -> String {
        format!("incident #{}", self.number)
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let number = self.number;
        let read = bench.deps.store.read(move |conn| {
            let Some(stored) = query::incident(conn, number)? else { return Ok(None) };
            let timeline = query::timeline(conn, stored.incident.id, 0)?;
            Ok(Some((stored.incident, timeline)))
        });
        match read.await {
            Ok(Some((incident, timeline))) => {
                bench.data(&format!("incident #{number}"), &bench.story(&incident, &timeline))
            }
            Ok(None) => Outcome::Failed(format!("there is no incident #{number}")),
            Err(error) => unreadable(&error),
        }
    }
}

impl Bench {
    /// All of an incident, the newest of its timeline last.
    fn story(&self, incident: &Incident, timeline: &[Record]) -> String {
        let mut text =
            format!("{}\nsuspected root: {} ({})\n", self.row(incident), incident.root, incident.root_why);
        // Writing to a string does not fail.
        if let Some(next) = &incident.next_step {
            let _ = writeln!(text, "next: {next}");
        }
        for suspect in &incident.suspects {
            let _ = writeln!(
                text,
                "suspect change: {} {}",
                reference(&suspect.source, &suspect.id),
                suspect.summary
            );
        }
        for member in &incident.members {
            let is = if member.active { "is" } else { "was" };
            let _ = writeln!(text, "{is} {}: {}", member.problem, member.summary);
        }
        let _ = writeln!(text, "timeline:");
        for record in timeline {
            if let Some(said) = sentence(&record.event) {
                let _ = writeln!(text, "{} {}", self.at(record.at), said.text);
            }
            if let Event::Opened { evidence, .. } | Event::Joined { evidence, .. } = &record.event
                && !evidence.is_empty()
            {
                let indented: Vec<String> =
                    super::fence::cut(evidence, EVIDENCE).lines().map(|line| format!("    {line}")).collect();
                let _ = writeln!(text, "{}", indented.join("\n"));
            }
        }
        text
    }
}

#[async_trait]
impl Tool for Changes {
    const NAME: &'static str = "changes";

    fn what(&self) -> String {
        let of = self.target.as_ref().map(|target| format!(" around {target}")).unwrap_or_default();
        format!("changes{of}")
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let target = match self.target.as_deref().map(|target| bench.target(target)).transpose() {
            Ok(target) => target,
            Err(why) => return Outcome::Misused(why),
        };
        let span = self.since.unwrap_or(LATELY);
        let now = bench.deps.clock.now();
        let around = target.map(|target| watched(&[target], &bench.case.knowledge.topology));
        let found = bench.deps.ledger.changes(now - span, now, around.as_deref().unwrap_or_default()).await;
        let (near, far): (Vec<&Change>, Vec<&Change>) = found
            .changes
            .iter()
            .partition(|change| around.as_ref().is_none_or(|around| touches(change, around)));
        let mut lines: Vec<String> = near.iter().take(CHANGES).map(|change| bench.change(change)).collect();
        if lines.is_empty() {
            let of = self.target.as_ref().map(|_| " of it, or of what it needs").unwrap_or_default();
            lines.push(format!("no change{of} is known in the last {}", length(span)));
        }
        if near.len() > CHANGES {
            lines.push(format!("… and {} older ones", near.len() - CHANGES));
        }
        if !far.is_empty() {
            lines.push(format!("{} changes of other things are left out", far.len()));
        }
        lines.extend(found.silent.iter().map(|why| format!("could not be asked: {why}")));
        bench.data(&format!("changes of the last {}", length(span)), &lines.join("\n"))
    }
}

/// Whether a change touched one of these, a part of it or what contains it. One of which nobody knows what it touched
/// may have.
fn touches(change: &Change, around: &[Target]) -> bool {
    let meets = |target: &Target| around.iter().any(|near| near.is_within(target) || target.is_within(near));
    change.targets.is_empty() || change.targets.iter().any(meets)
}

impl Bench {
    fn change(&self, change: &Change) -> String {
        let targets: Vec<&str> = change.targets.iter().take(4).map(Target::as_str).collect();
        let on = if targets.is_empty() { String::new() } else { format!(" on {}", targets.join(", ")) };
        let gist = if change.gist.is_empty() {
            String::new()
        } else {
            format!("\n    {}", change.gist.join("\n    "))
        };
        format!(
            "{} {} {}{on}{gist}",
            self.at(change.at),
            reference(&change.source, &change.id),
            change.said()
        )
    }
}
