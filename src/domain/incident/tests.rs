use super::*;
use crate::domain::ids::RemediationId;
use crate::domain::remediation::Outcome;
use chrono::{TimeDelta, TimeZone, Utc};
use proptest::prelude::*;
use ulid::Ulid;

fn at(second: i64) -> Timestamp {
    Utc.timestamp_opt(1_800_000_000, 0).unwrap() + TimeDelta::seconds(second)
}

fn problem(target: &str) -> Problem {
    Problem { target: Target::parse(target).unwrap(), signature: Signature::parse("down").unwrap() }
}

fn opened(target: &str) -> Event {
    Event::Opened {
        problem: problem(target),
        origin: Origin::Skill("ping".into()),
        severity: Severity::Error,
        summary: format!("{target} is down"),
        impact: None,
        evidence: String::new(),
        root: Target::parse(target).unwrap(),
        why: "first to be seen".into(),
        sorted_by_hand: false,
        request: None,
    }
}

fn incident(events: &[Event]) -> Result<Incident, IllegalEvent> {
    let timeline: Vec<_> = events
        .iter()
        .zip(1..)
        .map(|(event, seq)| Record { seq, at: at(seq as i64), event: event.clone() })
        .collect();
    Incident::fold(IncidentId(Ulid::from_parts(1, 1)), 1, &timeline).map(|i| i.expect("begins with Opened"))
}

fn repair(n: u64) -> RemediationId {
    RemediationId(Ulid::from_parts(n, n.into()))
}

fn started(n: u64) -> Event {
    Event::RepairStarted {
        remediation: repair(n),
        runbook: "restart".into(),
        title: "Restart".into(),
        why: String::new(),
        reversible: true,
        written: None,
    }
}

fn ended(n: u64, outcome: Outcome) -> Event {
    Event::RepairEnded { remediation: repair(n), runbook: "restart".into(), outcome }
}

fn recovery() -> Event {
    Event::Mitigated { by: Mitigation::Recovery }
}

fn gone() -> Event {
    Event::Recovered { problem: problem("nas") }
}

fn back(occurrence: bool) -> Event {
    Event::Reopened { problem: problem("nas"), summary: "down again".into(), occurrence }
}

fn resolved() -> Event {
    Event::Resolved { verified: true, why: "the check passed".into() }
}

#[test]
fn the_table_of_transitions_is_exactly_the_documented_one() {
    let legal: Vec<String> = State::ALL
        .iter()
        .flat_map(|from| {
            State::ALL.iter().filter(|to| from.may_become(**to)).map(move |to| format!("{from}→{to}"))
        })
        .collect();
    assert_eq!(
        legal,
        [
            "open→remediating",
            "open→mitigated",
            "open→merged",
            "remediating→open",
            "remediating→mitigated",
            "remediating→stuck",
            "remediating→merged",
            "mitigated→open",
            "mitigated→resolved",
            "mitigated→merged",
            "resolved→open",
            "resolved→closed",
            "resolved→merged",
            "stuck→open",
            "stuck→mitigated",
            "stuck→merged",
        ]
    );
}

#[test]
fn a_repaired_incident_goes_through_mitigated_to_resolved_and_closed() {
    let story = [
        opened("nas"),
        started(1),
        gone(),
        ended(1, Outcome::Succeeded),
        Event::Mitigated { by: Mitigation::Repair { runbook: "restart".into(), remediation: repair(1) } },
        resolved(),
        Event::Closed,
    ];
    let states: Vec<_> = (1..=story.len()).map(|n| incident(&story[..n]).unwrap().state.as_str()).collect();
    assert_eq!(
        states,
        ["open", "remediating", "remediating", "remediating", "mitigated", "resolved", "closed"]
    );
}

#[test]
fn a_return_counts_as_an_occurrence_only_where_it_is_one() {
    let flapped = incident(&[opened("nas"), gone(), recovery(), back(false)]).unwrap();
    assert_eq!((flapped.occurrences, flapped.bounces.len(), flapped.state), (1, 1, State::Open));
    let returned = incident(&[opened("nas"), gone(), recovery(), resolved(), back(true)]).unwrap();
    assert_eq!((returned.occurrences, returned.bounces.len(), returned.state), (2, 0, State::Open));
}

