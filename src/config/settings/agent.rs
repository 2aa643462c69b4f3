//! `[agent]`: which models, and how far they may go.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::config::Secret;
use crate::domain::agent::Purpose;
use crate::domain::signal::Severity;

/// `[agent]`. Without a model to investigate with, there is no agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSettings {
    /// The models of each purpose, in the order in which they are tried; for a purpose without any, no model is asked.
    pub chains: BTreeMap<Purpose, Vec<String>>,
    /// The models, by name.
    pub models: BTreeMap<String, ModelSettings>,
    /// The least severity that it looks into without being asked.
    pub from: Severity,
    /// How sure it has to be, in percent, to act where it may; below that, a person is asked.
    pub confidence: u8,
    /// Tool calls of one run.
    pub steps: u32,
    /// Tokens of one run, sent and received together.
    pub tokens: u64,
    /// The time of one run.
    pub time: Duration,
    /// Runs of one incident without being asked.
    pub runs: u32,
    /// Runs at once.
    pub at_once: u32,
    /// Money for one incident, in millionths; 0: nothing is paid, so only models without a price are asked.
    pub spend_per_incident: u64,
    /// Money for one day, in millionths.
    pub spend_per_day: u64,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            chains: BTreeMap::new(),
            models: BTreeMap::new(),
            from: Severity::Warning,
            confidence: 60,
            steps: 20,
            tokens: 100_000,
            time: Duration::from_secs(600),
            runs: 3,
            at_once: 1,
            spend_per_incident: 500_000,
            spend_per_day: 2_000_000,
        }
    }
}

impl AgentSettings {
    /// Whether there is an agent.
    #[must_use]
    pub fn is_there(&self) -> bool {
        !self.chain(Purpose::Investigate).is_empty()
    }

    /// The models of a purpose, in the order in which they are tried.
    #[must_use]
    pub fn chain(&self, purpose: Purpose) -> &[String] {
        self.chains.get(&purpose).map_or(&[], Vec::as_slice)
    }
}

/// `[agent.models.NAME]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSettings {
    /// How it is spoken to.
    pub provider: Provider,
    /// Where: for Ollama the server, for others the address below which `chat/completions` is.
    pub url: String,
    /// What the provider calls it.
    pub model: String,
    /// The key, where it needs one.
    pub key: Option<Secret>,
    /// How it calls tools.
    pub tools: ToolCalls,
    /// Tokens that fit into it, question and answer together.
    pub context: u32,
    /// Tokens of one answer at most.
    pub answer: u32,
    /// How long one answer may take.
    pub timeout: Duration,
    /// Whether what it is told leaves the lab.
    pub remote: bool,
    /// Whether names and addresses are masked in what it is told.
    pub mask: bool,
    /// What a million tokens cost that are sent, in millionths.
    pub price_in: u64,
    /// The same for those that the provider had in its cache.
    pub price_cached: u64,
    /// The same for those that come back.
    pub price_out: u64,
}

/// How a model is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Ollama's own API.
    Ollama,
    /// Any OpenAI-compatible API.
    Openai,
}

/// How a model calls tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolCalls {
    /// As its provider has it; if that says that the model can't, by JSON.
    #[default]
    Auto,
    /// As its provider has it.
    Native,
    /// In a constrained JSON dialogue.
    Json,
}
