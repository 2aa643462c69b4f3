//! Checks that every name in a runbook's templates will have a value when it is needed.

use super::{Check, Placed};
use crate::config::document::{Trail, below};
use crate::config::problem::did_you_mean;
use crate::domain::runbook::{CommandTemplate, Step, TEMPLATE_NAMES, Verify};

/// The captures that the commands of one place may use, and those that they may not.
#[derive(Default)]
pub(super) struct Captured<'a> {
    /// Those with a value by then, as templates name them.
    known: Vec<&'a str>,
    /// Those of the same step, which have one only for its undo.
    own: Vec<&'a str>,
    /// Those of later steps.
    later: Vec<&'a str>,
}

impl Check<'_> {
    /// A capture is for the undo of its step, and for every command of later steps: these are judged, and asked for
    /// where they have to be, when it is their turn. All else is known before anything runs, so that a person who is
    /// asked sees exactly what would run.
    pub(super) fn check_names(&mut self, steps: &[Placed]) {
        let names = |step: &Step| step.capture.iter().map(|(name, _)| format!("capture.{name}")).collect();
        let of_step: Vec<Vec<String>> = steps.iter().map(|(_, step)| names(step)).collect();
        let all = |of_steps: &'_ [Vec<String>]| of_steps.iter().flatten().cloned().collect::<Vec<_>>();
        for (index, (place, step)) in steps.iter().enumerate() {
            let (before, own, after) = (all(&of_step[..index]), &of_step[index], all(&of_step[index + 1..]));
            let at = |key: &str| below(place, key);
            for (nth, (name, command)) in step.capture.iter().enumerate() {
                let place = below(&at("capture"), name);
                let twice = before.iter().chain(&own[..nth]).any(|other| *other == own[nth]);
                self.capture_name(name, twice, &place);
                self.check_command(command, &Captured::of(&before, own, &after), &place);
            }
            let captured = Captured::of(&before, own, &after);
            self.check_command(&step.run, &captured, &at("run"));
            if let Verify::Command(command) = &step.verify {
                self.check_command(command, &captured, &at("verify"));
            }
            if let Some(command) = &step.undo {
                self.check_command(command, &captured.with_own(), &at("undo"));
            }
        }
    }

    fn capture_name(&mut self, name: &str, twice: bool, place: &Trail) {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(good) {
            self.report(
                place,
                format!("{name:?} is no name for a capture"),
                "write it of letters, digits, _ and -",
            );
        }
        if twice {
            self.report(
                place,
                format!("`capture.{name}` is captured twice"),
                "give each capture its own name",
            );
        }
    }

    pub(super) fn check_command(
        &mut self,
        command: &CommandTemplate,
        captured: &Captured<'_>,
        place: &Trail,
    ) {
        // What is captured is filled into arguments, and nowhere else.
        let nowhere = Captured::default();
        let arguments = command.argv.iter().map(|template| (template, captured));
        let others = command.cwd.iter().chain(command.env.values()).chain(&command.stdin);
        let templates = arguments.chain(others.map(|template| (template, &nowhere)));
        let names = templates.flat_map(|(template, known)| template.names().map(move |name| (name, known)));
        for (name, captured) in names {
            let is_label = name.strip_prefix("labels.").is_some_and(|label| !label.is_empty());
            if is_label || TEMPLATE_NAMES.contains(&name) || captured.known.contains(&name) {
                continue;
            }
            let (what, hint) = captured.fault(name);
            self.report(place, what, hint);
        }
    }
}

impl<'a> Captured<'a> {
    fn of(before: &'a [String], own: &'a [String], after: &'a [String]) -> Self {
        let all = |names: &'a [String]| names.iter().map(String::as_str).collect();
        Self { known: all(before), own: all(own), later: all(after) }
    }

    /// The same once the step has captured.
    fn with_own(mut self) -> Self {
        self.known.append(&mut self.own);
        self
    }

    /// What is wrong with a name that has no value, and what to do.
    fn fault(&self, name: &str) -> (String, String) {
        if self.own.contains(&name) {
            let what = "what a step captures is for its own `undo` and for later steps";
            let hint = "have the command look for itself, or capture it in a step before this one";
            return (format!("`{{{{ {name} }}}}` is not known here: {what}"), hint.to_owned());
        }
        if self.later.contains(&name) {
            let what = format!("`{{{{ {name} }}}}` is not known here: a later step captures it");
            return (what, "move that step before this one, or capture it in an earlier step".to_owned());
        }
        if name.starts_with("capture.") && self.known.is_empty() {
            let what = "what a step captures is for arguments of its own `undo` and of later steps";
            let hint = "have the command look for itself, or capture it in a step before this one";
            return (format!("`{{{{ {name} }}}}` is not known here: {what}"), hint.to_owned());
        }
        let known = || TEMPLATE_NAMES.into_iter().chain(self.known.iter().copied());
        let hint = match did_you_mean(name, known()) {
            Some(near) => format!("did you mean `{{{{ {near} }}}}`?"),
            None if name.starts_with("capture.") => {
                "capture it in this step, or in an earlier one".to_owned()
            }
            None => format!("there is {}, and `labels.NAME`", known().collect::<Vec<_>>().join(", ")),
        };
        (format!("nothing is called `{{{{ {name} }}}}` here"), hint)
    }
}
