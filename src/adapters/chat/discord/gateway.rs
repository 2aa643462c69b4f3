//! The line over which Discord tells what happens: serenity's gateway client, on a thread of its own.
//!
//! serenity reconnects by itself and keeps several tasks alive to do so, which nothing but their end can stop. With
//! a runtime of their own, hanging up ends them all, whatever state they are in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use serenity::client::{Client, Context, RawEventHandler};
use serenity::gateway::{ConnectionStage, GatewayError, ShardManager};
use serenity::http::HttpBuilder;
use serenity::model::application::Interaction;
use serenity::model::event::Event;
use serenity::model::gateway::GatewayIntents;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};

use super::rest;

/// Events that may wait to be taken in. Beyond it the line is given up: serenity would go on to read, and hold a task
/// for each that waits.
const WAITING: usize = 256;
/// How often it is looked whether the line still stands.
const LOOK: Duration = Duration::from_millis(500);
/// Time to say good-bye.
const GOOD_BYE: Duration = Duration::from_secs(2);

/// What comes over the line.
#[derive(Debug)]
pub(super) enum Heard {
    /// Something happened: the event's name and its data, as Discord documents them.
    Event(String, Value),
    /// The connection broke; another is being made.
    Lost,
    /// It is over.
    Over(Over),
}

/// Why a line is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Over {
    /// The bot's token is refused.
    Token,
    /// An intent is not granted.
    Intents,
    /// Something else.
    Other(String),
}

/// An open line. Dropping it hangs up.
pub(super) struct Line {
    heard: mpsc::Receiver<Heard>,
    _hang_up: oneshot::Sender<()>,
}

/// Where to call, and as whom.
pub(super) struct Call {
    /// Where the API is, without a path.
    pub(super) base: String,
    /// Where the gateway is, as the API says.
    pub(super) gateway: String,
    /// The bot's token.
    pub(super) token: String,
    /// Whether what people write is wanted besides commands and mentions.
    pub(super) content: bool,
}

impl Line {
    /// Begins to call.
    ///
    /// # Errors
    /// There can be no thread.
    pub(super) fn open(call: Call) -> Result<Self, String> {
        let (tell, heard) = mpsc::channel(WAITING);
        let (hang_up, hung_up) = oneshot::channel();
        let talk = move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => {
                    let over = Over::Other(format!("its thread can't work: {error}"));
                    drop(tell.blocking_send(Heard::Over(over)));
                    return;
                }
            };
            runtime.block_on(talk(call, tell, hung_up));
            runtime.shutdown_background();
        };
        let started = thread::Builder::new().name("discord".to_owned()).spawn(talk);
        started.map_err(|error| format!("a thread for Discord can't be started: {error}"))?;
        Ok(Self { heard, _hang_up: hang_up })
    }

    /// What comes next.
    pub(super) async fn next(&mut self) -> Heard {
        let ended = || Heard::Over(Over::Other("the line to Discord's gateway has ended".to_owned()));
        self.heard.recv().await.unwrap_or_else(ended)
    }
}

/// Keeps the line up until it is over or hung up.
async fn talk(call: Call, tell: mpsc::Sender<Heard>, hung_up: oneshot::Receiver<()>) {
    let (is_up, flooded) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let hearing = Hearing { tell: tell.clone(), is_up: is_up.clone(), flooded: flooded.clone() };
    let mut client = match client(call, hearing).await {
        Ok(client) => client,
        Err(why) => return drop(tell.send(Heard::Over(Over::Other(why))).await),
    };
    let shards = client.shard_manager.clone();
    let over = tokio::select! {
        outcome = client.start() => over(outcome),
        () = watch(&shards, &is_up, &tell) => Over::Other("the line to Discord's gateway has ended".to_owned()),
        () = flooded.notified() => {
            let _ = tokio::time::timeout(GOOD_BYE, shards.shutdown_all()).await;
            Over::Other("more was said on Discord than could be taken in".to_owned())
        }
        _ = hung_up => {
            // A close frame ends the session at once; without it Discord shows the bot as online for a while.
            let _ = tokio::time::timeout(GOOD_BYE, shards.shutdown_all()).await;
            return;
        }
    };
    drop(tell.send(Heard::Over(over)).await);
}

