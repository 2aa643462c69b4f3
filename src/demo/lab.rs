//! The scratch lab: four real processes of this very binary and a git repository with their configuration.
//!
//! ```text
//! demo ── supervisor ─┬─ store
//!    (stdin pipe)     ├─ api    ── needs store
//!                     ├─ web    ── needs store
//!                     └─ proxy  ── needs api, web
//! ```
//!
//! It is the world that the demo's Steward looks after, not a part of it: Steward reaches it only as it would reach
//! any other lab, by a skill and by runbooks that run commands (`labctl …`, a script for `steward lab-ctl …`). Everyone's standard input
//! is a pipe held by whoever started them, so that all of it goes when the demo goes, however that ended.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

mod args;
mod config;
mod control;
mod http;
mod layout;
mod repo;
mod report;
mod service;
mod supervisor;
mod texts;

pub use args::{LabCtlArgs, LabCtlCommand, LabProcessArgs, LabRole, lab_ctl, lab_process};
pub use layout::Role;
pub use texts::{PATH_RULE, TOPOLOGY, policy, runbooks, skill};

use control::{Ask, UnitStatus};
use layout::Layout;
use repo::{Person, Repo};

/// How long the lab may take to come up, to notice a death, or to go.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(20);
/// The longest path of a Unix socket, in bytes.
const MAX_SOCKET_PATH: usize = 107;

const SAM: Person = Person { name: "Sam", email: "sam@lab.example", seconds_ago: 3 * 86_400 };
const ALEX: Person = Person { name: "Alex", email: "alex@lab.example", seconds_ago: 0 };

/// A running lab.
pub struct Lab {
    layout: Layout,
    /// Its standard input is the lab's life line.
    supervisor: Child,
}

impl Lab {
    /// Sets the lab up in `dir` and waits until all four processes listen.
    ///
    /// `dir` must be empty or not there yet. It belongs to the lab from now on and is removed with all that is in
    /// it when the lab ends. `exe` is the `steward` binary.
    ///
    /// # Errors
    /// What could not be set up: the folder, git, a process.
    pub async fn start(dir: &Path, exe: &Path) -> anyhow::Result<Self> {
        let dir = claim(dir)?;
        let layout = Layout::new(&dir);
        let (set_up, ctl) = (layout.clone(), texts::ctl(exe, &dir));
        blocking(move || set_up_files(&set_up, &ctl)).await?;
        let supervisor = Command::new(exe)
            .args(["lab-process", "supervisor", "--dir"])
            .arg(&dir)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(layout.log("supervisor"))?)
            // A Ctrl-C at the terminal is for the demo, which then ends the lab in order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("the lab's supervisor could not be started from {}", exe.display()))?;
        let lab = Self { layout, supervisor };
        lab.wait_for("all of the lab to listen", |units| units.iter().all(UnitStatus::is_up)).await?;
        Ok(lab)
    }

    /// The lab's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.layout.dir()
    }

    /// The git repository with the lab's configuration.
    #[must_use]
    pub fn config_dir(&self) -> PathBuf {
        self.layout.config_dir()
    }

    /// The lab's targets: `lab/store` and so on, dependencies first.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        Role::ALL.map(Role::target).to_vec()
    }

    /// The text of the skill `lab-health`.
    #[must_use]
    pub fn skill(&self) -> String {
        skill(self.dir())
    }

    /// The lab's runbooks: file name and text.
    #[must_use]
    pub fn runbooks(&self) -> [(&'static str, String); 2] {
        runbooks(self.dir())
    }

    /// The policy rules for the commands of the runbooks.
    #[must_use]
    pub fn policy(&self) -> String {
        policy(self.dir())
    }

    /// Kills a process (`store`) with SIGKILL, as the kernel does when memory runs out, and waits until its
    /// supervisor has noticed.
    ///
    /// # Errors
    /// There is no such process, or it does not run.
    pub async fn kill(&self, name: &str) -> anyhow::Result<()> {
        let role = role(name)?;
        let pid =
            self.pid(role).await?.with_context(|| format!("{name} does not run, so it can't be killed"))?;
        let raw = i32::try_from(pid).ok().and_then(Pid::from_raw).context("an odd process id")?;
        kill_process(raw, Signal::KILL).with_context(|| format!("{name} could not be killed"))?;
        self.wait_for("the supervisor to notice the death", |units| {
            units.iter().all(|unit| unit.role != role || unit.pid != Some(pid))
        })
        .await
    }

    /// The process id of a process that runs.
    ///
    /// # Errors
    /// The supervisor does not answer.
    pub async fn pid(&self, role: Role) -> anyhow::Result<Option<u32>> {
        let layout = self.layout.clone();
        blocking(move || Ok(control::one(control::ask(&layout, Ask::Status)?, role)?.pid)).await
    }

    /// Alex commits a typo in a process's configuration, and the process is started again with it, as after every
    /// change. Answers with the commit's hash, once the process was given up.
    ///
    /// # Errors
    /// There is no such process, or git failed.
    pub async fn commit_bad_config(&self, name: &str) -> anyhow::Result<String> {
        let role = role(name)?;
        let layout = self.layout.clone();
        blocking(move || {
            let path = layout.config(role);
            let text = std::fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
            std::fs::write(&path, config::with_typo(role, &text))
                .map_err(|why| format!("{}: {why}", path.display()))?;
            let commit =
                Repo::at(&layout.config_dir()).commit(ALEX, &format!("{role}: tidy up the config"))?;
            match control::bring_up(&layout, role, Ask::Restart { role }) {
                Ok(_) => Err(format!("{role} came up with a config that should be bad")),
                Err(_) => Ok(commit),
            }
        })
        .await
    }

    /// Ends everything and removes the lab's folder.
    ///
    /// # Errors
    /// Something could not be ended or removed.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.supervisor.stdin.take());
        if tokio::time::timeout(PATIENCE, self.supervisor.wait()).await.is_err() {
            // The processes' own life lines end with it.
            self.supervisor.kill().await.context("the lab's supervisor could not be ended")?;
        }
        self.layout.remove().with_context(|| format!("{} could not be removed", self.layout.dir().display()))
    }

    async fn wait_for(&self, what: &str, done: impl Fn(&[UnitStatus]) -> bool) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            let layout = self.layout.clone();
            let seen = blocking(move || control::ask(&layout, Ask::Status)).await;
            match seen {
                Ok(units) if done(&units) => return Ok(()),
                Ok(units) if Instant::now() >= end => {
                    let states: Vec<String> =
                        units.iter().map(|unit| format!("{} {}", unit.describe(), unit.last_words)).collect();
                    bail!("waited in vain for {what}: {}", states.join("; "));
                }
                Err(why) if Instant::now() >= end => {
                    return Err(why.context(format!("waited in vain for {what}")));
                }
                _ => tokio::time::sleep(GLANCE).await,
            }
        }
    }
}

