//! Builds, starts, drains and stops: the one place that knows all the parts.

mod agent;
mod almanac;
mod changes;
mod deadman;
mod heartbeat;
mod knowledge;
pub mod listening;
mod learning;
pub mod live;
pub mod models;
mod observed;
mod outside;
pub mod platforms;
mod reload;
mod retention;
mod sources;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::adapters::deadman::Switch;
use crate::agent::investigator::Agent;
use crate::config::{Loaded, Problem, Setup};
use crate::engine::activity::Activity;
use crate::engine::answers::Librarian;
use crate::engine::changes::Watcher;
use crate::engine::desk::Desk;
use crate::engine::ears::Listener;
use crate::engine::intake::Gateway;
use crate::engine::message::{Handle, Message};
use crate::engine::outbox::Courier;
use crate::engine::ports::{Chat, Child, Clock, CommandRunner, Ears, Investigator, LOCAL};
use crate::engine::repairs::Shop;
use crate::engine::schedule::{self, Asker, Scheduler};
use crate::engine::skills::Workshop;
use crate::engine::suspects::{Inquiries, Ledger};
use crate::engine::world::World;
use crate::store::inbox::Inbox;
use crate::store::metrics::{self, Metrics};
use crate::store::{OpenError, Store, StoreError, executions, load, outbox, sagas};

pub use knowledge::{Understood, replay_world, understand};
use listening::{ListenError, Listening, Means};
use outside::Outside;
pub use reload::Reloader;
use retention::Housekeeping;

/// Where everything that the operator wrote is read from, now and at each reload.
pub type Read = Arc<dyn Fn() -> Result<Setup, Vec<Problem>> + Send + Sync>;

/// What an app is made of: the world outside.
pub struct Parts {
    /// Reads what the operator wrote.
    pub read: Read,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Runs processes.
    pub runner: Arc<dyn CommandRunner>,
    /// The chat platforms.
    pub chats: Vec<Arc<dyn Chat>>,
    /// How often edits of what the operator wrote are looked for.
    pub look_for_edits: Duration,
    /// How often `HEARTBEAT.md` is written, besides when an incident opens or is over.
    pub heartbeat: Duration,
}

/// Why Steward did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What the operator wrote has problems.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Config(Vec<Problem>),
    /// The state can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The state can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The shipped skills can't be unpacked.
    #[error(
        "the shipped skills could not be written to {0}: {1}; without them nothing is watched; see that the state directory can be written"
    )]
    Unpack(PathBuf, std::io::Error),
    /// Nothing could come in.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A language model can't be asked from this machine.
    #[error("a model of [agent.models] can't be set up: {0}")]
    Model(String),
    /// The dead man's switch can't be set up.
    #[error("the dead man's switch ([watchdog] url) can't be set up: {0}")]
    Switch(String),
}

/// A Steward that runs.
pub struct App {
    handle: Handle,
    gateway: Gateway,
    listens_at: Option<SocketAddr>,
    skills: Asker,
    store: Store,
    metrics: Metrics,
    loaded: Arc<Loaded>,
    ending: watch::Sender<bool>,
    stopping_skills: watch::Sender<bool>,
    agent: Option<Agent>,
    desk: JoinHandle<Result<(), StoreError>>,
    others: Vec<JoinHandle<()>>,
}

impl App {
    /// Starts everything. When this returns, Steward is ready.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let setup = (parts.read)().map_err(StartError::Config)?;
        let loaded = Arc::new(setup.loaded.clone());
        let config = &loaded.config;
        let store = Store::open(&config.state_dir)?;
        store.redaction().learn(loaded.secrets());
        let switch = config.watchdog.url.clone().map(Switch::new).transpose().map_err(StartError::Switch)?;
        let listening = Listening::prepare(&config.alerts).await?;
        let now = parts.clock.now();
        let limits =
            metrics::Limits { max_series: config.metrics.max_series.into(), retention: config.metrics.keep };
        let (metrics, moved) = Metrics::open(&config.state_dir, limits, now)?;
        let folder = crate::config::shipped_folder(&config.state_dir);
        crate::config::unpack(&folder).map_err(|error| StartError::Unpack(folder.clone(), error))?;
        let key = knowledge::digest_key(&store).await?;
        let understood = understand(&setup, key);

        let settings =
            Arc::new(knowledge::settings(config, parts.chats.iter().map(|chat| chat.platform()).collect()));
        let here = settings.platforms.clone();
        let forgotten = store.call(move |conn| outbox::forget_others(conn, &here, now)).await?;
        if forgotten > 0 {
            tracing::warn!(
                messages = forgotten,
                "messages for platforms that are not configured any more are given up"
            );
        }
        let mut world = World::new(settings.clone(), understood.knowledge.clone());
        // Before the incidents: where they stand follows from it.
        world.recall(learning::rules(config), store.read(crate::store::topology::all).await?);
        let back = world.look_back();
        world.restore(store.read(move |conn| load::load(conn, now, back)).await?, now);

