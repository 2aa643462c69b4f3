//! Any API that is compatible with OpenAI's `/chat/completions`.

use async_openai::types::chat::{
    ChatCompletionMessageToolCall, ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessage,
    ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage, ChatCompletionRequestToolMessage,
    ChatCompletionRequestUserMessage, ChatCompletionTool, ChatCompletionTools, CreateChatCompletionRequest,
    FunctionCall, FunctionObject, ResponseFormat,
};
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::{Body, TEMPERATURE, Wire, without_thoughts};
use crate::agent::model::{Answer, Call, Model, ModelError, Question, ToolSpec, Turn};
use crate::config::ModelSettings;
use crate::domain::agent::Spending;

/// OpenAI's own server. Its newer models refuse the parameters that every compatible server knows, and the compatible
/// servers not all know the newer ones.
const OPENAI: &str = "https://api.openai.com/";

/// A model of an OpenAI-compatible API.
pub struct OpenAi {
    wire: Wire,
    remote: bool,
}

impl OpenAi {
    /// The model of this name in the configuration. Nothing is connected yet.
    ///
    /// # Errors
    /// It can't be asked from this machine, or with this key, and why.
    pub fn new(name: &str, settings: &ModelSettings) -> Result<Self, String> {
        Ok(Self { wire: Wire::new(name, settings)?, remote: settings.remote })
    }

    #[expect(deprecated, reason = "`max_tokens` is what compatible servers know")]
    fn request(&self, question: &Question, in_form: bool) -> CreateChatCompletionRequest {
        let system =
            ChatCompletionRequestSystemMessage { content: question.system.clone().into(), name: None };
        let mut messages = vec![ChatCompletionRequestMessage::System(system)];
        messages.extend(question.turns.iter().map(message));
        let mut request = CreateChatCompletionRequest {
            model: self.wire.model.clone(),
            messages,
            tools: (!question.tools.is_empty()).then(|| question.tools.iter().map(tool).collect()),
            response_format: in_form.then_some(ResponseFormat::JsonObject),
            ..CreateChatCompletionRequest::default()
        };
        if format!("{}/", self.wire.url).starts_with(OPENAI) {
            request.max_completion_tokens = Some(question.max_tokens);
        } else {
            request.max_tokens = Some(question.max_tokens);
            request.temperature = Some(TEMPERATURE);
        }
        request
    }

    async fn complete(&self, question: &Question, in_form: bool) -> Result<Answer, ModelError> {
        let request = self.request(question, in_form);
        let with_tools = !question.tools.is_empty();
        let body = self.wire.post("/chat/completions", &request, question.timeout, with_tools).await?;
        self.answer(&body, question)
    }

    fn answer(&self, body: &Body, question: &Question) -> Result<Answer, ModelError> {
        let Completion { choices, usage } = self.wire.json(body)?;
        let Choice { message, finish_reason } =
            choices.into_iter().next().ok_or_else(|| self.wire.malformed("an answer without a choice"))?;
        let calls =
            message.tool_calls.unwrap_or_default().into_iter().enumerate().map(|(index, call)| Call {
                id: call
                    .id
                    .filter(|id| !id.is_empty())
                    .unwrap_or_else(|| format!("call-{}-{index}", question.turns.len())),
                name: call.function.name,
                arguments: match call.function.arguments {
                    Value::String(text) => text,
                    Value::Null => "{}".to_owned(),
                    other => other.to_string(),
                },
            });
        let text = message.content.or(message.refusal).unwrap_or_default();
        let usage = usage.unwrap_or_default();
        let details = usage.prompt_tokens_details.unwrap_or_default();
        Ok(Answer {
            text: without_thoughts(&text),
            calls: calls.collect(),
            spent: Spending {
                tokens_in: usage.prompt_tokens,
                tokens_cached: details.cached_tokens.unwrap_or(0).min(usage.prompt_tokens),
                tokens_out: usage.completion_tokens,
                micros: 0,
            },
            cut_off: finish_reason.as_deref() == Some("length"),
        })
    }
}

// The shapes of an answer, as far as they are used. The library's own are stricter than the servers that call
// themselves compatible: an unknown `service_tier` would make a good answer unreadable.

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
    refusal: Option<String>,
    tool_calls: Option<Vec<SaidCall>>,
}

#[derive(Deserialize)]
struct SaidCall {
    id: Option<String>,
    function: SaidFunction,
}

#[derive(Deserialize)]
struct SaidFunction {
    name: String,
    #[serde(default)]
    arguments: Value,
}

#[derive(Deserialize, Default)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    prompt_tokens_details: Option<Details>,
}

#[derive(Deserialize, Default)]
struct Details {
    cached_tokens: Option<u64>,
}

/// The models that are there.
#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

