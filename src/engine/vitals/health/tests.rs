use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::*;

fn now() -> Timestamp {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    now() - TimeDelta::seconds(seconds)
}

fn beat(lines: &[(&str, LineState)]) -> Beat {
    let pulse = Pulse {
        at: ago(3600),
        incidents: BTreeMap::new(),
        firing: 0,
        held: 0,
        approvals: 0,
        silences: 0,
        repairs: 0,
        learned: 0,
        paused: false,
        lines: lines.iter().map(|(name, line)| ((*name).to_owned(), line.clone())).collect(),
        lost_sources: Vec::new(),
        unwatched: Vec::new(),
    };
    let answered = Some((ago(5), Duration::from_millis(12)));
    Beat { started_at: ago(3600), asked_at: None, answered, gone: false, pulse }
}

fn known() -> Known {
    Known { inbox: (0, 10), stalled: None, skills_due: Some(now() + TimeDelta::seconds(30)) }
}

fn cut(seconds: i64) -> LineState {
    LineState { out: Some((ago(seconds), "no route".to_owned())), into: None }
}

/// What /healthz would say.
fn told(beat: &Beat, known: &Known) -> (bool, String) {
    let parts = judge(beat, known, now());
    let line =
        |part: &PartHealth| format!("{} {}: {}", if part.ok { "ok" } else { "FAIL" }, part.part, part.detail);
    (parts.iter().all(|part| part.ok), parts.iter().map(line).collect::<Vec<_>>().join("\n"))
}

#[test]
fn steward_is_well_when_all_parts_do_their_work() {
    let (well, text) = told(&beat(&[("discord", LineState::default())]), &known());
    assert!(well, "{text}");
    assert_eq!(
        text,
        "ok pipeline: answered 5 s ago, within 12 ms\nok store: what was decided is written\nok inbox: 0 of at most 10 deliveries wait\nok scheduler: the next skill is due in 30 s\nok discord: connected"
    );
}

#[test]
fn a_pipeline_that_does_not_answer_is_stuck_only_after_its_time() {
    let mut beat = beat(&[]);
    beat.asked_at = Some(ago(20));
    assert!(told(&beat, &known()).0, "it may take so long");
    beat.asked_at = Some(ago(21));
    let (well, text) = told(&beat, &known());
    assert!(!well && text.contains("FAIL pipeline: has not answered for 21 s"), "{text}");
    beat.asked_at = None;
    beat.gone = true;
    assert!(told(&beat, &known()).1.contains("FAIL pipeline: it has ended"));
}

#[test]
fn a_store_that_takes_nothing_and_a_full_inbox_are_not_well_each_on_its_own() {
    let stalled = Known { stalled: Some("disk full\nreally".to_owned()), ..known() };
    let (well, text) = told(&beat(&[]), &stalled);
    assert!(!well && text.contains("FAIL store: can't be written (disk full really)"), "{text}");
    let (well, text) = told(&beat(&[]), &Known { inbox: (10, 10), ..known() });
    assert!(!well && text.contains("FAIL inbox: full"), "{text}");
}

#[test]
fn a_scheduler_that_did_not_begin_what_was_due_is_not_well() {
    let late = |seconds| Known { skills_due: Some(ago(seconds)), ..known() };
    assert!(told(&beat(&[]), &late(120)).0, "a burst takes its time");
    let (well, text) = told(&beat(&[]), &late(121));
    assert!(!well && text.contains("FAIL scheduler: a skill was due 2 min ago"), "{text}");
}

#[test]
fn one_platform_that_is_down_is_told_and_all_of_them_are_not_well() {
    let up = LineState::default();
    let (well, text) = told(&beat(&[("discord", cut(90)), ("telegram", up)]), &known());
    assert!(well && text.contains("ok discord: cut off for 1 min: no route"), "{text}");
    let (well, text) = told(&beat(&[("discord", cut(90)), ("telegram", cut(600))]), &known());
    assert!(!well && text.contains("FAIL discord") && text.contains("FAIL telegram"), "{text}");
    let (well, text) = told(&beat(&[("discord", cut(30))]), &known());
    assert!(well && text.contains("put off for 30 s"), "most cuts are over sooner: {text}");
    let deaf = LineState { out: None, into: Some((ago(600), "no route".to_owned())) };
    let (well, text) = told(&beat(&[("discord", deaf)]), &known());
    assert!(well && text.contains("nothing has come in for 10 min"), "it still tells: {text}");
}
