//! Small words of what is brought into the cluster.

use crate::adopt::{Fault, Kind, Options};
use crate::domain::card::one_line;
use crate::engine::ports::LOCAL;
use crate::store::adoptions::Adopting;

/// Faults that are told; the rest is counted.
const FAULTS: usize = 8;

/// What people call a machine.
pub(super) fn host<'a>(host: &'a str, here: &'a str) -> &'a str {
    if host == LOCAL { here } else { host }
}

/// `paperless on vm3`.
pub(super) fn what(adopting: &Adopting, host: &str) -> String {
    let name = adopting.project.as_ref().map_or(adopting.container.as_str(), |project| project.name.as_str());
    format!("{name} on {host}")
}

/// Where it goes, in a sentence.
pub(super) fn place(options: &Options) -> &'static str {
    match options.to {
        Kind::K8s | Kind::Nomad => "the cluster",
        Kind::Compose => "its new Compose project",
    }
}

/// What is wrong, a sentence for each fault.
pub(super) fn faults(faults: &[Fault]) -> String {
    let told = faults.iter().take(FAULTS).map(|fault| sentence(&one_line(&fault.to_string())));
    let more = faults.len().checked_sub(FAULTS).filter(|more| *more > 0);
    told.chain(more.map(|more| format!("And {more} more."))).collect::<Vec<_>>().join(" ")
}

/// The first of them, for a line.
pub(super) fn first(faults: &[Fault]) -> String {
    faults
        .first()
        .map(|fault| one_line(&fault.to_string()))
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_owned()
}

/// With a full stop.
pub(super) fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

/// `1 decision waits for you`, `3 decisions wait for you`.
pub(super) fn waiting(n: usize) -> String {
    match n {
        1 => "1 decision waits for you".to_owned(),
        n => format!("{n} decisions wait for you"),
    }
}
