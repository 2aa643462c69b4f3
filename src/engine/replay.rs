//! Plays a recording: the same world, the same decisions, in virtual time and as fast as it goes.
//!
//! What the desk does with the world's effects is done here from the recording: a skill that is asked to look again
//! sees at once what the recording says is broken, and suspects are found among the changes that it names. Nothing is
//! executed and nothing is sent.

mod expect;
pub mod line;
mod outcome;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

pub use expect::unmet;
pub use outcome::{Kind, Outcome, Said, reasons, signature};

use super::effect::Effect;
use super::ports::Inbound;
use super::route::Reply;
use super::suspects::{Inquiry, suspects};
use super::world::World;
use crate::config::recording::{Line, Recording, Word};
use crate::domain::card::Card;
use crate::domain::change::Change;
use crate::domain::redact::Redactor;
use crate::domain::report::{Finding, Report, Status};
use crate::domain::signal::{Origin, Problem, Signal, SignalState, Timestamp};
use crate::domain::suppression::Silence;
use crate::store::batch::{Batch, StoredIncident};
use crate::store::{StoreError, load, scratch};

/// The platform that is told.
pub const PLATFORM: &str = "replay";
/// Turns without time passing: more of them would never end.
const TURNS_AT_ONCE: u32 = 10_000;
/// Most changes looked through for the suspects of one incident, newest first.
const CHANGES: usize = 200;

/// Plays a recording in a world that nothing has happened in yet and that tells [`PLATFORM`].
///
/// # Errors
/// The scratch database for what a restart starts from could not be written.
pub fn play(world: World, recording: &Recording) -> Result<Outcome, StoreError> {
    let mut player = Player::new(world, recording)?;
    player.play(&recording.lines)?;
    Ok(player.outcome)
}

/// Something that comes of an effect, in a turn of its own.
enum FollowUp {
    Look(String),
    Inquire(Inquiry),
}

struct Player {
    world: World,
    /// What a restart starts from, where there is one.
    scratch: Option<Connection>,
    /// What each skill would see if it looked.
    visible: HashMap<String, BTreeMap<Problem, Finding>>,
    /// Oldest first.
    changes: Vec<Change>,
    now: Timestamp,
    outcome: Outcome,
}

impl Player {
    fn new(mut world: World, recording: &Recording) -> Result<Self, StoreError> {
        let mut skills: BTreeSet<String> = (*world.knowledge.skills).clone();
        for line in &recording.lines {
            match &line.word {
                Word::Report { skill, .. } => _ = skills.insert(skill.clone()),
                Word::Signal(signal) => {
                    if let Origin::Skill(skill) = &signal.origin {
                        skills.insert(skill.clone());
                    }
                }
                _ => {}
            }
        }
        world.knowledge.skills = Arc::new(skills);
        let restarts = recording.lines.iter().any(|line| line.word == Word::Restart);
        let first = recording.lines.first().map(|line| line.at);
        // What goes by the clock may have begun before anything was heard.
        let now = recording.start.into_iter().chain(first).min().unwrap_or(Timestamp::UNIX_EPOCH);
        let heard = recording
            .lines
            .iter()
            .find(|line| matches!(line.word, Word::Signal(_) | Word::Report { .. }))
            .map_or(now, |line| line.at);
        // As at any start: what goes by the clock is awaited from here on.
        world.restore(load::Loaded::default(), now);
        Ok(Self {
            world,
            scratch: restarts.then(scratch).transpose()?,
            visible: HashMap::new(),
            changes: Vec::new(),
            now,
            outcome: Outcome::new(heard),
        })
    }

    fn play(&mut self, lines: &[Line]) -> Result<(), StoreError> {
        let mut ended = false;
        let mut rest = lines;
        while let Some(first) = rest.first() {
            // What comes in at the same moment is one turn, as it would be at the desk.
            let alone = |line: &Line| matches!(line.word, Word::Restart | Word::Clock | Word::End);
            let together = match rest.iter().position(|line| line.at != first.at || alone(line)) {
                Some(0) => 1,
                Some(count) => count,
                None => rest.len(),
            };
            let (now, later) = rest.split_at(together);
            rest = later;
            if first.word != Word::Clock {
                self.pass(first.at)?;
            }
            self.now = first.at;
            let heard = now.iter().filter_map(|line| match &line.word {
                Word::Signal(signal) => Some(&**signal),
                _ => None,
            });
            self.world.overhear(heard, first.at);
            now.iter().try_for_each(|line| self.take(line))?;
            self.turn()?;
            ended = first.word == Word::End;
        }
        if !ended {
            self.run_on()?;
        }
        self.outcome.until = self.now;
        self.outcome.place(&self.world.knowledge.topology);
        Ok(())
    }

