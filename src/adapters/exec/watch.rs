//! Follows a process to its end: its output, its time, and what is left of it.

use std::future::{Future, pending};
use std::os::unix::process::ExitStatusExt;
use std::pin::{Pin, pin};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tokio::sync::watch::Receiver;

use crate::engine::ports::{Clock, Exit, Limits, Output};

use super::capture::Capture;
use super::family::Family;
use super::gated::{Pipes, Process};

/// How long a process may take to end once it is asked to, and again once it is killed: one that hangs in the
/// kernel (a dead NFS server) can't be killed, and must not hold up its watcher.
const GRACE: Duration = Duration::from_secs(2);

/// How long to wait for the end of the output when the process itself has ended: a grandchild may hold the
/// pipe open for ever.
const DRAIN: Duration = Duration::from_millis(500);

/// What ended the wait for a process.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    ByItself,
    TimeUp,
    CalledOff,
}

/// Follows a process whose gate is open.
pub(super) async fn to_the_end(
    (mut process, pipes): (Process, Pipes),
    input: Option<&str>,
    limits: Limits,
    clock: &dyn Clock,
    cancel: Receiver<bool>,
) -> Output {
    // Not the house's clock: a duration must not jump with the wall clock.
    let started = Instant::now();
    let mut stdout = Capture::capped(limits.max_output);
    let mut stderr = Capture::capped(limits.max_output);
    let (end, gone) = {
        let io = async {
            tokio::join!(stdout.read(pipes.stdout), stderr.read(pipes.stderr), feed(pipes.stdin, input));
        };
        let mut io = Io { io: pin!(io), done: false };
        let end = io.during(end_of(&process, limits.timeout, clock, cancel)).await;
        let gone = end == End::ByItself || io.during(kill(&process, clock)).await;
        io.finish_within(clock.sleep(DRAIN)).await;
        (end, gone)
    };
    process.signal(Signal::KILL); // whoever is left of its group
    let status = if gone { process.wait().await } else { None };
    Output {
        exit: exit(end, status),
        stdout: stdout.bytes,
        stderr: stderr.bytes,
        truncated: stdout.truncated,
        duration: started.elapsed(),
    }
}

async fn end_of(process: &Process, timeout: Duration, clock: &dyn Clock, cancel: Receiver<bool>) -> End {
    tokio::select! {
        biased;
        () = process.exited() => End::ByItself,
        () = called_off(cancel) => End::CalledOff,
        () = clock.sleep(timeout) => End::TimeUp,
    }
}

async fn called_off(mut cancel: Receiver<bool>) {
    if cancel.wait_for(|off| *off).await.is_err() {
        pending::<()>().await; // whoever could have called it off is gone
    }
}

/// Asks the process and its family to end, then makes them. Whether the process is gone.
async fn kill(process: &Process, clock: &dyn Clock) -> bool {
    let ends = async || {
        tokio::select! {
            biased;
            () = process.exited() => true,
            () = clock.sleep(GRACE) => false,
        }
    };
    let mut family = Family::of(process.identity());
    family.signal(Signal::TERM);
    ends().await;
    family.look();
    family.signal(Signal::KILL);
    let gone = ends().await;
    if !gone {
        tracing::warn!(pid = process.identity().pid, "a killed process does not end; it hangs in the kernel");
    }
    gone
}

/// Writes the input, if there is one, and closes it. A process that doesn't read it is no fault.
async fn feed(mut stdin: ChildStdin, input: Option<&str>) {
    if let Some(input) = input {
        let _ = stdin.write_all(input.as_bytes()).await;
    }
}

/// The reading and writing that goes on while something else is waited for.
struct Io<'a, F> {
    io: Pin<&'a mut F>,
    done: bool,
}

impl<F: Future<Output = ()>> Io<'_, F> {
    async fn during<T>(&mut self, event: impl Future<Output = T>) -> T {
        let mut event = pin!(event);
        loop {
            tokio::select! {
                biased;
                outcome = &mut event => return outcome,
                () = self.io.as_mut(), if !self.done => self.done = true,
            }
        }
    }

    async fn finish_within(&mut self, time: impl Future<Output = ()>) {
        if !self.done {
            tokio::select! {
                biased;
                () = self.io.as_mut() => {}
                () = time => {}
            }
        }
    }
}

fn exit(end: End, status: Option<ExitStatus>) -> Exit {
    match (end, status) {
        (End::TimeUp, _) => Exit::TimedOut,
        (End::CalledOff, _) => Exit::Cancelled,
        (End::ByItself, Some(status)) => match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, signal) => Exit::Signal(signal.unwrap_or_default()),
        },
        (End::ByItself, None) => Exit::Unknown,
    }
}
