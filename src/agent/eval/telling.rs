//! What a model is told of a recorded case: in the shape of a live one, and without a lab behind it.

use std::fmt::Write as _;

use crate::agent::context::{Context, Part, tokens};
use crate::agent::tools::fence::fence;
use crate::config::{Case, Told};

/// What a model is told first: the stable part as any run is told it, and the case.
pub(super) fn context(case: &Case, system: &str) -> Context {
    let system = system.to_owned();
    let user = format!("{}\nFind out why, with tools, and conclude.\n", told(&case.incident));
    let part = |name, text: &str| Part { name, tokens: tokens::estimate(text), budget: 4_000, cut: None };
    let parts = vec![part("instructions", &system), part("incident", &user)];
    Context { system, user, parts }
}

/// The incident, as a live one is told.
fn told(incident: &Told) -> String {
    let mut text = format!(
        "# The incident\nSuspected root: {}\nHow it is broken: {} ({})\n{}\n",
        incident.target, incident.signature, incident.severity, incident.summary
    );
    // Writing to a string does not fail.
    let mut part = |name: &str, body: String| {
        if !body.trim().is_empty() {
            let _ = write!(text, "\n## {name}\n{body}\n");
        }
    };
    let symptoms = incident.symptoms.join("\n");
    part("Broken with it", if symptoms.is_empty() { symptoms } else { fence("symptoms", &symptoms) });
    let evidence = incident.evidence.trim();
    part(
        "Evidence",
        if evidence.is_empty() { String::new() } else { fence("what the check printed", evidence) },
    );
    part("What depends on what", topology(incident));
    let listed =
        |lines: &[String]| lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n");
    part("What changed lately, the newest first", listed(&incident.changes));
    part("What is remembered", listed(&incident.memory));
    text
}

/// What depends on what, a line each.
pub(super) fn topology(incident: &Told) -> String {
    let needs = incident.topology.iter().map(|(target, needs)| {
        let needs: Vec<_> = needs.iter().map(ToString::to_string).collect();
        if needs.is_empty() {
            format!("- {target}")
        } else {
            format!("- {target} needs {}", needs.join(", "))
        }
    });
    needs.collect::<Vec<_>>().join("\n")
}
