//! What people do to incidents: each answers with a sentence, and is on the audit trail.

use serde_json::json;

use super::effect::Effect;
use super::world::{SignalKey, World};
use crate::domain::approval::{Answered, Approval, ApprovalState, Person};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, State};
use crate::domain::signal::{Origin, Problem, SignalState, Timestamp};
use crate::domain::target::Target;
use crate::engine::timer::Timer;
use crate::store::batch::SignalRow;

/// What a person is told: done, or why not.
pub(super) type Answer = Result<String, String>;

/// How many people have yet to say yes.
fn more(left: usize) -> String {
    match left {
        1 => "one more person has to say yes.".to_owned(),
        left => format!("{left} more people have to say yes."),
    }
}

impl World {
    pub(super) fn live_id(&self, number: u64) -> Result<IncidentId, String> {
        self.by_number
            .get(&number)
            .copied()
            .filter(|id| self.incident(*id).is_some())
            .ok_or_else(|| format!("There is no open incident #{number}. `incidents` lists them."))
    }

    /// Somebody takes an incident on.
    pub fn acknowledge(&mut self, number: u64, by: &str, now: Timestamp) -> Answer {
        let id = self.live_id(number)?;
        if let Some(ack) = self.incident(id).and_then(|i| i.acknowledged.as_ref()) {
            return Err(format!("#{number} was taken on by {} already.", ack.by));
        }
        self.record(id, Event::Acknowledged { by: by.to_owned() }, now);
        self.audit(by, "ack", json!({ "incident": number }), now);
        Ok(format!("#{number} is yours, {by}. I stop reminding; repairs go on."))
    }

    /// Somebody took care of what was stuck.
    pub fn clear(&mut self, number: u64, by: &str, now: Timestamp) -> Answer {
        let id = self.live_id(number)?;
        if self.incident(id).is_none_or(|i| i.state != State::Stuck) {
            return self.take_for_over(id, by, now);
        }
        self.record(id, Event::Cleared { by: by.to_owned() }, now);
        self.audit(by, "clear", json!({ "incident": number }), now);
        self.after_recovery(id, now);
        Ok(format!("#{number} is open again and no longer stuck."))
    }

    /// A person says that what alerts told of is over, because their source does not: some never do.
    fn take_for_over(&mut self, id: IncidentId, by: &str, now: Timestamp) -> Answer {
        let number = self.number(id);
        let belongs = |(key, row): (&SignalKey, &SignalRow)| {
            let firing = row.incident == Some(id) && row.signal.state == SignalState::Firing;
            firing.then(|| key.clone())
        };
        let firing: Vec<SignalKey> = self.signals.iter().filter_map(belongs).collect();
        let (mut alerts, others): (Vec<_>, Vec<_>) =
            firing.into_iter().partition(|(origin, _)| matches!(origin, Origin::Alert { .. }));
        alerts.sort();
        if alerts.is_empty() {
            return Err(match others.first() {
                Some((Origin::Skill(skill), _)) => {
                    format!(
                        "#{number} is not stuck, and {skill} still sees it: it is over once that skill no longer does."
                    )
                }
                Some(_) => {
                    format!("#{number} is not stuck, and I still see it: it is over once I no longer do.")
                }
                None => {
                    format!("#{number} is not stuck, and nothing fires in it; there is nothing to clear.")
                }
            });
        }
        self.record(id, Event::TakenForOver { by: by.to_owned() }, now);
        self.audit(by, "clear", json!({ "incident": number, "alerts": alerts.len() }), now);
        alerts.iter().for_each(|key| self.resolve(key, now));
        Ok(match others.is_empty() {
            true => format!("#{number} counts as over. If an alert of it fires again, it is back."),
            false => format!("The alerts of #{number} count as over; what I see myself stays."),
        })
    }

