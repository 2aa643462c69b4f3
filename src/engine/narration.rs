//! A lesson is put into better words before it is offered, where a model is configured for that.

use serde_json::json;

use super::effect::Effect;
use super::ports::Assignment;
use super::world::World;
use crate::domain::agent::{Keepsake, Lesson, LessonWords, Spending, Subject};
use crate::domain::ids::{IncidentId, RunId};
use crate::domain::incident::State;
use crate::domain::signal::Timestamp;

impl World {
    /// Has a lesson put into better words, and offers it then; without a model for that, offers it as it is.
    pub(super) fn narrate_or_offer(&mut self, id: IncidentId, lesson: Lesson, now: Timestamp) {
        let case = self.number(id);
        let narrates = self.settings.agent.is_some_and(|agent| agent.narrates);
        if !narrates || self.is_settled(&Keepsake::Lesson(lesson.clone())) {
            return self.offer_lesson((id, case), lesson, now);
        }
        let key = Keepsake::Lesson(lesson.clone()).key();
        let is_it = |known: &Lesson| Keepsake::Lesson(known.clone()).key() == key;
        if self.learned.narrating.values().any(|(_, _, known)| is_it(known)) {
            return;
        }
        let (run, number) = (RunId(Self::new_id(now)), self.counters.1 + 1);
        self.counters.1 = number;
        self.batch.counters = Some(self.counters);
        self.audit("agent", "narrate", json!({ "incident": case, "run": number }), now);
        let (said, spent) = (Vec::new(), Spending::default());
        let assignment = Assignment { run, number, incident: id, subject: Subject::Lesson, said, spent };
        self.effects.push(Effect::Narrate(Box::new(assignment), Box::new(lesson.clone())));
        self.learned.narrating.insert(run, (id, case, lesson));
    }

    /// After a restart: a lesson that was being put into words when Steward died is taken up again.
    pub(super) fn narrate_lost(&mut self, now: Timestamp) {
        if !self.settings.agent.is_some_and(|agent| agent.narrates) {
            return;
        }
        let lives = self.incidents.iter().map(|(id, live)| (*id, &live.incident));
        let resolved =
            lives.filter(|(_, incident)| incident.state == State::Resolved && incident.offered.is_empty());
        let ids: Vec<IncidentId> = resolved.map(|(id, _)| id).collect();
        ids.into_iter().for_each(|id| self.learn_of(id, now));
    }

    /// The agent has found better words for a lesson, or none: it is offered.
    pub(super) fn narrated(&mut self, run: RunId, words: Option<&LessonWords>, now: Timestamp) {
        let Some((id, case, lesson)) = self.learned.narrating.remove(&run) else { return };
        let lesson = match words {
            Some(words) => lesson.said_as(words),
            None => lesson,
        };
        self.offer_lesson((id, case), lesson, now);
    }

    fn offer_lesson(&mut self, case: (IncidentId, u64), lesson: Lesson, now: Timestamp) {
        let keepsake = Keepsake::Lesson(lesson);
        let title = keepsake.title();
        self.offer_in(case, &title, keepsake, now);
    }
}