/// Takes possession of an empty folder.
fn claim(dir: &Path) -> anyhow::Result<PathBuf> {
    let folder = || format!("the lab's folder {}", dir.display());
    std::fs::create_dir_all(dir).with_context(folder)?;
    let dir = dir.canonicalize().with_context(folder)?;
    ensure!(
        std::fs::read_dir(&dir).with_context(folder)?.next().is_none(),
        "{} is not empty; the lab removes its folder in the end, so it takes only an empty one",
        dir.display()
    );
    let layout = Layout::new(&dir);
    ensure!(
        layout.socket().as_os_str().len() <= MAX_SOCKET_PATH,
        "the path {} is too long for the lab's socket; choose a shorter one (TMPDIR)",
        dir.display()
    );
    std::fs::write(
        layout.marker(),
        "A scratch lab of `steward demo`. This folder is removed when the demo ends.\n",
    )?;
    Ok(dir)
}

fn set_up_files(layout: &Layout, ctl: &str) -> Result<(), String> {
    let fault = |why: std::io::Error| format!("{}: {why}", layout.dir().display());
    for dir in [layout.config_dir(), layout.run_dir(), layout.data_dir()] {
        std::fs::create_dir_all(dir).map_err(fault)?;
    }
    std::fs::write(layout.ctl(), ctl).map_err(fault)?;
    std::fs::set_permissions(layout.ctl(), Permissions::from_mode(0o755)).map_err(fault)?;
    // Labs of the same moment begin to look at different places.
    let seed = u16::try_from(std::process::id() % 997).unwrap_or(0) * 10;
    let ports = config::free_ports(seed).ok_or("there are no four free ports between 20000 and 30000")?;
    let repo = Repo::at(&layout.config_dir());
    repo.init()?;
    for role in Role::ALL {
        std::fs::write(layout.config(role), config::initial(role, ports)).map_err(fault)?;
    }
    repo.commit(SAM, "Set up store, api, web and proxy")?;
    let web = std::fs::read_to_string(layout.config(Role::Web)).map_err(fault)?;
    std::fs::write(layout.config(Role::Web), web.replace("hello", "good day")).map_err(fault)?;
    repo.commit(Person { seconds_ago: 50 * 60, ..SAM }, "web: greet politely").map(drop)
}

fn role(name: &str) -> anyhow::Result<Role> {
    Role::parse(name).with_context(|| format!("the lab has no {name:?}: it has store, api, web and proxy"))
}

/// Runs what waits for files and processes off the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("the work was cut off")?.map_err(|why| anyhow!(why))
}