    /// Answers a question with yes. Where several people have to, the last of them starts it.
    pub fn approve(&mut self, number: u64, who: &Person, now: Timestamp) -> Answer {
        if let Some(answer) = self.answer_offer(number, true, None, &who.name, now) {
            return answer;
        }
        self.not_waiting(number)?;
        self.audit(&who.name, "approve", json!({ "approval": number }), now);
        self.still_to_be_answered(number, now)?;
        let gone = || format!("Approval {number} no longer waits.");
        match self.count_yes(number, who).ok_or_else(gone)? {
            Answered::Counted { left } => return Ok(format!("Noted, {}: {}", who.name, more(left))),
            Answered::Again { left } => {
                return Ok(format!("Your yes counts once, {}: {}", who.name, more(left)));
            }
            Answered::Enough => {}
        }
        let Some(approval) = self.approvals.get(&number) else { return Err(gone()) };
        if !approval.is_pinned() {
            self.effects.push(Effect::fingerprint(approval));
            return Ok(format!(
                "Noted, {}: it begins once I have looked up which programs it means, for a yes is for exactly those.",
                who.name
            ));
        }
        self.conclude_yes(number, now)
    }

    /// Does what everybody who has to said yes to.
    pub(super) fn conclude_yes(&mut self, number: u64, now: Timestamp) -> Answer {
        let gone = || format!("Approval {number} no longer waits.");
        let all = self.approvals.get(&number).map(Approval::said_yes).ok_or_else(gone)?;
        let by = all.as_str();
        let ended = self.end_approval(number, ApprovalState::Approved, Some(by), None, now);
        let approval = ended.ok_or_else(gone)?;
        let what = approval.subject();
        let id = approval.incident;
        // A step of a repair that runs has its place already.
        let waits_for = self.in_the_way(&approval.plan, id).filter(|_| approval.of_step.is_none());
        if let Err(why) = self.approved(approval, by, now) {
            self.question_not_begun(id, number, &why);
            self.say_next(id, why.clone(), now);
            return Err(why);
        }
        if let Some(other) = &waits_for {
            let text = format!("It waits until the repair of {other} is done.");
            self.question_waits(id, number, &text);
            self.say_next(id, text, now);
        }
        Ok(match waits_for {
            None => format!("Approved by {by}: {what} runs now, exactly as shown."),
            Some(other) => {
                format!(
                    "Approved by {by}: {what} runs, exactly as shown, once the repair of {other} is done."
                )
            }
        })
    }

    /// Whether a yes to a question can still be one to what was asked: in time, and with nothing changed since.
    fn still_to_be_answered(&mut self, number: u64, now: Timestamp) -> Result<(), String> {
        let Some(approval) = self.approvals.get(&number) else { return Ok(()) };
        let (id, expires_at) = (approval.incident, approval.expires_at);
        if now >= expires_at {
            self.expire_approval(number, now);
        } else {
            self.review_question(id, now);
        }
        self.not_waiting(number)
    }

    /// Answers a question with no.
    pub fn deny(&mut self, number: u64, reason: Option<&str>, by: &str, now: Timestamp) -> Answer {
        if let Some(answer) = self.answer_offer(number, false, reason, by, now) {
            return answer;
        }
        self.not_waiting(number)?;
        self.audit(by, "deny", json!({ "approval": number, "reason": reason }), now);
        if let Some(denied) = self.end_approval(number, ApprovalState::Denied, Some(by), reason, now) {
            self.remember_no(denied.incident, &denied.runbook, by, now);
        }
        Ok(format!("Denied by {by}. Nothing was run."))
    }

    fn not_waiting(&self, number: u64) -> Result<(), String> {
        if self.approvals.contains_key(&number) {
            return Ok(());
        }
        let hint = if number <= self.counters.1 && number > 0 {
            "it was answered, expired or withdrawn"
        } else {
            "there never was one"
        };
        Err(format!("No approval {number} waits for an answer: {hint}. `approvals` lists those that do."))
    }

    /// Makes every changing action wait for a person, or no longer.
    pub fn pause(&mut self, on: bool, by: &str, now: Timestamp) -> Answer {
        if on == self.paused.is_some() {
            let state = if on { "paused already" } else { "not paused" };
            return Err(format!("Changes are {state}."));
        }
        self.paused = on.then(|| by.to_owned());
        self.batch.settings.push(("paused_by".to_owned(), if on { by.to_owned() } else { String::new() }));
        self.audit(by, if on { "pause" } else { "resume" }, json!({}), now);
        let unresolved =
            self.incidents.iter().filter(|(_, live)| live.incident.state.is_unresolved()).map(|(id, _)| *id);
        self.dirty.extend(unresolved.collect::<Vec<_>>());
        Ok(if on {
            format!("Paused by {by}: I go on watching, and ask before every change. `resume` ends it.")
        } else {
            "Resumed: what is safe and reversible I do by myself again.".to_owned()
        })
    }