#[test]
fn nothing_resolves_while_something_is_active_and_nothing_leaves_closed() {
    assert!(incident(&[opened("nas"), resolved()]).is_err());
    assert!(incident(&[opened("nas"), recovery()]).is_err(), "still active");
    let closed = [opened("nas"), gone(), recovery(), resolved(), Event::Closed];
    for next in [back(true), started(1), Event::Acknowledged { by: "alex".into() }] {
        let mut story = closed.to_vec();
        story.push(next);
        assert!(incident(&story).is_err());
    }
}

#[test]
fn what_is_stuck_moves_only_by_a_person_or_a_passing_check() {
    let stuck = [opened("nas"), started(1), ended(1, Outcome::Stuck { why: "undo failed".into() })];
    assert_eq!(incident(&stuck).unwrap().state, State::Stuck);
    let with = |next: &[Event]| incident(&[&stuck[..], next].concat()).map(|i| i.state);
    assert!(with(&[started(2)]).is_err());
    assert_eq!(with(&[Event::Cleared { by: "alex".into() }]), Ok(State::Open));
    assert_eq!(with(&[gone(), recovery()]), Ok(State::Mitigated));
}

#[test]
fn a_split_takes_members_out_but_never_the_last() {
    let joined = Event::Joined {
        problem: problem("web"),
        origin: Origin::Skill("ping".into()),
        severity: Severity::Error,
        summary: "web is down".into(),
        impact: None,
        evidence: String::new(),
        why: "depends on nas".into(),
        score: None,
    };
    let split = |problems: Vec<Problem>| Event::Split {
        problems,
        into: 2,
        root: problem("nas").target,
        by: "alex".into(),
    };
    let left = incident(&[opened("nas"), joined.clone(), split(vec![problem("web")])]).unwrap();
    assert_eq!(left.members.len(), 1);
    assert!(incident(&[opened("nas"), joined, split(vec![problem("web"), problem("nas")])]).is_err());
}

/// An incident whose repair 1 worked, and is being taken back by run 7.
fn being_undone() -> Vec<Event> {
    vec![
        opened("nas"),
        started(1),
        gone(),
        ended(1, Outcome::Succeeded),
        Event::Mitigated { by: Mitigation::Repair { runbook: "restart".into(), remediation: repair(1) } },
        undo(1),
    ]
}

fn undo(of: u64) -> Event {
    Event::UndoStarted {
        remediation: repair(7),
        of: repair(of),
        runbook: "undo of restart".into(),
        by: "alex".into(),
    }
}

fn undo_step(changed: bool) -> Event {
    Event::RepairStep { remediation: repair(7), text: "ran it".into(), changed }
}

fn undo_ended(outcome: Outcome) -> Event {
    Event::UndoEnded { remediation: repair(7), runbook: "undo of restart".into(), outcome }
}

#[test]
fn what_was_taken_back_or_half_way_is_not_taken_back_again_and_what_was_never_begun_is() {
    let why = || "no".to_owned();
    let after = |events: &[Event]| incident(&[being_undone(), events.to_vec()].concat()).unwrap();
    let (unwound, stuck) = (Outcome::Unwound { why: why() }, Outcome::Stuck { why: why() });
    for (events, half) in [
        (vec![undo_step(true), undo_ended(Outcome::Succeeded)], false),
        (vec![undo_step(true), undo_ended(unwound.clone())], true),
        (vec![undo_ended(stuck)], true),
    ] {
        let incident = after(&events);
        assert_eq!(incident.undoable(), None, "{events:?}");
        let repair = &incident.repairs[0];
        assert_eq!((repair.undone_by.as_deref(), repair.half_undone), (Some("alex"), half), "{events:?}");
        assert_eq!(incident.mitigated_by, None, "the calm is no longer its work: {events:?}");
    }
    let untouched = after(&[undo_step(false), undo_ended(unwound)]);
    assert!(untouched.undoable().is_some() && untouched.is_calmed_by(repair(1)));
    assert_eq!(untouched.all_taken_back().count(), 0);
}