    /// Lets time pass up to a moment, with everything that falls due before it.
    fn pass(&mut self, until: Timestamp) -> Result<(), StoreError> {
        let mut at_once = 0;
        while let Some(deadline) = self.world.next_deadline().filter(|deadline| *deadline < until) {
            at_once = if deadline > self.now { 0 } else { at_once + 1 };
            if at_once > TURNS_AT_ONCE {
                tracing::warn!(now = %self.now, "the same timer is set again and again; passed over");
                break;
            }
            self.now = self.now.max(deadline);
            self.turn()?;
        }
        Ok(())
    }

    /// After the last line time runs on until what is well again is over for good.
    fn run_on(&mut self) -> Result<(), StoreError> {
        let settings = self.world.settings.clone();
        let spans = [
            settings.settle,
            settings.hold * 2,
            settings.flap_window * 2,
            settings.reopen_window,
            settings.resolve_timeout,
            settings.cooldown,
        ];
        let end = self.now + spans.iter().sum::<Duration>();
        while let Some(deadline) = self.world.next_deadline().filter(|deadline| *deadline <= end) {
            // Nothing that people have yet to hear lies further ahead than this.
            let told = deadline > self.now + settings.settle + settings.cooldown;
            if told && self.outcome.is_settled() {
                break;
            }
            self.pass(deadline + Duration::from_millis(1))?;
        }
        Ok(())
    }

    fn take(&mut self, line: &Line) -> Result<(), StoreError> {
        let now = self.now;
        match &line.word {
            Word::Signal(signal) => {
                self.outcome.signals += 1;
                self.notice(signal);
                self.world.take_signal((**signal).clone(), now);
            }
            Word::Report { skill, report } => {
                self.outcome.signals += report.findings.len().max(1) as u64;
                self.see(skill, report);
                self.world.looked(skill, report, now);
                self.world.take_report(skill, report, now);
            }
            Word::Change(change) => self.changes.push((**change).clone()),
            Word::Says { user, text, incident } => self.hear(user, text, *incident),
            Word::Restart => self.restart()?,
            Word::Clock | Word::End => {}
        }
        Ok(())
    }

    /// Ends a turn, and sees to what follows from it until nothing does.
    fn turn(&mut self) -> Result<(), StoreError> {
        let mut waiting: VecDeque<FollowUp> = VecDeque::new();
        loop {
            let (batch, effects) = self.world.end_turn(self.now);
            self.write(batch)?;
            waiting.extend(effects.into_iter().filter_map(|effect| self.follow(effect)));
            let Some(next) = waiting.pop_front() else { return Ok(()) };
            match next {
                FollowUp::Look(skill) => {
                    let findings =
                        self.visible.get(&skill).into_iter().flat_map(BTreeMap::values).cloned().collect();
                    let report = Report { findings, complete: true, metrics: Vec::new() };
                    self.world.looked(&skill, &report, self.now);
                    self.world.take_report(&skill, &report, self.now);
                }
                FollowUp::Inquire(inquiry) => self.inquire(&inquiry),
            }
        }
    }

    fn follow(&mut self, effect: Effect) -> Option<FollowUp> {
        match effect {
            Effect::RunSkill { skill, .. } => Some(FollowUp::Look(skill)),
            Effect::FindSuspects(inquiry) => (!self.changes.is_empty()).then_some(FollowUp::Inquire(inquiry)),
            // Without runbooks nothing is repaired and nobody asked.
            Effect::Repair(..)
            | Effect::Fingerprint { .. }
            | Effect::CallOff { .. }
            | Effect::Answer { .. }
            // Nothing is reasoned about either.
            | Effect::Investigate(_)
            | Effect::Narrate(..)
            | Effect::StopRun { .. }
            | Effect::RepairOver { .. }
            | Effect::Keep { .. }
            | Effect::Gather { .. } => None,
        }
    }

