use std::path::PathBuf;

use ulid::Ulid;

use super::*;
use crate::domain::action::{BlastRadius, Effect};
use crate::domain::approval::ApprovalState;
use crate::domain::ids::{ApprovalId, ExecutionId, IncidentId};
use crate::domain::remediation::{PlannedStep, PlannedVerify, Process};
use crate::domain::signal::Problem;
use crate::domain::target::{Signature, Target};

const RUN: &str = "zfs set quota=9G tank";
const UNDO: &str = "zfs set quota={{ capture.old }} tank";
const LOOK: &str = "zfs get quota tank";

fn action(line: &str) -> Action {
    let line = line.replace("{{ capture.old }}", "{{\u{0}capture.old\u{0}}}");
    Action::local(line.split(' ').map(|word| word.replace('\u{0}', " ")).collect())
}

const STEP: Purpose = Purpose::Step { safety_checked: false };

fn shown(line: &str, purpose: Purpose) -> ApprovedAction {
    ApprovedAction {
        action: action(line),
        digest: String::new(),
        effect: Effect::Irreversible,
        blast_radius: BlastRadius::Host,
        reasons: Vec::new(),
        undo: None,
        purpose: (purpose != STEP).then(|| "to …".to_owned()),
        looks: purpose == Purpose::Look,
        late: false,
        executable: None,
    }
}

fn approval() -> Approval {
    let step = PlannedStep {
        name: "quota".into(),
        captures: vec![("old".into(), action(LOOK))],
        run: action(RUN),
        verify: PlannedVerify::Check,
        undo: Some(action(UNDO)),
        effect: Effect::Irreversible,
        timeout: std::time::Duration::from_secs(1),
        attempts: 3,
        backoff: std::time::Duration::ZERO,
        idempotent: true,
        asked: true,
        late: false,
    };
    Approval {
        id: ApprovalId(Ulid::from(1_u128)),
        number: 7,
        incident: IncidentId(Ulid::from(2_u128)),
        problem: Problem {
            target: Target::parse("tank").unwrap(),
            signature: Signature::parse("full").unwrap(),
        },
        of_step: None,
        runbook: "quota".into(),
        plan: Plan::new("quota".into(), vec![step]),
        actions: vec![shown(LOOK, Purpose::Look), shown(RUN, STEP), shown(UNDO, Purpose::Undo)],
        state: ApprovalState::Approved,
        requested_at: Timestamp::UNIX_EPOCH,
        expires_at: Timestamp::UNIX_EPOCH,
        decided_by: None,
        needed: 1,
        yes: Vec::new(),
        title: None,
        by_agent: false,
        proposed_by: String::new(),
    }
}

fn executable() -> Executable {
    Executable { path: PathBuf::from("/usr/sbin/zfs"), sha256: "0".repeat(64) }
}

#[test]
fn each_command_that_changes_something_is_good_for_one_use_and_what_looks_for_many() {
    let (policy, approval) = (Policy::shipped().unwrap(), approval());
    let permits = Permits::unused(&approval);
    let spend = |line: &str, purpose: Purpose| {
        permits
            .spend(&action(line), purpose, &executable(), &policy, Timestamp::UNIX_EPOCH)
            .map(|grant| grant.digest)
    };
    assert!(spend(LOOK, Purpose::Look).is_ok() && spend(LOOK, Purpose::Look).is_ok());
    assert_eq!(spend(RUN, STEP), Ok(policy.digest(&action(RUN))));
    assert_eq!(spend(RUN, STEP), Err(format!("approval 7 was used for `{RUN}` already")));
    let filled = "zfs set quota=9G tank";
    let grant = spend(filled, Purpose::Undo);
    assert_eq!(grant, Ok(policy.digest(&action(filled))), "the grant is for what was filled in");
    let other = spend("zfs set quota=6G tank", Purpose::Undo);
    assert!(other.unwrap_err().contains("was used"), "and for no second filling");
}

#[test]
fn a_step_that_looks_like_its_own_undo_does_not_run_again_on_the_permission_for_that() {
    let approval = approval();
    let permits = Permits::unused(&approval);
    let (policy, now) = (Policy::shipped().unwrap(), Timestamp::UNIX_EPOCH);
    assert!(permits.spend(&action(RUN), STEP, &executable(), &policy, now).is_ok());
    assert!(permits.covers(&action(RUN), STEP).is_err());
    assert!(permits.covers(&action(RUN), Purpose::Undo).is_ok(), "the way back is still open");
    assert!(
        permits.covers(&action(LOOK), STEP).is_err() && permits.covers(&action(RUN), Purpose::Look).is_err()
    );
}

