//! Kubernetes objects: each by itself, then how they fit together.

mod names;
mod references;
mod types;
mod walk;

use serde_json::Value;

use crate::adopt::{Fault, Options, Settled, Written};

/// A document that was read back.
struct Document {
    kind: String,
    name: String,
    value: Value,
}

impl Document {
    fn fault(&self, field: impl Into<String>, what: impl Into<String>) -> Fault {
        Fault::of(&format!("{}/{}", self.kind, self.name), what).at(field)
    }

    /// The text at a path of keys; empty where there is none.
    fn text(&self, pointer: &str) -> &str {
        self.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The pod that a workload makes.
    fn pod(&self) -> Option<&Value> {
        match self.kind.as_str() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => self.value.pointer("/spec/template/spec"),
            _ => None,
        }
    }
}

/// What is wrong with the objects.
pub(super) fn check(_settled: &Settled, written: &Written, _options: &Options) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut documents = Vec::new();
    for object in &written.objects {
        let file = format!("{}/{}", object.kind, object.name);
        match read(&object.text) {
            Ok(value) => {
                let document = Document { kind: object.kind.clone(), name: object.name.clone(), value };
                if document.text("/kind") != object.kind || document.text("/metadata/name") != object.name {
                    faults.push(Fault::of(&file, "is not the object that it is said to be"));
                }
                documents.push(document);
            }
            Err(why) => faults.push(Fault::of(&file, format!("can't be read back: {why}"))),
        }
    }
    for document in &documents {
        types::check(document, &mut faults);
        names::check(document, &mut faults);
    }
    references::check(&documents, written, &mut faults);
    faults
}

/// One document without a key twice.
fn read(text: &str) -> Result<Value, String> {
    // This type refuses a key that is there twice; the other takes the last.
    let yaml: serde_yaml::Value = serde_yaml::from_str(text).map_err(|e| e.to_string())?;
    serde_json::to_value(yaml).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests;
