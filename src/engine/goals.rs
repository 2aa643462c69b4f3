//! Standing goals: runs of the agent that nobody asked for but their schedule, and those that somebody wants now.
//!
//! What the next time of a goal is counted from is written with the case that it begins, so that a restart neither
//! doubles a run nor forgets one. One that was missed runs once, and is told. `pause` has no effect here: a goal only
//! reads, and what it wants to change is a proposal.

use std::time::Duration;

use super::timer::Timer;
use super::world::World;
use crate::domain::agent::{Goal, GoalMark, Request};
use crate::domain::card::Card;
use crate::domain::command::suggest;
use crate::domain::escalation::within;
use crate::domain::incident::Incident;
use crate::domain::signal::Timestamp;

/// A goal that begins later than this was missed, not merely late.
const LATE: Duration = Duration::from_secs(300);
/// A case in which the agent has not begun yet is taken to wait for it this long, and not any longer.
const ABOUT_TO_BEGIN: Duration = Duration::from_secs(900);

impl World {
    /// Takes in what was remembered of the goals.
    pub(super) fn restore_goals(&mut self, marks: Vec<GoalMark>, now: Timestamp) {
        self.goals = marks.into_iter().map(|mark| (mark.name.clone(), mark)).collect();
        self.await_goals(now);
    }

    /// Has the engine wake up when the next goal is due. The time of one that is new, or has another schedule, counts
    /// from now on.
    pub(super) fn await_goals(&mut self, now: Timestamp) {
        if self.settings.agent.is_none() {
            return;
        }
        let goals = self.knowledge.goals.clone();
        for goal in goals.iter() {
            let written = goal.schedule.as_ref().map(ToString::to_string);
            // A time that lies ahead was read off a clock that went back since.
            let holds = |mark: &GoalMark| mark.schedule == written && mark.from <= now;
            if written.is_some() && !self.goals.get(&goal.name).is_some_and(holds) {
                self.mark(goal, now, None);
            }
            if let Some(at) = self.next_of(goal) {
                self.wake(at, Timer::Goals);
            }
        }
    }

    /// Begins the goals that are due.
    pub(super) fn look_at_goals(&mut self, now: Timestamp) {
        let goals = self.knowledge.goals.clone();
        let mut missed = Vec::new();
        for goal in goals.iter() {
            let Some(due) = self.next_of(goal).filter(|due| *due <= now) else { continue };
            if self.has_case(&goal.name, now) {
                // As with a skill that is due while it still runs: this time is left out.
                tracing::info!(goal = goal.name, "is left out this time, because its last case is not over");
                self.mark(goal, now, None);
                continue;
            }
            if !within(due, now, LATE) {
                missed.push((goal, due));
            }
            self.begin_goal(&goal.name, now);
        }
        self.tell_missed(&missed, now);
        self.await_goals(now);
    }

    /// Tells of goals whose time went by unnoticed.
    fn tell_missed(&mut self, missed: &[(&Goal, Timestamp)], now: Timestamp) {
        let Some((first, _)) = missed.first() else { return };
        let title = match missed {
            [_] => format!("The goal {} was missed, and runs now", first.name),
            _ => format!("{} goals were missed, and run now", missed.len()),
        };
        let card = missed.iter().fold(Card::titled(title), |card, (goal, due)| {
            card.line(format!("{} was due {}.", goal.name, self.local(*due)))
        });
        let why = "Steward was not running, or the machine slept. Each runs once, however often it was due.";
        self.tell_lab(&card.line(why), now);
    }

    /// The goals there are, and when they ran and will run.
    pub(super) fn list_goals(&self, now: Timestamp) -> Card {
        let goals = self.knowledge.goals.clone();
        let card = Card::titled("Goals of the agent");
        let card = goals.iter().fold(card, |card, goal| {
            card.field(&goal.name, format!("{}\n{}", goal.title, self.times_of(goal, now)))
        });
        card.line(match self.settings.agent {
            None => "No model is configured, so none of them runs. docs/agent.md tells how to set one up.",
            Some(_) => {
                "`goal NAME` runs one now. A goal only reads: what it wants to change, it asks for. They are texts of \
                 yours to change: `prompts/goals/NAME.md`."
            }
        })
    }

    /// When a goal ran and will run, in a line.
    fn times_of(&self, goal: &Goal, now: Timestamp) -> String {
        let mark = self.goals.get(&goal.name);
        let case = |mark: &GoalMark| mark.case.map(|number| format!(" (#{number})")).unwrap_or_default();
        let last = mark.and_then(|mark| Some(format!("{}{}", self.local(mark.ran_at?), case(mark))));
        let last = last.map_or_else(|| "Has not run yet".to_owned(), |last| format!("Last {last}"));
        let next = match (self.next_of(goal), &goal.schedule) {
            (Some(next), _) => format!("next {}", self.local(next.max(now))),
            (None, Some(schedule)) => format!("by itself only with a model ({schedule})"),
            (None, None) => "by itself never".to_owned(),
        };
        let running = self.running_goal(&goal.name, now).map(|case| format!("Runs now: #{}. ", case.number));
        format!("{}{last}; {next}.", running.unwrap_or_default())
    }

