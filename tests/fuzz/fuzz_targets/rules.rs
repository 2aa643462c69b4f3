//! Any text may be given as a file of rules: it is loaded, or refused with every problem, and the shipped rules stay.
#![no_main]

use libfuzzer_sys::fuzz_target;
use steward::domain::action::Action;
use steward::policy::{Decision, Facts, Policy};

fuzz_target!(|yaml: &str| match Policy::with_operator_rules("fuzz.yaml", yaml) {
    Ok(policy) => {
        let wiped = policy.evaluate(&Action::script("mkfs.ext4 /dev/sda"), &Facts::plain());
        assert_eq!(wiped.decision, Decision::Forbid, "a rule opened a guardrail");
    }
    Err(problems) => assert!(!problems.is_empty()),
});
