//! A look at the live system: commands that only read.

use std::fmt::Write as _;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Bench, Tool, reach};
use crate::agent::toolbox::Outcome;
use crate::domain::action::write_quoted;
use crate::engine::cards::length;
use crate::engine::ports::{Exit, Limits, Output};
use crate::policy::Facts;

/// Bytes read of a command: of more than that the end would be lost, and the end of a log tells most.
const MAX_OUTPUT: usize = 256 * 1024;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs a program that only reads. No shell: no pipe, `*`, `$`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunCommand {
    argv: Vec<String>,
    // This machine if absent.
    host: Option<String>,
    // Some models give a reason unasked; nobody is told to.
    #[schemars(skip)]
    why: Option<String>,
}

/// A command as people would type it.
pub(super) struct Words<'a>(pub(super) &'a [String]);

impl std::fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write_quoted(f, word)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Tool for RunCommand {
    const NAME: &'static str = "run_command";

    fn what(&self) -> String {
        let host = self.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
        let why = self.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("`{}`{host}{why}", Words(&self.argv))
    }

    async fn call(self, bench: &Bench) -> Outcome {
        let action = match bench.command(self.host.as_deref(), &self.argv) {
            Ok(action) => action,
            Err(why) => return Outcome::Misused(why),
        };
        let segments = bench.policy().evaluate(&action, &Facts::plain()).segments;
        if let Some(why) = segments.iter().find_map(|segment| reach::forbids(&segment.command)) {
            return Outcome::Blocked(format!("not for a model: {why}; propose it instead"));
        }
        let label = format!("output of {action}");
        let limits = Limits { timeout: TIMEOUT, max_output: MAX_OUTPUT };
        match bench.run(action, limits).await {
            Ok(output) => bench.data(&label, &reach::without_environment(&written(&output))),
            Err(outcome) => outcome,
        }
    }
}

/// How it ended, and what it wrote.
fn written(output: &Output) -> String {
    let mut text = match output.exit {
        Exit::Code(code) => format!("exit {code}"),
        Exit::Signal(signal) => format!("ended by signal {signal}"),
        Exit::TimedOut => format!("not done after {}, and ended", length(TIMEOUT)),
        Exit::Cancelled => "called off".to_owned(),
        Exit::Unknown | Exit::Lost => "nobody knows how it ended".to_owned(),
    };
    if output.truncated {
        text.push_str(", only the beginning of what it wrote was kept");
    }
    for (name, bytes) in [("", &output.stdout), ("on standard error:\n", &output.stderr)] {
        let written = String::from_utf8_lossy(bytes);
        if !written.trim().is_empty() {
            // Writing to a string does not fail.
            let _ = write!(text, "\n{name}{}", written.trim_end());
        }
    }
    text
}
