//! Any line of shell is judged, without a panic and always alike; and nobody gains by putting it into another shell.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use steward::domain::action::Action;
use steward::policy::{Facts, Policy};

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let shipped = Policy::shipped().expect("the shipped rules load");
    shipped.protecting(["/var/lib/steward".into(), "/etc/steward".into()])
});

fuzz_target!(|line: &str| {
    let facts = Facts::plain();
    let once = POLICY.evaluate(&Action::script(line), &facts);
    assert!(!once.reasons.is_empty());
    assert_eq!(once, POLICY.evaluate(&Action::script(line), &facts));

    let argv: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let plain = POLICY.evaluate(&Action::local(argv.clone()), &facts);
    assert!(!plain.reasons.is_empty());

    let nested = ["/bin/bash", "-c", line].map(str::to_owned);
    let inner = Action::local(["sudo", "-n"].map(str::to_owned).into_iter().chain(nested).collect());
    assert!(POLICY.evaluate(&inner, &facts).decision >= once.decision, "{line:?} gains by a wrapper");
});
