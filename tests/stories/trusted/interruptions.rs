//! A yes was given, and then something comes between: the world changes, another repair, the end of Steward.

use super::super::support::runbooks::VACUUM as RUNBOOK;
use super::super::support::runbooks::remount::{BEFORE, QUORUM};
use super::*;

/// The runbook asks whether the quorum is intact before it begins.
fn checked_before(stage: &Stage, runbook: &str) {
    stage.lab.write("runbooks/vacuum.yaml", &format!("{runbook}checks:\n{BEFORE}\n"));
}

#[tokio::test]
async fn a_program_that_changes_between_the_yes_and_its_start_does_not_run_on_that_yes() {
    for here in PLATFORMS {
        let stage = Stage::open(here, "").await;
        stage.lab.write("fix.sh", "#!/bin/sh\necho what was shown\n");
        let fix = stage.lab.path().join("fix.sh").display().to_string();
        checked_before(&stage, &RUNBOOK.replace("[journalctl, --vacuum-size=200M]", &format!("[{fix}]")));
        let bot = stage.asked("vm/disk", "disk-fill").await;
        stage.lab.host.hang(QUORUM);
        stage.approves(&bot, 1).await;
        assert_eq!(stage.lab.host.ran(), [QUORUM], "the yes is given, and the step has not begun");
        stage.lab.write("fix.sh", "#!/bin/sh\necho something else\n");
        stage.lab.host.release();
        bot.pass(min(1)).await;
        assert_eq!(stage.lab.host.ran(), [""; 0]);
        let why = format!("step `vacuum`: {fix} is not what it was when approval 1 was asked for");
        let result = format!("Result: it did not help: {why}");
        assert_eq!(stage.decision(1), format!("Answer: yes, by alex at 08:06:00\n{result}"));
        let told = format!("step vacuum did not run: {fix} is not what it was when approval 1 was asked for");
        bot.pass(min(12)).await;
        stage.waits(2);
        stage.read(1, &["approved by alex", &told, "May I run vacuum? Approval 2 waits for you"]);
        assert_eq!(stage.lab.host.ran(), [""; 0], "it needs a new yes");
        assert_eq!((stage.state(&bot, 1).await.as_str(), stage.calls()), ("open", 0));
        stage
            .end(
                bot,
                &[asked(1), approved(1), ran(QUORUM, 0), vec![format!("execution refused {fix}")], asked(2)],
            )
            .await;
    }
}

#[tokio::test]
async fn a_question_whose_problem_has_gone_away_by_itself_opens_nothing_anywhere() {
    for here in PLATFORMS {
        let stage = Stage::open(here, "").await;
        let bot = stage.asked("vm/disk", "disk-fill").await;
        stage.lab.host.mend("vm/disk");
        bot.pass(min(5)).await;
        stage.is_over(&bot, 1).await;
        bot.pass(min(10)).await;
        assert_eq!(stage.lab.host.ran(), [""; 0]);
        assert_eq!(stage.decision(1), "Answer: withdrawn at 08:10:00: the problem is gone");
        stage.read(1, &["May I run vacuum?", "Approval 1 is withdrawn", "Resolved"]);
        assert_eq!((stage.state(&bot, 1).await.as_str(), stage.calls()), ("resolved", 0));
        stage.end(bot, &[asked(1), vec!["approval withdrawn 1".into()]]).await;
    }
}

