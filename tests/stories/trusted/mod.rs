//! Autonomy that can be trusted: what a yes opens and what it does not, told three times each, acted on the console, on
//! Discord and on Telegram, and read on all of them.

mod answers;
mod failures;
mod interruptions;
mod stage;

use super::support::{min, secs};
use stage::{PLATFORMS, Platform, Stage, Who};

/// What is asked about: the journal shrinks, and what was in it is gone.
const VACUUM: &str = "journalctl --vacuum-size=200M";

/// What the audit trail has of a question.
fn asked(approval: u64) -> Vec<String> {
    vec!["decision evaluated approve".to_owned(), format!("approval requested {approval}")]
}

/// What it has of a yes to it: that it was said, and that it was enough.
fn approved(approval: u64) -> Vec<String> {
    ["approve", "approved"].map(|what| format!("approval {what} {approval} by alex")).to_vec()
}

/// What it has of a process, from its start to its exit code.
fn ran(command: &str, code: i32) -> Vec<String> {
    vec![started(command), format!("execution ended {command} {{\"code\":{code}}}")]
}

fn started(command: &str) -> String {
    format!("execution started {command}")
}
