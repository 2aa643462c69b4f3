//! Commands that wait for what is captured while the plan runs: an undo for what its own step captures, a late step for
//! what earlier steps did.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{PlannedStep, PlannedVerify};
use crate::domain::action::Action;
use crate::domain::template::{Template, TemplateError};

const CAPTURE: &str = "capture.";

fn capture_name(name: &str) -> Option<&str> {
    name.strip_prefix(CAPTURE)
}

/// Nobody captures this.
pub(super) fn unknown(name: &str) -> TemplateError {
    TemplateError::Unknown(format!("{CAPTURE}{name}"))
}

/// The argument as a template, if it names a capture. Other braces are the command's own business
/// (`docker inspect --format '{{.State.Status}}'`) and stay as they are.
fn capturing(argument: &str) -> Result<Option<Template>, TemplateError> {
    if !argument.contains("{{") || !argument.contains(CAPTURE) {
        return Ok(None);
    }
    let template = Template::parse(argument)?;
    let captures = template.names().any(|name| capture_name(name).is_some());
    Ok(captures.then_some(template))
}

/// Fills `{{ capture.NAME }}` in an action's arguments. One argument stays one argument.
///
/// # Errors
/// A capture without a value, a value that a program would read as a flag, a value of several lines.
pub fn fill_captures(action: &Action, values: &BTreeMap<String, String>) -> Result<Action, TemplateError> {
    fill_but(action, values, &BTreeSet::new())
}

/// The same, but for those captures that are filled later still.
fn fill_but(
    action: &Action,
    values: &BTreeMap<String, String>,
    later: &BTreeSet<&String>,
) -> Result<Action, TemplateError> {
    let Action::Command(command) = action;
    let mut filled = command.clone();
    let is_later = |name: &str| later.iter().any(|later| *later == name);
    let value_of = |name: &str| {
        capture_name(name).filter(|name| !is_later(name)).and_then(|name| values.get(name)).cloned()
    };
    for argument in &mut filled.argv {
        let Some(template) = capturing(argument)? else { continue };
        let done = template.render_known(&value_of)?;
        let missing = template
            .names()
            .find(|name| capture_name(name).is_some_and(|name| !is_later(name)) && value_of(name).is_none());
        if let Some(name) = missing {
            return Err(TemplateError::Unknown(name.to_owned()));
        }
        *argument = done.to_string();
    }
    Ok(Action::Command(filled))
}

/// The captures that a command names.
fn named(action: &Action) -> Result<BTreeSet<String>, TemplateError> {
    let Action::Command(command) = action;
    let mut names = BTreeSet::new();
    for argument in &command.argv {
        if let Some(template) = capturing(argument)? {
            names.extend(template.names().filter_map(capture_name).map(str::to_owned));
        }
    }
    Ok(names)
}

impl PlannedStep {
    /// The captures that the undo names: what it restores, and so what can be read back afterwards.
    ///
    /// # Errors
    /// An argument of the undo that names a capture and is no template.
    pub fn undo_captures(&self) -> Result<BTreeSet<String>, TemplateError> {
        self.undo.as_ref().map_or(Ok(BTreeSet::new()), named)
    }

    /// The captures of earlier steps that its commands wait for.
    ///
    /// # Errors
    /// An argument that names a capture and is no template.
    pub fn awaited(&self) -> Result<BTreeSet<String>, TemplateError> {
        let mut names = self.undo_captures()?;
        names.retain(|name| self.captures.iter().all(|(own, _)| own != name));
        for action in self.before_its_undo() {
            names.extend(named(action)?);
        }
        Ok(names)
    }

    /// Its captures, what it does and how that is verified.
    fn before_its_undo(&self) -> impl Iterator<Item = &Action> {
        let verify = match &self.verify {
            PlannedVerify::Command(action) => Some(action),
            PlannedVerify::Check
            | PlannedVerify::ReadsAs(_)
            | PlannedVerify::ExitCode
            | PlannedVerify::None => None,
        };
        self.captures.iter().map(|(_, action)| action).chain([&self.run]).chain(verify)
    }

    /// A late step with what earlier steps captured in its commands. What its own captures will be stays open in its
    /// undo. What it does then is still to be judged.
    ///
    /// # Errors
    /// A capture without a value, a value that a program would read as a flag, a value of several lines.
    pub fn filled(&self, values: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let own: BTreeSet<&String> = self.captures.iter().map(|(name, _)| name).collect();
        let fill = |action: &Action| fill_captures(action, values);
        let capture = |(name, action): &(String, Action)| Ok((name.clone(), fill(action)?));
        Ok(Self {
            captures: self.captures.iter().map(capture).collect::<Result<_, TemplateError>>()?,
            run: fill(&self.run)?,
            verify: match &self.verify {
                PlannedVerify::Command(action) => PlannedVerify::Command(fill(action)?),
                other => other.clone(),
            },
            undo: self.undo.as_ref().map(|undo| fill_but(undo, values, &own)).transpose()?,
            late: false,
            ..self.clone()
        })
    }
}
