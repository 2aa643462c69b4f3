//! Checks before, after and all along.

use proptest::prelude::*;

use super::*;

fn all() -> PlannedChecks {
    PlannedChecks {
        before: vec![check("ready")],
        after: vec![check("served")],
        always: vec![check("quorum")],
    }
}

fn two() -> Vec<PlannedStep> {
    vec![step("a", Effect::Reversible), step("b", Effect::Reversible)]
}

fn safe() -> PlannedChecks {
    let backup = PlannedCheck { safety: true, ..check("backup") };
    PlannedChecks { before: vec![backup], always: vec![check("quorum")], ..PlannedChecks::default() }
}

#[test]
fn checks_are_asked_before_everything_around_each_step_and_after_everything() {
    let walk = Walk::of(plan(two(), all())).end();
    assert_eq!(
        walk.story(),
        [
            "ready before the first step",
            "quorum before step a",
            "do a",
            "quorum after step a",
            "quorum before step b",
            "do b",
            "quorum after step b",
            "served after the last step",
            "final check",
        ]
    );
    assert_eq!(*walk.outcome(), Outcome::Succeeded);
}

#[test]
fn a_step_does_not_start_before_its_checks_have_passed() {
    let mut walk = Walk::of(plan(two(), all()));
    let started = SagaEvent::Started {
        step: 0,
        attempt: 1,
        execution: walk.execution(),
        digest: "d".into(),
        captured: BTreeMap::new(),
    };
    walk.go_on();
    assert!(walk.saga.clone().apply(&started).is_err(), "it started before `quorum` was asked");
    walk.go_on();
    assert_eq!(walk.saga.clone().apply(&started), Ok(()));
}

#[test]
fn where_nothing_has_begun_a_check_that_does_not_hold_calls_it_off_and_is_no_failure() {
    for broken in ["check ready before the first step", "check quorum before step a"] {
        let walk = Walk::of(plan(two(), all())).breaking(broken).end();
        let Outcome::Cancelled { why } = walk.outcome() else { panic!("{:?}", walk.outcome()) };
        assert!(why.starts_with("nothing was begun, because the check `"), "{why}");
        assert!(why.ends_with(&format!("does not hold: {broken} failed")), "{why}");
        assert!(!walk.story().iter().any(|line| line.starts_with("do ")), "{:?}", walk.story());
    }
}

#[test]
fn an_invariant_that_breaks_half_way_stops_everything_and_takes_it_back() {
    for (broken, done) in [
        ("check quorum after step a", ["do a", "undo a"].as_slice()),
        ("check quorum before step b", &["do a", "undo a"]),
        ("check quorum after step b", &["do a", "do b", "undo b", "undo a"]),
        ("check served after the last step", &["do a", "do b", "undo b", "undo a"]),
    ] {
        let walk = Walk::of(plan(two(), all())).breaking(broken).end();
        let story = walk.story();
        let did: Vec<_> =
            story.iter().filter(|line| line.starts_with("do ") || line.starts_with("undo ")).collect();
        assert_eq!(did, done, "{broken}");
        let Outcome::Unwound { why } = walk.outcome() else { panic!("{broken}: {:?}", walk.outcome()) };
        assert!(why.contains("does not hold"), "{why}");
    }
}

#[test]
fn on_the_way_back_invariants_are_noted_and_stop_nothing() {
    let walk = Walk::of(plan(two(), all()))
        .breaking("check quorum after step b")
        .breaking("check quorum after step b was taken back")
        .end();
    assert!(walk.story().ends_with(&[
        "undo b".into(),
        "quorum after step b was taken back".into(),
        "undo a".into(),
        "quorum after step a was taken back".into(),
    ]));
    assert!(matches!(walk.outcome(), Outcome::Unwound { .. }));
}

#[test]
fn a_check_that_cannot_be_read_counts_as_one_that_does_not_hold() {
    let mut walk = Walk::of(plan(two(), all()));
    let Next::Guard(point, check) = walk.next() else { panic!() };
    let verdict = CheckVerdict::Unreadable("its time was up".into());
    walk.commit(SagaEvent::Guarded { point, name: check.name, at: walk.now, verdict });
    let walk = walk.end();
    let Outcome::Cancelled { why } = walk.outcome() else { panic!("{:?}", walk.outcome()) };
    assert!(why.contains("it can't be told whether the check `ready` holds: its time was up"), "{why}");
}

#[test]
fn a_broken_invariant_after_what_cannot_be_taken_back_is_stuck() {
    let steps = vec![step("wipe", Effect::Irreversible), step("b", Effect::Restorative)];
    let walk = Walk::of(plan(steps, all())).breaking("check quorum after step wipe").end();
    assert!(matches!(walk.outcome(), Outcome::Stuck { .. }), "{:?}", walk.outcome());
}

