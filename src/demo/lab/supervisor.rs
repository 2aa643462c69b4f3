//! The lab's supervisor: owns the four processes, as systemd owns a host's services.
//!
//! One thread owns all state; the socket's and the watcher's threads send to it. It lives as long as its standard
//! input stays open, which the demo holds. When that closes, it ends its processes, removes the lab's folder and
//! goes: so nothing is left behind however the demo ended.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::control::{Ask, MAX_LINE, UnitState, UnitStatus};
use super::layout::{Layout, Role};
use super::service::EXIT_CONFIG;

/// How often the processes are looked at.
const TICK: Duration = Duration::from_millis(20);
/// The first wait before a crashed process is started again; doubles each time.
const BACK_OFF: Duration = Duration::from_millis(100);
/// After as many restarts in a row a process is given up.
const MAX_RESTARTS: u32 = 3;
/// A process that ran as long as this has not crashed in a row.
const STABLE: Duration = Duration::from_secs(10);
/// The part of a log that is looked at for the last words, in bytes.
const TAIL: usize = 4096;

enum Event {
    Asked(Ask, Sender<Vec<UnitStatus>>),
    /// Standard input closed.
    Abandoned,
}

/// Runs the supervisor until its standard input closes.
pub(super) fn run(layout: &Layout) -> ExitCode {
    let outcome = supervise(layout);
    let removed = layout.remove();
    for why in [outcome, removed].into_iter().filter_map(Result::err) {
        // Standard error is the log; if it can't be written, nobody can be told.
        let _ = writeln!(io::stderr(), "supervisor: {why}");
    }
    ExitCode::SUCCESS
}

fn supervise(layout: &Layout) -> io::Result<()> {
    let (events, inbox) = channel();
    let listener = UnixListener::bind(layout.socket())?;
    let watcher = events.clone();
    std::thread::Builder::new().spawn(move || watch_stdin(&watcher))?;
    std::thread::Builder::new().spawn(move || listen(&listener, &events))?;
    let exe = std::env::current_exe()?;
    let mut units: Vec<Unit> = Role::ALL.into_iter().map(|role| Unit::new(role, layout, &exe)).collect();
    for unit in &mut units {
        unit.start();
    }
    attend(&mut units, &inbox);
    for unit in &mut units {
        unit.end();
    }
    Ok(())
}

