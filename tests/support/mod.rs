//! The harness: the real app on a hand-driven clock, a lab whose processes are a script, and a chat that remembers
//! what people see. A story drives it like a person and ends by showing that nothing is left over.

mod chat;
mod clock;
pub mod discord;
mod host;
pub mod llm;
mod logs;
pub mod runbooks;
pub mod telegram;
mod trail;
pub mod transcript;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use chat::FakeChat;
pub use clock::HandClock;
pub use discord::FakeDiscord;
pub use host::FakeHost;
pub use llm::{FakeOllama, FakeOpenAi};
use logs::Logs;
use rusqlite::Connection;
use steward::app::{App, Parts, platforms};
use steward::config::{LoadOptions, Setup};
use steward::domain::incident::{Incident, Record};
use steward::domain::signal::{Origin, Severity, Signal, SignalState};
use steward::domain::target::{Signature, Target};
use steward::engine::message::Message;
use steward::engine::ports::{Chat, Clock, Inbound};
use steward::store::query;
pub use telegram::FakeTelegram;

/// A lab on disk, and the world around it, which outlives a Steward.
pub struct Lab {
    dir: tempfile::TempDir,
    pub clock: Arc<HandClock>,
    pub host: Arc<FakeHost>,
    pub chat: Arc<FakeChat>,
    others: Mutex<Vec<Arc<FakeChat>>>,
    look_for_edits: Mutex<Duration>,
    no_console: Mutex<bool>,
    /// What has to hold of the fake remotes at the end.
    at_end: Mutex<Vec<Box<dyn Fn()>>>,
    logs: Logs,
}

/// A Steward that runs in a lab.
pub struct Bot<'lab> {
    pub lab: &'lab Lab,
    pub app: App,
}

/// The usual settings of a story: nothing shipped, one skill, no jitter.
const BASE: &str = r#"
host = "vm"
timezone = "UTC"
[paths]
shipped_skills = false
shipped_runbooks = false
[changes]
detect = false
[skills]
jitter = "0s"
"#;
/// Many stories at once can't all listen on one port.
const DEAF: &str = "[alerts]\nlisten = \"off\"\n";

/// Tells nothing of its days.
const SILENT: &str = "[digest]\nenabled = false\n";
/// Hardly ever tests itself.
const UNTESTED: &str = "[watchdog]\ncheck = \"300d\"\n";

impl Lab {
    /// A lab with the story's own settings added to the usual ones.
    pub fn new(settings: &str) -> Self {
        let lab = Self {
            dir: folder(),
            clock: Arc::new(HandClock::at("2026-11-21T08:00:00Z")),
            host: Arc::default(),
            chat: Arc::new(FakeChat::new("console")),
            others: Mutex::default(),
            look_for_edits: Mutex::new(Duration::from_secs(3600)),
            no_console: Mutex::default(),
            at_end: Mutex::default(),
            logs: Logs::listen(),
        };
        let base = if settings.contains("[skills]") {
            BASE.replace("[skills]\njitter = \"0s\"\n", "")
        } else {
            BASE.into()
        };
        // Days pass in the stories, and most of them are about something else.
        let base = if settings.contains("[digest]") { base } else { format!("{base}{SILENT}") };
        let base = if settings.contains("[watchdog]") { base } else { format!("{base}{UNTESTED}") };
        let base = if settings.contains("[alerts]") { base } else { format!("{base}{DEAF}") };
        let base = if settings.contains("[changes]") {
            base.replace("[changes]\ndetect = false\n", "")
        } else {
            base
        };
        let ours = |line: &&str| !line.starts_with("timezone") || !settings.contains("timezone");
        let base = base.lines().filter(ours).collect::<Vec<_>>().join("\n");
        // Keys of the top come before the first table.
        let tables = if settings.starts_with('[') {
            0
        } else {
            settings.find("\n[").map_or(settings.len(), |at| at + 1)
        };
        let text = format!("{}\n{base}\n{}", &settings[..tables], &settings[tables..]);
        lab.write("config.toml", &text);
        lab.write("state/.keep", "");
        lab
    }

    /// A second platform, for the Stewards that start from now on.
    pub fn also_on(&self, platform: &str) -> Arc<FakeChat> {
        let chat = Arc::new(FakeChat::new(platform));
        self.others.lock().unwrap().push(chat.clone());
        chat
    }