    /// Puts one incident into another.
    pub fn merge_by_hand(&mut self, from: u64, into: u64, by: &str, now: Timestamp) -> Answer {
        let (from_id, into_id) = (self.live_id(from)?, self.live_id(into)?);
        if from == into {
            return Err(format!("#{from} can't be merged into itself."));
        }
        self.not_being_undone(from_id)?;
        if self.incident(from_id).is_some_and(|incident| incident.storm.is_some()) {
            // What it only counts could not go with it.
            return Err(format!(
                "#{from} counts more than it names, and has to stay. Write `merge {into} into {from}`."
            ));
        }
        let cause = self.incident(from_id).filter(|i| i.is_active()).map(|i| i.root.clone());
        self.merge(from_id, into_id, &format!("{by} says that they are one fault."), now);
        let root = self.incident(into_id).map(|i| i.root.clone());
        if let (Some(cause), Some(root)) = (cause, root)
            && cause != root
            && self.knowledge.topology.distance(&root, &cause).is_some()
        {
            self.move_root(into_id, cause.clone(), &format!("{root} needs {cause}."), now);
        }
        self.audit(by, "merge", json!({ "from": from, "into": into }), now);
        Ok(format!("#{from} is now part of #{into}."))
    }

    /// Takes everything at or below a target out of an incident, into one of its own.
    pub fn split(&mut self, number: u64, target: &Target, by: &str, now: Timestamp) -> Answer {
        let id = self.live_id(number)?;
        let Some(incident) = self.incident(id) else { return Err(format!("#{number} is over.")) };
        let taken: Vec<_> =
            incident.members.iter().filter(|m| m.problem.target.is_within(target)).cloned().collect();
        let kept = incident.members.iter().find(|m| !m.problem.target.is_within(target));
        let Some(first) = taken.first().cloned() else {
            return Err(format!("Nothing in #{number} is at or below {target}."));
        };
        let Some(kept) = kept.map(|m| m.problem.target.clone()) else {
            return Err(format!("That is all of #{number}: there would be nothing left."));
        };
        let root = if incident.root.is_within(target) { kept } else { incident.root.clone() };
        let problems: Vec<Problem> = taken.iter().map(|m| m.problem.clone()).collect();
        let into = self.counters.0 + 1;
        self.call_off(id, &format!("{by} split the incident"), now);
        let split = Event::Split { problems: problems.clone(), into, root, by: by.to_owned() };
        if !self.record(id, split, now) {
            return Err(format!("#{number} can't be split as it is now."));
        }
        let opened = Event::Opened {
            problem: first.problem.clone(),
            origin: first.origin,
            severity: first.severity,
            summary: first.summary,
            impact: first.impact,
            evidence: String::new(),
            root: first.problem.target.clone(),
            why: format!("{by} took it out of #{number}."),
            sorted_by_hand: true,
            request: None,
        };
        let Some(new) = self.open(opened, now) else { return Err("It could not be split.".to_owned()) };
        for member in taken.into_iter().skip(1) {
            let why = format!("{by} took it out of #{number} too.");
            let joined = Event::Joined {
                problem: member.problem.clone(),
                origin: member.origin,
                severity: member.severity,
                summary: member.summary,
                impact: member.impact,
                evidence: String::new(),
                why,
                score: None,
            };
            self.record(new, joined, now);
        }
        for problem in &problems {
            if !self.is_firing(problem) {
                self.record(new, Event::Recovered { problem: problem.clone() }, now);
            }
            self.rehome(problem, new);
        }
        // What was counted for the incident as a whole is not counted for its part again.
        if let Some(telling) = self.incidents.get(&id).map(|live| live.telling.clone())
            && let Some(part) = self.incidents.get_mut(&new)
            && telling.counted_on.as_ref() == Some(&part.incident.root)
        {
            part.telling.counted_on = telling.counted_on;
            part.telling.counted = part.incident.occurrences;
        }
        self.wake(now + self.settings.settle, Timer::Settle(new));
        self.find_suspects(new);
        self.after_recovery(new, now);
        self.after_recovery(id, now);
        self.audit(by, "split", json!({ "incident": number, "target": target, "into": into }), now);
        Ok(format!("{target} is now incident #{into}."))
    }
}
