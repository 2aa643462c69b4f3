//! Checks that every name in a runbook's templates will have a value when it is needed.

use super::{Check, Placed};
use crate::config::document::{Trail, below};
use crate::config::problem::did_you_mean;
use crate::domain::runbook::{CommandTemplate, TEMPLATE_NAMES, Verify};

impl Check<'_> {
    /// A capture is for the undo of its step. Every other command is known before anything runs, so that a person who
    /// is asked sees exactly what would run.
    pub(super) fn check_names(&mut self, steps: &[Placed]) {
        let mut all: Vec<String> = Vec::new();
        for (place, step) in steps {
            let at = |key: &str| below(place, key);
            let mut captured: Vec<String> = Vec::new();
            for (name, command) in &step.capture {
                let place = below(&at("capture"), name);
                self.capture_name(name, &all, &place);
                self.check_command(command, &[], &place);
                captured.push(format!("capture.{name}"));
                all.push(format!("capture.{name}"));
            }
            self.check_command(&step.run, &[], &at("run"));
            if let Verify::Command(command) = &step.verify {
                self.check_command(command, &[], &at("verify"));
            }
            if let Some(command) = &step.undo {
                self.check_command(command, &captured, &at("undo"));
            }
        }
    }

    fn capture_name(&mut self, name: &str, captured: &[String], place: &Trail) {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(good) {
            self.report(
                place,
                format!("{name:?} is no name for a capture"),
                "write it of letters, digits, _ and -",
            );
        }
        if captured.iter().any(|other| other.strip_prefix("capture.") == Some(name)) {
            self.report(
                place,
                format!("`capture.{name}` is captured twice"),
                "give each capture its own name",
            );
        }
    }

    pub(super) fn check_command(&mut self, command: &CommandTemplate, captured: &[String], place: &Trail) {
        // What is captured is filled into arguments, and nowhere else.
        let arguments = command.argv.iter().map(|template| (template, captured));
        let others = command.cwd.iter().chain(command.env.values()).chain(&command.stdin);
        let templates = arguments.chain(others.map(|template| (template, &[] as &[String])));
        let names = templates.flat_map(|(template, known)| template.names().map(move |name| (name, known)));
        for (name, captured) in names {
            let is_label = name.strip_prefix("labels.").is_some_and(|label| !label.is_empty());
            if is_label || TEMPLATE_NAMES.contains(&name) || captured.iter().any(|known| known == name) {
                continue;
            }
            if name.starts_with("capture.") && captured.is_empty() {
                self.report(
                    place,
                    format!("`{{{{ {name} }}}}` is not known here: what a step captures is for its own `undo`"),
                    "have the command look for itself, or move this into the `undo` of the step that captures it",
                );
                continue;
            }
            let known = || TEMPLATE_NAMES.into_iter().chain(captured.iter().map(String::as_str));
            let hint = match did_you_mean(name, known()) {
                Some(near) => format!("did you mean `{{{{ {near} }}}}`?"),
                None if name.starts_with("capture.") => "capture it in this step".to_owned(),
                None => {
                    let all: Vec<_> = known().collect();
                    format!("there is {}, and `labels.NAME`", all.join(", "))
                }
            };
            self.report(place, format!("nothing is called `{{{{ {name} }}}}` here"), hint);
        }
    }
}
