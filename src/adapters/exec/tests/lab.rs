//! A folder with scripts in it, a runner, and a clock that stands still.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{TimeZone, Utc};
use tokio::sync::{Notify, oneshot, watch};
use ulid::Ulid;

use super::super::*;
use crate::domain::ids::ApprovalId;
use crate::domain::signal::Timestamp;
use crate::policy::{Facts, Grant, Policy};

/// What the lab's own programs do: `look` reads on this machine, `ask` over the network too.
const RULES: &str = "
rules:
  - { name: lab-look, why: it looks, pattern: [look], args: { max: 9 }, effect: read, reads: local, match: [look], not_match: [ask] }
  - { name: lab-ask, why: it asks, pattern: [ask], args: { max: 9 }, effect: read, reads: network, match: [ask], not_match: [look] }
";

pub(super) const LIMITS: Limits = Limits { timeout: Duration::from_secs(60), max_output: 64 * 1024 };
pub(super) const GRACE: Duration = Duration::from_secs(2);
pub(super) const DRAIN: Duration = Duration::from_millis(500);

/// A clock that stands still; whoever sleeps is woken by name of the length.
pub(super) struct HandClock {
    pub(super) now: Mutex<Timestamp>,
    sleepers: Mutex<Vec<(Duration, oneshot::Sender<()>)>>,
    came: Notify,
}

impl HandClock {
    pub(super) fn new() -> Arc<Self> {
        let now = Mutex::new(Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap());
        Arc::new(Self { now, sleepers: Mutex::default(), came: Notify::new() })
    }

    /// Waits until somebody sleeps for `length`, and wakes him.
    pub(super) async fn fire(&self, length: Duration) {
        within("nobody sleeps so long", self.wake(length)).await;
    }

    async fn wake(&self, length: Duration) {
        loop {
            let came = self.came.notified();
            let sleeper = {
                let mut sleepers = self.sleepers.lock().unwrap();
                let at = sleepers.iter().position(|(l, sender)| *l == length && !sender.is_closed());
                at.map(|at| sleepers.swap_remove(at).1)
            };
            match sleeper {
                Some(sleeper) => return sleeper.send(()).unwrap_or_default(),
                None => came.await,
            }
        }
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }
    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending().await
    }
    async fn sleep(&self, duration: Duration) {
        let (sender, woken) = oneshot::channel();
        self.sleepers.lock().unwrap().push((duration, sender));
        self.came.notify_waiters();
        let _ = woken.await;
    }
}

/// A gatekeeper that opens, or says why not.
pub(super) struct Keeper(pub(super) Result<(), String>, pub(super) Option<Child>);

#[async_trait]
impl Gatekeeper for Keeper {
    async fn spawned(&mut self, child: &Child) -> Result<(), String> {
        self.1 = Some(child.clone());
        self.0.clone()
    }
}

pub(super) fn open() -> Keeper {
    Keeper(Ok(()), None)
}

/// Writes a script. Through another process: a descriptor of ours that is open for writing might be inherited by a
/// process that another test starts just now, and the script would be busy.
pub(super) fn script_in(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name).to_str().unwrap().to_owned();
    fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
    let write = "printf '#!/bin/sh\\n%s\\n' \"$2\" >\"$1\" && chmod +x \"$1\"";
    let status = std::process::Command::new("sh").args(["-c", write, "sh", &path, text]).status();
    assert!(status.unwrap().success());
    path
}

pub(super) struct Lab {
    pub(super) clock: Arc<HandClock>,
    pub(super) runner: Arc<dyn CommandRunner>,
    pub(super) policy: Policy,
    pub(super) dir: tempfile::TempDir,
}

impl Lab {
    pub(super) fn new() -> Self {
        Self::with(|_, clock, environment| Arc::new(LocalRunner::new(clock, environment)))
    }

    /// A lab whose runner is made in its folder.
    pub(super) fn with(
        runner: impl FnOnce(&Path, Arc<HandClock>, Environment) -> Arc<dyn CommandRunner>,
    ) -> Self {
        let (clock, dir) = (HandClock::new(), tempfile::tempdir().unwrap());
        let environment =
            Environment { home: "/home/lab".into(), tz: None, path_prefix: vec![dir.path().join("bin")] };
        let runner = runner(dir.path(), clock.clone(), environment);
        let policy = Policy::with_operator_rules("lab.yaml", RULES).unwrap();
        Self { clock, runner, policy, dir }
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a script.
    pub(super) fn script(&self, name: &str, text: &str) -> String {
        script_in(self.dir.path(), name, text)
    }

    /// A pipe by name, on which a script tells where it is.
    pub(super) fn fifo(&self, name: &str) -> String {
        let path = self.path(name);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    pub(super) async fn approve(&self, action: Action) -> Authorized {
        let facts = Facts::plain();
        let executable = self.runner.resolve(&action).await.unwrap();
        let now = self.clock.now();
        let grant = Grant {
            approval: ApprovalId(Ulid::from_parts(1, 1)),
            digest: self.policy.digest(&action),
            expires_at: now + chrono::Duration::hours(1),
        };
        self.policy.authorize_approved(action, executable, &facts, &grant, now).unwrap()
    }

    pub(super) async fn run(&self, action: Action) -> Output {
        self.run_within(action, LIMITS).await
    }

    pub(super) async fn run_within(&self, action: Action, limits: Limits) -> Output {
        let authorized = self.approve(action).await;
        let (_keep, cancel) = watch::channel(false);
        self.runner.run(authorized, limits, &mut open(), cancel).await.unwrap()
    }

    /// Starts a run that goes on; what it comes to, what calls it off.
    pub(super) async fn start(
        &self,
        action: Action,
    ) -> (tokio::task::JoinHandle<Output>, watch::Sender<bool>) {
        let authorized = self.approve(action).await;
        let (cancel, called_off) = watch::channel(false);
        let runner = self.runner.clone();
        let run = async move { runner.run(authorized, LIMITS, &mut open(), called_off).await.unwrap() };
        (tokio::spawn(run), cancel)
    }
}

pub(super) fn argv(words: &[&str]) -> Action {
    Action::local(words.iter().map(|word| (*word).to_owned()).collect())
}

pub(super) fn sh(script: &str) -> Action {
    argv(&["sh", "-c", script])
}

pub(super) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What should come soon even on a busy machine. A test fails rather than to wait for ever.
pub(super) async fn within<T>(else_: &str, event: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), event).await.unwrap_or_else(|_| panic!("{else_}"))
}

/// A line that a script writes into a pipe. Opened for writing too, so that neither side waits in the kernel for the
/// other to open it.
pub(super) async fn heard(fifo: &str) -> String {
    use tokio::io::AsyncBufReadExt;
    let pipe = tokio::net::unix::pipe::OpenOptions::new().read_write(true).open_receiver(fifo).unwrap();
    let mut line = String::new();
    within("no script tells where it is", tokio::io::BufReader::new(pipe).read_line(&mut line))
        .await
        .unwrap();
    line
}

pub(super) async fn pids(fifo: &str) -> Vec<u32> {
    heard(fifo).await.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

pub(super) fn runs(pid: u32) -> bool {
    proc::stat(pid).is_some_and(|stat| !stat.ended)
}

/// Returns once no such process runs.
pub(super) async fn gone(pids: &[u32]) {
    let gone = async {
        while pids.iter().any(|pid| runs(*pid)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within("a process survived", gone).await;
}
