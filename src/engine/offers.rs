//! Offers: changes to something of Steward's own (a lesson, a rule, a runbook) that wait for a person's yes.
//!
//! An offer outlives its case: whoever reads the thread next week can still say yes. While it is being kept it stays
//! `pending` with somebody's name on it, so that a Steward that ends in between keeps it after the next start.

mod card;

use std::time::Duration;

use serde_json::json;

use super::effect::Effect;
use super::people::Answer;
use super::timer::Timer;
use super::world::World;
use crate::domain::agent::{Keepsake, Lesson, Offer, Proposed, memory};
use crate::domain::approval::ApprovalState;
use crate::domain::card::{Card, Place};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Event;
use crate::domain::signal::Timestamp;
use crate::store::batch::Put;

/// How long an offer waits.
const WAITS: Duration = Duration::from_secs(7 * 24 * 3600);

impl World {
    /// Puts an offer to people, in the thread of the case that it came from, and returns its number. What waits, was
    /// declined or was kept already is not offered again: `None`.
    pub(super) fn offer(
        &mut self,
        id: IncidentId,
        title: &str,
        keepsake: Keepsake,
        now: Timestamp,
    ) -> Option<u64> {
        let case = self.incidents.get(&id)?.incident.number;
        self.offer_in((id, case), title, keepsake, now)
    }

    /// The same for a case that may be over and forgotten: its identity, and the number that people know it by.
    pub(super) fn offer_in(
        &mut self,
        (incident, case): (IncidentId, u64),
        title: &str,
        keepsake: Keepsake,
        now: Timestamp,
    ) -> Option<u64> {
        if self.is_settled(&keepsake) {
            return None;
        }
        let number = self.counters.1 + 1;
        self.counters.1 = number;
        self.batch.counters = Some(self.counters);
        let offer = Offer {
            number,
            incident,
            case,
            title: title.to_owned(),
            keepsake,
            state: ApprovalState::Pending,
            made_at: now,
            expires_at: now + WAITS,
            decided_by: None,
        };
        self.batch.offers.push((offer.clone(), None));
        self.audit("steward", "offered", json!({ "offer": number, "incident": case, "what": title }), now);
        if self.incident(incident).is_some() {
            self.record(incident, Event::Offered { number, title: title.to_owned() }, now);
        }
        self.show_offer(&offer, card::offer(&offer, self.settings.tz), now);
        self.wake(offer.expires_at, Timer::Offer(number));
        self.offers.insert(number, offer);
        Some(number)
    }

    /// Whether there is nothing to ask about this: it waits for an answer, somebody did not want it, or it is known.
    pub(super) fn is_settled(&self, keepsake: &Keepsake) -> bool {
        let key = keepsake.key();
        let known = match keepsake {
            // A rule is more than its words, and is kept even where the words are known.
            Keepsake::Lesson(lesson) => {
                lesson.rule.is_none() && memory::is_known(&self.knowledge.memory, lesson)
            }
            Keepsake::Runbook { name, .. } => self.knowledge.runbooks.iter().any(|r| r.name == *name),
        };
        known
            || self.learned.declined.contains(&key)
            || self.learned.kept.contains(&key)
            || self.offers.values().any(|waiting| waiting.keepsake.key() == key)
    }

