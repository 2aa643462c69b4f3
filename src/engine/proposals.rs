//! What the agent proposes becomes a plan like any other: judged, asked for, run as a saga, or refused.
//!
//! A plan of the agent is a runbook that nobody has written down yet: it is made into the text of one, and read by what
//! reads those, so that whatever a runbook is held to holds for it too.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::drafts::signature_at_root;
use super::plan::{Draft, draft};
use super::respond::first_line;
use super::victims::repairs_a_victim;
use super::world::World;
use crate::config::runbook_from;
use crate::domain::action::{Action, Effect};
use crate::domain::agent::{ADOPT_PREFIX, PLAN_PREFIX, Proposal, Proposed, ProposedPlan, ProposedStep};
use crate::domain::card::one_line;
use crate::domain::ids::{IncidentId, RunId};
use crate::domain::incident::{Incident, Member, State};
use crate::domain::runbook::{Runbook, choose};
use crate::domain::signal::{Origin, Signal, Timestamp};
use crate::domain::target::Signature;
use crate::policy::{Decision, Facts};

/// Steps of one plan at most: more than a person reads at night.
const STEPS: usize = 12;

impl World {
    /// A runbook by its name: one that was written, or a plan of the agent.
    pub(super) fn runbook(&self, name: &str) -> Option<&Runbook> {
        self.knowledge.runbooks.iter().find(|known| known.name == name).or_else(|| self.plans.get(name))
    }

    /// Takes in what a run proposes, and says what becomes of it.
    pub(super) fn propose(
        &mut self,
        id: IncidentId,
        run: RunId,
        proposal: Proposal,
        now: Timestamp,
    ) -> Proposed {
        let Some(incident) = self.incident(id) else {
            return Proposed::Refused("the case is over, or went on as part of another".to_owned());
        };
        if incident.investigating().is_none_or(|known| known.run != run) {
            return Proposed::Refused("this run is over".to_owned());
        }
        let data = json!({ "incident": incident.number, "run": run.to_string(), "proposal": proposal });
        self.audit("agent", "propose", data, now);
        let done = match proposal {
            Proposal::Lesson(lesson) => return self.propose_lesson(id, lesson, now),
            Proposal::Adopt { container, host, to } => {
                self.adopt_for_agent(id, container, host.as_deref(), to.as_deref(), now)
            }
            Proposal::Runbook { name, confidence, why } => {
                let runbook = self.knowledge.runbooks.iter().find(|known| known.name == name).cloned();
                runbook
                    .ok_or_else(|| format!("there is no runbook {name}"))
                    .and_then(|runbook| self.take_up_proposal(id, (&runbook, None), &why, confidence, now))
            }
            Proposal::Plan { plan, why, .. } if self.incident(id).is_some_and(is_over) => {
                self.propose_for_good(id, &plan, &why, now)
            }
            Proposal::Plan { plan, confidence, why } => {
                self.read_plan(id, &plan).and_then(|(runbook, text)| {
                    self.take_up_proposal(id, (&runbook, Some(&text)), &why, confidence, now)
                })
            }
        };
        done.unwrap_or_else(Proposed::Refused)
    }

    /// Makes a plan into a runbook, and the text of one. What does the same as a plan that is known is that plan, under
    /// the title that people have read.
    fn read_plan(&self, id: IncidentId, plan: &ProposedPlan) -> Result<(Runbook, String), String> {
        let incident = self.incident(id).ok_or("the case is over")?;
        // What the root has, not what was seen first: the root may have moved since.
        let mut plan = plan.clone();
        // Whether a fault is gone is not for the model to say: where a skill found it, that looks again at the end.
        let by_skill = |member: &Member| matches!(member.origin, Origin::Skill(_));
        if incident.is_fault() && incident.active_at_root().chain(incident.active_symptoms()).all(by_skill) {
            let harmless = |argv: &Vec<String>| {
                let looks = self.knowledge.policy.evaluate(&Action::local(argv.clone()), &Facts::plain());
                looks.decision == Decision::Allow && looks.effect == Effect::Read
            };
            // What is no mere look stays, to be judged with the rest.
            let last = plan.steps.iter_mut().next_back();
            last.into_iter().for_each(|step| step.verify = step.verify.take().filter(|argv| !harmless(argv)));
        }
        self.as_runbook(&plan, &signature_at_root(incident), incident.request.is_none())
    }