    /// Somebody wants a goal run now.
    pub(super) fn run_goal(&mut self, name: &str, by: &str, now: Timestamp) -> Result<String, String> {
        let wanted = name.trim().to_lowercase().replace([' ', '_'], "-");
        let wanted = wanted.strip_suffix(".md").unwrap_or(&wanted);
        let goals = self.knowledge.goals.clone();
        let Some(goal) = goals.iter().find(|goal| goal.name == wanted) else {
            let near = suggest(wanted, goals.iter().map(|goal| goal.name.as_str()));
            let hint = near.map_or_else(
                || "`goal` lists them; one of yours is a file of prompts/goals/.".to_owned(),
                |near| format!("Did you mean `goal {near}`?"),
            );
            return Err(format!("There is no goal {wanted}. {hint}"));
        };
        if self.settings.agent.is_none() {
            return Err(format!(
                "No model is configured, so {} can't run. docs/agent.md tells how to set one up.",
                goal.name
            ));
        }
        if let Some(case) = self.running_goal(&goal.name, now) {
            return Err(format!("The goal {} runs already, as case #{}.", goal.name, case.number));
        }
        let Some(number) = self.start_goal(goal, by, now) else {
            return Err(format!("The goal {} could not be begun; the log says why.", goal.name));
        };
        self.audit(by, "goal", serde_json::json!({ "goal": goal.name, "case": number }), now);
        Ok(format!(
            "The goal {} runs as case #{number}: {}. It only reads; what it finds is told there.",
            goal.name, goal.title
        ))
    }

    /// A goal's time has come. A goal that has gone meanwhile is no fault.
    pub(super) fn begin_goal(&mut self, name: &str, now: Timestamp) {
        let goals = self.knowledge.goals.clone();
        if let Some(goal) = goals.iter().find(|goal| goal.name == name)
            && self.settings.agent.is_some()
            && self.running_goal(name, now).is_none()
        {
            // By the goal's own name: nobody asked, so nobody has to be told that there is nothing.
            if self.start_goal(goal, &goal.name, now).is_none() {
                tracing::warn!(goal = goal.name, "could not be begun; it is tried again when it is due next");
                self.mark(goal, now, None);
            }
        }
    }

    /// Opens the case of a goal, and notes that it ran; its number.
    fn start_goal(&mut self, goal: &Goal, by: &str, now: Timestamp) -> Option<u64> {
        let request = Request { by: by.to_owned(), words: goal.title.clone(), goal: Some(goal.name.clone()) };
        let id = self.open_case(request, now)?;
        let number = self.incidents.get(&id).map(|live| live.incident.number);
        self.mark(goal, now, number);
        number
    }

    /// Notes that the next time of a goal is counted from now on; with a case, that it ran.
    fn mark(&mut self, goal: &Goal, now: Timestamp, case: Option<u64>) {
        let before = self.goals.get(&goal.name);
        let ran_at = if case.is_some() { Some(now) } else { before.and_then(|mark| mark.ran_at) };
        let mark = GoalMark {
            name: goal.name.clone(),
            schedule: goal.schedule.as_ref().map(ToString::to_string),
            from: now,
            ran_at,
            case: case.or_else(|| before.and_then(|mark| mark.case)),
        };
        self.batch.goals.push(mark.clone());
        self.goals.insert(goal.name.clone(), mark);
    }

    /// When a goal is due next by itself; in the past if it is overdue.
    fn next_of(&self, goal: &Goal) -> Option<Timestamp> {
        self.settings.agent.as_ref()?;
        let mark = self.goals.get(&goal.name)?;
        goal.schedule.as_ref()?.next_after(mark.from, self.settings.tz)
    }

    /// The case in which a goal runs now, or is about to.
    fn running_goal(&self, name: &str, now: Timestamp) -> Option<&Incident> {
        self.cases_of(name).find(|case| match case.investigations.last() {
            Some(run) => run.conclusion.is_none(),
            None => within(case.opened_at, now, ABOUT_TO_BEGIN),
        })
    }

    /// Whether a goal runs now, or something that it proposed still waits for an answer: more would be a nag.
    fn has_case(&self, name: &str, now: Timestamp) -> bool {
        let waits = |case: &Incident| {
            self.approvals.values().any(|asked| asked.incident == case.id)
                || self.offers.values().any(|offer| offer.incident == case.id)
        };
        self.running_goal(name, now).is_some() || self.cases_of(name).any(waits)
    }

    fn cases_of(&self, name: &str) -> impl Iterator<Item = &Incident> {
        let live = self.incidents.values().map(|live| &live.incident);
        live.filter(move |case| case.request.as_ref().is_some_and(|wish| wish.goal.as_deref() == Some(name)))
            .filter(|case| case.state.is_live())
    }

    fn local(&self, at: Timestamp) -> String {
        at.with_timezone(&self.settings.tz).format("%Y-%m-%d %H:%M").to_string()
    }
}

#[cfg(test)]
mod tests;