/// The main loop: answers, and looks after the processes.
fn attend(units: &mut [Unit], inbox: &Receiver<Event>) {
    loop {
        match inbox.recv_timeout(TICK) {
            Ok(Event::Asked(question, reply)) => {
                for unit in &mut *units {
                    unit.look(Instant::now());
                    match question {
                        Ask::Start { role } if role == unit.role && unit.child.is_none() => unit.restart(),
                        Ask::Restart { role } if role == unit.role => unit.restart(),
                        _ => {}
                    }
                }
                // Whoever asked may have left.
                let _ = reply.send(units.iter().map(Unit::status).collect());
            }
            Err(RecvTimeoutError::Timeout) => units.iter_mut().for_each(|unit| unit.look(Instant::now())),
            Ok(Event::Abandoned) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// One process and its story.
struct Unit {
    role: Role,
    layout: Layout,
    exe: std::path::PathBuf,
    child: Option<Child>,
    started: Instant,
    /// Restarts in a row.
    restarts: u32,
    /// When it is started again; `None` while it runs and once it is given up.
    again: Option<Instant>,
    ended: Option<ExitStatus>,
    /// Why it could not even be started.
    fault: Option<String>,
}

impl Unit {
    fn new(role: Role, layout: &Layout, exe: &Path) -> Self {
        Self {
            role,
            layout: layout.clone(),
            exe: exe.to_owned(),
            child: None,
            started: Instant::now(),
            restarts: 0,
            again: None,
            ended: None,
            fault: None,
        }
    }

    /// Starts it afresh, because somebody asked.
    fn restart(&mut self) {
        self.end();
        self.restarts = 0;
        self.start();
    }

    fn start(&mut self) {
        // Only a process that listens has a port.
        let _ = std::fs::remove_file(self.layout.port_file(self.role));
        self.again = None;
        self.started = Instant::now();
        self.child = match self.spawn() {
            Ok(child) => Some(child),
            Err(why) => {
                self.fault = Some(format!("{} could not be started: {why}", self.role));
                None
            }
        };
    }

    fn spawn(&self) -> io::Result<Child> {
        let log = File::options().create(true).append(true).open(self.layout.log(self.role.name()))?;
        // The pipe to its standard input is its life line: it closes when this process is gone, however it went.
        Command::new(&self.exe)
            .args(["lab-process", self.role.name(), "--dir"])
            .arg(self.layout.dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
    }

    /// Ends it and waits until it is gone.
    fn end(&mut self) {
        self.again = None;
        if let Some(mut child) = self.child.take() {
            // It may be gone already, but not yet waited for, so the id is still its own.
            let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
            self.ended = child.wait().ok();
        }
    }

    /// Notices its end, and starts it again when it is time.
    fn look(&mut self, now: Instant) {
        if let Some(child) = &mut self.child
            && let Ok(Some(status)) = child.try_wait()
        {
            self.child = None;
            self.ended = Some(status);
            if now.duration_since(self.started) >= STABLE {
                self.restarts = 0;
            }
            if starts_again(self.role) && self.restarts < MAX_RESTARTS {
                self.again = Some(now + BACK_OFF * 2_u32.pow(self.restarts));
                self.restarts += 1;
            }
        }
        if self.again.is_some_and(|at| at <= now) {
            self.start();
        }
    }

    fn status(&self) -> UnitStatus {
        let port = || std::fs::read_to_string(self.layout.port_file(self.role)).ok()?.parse().ok();
        UnitStatus {
            role: self.role,
            state: match (&self.child, self.again) {
                (Some(_), _) => UnitState::Running,
                (None, Some(_)) => UnitState::Restarting,
                (None, None) if starts_again(self.role) => UnitState::Failed,
                (None, None) => UnitState::Ended,
            },
            pid: self.child.as_ref().map(Child::id),
            port: self.child.as_ref().and_then(|_| port()),
            ended: self.ended.map(describe),
            config_refused: self.child.is_none()
                && self.ended.is_some_and(|status| status.code() == Some(i32::from(EXIT_CONFIG))),
            last_words: self.fault.clone().unwrap_or_else(|| last_line(&self.layout.log(self.role.name()))),
        }
    }
}

/// The store is one of those services that nobody told to restart, as there are in every lab.
fn starts_again(role: Role) -> bool {
    role != Role::Store
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

fn last_line(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let tail = String::from_utf8_lossy(&text[text.len().saturating_sub(TAIL)..]).into_owned();
    tail.lines().last().unwrap_or_default().to_owned()
}

fn watch_stdin(events: &Sender<Event>) {
    let mut buffer = [0; 64];
    while matches!(io::stdin().read(&mut buffer), Ok(n) if n > 0) {}
    // If the main loop is gone, so is this process in a moment.
    let _ = events.send(Event::Abandoned);
}

fn listen(listener: &UnixListener, events: &Sender<Event>) {
    for stream in listener.incoming().flatten() {
        let events = events.clone();
        // No thread to be had: the closed connection tells.
        let _ = std::thread::Builder::new().spawn(move || {
            // Whoever asked may have left.
            let _ = answer(&stream, &events);
        });
    }
}

fn answer(stream: &UnixStream, events: &Sender<Event>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE)).read_line(&mut line)?;
    let question: Ask = serde_json::from_str(&line)?;
    let (reply, replied) = channel();
    events.send(Event::Asked(question, reply)).map_err(io::Error::other)?;
    let units = replied.recv().map_err(io::Error::other)?;
    let mut stream = stream;
    stream.write_all(format!("{}\n", serde_json::to_string(&units)?).as_bytes())
}
