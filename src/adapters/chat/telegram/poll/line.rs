//! How the connection is over which people are heard, and how long to wait when it fails.

use std::time::Duration;

use super::super::NAME;
use super::super::fault::{Fault, Reason};
use crate::engine::ports::Ears;

/// The first wait after a failure; it doubles with each one.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait for what goes by itself.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The wait for a person to mend something.
const FOR_A_PERSON: Duration = Duration::from_secs(5 * 60);
/// The longest pause that Telegram is granted.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What was last told of the connection.
pub(super) struct Line<'a> {
    ears: &'a dyn Ears,
    told: Option<Result<(), String>>,
    sure: bool,
}

impl<'a> Line<'a> {
    pub(super) fn new(ears: &'a dyn Ears) -> Self {
        Self { ears, told: None, sure: false }
    }

    /// The other side answers.
    pub(super) fn works(&mut self) {
        self.tell(Ok(()));
    }

    /// What is said can be fetched.
    pub(super) fn works_surely(&mut self) {
        self.sure = true;
        self.works();
    }

    /// Whether what is said could be fetched before.
    pub(super) fn is_sure(&self) -> bool {
        self.sure
    }

    /// Nothing is heard.
    pub(super) fn cut(&mut self, fault: &Fault) {
        self.tell(Err(fault.to_string()));
    }

    fn tell(&mut self, state: Result<(), String>) {
        if self.told.as_ref() == Some(&state) {
            return;
        }
        match &state {
            Ok(()) => tracing::info!(platform = NAME, "what is said there is heard"),
            Err(why) => tracing::warn!(platform = NAME, why, "what is said there is not heard"),
        }
        self.ears.line(NAME, state.clone());
        self.told = Some(state);
    }
}

/// How long to wait before the next try.
#[derive(Debug, Default)]
pub(super) struct Patience {
    failures: u32,
}

impl Patience {
    /// Whether something failed.
    pub(super) fn is_tried(&self) -> bool {
        self.failures > 0
    }

    /// The wait after one more failure.
    pub(super) fn wait(&mut self, fault: &Fault) -> Duration {
        let doubled = FIRST_WAIT.saturating_mul(1 << self.failures.min(16)).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        match fault {
            Fault::Slow(pause) => (*pause).clamp(FIRST_WAIT, LONGEST_PAUSE),
            fault if fault.is(Reason::Token) => FOR_A_PERSON,
            _ => doubled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute_unless_telegram_says_how_long() {
        let mut patience = Patience::default();
        let waits: Vec<u64> = (0..8).map(|_| patience.wait(&Fault::Garbled).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        let seconds = Duration::from_secs;
        assert_eq!(Patience::default().wait(&Fault::Slow(seconds(17))), seconds(17));
        let refused = Fault::Refused(Reason::Token, "Unauthorized".into());
        assert_eq!(Patience::default().wait(&refused), seconds(300));
    }
}