#[test]
fn each_further_attempt_waits_for_the_invariants_once_more() {
    let again = PlannedStep {
        attempts: 2,
        idempotent: true,
        backoff: Duration::from_secs(30),
        ..step("a", Effect::Restorative)
    };
    let checks = PlannedChecks { always: vec![check("quorum")], ..PlannedChecks::default() };
    let walk = Walk::of(plan(vec![again], checks)).breaking("see a").end();
    assert_eq!(walk.story(), ["quorum before step a", "do a", "quorum before step a", "do a"]);
}

#[test]
fn a_safety_check_is_asked_again_right_before_each_irreversible_step_and_before_no_other() {
    let steps = vec![step("a", Effect::Restorative), step("wipe", Effect::Irreversible)];
    let walk = Walk::of(plan(steps, safe())).end();
    assert_eq!(
        walk.story(),
        [
            "backup before the first step",
            "quorum before step a",
            "do a",
            "quorum after step a",
            "quorum before step wipe",
            "backup before step wipe",
            "do wipe",
            "quorum after step wipe",
            "final check",
        ]
    );
}

#[test]
fn a_step_may_rely_on_a_safety_check_only_right_after_that_passed_for_it() {
    let steps = vec![step("a", Effect::Restorative), step("wipe", Effect::Irreversible)];
    let mut walk = Walk::of(plan(steps, safe()));
    while walk.next() != Next::Start(1) {
        assert_eq!(walk.saga.safety_passed(1), None, "{:?}", walk.story());
        assert_eq!(walk.saga.safety_passed(0), None, "what can be had back needs no safety check");
        walk.go_on();
    }
    let passed = walk.saga.safety_passed(1).unwrap();
    assert!(is_fresh(passed, walk.now));
    assert!(!is_fresh(passed, walk.now + TimeDelta::minutes(6)), "a backup of then says little of now");
    assert!(
        !is_fresh(passed, passed - TimeDelta::seconds(1)),
        "of a clock that was set back, nothing is known"
    );
    walk.let_go(1, Part::Run);
    assert_eq!(walk.saga.safety_passed(1), None);
}

#[test]
fn after_a_long_break_everything_before_a_step_is_asked_anew() {
    let steps = vec![step("a", Effect::Restorative), step("wipe", Effect::Irreversible)];
    let mut walk = Walk::of(plan(steps, safe()));
    while walk.next() != Next::Start(0) {
        walk.go_on();
    }
    walk.now += TimeDelta::minutes(6);
    walk.go_on();
    assert_eq!(walk.story().last().unwrap(), "backup before the first step");
    while walk.next() != Next::Start(1) {
        walk.go_on();
    }
    walk.now += TimeDelta::minutes(6);
    walk.go_on();
    assert_eq!(walk.story().last().unwrap(), "quorum before step wipe", "{:?}", walk.story());
    assert_eq!(walk.saga.safety_passed(1), None, "the old answer counts for nothing");
    assert_eq!(*walk.end().outcome(), Outcome::Succeeded);
}

#[test]
fn a_crash_at_the_gate_asks_the_checks_anew() {
    let mut walk = Walk::of(plan(two(), all()));
    while walk.next() != Next::Start(0) {
        walk.go_on();
    }
    let execution = walk.execution();
    let digest = String::from("d");
    walk.commit(SagaEvent::Started { step: 0, attempt: 1, execution, digest, captured: BTreeMap::new() });
    let event = walk.saga.interrupted().unwrap();
    walk.commit(event);
    let Next::Guard(Point::Before, check) = walk.next() else { panic!("{:?}", walk.next()) };
    assert_eq!(check.name, "ready");
}

#[test]
fn an_answer_to_what_was_not_asked_is_refused() {
    let walk = Walk::of(plan(two(), all()));
    let event =
        |point, name: &str, verdict| SagaEvent::Guarded { point, name: name.into(), at: walk.now, verdict };
    for wrong in [
        event(Point::Before, "quorum", CheckVerdict::Passed),
        event(Point::BeforeStep { step: 0 }, "quorum", CheckVerdict::Passed),
        event(Point::After, "served", CheckVerdict::Passed),
        event(Point::AfterUndo { step: 7 }, "quorum", CheckVerdict::Passed),
        event(Point::Before, "ready", CheckVerdict::Deferred),
    ] {
        assert!(walk.saga.clone().apply(&wrong).is_err(), "{wrong:?} passed");
    }
}

#[test]
fn names_are_unique_and_a_safety_check_stands_before_what_it_is_for() {
    let twice = PlannedChecks { before: vec![check("x")], always: vec![check("x")], ..all() };
    assert_eq!(plan(two(), twice).check(), Err(PlanError::CheckedTwice("x".into())));
    let late = PlannedChecks { after: vec![PlannedCheck { safety: true, ..check("x") }], ..all() };
    assert_eq!(plan(two(), late).check(), Err(PlanError::LateSafety("x".into())));
}

