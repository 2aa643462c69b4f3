//! What the platforms note of what comes in.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

/// Both platforms, as Steward calls them.
pub(crate) const PLATFORMS: [&str; 2] = ["discord", "telegram"];

/// The message of an incident whose arrival is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// The root message.
    Root,
    /// The first message in its thread.
    Thread,
}

impl Part {
    pub(crate) const ALL: [Self; 2] = [Self::Root, Self::Thread];

    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Thread => "thread",
        }
    }
}

/// A message that has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Arrival {
    pub(crate) platform: String,
    pub(crate) part: Part,
    /// The number in the target's name, not that of the incident.
    pub(crate) unit: usize,
}

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.platform, self.part.name(), self.unit)
    }
}

impl Arrival {
    /// Reads what was written, and the time behind it.
    pub(crate) fn read(line: &str) -> Result<(Self, u64)> {
        let [platform, part, unit, at] = line.split(' ').collect::<Vec<_>>()[..] else {
            bail!("no arrival: {line:?}");
        };
        let part = Part::ALL.into_iter().find(|known| known.name() == part).context("no part")?;
        Ok((Self { platform: platform.to_owned(), part, unit: unit.parse()? }, at.parse()?))
    }
}

/// What one platform notes.
#[derive(Clone)]
pub(crate) struct Book {
    platform: &'static str,
    pages: Arc<Mutex<Pages>>,
}

#[derive(Default)]
struct Pages {
    arrivals: Vec<(Arrival, u64)>,
    requests: usize,
    connected: bool,
    /// The incidents' roots by what this platform calls them, and how many messages their threads have.
    threads: HashMap<u64, (usize, usize)>,
    last_id: u64,
    answer_after: Duration,
}

impl Book {
    pub(crate) fn new(platform: &'static str) -> Self {
        Self { platform, pages: Arc::default() }
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request.
    pub(crate) fn request(&self) {
        self.pages().requests += 1;
    }

    /// Makes each request wait this long for its answer, as if the platform were far away.
    pub(crate) fn move_away(&self, answer_after: Duration) {
        self.pages().answer_after = answer_after;
    }

    /// Waits for as long as an answer takes.
    pub(crate) async fn travel(&self) {
        let answer_after = self.pages().answer_after;
        if !answer_after.is_zero() {
            tokio::time::sleep(answer_after).await;
        }
    }

    /// Notes that Steward listens.
    pub(crate) fn connected(&self) {
        self.pages().connected = true;
    }

    /// An id that nothing else has.
    pub(crate) fn new_id(&self) -> u64 {
        let mut pages = self.pages();
        pages.last_id += 1;
        pages.last_id
    }

    /// Notes that a message with this text came in; `id` is what the platform calls the incident's thread.
    pub(crate) fn root(&self, id: u64, text: &[u8], at: u64) {
        if let Some(unit) = unit_in(text) {
            let mut pages = self.pages();
            pages.threads.insert(id, (unit, 0));
            pages.arrivals.push((self.arrival(Part::Root, unit), at));
        }
    }

    /// Whether there is such a thread.
    pub(crate) fn has_thread(&self, id: u64) -> bool {
        self.pages().threads.contains_key(&id)
    }

    /// Notes that a message came into a thread. Only the first one counts.
    pub(crate) fn in_thread(&self, id: u64, at: u64) {
        let mut pages = self.pages();
        let Some((unit, messages)) = pages.threads.get_mut(&id) else { return };
        *messages += 1;
        if *messages == 1 {
            let arrival = self.arrival(Part::Thread, *unit);
            pages.arrivals.push((arrival, at));
        }
    }

    fn arrival(&self, part: Part, unit: usize) -> Arrival {
        Arrival { platform: self.platform.to_owned(), part, unit }
    }

    /// Takes out what was noted, line by line; the last one is about the platform as a whole.
    pub(crate) fn report(&self) -> Vec<String> {
        let mut pages = self.pages();
        let arrivals = pages.arrivals.drain(..).map(|(arrival, at)| format!("{arrival} {at}"));
        let mut lines: Vec<String> = arrivals.collect();
        let (requests, connected) = (std::mem::take(&mut pages.requests), pages.connected);
        lines.push(format!("{} requests {requests} connected {connected}", self.platform));
        lines
    }
}

/// How the last part of a target is called: nothing in it is escaped anywhere.
pub(crate) fn unit_name(unit: usize) -> String {
    format!("unit{unit:06}")
}

/// The number of the first target that a text names.
fn unit_in(text: &[u8]) -> Option<usize> {
    let at = text.windows(4).position(|word| word == b"unit")? + 4;
    std::str::from_utf8(text.get(at..at + 6)?).ok()?.parse().ok()
}

/// Nanoseconds since 1970: the one clock that two processes share. Steps of it would show in the figures.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
