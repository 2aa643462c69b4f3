//! A Telegram Bot API on loopback, made from Telegram's public documentation. It is strict (what the documentation
//! forbids is refused and remembered), it can misbehave on demand, and it shows the chats as people see them.
//!
//! It shares no type with Steward and none with teloxide: what goes over the wire is JSON that is written here.

mod call;
mod callbacks;
mod chats;
mod detect;
mod editing;
mod faults;
mod html;
mod keyboard;
mod markdown;
mod people;
mod polling;
mod reactions;
mod sending;
mod server;
mod socket;
mod spec;
mod strays;
mod text;
mod topics;
mod transcript;
mod view;
mod wire;
mod world;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::HandClock;
pub use chats::Standing;
pub use faults::{Fault, Limits};
pub use view::{Logged, Popup, Seen, SeenTopic, View};
use world::World;

/// The token of the bot.
pub const TOKEN: &str = "123456789:TestTokenOfSteward_NotASecret-00000";
/// The bot.
pub const BOT: i64 = 123_456_789;
/// Its name.
pub const BOT_NAME: &str = "steward_bot";
/// The supergroup that Steward lives in: alex owns it, mallory is a member, the bot is an administrator.
pub const GROUP: i64 = -1_001_234_567_890;
/// Another supergroup with the bot in it, which nobody configured; mallory owns it.
pub const OTHER_GROUP: i64 = -1_009_876_543_210;
/// A basic group, which can be upgraded.
pub const BASIC_GROUP: i64 = -4_001_234_567;
/// A channel that the bot administrates.
pub const CHANNEL: i64 = -1_005_555_555_555;
/// `@alex`, who owns the group.
pub const OPERATOR: i64 = 5_000_000_001;
/// `@mallory`, a member.
pub const STRANGER: i64 = 5_000_000_002;
/// Sam, a member without a user name.
pub const NAMELESS: i64 = 5_000_000_003;

/// How long a story waits, in real time, for what must come.
const HANG: Duration = Duration::from_secs(20);

/// The server. Clones are the same server, which ends with the last of them.
#[derive(Clone)]
pub struct FakeTelegram(Arc<Running>);

struct Running {
    shared: Arc<Shared>,
    api: String,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
        // Connections that still wait for an answer are closed.
        self.shared.act(|world| world.down = true);
    }
}

/// What the server and the story share.
struct Shared {
    world: Mutex<World>,
    changed: Notify,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        // A story that panicked while it looked shall still get its transcript.
        self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Changes the world and tells everybody who waits for a change.
    fn act<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let done = act(&mut self.world());
        self.changed.notify_waiters();
        done
    }

    /// Waits, without polling, until `look` finds something; `None` at `end`.
    async fn wait<T>(
        &self,
        end: Option<Instant>,
        mut look: impl FnMut(&mut World) -> Option<T>,
    ) -> Option<T> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(found) = look(&mut self.world()) {
                return Some(found);
            }
            match end {
                Some(end) => timeout_at(end, changed).await.ok()?,
                None => changed.await,
            }
        }
    }
}

impl FakeTelegram {
    /// Starts a server on a free port of loopback, in the current runtime.
    pub async fn start(clock: Arc<HandClock>) -> Self {
        let shared = Arc::new(Shared { world: Mutex::new(World::new(clock)), changed: Notify::new() });
        let (api, task) = server::start(shared.clone()).await;
        Self(Arc::new(Running { shared, api, task }))
    }

    /// Where it listens: what a client takes instead of `https://api.telegram.org`.
    pub fn api(&self) -> String {
        self.0.api.clone()
    }

    fn act<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        self.0.shared.act(act)
    }

    /// Looks at the chats as people see them. Telegram stands still meanwhile: `look` uses the view, never the server.
    pub fn see<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&View(&self.0.shared.world()))
    }

    /// Waits until `look` finds what the story waits for. Panics with all there is to see when it never comes.
    pub async fn until<T>(&self, what: &str, look: impl Fn(&View) -> Option<T>) -> T {
        let end = Instant::now() + HANG;
        let found = self.0.shared.wait(Some(end), |world| look(&View(world))).await;
        found.unwrap_or_else(|| {
            let (transcript, log) = (self.transcript(), self.see(|view| view.log()));
            panic!("this never came: {what}\n\n{transcript}\n\n{log}")
        })
    }

    /// Waits until the bot has confirmed every update there is.
    pub async fn handled(&self) {
        self.until("every update is confirmed", |view| (view.waiting() == 0).then_some(())).await;
    }

    /// What a chat shows, in order. The private chat with a person has the id of the person.
    pub fn messages(&self, chat: i64) -> Vec<Seen> {
        self.see(|view| view.messages(chat))
    }

    /// The card that asks for an approval in the group, as it stands.
    pub fn question(&self, approval: u64) -> Seen {
        let found = self.see(|view| view.find(GROUP, &format!("Approval {approval}: may I run")));
        found.unwrap_or_else(|| panic!("approval {approval} is not asked for\n{}", self.transcript()))
    }

    /// The chats as text.
    pub fn transcript(&self) -> String {
        transcript::of(&self.0.shared.world())
    }

    /// The story provokes a call that the documentation forbids: one that contains `part`.
    pub fn expect_violation(&self, part: &str) {
        self.act(|world| world.expected.push(part.to_owned()));
    }

    /// Panics if a call broke a rule of the documentation, or an expected one did not.
    pub fn nothing_wrong(&self) {
        let (violations, log) = self.act(|world| (world.unexpected(), View(world).log()));
        assert!(violations.is_empty(), "against the documentation:\n{}\n\n{log}", violations.join("\n"));
    }
}