        let done = world.inbox_done();
        let inbox = Inbox::open(&config.state_dir, done)?;
        let left = inbox.after(done).await?;

        let activity = Activity::default();
        let (handle, mailbox) = Handle::new(activity.clone(), store.redaction().clone());
        let (ending, told) = watch::channel(false);
        let (stopping_skills, skills_told) = watch::channel(false);
        reap(&store, &*parts.runner).await?;

        let workshop = Workshop {
            runner: parts.runner.clone(),
            clock: parts.clock.clone(),
            store: Some(store.clone()),
            max_output: config.skills.max_output,
        };
        let deps = schedule::Deps {
            workshop,
            store: store.clone(),
            metrics: metrics.clone(),
            engine: handle.clone(),
            clock: parts.clock.clone(),
            tz: config.timezone,
            concurrency: config.skills.concurrency as usize,
            jitter: config.skills.jitter,
            failures_before_incident: config.skills.failures_before_incident,
        };
        let (scheduler, skills) = Scheduler::new(deps, understood.knowledge.policy.clone(), skills_told);
        let shop = Shop::new(
            store.clone(),
            parts.runner.clone(),
            parts.clock.clone(),
            skills.clone(),
            handle.clone(),
            stopping_skills.subscribe(),
        );
        let sources = sources::build(config, &parts.runner, &parts.clock, &understood.knowledge.policy);
        tracing::info!(sources = config.changes.names().join(", "), "what changes is read from these");
        let ledger = Ledger { sources: sources.told, store: store.clone() };
        let watcher = Watcher::new(sources.seen, store.clone(), parts.clock.clone());
        let reloader =
            Arc::new(Reloader::new(&parts, &loaded, key, store.clone(), handle.clone(), skills.clone()));
        let librarian = Librarian {
            store: store.clone(),
            ledger,
            watcher: watcher.clone(),
            inquiries: Inquiries::default(),
            clock: parts.clock.clone(),
            settings,
            skills: skills.clone(),
            engine: handle.clone(),
            reload: reloader.clone(),
            looker: sources::looker(&parts.runner, &parts.clock, &understood.knowledge.policy),
        };
        let heart: Arc<Notify> = Arc::default();
        let bells: Vec<Arc<Notify>> = parts.chats.iter().map(|_| Arc::default()).collect();
        let mut unfinished = store.read(sagas::unfinished).await?;
        // Those that have begun take their places before those that only waited.
        unfinished.sort_by_key(|repair| repair.log.is_empty());
        for repair in unfinished {
            let reach = world.take_up(&repair);
            shop.run(repair, reach);
        }
        let ignored = world.ignored();
        let pulse = world.pulse(now);
        let observing = watcher.clone();
        let around = agent::Around {
            store: &store,
            metrics: &metrics,
            parts: &parts,
            skills: &skills,
            ledger: &librarian.ledger,
            engine: &handle,
            stopping: &stopping_skills,
        };
        let agent = agent::build(config, &around).await?;
        let desk = Desk {
            world,
            store: store.clone(),
            metrics: metrics.clone(),
            clock: parts.clock.clone(),
            mailbox,
            handle: handle.clone(),
            skills: skills.clone(),
            shop,
            librarian,
            agent: agent.clone().map(|agent| Arc::new(agent) as Arc<dyn Investigator>),
            keeper: agent::keeper(&parts, reloader.clone()),
            bells: bells.clone(),
            heart: heart.clone(),
        };
        let mut others: Vec<JoinHandle<()>> = Vec::new();
        let ears: Arc<dyn Ears> =
            Arc::new(Listener { engine: handle.clone(), store: store.clone(), ignored });
        for (chat, bell) in parts.chats.iter().zip(bells) {
            let courier = Courier {
                chat: chat.clone(),
                store: store.clone(),
                clock: parts.clock.clone(),
                bell,
                engine: handle.clone(),
                leaving: stopping_skills.subscribe(),
            };
            others.push(tokio::spawn(courier.run(told.clone())));
            let (chat, ears, told) = (chat.clone(), ears.clone(), told.clone());
            others.push(tokio::spawn(async move { chat.listen(ears, told).await }));
        }
        let housekeeping = Housekeeping {
            store: store.clone(),
            metrics: metrics.clone(),
            activity: activity.clone(),
            keep: config.incidents.keep,
            keep_changes: config.changes.keep,
        };
        let looking = changes::watch(
            watcher,
            config.changes.every,
            activity.clone(),
            parts.clock.clone(),
            told.clone(),
        );
        others.push(tokio::spawn(looking));
        others.push(tokio::spawn(housekeeping.run(parts.clock.clone(), told.clone())));
        let heartbeat = heartbeat::Heartbeat {
            state_dir: config.state_dir.clone(),
            every: parts.heartbeat,
            tz: config.timezone,
            store: store.clone(),
            engine: handle.clone(),
            clock: parts.clock.clone(),
            bell: heart,
        };
        others.push(tokio::spawn(heartbeat.run(stopping_skills.subscribe())));
        let policy = &understood.knowledge.policy;
        let learner = learning::Learner::new(config, &parts.runner, &parts.clock, policy, handle.clone());
        others.push(tokio::spawn(learner.run(parts.clock.clone(), stopping_skills.subscribe())));
        let watching = told.clone();
        others.push(tokio::spawn(async move { reloader.watch(watching).await }));
        let (gateway, porter) =
            Gateway::new(inbox, handle.clone(), config.alerts.capacity as usize, done, left);
        others.push(tokio::spawn(porter.run(told.clone())));
        let listens_at = listening.address();
        let outside = Outside {
            config,
            store: &store,
            engine: &handle,
            clock: &parts.clock,
            watcher: observing,
            gateway: &gateway,
            pulse,
            switch,
        };
        let (observer, tasks) = outside.start(&told, &stopping_skills.subscribe());
        others.extend(tasks);
        let means = Means {
            intake: Arc::new(gateway.clone()),
            observed: Arc::new(observer),
            clock: parts.clock.clone(),
            activity: activity.clone(),
            look_every: parts.look_for_edits,
        };
        // They end before everything else, so that what they brought is worked off.
        others.extend(listening.start(means, &stopping_skills.subscribe()));
        let desk = tokio::spawn(desk.run(told));
        if let Some(moved) = moved {
            tracing::warn!(%moved, "the history of measurements was damaged and is begun anew");
        }
        others.push(tokio::spawn(scheduler.run(understood.skills)));
        handle.send(Message::Wake);
        Ok(Self {
            handle,
            gateway,
            listens_at,
            skills,
            store,
            metrics,
            loaded,
            ending,
            stopping_skills,
            agent,
            desk,
            others,
        })
    }

    /// Where messages are left.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Where alerts are handed in.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Where HTTP is listened to, if it is.
    #[must_use]
    pub fn listens_at(&self) -> Option<SocketAddr> {
        self.listens_at
    }

    /// Runs skills.
    #[must_use]
    pub fn skills(&self) -> &Asker {
        &self.skills
    }

    /// What is stored.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the operator wrote, as it was read at the start.
    #[must_use]
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Returns when Steward can't go on, with the reason.
    pub async fn failed(&mut self) -> StoreError {
        match (&mut self.desk).await {
            Ok(Err(error)) => error,
            Ok(Ok(())) => StoreError::Gone,
            Err(panicked) => StoreError::Panicked(panicked.to_string()),
        }
    }

    /// Ends at once and in no order, as a crash would: what was not written is gone, and whatever was under way is
    /// for the next start to find. Returns when the state can be opened again.
    pub async fn abandon(self) {
        let Self { handle, store, metrics, desk, others, .. } = self;
        handle.activity().abandon();
        for task in &others {
            task.abort();
        }
        desk.abort();
        let _ = desk.await;
        for task in others {
            let _ = task.await;
        }
        for closed in [metrics.close().await, store.close().await] {
            if let Err(error) = closed {
                tracing::warn!(%error, "the state was not closed");
            }
        }
    }

    /// Stops: skills that run are called off, what was decided is written and told, repairs go on where they are at
    /// the next start. Takes no longer than it has to.
    ///
    /// # Errors
    /// What could not be written at the end.
    pub async fn stop(self) -> Result<(), StoreError> {
        let Self { handle, store, metrics, ending, stopping_skills, agent, desk, others, .. } = self;
        let _ = stopping_skills.send(true);
        if let Some(agent) = agent {
            agent.at_rest().await;
        }
        handle.activity().idle().await;
        let _ = ending.send(true);
        let outcome = match desk.await {
            Ok(outcome) => outcome,
            Err(panicked) => Err(StoreError::Panicked(panicked.to_string())),
        };
        for other in others {
            let _ = other.await;
        }
        if let Err(error) = metrics.close().await {
            tracing::warn!(%error, "the last measurements may be missing");
        }
        store.close().await?;
        outcome
    }
}

/// Ends what an earlier Steward left running.
async fn reap(store: &Store, runner: &dyn CommandRunner) -> Result<(), StoreError> {
    let left = store.read(executions::all).await?;
    for execution in left {
        let child = Child {
            pid: execution.pid,
            start_ticks: execution.start_ticks,
            boot_id: execution.boot_id.clone(),
        };
        let reaped = runner.reap(execution.id, &child, LOCAL).await;
        tracing::info!(
            what = execution.what,
            pid = execution.pid,
            ?reaped,
            "a process of an earlier run was looked for"
        );
        store.call(move |conn| executions::end(conn, execution.id)).await?;
    }
    Ok(())
}

/// Names and digests of what the operator wrote, for noticing what changed.
type Files = BTreeMap<PathBuf, String>;