    /// The agent proposes a lesson: it is offered, unless that is settled.
    pub(super) fn propose_lesson(&mut self, id: IncidentId, lesson: Lesson, now: Timestamp) -> Proposed {
        if lesson.title.trim().is_empty() || lesson.fix.trim().is_empty() {
            return Proposed::Refused("a lesson needs a title and what to do about it".to_owned());
        }
        if lesson.title.trim().to_lowercase().starts_with("preferences") {
            return Proposed::Refused("what the operator prefers is theirs to write, no lesson".to_owned());
        }
        if lesson.rule.as_deref().is_some_and(|rule| rule.contains("```")) {
            return Proposed::Refused("its rule holds a fence of code; write plain YAML".to_owned());
        }
        if let Some(why) = lesson.rule.as_deref().and_then(|rule| self.bad_rule(rule)) {
            return Proposed::Refused(format!("its rule is refused: {why}"));
        }
        let keepsake = Keepsake::Lesson(lesson);
        if self.learned.declined.contains(&keepsake.key()) {
            return Proposed::Refused("a person declined this lesson, so it is not offered again".to_owned());
        }
        let title = keepsake.title();
        match self.offer(id, &title, keepsake, now) {
            Some(number) => {
                let why = "what is remembered changes only with a person's yes".to_owned();
                Proposed::Asked { number, why }
            }
            None => Proposed::Refused("this is known, or waits for an answer already".to_owned()),
        }
    }

