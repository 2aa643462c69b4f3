//! The programs that are compared, each in a fresh folder on the same disk.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::load::TOKEN;
use crate::wire::Wire;
use crate::{discord, receivers::Receiver};

/// How long a program may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(20);

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Alertmanager,
    Steward,
}

impl Name {
    pub(crate) const BOTH: [Self; 2] = [Self::Alertmanager, Self::Steward];
}

/// How long a fault waits to be told, and with what it is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Telling {
    /// Together with others, after a while: the defaults of both, though Alertmanager tells nothing while it is measured.
    Usual,
    /// Each for itself, at once.
    Each,
    /// Each for itself, in an hour.
    EachLater,
}

/// A program that runs.
pub(crate) struct Program {
    child: Child,
    pub(crate) address: SocketAddr,
    dir: tempfile::TempDir,
}

impl Program {
    /// Starts one below a folder, and waits until it listens.
    pub(crate) fn start(name: Name, telling: Telling, root: &Path, tells: &mut Receiver) -> Result<Self> {
        let dir = tempfile::tempdir_in(root)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = match name {
            Name::Alertmanager => alertmanager(dir.path(), address, telling, tells.address)?,
            Name::Steward => steward(dir.path(), address, telling, tells.address)?,
        };
        let log = File::create(dir.path().join("log.txt"))?;
        // Its standard input stays open: the end of it would be a person who leaves.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().with_context(|| format!("starting {name:?}"))?;
        let mut program = Self { child, address, dir };
        program.wait_until_ready()?;
        if name == Name::Steward {
            tells.wait_connected()?;
        }
        Ok(program)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let began = Instant::now();
        while Wire::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended ({status}): {}", self.log());
            }
            ensure!(began.elapsed() < PATIENCE, "it does not listen: {}", self.log());
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log.txt")).unwrap_or_default()
    }

    /// Waits until Steward has worked off all that it acknowledged.
    pub(crate) fn wait_worked_off(&self) -> Result<()> {
        let mut wire = Wire::connect(self.address)?;
        loop {
            let (_, text) = wire.ask(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")?;
            if String::from_utf8_lossy(&text).lines().any(|line| line == "steward_inbox_waiting 0") {
                return Ok(());
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Resident memory, in MiB.
    pub(crate) fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.split_whitespace().next().context("no number")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// The CPU time that it has used so far. Resolution: 10 ms.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(") ").context("no name")?;
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks * 10))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The version of the Alertmanager that is installed.
pub(crate) fn alertmanager_version() -> Result<String> {
    let output = Command::new("prometheus-alertmanager").arg("--version").output();
    let output = output
        .context("prometheus-alertmanager is not installed (apt-get install prometheus-alertmanager)")?;
    let text = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&text).split(" (").next().unwrap_or_default().to_owned())
}

fn alertmanager(dir: &Path, address: SocketAddr, telling: Telling, tells: SocketAddr) -> Result<Command> {
    let (group_by, wait) = match telling {
        Telling::Usual => ("[alertname, cluster]", "5m"),
        Telling::Each => ("['...']", "0s"),
        Telling::EachLater => ("['...']", "1h"),
    };
    let config = format!(
        "route: {{receiver: hook, group_by: {group_by}, group_wait: {wait}, group_interval: 5m, repeat_interval: 4h}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: 'http://{tells}/'}}]}}]\n"
    );
    std::fs::write(dir.join("alertmanager.yml"), config)?;
    let mut command = Command::new("prometheus-alertmanager");
    command.current_dir(dir).args(["--config.file=alertmanager.yml", "--storage.path=data"]);
    command
        .args(["--cluster.listen-address=", "--log.level=warn"])
        .arg(format!("--web.listen-address={address}"));
    Ok(command)
}

fn steward(dir: &Path, address: SocketAddr, telling: Telling, tells: SocketAddr) -> Result<Command> {
    let incidents = match telling {
        Telling::Usual => "",
        Telling::Each => "[incidents]\nsettle = \"0s\"\nstorm = 0\n",
        Telling::EachLater => "[incidents]\nsettle = \"1h\"\nstorm = 0\n",
    };
    let config = format!(
        r#"host = "vm"
timezone = "UTC"
[paths]
shipped_skills = false
shipped_runbooks = false
[changes]
detect = false
{incidents}
[chat.console]
enabled = false
[chat.discord]
token = "file:discord-token"
guild = {}
channel = {}
operators = [{}]
api = "http://{tells}"
[alerts]
listen = "{address}"
[alerts.sources.prometheus]
format = "alertmanager-api"
token = "file:api-token"
rate = 1000000
[log]
level = "warn"
"#,
        discord::GUILD,
        discord::CHANNEL,
        discord::OPERATOR
    );
    let discord_token = "MTQyNDI0MjQyNDI0MjQyNDI0Mg.bench0.not-a-real-token-but-as-long-as-one";
    for (name, text) in
        [("config.toml", config.as_str()), ("discord-token", discord_token), ("api-token", TOKEN)]
    {
        std::fs::write(dir.join(name), text)?;
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_steward"));
    command.current_dir(dir).args(["run", "--config", "config.toml", "--state-dir", "state"]);
    command.env_remove("STEWARD_LOG");
    Ok(command)
}