#[expect(deprecated, reason = "a field that has to be filled in to be left out")]
fn message(turn: &Turn) -> ChatCompletionRequestMessage {
    match turn {
        Turn::User { text } => ChatCompletionRequestMessage::User(ChatCompletionRequestUserMessage {
            content: text.clone().into(),
            name: None,
        }),
        Turn::Assistant { text, calls } => {
            let calls: Vec<_> = calls.iter().map(tool_call).collect();
            ChatCompletionRequestMessage::Assistant(ChatCompletionRequestAssistantMessage {
                // Only beside calls may there be no words.
                content: (calls.is_empty() || !text.is_empty()).then(|| text.clone().into()),
                tool_calls: (!calls.is_empty()).then_some(calls),
                refusal: None,
                name: None,
                audio: None,
                function_call: None,
            })
        }
        Turn::Result { id, text, .. } => {
            ChatCompletionRequestMessage::Tool(ChatCompletionRequestToolMessage {
                content: text.clone().into(),
                tool_call_id: id.clone(),
            })
        }
    }
}

fn tool_call(call: &Call) -> ChatCompletionMessageToolCalls {
    ChatCompletionMessageToolCalls::Function(ChatCompletionMessageToolCall {
        id: call.id.clone(),
        function: FunctionCall { name: call.name.clone(), arguments: call.arguments.clone() },
    })
}

fn tool(spec: &ToolSpec) -> ChatCompletionTools {
    ChatCompletionTools::Function(ChatCompletionTool {
        function: FunctionObject {
            name: spec.name.to_owned(),
            description: Some(spec.description.clone()),
            parameters: Some(spec.parameters.clone()),
            strict: None,
        },
    })
}

#[async_trait]
impl Model for OpenAi {
    fn name(&self) -> &str {
        &self.wire.name
    }

    fn is_remote(&self) -> bool {
        self.remote
    }

    async fn ask(&self, question: &Question) -> Result<Answer, ModelError> {
        self.complete(question, false).await
    }

    async fn ask_in_form(&self, question: &Question, _form: &Value) -> Result<Answer, ModelError> {
        // A schema would be held to by some servers and refused by others; an object is what all of them know.
        match self.complete(question, true).await {
            // Not quite all: some know only schemas, or nothing. The words alone have to do there.
            Err(ModelError::Refused { why, .. }) if why.contains("response_format") => {
                self.complete(question, false).await
            }
            other => other,
        }
    }

    async fn examine(&self) -> Result<String, ModelError> {
        let body = self.wire.get("/models").await?;
        let List { data } = self.wire.json(&body)?;
        let wanted = &self.wire.model;
        if data.iter().any(|listed| listed.id == *wanted) {
            return Ok(format!("{wanted} is there, at {}", self.wire.place()));
        }
        let ids = || data.iter().map(|listed| listed.id.as_str());
        let hint = match crate::domain::command::suggest(wanted, ids()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", ids().take(8).collect::<Vec<_>>().join(", ")),
        };
        let why = format!("it has no model `{wanted}`; {}", self.wire.clean(&hint));
        Err(ModelError::Refused { model: self.wire.name.clone(), why })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{Provider, Secret, ToolCalls};

    fn settings(url: &str, key: Option<&str>) -> ModelSettings {
        ModelSettings {
            provider: Provider::Openai,
            url: url.to_owned(),
            model: "m".to_owned(),
            key: key.map(|key| Secret::known("env:KEY", key)),
            tools: ToolCalls::Auto,
            context: 1000,
            answer: 100,
            timeout: Duration::from_secs(1),
            remote: true,
            mask: false,
            price_in: 0,
            price_cached: 0,
            price_out: 0,
        }
    }

    #[test]
    fn openai_itself_gets_its_newer_parameters_and_all_others_those_that_everybody_knows() {
        let timeout = Duration::from_secs(1);
        let question =
            Question { system: "s".to_owned(), turns: Vec::new(), tools: Vec::new(), max_tokens: 9, timeout };
        let sent = |url: &str| {
            let request = OpenAi::new("m", &settings(url, None)).unwrap().request(&question, false);
            let request = serde_json::to_value(request).unwrap();
            ["max_completion_tokens", "max_tokens", "temperature"].map(|key| request.get(key).is_some())
        };
        assert_eq!(sent("https://api.openai.com/v1"), [true, false, false]);
        assert_eq!(sent("http://127.0.0.1:8080/v1"), [false, true, true]);
        assert_eq!(sent("https://api.openai.com.example.org/v1"), [false, true, true]);
    }

    #[test]
    fn a_key_that_can_not_be_sent_is_told_without_showing_it() {
        let why = OpenAi::new("m", &settings("http://nas/v1", Some("sk-1\nsk-2"))).err().unwrap();
        assert!(why.contains("env:KEY") && why.contains("stray line end") && !why.contains("sk-"), "{why}");
    }
}