#[tokio::test]
async fn two_yeses_for_one_host_at_once_are_carried_out_one_after_the_other() {
    for here in PLATFORMS {
        let stage = Stage::open(here, "autonomy = \"propose\"\n").await;
        let line =
            |unit: &str| [format!("systemctl restart {unit}"), format!("systemctl is-active --quiet {unit}")];
        let bot = stage.start().await;
        for unit in ["web", "db"] {
            stage.lab.host.command(&line(&format!("{unit}.service"))[0], &[&format!("vm/{unit}")], 0);
            let headers = format!("unit: {unit}.service\nsummary: {unit}.service has failed");
            stage.lab.host.break_with(&format!("vm/{unit}"), "unit-failed", &headers);
        }
        bot.pass(min(6)).await;
        let root = async |approval| bot.incident(stage.lab.chat.asked_for(approval)).await.root.to_string();
        let [first, second] =
            [root(1).await, root(2).await].map(|root| line(&format!("{}.service", &root["vm/".len()..])));
        stage.lab.host.hang(&first[0]);
        stage.approves(&bot, 1).await;
        stage.approves(&bot, 2).await;
        bot.pass(secs(10)).await;
        assert_eq!(stage.lab.host.ran(), first[..1], "the other waits for its turn");
        stage.lab.host.release();
        bot.pass(secs(50)).await;
        assert_eq!(stage.lab.host.ran(), [first[1].as_str(), &second[0], &second[1]]);
        for number in [1, 2] {
            assert_eq!(stage.decision(number), "Answer: yes, by alex at 08:06:00\nResult: it worked");
            assert_eq!(stage.state(&bot, number).await, "mitigated");
            stage.read(number, &["approved by alex", "ran systemctl restart", "restart worked"]);
        }
        stage.read(stage.lab.chat.asked_for(2), &["It waits until the repair of #", "ran systemctl"]);
        let under_way = ran(&first[0], 0);
        let mut trail = vec![asked(1), asked(2), approved(1), under_way[..1].to_vec(), approved(2)];
        trail.push(under_way[1..].to_vec());
        trail.extend([&first[1], &second[0], &second[1]].map(|line| ran(line, 0)));
        stage.end(bot, &trail).await;
    }
}

#[tokio::test]
async fn dying_between_a_yes_and_its_start_neither_loses_it_nor_uses_it_twice() {
    for here in PLATFORMS {
        for before_it_is_begun in [true, false] {
            let stage = Stage::open(here, "").await;
            checked_before(&stage, RUNBOOK);
            let bot = stage.asked("vm/disk", "disk-fill").await;
            if before_it_is_begun {
                stage.lab.host.hang(QUORUM);
            } else {
                stage.lab.host.hang_before(VACUUM);
            }
            stage.approves(&bot, 1).await;
            assert_eq!(stage.lab.host.ran(), [QUORUM]);
            bot.crash().await;
            stage.lab.host.release();
            let bot = stage.start().await;
            bot.pass(min(1)).await;
            assert_eq!(stage.lab.host.ran(), [QUORUM, VACUUM]);
            assert_eq!(stage.decision(1), "Answer: yes, by alex at 08:06:00\nResult: it worked");
            stage.is_over(&bot, 1).await;
            bot.pass(min(6)).await;
            assert_eq!(stage.lab.host.ran(), [""; 0]);
            stage.read(1, &["May I run vacuum?", "approved by alex", "vacuum worked", "Resolved"]);
            assert_eq!((stage.state(&bot, 1).await.as_str(), stage.calls()), ("resolved", 0));
            let first = if before_it_is_begun {
                vec![started(QUORUM), "execution lost".into()]
            } else {
                ran(QUORUM, 0)
            };
            stage.end(bot, &[asked(1), approved(1), first, ran(QUORUM, 0), ran(VACUUM, 0)]).await;
        }
    }
}

#[tokio::test]
async fn dying_while_an_approved_step_runs_is_looked_into_and_never_repeated() {
    for here in PLATFORMS {
        for had_its_effect in [true, false] {
            let stage = Stage::open(here, "").await;
            let mends: &[&str] = if had_its_effect { &["vm/disk"] } else { &[] };
            stage.lab.host.command(VACUUM, mends, 0);
            let bot = stage.asked("vm/disk", "disk-fill").await;
            stage.lab.host.hang(VACUUM);
            stage.approves(&bot, 1).await;
            assert_eq!(stage.lab.host.ran(), [VACUUM]);
            bot.crash().await;
            stage.lab.host.release();
            let bot = stage.start().await;
            bot.pass(min(1)).await;
            stage.is_over(&bot, 1).await;
            bot.pass(min(6)).await;
            assert_eq!(stage.lab.host.ran(), [""; 0], "{had_its_effect}");
            let (result, state) = match had_its_effect {
                true => ("it worked", "resolved"),
                false => ("it is stuck half way: ", "stuck, people called"),
            };
            let decision = stage.decision(1);
            let expected = format!("Answer: yes, by alex at 08:06:00\nResult: {result}");
            assert!(decision.starts_with(&expected), "{decision}");
            stage.read(
                1,
                &[
                    "approved by alex",
                    "Steward or the connection ended before it did, so nobody saw how it ended",
                ],
            );
            assert_eq!(stage.state(&bot, 1).await, state);
            assert_eq!(stage.calls(), usize::from(!had_its_effect));
            stage.end(bot, &[asked(1), approved(1), vec![started(VACUUM), "execution lost".into()]]).await;
        }
    }
}
