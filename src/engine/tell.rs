//! What people are told, and when: after `settle`, never more often than `cooldown`, at once where it matters.

use super::cards::{self, Around};
use super::lifecycle::follow::is_single_bounce;
use super::ports::Platform;
use super::requests::is_idle;
use super::timer::Timer;
use super::world::{Live, World};
use crate::domain::card::{Card, Place};
use crate::domain::escalation::{Cause, within};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, Record, State, sentence};
use crate::domain::signal::Timestamp;
use crate::domain::suppression::{Kind, Scope, Silence};
use crate::store::batch::NewMessage;

/// What happens to every wish, and says nothing.
fn is_bookkeeping(event: &Event) -> bool {
    matches!(
        event,
        Event::Recovered { .. }
            | Event::Mitigated { .. }
            | Event::Resolved { .. }
            | Event::Reopened { .. }
            | Event::InvestigationStarted { .. }
    )
}

impl World {
    /// After everything that came in was taken in: look after, respond and tell, incident by incident.
    pub fn finish_turn(&mut self, now: Timestamp) {
        let ids: Vec<IncidentId> = self.dirty.iter().copied().collect();
        for id in ids {
            self.look_after(id, now);
            self.respond(id, now);
            self.tell(id, now);
        }
    }

    /// Tells what is due of one incident.
    pub(super) fn tell(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let Live { incident, untold, .. } = &mut *live;
        untold.retain(|record| !is_single_bounce(incident, record));
        let Some(live) = self.incidents.get(&id) else { return };
        // What is stuck half way is told whatever is silenced.
        let stuck = |r: &Record| matches!(r.event, Event::Escalated { cause: Cause::Stuck, .. });
        let quiet = live.telling.silenced && !live.untold.iter().any(stuck);
        let begun = live.telling.told_seq > 0;
        let begins = !begun && !quiet && self.is_worth_telling(live, now);
        if begins {
            self.quote_past(id, now);
        }
        if begun || begins {
            self.tell_root(id, now);
        }
        if (begun || begins) && !quiet && self.thread_is_due(id, now) {
            self.tell_thread(id, now);
        }
        if begun || begins {
            self.tell_questions(id, now);
        }
    }

    /// Posts the cards of questions that were asked or have come further.
    fn tell_questions(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let number = live.incident.number;
        let mut due = Vec::new();
        for put in live.telling.questions.iter_mut().filter(|put| !put.posted) {
            put.posted = true;
            due.push((put.approval, put.card.clone()));
        }
        live.telling.questions.retain(|put| !put.is_final);
        for (approval, card) in due {
            self.dirty.insert(id);
            let place = Place::Question { incident: id, number, approval };
            self.post(&id.to_string(), Some(format!("question:{approval}")), &place, &card, now);
        }
    }

    /// Whether an incident nobody has heard of is to be told. What was over before anybody was told needs no telling,
    /// unless people are called for it.
    fn is_worth_telling(&self, live: &Live, now: Timestamp) -> bool {
        let incident = &live.incident;
        if let Some(request) = &incident.request {
            // What a goal comes to is told once it is known to be worth it.
            return request.goal.is_none() || incident.investigating().is_none() && !is_idle(incident);
        }
        let broken = matches!(incident.state, State::Open | State::Remediating | State::Stuck);
        (broken && self.has_settled(incident.id, now)) || !incident.escalations.is_empty()
    }

    /// Whether the thread has something to hear, and has had its pause.
    fn thread_is_due(&mut self, id: IncidentId, now: Timestamp) -> bool {
        let Some(live) = self.incidents.get(&id) else { return false };
        let heard = live.untold.iter().filter(|record| !self.is_hushed(&live.incident, record, now));
        let said = heard.filter_map(|record| sentence(&record.event));
        let Some(urgent) = said.map(|s| s.urgent).reduce(|one, other| one || other) else { return false };
        let pause_ends = live.telling.told_at.map(|at| at + self.settings.cooldown);
        let pausing = live.telling.told_at.is_some_and(|at| within(at, now, self.settings.cooldown));
        if let Some(pause_ends) = pause_ends.filter(|_| pausing && !urgent) {
            self.wake(pause_ends, Timer::Tell(id));
            return false;
        }
        true
    }

    /// Whether a line is about a symptom that is silenced, while its incident is not; or is how a wish is kept, which
    /// tells nobody anything.
    fn is_hushed(&self, incident: &Incident, record: &Record, now: Timestamp) -> bool {
        if incident.request.is_some() {
            // Where there is but one platform, what somebody said stands there already.
            let echo = matches!(record.event, Event::Asked { .. })
                && (record.seq == 2 || self.settings.platforms.len() == 1);
            return echo || is_bookkeeping(&record.event);
        }
        record.event.symptom().is_some_and(|problem| self.is_silenced(problem, now))
    }

