//! Any file may lie in `skills/`, and a skill may print anything.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use steward::domain::report::{ExitKind, parse_report};
use steward::domain::skill::{Manifest, parse_manifest};
use steward::domain::target::Target;

const HEAD: &str = "#!/bin/sh\n#: schedule = \"*/5 * * * *\"\n#: targets = [\"nas\"]\n";

static HOST: LazyLock<Target> = LazyLock::new(|| Target::parse("pve1").expect("a target"));

static KNOWN: LazyLock<Manifest> =
    LazyLock::new(|| parse_manifest("known", HEAD, &HOST).unwrap_or_else(|problems| panic!("{problems:?}")));

fuzz_target!(|data: &[u8]| {
    if let Err(problems) = parse_manifest("fuzz", &String::from_utf8_lossy(data), &HOST) {
        assert!(!problems.is_empty());
    }
    for exit in [ExitKind::Code(0), ExitKind::Code(1)] {
        if let Ok(report) = parse_report(&KNOWN, exit, data, false) {
            assert!(report.findings.iter().all(|finding| KNOWN.covers(&finding.target)));
        }
    }
});
