//! Proof of what was written: it parses back, fits the cluster's own types, and everything that is named is there.

mod compose;
mod k8s;
mod leaks;
mod nomad;

use super::{Fault, Kind, Options, Settled, Written};

/// What is wrong with what was written: nothing, or a fault of this program.
#[must_use]
pub fn check(settled: &Settled, written: &Written, options: &Options) -> Vec<Fault> {
    let mut faults = leaks::check(settled, written, options);
    faults.extend(match options.to {
        Kind::K8s => k8s::check(settled, written, options),
        Kind::Nomad => nomad::check(settled, written, options),
        Kind::Compose => compose::check(settled, written, options),
    });
    faults
}
