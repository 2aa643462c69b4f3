//! The platforms, in a process of their own, so that their memory and CPU time are not taken for Steward's. Steward's
//! process asks over a pipe what came in, and only when nothing is measured.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use crate::book::{Arrival, Book, PLATFORMS};
use crate::{discord, telegram};

/// The argument that makes this program the platforms.
pub(crate) const ARGUMENT: &str = "--platforms";
const END: &str = "end";
const REPORT: &str = "report";

/// What came in.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// When each message arrived, in nanoseconds since 1970.
    pub(crate) arrivals: HashMap<Arrival, u64>,
    /// How many requests each platform had.
    pub(crate) requests: HashMap<String, usize>,
    connected: Vec<String>,
}

impl Report {
    /// Whether Steward listens to both platforms.
    pub(crate) fn connected(&self) -> bool {
        PLATFORMS.iter().all(|platform| self.connected.iter().any(|connected| connected == platform))
    }

    fn take(&mut self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split(' ').collect();
        let [platform, "requests", requests, "connected", connected] = words[..] else {
            let (arrival, at) = Arrival::read(line)?;
            let again = self.arrivals.insert(arrival, at);
            ensure!(again.is_none(), "there twice: {line}");
            return Ok(());
        };
        *self.requests.entry(platform.to_owned()).or_default() += requests.parse::<usize>()?;
        if connected == "true" {
            self.connected.push(platform.to_owned());
        }
        Ok(())
    }
}

/// The platforms' process, as Steward's sees it. It ends with its standard input.
pub(crate) struct Remote {
    child: Child,
    asking: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// Where Discord's API is, without a path.
    pub(crate) discord: String,
    /// Where Telegram's is.
    pub(crate) telegram: String,
}

impl Remote {
    pub(crate) fn start() -> Result<Self> {
        let program = std::env::current_exe().context("finding this program")?;
        let mut command = Command::new(program);
        command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("starting the platforms")?;
        let asking = child.stdin.take().context("no pipe")?;
        let mut answers = BufReader::new(child.stdout.take().context("no pipe")?).lines();
        let mut address = || answers.next().context("the platforms did not start")?.context("no address");
        let (discord, telegram) = (address()?, address()?);
        Ok(Self { child, asking, answers, discord, telegram })
    }

    /// From now on an answer takes this long.
    pub(crate) fn move_away(&mut self, answer_after: Duration) -> Result<()> {
        Ok(writeln!(self.asking, "{}", answer_after.as_millis())?)
    }

    /// Adds what came in since the last time.
    pub(crate) fn ask(&mut self, report: &mut Report) -> Result<()> {
        writeln!(self.asking, "{REPORT}")?;
        loop {
            match self.answers.next().context("the platforms are gone")??.as_str() {
                END => return Ok(()),
                line => report.take(line)?,
            }
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The platforms' process, until its standard input ends.
pub(crate) fn be() -> Result<()> {
    let books = PLATFORMS.map(Book::new);
    let [discord, telegram] = books.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = std::thread::spawn(move || answer(&books));
    runtime.block_on(async {
        let ours = TcpListener::bind("127.0.0.1:0").await?;
        let theirs = TcpListener::bind("127.0.0.1:0").await?;
        let discord = discord::server(discord, ours.local_addr()?);
        let mut out = std::io::stdout().lock();
        for listener in [&ours, &theirs] {
            writeln!(out, "http://{}", listener.local_addr()?)?;
        }
        drop(out);
        tokio::select! {
            ended = serve(ours, discord) => ended,
            ended = serve(theirs, telegram::server(telegram)) => ended,
            _ = tokio::task::spawn_blocking(move || asked.join()) => Ok(()),
        }
    })
}

async fn serve(listener: TcpListener, app: Router) -> Result<()> {
    // What is small is sent at once, as a server far away would.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, app).await?;
    bail!("a platform has ended");
}

/// Does what each line says, until there are no more: a report, or how far away to be.
fn answer(books: &[Book]) -> Result<()> {
    for line in std::io::stdin().lines() {
        let line = line?;
        if line != REPORT {
            let answer_after = Duration::from_millis(line.parse()?);
            books.iter().for_each(|book| book.move_away(answer_after));
            continue;
        }
        let mut out = std::io::stdout().lock();
        for line in books.iter().flat_map(Book::report) {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{END}")?;
        out.flush()?;
    }
    Ok(())
}
