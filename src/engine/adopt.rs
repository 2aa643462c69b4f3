//! "Bring this into the cluster": what runs somewhere is looked at, planned, asked about, and migrated.
//!
//! It is a wish with a thread like any other. First it is looked at ([`gather`], beside the desk), then people settle
//! what is theirs to decide (`decide`), then the migration is asked for as a plan like any other, and once the old
//! containers were kept for long enough, so is their removal (`migrate`). All of that is pure but for the look, is part
//! of the turns in which it is decided, and goes on after a restart where it was.

mod begin;
mod cards;
mod decide;
pub mod gather;
mod migrate;
mod words;

use std::time::Duration;

use super::effect::Effect;
use super::timer::Timer;
use super::world::World;
use crate::domain::card::{Card, Place};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Event;
use crate::domain::signal::Timestamp;
use crate::store::adoptions::{Adopting, Stage};
use crate::store::batch::Put;

/// How long decisions wait for people, and how long what was not brought over can be taken up again.
const WAITS: Duration = Duration::from_secs(7 * 24 * 3600);

impl World {
    /// What is brought into the cluster in this case.
    fn adoption_in(&self, case: IncidentId) -> Option<&Adopting> {
        self.adoptions.values().find(|adopting| adopting.case == case)
    }

    /// Whether a case waits for what only a look or people can bring.
    pub(super) fn waits_for_adoption(&self, case: IncidentId) -> bool {
        let waits = |adopting: &Adopting| matches!(adopting.stage, Stage::Looking | Stage::Deciding);
        self.adoption_in(case).is_some_and(waits)
    }

    /// The decisions that wait for people, a line for each case.
    pub(super) fn adoptions_that_wait(&self) -> impl Iterator<Item = String> {
        let waiting = self.adoptions.values().filter(|adopting| adopting.stage == Stage::Deciding);
        waiting.map(|adopting| {
            format!("decide: {} in #{}", words::what(adopting, &self.host_name(adopting)), adopting.number)
        })
    }

    /// Takes in what an earlier Steward left.
    pub(super) fn restore_adoptions(&mut self, adoptions: Vec<Adopting>) {
        for adopting in adoptions {
            if let Some(due) = adopting.due {
                self.wake(due, Timer::Adoption(adopting.began_in));
            }
            if adopting.stage == Stage::Looking {
                self.effects.push(look(&adopting));
            }
            self.adoptions.insert(adopting.began_in, adopting);
        }
    }

    /// Keeps how far something came.
    fn keep_adoption(&mut self, adopting: Adopting) {
        self.batch.adoptions.push(adopting.clone());
        if let Some(due) = adopting.due {
            self.wake(due, Timer::Adoption(adopting.began_in));
        }
        if adopting.stage == Stage::Over {
            self.adoptions.remove(&adopting.began_in);
        } else {
            self.adoptions.insert(adopting.began_in, adopting);
        }
    }

    /// Ends it: nothing more is done by itself.
    fn end_adoption(&mut self, mut adopting: Adopting) {
        self.close_decisions(&mut adopting, "not decided; it is over");
        adopting.stage = Stage::Over;
        adopting.due = None;
        self.keep_adoption(adopting);
    }

    /// It rests until somebody takes it up again.
    fn rest_adoption(&mut self, mut adopting: Adopting, now: Timestamp) {
        adopting.stage = Stage::Resting;
        adopting.due = Some(now + WAITS);
        self.keep_adoption(adopting);
    }

    /// Tells in the case how far it came.
    fn tell_adoption(
        &mut self,
        case: IncidentId,
        text: impl Into<String>,
        standing: impl Into<String>,
        now: Timestamp,
    ) {
        self.record(case, Event::Adopting { text: text.into(), standing: standing.into() }, now);
        self.dirty.insert(case);
    }

    /// Posts a card in the thread of a case.
    fn post_in(&mut self, (incident, number): (IncidentId, u64), card: &Card, now: Timestamp) {
        let place = Place::Thread { incident, number };
        let all = self.settings.clone();
        self.post_to(&all.platforms, &incident.to_string(), None, &place, card, now);
    }

    /// Puts a card that changes in its place, or changes it.
    fn put_in(&mut self, case: IncidentId, number: u64, card: Card, is_final: bool) {
        let Some(live) = self.incidents.get_mut(&case) else { return };
        let questions = &mut live.telling.questions;
        match questions.iter_mut().find(|put| put.approval == number) {
            Some(put) if put.card == card && put.is_final == is_final => return,
            Some(put) => (put.card, put.posted, put.is_final) = (card, false, is_final),
            None => questions.push(Put {
                approval: number,
                runbook: String::new(),
                card,
                posted: false,
                is_final,
            }),
        }
        self.dirty.insert(case);
    }

    /// The card as it stands.
    fn put_of(&self, case: IncidentId, number: u64) -> Option<&Card> {
        let questions = &self.incidents.get(&case)?.telling.questions;
        questions.iter().find(|put| put.approval == number).map(|put| &put.card)
    }

    /// A number for a card; questions, runs and offers share one count.
    fn next_card(&mut self) -> u64 {
        self.counters.1 += 1;
        self.batch.counters = Some(self.counters);
        self.counters.1
    }

    /// What people call the machine that something runs on.
    fn host_name(&self, adopting: &Adopting) -> String {
        words::host(&adopting.host, self.settings.host.as_str()).to_owned()
    }
}

/// The look at what is to be brought over.
fn look(adopting: &Adopting) -> Effect {
    let Adopting { began_in: adoption, container, host, .. } = adopting.clone();
    Effect::Gather { adoption, container, host }
}

#[cfg(test)]
mod policy_tests;
