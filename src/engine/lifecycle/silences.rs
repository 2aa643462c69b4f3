//! Silences as they begin and end: hiding incidents, and telling once what is still broken.

use crate::domain::ids::IncidentId;
use crate::domain::incident::Event;
use crate::domain::signal::Timestamp;
use crate::engine::world::World;

impl World {
    /// Hides or shows incidents as silences begin and end.
    pub(in crate::engine) fn review_silences(&mut self, now: Timestamp) {
        let ids: Vec<IncidentId> = self.incidents.keys().copied().collect();
        ids.into_iter().for_each(|id| self.review_silence(id, now));
    }

    /// Hides or shows one incident.
    pub(in crate::engine) fn review_silence(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get(&id).filter(|live| live.incident.state.is_live()) else { return };
        let covering = self.silenced(&live.incident, now).map(|s| (s.ends_at, s.by.clone()));
        let was = live.telling.silenced;
        match covering {
            Some((until, by)) if !was => {
                self.set_silenced(id, true);
                if self.incident_was_told(id) {
                    self.record(id, Event::Silenced { until, by }, now);
                    self.tell_thread(id, now);
                }
            }
            None if was => {
                self.set_silenced(id, false);
                self.end_of_silence(id, now);
            }
            _ => {}
        }
    }

    fn set_silenced(&mut self, id: IncidentId, silenced: bool) {
        if let Some(live) = self.incidents.get_mut(&id) {
            live.telling.silenced = silenced;
            self.dirty.insert(id);
        }
    }

    fn incident_was_told(&self, id: IncidentId) -> bool {
        self.incidents.get(&id).is_some_and(|live| live.telling.told_seq > 0)
    }

    /// At a silence's end, what is still broken is told once; what came and went meanwhile is not.
    fn end_of_silence(&mut self, id: IncidentId, now: Timestamp) {
        let Some(live) = self.incidents.get_mut(&id) else { return };
        if live.telling.told_seq > 0 {
            live.untold.clear();
            live.telling.told_seq = live.incident.last_seq;
            self.record(id, Event::SilenceEnded, now);
        }
    }

    pub(super) fn silence_over(&mut self, number: i64, now: Timestamp) {
        let Some(at) = self.silences.iter().position(|s| s.number == number && s.ends_at <= now) else {
            return;
        };
        let silence = self.silences.remove(at);
        self.review_silences(now);
        let broken = self
            .incidents
            .values()
            .filter(|live| {
                live.incident.state.is_unresolved() && live.incident.root.is_within(&silence.target)
            })
            .count();
        self.tell_silence_over(&silence, broken, now);
        self.batch.silences.push((silence, true));
    }
}
