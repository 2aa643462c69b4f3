//! What people are told, and when: after `settle`, never more often than `cooldown`, at once where it matters.

use super::cards::{self, Around};
use super::timer::Timer;
use super::world::World;
use crate::domain::card::{Card, Place};
use crate::domain::escalation::within;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Record, State, sentence};
use crate::domain::signal::Timestamp;
use crate::domain::suppression::Silence;
use crate::store::batch::NewMessage;

impl World {
    /// After everything that came in was taken in: respond, then tell, incident by incident.
    pub fn finish_turn(&mut self, now: Timestamp) {
        let ids: Vec<IncidentId> = self.dirty.iter().copied().collect();
        for id in ids {
            self.review_silence(id, now);
            self.respond(id, now);
            self.tell(id, now);
        }
    }

    /// Tells what is due of one incident.
    pub(super) fn tell(&mut self, id: IncidentId, now: Timestamp) {
        if !self.may_be_told(id, now) {
            return;
        }
        self.tell_root(id, now);
        let Some(live) = self.incidents.get(&id) else { return };
        let first = live.telling.told_seq == 0;
        if !live.untold.iter().any(|record| sentence(&record.event).is_some()) {
            return;
        }
        let urgent = live.untold.iter().any(|r: &Record| sentence(&r.event).is_some_and(|s| s.urgent));
        let cooldown = self.settings.cooldown;
        if let Some(told_at) = live.telling.told_at
            && !first
            && !urgent
            && within(told_at, now, cooldown)
        {
            self.wake(told_at + cooldown, Timer::Tell(id));
            return;
        }
        self.tell_thread(id, now);
    }

    fn may_be_told(&self, id: IncidentId, now: Timestamp) -> bool {
        let Some(live) = self.incidents.get(&id) else { return false };
        if live.telling.silenced {
            return false;
        }
        if live.telling.told_seq > 0 {
            return true;
        }
        // What was over before anybody was told needs no telling.
        let worth_telling = matches!(live.incident.state, State::Open | State::Remediating | State::Stuck);
        worth_telling && self.has_settled(id, now)
    }

    fn tell_root(&mut self, id: IncidentId, now: Timestamp) {
        let paused = self.paused.clone();
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let around =
            Around { tz: self.settings.tz, paused_by: paused.as_deref(), silenced: live.telling.silenced };
        let card = cards::root(&live.incident, around);
        if live.telling.root.as_ref() == Some(&card) {
            return;
        }
        live.telling.root = Some(card.clone());
        let number = live.incident.number;
        self.dirty.insert(id);
        let place = Place::Root { incident: id, number };
        self.post(&id.to_string(), Some(format!("root:{id}")), &place, &card, now);
    }

    fn tell_thread(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let untold = std::mem::take(&mut live.untold);
        live.telling.told_seq = live.incident.last_seq;
        live.telling.told_at = Some(now);
        let number = live.incident.number;
        let card = cards::update(&live.incident, &untold, self.settings.tz);
        self.dirty.insert(id);
        if let Some(card) = card {
            self.post(&id.to_string(), None, &Place::Thread { incident: id, number }, &card, now);
        }
    }

    /// Tells the lab something that belongs to no incident.
    pub fn tell_lab(&mut self, card: &Card, now: Timestamp) {
        self.post("lab", None, &Place::Lab, card, now);
    }

    pub(super) fn tell_silence_over(&mut self, silence: &Silence, broken: usize, now: Timestamp) {
        let rest = match broken {
            0 => "Nothing below it is broken.".to_owned(),
            1 => "One incident below it is still open.".to_owned(),
            n => format!("{n} incidents below it are still open."),
        };
        self.tell_lab(&Card::titled(format!("The silence on {} is over", silence.target)).line(rest), now);
    }

    /// Answers one person on one platform.
    pub fn answer(&mut self, platform: &str, conversation: &str, card: &Card, now: Timestamp) {
        self.batch.messages.push(NewMessage {
            platform: platform.to_owned(),
            thread: format!("answer:{conversation}"),
            supersedes: None,
            place: Place::Answer { conversation: conversation.to_owned() },
            card: card.clone(),
            at: now,
        });
    }

    fn post(&mut self, thread: &str, supersedes: Option<String>, place: &Place, card: &Card, now: Timestamp) {
        for platform in &self.settings.platforms {
            self.batch.messages.push(NewMessage {
                platform: platform.clone(),
                thread: thread.to_owned(),
                supersedes: supersedes.clone(),
                place: place.clone(),
                card: card.clone(),
                at: now,
            });
        }
    }
}
