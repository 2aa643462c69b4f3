//! The language models that the configuration names, put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::adapters::llm::ollama::Ollama;
use crate::adapters::llm::openai::OpenAi;
use crate::agent::dialogue::{Chain, Member, Models};
use crate::agent::model::Model;
use crate::config::{AgentSettings, ModelSettings, Provider};
use crate::domain::agent::Purpose;

/// The models of every purpose, in the order in which they are asked. Nothing is connected yet.
///
/// # Errors
/// One that can't be asked from this machine, with the reason and what to do.
pub fn build(settings: &AgentSettings) -> Result<Models, String> {
    let members = each(settings)?;
    let chain = |purpose: Purpose| {
        let named = settings.chain(purpose).iter().filter_map(|name| members.get(name).cloned());
        (purpose, Chain { members: named.collect() })
    };
    Ok(Models { chains: Purpose::ALL.map(chain).into() })
}

/// Every model that is configured, by name, also those that no purpose has.
///
/// # Errors
/// See [`build`].
pub fn each(settings: &AgentSettings) -> Result<BTreeMap<String, Member>, String> {
    let member = |(name, settings): (&String, &ModelSettings)| {
        let model = model(name, settings)?;
        Ok((name.clone(), Member { model, settings: settings.clone() }))
    };
    settings.models.iter().map(member).collect()
}

fn model(name: &str, settings: &ModelSettings) -> Result<Arc<dyn Model>, String> {
    Ok(match settings.provider {
        Provider::Ollama => Arc::new(Ollama::new(name, settings)?),
        Provider::Openai => Arc::new(OpenAi::new(name, settings)?),
    })
}