    /// A plan as a runbook, and its text. What is for a fault is verified by the check that found it, where it does not
    /// say how.
    pub(super) fn as_runbook(
        &self,
        plan: &ProposedPlan,
        signature: &Signature,
        is_fault: bool,
    ) -> Result<(Runbook, String), String> {
        let (title, body) = as_yaml(plan, signature, is_fault)?;
        let name = name_of(&body);
        let text = format!("name: {name}\n{title}{body}");
        if let Some(known) = self.plans.get(&name) {
            return Ok((known.clone(), text));
        }
        let runbook = runbook_from(&name, &text, &self.settings.hosts).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(|problem| problem.what.clone()).collect();
            format!("the plan is no good runbook: {}", told.join("; "))
        })?;
        Ok((runbook, text))
    }

    /// Keeps a plan that is about to be asked for or begun: an approval and a repair name it.
    pub(super) fn keep_plan(
        &mut self,
        id: IncidentId,
        (runbook, text): (&Runbook, Option<&str>),
        now: Timestamp,
    ) {
        let Some(text) = text.filter(|_| !self.plans.contains_key(&runbook.name)) else { return };
        self.batch.plans.push((runbook.name.clone(), id, text.to_owned(), now));
        self.plans.insert(runbook.name.clone(), runbook.clone());
    }

    /// Has a runbook judged, and asked for or begun; with the text of one that is a plan.
    fn take_up_proposal(
        &mut self,
        id: IncidentId,
        (runbook, text): (&Runbook, Option<&str>),
        why: &str,
        confidence: u8,
        now: Timestamp,
    ) -> Result<Proposed, String> {
        let incident = self.incident(id).ok_or("the case is over")?;
        let signal =
            self.signal_for(incident, runbook).ok_or("the problem is gone, so there is nothing to do")?;
        self.refuses(incident, runbook, now)?;
        if let Some(victim) = repairs_a_victim(incident, runbook, &signal) {
            let root = &incident.root;
            return Err(format!(
                "{victim} only suffers from {root}, and nothing is repaired there while {root} is broken"
            ));
        }
        let fits = !choose(std::iter::once(runbook), &signal).is_empty();
        let facts = self.facts_for_agent(incident, runbook, &signal, confidence, fits, now);
        let judged = |facts| draft(runbook, &signal, &self.settings.host, &self.knowledge.policy, facts);
        let mut drafted = judged(&facts)?;
        if runbook.name.starts_with(PLAN_PREFIX) && !self.is_about(&drafted.plan, incident) {
            drafted = judged(&Facts { observed: false, ..facts })?;
        }
        if let Some((_, number)) = incident.approval {
            return Ok(Proposed::Waits(format!("question {number} waits for a person's answer first")));
        }
        match drafted.decision {
            Decision::Forbid => Err(format!("the policy forbids it: {}", drafted.forbidden())),
            Decision::Approve => {
                let asked = why_asked(&drafted);
                self.keep_plan(id, (runbook, text), now);
                let run = incident_run(self.incident(id));
                let by = format!("the agent (run {run}, {confidence} % sure): {}", one_line(why));
                self.ask_for_agent(id, &drafted, &signal, by, now);
                let number =
                    self.incident(id).and_then(|incident| incident.approval).map(|(_, number)| number);
                number
                    .map(|number| Proposed::Asked { number, why: asked })
                    .ok_or_else(|| "it can't be asked for as the case is now".to_owned())
            }
            Decision::Allow => {
                if let Some(other) = self.in_the_way(&drafted.plan, id) {
                    return Ok(Proposed::Waits(format!(
                        "a repair of {other} is at work, which it would disturb"
                    )));
                }
                self.keep_plan(id, (runbook, text), now);
                self.begin_repair(id, &drafted, runbook, &signal, None, &format!("the agent: {why}"), now);
                let running = self.incident(id).and_then(Incident::running_repair);
                running
                    .map(|repair| Proposed::Begun(repair.remediation))
                    .ok_or_else(|| "the incident has moved on, so nothing was run".to_owned())
            }
        }
    }

    /// The signal that a plan is filled from: a problem of the root that it fits, or else any that is there.
    fn signal_for(&self, incident: &Incident, runbook: &Runbook) -> Option<Signal> {
        let active = incident.active_at_root().chain(incident.active_symptoms());
        let signals: Vec<&Signal> =
            active.filter_map(|member| self.latest(&member.problem)).map(|row| &row.signal).collect();
        let fitting = signals.iter().find(|signal| !choose(std::iter::once(runbook), signal).is_empty());
        fitting.or(signals.first()).map(|signal| (*signal).clone())
    }

    /// Somebody said no to a plan of a case that nobody needs: it is not proposed again, in any case.
    pub(super) fn remember_no(&mut self, id: IncidentId, runbook: &str, by: &str, now: Timestamp) {
        let wanted = self.incident(id).is_some_and(|incident| incident.request.is_some());
        // Whoever wants it brought over after all asks for that again, and not the agent.
        if !wanted || runbook.starts_with(ADOPT_PREFIX) || !self.plans.contains_key(runbook) {
            return;
        }
        let title = self.runbook(runbook).map_or(runbook, |known| &known.title).to_owned();
        let key = declined_key(runbook);
        self.batch.declined.push((key.clone(), title, by.to_owned(), now));
        self.learned.declined.insert(key);
    }
}

