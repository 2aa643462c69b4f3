//! `[agent]`: models that are there, addresses that can be one, prices that are numbers.

use std::collections::BTreeMap;

use super::Check;
use crate::config::document::{below, keys};
use crate::config::problem::suggest;
use crate::config::raw::{RawAgent, RawModel};
use crate::config::settings::{AgentSettings, ModelSettings, Provider};
use crate::domain::agent::Purpose;

/// Tokens that fit into a model that says nothing else: what Ollama takes unless told otherwise is less.
const CONTEXT: u32 = 16_384;
/// Tokens of one answer.
const ANSWER: u32 = 2_048;

impl Check<'_> {
    pub(super) fn agent(&mut self, raw: RawAgent) -> AgentSettings {
        let mut models = BTreeMap::new();
        for (name, model) in raw.models {
            let model = self.model(&name, model);
            models.insert(name, model);
        }
        let mut chains = BTreeMap::new();
        for (purpose, chain) in [
            (Purpose::Triage, raw.triage),
            (Purpose::Investigate, raw.investigate),
            (Purpose::Narrate, raw.narrate),
        ] {
            // A section that is wrong was taken out, and told: it is there all the same.
            let is_there = |name: &str| {
                models.contains_key(name) || self.document.says(&keys(["agent", "models", name]))
            };
            let missing: Vec<_> =
                chain.iter().enumerate().filter(|(_, name)| !is_there(name.as_str())).collect();
            for (index, name) in missing {
                let place = self.document.item(&keys(["agent", purpose.as_str()]), index);
                let hint = suggest(name, models.keys().map(String::as_str))
                    .unwrap_or_else(|| format!("write a section [agent.models.{name}]"));
                self.report(&place, format!("there is no model `{name}`"), Some(hint));
            }
            chains.insert(purpose, chain);
        }
        if raw.confidence > 100 {
            let hint = "write how sure it has to be in percent, from 0 to 100".to_owned();
            self.report(&keys(["agent", "confidence"]), "is more than 100", Some(hint));
        }
        AgentSettings {
            chains,
            models,
            from: raw.from,
            confidence: raw.confidence.min(100),
            steps: raw.steps,
            tokens: raw.tokens,
            time: raw.time,
            runs: raw.runs,
            at_once: raw.at_once,
            spend_per_incident: micros(raw.spend_per_incident),
            spend_per_day: micros(raw.spend_per_day),
        }
    }

    fn model(&mut self, name: &str, raw: RawModel) -> ModelSettings {
        let place = keys(["agent", "models", name]);
        let url = raw.url.unwrap_or_else(|| match raw.provider {
            Provider::Ollama => "http://127.0.0.1:11434".to_owned(),
            Provider::Openai => "https://api.openai.com/v1".to_owned(),
        });
        if !is_address(&url) {
            let hint = "write one that begins with http:// or https://".to_owned();
            self.report(&below(&place, "url"), format!("{url:?} is no address"), Some(hint));
        }
        if raw.model.trim().is_empty() {
            let hint = "write what the provider calls it, such as \"qwen3:8b\"".to_owned();
            self.report(&below(&place, "model"), "is empty", Some(hint));
        }
        let key = raw.key.and_then(|text| self.secret(&text, &below(&place, "key")));
        let remote = raw.remote.unwrap_or(raw.provider == Provider::Openai);
        ModelSettings {
            provider: raw.provider,
            url: url.trim_end_matches('/').to_owned(),
            model: raw.model,
            key,
            tools: raw.tools,
            context: raw.context.unwrap_or(CONTEXT),
            answer: raw.answer.unwrap_or(ANSWER),
            timeout: raw.timeout,
            remote,
            mask: raw.mask,
            price_in: micros(raw.price_in),
            price_cached: micros(raw.price_cached.unwrap_or(raw.price_in)),
            price_out: micros(raw.price_out),
        }
    }
}

/// Money as people write it, in millionths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is not negative, and saturates"
)]
fn micros(amount: f64) -> u64 {
    (amount * 1_000_000.0).round() as u64
}

fn is_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
}
