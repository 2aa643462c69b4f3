//! What was heard, as the lines of a recording. The reverse of `config::recording`.

use chrono::SecondsFormat;
use serde_json::{Map, Value, json};

use crate::config::recording::VERSION;
use crate::domain::change::Change;
use crate::domain::signal::{Origin, Signal, SignalState, Timestamp};
use crate::domain::topology::Topology;
use crate::store::metrics::heard::{Heard, HeardWord};

/// The head line, with the topology that is in force.
#[must_use]
pub fn head(about: &str, timezone: &str, topology: &Topology) -> Value {
    let mut targets = Map::new();
    for entry in topology.entries() {
        let mut written = Map::new();
        if !entry.depends_on.is_empty() {
            written.insert("depends_on".to_owned(), json!(entry.depends_on));
        }
        if let Some(kind) = &entry.kind {
            written.insert("kind".to_owned(), json!(kind));
        }
        if !entry.labels.is_empty() {
            written.insert("labels".to_owned(), json!(entry.labels));
        }
        targets.insert(entry.target.to_string(), Value::Object(written));
    }
    json!({
        "steward_replay": VERSION, "about": about, "timezone": timezone, "topology": { "targets": targets },
    })
}

/// Something that was heard.
#[must_use]
pub fn heard(heard: &Heard) -> Value {
    match &heard.word {
        HeardWord::Signal(signal) => self::signal(signal, heard.at),
        HeardWord::Fine { skill, target } => {
            json!({ "at": moment(heard.at), "skill": skill, "fine": [target] })
        }
    }
}

/// That the machine's clock was set.
#[must_use]
pub fn clock(at: Timestamp) -> Value {
    json!({ "at": moment(at), "clock": true })
}

/// Something that changed, told at this moment.
#[must_use]
pub fn change(change: &Change, at: Timestamp) -> Value {
    let Change {
        id,
        source,
        at: _,
        author,
        summary,
        files,
        files_total,
        targets,
        kind,
        gist,
        url,
        baseline: _,
    } = change;
    json!({
        "at": moment(at),
        "change": {
            "source": source, "id": id, "author": author, "summary": summary, "files": files,
            "files_total": files_total, "targets": targets, "kind": kind, "gist": gist, "url": url,
        },
    })
}

fn signal(signal: &Signal, at: Timestamp) -> Value {
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| _ = line.insert(key.to_owned(), value);
    put("at", json!(moment(at)));
    match &signal.origin {
        Origin::Alert { source, fingerprint } => {
            put("source", json!(source));
            put("fingerprint", json!(fingerprint));
        }
        Origin::Skill(skill) => put("skill", json!(skill)),
        Origin::Steward => put("source", json!("steward")),
    }
    put("target", json!(signal.target));
    put("signature", json!(signal.signature));
    put("severity", json!(signal.severity));
    put("summary", json!(signal.summary));
    if signal.state == SignalState::Resolved {
        put("state", json!(signal.state));
    }
    if let Some(impact) = &signal.impact {
        put("impact", json!(impact));
    }
    if !signal.evidence.is_empty() {
        put("evidence", json!(signal.evidence));
    }
    if !signal.labels.is_empty() {
        put("labels", json!(signal.labels));
    }
    if signal.at != signal.received_at {
        put("starts_at", json!(moment(signal.at)));
    }
    Value::Object(line)
}

fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
