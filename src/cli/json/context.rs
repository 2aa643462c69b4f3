//! What a model would be told, as JSON.

use serde::Serialize;

use crate::agent::context::Context;
use crate::agent::model::ToolSpec;

/// `agent context`
#[derive(Serialize)]
pub(in crate::cli) struct ContextDocument<'a> {
    incident: u64,
    /// The part that stays the same from run to run.
    system: &'a str,
    /// The case.
    user: &'a str,
    tools: Vec<ToolEntry<'a>>,
    parts: Vec<PartEntry<'a>>,
    /// All parts together, as an estimate.
    tokens: usize,
}

#[derive(Serialize)]
struct ToolEntry<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a serde_json::Value,
}

#[derive(Serialize)]
struct PartEntry<'a> {
    name: &'a str,
    tokens: usize,
    budget: usize,
    /// What was cut, in words; `null` where nothing was.
    cut: Option<&'a str>,
}

impl<'a> ContextDocument<'a> {
    pub(in crate::cli) fn new(incident: u64, context: &'a Context, specs: &'a [ToolSpec]) -> Self {
        let tool = |spec: &'a ToolSpec| ToolEntry {
            name: spec.name,
            description: &spec.description,
            parameters: &spec.parameters,
        };
        let parts = context.parts.iter().map(|part| PartEntry {
            name: part.name,
            tokens: part.tokens,
            budget: part.budget,
            cut: part.cut.as_deref(),
        });
        Self {
            incident,
            system: &context.system,
            user: &context.user,
            tools: specs.iter().map(tool).collect(),
            parts: parts.collect(),
            tokens: context.tokens(),
        }
    }
}