    /// A Discord that the Stewards which start from now on are connected to. What it finds wrong fails the story.
    pub async fn on_discord(&self) -> FakeDiscord {
        let discord = FakeDiscord::start(self.clock.clone()).await;
        self.append(
            "config.toml",
            &format!(
                "\n[chat.discord]\ntoken = \"env:DISCORD_TOKEN\"\nguild = {}\nchannel = {}\noperators = [{}]\napi = \"{}\"\n",
                discord::GUILD,
                discord::CHANNEL,
                discord::OPERATOR,
                discord.api()
            ),
        );
        let strict = discord.clone();
        self.at_end.lock().unwrap().push(Box::new(move || strict.nothing_wrong()));
        discord
    }

    /// A Telegram that the Stewards which start from now on are connected to, in a group with or without topics.
    pub async fn on_telegram(&self, forum: bool) -> FakeTelegram {
        let telegram = FakeTelegram::start(self.clock.clone()).await;
        telegram.forum(forum);
        self.append(
            "config.toml",
            &format!(
                "\n[chat.telegram]\ntoken = \"env:TELEGRAM_TOKEN\"\nchat = {}\noperators = [{}]\napi = \"{}\"\n",
                telegram::GROUP,
                telegram::OPERATOR,
                telegram.api()
            ),
        );
        let strict = telegram.clone();
        self.at_end.lock().unwrap().push(Box::new(move || strict.nothing_wrong()));
        telegram
    }

    /// No fake console: only the platforms that speak their own wire.
    pub fn without_console(&self) {
        *self.no_console.lock().unwrap() = true;
    }

    /// Stewards that start from now on look for edits this often.
    pub fn look_for_edits_every(&self, time: Duration) {
        *self.look_for_edits.lock().unwrap() = time;
    }

    /// Adds to a file of the lab.
    pub fn append(&self, name: &str, text: &str) {
        let before = std::fs::read_to_string(self.path().join(name)).unwrap();
        self.write(name, &(before + text));
    }

    fn chats(&self) -> impl Iterator<Item = Arc<FakeChat>> {
        let others = self.others.lock().unwrap().clone();
        let console = (!*self.no_console.lock().unwrap()).then(|| self.chat.clone());
        console.into_iter().chain(others)
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file of the lab; scripts become executable.
    pub fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        if text.starts_with("#!") {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// A skill whose output is what the host says is broken under `targets`.
    pub fn skill(&self, name: &str, schedule: &str, targets: &[&str]) {
        let text = format!(
            "#!/bin/sh\n#: schedule = \"{schedule}\"\n#: timeout = \"30s\"\n#: targets = {targets:?}\necho STATUS:OK\n"
        );
        self.write(&format!("skills/{name}"), &text);
        self.host.watch(name, targets);
    }

    fn read(&self) -> steward::app::Read {
        let (file, state) = (self.path().join("config.toml"), self.path().join("state"));
        Arc::new(move || {
            let env = |name: &str| match name {
                "TELEGRAM_TOKEN" => Some(telegram::TOKEN.to_owned()),
                "DISCORD_TOKEN" => Some(discord::TOKEN.to_owned()),
                "MODEL_KEY" => Some(llm::KEY.to_owned()),
                _ => None,
            };
            Setup::load_with(&LoadOptions {
                file: Some(file.clone()),
                state_dir: Some(state.clone()),
                host: "vm",
                timezone: "UTC",
                env: &env,
            })
        })
    }

    /// What an app in this lab is made of.
    pub fn parts(&self) -> Parts {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let mut chats: Vec<Arc<dyn Chat>> = self.chats().map(|chat| chat as Arc<dyn Chat>).collect();
        if let Ok(setup) = self.read()() {
            chats.extend(platforms::build(&setup.loaded.config.chat, &clock).unwrap());
        }
        Parts {
            read: self.read(),
            clock,
            runner: self.host.clone(),
            chats,
            look_for_edits: *self.look_for_edits.lock().unwrap(),
            // Days pass in the stories.
            heartbeat: Duration::from_secs(6 * 3600),
        }
    }

    fn remotes_are_content(&self) {
        self.at_end.lock().unwrap().iter().for_each(|look| look());
    }

    /// Starts Steward and lets it come to rest.
    pub async fn start(&self) -> Bot<'_> {
        let app = App::start(self.parts()).await.unwrap_or_else(|error| panic!("it did not start:\n{error}"));
        let bot = Bot { lab: self, app };
        bot.settle().await;
        bot
    }
}

impl Bot<'_> {
    /// Lets everything that is under way come to its end.
    pub async fn settle(&self) {
        loop {
            yields().await;
            let activity = self.app.handle().activity();
            if self.lab.host.hung() > 0 || activity.is_stalled() {
                return self.settle_around_what_hangs().await;
            }
            tokio::select! {
                () = activity.idle() => {}
                // A process may have begun to hang in the meantime.
                () = tokio::time::sleep(Duration::from_millis(5)) => continue,
            }
            yields().await;
            if activity.count() == 0 {
                return;
            }
        }
    }

