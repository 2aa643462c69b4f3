//! The way back from what has succeeded.

use super::*;

fn quota() -> PlannedStep {
    PlannedStep {
        captures: vec![("old".into(), run("zfs get quota")), ("other".into(), run("zfs get other"))],
        undo: Some(run("zfs set quota={{capture.old}}")),
        ..step("quota", Effect::Reversible)
    }
}

fn succeeded(steps: Vec<PlannedStep>) -> Saga {
    let walk = Walk::of(plan(steps, PlannedChecks::default())).end();
    assert_eq!(*walk.outcome(), Outcome::Succeeded);
    walk.saga
}

#[test]
fn what_changed_something_is_taken_back_the_newest_first_with_what_was_captured() {
    let saga = succeeded(vec![
        quota(),
        step("look", Effect::Read),
        step("restart", Effect::Restorative),
        step("detach", Effect::Reversible),
    ]);
    let back = take_back(&saga).unwrap();
    assert_eq!((back.runbook.as_str(), back.undoes), ("undo of mend", Some(saga.id())));
    let lines: Vec<_> = back.steps.iter().map(|step| (step.name.as_str(), step.run.to_string())).collect();
    assert_eq!(
        lines,
        [("undo detach", "undo detach".into()), ("undo quota", "zfs set 'quota=old old'".to_owned())]
    );
    assert_eq!(back.steps[0].verify, PlannedVerify::ExitCode);
    let old = Reading { name: "old".into(), read: run("zfs get quota"), value: "old old".into() };
    assert_eq!(
        back.steps[1].verify,
        PlannedVerify::ReadsAs(vec![old]),
        "only what the undo restores is read"
    );
    assert!(back.steps.iter().all(|step| step.undo.is_none() && step.tries() == 1));
    assert_eq!(back.check(), Ok(()));
}

#[test]
fn what_can_not_be_taken_back_says_why() {
    let wipe = vec![step("detach", Effect::Reversible), step("wipe", Effect::Irreversible)];
    assert_eq!(take_back(&succeeded(wipe)), Err(WhyNot::ForGood("wipe".into())));
    let restart = vec![step("look", Effect::Read), step("restart", Effect::Restorative)];
    assert_eq!(take_back(&succeeded(restart)), Err(WhyNot::Nothing));
    let failed = Walk::of(plan(vec![quota()], PlannedChecks::default())).breaking("see quota").end();
    assert_eq!(take_back(&failed.saga), Err(WhyNot::NotSucceeded));
    let begun = Walk::of(plan(vec![quota()], PlannedChecks::default()));
    assert_eq!(take_back(&begun.saga), Err(WhyNot::NotSucceeded));
}

#[test]
fn an_undo_succeeds_with_its_steps_and_does_not_ask_whether_the_problem_is_gone() {
    let back = take_back(&succeeded(vec![quota(), step("detach", Effect::Reversible)])).unwrap();
    let walk = Walk::of(back).breaking("final").end();
    assert_eq!(walk.story(), ["do undo detach", "do undo quota"]);
    assert_eq!(*walk.outcome(), Outcome::Succeeded);
}

#[test]
fn an_undo_that_does_not_work_or_whose_end_nobody_saw_is_stuck() {
    let back = || Walk::of(take_back(&succeeded(vec![quota()])).unwrap());
    let failed = back().breaking("see undo quota").end();
    assert!(matches!(failed.outcome(), Outcome::Stuck { .. }), "{:?}", failed.outcome());
    let mut unseen = Walk::of(take_back(&succeeded(vec![step("detach", Effect::Reversible)])).unwrap());
    unseen.let_go(0, Part::Run);
    unseen.ended(0, Part::Run, End::Unknown);
    let unseen = unseen.end();
    assert!(matches!(unseen.outcome(), Outcome::Stuck { .. }), "{:?}", unseen.outcome());
}
