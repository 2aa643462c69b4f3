//! A Discord that follows the public documentation (API v10) to the letter, and can misbehave on demand.
//!
//! It knows nothing of Steward's types nor of serenity's: what it takes and tells is JSON as documented. What the
//! documentation forbids is answered as Discord answers it, and kept as a violation, with which the story fails.
//!
//! Choices where the documentation leaves one:
//! - Lengths are counted in UTF-16 code units: whoever stays below those stays below code points too.
//! - An unknown field is refused, though Discord may ignore it.
//! - A nonce counts for three minutes ("a few") in its channel; using it in another channel then is a violation.

mod command_rules;
mod component_rules;
mod faults;
mod gateway;
mod gateway_control;
mod handshake;
mod json;
mod limits;
mod markdown;
mod people;
mod permissions;
mod rest;
mod rules;
mod schema;
mod server;
mod session;
mod transcript;
pub mod view;
mod wire;
mod world;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::HandClock;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use faults::Fault;
pub use permissions::permission;
pub use world::World;

/// What the bot authorizes itself with.
pub const TOKEN: &str = "MTQyNDI0MjQyNDI0MjQyNDI0Mg.fake00.not-a-real-token-but-as-long-as-one";
/// The application and its bot user.
pub const BOT: u64 = 1_424_242_424_242_424_242;
/// The guild the bot was invited to; also the id of its role @everyone.
pub const GUILD: u64 = 1_101_010_101_010_101_010;
/// A guild the bot is not meant for.
pub const OTHER_GUILD: u64 = 1_202_020_202_020_202_020;
/// The text channel #ops of the guild.
pub const CHANNEL: u64 = 1_111_111_111_111_111_101;
/// The text channel #random of the same guild.
pub const OTHER_CHANNEL: u64 = 1_111_111_111_111_111_202;
/// A text channel of the other guild.
pub const FOREIGN_CHANNEL: u64 = 1_222_222_222_222_222_303;
/// The person "alex".
pub const OPERATOR: u64 = 1_333_333_333_333_333_401;
/// The person "mallory".
pub const STRANGER: u64 = 1_333_333_333_333_333_502;

/// How long a story waits for something, in real time, before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server and its guild; it ends with the last clone.
#[derive(Clone)]
pub struct FakeDiscord {
    inner: Arc<Inner>,
    _server: Arc<Server>,
}

/// What the server's tasks share.
struct Inner {
    clock: Arc<HandClock>,
    port: u16,
    world: Mutex<World>,
    changed: watch::Sender<()>,
}

struct Server {
    task: JoinHandle<()>,
    inner: Arc<Inner>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
        self.inner.change(World::go_down);
    }
}

impl Inner {
    fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the world, and tells whoever waits for a change.
    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = {
            let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.now = self.clock.time();
            change(&mut world)
        };
        self.changed.send_replace(());
        result
    }
}

impl FakeDiscord {
    /// Opens a Discord on a free port of the loopback; its time is the clock's.
    pub async fn start(clock: Arc<HandClock>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let world = Mutex::new(World::new(clock.time()));
        let inner = Arc::new(Inner { clock, port, world, changed: watch::Sender::new(()) });
        let task = tokio::spawn(server::serve(listener, inner.clone()));
        Self { _server: Arc::new(Server { task, inner: inner.clone() }), inner }
    }

    /// Where the API is; `/api/v10` follows.
    pub fn api(&self) -> String {
        format!("http://127.0.0.1:{}", self.inner.port)
    }

    /// Waits until there is what `look` looks for.
    ///
    /// Panics after 20 s of real time, with what people see and what was requested.
    pub async fn until<T>(&self, what: &str, look: impl Fn(&World) -> Option<T>) -> T {
        let mut changes = self.inner.changed.subscribe();
        let found = async {
            loop {
                changes.borrow_and_update();
                if let Some(found) = self.inner.look(&look) {
                    return found;
                }
                // The sender lives as long as `self`.
                let _ = changes.changed().await;
            }
        };
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(found) => found,
            Err(_) => panic!("waited in vain for {what}\n{}", self.everything()),
        }
    }

    /// What people see in #ops, what was requested, and what was wrong with it.
    pub fn everything(&self) -> String {
        self.inner.look(|world| {
            let (log, wrong) = (world.log.join("\n"), world.violations.join("\n"));
            format!("{}\nrequests:\n{log}\nviolations:\n{wrong}", world.transcript(CHANNEL))
        })
    }

    /// Looks at the world as it is.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.inner.look(look)
    }

    /// Every request as `method path → status`, without secrets.
    pub fn requests(&self) -> Vec<String> {
        self.inner.look(|world| world.log.clone())
    }

    /// Nothing was done that the documentation forbids.
    pub fn nothing_wrong(&self) {
        let wrong = self.inner.look(|world| world.violations.clone());
        assert!(wrong.is_empty(), "against Discord's documentation:\n{}", wrong.join("\n"));
    }

    /// Takes out the violations that have this; there has to be one.
    pub fn expect_violation(&self, part: &str) {
        self.inner.change(|world| {
            let before = world.violations.len();
            world.violations.retain(|violation| !violation.contains(part));
            let left = &world.violations;
            assert!(left.len() < before, "{part:?} was not violated; there is only {left:#?}");
        });
    }
}
