use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{TimeDelta, TimeZone, Utc};

use super::*;
use crate::domain::agent::{Conclusion, Ending, Spending};
use crate::domain::card::Place;
use crate::domain::ids::IncidentId;
use crate::domain::schedule::Schedule;
use crate::domain::signal::Severity;
use crate::engine::settings::AgentLimits;
use crate::engine::world::tests::small_lab;
use crate::store::load::{LiveIncident, Loaded};

/// A lab with goals, whose memory of them is what was written.
struct Lab {
    world: World,
    now: Timestamp,
    kept: BTreeMap<String, GoalMark>,
    cases: BTreeMap<IncidentId, LiveIncident>,
    /// What the lab's channel was told.
    told: Vec<Card>,
}

fn goal(name: &str, schedule: Option<&str>) -> Goal {
    let schedule = schedule.map(|text| Schedule::parse(text).unwrap());
    Goal {
        name: name.into(),
        title: format!("Look at {name}"),
        text: "Look.".into(),
        schedule,
        shipped: false,
    }
}

fn world(goals: &[Goal], with_model: bool) -> World {
    let (mut settings, mut knowledge) = small_lab();
    let limits = AgentLimits { from: Severity::Warning, confidence: 60, runs: 3, narrates: false };
    settings.agent = with_model.then_some(limits);
    knowledge.goals = Arc::new(goals.to_vec());
    World::new(Arc::new(settings), knowledge)
}

impl Lab {
    /// A Saturday at eight, UTC.
    fn new(goals: &[Goal], with_model: bool) -> Self {
        let now = Utc.with_ymd_and_hms(2026, 11, 21, 8, 0, 0).unwrap();
        let (kept, cases) = (BTreeMap::new(), BTreeMap::new());
        let mut lab = Self { world: world(goals, with_model), now, kept, cases, told: Vec::new() };
        lab.restart(goals, with_model);
        lab
    }

    fn restart(&mut self, goals: &[Goal], with_model: bool) {
        self.world = world(goals, with_model);
        let incidents = self.cases.values().cloned().collect();
        let loaded = Loaded { incidents, goals: self.kept.values().cloned().collect(), ..Loaded::default() };
        let counters = (self.cases.len() as u64, 0);
        self.world.restore(Loaded { counters, ..loaded }, self.now);
        self.turn();
    }

    fn turn(&mut self) {
        let (batch, _) = self.world.end_turn(self.now);
        self.kept.extend(batch.goals.into_iter().map(|mark| (mark.name.clone(), mark)));
        for stored in batch.incidents {
            self.cases.insert(stored.incident.id, LiveIncident { stored, untold: Vec::new() });
        }
        let lab = batch.messages.into_iter().filter(|message| message.place == Place::Lab);
        self.told.extend(lab.map(|message| message.card));
    }

    fn pass(&mut self, time: TimeDelta) {
        let end = self.now + time;
        while let Some(at) = self.world.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.turn();
        }
        self.now = end;
        self.turn();
    }

    /// The goals that ran: of each case its goal.
    fn ran(&self) -> Vec<String> {
        let mut cases: Vec<_> = self.cases.values().map(|case| &case.stored.incident).collect();
        cases.sort_by_key(|case| case.number);
        cases.iter().filter_map(|case| case.request.as_ref()?.goal.clone()).collect()
    }

    /// The agent is at work in the newest case; it ends there, with nothing to tell.
    fn ends(&mut self) {
        let id = *self.cases.keys().last().unwrap();
        let run = self.world.incident(id).unwrap().investigating().unwrap().run;
        let nothing = Conclusion::without(Ending::Concluded);
        self.world.investigated(id, run, nothing, Spending::default(), self.now);
        self.turn();
    }
}

fn weekly() -> [Goal; 1] {
    [goal("proactive", Some("0 10 * * 6"))]
}

#[test]
fn a_goal_runs_at_its_time_and_again_a_week_later_and_never_between() {
    let mut lab = Lab::new(&weekly(), true);
    lab.pass(TimeDelta::minutes(119));
    assert_eq!(lab.ran(), [""; 0]);
    lab.pass(TimeDelta::minutes(1));
    assert_eq!(lab.ran(), ["proactive"]);
    lab.ends();
    lab.pass(TimeDelta::days(7) - TimeDelta::minutes(1));
    assert_eq!(lab.ran(), ["proactive"]);
    lab.pass(TimeDelta::minutes(1));
    assert_eq!(lab.ran(), ["proactive", "proactive"]);
    assert_eq!(lab.told, [], "a goal that runs when it is due is no news");
}

#[test]
fn without_a_model_no_goal_runs_however_long_it_takes() {
    let mut lab = Lab::new(&weekly(), false);
    lab.pass(TimeDelta::days(30));
    assert_eq!(lab.ran(), [""; 0]);
    let refused = lab.world.run_goal("proactive", "alex", lab.now).unwrap_err();
    assert!(refused.starts_with("No model is configured, so proactive can't run."), "{refused}");
    assert!(lab.world.list_goals(lab.now).body[0].starts_with("No model is configured"));
}

