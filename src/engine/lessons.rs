//! What an incident teaches: how its problem went, and a lesson where it took a person or the agent.

use super::world::World;
use crate::domain::agent::{Episode, Lesson, PLAN_PREFIX, SignatureRecord};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, Mitigation, Record, Repair};
use crate::domain::remediation::Outcome;
use crate::domain::signal::Timestamp;
use crate::store::signatures::Learned;

impl World {
    /// Takes in what was learned before.
    pub(super) fn restore_learned(&mut self, learned: Learned) {
        self.learned.declined = learned.declined.into_iter().collect();
        self.learned.kept = learned.kept.into_iter().collect();
        learned.episodes.into_iter().for_each(|episode| self.learned.remember(episode));
        self.learned.fixes = learned.fixes;
        self.learned.plans = learned.plans.into_iter().collect();
    }

    /// Keeps the text of the agent's plans of this turn at hand.
    pub(super) fn note_plans(&mut self) {
        let plans = self.batch.plans.iter().map(|(name, _, yaml, _)| (name.clone(), yaml.clone()));
        self.learned.plans.extend(plans);
    }

    /// What is known of a problem from before, as this incident's thread is to hear it.
    fn record_of(&self, incident: &Incident, now: Timestamp) -> Option<SignatureRecord> {
        let known = self.learned.episodes.get(&(incident.signature.clone(), incident.root.clone()))?;
        SignatureRecord::of(known.iter().filter(|episode| episode.incident != incident.id), now)
    }

    /// Quotes what is known of a problem from before, once, as people are first told of it.
    pub(super) fn quote_past(&mut self, id: IncidentId, now: Timestamp) {
        let quoted = |record: &Record| matches!(record.event, Event::Recalled { .. });
        if self.incidents.get(&id).is_none_or(|live| live.untold.iter().any(quoted)) {
            return;
        }
        let Some(incident) = self.incident(id).filter(|i| i.request.is_none() && !i.is_storm()) else {
            return;
        };
        let Some(record) = self.record_of(incident, now) else { return };
        let said = record.to_string();
        let mut letters = said.chars();
        let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
        self.record(id, Event::Recalled { text: format!("{first}{}.", letters.as_str()) }, now);
    }

    /// An incident has resolved: how it went is remembered, and where it took a person or the agent, a lesson is offered.
    pub(super) fn learn_of(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get(&id) else { return };
        if let Some(episode) = Episode::of(&live.incident) {
            self.learned.remember(episode);
        }
        let Some(live) = self.incidents.get(&id) else { return };
        let told = live.telling.told_seq > 0 && !live.telling.silenced;
        if !told || !live.incident.offered.is_empty() {
            return;
        }
        let Some(lesson) = self.lesson_of(&live.incident) else { return };
        self.narrate_or_offer(id, lesson, now);
    }

    /// The lesson of an incident, from its record alone; `None` where it took nobody, or where nothing is known that
    /// would help the next time.
    fn lesson_of(&self, incident: &Incident) -> Option<Lesson> {
        if incident.request.is_some() || incident.is_storm() {
            return None;
        }
        let fixed_by = fixed_by(incident);
        let sure = self.settings.agent.as_ref().map_or(0, |agent| agent.confidence);
        let conclusions = incident.investigations.iter().rev().filter_map(|run| run.conclusion.as_ref());
        let concluded = conclusions.into_iter().find(|conclusion| conclusion.is_conclusive(sure));
        let by_agent = concluded.is_some() && fixed_by.is_some()
            || fixed_by.is_some_and(|repair| repair.runbook.starts_with(PLAN_PREFIX));
        if !by_agent && incident.helped.is_empty() && incident.escalations.is_empty() {
            return None;
        }
        let suspect = incident.suspects.first();
        let why = match (concluded, suspect) {
            (Some(conclusion), _) => one_line(&conclusion.diagnosis),
            (None, Some(change)) => format!("suspected: {} ({})", one_line(&change.summary), change.author),
            (None, None) => String::new(),
        };
        let fix = self.what_helped(incident, fixed_by);
        // That it was there and went away again is no lesson, nor that something changed before.
        let fix = fix.or_else(|| concluded.map(|_| "not known yet; write here what helped".to_owned()))?;
        let (signature, root) = (&incident.signature, &incident.root);
        Some(Lesson {
            title: format!("{root}: {signature}"),
            signature: Some(signature.to_string()),
            target: Some(root.to_string()),
            why,
            fix,
            rule: None,
        })
    }

    /// What helped, as far as the record knows.
    fn what_helped(&self, incident: &Incident, fixed_by: Option<&Repair>) -> Option<String> {
        let useless = |repair: &&Repair| {
            repair.ineffective
                || matches!(repair.outcome, Some(Outcome::Unwound { .. } | Outcome::Stuck { .. }))
        };
        let failed = incident.repairs.iter().filter(useless);
        let mut failed: Vec<&str> = failed.map(|repair| repair.runbook.as_str()).collect();
        failed.dedup();
        let failed = (!failed.is_empty()).then(|| format!("what did not help: {}", failed.join(", ")));
        let helped = match fixed_by {
            Some(repair) => Some(match self.does(&repair.runbook) {
                Some(does) => format!("{} ({does})", repair.runbook),
                None => repair.runbook.clone(),
            }),
            None => incident.helped.last().filter(|_| failed.is_some()).map(|who| format!("by hand: {who}")),
        };
        let parts: Vec<String> = helped.into_iter().chain(failed).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// What a runbook or a plan does, in its own words and commands.
    fn does(&self, name: &str) -> Option<String> {
        let known = self.knowledge.runbooks.iter().find(|runbook| runbook.name == name);
        let runbook = known.or_else(|| self.plans.get(name))?;
        let commands = runbook.steps.iter().map(|step| {
            let words: Vec<String> = step.run.argv.iter().map(ToString::to_string).collect();
            format!("`{}`", words.join(" "))
        });
        Some(format!("{}: {}", runbook.title, commands.collect::<Vec<_>>().join(", ")))
    }
}

/// The repair that ended an incident.
fn fixed_by(incident: &Incident) -> Option<&Repair> {
    match &incident.mitigated_by {
        Some(Mitigation::Repair { remediation, .. }) => incident.repair(*remediation),
        Some(Mitigation::Recovery) | None => None,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
