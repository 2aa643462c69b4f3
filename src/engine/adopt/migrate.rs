//! The migration as a plan like any other: asked for, run as a saga, and once the old containers were kept for long
//! enough, their removal.

use sha2::{Digest, Sha256};

use super::words::{self, place, sentence};
use super::{Stage, WAITS};
use crate::adopt::Fault;
use crate::adopt::plan::Migration;
use crate::config::runbook_from;
use crate::domain::agent::{ADOPT_PREFIX, Request};
use crate::domain::approval::{Approval, ApprovalState};
use crate::domain::ids::{IncidentId, RemediationId};
use crate::domain::incident::{Incident, State};
use crate::domain::remediation::Outcome;
use crate::domain::runbook::Runbook;
use crate::domain::signal::Timestamp;
use crate::engine::world::World;
use crate::policy::Decision;
use crate::store::adoptions::Adopting;

/// Characters of a project's name in that of its runbook.
const NAME: usize = 40;
/// How long something that is in the way of the removal is waited for.
const LATER: std::time::Duration = std::time::Duration::from_secs(3600);
const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

impl World {
    /// Nothing waits for people any more but their yes.
    pub(super) fn ask_to_move(
        &mut self,
        mut adopting: Adopting,
        migration: Result<Migration, Vec<Fault>>,
        said: &str,
        now: Timestamp,
    ) {
        let case = adopting.case;
        let attempt = self.attempts(case);
        let asked = migration.map_err(|faults| words::faults(&faults)).and_then(|migration| {
            let project = adopting
                .project
                .as_ref()
                .map_or(adopting.container.as_str(), |project| project.name.as_str());
            let (name, text) = named(project, attempt, |name| migration.runbook(name));
            adopting.removal = migration
                .decommission(ADOPT_PREFIX)
                .map(|_| named(project, attempt, |name| migration.decommission(name).unwrap_or_default()));
            self.withdraw_old(&adopting, &name, now)?;
            adopting.runbook = Some(name.clone());
            self.ask_for(&adopting, &name, &text, now)
        });
        match asked {
            Ok(number) => {
                adopting.stage = Stage::Moving;
                adopting.due = None;
                self.keep_adoption(adopting);
                let text =
                    format!("{said} Nothing else is open: approval {number} below shows every command.");
                self.tell_adoption(case, text, "planned", now);
            }
            Err(why) => {
                adopting.runbook = None;
                self.rest_adoption(adopting, now);
                let text = format!("{said} I can't ask to move it: {}", sentence(&why));
                self.tell_adoption(case, text, format!("not moved: {}", why.trim_end_matches('.')), now);
            }
        }
    }

    /// How often something was tried in a case.
    pub(super) fn attempts(&self, case: IncidentId) -> usize {
        let tried = |incident: &Incident| {
            incident.repairs.iter().filter(|repair| repair.runbook.starts_with(ADOPT_PREFIX)).count()
        };
        self.incident(case).map_or(0, tried)
    }

    /// Withdraws the question for what the plan was before.
    fn withdraw_old(&mut self, adopting: &Adopting, name: &str, now: Timestamp) -> Result<(), String> {
        let Some((_, number)) = self.incident(adopting.case).and_then(|incident| incident.approval) else {
            return Ok(());
        };
        let asked = self.approvals.get(&number).map(|approval| approval.runbook.clone());
        if asked.is_none() || asked != adopting.runbook {
            return Err(format!("question {number} waits for an answer in this thread first"));
        }
        if asked.as_deref() != Some(name) {
            if let Some(known) = self.adoptions.get_mut(&adopting.began_in) {
                // It is this one's own doing, and what comes of it is told with the new plan.
                known.runbook = None;
            }
            let why = "the plan has changed; the new one is asked for";
            self.end_approval(number, ApprovalState::Withdrawn, None, Some(why), now);
        }
        Ok(())
    }

