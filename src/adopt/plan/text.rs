//! A migration as the text of a runbook.

use serde_json::{Map, Value, json};

use super::{Line, Migration, Step};
use crate::domain::template::Template;

/// The signature that the runbook fits: a wish, as nothing is broken.
const SIGNATURE: &str = "request";

impl Migration {
    /// The text of the runbook that migrates, under this name.
    #[must_use]
    pub fn runbook(&self, name: &str) -> String {
        let before: Vec<Value> = self
            .checks
            .iter()
            .map(|check| json!({ "name": check.name, "run": command(&check.command), "timeout": "2m" }))
            .collect();
        let mut text = written(name, &self.title, &self.steps);
        if !before.is_empty() {
            text.push_str(&yaml(&json!({ "checks": { "before": before } })));
        }
        text
    }

    /// The text of the runbook that removes what was kept; `None` where there is nothing to remove.
    #[must_use]
    pub fn decommission(&self, name: &str) -> Option<String> {
        let title = format!("{}: remove the old containers", self.title);
        (!self.decommission.is_empty()).then(|| written(name, &title, &self.decommission))
    }
}

fn written(name: &str, title: &str, steps: &[Step]) -> String {
    let steps: Vec<Value> = steps.iter().map(step).collect();
    yaml(&json!({
        "name": name,
        "title": title,
        "match": { "signature": SIGNATURE },
        "limits": { "max_attempts": 1 },
        "steps": steps,
    }))
}

fn step(step: &Step) -> Value {
    let mut fields = Map::new();
    fields.insert("name".into(), json!(step.name));
    fields.insert("run".into(), command(&step.run));
    if let Some(verify) = &step.verify {
        fields.insert("verify".into(), command(verify));
    }
    if let Some(undo) = &step.undo {
        fields.insert("undo".into(), command(undo));
    }
    fields.insert("timeout".into(), json!(format!("{}s", step.timeout.as_secs())));
    Value::Object(fields)
}

/// A command; nothing in it is a template.
fn command(line: &Line) -> Value {
    let literal = |text: &String| Template::escape(text);
    let mut fields = Map::new();
    if let Some(host) = &line.host {
        fields.insert("host".into(), json!(host));
    }
    fields.insert("argv".into(), json!(line.argv.iter().map(literal).collect::<Vec<_>>()));
    if let Some(stdin) = &line.stdin {
        fields.insert("stdin".into(), json!(literal(stdin)));
    }
    Value::Object(fields)
}

fn yaml(value: &Value) -> String {
    // What is made of text, numbers and lists alone can always be written.
    serde_yaml::to_string(value).unwrap_or_default()
}
