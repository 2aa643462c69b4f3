//! The agent's port to language models. Adapters implement it; nothing here knows a provider.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::agent::Spending;

/// A tool as a model is told of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolSpec {
    /// Its name: lower-case letters and `_`.
    pub name: &'static str,
    /// What it does, in a sentence or two.
    pub description: String,
    /// The JSON schema of its arguments, generated from the Rust type.
    pub parameters: serde_json::Value,
}

/// A tool call that a model asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The model's name for the call; made up where the provider has none.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments as they came: JSON, if the model kept to it.
    pub arguments: String,
}

/// One turn of the dialogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "turn", rename_all = "snake_case")]
pub enum Turn {
    /// What Steward says.
    User {
        /// The words.
        text: String,
    },
    /// What the model said.
    Assistant {
        /// The words; may be empty beside calls.
        text: String,
        /// The calls it asked for.
        calls: Vec<Call>,
    },
    /// What a call came to.
    Result {
        /// The call's id.
        id: String,
        /// The tool.
        name: String,
        /// The text, fenced and cut.
        text: String,
    },
}

/// What a model is asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    /// The part that stays the same from run to run, so that prompt caches work.
    pub system: String,
    /// The dialogue so far.
    pub turns: Vec<Turn>,
    /// What it may call. Empty: it has to answer in words.
    pub tools: Vec<ToolSpec>,
    /// Tokens that it may answer with.
    pub max_tokens: u32,
    /// How long it may take.
    pub timeout: Duration,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The words.
    pub text: String,
    /// The calls it asks for.
    pub calls: Vec<Call>,
    /// What it took; priced by whoever knows the prices.
    pub spent: Spending,
    /// Whether it was cut off at `max_tokens`.
    pub cut_off: bool,
}

/// Why a model did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Nobody is there, or the connection broke.
    #[error("{model} can't be reached: {why}")]
    Unreachable {
        /// The model's name in the configuration.
        model: String,
        /// Why, without secrets.
        why: String,
    },
    /// It took too long.
    #[error("{model} did not answer within {after:?}")]
    TimedOut {
        /// The model's name in the configuration.
        model: String,
        /// How long was waited.
        after: Duration,
    },
    /// Too many requests, or no quota left.
    #[error("{model} asks for a pause")]
    Limited {
        /// The model's name in the configuration.
        model: String,
        /// For how long, if it said.
        pause: Option<Duration>,
    },
    /// The key is not accepted, or the model does not exist: somebody has to mend the configuration.
    #[error("{model} refuses: {why}")]
    Refused {
        /// The model's name in the configuration.
        model: String,
        /// Why, without secrets.
        why: String,
    },
    /// The dialogue is longer than it can take.
    #[error("the dialogue is too long for {model}")]
    TooLong {
        /// The model's name in the configuration.
        model: String,
    },
    /// It does not know tools: ask in the JSON dialogue instead.
    #[error("{model} has no tools of its own")]
    NoTools {
        /// The model's name in the configuration.
        model: String,
    },
    /// The answer made no sense as the provider's protocol has it.
    #[error("{model} answered with something else than its protocol has: {why}")]
    Malformed {
        /// The model's name in the configuration.
        model: String,
        /// Why, without secrets.
        why: String,
    },
}

/// A language model.
#[async_trait]
pub trait Model: Send + Sync {
    /// Its name in the configuration.
    fn name(&self) -> &str;

    /// Whether what it is told leaves the lab.
    fn is_remote(&self) -> bool;

    /// Asks it.
    ///
    /// # Errors
    /// See [`ModelError`].
    async fn ask(&self, question: &Question) -> Result<Answer, ModelError>;

    /// Asks it for one JSON object of this schema, as far as its provider can hold it to one.
    ///
    /// # Errors
    /// See [`ModelError`].
    async fn ask_in_form(&self, question: &Question, form: &serde_json::Value) -> Result<Answer, ModelError> {
        let _ = form;
        self.ask(question).await
    }

    /// Whether it could be asked: reachable, and the model is there. Costs nothing.
    ///
    /// # Errors
    /// See [`ModelError`].
    async fn examine(&self) -> Result<String, ModelError>;
}
