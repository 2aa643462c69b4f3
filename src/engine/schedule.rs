//! Runs skills when they are due, when asked, and never one of them twice at once.
//!
//! What is due is committed before it begins, so a restart neither doubles a run nor forgets one. A run that was
//! missed (Steward was down, the machine slept) is made up for once, and told.

mod missed;
mod record;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::activity::{Busy, told};
use super::message::{Handle, Message};
use super::ports::Clock;
use super::skills::{Skill, SkillRun, Workshop};
use crate::domain::signal::Timestamp;
use crate::policy::Policy;
use crate::store::{Store, metrics, schedule};
use missed::Missed;
use record::{begins, report};

/// A run later than this was missed, not merely late.
const LATE: Duration = Duration::from_secs(90);
/// How often it is looked whether the clock went back.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(60);

/// What the scheduler is asked.
enum Ask {
    Run { skill: String, why: String, reply: Option<Reply>, _busy: Busy },
    Reload { skills: Skills, policy: Arc<Policy>, _busy: Busy },
    Finished { skill: String, run: Box<SkillRun>, _busy: Busy },
}

/// The skills in force, by name.
pub type Skills = BTreeMap<String, Arc<Skill>>;

/// Asks the scheduler for things.
#[derive(Clone)]
pub struct Asker {
    asks: mpsc::UnboundedSender<Ask>,
    engine: Handle,
    policy: watch::Sender<Arc<Policy>>,
}

impl Asker {
    /// The policy in force now.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.borrow().clone()
    }

    /// Has a skill run as soon as it can.
    pub fn run(&self, skill: &str, why: &str) {
        self.ask(skill, why, None);
    }

    /// Has a skill run from now on, and returns once what it reported is durable.
    ///
    /// # Errors
    /// A sentence: there is no such skill, or Steward is ending.
    pub async fn run_and_wait(&self, skill: &str, why: &str) -> Result<SkillRun, String> {
        let (reply, answer) = oneshot::channel();
        self.ask(skill, why, Some(reply));
        answer.await.map_err(|_| "Steward is ending".to_owned())?
    }

    /// Puts other skills in force.
    pub fn reload(&self, skills: Skills, policy: Arc<Policy>) {
        self.policy.send_replace(policy.clone());
        let _ = self.asks.send(Ask::Reload { skills, policy, _busy: self.engine.activity().begin() });
    }

    fn ask(&self, skill: &str, why: &str, reply: Option<Reply>) {
        let _busy = self.engine.activity().begin();
        let _ = self.asks.send(Ask::Run { skill: skill.to_owned(), why: why.to_owned(), reply, _busy });
    }
}

/// What the scheduler works with.
pub struct Deps {
    /// Runs one skill.
    pub workshop: Workshop,
    /// Where runs are recorded.
    pub store: Store,
    /// Where their history goes.
    pub metrics: metrics::Metrics,
    /// Told of what they report.
    pub engine: Handle,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The lab's time zone.
    pub tz: Tz,
    /// How many run at once.
    pub concurrency: usize,
    /// Spreads skills that are due at the same time over this long.
    pub jitter: Duration,
    /// How often in a row a skill may fail before that is a problem.
    pub failures_before_incident: u32,
}

type Reply = oneshot::Sender<Result<SkillRun, String>>;

struct Entry {
    skill: Arc<Skill>,
    due: Option<Timestamp>,
    running: bool,
    /// No longer in force; it ends with the run that is under way.
    gone: bool,
    /// Runs asked for while one is running: they need one that began later.
    again: Vec<Option<Reply>>,
    waiting: Vec<Reply>,
}

impl Entry {
    fn new(skill: Arc<Skill>, due: Option<Timestamp>) -> Self {
        Self { skill, due, running: false, gone: false, again: Vec::new(), waiting: Vec::new() }
    }
}

/// Runs skills when they are due.
pub struct Scheduler {
    deps: Arc<Deps>,
    asks: mpsc::UnboundedReceiver<Ask>,
    asker: Asker,
    entries: BTreeMap<String, Entry>,
    policy: Arc<Policy>,
    places: Arc<Semaphore>,
    cancel: watch::Receiver<bool>,
}