/// The number of the run that is at work.
fn incident_run(incident: Option<&Incident>) -> u64 {
    incident.and_then(Incident::investigating).map_or(0, |run| run.number)
}

/// Whether a fault is gone, at least for now.
fn is_over(incident: &Incident) -> bool {
    incident.request.is_none() && matches!(incident.state, State::Mitigated | State::Resolved)
}

pub(super) fn declined_key(runbook: &str) -> String {
    format!("plan:{runbook}")
}

pub(super) fn why_asked(drafted: &Draft) -> String {
    let asked = drafted.judged.iter().filter(|judged| judged.decision() == Decision::Approve);
    let mut reasons: Vec<String> = asked.map(|j| first_line(j.evaluation.reasons.first())).collect();
    reasons.dedup();
    reasons.join("; ")
}

/// The name of a plan, from what it does: the same fix has the same name whenever it is proposed.
fn name_of(yaml: &str) -> String {
    let digest = Sha256::digest(yaml.as_bytes());
    let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{PLAN_PREFIX}{short}")
}

/// A plan as the text of a runbook, but for its name: the title, which people read, and what it does.
fn as_yaml(plan: &ProposedPlan, signature: &Signature, is_fault: bool) -> Result<(String, String), String> {
    if plan.steps.is_empty() || plan.steps.len() > STEPS {
        return Err(format!("a plan has 1 to {STEPS} steps, and this has {}", plan.steps.len()));
    }
    let steps = plan.steps.iter().map(|step| as_step(step, is_fault)).collect::<Result<Vec<_>, _>>()?;
    let title = one_line(&plan.title);
    let title = if title.is_empty() { "A plan of the agent".to_owned() } else { title };
    let body = json!({ "match": { "signature": signature.as_str() }, "steps": steps });
    let body = serde_yaml::to_string(&body).map_err(|error| format!("the plan can't be written: {error}"))?;
    let title = serde_yaml::to_string(&json!({ "title": title })).map_err(|error| error.to_string())?;
    Ok((title, body))
}

fn as_step(step: &ProposedStep, is_fault: bool) -> Result<serde_json::Value, String> {
    let host = step.host.as_deref().filter(|host| !host.is_empty()).unwrap_or("local");
    let command = |argv: &[String]| {
        if argv.is_empty() {
            return Err(format!("step {} has an empty command", step.name));
        }
        if argv.iter().any(|word| word.contains("{{")) {
            return Err(format!("step {}: write values, no {{{{ names }}}}", step.name));
        }
        Ok(json!({ "host": host, "argv": argv }))
    };
    let mut written = json!({ "name": step.name, "run": command(&step.run)? });
    let verify = match &step.verify {
        Some(argv) => Some(command(argv)?),
        None if is_fault => Some(json!("check")),
        None => None,
    };
    let undo = step.undo.as_deref().map(command).transpose()?;
    if let Some(fields) = written.as_object_mut() {
        fields.extend(verify.map(|verify| ("verify".to_owned(), verify)));
        fields.extend(undo.map(|undo| ("undo".to_owned(), undo)));
    }
    Ok(written)
}
