use super::*;
use crate::domain::signal::{Severity, SignalState, Timestamp};
use crate::domain::target::Signature;

fn signal() -> Signal {
    Signal {
        origin: Origin::Skill("systemd-units".into()),
        target: Target::parse("pve4/unit/jellyfin.service").unwrap(),
        signature: Signature::parse("unit-failed").unwrap(),
        severity: Severity::Error,
        state: SignalState::Firing,
        summary: "jellyfin.service failed".into(),
        impact: None,
        evidence: "Main PID: 12\nstatus=9/KILL".into(),
        labels: BTreeMap::from([("unit".into(), "jellyfin.service".into())]),
        at: Timestamp::UNIX_EPOCH,
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn book(name: &str, fits: Match) -> Runbook {
    Runbook {
        name: name.into(),
        title: name.into(),
        description: None,
        shipped: false,
        file: format!("{name}.yaml"),
        fits,
        steps: Vec::new(),
        checks: Checks::default(),
        limits: RunbookLimits::default(),
    }
}

fn on(target: &str) -> Match {
    Match { target: Some(PathGlob::parse(target).unwrap()), ..Match::default() }
}

#[test]
fn everything_that_a_match_names_must_hold() {
    let all = || Match {
        skill: Some("systemd-units".into()),
        signature: Some(Glob::parse("unit-*").unwrap()),
        target: Some(PathGlob::parse("*/unit/*").unwrap()),
        labels: BTreeMap::from([("unit".into(), Glob::parse("*.service").unwrap())]),
        pattern: Some(regex::RegexBuilder::new("^status=9").multi_line(true).build().unwrap()),
    };
    assert!(book("a", all()).fits(&signal()).is_some());
    type Spoil = fn(&mut Match);
    let spoil: [(&str, Spoil); 6] = [
        ("skill", |m| m.skill = Some("disk-space".into())),
        ("signature", |m| m.signature = Some(Glob::parse("disk-*").unwrap())),
        ("target", |m| m.target = Some(PathGlob::parse("*/mount/*").unwrap())),
        ("label", |m| _ = m.labels.insert("unit".into(), Glob::parse("*.timer").unwrap())),
        ("absent label", |m| _ = m.labels.insert("mount".into(), Glob::parse("*").unwrap())),
        ("pattern", |m| m.pattern = Some(regex::Regex::new("out of memory").unwrap())),
    ];
    for (what, spoil) in spoil {
        let mut fits = all();
        spoil(&mut fits);
        assert!(book("a", fits).fits(&signal()).is_none(), "the {what} was not asked for");
    }
}

#[test]
fn an_alert_of_the_same_name_is_not_the_skill() {
    let fits = Match { skill: Some("systemd-units".into()), ..Match::default() };
    let alert = Signal { origin: Origin::alert("systemd-units", "1"), ..signal() };
    assert!(book("a", fits).fits(&alert).is_none());
}

#[test]
fn the_operators_own_goes_first_then_the_more_specific_then_the_alphabet() {
    let shipped_exact = Runbook { shipped: true, ..book("a-shipped", on("pve4/unit/jellyfin.service")) };
    let own = [
        book("z-broad", on("**")),
        book("b-glob", on("*/unit/*")),
        book("a-glob", on("*/unit/*")),
        book("z-narrow-glob", on("pve4/unit/*")),
        book("z-two-things", Match { skill: Some("systemd-units".into()), ..on("*/unit/*") }),
        book("z-exact", on("pve4/unit/jellyfin.service")),
        book("other", on("nas")),
    ];
    let all: Vec<&Runbook> = std::iter::once(&shipped_exact).chain(&own).collect();
    let chosen: Vec<&str> = choose(all, &signal()).iter().map(|book| book.name.as_str()).collect();
    let order = ["z-exact", "z-narrow-glob", "z-two-things", "a-glob", "b-glob", "z-broad", "a-shipped"];
    assert_eq!(chosen, order);
}

#[test]
fn template_names_stand_for_the_signals_facts() {
    let (signal, host) = (signal(), Target::parse("pve4").unwrap());
    let value = values(&signal, &host);
    assert_eq!(value("target").as_deref(), Some("pve4/unit/jellyfin.service"));
    assert_eq!(value("target.name").as_deref(), Some("jellyfin.service"));
    assert_eq!(value("target.parent").as_deref(), Some("pve4/unit"));
    assert_eq!(value("signature").as_deref(), Some("unit-failed"));
    assert_eq!(value("host").as_deref(), Some("pve4"));
    assert_eq!(value("labels.unit").as_deref(), Some("jellyfin.service"));
    assert_eq!(value("labels.mount"), None);
    assert_eq!(value("capture.before"), None);
    assert!(TEMPLATE_NAMES.iter().all(|name| value(name).is_some()));
}
