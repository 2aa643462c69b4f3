//! The agent behind the engine's port: begins runs, stops them, and tells the engine what they come to.
//!
//! Whatever happens to a run, the engine hears of its end exactly once, unless Steward itself dies; then the next start
//! ends it on record. Nothing that a run says is believed: what it claims to have mended the engine checks.

mod lessons;
mod queue;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveTime, TimeDelta};
use chrono_tz::Tz;
use futures_util::FutureExt;
use tokio::sync::watch;

use super::context::{Brief, Sources, gather};
use super::dialogue::{Chain, Dialogue};
use super::record::Logbook;
use super::run::{Limits, Run, run};
use super::toolbox::Toolbox;
use super::triage;
use super::waiting::Repairs;
use crate::config::AgentSettings;
use crate::domain::agent::{Conclusion, Ending, Lesson, Spending};
use crate::domain::ids::{RemediationId, RunId};
use crate::domain::signal::Timestamp;
use crate::engine::activity::{RestingClock, told};
use crate::engine::message::{Handle, Message};
use crate::engine::ports::{Assignment, Clock, Investigator};
use crate::engine::world::Knowledge;
use crate::store::{Store, StoreError, agent, runs};
use queue::{Asked, Place, Queue};

/// Makes the tools of a run. The clock is the run's own: while a tool sleeps on it, the run rests.
pub type MakeToolbox =
    Arc<dyn Fn(&Assignment, Knowledge, Arc<RestingClock>) -> Box<dyn Toolbox> + Send + Sync>;

/// What the agent works with.
pub struct Deps {
    /// Where runs are recorded.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Told of progress and of the end.
    pub engine: Handle,
    /// Turns true when Steward is about to end.
    pub stopping: watch::Receiver<bool>,
    /// The models that investigate.
    pub chain: Chain,
    /// The models that take a first look at a wish; none, and it is looked into at once.
    pub triage: Chain,
    /// The models that put lessons into better words; none, and they stay as they are.
    pub narrate: Chain,
    /// How far runs may go.
    pub settings: AgentSettings,
    /// Where the parts of a context come from.
    pub sources: Sources,
    /// Makes the tools of a run.
    pub toolbox: MakeToolbox,
    /// Where runs wait for what they proposed.
    pub repairs: Repairs,
}

/// The agent. Every handle is the same.
#[derive(Clone)]
pub struct Agent(Arc<Inner>);

struct Inner {
    deps: Deps,
    queue: Queue,
    stops: Mutex<HashMap<RunId, watch::Sender<Option<String>>>>,
    /// How many runs have not come to their end.
    going: watch::Sender<usize>,
}

/// A run that has not come to its end.
struct Going<'a>(&'a watch::Sender<usize>);

impl Drop for Going<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|going| *going -= 1);
    }
}

impl Agent {
    /// An agent that has nothing to do yet.
    #[must_use]
    pub fn new(deps: Deps) -> Self {
        let queue = Queue::new(deps.settings.at_once, deps.engine.activity().clone());
        Self(Arc::new(Inner { deps, queue, stops: Mutex::default(), going: watch::Sender::new(0) }))
    }

    /// Returns once no run is left. Runs end by themselves when Steward is about to.
    pub async fn at_rest(&self) {
        let _ = self.0.going.subscribe().wait_for(|going| *going == 0).await;
    }
}

impl Investigator for Agent {
    fn begin(&self, assignment: Assignment, knowledge: Knowledge) {
        let (stop, stopped) = watch::channel(None);
        self.0.stops().insert(assignment.run, stop);
        self.0.going.send_modify(|going| *going += 1);
        // Places are taken in the order of these calls, whatever the tasks do.
        let asked = self.0.queue.ask();
        let inner = self.0.clone();
        self.0.deps.engine.activity().spawn(async move {
            let _going = Going(&inner.going);
            inner.see_to(assignment, knowledge, asked, stopped).await;
        });
    }

    fn narrate(&self, assignment: Assignment, draft: Lesson, knowledge: Knowledge) {
        self.0.going.send_modify(|going| *going += 1);
        let inner = self.0.clone();
        self.0.deps.engine.activity().spawn(async move {
            let _going = Going(&inner.going);
            lessons::see_to(&inner, assignment, &draft, &knowledge).await;
        });
    }

    fn stop(&self, run: RunId, by: &str) {
        self.0.stop(run, by);
    }

    fn repair_over(&self, remediation: RemediationId, how: &str) {
        self.0.deps.repairs.tell(remediation, how);
    }
}