    fn inquire(&mut self, Inquiry { incident, opened_at, targets }: &Inquiry) {
        let from = *opened_at - self.world.settings.changes_window;
        let lately = self.changes.iter().rev().skip_while(|change| change.at > self.now);
        let lately = lately.take_while(|change| change.at >= from).take(CHANGES).cloned().collect();
        let found = suspects(lately, targets, &self.world.knowledge.topology, *opened_at, self.now);
        self.world.suspect(*incident, found, self.now);
    }

    /// What the skill would see from now on, after one signal of its.
    fn notice(&mut self, signal: &Signal) {
        let Origin::Skill(skill) = &signal.origin else { return };
        let visible = self.visible.entry(skill.clone()).or_default();
        if signal.state == SignalState::Resolved {
            visible.remove(&signal.problem());
        } else {
            visible.insert(signal.problem(), finding_of(signal));
        }
    }

    /// The same after a report.
    fn see(&mut self, skill: &str, report: &Report) {
        let visible = self.visible.entry(skill.to_owned()).or_default();
        if report.complete {
            visible.clear();
        }
        for finding in &report.findings {
            if finding.status == Status::Ok {
                visible.retain(|problem, _| problem.target != finding.target);
            } else {
                let (target, signature) = (finding.target.clone(), finding.signature.clone());
                visible.insert(Problem { target, signature }, finding.clone());
            }
        }
    }

    fn hear(&mut self, user: &str, text: &str, incident: Option<u64>) {
        let inbound = Inbound {
            platform: PLATFORM.to_owned(),
            conversation: PLATFORM.to_owned(),
            user: user.to_owned(),
            user_id: user.to_owned(),
            operator: true,
            text: text.to_owned(),
            incident,
            addressed: true,
            pressed: false,
            bookmark: None,
        };
        let card = match self.world.said(&inbound, self.now) {
            Some(Reply::Now(card) | Reply::No(card)) => card,
            Some(Reply::Ask(_)) => {
                Card::titled("This would be looked up beside the engine; a replay answers no questions")
            }
            None => return,
        };
        self.world.answer(PLATFORM, PLATFORM, &card, self.now);
    }

    fn restart(&mut self) -> Result<(), StoreError> {
        let Some(conn) = &self.scratch else { return Ok(()) };
        let mut world = World::new(self.world.settings.clone(), self.world.knowledge.clone());
        let back = world.look_back();
        world.restore(load::load(conn, self.now, back)?, self.now);
        world.forget_gone_skills(self.now);
        self.world = world;
        Ok(())
    }

    /// What hides an incident now, if anything does.
    fn hidden_by(&self, stored: &StoredIncident) -> Option<String> {
        if let Some(by) = &stored.telling.inhibited_by {
            return Some(format!("inhibited by {by}"));
        }
        if !stored.telling.silenced {
            return None;
        }
        let number = stored.incident.number;
        let active = self.world.silences.iter().filter(|silence| silence.is_active(self.now));
        let by =
            active.filter(|silence| self.world.broken_under(silence).contains(&number)).map(Silence::name);
        Some(by.map(|by| format!("by the {by}")).next().unwrap_or_else(|| "by several silences".to_owned()))
    }

    fn write(&mut self, batch: Batch) -> Result<(), StoreError> {
        if let Some(conn) = &self.scratch {
            batch.write(conn, &Redactor::shapes())?;
        }
        for stored in &batch.incidents {
            if let Some(by) = self.hidden_by(stored) {
                self.outcome.hidden.insert(stored.incident.number, by);
            }
        }
        self.outcome.note(batch, self.now);
        Ok(())
    }
}

fn finding_of(signal: &Signal) -> Finding {
    Finding {
        status: Status::Problem,
        target: signal.target.clone(),
        signature: signal.signature.clone(),
        severity: signal.severity,
        summary: signal.summary.clone(),
        impact: signal.impact.clone(),
        labels: signal.labels.clone(),
        evidence: signal.evidence.clone(),
        explicit_target: true,
        explicit_signature: true,
    }
}
