//! Steps that wait for what earlier steps captured.

use super::*;

/// Looks which disk is spare; then one that needs to know.
fn steps() -> Vec<PlannedStep> {
    let hold = PlannedStep {
        captures: vec![("spare".into(), run("pool spare"))],
        ..step("hold", Effect::Reversible)
    };
    let attach = PlannedStep {
        captures: vec![("mode".into(), run("pool mode {{capture.spare}}"))],
        run: run("pool attach {{capture.spare}}"),
        verify: PlannedVerify::Command(run("pool has {{capture.spare}}")),
        undo: Some(run("pool detach {{capture.spare}} {{capture.mode}}")),
        effect: Effect::Irreversible,
        late: true,
        ..step("attach", Effect::Irreversible)
    };
    vec![hold, attach]
}

fn begun() -> Walk {
    let mut walk = Walk::of(plan(steps(), PlannedChecks::default()));
    while walk.next() != Next::Fill(1) {
        walk.go_on();
    }
    walk
}

fn filled(walk: &Walk) -> PlannedStep {
    walk.saga.filling(1).unwrap()
}

fn event(filled: PlannedStep) -> SagaEvent {
    SagaEvent::Filled { step: 1, filled: Box::new(filled), approval: None }
}

#[test]
fn from_its_values_on_the_filled_commands_are_the_step_for_its_run_its_undo_and_for_taking_it_back() {
    let mut walk = begun();
    walk.commit(event(filled(&walk)));
    let now = &walk.saga.plan().steps[1];
    assert_eq!(now.run.to_string(), "pool attach 'old spare'");
    assert_eq!(now.captures[0].1.to_string(), "pool mode 'old spare'");
    assert_eq!(
        now.verify,
        PlannedVerify::Command(Action::local(vec!["pool".into(), "has".into(), "old spare".into()]))
    );
    assert_eq!(
        now.undo_captures().unwrap().into_iter().collect::<Vec<_>>(),
        ["mode"],
        "its own is still to come"
    );
    let walk = walk.end();
    assert_eq!(*walk.outcome(), Outcome::Succeeded);
    let back = take_back(&walk.saga).unwrap();
    assert_eq!(back.steps[0].run.to_string(), "pool detach 'old spare' 'old mode'");

    let mut replayed = Saga::new(walk.saga.id(), plan(steps(), PlannedChecks::default())).unwrap();
    walk.log.iter().for_each(|event| replayed.apply(event).unwrap());
    assert_eq!(replayed, walk.saga, "the log has all of it");
}

#[test]
fn nothing_begins_before_the_values_are_known_and_nothing_but_them_is_filled_in() {
    let mut walk = begun();
    let execution = walk.execution();
    let captured = [("mode".to_owned(), "x".to_owned())].into();
    let start = SagaEvent::Started { step: 1, attempt: 1, execution, digest: "d".into(), captured };
    assert!(walk.saga.apply(&start).is_err(), "a template never runs");
    let due = filled(&walk);
    for other in [
        PlannedStep { run: run("pool attach sdx"), ..due.clone() },
        PlannedStep { undo: None, ..due.clone() },
        PlannedStep { verify: PlannedVerify::Check, ..due.clone() },
        PlannedStep { attempts: 5, ..due.clone() },
        steps().remove(1),
    ] {
        assert!(walk.saga.apply(&event(other.clone())).is_err(), "{other:?} passed");
    }
    let unfit = PlannedStep { effect: Effect::Restorative, verify: PlannedVerify::None, ..due.clone() };
    assert!(walk.saga.apply(&event(unfit)).is_err());
    walk.commit(event(PlannedStep { effect: Effect::Restorative, asked: true, ..due.clone() }));
    assert!(walk.saga.apply(&event(due)).is_err(), "once is enough");
    walk.saga.apply(&start).unwrap();
}

#[test]
fn a_late_step_that_is_refused_unwinds_what_was_done_before_it() {
    let mut walk = begun();
    let why = "alex said no".to_owned();
    walk.commit(SagaEvent::Refused { step: 1, part: Part::Run, why });
    let walk = walk.end();
    assert_eq!(*walk.outcome(), Outcome::Unwound { why: "step `attach`: alex said no".into() });
    assert!(walk.story().contains(&"undo hold".to_owned()), "{:?}", walk.story());
}

#[test]
fn what_must_hold_is_asked_between_the_values_and_the_step_and_again_after_a_long_wait() {
    let safe = PlannedCheck { safety: true, ..check("backup") };
    let checks =
        PlannedChecks { before: vec![safe], always: vec![check("quorum")], ..PlannedChecks::default() };
    let mut walk = Walk::of(plan(steps(), checks));
    while walk.next() != Next::Fill(1) {
        walk.go_on();
    }
    let last = walk.log.iter().rev().find_map(|event| match event {
        SagaEvent::Guarded { point, .. } => Some(*point),
        _ => None,
    });
    assert_eq!(
        last,
        Some(Point::AfterStep { step: 0 }),
        "before people are asked, the step before is checked"
    );
    walk.now += TimeDelta::minutes(25);
    walk.commit(event(PlannedStep { effect: Effect::Irreversible, ..filled(&walk) }));
    let mut asked = Vec::new();
    while let Next::Guard(point, check) = walk.next() {
        asked.push((point, check.name));
        walk.go_on();
    }
    let before = Point::BeforeStep { step: 1 };
    assert_eq!(asked, [(before, "quorum".to_owned()), (before, "backup".to_owned())]);
    assert_eq!(walk.next(), Next::Start(1));
}

#[test]
fn a_value_that_a_program_would_read_as_a_flag_is_not_filled_in() {
    let mut walk = Walk::of(plan(steps(), PlannedChecks::default()));
    let execution = walk.execution();
    let captured = [("spare".to_owned(), "--force".to_owned())].into();
    walk.commit(SagaEvent::Started { step: 0, attempt: 1, execution, digest: "d".into(), captured });
    let why = walk.saga.filling(1).unwrap_err().to_string();
    assert!(why.contains("a program would read as a flag"), "{why}");
}

#[test]
fn a_plan_whose_late_step_waits_for_what_no_earlier_step_captures_is_refused() {
    let [hold, attach] = <[PlannedStep; 2]>::try_from(steps()).unwrap();
    let refusal = |steps: Vec<PlannedStep>| plan(steps, PlannedChecks::default()).check().unwrap_err();
    let turned = refusal(vec![attach.clone(), hold.clone()]).to_string();
    assert!(turned.contains("`attach`") && turned.contains("`{{ capture.spare }}` has no value"), "{turned}");
    let own = PlannedStep { run: run("pool attach {{capture.mode}}"), ..attach.clone() };
    assert!(matches!(refusal(vec![hold.clone(), own]), PlanError::Late { .. }));
    let again = PlannedStep { captures: hold.captures.clone(), undo: None, ..attach.clone() };
    assert!(matches!(refusal(vec![hold.clone(), again]), PlanError::CapturedTwice { .. }));
    assert_eq!(plan(vec![hold, attach], PlannedChecks::default()).check(), Ok(()));
}
