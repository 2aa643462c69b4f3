//! The lines to the chat platforms: one that is cut is told on the others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::cards::span;
use super::ports::{Platform, Way};
use super::timer::Timer;
use super::world::World;
use crate::domain::card::{Card, Place};
use crate::domain::escalation::within;
use crate::domain::signal::Timestamp;

/// How long a line is cut before anybody is told: most cuts are over sooner.
const PATIENCE: Duration = Duration::from_secs(60);

/// A platform that is cut off.
#[derive(Debug)]
struct Cut {
    since: Timestamp,
    /// The ways that are cut, and why.
    ways: BTreeMap<Way, String>,
    told: bool,
}

/// How the line to one platform is: since when each way is cut, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineState {
    /// What Steward has to say does not get there.
    pub out: Option<(Timestamp, String)>,
    /// What people type and press there does not get here.
    pub into: Option<(Timestamp, String)>,
}

/// What is known of the platforms.
#[derive(Debug, Default)]
pub(super) struct Lines {
    cut: BTreeMap<String, Cut>,
    ignored: Ignored,
}

/// How many events came from elsewhere than the configured places and people, by platform. Counted beside the engine:
/// there may be any number of them, and nothing follows from one.
#[derive(Debug, Clone, Default)]
pub struct Ignored(Arc<Mutex<BTreeMap<String, usize>>>);

impl Ignored {
    /// Counts one.
    pub fn count(&self, platform: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(platform.to_owned()).or_default() += 1;
    }

    fn counts(&self) -> BTreeMap<String, usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl World {
    /// Notes that a line is cut (and why), or that it works.
    pub(super) fn line(&mut self, platform: &str, way: Way, state: Result<(), String>, now: Timestamp) {
        match state {
            Err(why) => {
                let ways = BTreeMap::new();
                let cut = self.lines.cut.entry(platform.to_owned()).or_insert_with(|| Cut {
                    since: now,
                    ways,
                    told: false,
                });
                cut.ways.insert(way, why);
                let told_at = cut.since + PATIENCE;
                self.wake(told_at, Timer::Lines);
            }
            Ok(()) => self.line_works(platform, way, now),
        }
    }

    fn line_works(&mut self, platform: &str, way: Way, now: Timestamp) {
        let Some(cut) = self.lines.cut.get_mut(platform) else { return };
        cut.ways.remove(&way);
        if !cut.ways.is_empty() {
            return;
        }
        let Some(cut) = self.lines.cut.remove(platform) else { return };
        if cut.told {
            let title = format!("{platform} is back after {}", span(cut.since, now));
            self.tell_others(platform, &Card::titled(title), now);
        }
    }

    /// Tells of lines that have been cut for a while.
    pub(super) fn look_at_lines(&mut self, now: Timestamp) {
        let tz = self.settings.tz;
        let mut due = Vec::new();
        for (platform, cut) in &mut self.lines.cut {
            if !cut.told && !within(cut.since, now, PATIENCE) {
                cut.told = true;
                let at = cut.since.with_timezone(&tz).format("%H:%M:%S");
                let card = Card::titled(format!("{platform} is cut off since {at}"));
                due.push((platform.clone(), cut.ways.iter().fold(card, explained)));
            }
        }
        for (platform, card) in due {
            self.tell_others(&platform, &card, now);
        }
    }

    fn tell_others(&mut self, platform: &str, card: &Card, now: Timestamp) {
        let others: Vec<_> =
            self.settings.platforms.iter().filter(|other| *other != platform).cloned().collect();
        self.post_to(&others, "lab", None, &Place::Lab, card, now);
    }

    /// Where events from elsewhere are counted.
    #[must_use]
    pub fn ignored(&self) -> Ignored {
        self.lines.ignored.clone()
    }

    /// How the line to each platform is.
    pub(super) fn line_states(&self) -> BTreeMap<String, LineState> {
        let of = |platform: &Platform| {
            let cut = self.lines.cut.get(platform);
            let way = |way| cut.and_then(|cut| Some((cut.since, cut.ways.get(&way)?.clone())));
            (platform.clone(), LineState { out: way(Way::Out), into: way(Way::In) })
        };
        self.settings.platforms.iter().map(of).collect()
    }

    /// How the platforms are, for `status`: one line for each of which there is something to say.
    pub(super) fn lines_now(&self) -> String {
        let tz = self.settings.tz;
        let cut = self.lines.cut.iter().map(|(platform, cut)| {
            let at = cut.since.with_timezone(&tz).format("%H:%M:%S");
            let why: Vec<&str> = cut.ways.values().map(String::as_str).collect();
            format!("{platform} is cut off since {at}: {}", why.join("; "))
        });
        let ignored = self.lines.ignored.counts().into_iter().map(|(platform, count)| {
            format!("{platform}: {} from elsewhere ignored", super::answers::count_of(count, "event"))
        });
        cut.chain(ignored).collect::<Vec<_>>().join("\n")
    }
}

/// Adds what a cut means.
fn explained(card: Card, (way, why): (&Way, &String)) -> Card {
    card.line(match way {
        Way::Out => format!("What I have to say there waits and is not lost: {why}."),
        Way::In => format!("What is typed and pressed there does not reach me: {why}."),
    })
}
