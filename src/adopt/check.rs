//! Proof of what was written: it parses back, fits the cluster's own types, and everything that is named is there.

mod compose;
mod k8s;
mod nomad;

use super::{Fault, Kind, Options, Settled, Written};
use crate::domain::redact::Redactor;

/// What is wrong with what was written: nothing, or a fault of this program.
#[must_use]
pub fn check(settled: &Settled, written: &Written, options: &Options) -> Vec<Fault> {
    let mut faults = secrets(written);
    faults.extend(match options.to {
        Kind::K8s => k8s::check(settled, written, options),
        Kind::Nomad => nomad::check(settled, written, options),
        Kind::Compose => compose::check(settled, written, options),
    });
    faults
}

/// Nothing that looks like a secret is in what was written. The faults don't show it.
fn secrets(written: &Written) -> Vec<Fault> {
    let redactor = Redactor::shapes();
    let holds = |text: &str| redactor.holds_secret(text);
    let objects = written.objects.iter().filter(|object| holds(&object.text)).map(|object| {
        // The line helps to find it, and shows nothing.
        let line = object.text.lines().position(holds);
        let fault = Fault::of(&format!("{}/{}", object.kind, object.name), "holds what looks like a secret");
        line.map_or(fault.clone(), |line| fault.on_line(line + 1))
    });
    let commands = written.secrets.iter().filter(|secret| holds(&secret.command));
    let commands =
        commands.map(|secret| Fault::of(&format!("Secret/{}", secret.name), "shows a secret in its command"));
    objects.chain(commands).collect()
}