impl Scheduler {
    /// A scheduler with nothing in force yet, and how to ask it.
    #[must_use]
    pub fn new(deps: Deps, policy: Arc<Policy>, cancel: watch::Receiver<bool>) -> (Self, Asker) {
        let (sender, asks) = mpsc::unbounded_channel();
        let in_force = watch::Sender::new(policy.clone());
        let asker = Asker { asks: sender, engine: deps.engine.clone(), policy: in_force };
        let places = Arc::new(Semaphore::new(deps.concurrency.max(1)));
        let deps = Arc::new(deps);
        (Self { deps, asks, asker: asker.clone(), entries: BTreeMap::new(), policy, places, cancel }, asker)
    }

    /// Works until Steward ends.
    pub async fn run(mut self, skills: Skills) {
        self.begin(skills).await;
        let mut cancel = self.cancel.clone();
        let mut last_look = self.deps.clock.now();
        loop {
            let now = self.deps.clock.now();
            if now < last_look {
                self.clock_went_back(now);
            }
            last_look = now;
            let next = self.entries.values().filter_map(|entry| entry.due).min();
            self.deps.engine.vitals().skills_due(next);
            tokio::select! {
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.take(ask).await,
                    None => return,
                },
                () = until(&*self.deps.clock, next) => self.run_due().await,
                () = self.deps.clock.sleep(LOOK_AT_CLOCK) => {}
                () = told(&mut cancel) => return,
            }
        }
    }

    /// Finds out what was missed, makes up for it once, and tells.
    async fn begin(&mut self, skills: Skills) {
        let _busy = self.deps.engine.activity().begin();
        let now = self.deps.clock.now();
        let last = self.deps.store.read(schedule::all).await.unwrap_or_else(|error| {
            tracing::error!(%error, "the last runs can't be read; every skill runs once now");
            BTreeMap::new()
        });
        let mut missed = Missed::default();
        for (name, skill) in skills {
            let offset = self.offset(&name);
            let due = match last.get(&name) {
                None => Some(now + offset),
                Some(run) if run.started.is_some_and(|s| run.finished.is_none_or(|f| f < s)) => Some(now),
                Some(run) => {
                    // A last time that lies ahead was read off a clock that went back since.
                    let next = skill.manifest.schedule.next_after(run.due.min(now), self.deps.tz);
                    match next {
                        Some(due) if due + offset + LATE < now => {
                            missed.add(&name, &skill, due, now, self.deps.tz);
                            Some(now + offset)
                        }
                        other => other.map(|due| due + offset),
                    }
                }
            };
            self.entries.insert(name, Entry::new(skill, due));
        }
        self.tell_missed(&missed, now);
    }

    fn tell_missed(&self, missed: &Missed, now: Timestamp) {
        if let Some(card) = missed.card(now, self.deps.tz) {
            self.deps.engine.send(Message::Notice(card));
        }
    }

    /// What was due by the clock as it was would wait for as long as the clock went back.
    fn clock_went_back(&mut self, now: Timestamp) {
        tracing::warn!(%now, "the clock went back; skills go on by what it says now");
        let names: Vec<String> = self.entries.keys().cloned().collect();
        for name in names {
            let offset = self.offset(&name);
            let Some(entry) = self.entries.get_mut(&name) else { continue };
            let next = entry.skill.manifest.schedule.next_after(now, self.deps.tz).map(|due| due + offset);
            entry.due = entry.due.and_then(|due| next.map(|next| next.min(due)));
        }
    }

    /// How long after its minute a skill runs: the same for a skill each time, so that its intervals stay even.
    fn offset(&self, name: &str) -> Duration {
        let spread = u64::try_from(self.deps.jitter.as_millis()).unwrap_or(u64::MAX);
        if spread == 0 {
            return Duration::ZERO;
        }
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Duration::from_millis(hash % spread)
    }

    async fn take(&mut self, ask: Ask) {
        match ask {
            Ask::Run { skill, why, reply, .. } => {
                tracing::debug!(skill, why, "asked to run");
                self.start(&skill, None, reply).await;
            }
            Ask::Reload { skills, policy, .. } => self.reload(skills, policy),
            Ask::Finished { skill, run, .. } => self.finished(&skill, *run).await,
        }
    }

    fn reload(&mut self, skills: Skills, policy: Arc<Policy>) {
        self.policy = policy;
        let now = self.deps.clock.now();
        self.entries.retain(|name, entry| {
            entry.gone = !skills.contains_key(name);
            entry.due = entry.due.filter(|_| !entry.gone);
            !entry.gone || entry.running
        });
        for (name, skill) in skills {
            let due =
                skill.manifest.schedule.next_after(now, self.deps.tz).map(|due| due + self.offset(&name));
            match self.entries.get_mut(&name) {
                Some(entry)
                    if entry.due.is_some() && entry.skill.manifest.schedule == skill.manifest.schedule =>
                {
                    entry.skill = skill;
                }
                Some(entry) => {
                    entry.skill = skill;
                    entry.due = due;
                }
                // A new skill is tried at once: whoever wrote it is watching.
                None => {
                    self.entries.insert(name, Entry::new(skill, Some(now)));
                }
            }
        }
    }

    async fn run_due(&mut self) {
        let _busy = self.deps.engine.activity().begin();
        let now = self.deps.clock.now();
        let due: Vec<(String, Timestamp)> = self
            .entries
            .iter()
            .filter_map(|(name, entry)| entry.due.filter(|due| *due <= now).map(|due| (name.clone(), due)))
            .collect();
        let mut missed = Missed::default();
        for (name, due) in due {
            let offset = self.offset(&name);
            if let Some(entry) = self.entries.get_mut(&name) {
                if due + LATE < now {
                    missed.add(&name, &entry.skill, due, now, self.deps.tz);
                }
                entry.due =
                    entry.skill.manifest.schedule.next_after(now, self.deps.tz).map(|due| due + offset);
            }
            self.start(&name, Some(now), None).await;
        }
        self.tell_missed(&missed, now);
    }

    async fn start(&mut self, name: &str, due: Option<Timestamp>, reply: Option<Reply>) {
        let Some(entry) = self.entries.get_mut(name).filter(|entry| !entry.gone) else {
            if let Some(reply) = reply {
                let _ = reply.send(Err(format!("there is no skill {name}")));
            }
            return;
        };
        if entry.running {
            // One that is due while it still runs is skipped; one that was asked for needs to begin from now on.
            if due.is_none() {
                entry.again.push(reply);
            }
            return;
        }
        entry.running = true;
        entry.waiting.extend(reply);
        let (skill, policy, deps) = (entry.skill.clone(), self.policy.clone(), self.deps.clone());
        let (places, cancel, asker) = (self.places.clone(), self.cancel.clone(), self.asker.clone());
        self.deps.engine.activity().spawn(async move {
            let _place = places.acquire_owned().await;
            let name = skill.manifest.name.clone();
            if let Err(error) = begins(&deps, &name, due, &cancel).await {
                tracing::warn!(%error, skill = name, "a run did not begin");
                return;
            }
            let run = deps.workshop.run(&skill, &policy, cancel).await;
            let _busy = deps.engine.activity().begin();
            let _ = asker.asks.send(Ask::Finished { skill: name, run: Box::new(run), _busy });
        });
    }

    async fn finished(&mut self, name: &str, run: SkillRun) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.running = false;
        let waiting = std::mem::take(&mut entry.waiting);
        let again = std::mem::take(&mut entry.again);
        let (deps, skill, recorded) = (self.deps.clone(), name.to_owned(), run.clone());
        let cancel = self.cancel.clone();
        // Not awaited here: the engine may be waiting for this very run before it goes on.
        self.deps.engine.activity().spawn(async move {
            report(&deps, &skill, &recorded, &cancel).await;
            for reply in waiting {
                let _ = reply.send(Ok(recorded.clone()));
            }
        });
        if entry.gone {
            self.entries.remove(name);
        }
        if !again.is_empty() {
            let mut replies = again.into_iter();
            let first = replies.next().flatten();
            self.start(name, None, first).await;
            if let Some(entry) = self.entries.get_mut(name) {
                entry.waiting.extend(replies.flatten());
            }
        }
    }
}

/// Returns at the given time, or never.
pub(super) async fn until(clock: &dyn Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}