    /// Something hangs: all else has come to rest when nothing moves any more.
    async fn settle_around_what_hangs(&self) {
        let activity = self.app.handle().activity();
        let mut still = 0;
        let mut before = activity.count();
        while still < 20 && activity.count() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            yields().await;
            still = if activity.count() == before { still + 1 } else { 0 };
            before = activity.count();
        }
    }

    /// Lets time pass, waking whoever sleeps in the right order.
    pub async fn pass(&self, time: Duration) {
        let end = self.lab.clock.time() + time;
        loop {
            self.settle().await;
            if !self.lab.clock.step(end) {
                break;
            }
        }
        self.settle().await;
    }

    /// A person types; the answer comes back.
    pub async fn says(&self, text: &str) -> String {
        self.says_as("alex", true, text).await
    }

    /// Somebody types; the answer comes back.
    pub async fn says_as(&self, user: &str, operator: bool, text: &str) -> String {
        self.types(user, operator, None, text, false).await;
        self.lab.chat.take_answer(user).unwrap_or_else(|| panic!("no answer to {text:?}"))
    }

    /// A person types in the thread of an incident.
    pub async fn says_in_thread(&self, number: u64, text: &str) -> String {
        self.types("alex", true, Some(number), text, false).await;
        self.lab.chat.take_answer("alex").unwrap_or_else(|| panic!("no answer to {text:?}"))
    }

    /// A person types, and may get no answer.
    pub async fn says_into_the_void(&self, text: &str) {
        self.types("alex", true, None, text, false).await;
    }

    /// A person types, and nobody waits for what comes of it.
    pub async fn leaves_it(&self, text: &str) {
        self.leaves("alex", true, None, text, false).await;
    }

    /// A person types, and Steward dies as soon as that is durable, before anything came of it.
    pub async fn dies_when_it_hears(self, text: &str) {
        self.leaves("alex", true, None, text, false).await;
        self.crash().await;
    }

    /// Somebody presses a button that an incident has, and that sends this; the answer comes back.
    pub async fn presses(&self, user: &str, operator: bool, number: u64, command: &str) -> String {
        self.types(user, operator, Some(number), command, true).await;
        self.lab.chat.take_answer(user).unwrap_or_else(|| panic!("no answer to a press of {command:?}"))
    }

    async fn types(&self, user: &str, operator: bool, incident: Option<u64>, text: &str, pressed: bool) {
        self.leaves(user, operator, incident, text, pressed).await;
        self.settle().await;
    }

    async fn leaves(&self, user: &str, operator: bool, incident: Option<u64>, text: &str, pressed: bool) {
        let inbound = Inbound {
            platform: "console".into(),
            conversation: user.into(),
            user: user.into(),
            user_id: user.into(),
            operator,
            text: text.into(),
            incident,
            addressed: true,
            pressed,
            bookmark: None,
        };
        self.app.handle().submit(Message::Said(inbound)).await.unwrap();
    }

    /// An alert comes in: something is broken, or no longer is.
    pub async fn alert(&self, target: &str, signature: &str, state: SignalState) {
        self.alert_while_busy(target, signature, state).await;
        self.settle().await;
    }

    /// The same while something hangs, so that nothing comes to rest.
    pub async fn alert_while_busy(&self, target: &str, signature: &str, state: SignalState) {
        let now = self.lab.clock.time();
        let signal = Signal {
            origin: Origin::alert("alertmanager", &format!("{target} {signature}")),
            target: Target::parse(target).unwrap(),
            signature: Signature::parse(signature).unwrap(),
            severity: Severity::Error,
            state,
            summary: format!("{target} has {signature}"),
            impact: None,
            evidence: String::new(),
            labels: BTreeMap::new(),
            at: now,
            received_at: now,
        };
        self.app.handle().signals(vec![signal]).await.unwrap();
    }

    /// An alert comes in as its source would send it: its labels, and the fingerprint that they have.
    pub async fn alert_with(&self, target: &str, labels: &[(&str, &str)], state: SignalState) {
        let now = self.lab.clock.time();
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let name = labels.get("alertname").cloned().unwrap_or_default();
        let severity = labels.get("severity").and_then(|word| Severity::parse(word));
        let signal = Signal {
            origin: Origin::alert("alertmanager", &format!("{target} {labels:?}")),
            target: Target::parse(target).unwrap(),
            signature: Signature::parse(&name.to_lowercase()).unwrap(),
            severity: severity.unwrap_or(Severity::Error),
            state,
            summary: format!("{name} on {target}"),
            impact: None,
            evidence: String::new(),
            labels,
            at: now,
            received_at: now,
        };
        self.app.handle().signals(vec![signal]).await.unwrap();
        self.settle().await;
    }

    /// Ends Steward in good order.
    pub async fn stop(self) {
        self.app.stop().await.unwrap();
    }

    /// Ends the story: stops, and shows that nothing is left that the story did not look at.
    pub async fn end(self) {
        let lab = self.lab;
        self.timelines_make_sense().await;
        self.stop().await;
        lab.chats().for_each(|chat| chat.nothing_unseen());
        lab.remotes_are_content();
        lab.logs.nothing_unexpected();
    }

    /// Ends the story like [`Bot::end`], and takes it that its last messages are as they should be.
    pub async fn end_quietly(self) {
        let lab = self.lab;
        self.timelines_make_sense().await;
        self.stop().await;
        lab.remotes_are_content();
        lab.logs.nothing_unexpected();
    }

    /// Steward dies on the spot.
    pub async fn crash(self) {
        self.app.abandon().await;
    }

    /// Every stored incident, the oldest first.
    pub async fn stored(&self) -> Vec<Incident> {
        let read = |conn: &Connection| query::incidents(conn, true, 10_000);
        let mut stored: Vec<_> =
            self.app.store().read(read).await.unwrap().into_iter().map(|stored| stored.incident).collect();
        stored.sort_by_key(|incident| incident.number);
        stored
    }

    /// The incident with this number as it is stored.
    pub async fn incident(&self, number: u64) -> Incident {
        let mut stored = self.stored().await;
        stored.retain(|incident| incident.number == number);
        stored.pop().unwrap_or_else(|| panic!("there is no incident #{number}"))
    }

    /// The events that are stored of an incident, in order.
    pub async fn timeline(&self, number: u64) -> Vec<Record> {
        let id = self.incident(number).await.id;
        self.app.store().read(move |conn| query::timeline(conn, id, 0)).await.unwrap()
    }

    /// Every stored incident is what its timeline adds up to.
    async fn timelines_make_sense(&self) {
        for incident in self.stored().await {
            let timeline = self.timeline(incident.number).await;
            let folded = Incident::fold(incident.id, incident.number, &timeline);
            assert_eq!(folded, Ok(Some(incident)), "the fold of the timeline is not what is stored");
        }
    }

    /// The story expects this in the log.
    pub fn expect_log(&self, part: &str) {
        self.lab.logs.expect(part);
    }

    /// The log may have this.
    pub fn forgive_log(&self, part: &str) {
        self.lab.logs.forgive(part);
    }
}

/// Lets whoever was woken run.
async fn yields() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// A folder in memory where there is one: the stories commit as often as life does, and days pass in them.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// Each line of a story is there once.
pub fn nothing_twice(story: &str) {
    let mut lines: Vec<&str> = story.lines().filter(|line| line.len() > 16).collect();
    let all = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), all, "something is told twice:\n{story}");
}

/// Minutes.
pub fn min(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

/// Seconds.
pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}
