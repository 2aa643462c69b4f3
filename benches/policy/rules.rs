//! The shipped rules, and as many of an operator's as one likes.

use std::fmt::Write as _;

use anyhow::{Result, anyhow};
use steward::policy::Policy;

/// The shipped rules and so many more, each for a program of its own.
pub(crate) fn policy(own: usize) -> Result<Policy> {
    let mut yaml = String::from("rules:\n");
    for i in 0..own {
        write!(
            yaml,
            "  - name: own-{i}\n    why: it is one of many\n    pattern: [service{i}, [status, show]]\n    \
             flags: [-q, --lines=]\n    args: {{ max: 3 }}\n    effect: read\n    \
             match: [service{i} status web]\n    not_match: [service{i} stop web]\n"
        )?;
    }
    if own == 0 {
        yaml.clear();
    }
    Policy::with_operator_rules("own.yaml", &yaml).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        anyhow!("{} problems: {first}", problems.len())
    })
}