#[test]
fn a_restart_neither_doubles_a_run_nor_moves_the_next_one() {
    let mut lab = Lab::new(&weekly(), true);
    lab.pass(TimeDelta::hours(2));
    lab.ends();
    for _ in 0..3 {
        lab.restart(&weekly(), true);
        lab.pass(TimeDelta::days(2));
    }
    assert_eq!(lab.ran(), ["proactive"]);
    lab.pass(TimeDelta::days(1));
    assert_eq!(lab.ran(), ["proactive", "proactive"]);
}

#[test]
fn a_run_that_was_missed_however_often_is_made_up_for_once_and_told_also_before_the_first_one() {
    let mut lab = Lab::new(&weekly(), true);
    lab.now += TimeDelta::days(20);
    lab.restart(&weekly(), true);
    lab.pass(TimeDelta::hours(1));
    assert_eq!(lab.ran(), ["proactive"]);
    assert_eq!(lab.told.len(), 1);
    assert_eq!(lab.told[0].title, "The goal proactive was missed, and runs now");
    assert_eq!(lab.told[0].body[0], "proactive was due 2026-11-21 10:00.");
}

#[test]
fn a_goal_that_still_runs_is_not_begun_a_second_time_by_its_schedule_or_by_hand() {
    let goals = [goal("look", Some("0 * * * *"))];
    let mut lab = Lab::new(&goals, true);
    lab.pass(TimeDelta::hours(1));
    lab.pass(TimeDelta::hours(5));
    assert_eq!(lab.ran(), ["look"]);
    let refused = lab.world.run_goal("look", "alex", lab.now).unwrap_err();
    assert_eq!(refused, "The goal look runs already, as case #1.");
}

#[test]
fn while_what_a_goal_proposed_waits_for_an_answer_it_does_not_come_with_more() {
    let mut lab = Lab::new(&[goal("look", Some("0 * * * *"))], true);
    lab.pass(TimeDelta::hours(1));
    lab.ends();
    let incident = *lab.cases.keys().last().unwrap();
    let keepsake = crate::domain::agent::Keepsake::Runbook { name: "x".into(), yaml: String::new() };
    let (made_at, expires_at) = (lab.now, lab.now + TimeDelta::days(8));
    let state = crate::domain::approval::ApprovalState::Pending;
    let offer = crate::domain::agent::Offer {
        case: 1,
        number: 1,
        incident,
        title: "x".into(),
        keepsake,
        state,
        made_at,
        expires_at,
        decided_by: None,
    };
    lab.world.offers.insert(1, offer);
    lab.pass(TimeDelta::hours(5));
    assert_eq!(lab.ran(), ["look"]);
    lab.world.offers.clear();
    lab.pass(TimeDelta::hours(1));
    assert_eq!(lab.ran(), ["look", "look"]);
}

#[test]
fn a_pause_does_not_keep_a_goal_from_reading() {
    let mut lab = Lab::new(&weekly(), true);
    lab.world.pause(true, "alex", lab.now).unwrap();
    lab.pass(TimeDelta::hours(2));
    assert_eq!(lab.ran(), ["proactive"]);
}

#[test]
fn a_schedule_that_is_new_or_changed_counts_from_now_and_makes_up_for_nothing() {
    let mut lab = Lab::new(&weekly(), true);
    lab.pass(TimeDelta::hours(1));
    lab.now += TimeDelta::days(30);
    lab.restart(&[goal("proactive", Some("0 11 * * *"))], true);
    lab.pass(TimeDelta::hours(1));
    assert_eq!(
        lab.ran(),
        [""; 0],
        "a time of the new schedule was made up for, at which it was not in force"
    );
    lab.pass(TimeDelta::hours(1));
    assert_eq!(lab.ran(), ["proactive"]);
}

#[test]
fn a_clock_that_went_back_does_not_put_a_goal_off_for_long() {
    let goals = [goal("look", Some("0 * * * *"))];
    let mut lab = Lab::new(&goals, true);
    lab.now -= TimeDelta::days(300);
    lab.restart(&goals, true);
    lab.pass(TimeDelta::hours(1));
    assert_eq!(lab.ran(), ["look"]);
}

#[test]
fn a_goal_is_run_by_hand_with_its_case_named_and_one_that_is_not_there_with_its_neighbour() {
    let mut lab = Lab::new(&[goal("health-check", None)], true);
    let said = lab.world.run_goal("Health check", "alex", lab.now).unwrap();
    assert_eq!(
        said,
        "The goal health-check runs as case #1: Look at health-check. It only reads; what it finds is told there."
    );
    lab.turn();
    let case = &lab.cases.values().next().unwrap().stored.incident;
    assert_eq!(case.request.as_ref().unwrap().by, "alex", "who asked is told, also that there is nothing");
    let refused = lab.world.run_goal("helth-check", "alex", lab.now).unwrap_err();
    assert_eq!(refused, "There is no goal helth-check. Did you mean `goal health-check`?");
}

#[test]
fn the_list_says_when_each_goal_ran_and_when_it_runs_next() {
    let mut lab = Lab::new(&[goal("by-hand", None), weekly()[0].clone()], true);
    lab.pass(TimeDelta::hours(3));
    lab.ends();
    let card = lab.world.list_goals(lab.now);
    let lines: Vec<_> = card.fields.iter().map(|field| field.value.as_str()).collect();
    assert_eq!(
        lines,
        [
            "Look at by-hand\nHas not run yet; by itself never.",
            "Look at proactive\nLast 2026-11-21 10:00 (#1); next 2026-11-28 10:00."
        ]
    );
}