#[test]
fn beneath_a_repair_that_got_stuck_nothing_is_taken_back_and_beneath_one_that_was_unwound_it_is() {
    let later = |outcome: Outcome| {
        let story = [being_undone()[..5].to_vec(), vec![back(true), started(2), ended(2, outcome)]];
        incident(&story.concat()).unwrap()
    };
    let undoable = |incident: &Incident| incident.undoable().map(|found| found.remediation);
    assert_eq!(undoable(&later(Outcome::Stuck { why: "half".into() })), None);
    assert_eq!(undoable(&later(Outcome::Unwound { why: "no".into() })), Some(repair(1)));
}

#[test]
fn what_people_did_not_want_goes_with_an_incident_into_another() {
    let undone = incident(&[being_undone(), vec![undo_ended(Outcome::Succeeded)]].concat()).unwrap();
    let absorbed = Event::Absorbed {
        incident: undone.id,
        number: 1,
        members: undone.members.clone(),
        severity: undone.severity,
        why: "one fault".into(),
        declined: vec!["vacuum".into()],
        taken_back: undone.all_taken_back().collect(),
    };
    let survivor = incident(&[opened("web"), absorbed]).unwrap();
    assert_eq!(survivor.declined, ["vacuum"]);
    let taken_back: Vec<_> = survivor.all_taken_back().collect();
    assert_eq!(taken_back, [TakenBack { runbook: "restart".into(), by: "alex".into() }]);
}

fn any_event() -> impl Strategy<Value = Event> {
    let target = prop_oneof![Just("nas"), Just("web"), Just("db")];
    let outcome = prop_oneof![
        Just(Outcome::Succeeded),
        Just(Outcome::Deferred),
        Just(Outcome::Unwound { why: "no".into() }),
        Just(Outcome::Stuck { why: "no".into() }),
        Just(Outcome::Cancelled { why: "no".into() })
    ];
    (0..16_u8, target, any::<bool>(), 1..4_u64, outcome).prop_map(|(kind, target, flag, n, outcome)| {
        let p = problem(target);
        match kind {
            0 | 1 => Event::Recovered { problem: p },
            2 => Event::Returned { problem: p, summary: "again".into() },
            3 => Event::Reopened { problem: p, summary: "again".into(), occurrence: flag },
            4 => started(n),
            5 | 6 => ended(n, outcome),
            7 => recovery(),
            8 => Event::Mitigated { by: Mitigation::Repair { runbook: "r".into(), remediation: repair(n) } },
            9 => resolved(),
            10 => Event::Closed,
            11 => Event::Cleared { by: "a".into() },
            12 => Event::MergedInto {
                incident: IncidentId(Ulid::from_parts(9, 9)),
                number: 9,
                why: String::new(),
            },
            13 => Event::RootMoved { root: p.target, why: String::new() },
            14 => Event::Flapping { bounces: 5, window_secs: 60 },
            _ => Event::Joined {
                problem: p,
                origin: Origin::Steward,
                severity: Severity::Critical,
                summary: String::new(),
                impact: None,
                evidence: String::new(),
                why: String::new(),
                score: None,
            },
        }
    })
}

proptest! {
    #[test]
    fn whatever_happens_the_state_moves_only_along_the_table_and_a_refusal_changes_nothing(
        events in prop::collection::vec(any_event(), 0..60)
    ) {
        let mut now = incident(&[opened("nas")]).unwrap();
        let mut timeline = vec![Record { seq: 1, at: at(1), event: opened("nas") }];
        for event in events {
            let record = Record { seq: now.last_seq + 1, at: at(now.last_seq as i64 + 1), event };
            let before = now.clone();
            match now.apply(&record) {
                Ok(()) => {
                    prop_assert!(before.state == now.state || before.state.may_become(now.state));
                    prop_assert!(now.state != State::Resolved || !now.is_active());
                    timeline.push(record);
                }
                Err(_) => prop_assert_eq!(&before, &now),
            }
        }
        let text = serde_json::to_string(&timeline).unwrap();
        let again: Vec<Record> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(Incident::fold(now.id, now.number, &again).unwrap().unwrap(), now);
    }
}
