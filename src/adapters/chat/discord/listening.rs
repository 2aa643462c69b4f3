//! Staying connected: calls Discord's gateway, hands on what it tells, and calls again with patience.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::NAME;
use super::commands::registration;
use super::examine::{GRANT_CONTENT, NO_CONTENT, examine};
use super::gateway::{Call, Heard, Line, Over};
use super::inbound::{Hearer, Turns};
use super::rest::{Failure, Request, TOKEN_REFUSED};
use crate::engine::ports::Health;

/// The first wait before another call; it doubles with each one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait, and that after a refusal which only a person can mend.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How long a call may take, and how long a connection that broke may take to be made again.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time at the end for what people said before it.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// Events that are taken in at once. Beyond it they wait.
const AT_ONCE: usize = 64;

/// Keeps listening.
pub(super) struct Listening {
    hearer: Arc<Hearer>,
    /// Whether what people write may be read.
    content: AtomicBool,
    /// Whether the setup was looked at.
    examined: AtomicBool,
    /// Whether the commands are registered.
    registered: AtomicBool,
}

/// What is being done. It outlives the line that it came over: a press that was acknowledged is not forgotten because
/// the connection broke.
#[derive(Default)]
struct Work {
    /// What people said.
    events: JoinSet<()>,
    /// The order in which they said it.
    turns: Turns,
    /// What is to be done whenever the line stands.
    errands: JoinSet<()>,
}

/// How a connection ended.
struct Ended {
    over: Over,
    /// Whether it stood.
    stood: bool,
}

impl Listening {
    /// Listens with these ears.
    pub(super) fn new(hearer: Arc<Hearer>) -> Arc<Self> {
        let (examined, registered) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { hearer, content: AtomicBool::new(true), examined, registered })
    }

    /// Listens until told to end. What somebody said by then is still taken in, as far as that does not take long.
    pub(super) async fn listen(self: Arc<Self>, mut ending: watch::Receiver<bool>) {
        let mut work = Work::default();
        tokio::select! {
            _ = ending.wait_for(|yes| *yes) => {}
            () = self.keep_listening(&mut work) => {}
        }
        let finished = async { while work.events.join_next().await.is_some() {} };
        if timeout(LAST_WORDS, finished).await.is_err() {
            tracing::warn!("what was said on Discord at the end could not be taken in any more");
        }
    }

    /// Never ends.
    async fn keep_listening(self: Arc<Self>, work: &mut Work) {
        let mut wait = FIRST_WAIT;
        let mut is_known = false;
        loop {
            let Ended { over, stood } = self.clone().once(work).await;
            if stood {
                (wait, is_known) = (FIRST_WAIT, false);
            }
            match over {
                Over::Intents if self.content.swap(false, Ordering::SeqCst) => {
                    tracing::warn!(fix = GRANT_CONTENT, "{NO_CONTENT}");
                    continue;
                }
                Over::Token => {
                    // Once is enough: it stays so until somebody does something.
                    if !std::mem::replace(&mut is_known, true) {
                        tracing::error!("{TOKEN_REFUSED}");
                    }
                    self.down(TOKEN_REFUSED);
                    wait = LONGEST_WAIT;
                }
                Over::Intents => {
                    self.down(
                        "Discord's gateway refuses what Steward wants to hear; `steward doctor` says more",
                    );
                    wait = LONGEST_WAIT;
                }
                Over::Other(why) => {
                    tracing::warn!(why, retry_in = ?wait, "Discord's gateway can't be heard");
                    self.down(&why);
                }
            }
            self.hearer.clock.sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    fn down(&self, why: &str) {
        self.hearer.ears.line(NAME, Err(why.to_owned()));
    }

    /// One connection, from the call to its end.
    async fn once(self: Arc<Self>, work: &mut Work) -> Ended {
        let mut stood = false;
        let over = match self.call().await {
            Ok(line) => self.hear(line, work, &mut stood).await,
            Err(over) => over,
        };
        Ended { over, stood }
    }

    async fn call(&self) -> Result<Line, Over> {
        let rest = &self.hearer.rest;
        let found = rest.send(&Request::get("GET gateway", "", "/gateway".to_owned())).await;
        let found = found.map_err(|failure| match failure {
            Failure::Token => Over::Token,
            other => Over::Other(other.to_string()),
        })?;
        let Some(gateway) = found["url"].as_str().filter(|url| url.starts_with("ws")) else {
            return Err(Over::Other("Discord does not say where its gateway is".to_owned()));
        };
        let call = Call {
            base: rest.base().to_owned(),
            gateway: gateway.to_owned(),
            token: rest.token().to_owned(),
            content: self.content.load(Ordering::SeqCst),
        };
        Line::open(call).map_err(Over::Other)
    }

    /// Hands on what comes over the line until it is over, or silent for too long while it should stand.
    async fn hear(self: Arc<Self>, mut line: Line, work: &mut Work, stood: &mut bool) -> Over {
        let mut deadline = Some(Instant::now() + PATIENCE);
        loop {
            while work.events.try_join_next().is_some() || work.errands.try_join_next().is_some() {}
            let heard = match deadline {
                _ if work.events.len() >= AT_ONCE => {
                    work.events.join_next().await;
                    continue;
                }
                None => line.next().await,
                Some(at) => match timeout_at(at, line.next()).await {
                    Ok(heard) => heard,
                    Err(_) => return Over::Other("Discord's gateway does not answer".to_owned()),
                },
            };
            match heard {
                Heard::Over(over) => return over,
                Heard::Lost => {
                    self.down("the connection to Discord's gateway broke");
                    deadline = Some(Instant::now() + PATIENCE);
                }
                Heard::Event(name, data) => match name.as_str() {
                    "READY" | "RESUMED" => {
                        if name == "READY" {
                            self.hearer.ready(data);
                        }
                        (*stood, deadline) = (true, None);
                        self.hearer.ears.line(NAME, Ok(()));
                        work.errands.spawn(self.clone().connected());
                    }
                    "GUILD_CREATE" => self.hearer.guild(data),
                    _ => {
                        let hearer = self.hearer.clone();
                        let taken_in = async move { hearer.event(&name, data).await };
                        work.events.spawn(work.turns.next(taken_in));
                    }
                },
            }
        }
    }

    /// What is to be done whenever the line stands: first what people wait for.
    async fn connected(self: Arc<Self>) {
        self.hearer.catch_up().await;
        if !self.registered.load(Ordering::SeqCst) {
            self.register().await;
        }
        if !self.examined.swap(true, Ordering::SeqCst) {
            let checks = examine(&self.hearer.rest, &self.hearer.settings).await;
            for check in checks.iter().filter(|check| check.health == Health::Bad) {
                tracing::error!(check = check.name, fix = check.fix, "Discord: {}", check.what);
            }
        }
    }

    async fn register(&self) {
        let Some(me) = self.hearer.me() else { return };
        let request = Request::commands(me.application, self.hearer.settings.guild, registration());
        match self.hearer.rest.send(&request).await {
            Ok(_) => self.registered.store(true, Ordering::SeqCst),
            Err(failure) => {
                let fix = "Invite the bot again with the scope applications.commands; `steward doctor` has the link.";
                tracing::warn!(%failure, fix, "the slash commands could not be registered; tried again at the next connect");
            }
        }
    }
}
