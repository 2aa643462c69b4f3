//! The journal makes room, after a yes.

use super::{Machine, lab};
use crate::support::min;

const VACUUM: &str = "journalctl --vacuum-size=200M";

#[tokio::test]
async fn a_large_journal_on_a_full_disk_is_vacuumed_after_a_yes_and_not_before() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    lab.host.turns(VACUUM, "disk-space", report!("disk-vacuumed"));
    machine.learns("disk-space", report!("disk-journal-large")).await;
    machine.pass(min(20)).await;
    assert!(lab.host.ran().is_empty(), "it did not wait for an answer");
    machine
        .tells(1, &["May I run vacuum-journal?", "it can't be taken back", VACUUM, "<Approve: approve 1>"]);
    machine.says("approve 1").await;
    assert_eq!(lab.host.ran(), [VACUUM]);
    assert_eq!(machine.state(1), "mitigated");
    machine.pass(min(5)).await;
    assert_eq!(machine.state(1), "resolved");
    machine.tells(1, &["approved by alex", "vacuum-journal worked", "Resolved"]);
    machine.left_to_a_person(2, "pve1/disk/rootfs");
    machine.end().await;
}

#[tokio::test]
async fn after_a_no_and_without_an_answer_the_journal_stays_as_it_is() {
    for answer in [Some("deny 1"), None] {
        let lab = lab();
        let machine = Machine::start(&lab).await;
        machine.learns("disk-space", report!("disk-journal-large")).await;
        if let Some(answer) = answer {
            machine.says(answer).await;
        }
        machine.pass(min(180)).await;
        assert!(lab.host.ran().is_empty());
        assert_eq!((machine.state(1), lab.chat.calls()), ("open".to_owned(), 0));
        let ended = if answer.is_some() { "alex said no" } else { "expired" };
        machine.tells(1, &["may I run vacuum-journal?", ended, "vacuum-journal fits"]);
        machine.heard(&[2]);
        machine.end().await;
    }
}

#[tokio::test]
async fn a_vacuum_that_makes_no_room_is_stuck_because_what_is_deleted_is_gone() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    lab.host.turns(VACUUM, "disk-space", report!("disk-journal-small"));
    machine.learns("disk-space", report!("disk-journal-large")).await;
    machine.says("approve 1").await;
    machine.pass(min(60)).await;
    assert_eq!(lab.host.ran(), [VACUUM]);
    assert_eq!((machine.state(1), lab.chat.calls()), ("stuck, people called".to_owned(), 1));
    machine.tells(1, &["@here", "vacuum-journal is stuck", "/var is 97% full, 1.1 GB left. Type `clear 1`"]);
    machine.says("clear 1").await;
    assert_eq!(machine.state(1), "open, people called");
    machine.tells(1, &["alex says", "no runbook fits"]);
    assert!(lab.host.ran().is_empty());
    machine.heard(&[2]);
    machine.end().await;
}

#[tokio::test]
async fn a_disk_that_a_small_journal_fills_is_left_to_a_person() {
    let lab = lab();
    let machine = Machine::start(&lab).await;
    machine.learns("disk-space", report!("disk-journal-small")).await;
    machine.left_to_a_person(1, "pve1/disk/var");
    machine.left_to_a_person(2, "pve1/disk/rootfs");
    assert!(lab.host.ran().is_empty());
    machine.end().await;
}
