//! A toolbox that has nothing but the end: an agent that can only think about what it is told.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;

use crate::agent::model::{Call, ToolSpec};
use crate::agent::toolbox::{CONCLUDE, Outcome, Toolbox, Used};
use crate::domain::agent::{Conclusion, Ending};

/// It.
pub(super) struct Bare;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    diagnosis: String,
    #[serde(default)]
    evidence: Vec<String>,
    confidence: u8,
    #[serde(default)]
    verification: String,
    #[serde(default)]
    rollback: String,
}

#[async_trait]
impl Toolbox for Bare {
    fn specs(&self) -> Vec<ToolSpec> {
        let text = json!({ "type": "string" });
        let parameters = json!({
            "type": "object",
            "properties": {
                "diagnosis": text,
                "evidence": { "type": "array", "items": text },
                "confidence": { "type": "integer", "minimum": 0, "maximum": 100 },
                "verification": text,
                "rollback": text,
            },
            "required": ["diagnosis", "confidence"],
            "additionalProperties": false,
        });
        let description = "Ends the run with what you found.".to_owned();
        vec![ToolSpec { name: CONCLUDE, description, parameters }]
    }

    async fn call(&self, call: &Call) -> Used {
        let outcome = match serde_json::from_str::<Arguments>(&call.arguments) {
            _ if call.name != CONCLUDE => {
                Outcome::Misused(format!("there is no tool {}; there is `conclude` alone", call.name))
            }
            Err(error) => Outcome::Misused(error.to_string()),
            Ok(Arguments { diagnosis, evidence, confidence, verification, rollback }) => {
                let confidence = confidence.min(100);
                let nothing = Conclusion::without(Ending::Concluded);
                Outcome::Concluded(Box::new(Conclusion {
                    diagnosis,
                    evidence,
                    confidence,
                    verification,
                    rollback,
                    ..nothing
                }))
            }
        };
        Used { outcome, what: "conclude".to_owned(), acted: false }
    }
}
