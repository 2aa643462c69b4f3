//! Ollama's own API, `/api/chat`.

use async_trait::async_trait;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::generation::chat::{ChatMessage, ChatMessageResponse};
use ollama_rs::generation::parameters::{FormatType, JsonStructure};
use ollama_rs::generation::tools::{ToolCall, ToolCallFunction, ToolFunctionInfo, ToolInfo, ToolType};
use ollama_rs::models::{LocalModel, ModelOptions};
use schemars::Schema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Body, TEMPERATURE, Wire, without_thoughts};
use crate::agent::model::{Answer, Call, Model, ModelError, Question, ToolSpec, Turn};
use crate::config::ModelSettings;
use crate::domain::agent::Spending;

/// A model of an Ollama.
pub struct Ollama {
    wire: Wire,
    context: u32,
    remote: bool,
}

impl Ollama {
    /// The model of this name in the configuration. Nothing is connected yet.
    ///
    /// # Errors
    /// It can't be asked from this machine, and why.
    pub fn new(name: &str, settings: &ModelSettings) -> Result<Self, String> {
        Ok(Self { wire: Wire::new(name, settings)?, context: settings.context, remote: settings.remote })
    }

    /// The request as Ollama takes it. `form`: the schema of the one JSON object that may be answered.
    fn request(&self, question: &Question, form: Option<&Value>) -> Result<Value, ModelError> {
        let mut messages = vec![ChatMessage::system(question.system.clone())];
        messages.extend(question.turns.iter().map(message));
        let options = ModelOptions::default()
            .num_ctx(self.context.into())
            .num_predict(i32::try_from(question.max_tokens).unwrap_or(i32::MAX))
            .temperature(TEMPERATURE);
        let tools = question.tools.iter().map(tool).collect::<Result<Vec<_>, _>>();
        let tools = tools.map_err(|error| self.wire.malformed(&error.to_string()))?;
        let mut request =
            ChatMessageRequest::new(self.wire.model.clone(), messages).options(options).tools(tools);
        if let Some(schema) = form.and_then(|form| Schema::try_from(form.clone()).ok()) {
            request =
                request.format(FormatType::StructuredJson(Box::new(JsonStructure::new_for_schema(schema))));
        }
        let mut request =
            serde_json::to_value(request).map_err(|error| self.wire.malformed(&error.to_string()))?;
        // What the library does not have: that too long a dialogue is refused, and not silently cut at its beginning,
        // where the rules are; and which tool a result is of.
        request["truncate"] = json!(false);
        let messages = request["messages"].as_array_mut().into_iter().flatten().skip(1);
        for (message, turn) in messages.zip(&question.turns) {
            if let Turn::Result { name, .. } = turn {
                message["tool_name"] = json!(name);
            }
        }
        Ok(request)
    }

    async fn chat(&self, question: &Question, form: Option<&Value>) -> Result<Answer, ModelError> {
        let request = self.request(question, form)?;
        let with_tools = !question.tools.is_empty();
        let body = self.wire.post("/api/chat", &request, question.timeout, with_tools).await?;
        self.answer(&body, question)
    }

    fn answer(&self, body: &Body, question: &Question) -> Result<Answer, ModelError> {
        let ChatMessageResponse { message, .. } = self.wire.json(body)?;
        let Ending { done_reason, prompt_eval_count, eval_count } = self.wire.json(body)?;
        let calls = message.tool_calls.into_iter().enumerate().map(|(index, call)| Call {
            // Ollama has no names for calls; results follow in the order of the calls.
            id: format!("call-{}-{index}", question.turns.len()),
            name: call.function.name,
            arguments: call.function.arguments.to_string(),
        });
        let cut_off = done_reason.as_deref() == Some("length");
        Ok(Answer {
            text: without_thoughts(&message.content),
            calls: calls.collect(),
            spent: Spending { tokens_in: prompt_eval_count, tokens_out: eval_count, ..Spending::default() },
            cut_off,
        })
    }
}

/// How an answer ended. The library knows the numbers only where all are there, which is not so for a prompt that
/// Ollama has in its cache, and not the reason.
#[derive(Deserialize)]
struct Ending {
    done_reason: Option<String>,
    #[serde(default)]
    prompt_eval_count: u64,
    #[serde(default)]
    eval_count: u64,
}

/// The models that are there.
#[derive(Deserialize)]
struct Tags {
    models: Vec<LocalModel>,
}

fn message(turn: &Turn) -> ChatMessage {
    match turn {
        Turn::User { text } => ChatMessage::user(text.clone()),
        Turn::Assistant { text, calls } => {
            let mut message = ChatMessage::assistant(text.clone());
            message.tool_calls = calls.iter().map(tool_call).collect();
            message
        }
        Turn::Result { text, .. } => ChatMessage::tool(text.clone()),
    }
}

/// What the model called, told back. Arguments that were no JSON object have to become one: Ollama takes nothing else.
fn tool_call(call: &Call) -> ToolCall {
    let arguments = serde_json::from_str(&call.arguments).ok().filter(Value::is_object);
    let arguments = arguments.unwrap_or_else(|| json!({ "not understood": call.arguments }));
    ToolCall { function: ToolCallFunction { name: call.name.clone(), arguments } }
}

fn tool(spec: &ToolSpec) -> Result<ToolInfo, serde_json::Error> {
    let function = ToolFunctionInfo {
        name: spec.name.to_owned(),
        description: spec.description.clone(),
        parameters: Schema::try_from(spec.parameters.clone())?,
    };
    Ok(ToolInfo { tool_type: ToolType::Function, function })
}

#[async_trait]
impl Model for Ollama {
    fn name(&self) -> &str {
        &self.wire.name
    }

    fn is_remote(&self) -> bool {
        self.remote
    }

    async fn ask(&self, question: &Question) -> Result<Answer, ModelError> {
        self.chat(question, None).await
    }

    async fn ask_in_form(&self, question: &Question, form: &Value) -> Result<Answer, ModelError> {
        self.chat(question, Some(form)).await
    }

    async fn examine(&self) -> Result<String, ModelError> {
        let body = self.wire.get("/api/tags").await?;
        let Tags { models } = self.wire.json(&body)?;
        let wanted = &self.wire.model;
        // Ollama adds `:latest` to a name without a tag.
        let is_it = |name: &str| name == wanted || name.strip_suffix(":latest") == Some(wanted);
        if models.iter().any(|model| is_it(&model.name)) {
            return Ok(format!("{wanted} is there, at {}", self.wire.place()));
        }
        let there: Vec<_> = models.iter().take(8).map(|model| model.name.as_str()).collect();
        let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        let why = format!(
            "it has no model `{wanted}`; get it with `ollama pull {wanted}`, or take one that is there: {}",
            self.wire.clean(&there)
        );
        Err(ModelError::Refused { model: self.wire.name.clone(), why })
    }
}
