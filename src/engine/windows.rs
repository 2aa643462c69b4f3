//! Maintenance windows that come again and again: each turn of one is a silence, which begins and ends by the clock.

use super::timer::Timer;
use super::world::World;
use crate::domain::signal::Timestamp;
use crate::domain::suppression::{Kind, Silence, Window};

/// Before the name of the setting that keeps when a window's last turn began.
const SETTING: &str = "window:";

impl World {
    /// Takes up the turns that an earlier Steward began. What the operator has changed since is followed: a window that
    /// is no longer written down ends now.
    pub(super) fn restore_windows(
        &mut self,
        silences: &mut [Silence],
        settings: &[(String, String)],
        now: Timestamp,
    ) {
        for (key, value) in settings {
            if let (Some(name), Ok(at)) = (key.strip_prefix(SETTING), value.parse::<Timestamp>()) {
                self.windows_begun.insert(name.to_owned(), at);
            }
        }
        let here = self.settings.clone();
        for silence in silences.iter_mut() {
            let Some(name) = &silence.window else { continue };
            let window = here.quiet.maintenance.iter().find(|window| window.name == *name);
            let before = silence.clone();
            match window.and_then(|window| Some((window, window.current(now, here.tz)?))) {
                Some((window, start)) => {
                    silence.scope = window.scope.clone();
                    silence.ends_at = start + window.duration;
                }
                None => silence.ends_at = silence.ends_at.min(now),
            }
            if *silence != before {
                self.batch.silences.push((silence.clone(), false));
            }
        }
        for index in 0..here.quiet.maintenance.len() {
            self.wake(now, Timer::Window(index));
        }
    }

    /// Begins a window's turn if it is time, and sets the timer for the next.
    pub(super) fn look_at_window(&mut self, index: usize, now: Timestamp) {
        let settings = self.settings.clone();
        let Some(window) = settings.quiet.maintenance.get(index) else { return };
        if let Some(next) = window.next(now, settings.tz) {
            self.wake(next, Timer::Window(index));
        }
        let Some(start) = window.current(now, settings.tz) else { return };
        if self.windows_begun.get(&window.name).is_none_or(|begun| *begun < start) {
            self.windows_begun.insert(window.name.clone(), start);
            self.batch.settings.push((format!("{SETTING}{}", window.name), start.to_rfc3339()));
            self.begin_turn(window, start, now);
        }
    }

    fn begin_turn(&mut self, window: &Window, start: Timestamp, now: Timestamp) {
        let ends_at = start + window.duration;
        let running = self
            .silences
            .iter_mut()
            .find(|silence| silence.window.as_ref() == Some(&window.name) && silence.is_active(now));
        if let Some(silence) = running {
            // Its turns overlap: one goes on.
            silence.ends_at = silence.ends_at.max(ends_at);
            let (number, ends_at) = (silence.number, silence.ends_at);
            self.batch.silences.push((silence.clone(), false));
            self.wake(ends_at, Timer::Silence(number));
            return;
        }
        self.last_silence += 1;
        let silence = Silence {
            number: self.last_silence,
            scope: window.scope.clone(),
            kind: Kind::Maintenance,
            window: Some(window.name.clone()),
            starts_at: start,
            ends_at,
            by: "the schedule".to_owned(),
            comment: window.comment.clone(),
        };
        self.begin_silence(silence.clone(), now);
        self.tell_silence_begun(&silence, now);
    }
}