fn effects() -> impl Strategy<Value = Vec<Effect>> {
    let effect = prop::sample::select(vec![
        Effect::Read,
        Effect::Restorative,
        Effect::Reversible,
        Effect::Irreversible,
    ]);
    prop::collection::vec(effect, 1..4)
}

/// What may be answered at one turn.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Well,
    Badly,
    Unreadably,
    /// Steward dies and is back after this many seconds.
    Away(i64),
    CalledOff,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        12 => Just(Turn::Well),
        1 => Just(Turn::Badly),
        1 => Just(Turn::Unreadably),
        1 => (0..1000_i64).prop_map(Turn::Away),
        1 => Just(Turn::CalledOff),
    ];
    prop::collection::vec(turn, 0..60)
}

/// Plays one turn; what crashes in mid-step is settled as a start would.
fn play(walk: &mut Walk, turn: Turn) {
    let verdict = match turn {
        Turn::Badly => CheckVerdict::Failed("badly".into()),
        Turn::Unreadably => CheckVerdict::Unreadable("unreadably".into()),
        _ => CheckVerdict::Passed,
    };
    let code = i32::from(verdict != CheckVerdict::Passed);
    if let Turn::Away(seconds) = turn {
        walk.now += TimeDelta::seconds(seconds);
    }
    if matches!(turn, Turn::CalledOff) && walk.saga.can_be_cancelled() {
        return walk.commit(SagaEvent::CancelRequested { why: "off".into() });
    }
    let away = matches!(turn, Turn::Away(_));
    match walk.next() {
        Next::Start(step) if away => {
            walk.let_go(step, Part::Run);
            walk.ended(step, Part::Run, End::Unknown);
        }
        Next::Undo(step) => {
            walk.let_go(step, Part::Undo);
            walk.ended(step, Part::Undo, if away { End::Unknown } else { End::Code(code) });
        }
        Next::Verify(step) => walk.commit(SagaEvent::Verified { step, verdict }),
        Next::Guard(point, check) => {
            let at = walk.now;
            walk.commit(SagaEvent::Guarded { point, name: check.name, at, verdict });
        }
        Next::FinalCheck => walk.commit(SagaEvent::Checked { verdict }),
        _ => walk.go_on(),
    }
}

/// No step began but right after everything had passed that must hold before it.
fn starts_are_guarded(walk: &Walk) {
    let plan = walk.saga.plan();
    for (index, event) in walk.log.iter().enumerate() {
        let SagaEvent::Started { step, .. } = event else { continue };
        let mut wanted: Vec<&str> = plan.checks.always.iter().map(|check| check.name.as_str()).collect();
        if plan.steps[*step].effect == Effect::Irreversible {
            wanted.extend(plan.checks.safety().map(|check| check.name.as_str()));
        }
        for (name, event) in wanted.iter().rev().zip(walk.log[..index].iter().rev()) {
            let point = Point::BeforeStep { step: *step };
            let passed = matches!(event, SagaEvent::Guarded { point: at, name: of, verdict: CheckVerdict::Passed, .. }
                if *at == point && of == name);
            assert!(passed, "step {step} began after {event:?} instead of {name}: {:#?}", walk.log);
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_answered_it_ends_replays_and_starts_nothing_unguarded(
        effects in effects(), turns in turns(), guarded in any::<bool>(),
    ) {
        let named = effects.iter().enumerate().map(|(i, effect)| step(&format!("s{i}"), *effect)).collect();
        let checks = PlannedChecks { after: vec![check("served")], ..safe() };
        let mut walk = Walk::of(plan(named, if guarded { checks } else { PlannedChecks::default() }));
        for turn in turns {
            if walk.saga.outcome().is_some() {
                break;
            }
            play(&mut walk, turn);
        }
        let walk = walk.end();
        starts_are_guarded(&walk);
        let mut again = Saga::new(walk.saga.id(), walk.saga.plan().clone()).unwrap();
        let broken_at = walk.log.iter().position(|event| matches!(event,
            SagaEvent::Guarded { verdict: CheckVerdict::Failed(_) | CheckVerdict::Unreadable(_), .. }));
        for (index, event) in walk.log.iter().enumerate() {
            again.apply(event).unwrap();
            let begins = matches!(event, SagaEvent::Started { .. });
            prop_assert!(!begins || broken_at.is_none_or(|at| index < at), "it began after a check had failed");
        }
        prop_assert_eq!(&again, &walk.saga);
        let touched = walk.saga.steps().iter().any(|state| state.let_go);
        prop_assert!(touched || matches!(walk.outcome(), Outcome::Cancelled { .. }), "{:?}", walk.outcome());
    }
}