#[test]
fn what_did_not_begin_because_it_waited_too_long_gives_its_use_back_once() {
    let (policy, approval) = (Policy::shipped().unwrap(), approval());
    let permits = Permits::new(&approval, &approval.plan, &[], |_| true);
    let spend = || permits.spend(&action(RUN), STEP, &executable(), &policy, Timestamp::UNIX_EPOCH);
    assert!(spend().is_ok() && spend().is_err());
    permits.give_back(&action(RUN), STEP);
    assert!(spend().is_ok() && spend().is_err());
    permits.give_back(&action(RUN), Purpose::Undo);
    assert!(spend().is_err(), "a step's use came back with that of its undo");
}

#[test]
fn a_command_that_was_let_go_before_a_restart_is_used_up_and_one_that_only_started_is_not() {
    let approval = approval();
    let execution = ExecutionId(Ulid::from(3_u128));
    let started = SagaEvent::Started {
        step: 0,
        attempt: 1,
        execution,
        digest: String::new(),
        captured: std::collections::BTreeMap::new(),
    };
    let process = Process { pid: 1, start_ticks: 1, boot_id: "b".into() };
    let spawned = SagaEvent::Spawned { step: 0, part: Part::Run, execution, process };
    let after = |log: &[SagaEvent]| {
        Permits::new(&approval, &approval.plan, log, |_| true).covers(&action(RUN), STEP).is_ok()
    };
    assert!(after(std::slice::from_ref(&started)));
    assert!(!after(&[started, spawned]));
}

#[test]
fn what_differs_in_anything_from_what_was_shown_is_not_covered() {
    let approval = approval();
    let permits = Permits::unused(&approval);
    let Action::Command(run) = action(RUN);
    for other in [
        crate::domain::action::Command { host: "nas".into(), ..run.clone() },
        crate::domain::action::Command { cwd: Some("/tmp".into()), ..run.clone() },
        crate::domain::action::Command { stdin: Some("y".into()), ..run.clone() },
        crate::domain::action::Command { env: [("A".into(), "b".into())].into(), ..run.clone() },
    ] {
        assert!(permits.covers(&Action::Command(other.clone()), STEP).is_err(), "{other:?} passed");
    }
    for other in ["zfs set quota=9G tank/x", "zfs set quota=9G tank x", "zfs set refquota=1 tank"] {
        assert!(permits.covers(&action(other), STEP).is_err(), "{other} passed");
        assert!(permits.covers(&action(other), Purpose::Undo).is_err(), "{other} passed as an undo");
    }
}

#[test]
fn a_captured_value_fits_where_the_undo_was_shown_with_its_name_and_nowhere_else() {
    assert!(is_filled("quota={{ capture.old }}", "quota=10G"));
    assert!(is_filled("{{ capture.a }}:{{ capture.b }}", "x:y"));
    assert!(!is_filled("quota={{ capture.old }}", "refquota=10G"));
    assert!(!is_filled("set", "destroy"));
    assert!(!is_filled("{{ capture.old }}.bak", "/etc/passwd"));
}

#[test]
fn a_late_step_has_no_share_in_what_was_approved_for_the_plan_and_the_plan_none_in_its() {
    let mut early = approval();
    early.actions.iter_mut().for_each(|shown| shown.late = true);
    let permits = Permits::unused(&early);
    assert!(permits.covers(&action(RUN), STEP).is_err(), "what was shown without its values opens nothing");
    assert!(permits.covers(&action(RUN), Purpose::Undo).is_err());

    let saga = Saga::new(crate::domain::ids::RemediationId(Ulid::from(9_u128)), approval().plan).unwrap();
    let granted = Granted::new(Some(&approval()), &saga, &[]);
    let covers = |step| granted.with(Some(step), |permits| permits.covers(&action(RUN), STEP));
    assert_eq!(covers(0), Ok(()));
    granted.add(1, None);
    assert!(
        covers(1).unwrap_err().contains("nobody was asked"),
        "it was allowed as it was judged, and no further"
    );
    granted.add(2, Some(&Approval { number: 8, actions: Vec::new(), ..approval() }));
    assert_eq!(covers(2), Err(format!("approval 8 does not name `{RUN}`")));
    assert_eq!(covers(0), Ok(()));
}
