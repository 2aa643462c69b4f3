use chrono::{TimeDelta, TimeZone, Utc};
use chrono_tz::UTC;

use super::*;
use crate::domain::signal::{Severity, SignalState};
use crate::domain::target::{Signature, Target};

fn at(hour: u32, minute: u32) -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 21, hour, minute, 0).unwrap()
}

fn alert(name: &str) -> Signal {
    Signal {
        origin: Origin::alert("am", "1"),
        target: Target::parse("nas").unwrap(),
        signature: Signature::parse("some-alert").unwrap(),
        severity: Severity::Warning,
        state: SignalState::Firing,
        summary: String::new(),
        impact: None,
        evidence: String::new(),
        labels: [("alertname".to_owned(), name.to_owned())].into(),
        at: at(8, 0),
        received_at: at(8, 0),
    }
}

fn rule(name: &str, matchers: Option<&str>, verdict: Verdict) -> Rule {
    Rule {
        name: name.into(),
        matchers: matchers.map(|text| Matchers::parse(text).unwrap()),
        hours: Vec::new(),
        verdict,
        why: String::new(),
    }
}

fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

#[test]
fn the_first_rule_that_fits_decides_and_the_shipped_ones_come_last() {
    let mut rules = vec![rule("mine", Some("alertname=Watchdog"), Verdict::Pass)];
    rules.extend(shipped());
    let held = |name: &str| {
        judge(&rules, &alert(name), Past::default(), at(8, 0), UTC).map(|held| held.rule.name.clone())
    };
    assert_eq!(held("Watchdog"), None);
    assert_eq!(held("InfoInhibitor").as_deref(), Some("info-inhibitor"));
    assert_eq!(held("HostDown"), None);
    let info = Signal { severity: Severity::Info, ..alert("UpdatesAvailable") };
    let held = judge(&rules, &info, Past::default(), at(8, 0), UTC).map(|held| held.rule.name.as_str());
    assert_eq!(held, Some("info"), "worth knowing is no reason to disturb anybody");
    assert_eq!(shipped().len(), 3);
}

#[test]
fn what_steward_says_of_itself_is_never_held_back() {
    let rules = [rule("all", None, Verdict::Ignore)];
    let own = Signal { origin: Origin::Steward, ..alert("x") };
    assert_eq!(judge(&rules, &own, Past::default(), at(8, 0), UTC), None);
    assert!(judge(&rules, &alert("x"), Past::default(), at(8, 0), UTC).is_some());
}

#[test]
fn what_has_to_last_waits_until_it_has() {
    let rules = [rule("slow", None, Verdict::Hold { lasting: Some(minutes(10)), flapping: None })];
    let past = Past { since: Some(at(8, 0)), began: &[] };
    let until = |now| judge(&rules, &alert("x"), past, now, UTC).map(|held| held.until);
    assert_eq!(until(at(8, 9)), Some(Some(at(8, 10))));
    assert_eq!(until(at(8, 10)), None);
}

#[test]
fn what_comes_and_goes_waits_until_it_has_come_to_rest() {
    let flapping = Flapping { bounces: 3, within: minutes(30) };
    let rules = [rule("flappy", None, Verdict::Hold { lasting: None, flapping: Some(flapping) })];
    let began = [at(8, 0), at(8, 10), at(8, 20)];
    let until = |began: &[Timestamp], now| {
        let past = Past { since: began.last().copied(), began };
        judge(&rules, &alert("x"), past, now, UTC).map(|held| held.until)
    };
    assert_eq!(until(&began[..2], at(8, 10)), None, "twice is not flapping");
    assert_eq!(until(&began, at(8, 20)), Some(Some(at(8, 30))));
    assert_eq!(until(&began, at(8, 30)), None);
    assert_eq!(remembers(&rules, &alert("x")), Some(flapping));
    assert_eq!(remembers(&shipped(), &alert("Watchdog")), None);
}

#[test]
fn a_rule_for_some_hours_lets_go_when_they_end() {
    let night =
        Rule { hours: vec![Hours::parse("22:00-06:00").unwrap()], ..rule("night", None, Verdict::Ignore) };
    let rules = [night];
    let until = |now| judge(&rules, &alert("x"), Past::default(), now, UTC).map(|held| held.until);
    assert_eq!(until(at(21, 59)), None);
    assert_eq!(until(at(22, 0)), Some(Some(at(6, 0) + TimeDelta::days(1))));
    assert_eq!(until(at(6, 0)), None);
}