    /// What is wrong with a rule, if anything is.
    fn bad_rule(&self, rule: &str) -> Option<String> {
        let rules = match memory::rules_in(rule) {
            Ok(rules) => rules,
            Err(why) => return Some(why),
        };
        let policy = (*self.knowledge.policy).clone();
        let problems = policy.adding("the rule", &rules).err()?;
        Some(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }

    /// Somebody answered an offer. `None` if none waits under this number.
    pub(super) fn answer_offer(
        &mut self,
        number: u64,
        yes: bool,
        reason: Option<&str>,
        by: &str,
        now: Timestamp,
    ) -> Option<Answer> {
        let offer = self.offers.get(&number)?;
        if let Some(other) = &offer.decided_by {
            return Some(Err(format!("{other} said yes to offer {number} already; it is being kept.")));
        }
        let (expires_at, title) = (offer.expires_at, offer.title.clone());
        if now >= expires_at {
            self.expire_offer(number, now);
            return Some(Err(format!("Offer {number} waited for a week and is over. Nothing was kept.")));
        }
        let verb = if yes { "approve" } else { "deny" };
        self.audit(by, verb, json!({ "offer": number, "reason": reason }), now);
        if yes {
            self.begin_keeping(number, by, now);
            return Some(Ok(format!("Accepted by {by}: {title}. I keep it now, exactly as shown.")));
        }
        let offer = self.end_offer(number, ApprovalState::Denied, Some(by), reason, now)?;
        let key = offer.keepsake.key();
        self.batch.declined.push((key.clone(), title, by.to_owned(), now));
        self.learned.declined.insert(key);
        Some(Ok(format!("Declined by {by}. Nothing was kept, and I won't offer it again.")))
    }

    fn begin_keeping(&mut self, number: u64, by: &str, now: Timestamp) {
        let Some(offer) = self.offers.get_mut(&number) else { return };
        offer.decided_by = Some(by.to_owned());
        let offer = offer.clone();
        self.batch.offers.push((offer.clone(), None));
        self.keep(&offer);
        self.show_offer(&offer, card::kept_now(card::offer(&offer, self.settings.tz), by), now);
    }

    fn keep(&mut self, offer: &Offer) {
        let Some(by) = offer.decided_by.clone() else { return };
        self.effects.push(Effect::Keep {
            offer: offer.number,
            keepsake: Box::new(offer.keepsake.clone()),
            by,
        });
    }

    /// What a person said yes to was kept, or could not be.
    pub(super) fn kept(&mut self, number: u64, result: Result<String, String>, now: Timestamp) {
        let Some(offer) = self.offers.get_mut(&number) else { return };
        let by = offer.decided_by.clone().unwrap_or_default();
        match result {
            Ok(text) => {
                let key = offer.keepsake.key();
                self.end_offer(number, ApprovalState::Approved, Some(&by), Some(&text), now);
                self.learned.kept.insert(key);
                self.audit("steward", "kept", json!({ "offer": number, "by": by, "what": text }), now);
            }
            Err(why) => {
                offer.decided_by = None;
                let offer = offer.clone();
                self.batch.offers.push((offer.clone(), None));
                self.audit("steward", "not_kept", json!({ "offer": number, "by": by, "why": why }), now);
                let card = card::not_kept(card::offer(&offer, self.settings.tz), &why);
                self.show_offer(&offer, card, now);
                let why = why.trim_end_matches('.');
                let text =
                    format!("Offer {number} could not be kept: {why}. `approve {number}` tries again.");
                self.tell_of_offer(&offer, text, now);
            }
        }
    }

    /// The time of an offer may be over.
    pub(super) fn expire_offer(&mut self, number: u64, now: Timestamp) {
        let Some(offer) = self.offers.get(&number) else { return };
        if offer.expires_at > now {
            return;
        }
        if offer.decided_by.is_some() {
            // Somebody was in time: it is being kept, and looked at again should that fail.
            return self.wake(now + Duration::from_secs(60), Timer::Offer(number));
        }
        self.end_offer(number, ApprovalState::Expired, None, None, now);
    }

    fn end_offer(
        &mut self,
        number: u64,
        state: ApprovalState,
        by: Option<&str>,
        why: Option<&str>,
        now: Timestamp,
    ) -> Option<Offer> {
        let mut offer = self.offers.remove(&number)?;
        offer.state = state;
        offer.decided_by = by.map(str::to_owned);
        self.batch.offers.push((offer.clone(), Some(now)));
        let ended = Event::OfferEnded {
            number,
            title: offer.title.clone(),
            state,
            by: by.map(str::to_owned),
            why: why.map(|why| why.trim_end_matches('.').to_owned()),
        };
        let said = crate::domain::incident::sentence(&ended).map(|said| said.text).unwrap_or_default();
        let is_live = self.incident(offer.incident).is_some();
        if !(is_live && self.record(offer.incident, ended, now)) && state != ApprovalState::Expired {
            // Its case is over, so its timeline takes nothing in any more; its thread is still there.
            self.tell_of_offer(&offer, said, now);
        }
        let tz = self.settings.tz;
        self.show_offer(&offer, card::ended(card::offer(&offer, tz), (state, by, why), now, tz), now);
        Some(offer)
    }

    /// Shows the card of an offer as it is now, in the thread of its case.
    fn show_offer(&mut self, offer: &Offer, card: Card, now: Timestamp) {
        let (id, number) = (offer.incident, offer.number);
        let is_final = card.actions.is_empty() && card.done;
        let Some(live) = self.incidents.get_mut(&id) else {
            let place = Place::Question { incident: id, number: offer.case, approval: number };
            let all = self.settings.clone();
            let key = Some(format!("question:{number}"));
            return self.post_to(&all.platforms, &id.to_string(), key, &place, &card, now);
        };
        let questions = &mut live.telling.questions;
        match questions.iter_mut().find(|put| put.approval == number) {
            Some(put) => (put.card, put.posted, put.is_final) = (card, false, is_final),
            None => questions.push(Put {
                approval: number,
                runbook: String::new(),
                card,
                posted: false,
                is_final,
            }),
        }
        self.dirty.insert(id);
    }

    fn tell_of_offer(&mut self, offer: &Offer, text: String, now: Timestamp) {
        self.say_in((offer.incident, offer.case), text, now);
    }

    /// Takes in the offers that waited when an earlier Steward ended. What was being kept then is kept now: keeping a
    /// thing twice is keeping it once.
    pub(super) fn restore_offers(&mut self, offers: Vec<Offer>) {
        for offer in offers {
            self.wake(offer.expires_at, Timer::Offer(offer.number));
            self.keep(&offer);
            self.offers.insert(offer.number, offer);
        }
    }

    /// The offers that wait for an answer, a line each: number, what it is, how long it waits.
    pub(super) fn list_offers(&self, card: Card, now: Timestamp) -> Card {
        self.offers.values().fold(card, |card, offer| {
            let left = super::cards::span(now, offer.expires_at);
            card.line(format!("{}  {} (#{}), {left} left", offer.number, offer.title, offer.case))
        })
    }
}