async fn client(call: Call, hearing: Hearing) -> Result<Client, String> {
    let mut intents = GatewayIntents::GUILDS
        | GatewayIntents::GUILD_MESSAGES
        | GatewayIntents::GUILD_MESSAGE_REACTIONS
        | GatewayIntents::DIRECT_MESSAGES;
    intents.set(GatewayIntents::MESSAGE_CONTENT, call.content);
    // With serenity's own limiter the proxy, and so the configured address, would be ignored.
    let http = HttpBuilder::new(&call.token)
        .client(rest::client()?)
        .proxy(call.base)
        .ratelimiter_disabled(true)
        .build();
    let client =
        serenity::client::ClientBuilder::new_with_http(http, intents).raw_event_handler(hearing).await;
    let client = client.map_err(|error| format!("Discord's gateway can't be called: {error}"))?;
    // serenity asks for the address as well, and takes Discord's own if it gets no answer.
    *client.ws_url.lock().await = call.gateway;
    Ok(client)
}

/// Looks whether the connection still stands: serenity does not tell of every loss.
async fn watch(shards: &ShardManager, is_up: &AtomicBool, tell: &mpsc::Sender<Heard>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let runners = shards.runners.lock().await;
        let stands = runners.values().any(|runner| runner.stage == ConnectionStage::Connected);
        drop(runners);
        if !stands && is_up.swap(false, Ordering::SeqCst) && tell.send(Heard::Lost).await.is_err() {
            return;
        }
    }
}

fn over(outcome: serenity::Result<()>) -> Over {
    match outcome {
        Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication)) => Over::Token,
        Err(serenity::Error::Gateway(
            GatewayError::DisallowedGatewayIntents | GatewayError::InvalidGatewayIntents,
        )) => Over::Intents,
        Err(error) => Over::Other(format!("Discord's gateway ended the connection: {error}")),
        Ok(()) => Over::Other("Discord's gateway ended the connection".to_owned()),
    }
}

/// Hands on what Steward needs to know.
struct Hearing {
    tell: mpsc::Sender<Heard>,
    is_up: Arc<AtomicBool>,
    /// Told when there is no room for an event.
    flooded: Arc<Notify>,
}

impl Hearing {
    /// Hands on without waiting.
    fn hand_on(&self, heard: Heard) {
        // When nobody listens any longer, it is over anyway.
        if let Err(TrySendError::Full(_)) = self.tell.try_send(heard) {
            self.flooded.notify_one();
        }
    }
}

#[async_trait]
impl RawEventHandler for Hearing {
    async fn raw_event(&self, _: Context, event: Event) {
        match &event {
            Event::Ready(_) | Event::Resumed(_) => self.is_up.store(true, Ordering::SeqCst),
            Event::MessageCreate(_) | Event::ReactionAdd(_) | Event::InteractionCreate(_) => {}
            Event::GuildCreate(_) => {}
            // What serenity can't read may still be something that Steward can.
            Event::Unknown(_) => {}
            _ => return,
        }
        let Some((name, data)) = documented(&event) else { return };
        self.hand_on(Heard::Event(name, data));
    }
}

/// An event's name and data, as Discord documents them. One way of reading them is then enough, whether serenity knows
/// the event or not.
fn documented(event: &Event) -> Option<(String, Value)> {
    let Ok(Value::Object(mut written)) = serde_json::to_value(event) else { return None };
    let (Some(Value::String(name)), Some(mut data)) = (written.remove("t"), written.remove("d")) else {
        return None;
    };
    // serenity reads the type and does not write it.
    let kind = match event {
        Event::InteractionCreate(event) => Some(match event.interaction {
            Interaction::Command(_) => 2,
            Interaction::Component(_) => 3,
            Interaction::Autocomplete(_) => 4,
            _ => 0,
        }),
        _ => None,
    };
    if let Some(kind) = kind {
        data["type"] = Value::from(kind);
    }
    Some((name, data))
}