impl Inner {
    fn stops(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, watch::Sender<Option<String>>>> {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, run: RunId, by: &str) {
        if let Some(stop) = self.stops().get(&run) {
            stop.send_if_modified(|stopped| {
                let is_first = stopped.is_none();
                stopped.get_or_insert_with(|| by.to_owned());
                is_first
            });
        }
    }

    /// Runs, from the record's first line to its last, and tells the engine.
    async fn see_to(
        &self,
        assignment: Assignment,
        knowledge: Knowledge,
        asked: Asked,
        stopped: watch::Receiver<Option<String>>,
    ) {
        let Deps { store, clock, engine, stopping, .. } = &self.deps;
        let (id, incident) = (assignment.run, assignment.incident);
        let logbook = Logbook::new(store.clone(), clock.clone(), id);
        let work = AssertUnwindSafe(self.work(&assignment, knowledge, asked, stopped, &logbook));
        let conclusion = work.catch_unwind().await.unwrap_or_else(|_| {
            tracing::error!(
                run = assignment.number,
                "a run of the agent broke off: an error of Steward's own"
            );
            interrupted("an error of Steward's own; its log says more")
        });
        let conclusion = match conclusion.ending {
            Ending::Stopped { .. } if *stopping.borrow() => {
                Conclusion { ending: interrupted("Steward ended").ending, ..conclusion }
            }
            _ => conclusion,
        };
        let (redactor, at, ended) = (store.redaction().now(), clock.now(), conclusion.clone());
        let written = store.call(move |conn| runs::end(conn, &redactor, id, &ended, at)).await;
        if let Err(error) = written {
            tracing::warn!(run = assignment.number, %error, "the end of a run of the agent is not on record");
        }
        self.stops().remove(&id);
        let (conclusion, spent) = (Box::new(conclusion), logbook.spent());
        engine.send(Message::Investigated { incident, run: id, conclusion, spent });
    }

    async fn work(
        &self,
        assignment: &Assignment,
        knowledge: Knowledge,
        asked: Asked,
        stopped: watch::Receiver<Option<String>>,
        logbook: &Logbook,
    ) -> Conclusion {
        // What is not on record is not begun: nobody could tell what it spent.
        if let Err(error) = self.write_beginning(assignment).await {
            return interrupted(&format!("it can't be recorded: {error}"));
        }
        let Deps { clock, engine, .. } = &self.deps;
        let resting = Arc::new(RestingClock::new(clock.clone(), engine.activity().clone()));
        let unreadable =
            |error: StoreError| interrupted(&format!("what it needs to know can't be read: {error}"));
        // A first look is cheap, and whoever asks how the lab is need not wait for an investigation to end.
        match self.triage(assignment, &knowledge, stopped.clone(), resting.clone(), logbook).await {
            Ok(Some(answered)) => return answered,
            Ok(None) => {}
            Err(error) => return unreadable(error),
        }
        let _place = match self.wait_for_place(assignment, asked, stopped.clone(), &resting).await {
            Ok(place) => place,
            Err(ending) => return Conclusion::without(ending),
        };
        let done = self.investigate(assignment, knowledge, stopped, resting, logbook).await;
        done.unwrap_or_else(unreadable)
    }

    /// A first look at what somebody wants. `None`: it is to be looked into, or was stopped, which comes to the same.
    async fn triage(
        &self,
        assignment: &Assignment,
        knowledge: &Knowledge,
        mut stopped: watch::Receiver<Option<String>>,
        resting: Arc<RestingClock>,
        logbook: &Logbook,
    ) -> Result<Option<Conclusion>, StoreError> {
        let left = self.limits(assignment).await?.micros;
        let mut stopping = self.deps.stopping.clone();
        Ok(tokio::select! {
            biased;
            _ = stopped.wait_for(Option::is_some) => None,
            () = told(&mut stopping) => None,
            answered = triage::answer(&self.deps, assignment, knowledge, (resting, left), logbook) => answered,
        })
    }

    async fn write_beginning(&self, assignment: &Assignment) -> Result<(), StoreError> {
        let Assignment { run, number, incident, subject, .. } = assignment.clone();
        let now = self.deps.clock.now();
        self.deps.store.call(move |conn| runs::begin(conn, run, number, (incident, &subject), now)).await
    }

    /// Waits for its turn, if others are before it.
    async fn wait_for_place(
        &self,
        assignment: &Assignment,
        asked: Asked,
        mut stopped: watch::Receiver<Option<String>>,
        resting: &RestingClock,
    ) -> Result<Place, Ending> {
        let (before, place) = match asked {
            Asked::Now(place) => return Ok(place),
            Asked::Later { before, place } => (before, place),
        };
        let runs = if before == 1 { "another run".to_owned() } else { format!("{before} other runs") };
        self.tell_progress(assignment, format!("waits for {runs} to end"));
        let mut stopping = self.deps.stopping.clone();
        tokio::select! {
            biased;
            // The sender is kept until the run is over.
            by = stopped.wait_for(Option::is_some) => {
                let by = by.ok().and_then(|by| by.clone()).unwrap_or_default();
                Err(Ending::Stopped { by })
            }
            () = told(&mut stopping) => Err(interrupted("Steward ended").ending),
            place = resting.rest(place) => match place {
                Ok(mut place) => {
                    place.arrived();
                    Ok(place)
                }
                Err(_) => Err(interrupted("its turn never came").ending),
            },
        }
    }

    async fn investigate(
        &self,
        assignment: &Assignment,
        knowledge: Knowledge,
        stopped: watch::Receiver<Option<String>>,
        resting: Arc<RestingClock>,
        logbook: &Logbook,
    ) -> Result<Conclusion, StoreError> {
        let Deps { clock, chain, sources, .. } = &self.deps;
        let toolbox = (self.deps.toolbox)(assignment, knowledge.clone(), resting.clone());
        let limits = self.limits(assignment).await?;
        let (tools, in_words) = (toolbox.specs(), limits.in_words());
        let brief = Brief {
            subject: &assignment.subject,
            incident: assignment.incident,
            said: &assignment.said,
            knowledge: &knowledge,
            tools: &tools,
            limits: &in_words,
            now: clock.now(),
        };
        let context = gather(sources, &brief).await?;
        let progress = |text: String| self.tell_progress(assignment, text);
        let running = run(Run {
            subject: &assignment.subject,
            context: &context,
            // A short pause that a model asks for is waited for at rest.
            dialogue: Dialogue::new(chain).patient(resting).masking(machines(&knowledge)),
            toolbox: &*toolbox,
            limits,
            clock: &**clock,
            recorder: logbook,
            progress: &progress,
            stop: stopped,
        });
        tokio::pin!(running);
        let mut stopping = self.deps.stopping.clone();
        let (conclusion, _) = tokio::select! {
            biased;
            done = &mut running => done,
            () = told(&mut stopping) => {
                self.stop(assignment.run, "Steward");
                running.await
            }
        };
        Ok(conclusion)
    }

    /// How far a run may go now: the money is what is left of its incident's and of today's.
    async fn limits(&self, assignment: &Assignment) -> Result<Limits, StoreError> {
        let settings = &self.deps.settings;
        let (incident, today) = (assignment.incident, midnight(self.deps.clock.now(), self.deps.sources.tz));
        let spent = move |conn: &rusqlite::Connection| {
            let of_incident = agent::spent(conn, Timestamp::UNIX_EPOCH, Some(incident))?;
            Ok((agent::spent(conn, today, None)?, of_incident))
        };
        let (today, of_incident): (Spending, Spending) = self.deps.store.read(spent).await?;
        let of_incident = of_incident.micros.max(assignment.spent.micros);
        let for_incident = settings.spend_per_incident.saturating_sub(of_incident);
        Ok(Limits {
            steps: settings.steps,
            tokens: settings.tokens,
            time: settings.time,
            micros: for_incident.min(settings.spend_per_day.saturating_sub(today.micros)),
            confidence: settings.confidence,
        })
    }

    fn tell_progress(&self, assignment: &Assignment, text: String) {
        let Assignment { incident, run, .. } = *assignment;
        self.deps.engine.send(Message::Progress { incident, run, text });
    }
}

fn interrupted(why: &str) -> Conclusion {
    Conclusion::without(Ending::Interrupted { why: why.to_owned() })
}

/// The names of the lab's machines and clusters: the first parts of targets. What is on them (`disk`, `nic`) says what is
/// wrong, and stays.
pub(super) fn machines(knowledge: &Knowledge) -> impl Iterator<Item = &str> {
    let targets = knowledge.topology.entries().map(|entry| entry.target.as_str());
    targets.filter_map(|target| target.split('/').next())
}

/// When today began where the lab is.
fn midnight(now: Timestamp, tz: Tz) -> Timestamp {
    let day = now.with_timezone(&tz).date_naive().and_time(NaiveTime::MIN);
    // A day that has no midnight, because the clocks were set forward then, began within the last day all the same.
    day.and_local_timezone(tz).earliest().map_or(now - TimeDelta::days(1), |at| at.to_utc())
}

#[cfg(test)]
mod bare;
#[cfg(test)]
mod tests;
