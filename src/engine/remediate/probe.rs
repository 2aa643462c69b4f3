//! What a remediation reads: captures before a step, verifies after it, captures again after its undo.

use std::collections::BTreeMap;
use std::time::Duration;

use super::driver::{DriveError, Driver};
use super::ports::{Order, Purpose};
use crate::domain::action::Action;
use crate::domain::remediation::{CheckVerdict, PlannedCheck, PlannedVerify, Reading, SagaEvent, Tail};
use crate::engine::ports::{Exit, Output};

/// The longest captured value, in bytes: it has to fit into one argument of the undo, and into the log.
const MAX_CAPTURE: usize = 4096;

impl Driver<'_> {
    /// Reads every capture of a step; for people why one can't be read.
    pub(super) async fn capture(
        &mut self,
        step: usize,
    ) -> Result<Result<BTreeMap<String, String>, String>, DriveError> {
        let planned = &self.saga.plan().steps[step];
        let (captures, timeout) = (planned.captures.clone(), planned.timeout);
        let mut values = BTreeMap::new();
        for (name, action) in captures {
            match self.read(&action, timeout, step).await? {
                Ok(value) if (self.deps.holds_secret)(&value) => {
                    return Ok(Err(format!(
                        "it was not begun: what was captured as `{name}` looks like a secret, and secrets are not stored"
                    )));
                }
                Ok(value) => values.insert(name, value),
                Err(why) => {
                    return Ok(Err(format!("it was not begun, because `{name}` can't be captured: {why}")));
                }
            };
        }
        Ok(Ok(values))
    }

    /// Whether a step that ran did what it should.
    pub(super) async fn verify(&mut self, step: usize) -> Result<CheckVerdict, DriveError> {
        let planned = &self.saga.plan().steps[step];
        let (verify, timeout) = (planned.verify.clone(), planned.timeout);
        match verify {
            PlannedVerify::Command(action) => Ok(match self.probe(&action, timeout, Some(step)).await? {
                Ok(output) => verdict(&output),
                Err(why) => CheckVerdict::Unreadable(why),
            }),
            PlannedVerify::Check => Ok(self.deps.check.check().await),
            PlannedVerify::ReadsAs(readings) => self.read_as(&readings, timeout, step).await,
            PlannedVerify::ExitCode | PlannedVerify::None => {
                Ok(CheckVerdict::Unreadable("the step has no verify".into()))
            }
        }
    }

    /// Whether a check of the plan holds.
    pub(super) async fn ask(&mut self, check: &PlannedCheck) -> Result<CheckVerdict, DriveError> {
        Ok(match self.probe(&check.run, check.timeout, None).await? {
            Ok(output) => verdict(&output),
            Err(why) => CheckVerdict::Unreadable(why),
        })
    }

    /// Whether an undo restored what it names: those captures, read again, are as they were.
    pub(super) async fn read_back(&mut self, step: usize) -> Result<CheckVerdict, DriveError> {
        let planned = &self.saga.plan().steps[step];
        let names = planned.undo_captures().unwrap_or_default();
        let (captures, timeout) = (planned.captures.clone(), planned.timeout);
        let captured = &self.saga.steps()[step].captured;
        let named = captures.into_iter().filter(|(name, _)| names.contains(name));
        let reading = |(name, read): (String, Action)| {
            let value = captured.get(&name).cloned().unwrap_or_default();
            Reading { name, read, value }
        };
        let readings: Vec<Reading> = named.map(reading).collect();
        self.read_as(&readings, timeout, step).await
    }

    /// Whether everything reads as it did.
    async fn read_as(
        &mut self,
        readings: &[Reading],
        timeout: Duration,
        step: usize,
    ) -> Result<CheckVerdict, DriveError> {
        for Reading { name, read, value: before } in readings {
            let now = match self.read(read, timeout, step).await? {
                Ok(value) => value,
                Err(why) => {
                    return Ok(CheckVerdict::Unreadable(format!("`{name}` can't be read back: {why}")));
                }
            };
            if now != *before && (self.deps.holds_secret)(&now) {
                return Ok(CheckVerdict::Failed(format!(
                    "`{name}` is something else, and looks like a secret"
                )));
            }
            if now != *before {
                return Ok(CheckVerdict::Failed(format!("`{name}` is {now:?} and was {before:?}")));
            }
        }
        Ok(CheckVerdict::Passed)
    }

    /// Runs a command for what it prints: one value, without the line break at its end.
    async fn read(
        &mut self,
        action: &Action,
        timeout: Duration,
        step: usize,
    ) -> Result<Result<String, String>, DriveError> {
        Ok(self.probe(action, timeout, Some(step)).await?.and_then(|output| match output.exit {
            Exit::Code(0) => value(&output),
            exit => Err(ended(exit, &output)),
        }))
    }

    /// Runs a command that only reads. The error is for people.
    async fn probe(
        &mut self,
        action: &Action,
        timeout: Duration,
        step: Option<usize>,
    ) -> Result<Result<Output, String>, DriveError> {
        let execution = self.new_execution();
        let order = Order { action, digest: None, execution, timeout, purpose: Purpose::Look, step };
        let probed = |process| SagaEvent::Probed { execution, process };
        Ok(self.execute(order, &probed).await?.map_err(|error| error.to_string()))
    }
}

fn verdict(output: &Output) -> CheckVerdict {
    match output.exit {
        Exit::Code(0) => CheckVerdict::Passed,
        exit @ Exit::Code(_) => CheckVerdict::Failed(ended(exit, output)),
        exit @ (Exit::Signal(_) | Exit::TimedOut | Exit::Cancelled | Exit::Unknown | Exit::Lost) => {
            CheckVerdict::Unreadable(ended(exit, output))
        }
    }
}

fn value(output: &Output) -> Result<String, String> {
    let text = std::str::from_utf8(&output.stdout).map_err(|_| "it printed no valid UTF-8".to_owned())?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    if output.truncated || text.len() > MAX_CAPTURE {
        return Err(format!("it printed more than {MAX_CAPTURE} bytes"));
    }
    Ok(text.to_owned())
}

fn ended(exit: Exit, output: &Output) -> String {
    let how = match exit {
        Exit::Code(code) => format!("it ended with exit code {code}"),
        Exit::Signal(signal) => format!("signal {signal} ended it"),
        Exit::TimedOut => "its time was up and it was ended".to_owned(),
        Exit::Cancelled => "it was called off".to_owned(),
        Exit::Unknown => "nobody saw how it ended".to_owned(),
        Exit::Lost => "it may still be running".to_owned(),
    };
    let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
    match Tail::of(said).as_str().lines().last() {
        Some(line) => format!("{how}: {line}"),
        None => how,
    }
}
