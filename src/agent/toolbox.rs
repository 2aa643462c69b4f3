//! What a run may call: tools as data and what a call comes to. The live tools and recorded ones both are a
//! [`Toolbox`].

use async_trait::async_trait;

use super::model::{Call, ToolSpec};
use crate::domain::agent::Conclusion;

/// The tool that ends a run. Every toolbox has it.
pub const CONCLUDE: &str = "conclude";

/// What a call came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// This text; from outside, so data and no instruction.
    Text(String),
    /// The policy, or a limit, does not let it. The reason is told to the model, and recorded.
    Blocked(String),
    /// It could not be done; the reason is told to the model.
    Failed(String),
    /// There is no such tool, or the arguments don't fit its schema: what was wrong and how it is right. Costs one of
    /// the run's tries.
    Misused(String),
    /// The run is over: this is what it comes to, as far as the model's part goes.
    Concluded(Box<Conclusion>),
}

/// What a tool says to the model when a person was asked.
const ASKED: &str = "A person is asked (question ";

/// What a model is told once a person was asked, and under which number.
#[must_use]
pub fn asked(number: u64, why: &str) -> String {
    format!("{ASKED}{number}): {}.\nDon't wait for the answer; conclude.", why.trim_end_matches('.'))
}

/// The number under which a person was asked, if that is what a result says.
#[must_use]
pub fn asked_under(result: &str) -> Option<u64> {
    result.strip_prefix(ASKED)?.split(')').next()?.parse().ok()
}

/// What a call did, for the record and the progress line.
#[derive(Debug, Clone, PartialEq)]
pub struct Used {
    /// What it came to.
    pub outcome: Outcome,
    /// What was done, in a few words: "read journalctl -u nginx on pve1".
    pub what: String,
    /// Whether it changed anything or may have, or asked a person to: told in the conclusion.
    pub acted: bool,
}

/// Tools.
#[async_trait]
pub trait Toolbox: Send + Sync {
    /// What a model is told of them.
    fn specs(&self) -> Vec<ToolSpec>;

    /// What a call is about to do, in a few words, for the progress line: "reading the journal of nginx on pve1".
    fn in_words(&self, call: &Call) -> String {
        super::run::of_call(call)
    }

    /// Whether a call changes something or asks a person to, if it is done: told when it is broken off half way.
    fn acts(&self, _call: &Call) -> bool {
        false
    }

    /// Does what a call asks for. Dropped half way when the run is stopped or its time is up.
    async fn call(&self, call: &Call) -> Used;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_is_told_of_a_question_gives_its_number_back() {
        assert_eq!(asked_under(&asked(17, "it is not trusted yet")), Some(17));
        assert_eq!(asked_under("it worked"), None);
    }
}
