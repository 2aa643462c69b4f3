//! Variables that get their value from wherever the project is started.

use super::desk::Desk;
use crate::adopt::project::{Project, Value};
use crate::adopt::secrets::looks_secret;
use crate::adopt::{Decision, Topic};

/// Asks for the values that are not known.
pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    for service in &mut project.services {
        let unset: Vec<String> = service
            .env
            .iter()
            .filter(|(_, value)| **value == Value::Unset)
            .map(|(name, _)| name.clone())
            .collect();
        for name in unset {
            // Its value is none of ours: a reference will do.
            if looks_secret(&name, None) {
                service.env.insert(name, Value::Secret);
                continue;
            }
            let decision = Decision::new(
                format!("{}/variable:{name}", service.name),
                Some(&service.name),
                Topic::Variable,
                format!("{} of {} has no value here. What is it?", name, service.name),
                &[
                    ("leave-out", "it is left out: the image's own value counts"),
                    ("secret", "it is a secret: a reference to it is written"),
                ],
            );
            let decision = decision
                .fact("It was taken from where the project was started.")
                .fact("Answer `=VALUE` to give it a value.")
                .blocking();
            let chosen = desk.ask_or(decision, &[], |answer| answer.starts_with('='));
            let is_answered = desk.latest().is_some_and(|decision| decision.answered);
            match (chosen.strip_prefix('='), is_answered, chosen.as_str()) {
                (Some(value), ..) => {
                    service.env.insert(name, Value::Text(value.to_owned()));
                }
                (None, true, "secret") => {
                    service.env.insert(name, Value::Secret);
                }
                (None, true, _) => {
                    service.env.remove(&name);
                }
                // Nothing is guessed here.
                _ => {}
            }
        }
    }
}