    /// Has a plan judged and asked for. Returns the question's number.
    fn ask_for(
        &mut self,
        adopting: &Adopting,
        name: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<u64, String> {
        let case = adopting.case;
        if let Some((_, number)) = self.incident(case).and_then(|incident| incident.approval) {
            // The very same is asked for already.
            return Ok(number);
        }
        let runbook = self.readable(name, text)?;
        let incident = self.incident(case).ok_or("the case is closed")?;
        let problem =
            incident.members.first().map(|member| member.problem.clone()).ok_or("the case is empty")?;
        let root = incident.root.clone();
        let signal = self.latest(&problem).map(|row| row.signal.clone()).ok_or("the case is over")?;
        let draft = self.draft_for(&runbook, &signal, &root, now)?;
        if draft.decision == Decision::Forbid {
            return Err(format!("the policy forbids it: {}", draft.forbidden()));
        }
        self.keep_plan(case, (&runbook, Some(text)), now);
        let by = format!("adopt, for {}", adopting.by);
        self.ask_for_agent(case, &draft, &signal, by, now);
        let asked = self.incident(case).and_then(|incident| incident.approval).map(|(_, number)| number);
        asked.ok_or_else(|| "it can't be asked for as the case is now".to_owned())
    }

    fn readable(&self, name: &str, text: &str) -> Result<Runbook, String> {
        runbook_from(name, text, &self.settings.hosts).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(|problem| problem.what.clone()).collect();
            format!("the plan is no good runbook: {}", told.join("; "))
        })
    }

    /// What is brought over by this runbook in this case.
    fn adoption_by(&self, case: IncidentId, runbook: &str) -> Option<Adopting> {
        self.adoption_in(case).filter(|adopting| adopting.runbook.as_deref() == Some(runbook)).cloned()
    }

    /// A question was answered with no, or with nothing.
    pub(in crate::engine) fn adoption_answered(
        &mut self,
        approval: &Approval,
        state: ApprovalState,
        now: Timestamp,
    ) {
        let Some(adopting) = self.adoption_by(approval.incident, &approval.runbook) else { return };
        let case = adopting.case;
        let why = match state {
            ApprovalState::Denied => "the answer was no",
            ApprovalState::Expired => "nobody answered",
            ApprovalState::Withdrawn => "the question was withdrawn",
            ApprovalState::Pending | ApprovalState::Approved => return,
        };
        match adopting.stage {
            Stage::Moving => {
                let text = format!("Nothing was moved: {why}. {}", again(&adopting));
                self.rest_adoption(adopting, now);
                self.tell_adoption(case, text, format!("not moved: {why}"), now);
            }
            Stage::Removing if state != ApprovalState::Denied && !adopting.asked_for_removal => {
                let mut adopting = adopting;
                let until = now + DAY * adopting.options.keep_days.max(1);
                adopting.asked_for_removal = true;
                adopting.stage = Stage::Kept;
                adopting.due = Some(until);
                let day = self.day(until);
                self.keep_adoption(adopting);
                let text = format!("The old containers stay, stopped: {why}. I ask once more on {day}.");
                self.tell_adoption(
                    case,
                    text,
                    format!("moved; the old containers are kept, stopped, until {day}"),
                    now,
                );
            }
            Stage::Removing => {
                self.end_adoption(adopting);
                let text = format!(
                    "The old containers stay, stopped: {why}. I don't ask again; removing them is yours."
                );
                self.tell_adoption(case, text, "moved; the old containers stay, stopped", now);
            }
            Stage::Looking | Stage::Deciding | Stage::Resting | Stage::Kept | Stage::Over => {}
        }
    }

    /// A migration, or a removal, has come to its end.
    pub(in crate::engine) fn adoption_ended(
        &mut self,
        case: IncidentId,
        runbook: &str,
        outcome: &Outcome,
        now: Timestamp,
    ) {
        let Some(adopting) = self.adoption_by(case, runbook) else { return };
        let worked = matches!(outcome, Outcome::Succeeded | Outcome::Deferred);
        match adopting.stage {
            Stage::Moving if worked => self.moved(adopting, now),
            Stage::Moving => self.not_moved(adopting, outcome, now),
            Stage::Removing => {
                self.end_adoption(adopting);
                let (text, standing) = if worked {
                    (
                        "The old containers are removed. Their data stays where it was.",
                        "moved, and the old containers are removed",
                    )
                } else {
                    (
                        "The old containers were not removed as planned: see above. Removing them is yours now.",
                        "moved; the old containers are still there",
                    )
                };
                self.tell_adoption(case, text, standing, now);
            }
            Stage::Looking | Stage::Deciding | Stage::Resting | Stage::Kept | Stage::Over => {}
        }
    }

    /// It runs in its new place.
    fn moved(&mut self, mut adopting: Adopting, now: Timestamp) {
        let case = adopting.case;
        let name =
            adopting.project.as_ref().map_or(adopting.container.clone(), |project| project.name.clone());
        let to = place(&adopting.options);
        self.close_decisions(&mut adopting, "it was moved");
        if adopting.removal.is_none() {
            self.end_adoption(adopting);
            return self.tell_adoption(
                case,
                format!("{name} runs in {to}."),
                format!("{name} runs in {to}"),
                now,
            );
        }
        let until = now + DAY * adopting.options.keep_days;
        let day = self.day(until);
        adopting.stage = Stage::Kept;
        adopting.due = Some(until);
        let number = adopting.number;
        self.keep_adoption(adopting);
        let back = self
            .incident(case)
            .and_then(Incident::undoable)
            .map(|_| format!(" `undo {number}` goes back to them."));
        let text = format!(
            "{name} runs in {to}. The old containers are kept, stopped, until {day}; then I ask whether they may go.{}",
            back.unwrap_or_default()
        );
        let standing = format!("{name} runs in {to}; the old containers are kept, stopped, until {day}");
        self.tell_adoption(case, text, standing, now);
    }

    /// It is where it was, or stuck half way.
    fn not_moved(&mut self, adopting: Adopting, outcome: &Outcome, now: Timestamp) {
        let case = adopting.case;
        let host = self.host_name(&adopting);
        let what = words::what(&adopting, &host);
        let (text, standing) = match outcome {
            Outcome::Stuck { .. } => (
                format!(
                    "{what} is stuck half way. Look first whether its old containers run: `docker ps -a` on {host}."
                ),
                "not moved: it is stuck half way".to_owned(),
            ),
            Outcome::Unwound { why } | Outcome::Cancelled { why } => (
                format!(
                    "{what} was not moved. What had been done of it was taken back; the old containers run as before. {}",
                    again(&adopting)
                ),
                format!("not moved: {}; the old containers run as before", why.trim_end_matches('.')),
            ),
            Outcome::Succeeded | Outcome::Deferred => return,
        };
        self.rest_adoption(adopting, now);
        self.tell_adoption(case, text, standing, now);
    }

    /// What was moved was taken back: what was kept is in use again, and must not be removed.
    pub(in crate::engine) fn adoption_undone(&mut self, case: IncidentId, of: RemediationId, now: Timestamp) {
        let Some(repair) = self.incident(case).and_then(|incident| incident.repair(of)).cloned() else {
            return;
        };
        if repair.undone_by.is_none() {
            return;
        }
        let kept = self.adoptions.values().find(|adopting| {
            adopting.began_in == case && matches!(adopting.stage, Stage::Kept | Stage::Removing)
        });
        let Some(adopting) = kept.cloned() else { return };
        let asked =
            self.incident(adopting.case).and_then(|incident| incident.approval).map(|(_, number)| number);
        let case = adopting.case;
        self.rest_adoption(adopting, now);
        if let Some(number) = asked {
            let why = "the old containers are in use again";
            self.end_approval(number, ApprovalState::Withdrawn, None, Some(why), now);
        }
        let text = "The old containers are in use again, so they are not removed.";
        self.tell_adoption(case, text, "taken back: it runs where it did", now);
    }

    /// Time has come for something that is brought into the cluster, perhaps.
    pub(in crate::engine) fn adoption_due(&mut self, began_in: IncidentId, now: Timestamp) {
        let Some(adopting) = self.adoptions.get(&began_in).cloned() else { return };
        if adopting.due.is_none_or(|due| due > now) {
            return;
        }
        match adopting.stage {
            Stage::Deciding => {
                let case = adopting.case;
                self.end_adoption(adopting);
                let days = WAITS.as_secs() / DAY.as_secs();
                let text = format!(
                    "Nobody decided within {days} days, so nothing was moved. A new `adopt` begins anew."
                );
                self.tell_adoption(case, text, "not moved: nobody decided", now);
            }
            Stage::Resting => self.end_adoption(adopting),
            Stage::Kept => self.ask_to_remove(adopting, now),
            Stage::Looking | Stage::Moving | Stage::Removing | Stage::Over => {}
        }
    }

    /// The old containers were kept for long enough.
    fn ask_to_remove(&mut self, mut adopting: Adopting, now: Timestamp) {
        let busy = |incident: &Incident| {
            incident.undoing.is_some()
                || incident.running_repair().is_some()
                || incident.approval.is_some()
                || incident.state == State::Stuck
        };
        if self.incident(adopting.case).is_some_and(busy) {
            adopting.due = Some(now + LATER);
            return self.keep_adoption(adopting);
        }
        let Some((name, text)) = adopting.removal.clone() else { return self.end_adoption(adopting) };
        let what = words::what(&adopting, &self.host_name(&adopting));
        let words = format!("remove the old containers of {what}");
        if self.incident(adopting.case).is_none() {
            let request = Request { by: adopting.by.clone(), words: words.clone(), goal: None };
            let opened = self.wish(&request, now).and_then(|signal| self.open_wish(request, signal, now));
            let Some(case) = opened else {
                adopting.due = Some(now + LATER);
                return self.keep_adoption(adopting);
            };
            (adopting.case, adopting.number) = (case, self.number(case));
        }
        let case = adopting.case;
        self.take_up_again(case, &words, now);
        adopting.runbook = Some(name.clone());
        match self.ask_for(&adopting, &name, &text, now) {
            Ok(_) => {
                adopting.stage = Stage::Removing;
                adopting.due = None;
                self.keep_adoption(adopting);
                let text = format!(
                    "The old containers of {what} were kept for long enough. May they go? Their data stays."
                );
                self.tell_adoption(case, text, "moved; the old containers may go", now);
            }
            Err(why) => {
                self.end_adoption(adopting);
                let text = format!(
                    "The old containers of {what} were kept for long enough, and I can't remove them: {} That is yours.",
                    sentence(&why)
                );
                self.tell_adoption(case, text, "moved; removing the old containers is yours", now);
            }
        }
    }

    /// A day as the lab's people read it.
    fn day(&self, at: Timestamp) -> String {
        at.with_timezone(&self.settings.tz).format("%Y-%m-%d").to_string()
    }
}

/// How it is asked for again.
fn again(adopting: &Adopting) -> &'static str {
    if adopting.decisions.is_empty() {
        "A new `adopt` asks again."
    } else {
        "`decide 1 CHOICE`, as it was or otherwise, asks again; a new `adopt` looks at it again first."
    }
}

/// A runbook under a name that says what it does, to the letter: the same plan has the same name whenever it is made. One
/// that was tried already gets another with each attempt, for a plan is tried once.
pub(super) fn named(project: &str, attempt: usize, write: impl Fn(&str) -> String) -> (String, String) {
    let mut digest = Sha256::new_with_prefix(write(ADOPT_PREFIX).as_bytes());
    if attempt > 0 {
        digest.update(attempt.to_string());
    }
    let short: String = digest.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let project: String = project.chars().take(NAME).collect();
    let name = format!("{ADOPT_PREFIX}{}-{short}", project.trim_end_matches('-'));
    let text = write(&name);
    (name, text)
}