    fn tell_root(&mut self, id: IncidentId, now: Timestamp) {
        let paused = self.paused.clone();
        let Some(live) = self.incidents.get_mut(&id) else { return };
        if live.incident.state == State::Closed {
            // That the reopen window is over is bookkeeping; the last that people were told stays.
            return;
        }
        let inhibited_by = live.telling.inhibited_by.clone();
        let around = Around {
            tz: self.settings.tz,
            paused_by: paused.as_deref(),
            silenced: live.telling.silenced,
            inhibited_by: inhibited_by.as_deref(),
        };
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

    /// Tells the thread now what it has not heard.
    pub(super) fn tell_thread(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        let mut untold = std::mem::take(&mut live.untold);
        live.telling.told_seq = live.incident.last_seq;
        live.telling.told_at = Some(now);
        let number = live.incident.number;
        let Some(live) = self.incidents.get(&id) else { return };
        untold.retain(|record| !self.is_hushed(&live.incident, record, now));
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

    /// Tells the lab that something is kept quiet from now on.
    pub(super) fn tell_silence_begun(&mut self, silence: &Silence, now: Timestamp) {
        let until = silence.ends_at.with_timezone(&self.settings.tz).format("%Y-%m-%d %H:%M");
        let why = if silence.comment.is_empty() { String::new() } else { format!(" ({})", silence.comment) };
        let scope = silence.scope.in_words();
        let text =
            format!("Until {until}, {scope}{why}: no messages, no calls, no repairs. I keep recording.");
        let mut card = Card::titled(format!("The {} has begun", silence.name())).line(text);
        let hidden = self.broken_under(silence);
        if !hidden.is_empty() {
            card = card.line(format!("It hides what is broken already: {}.", self.named(&hidden)));
        } else if let Some(doubt) = self.unknown_target(&silence.scope) {
            card = card.line(doubt);
        }
        self.tell_lab(&card, now);
    }

    /// Tells the lab that a silence ends soon and what it hides, if that is still broken.
    pub(super) fn tell_silence_ends(&mut self, silence: &Silence, now: Timestamp) {
        let hidden = self.broken_under(silence);
        if hidden.is_empty() {
            return;
        }
        let left = cards::span(now, silence.ends_at);
        let card = Card::titled(format!("The {} ends in {left}", silence.name()))
            .line(format!("It hides what is still broken: {}.", self.named(&hidden)));
        self.tell_lab(&card, now);
    }

    /// Tells the lab that a silence has ended, and whether what it hid is still broken.
    pub(super) fn tell_silence_over(&mut self, silence: &Silence, now: Timestamp) {
        let broken = self.broken_under(silence);
        let rest = match (&silence.scope, silence.kind, broken.len()) {
            (Scope::Target(_), _, 0) => "Nothing below it is broken.".to_owned(),
            (Scope::Matchers(_), _, 0) => "Nothing that it hid is broken.".to_owned(),
            (Scope::Target(_), Kind::Silence, 1) => "One incident below it is still open.".to_owned(),
            (Scope::Target(_), Kind::Silence, n) => format!("{n} incidents below it are still open."),
            _ => format!("Still broken: {}.", self.named(&broken)),
        };
        let elsewhere = self.covered_elsewhere(silence, &broken);
        let told: Vec<u64> = elsewhere.iter().filter(|(_, told)| *told).map(|(number, _)| *number).collect();
        let hidden: Vec<u64> =
            elsewhere.iter().filter(|(_, told)| !told).map(|(number, _)| *number).collect();
        let mut card = Card::titled(format!("The {} is over", silence.name()));
        if !broken.is_empty() || elsewhere.is_empty() {
            card = card.line(rest);
        }
        for (numbers, how) in [(told, "told already"), (hidden, "not told yet")] {
            if !numbers.is_empty() {
                card = card.line(format!("Still broken: {} ({how}).", self.named(&numbers)));
            }
        }
        self.tell_lab(&card, now);
    }

    /// The incidents beside the `known` in which something is broken that a silence covered, and whether people have been
    /// told of them.
    fn covered_elsewhere(&self, silence: &Silence, known: &[u64]) -> Vec<(u64, bool)> {
        let others = self.incidents.values().filter(|live| {
            let incident = &live.incident;
            incident.state.is_unresolved()
                && !known.contains(&incident.number)
                && incident.members.iter().any(|m| m.active && self.covers_problem(silence, &m.problem))
        });
        let mut found: Vec<(u64, bool)> = others
            .map(|live| (live.incident.number, live.telling.told_seq > 0 && !live.telling.silenced))
            .collect();
        found.sort_unstable();
        found
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
        let all = self.settings.clone();
        self.post_to(&all.platforms, thread, supersedes, place, card, now);
    }

    pub(super) fn post_to(
        &mut self,
        platforms: &[Platform],
        thread: &str,
        supersedes: Option<String>,
        place: &Place,
        card: &Card,
        now: Timestamp,
    ) {
        for platform in platforms {
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
