//! What was permitted does not help: it is taken back as far as that goes, and people are called where it does not.

use super::super::support::runbooks::RESTART;
use super::super::support::runbooks::remount::{
    ALWAYS, ATTACH, DETACH, DETACHED, QUORUM, RESTART as SECOND, RESTARTED, two_steps,
};
use super::*;

/// A stage on which everything is asked for.
async fn careful(here: Platform) -> Stage {
    Stage::open(here, "autonomy = \"propose\"\n").await
}

#[tokio::test]
async fn where_taking_back_fails_too_it_stops_and_calls_people_once() {
    for here in PLATFORMS {
        let stage = careful(here).await;
        two_steps(&stage.lab, "  {}");
        stage.lab.host.command(RESTARTED, &[], 3);
        stage.lab.host.command(ATTACH, &[], 32);
        stage.lab.host.complains(ATTACH, "mount: /mnt/media: no route to host\n");
        let bot = stage.asked("vm/media", "mount-stale").await;
        stage.approves(&bot, 1).await;
        bot.pass(min(12)).await;
        assert_eq!(stage.lab.host.ran(), [DETACH, DETACHED, SECOND, RESTARTED, ATTACH]);
        let decision = stage.decision(1);
        assert!(decision.contains("Result: it is stuck half way: "), "{decision}");
        stage.read(
            1,
            &[
                "took back with mount /mnt/media (it ended with exit code 32: mount: /mnt/media: no route to host)",
                "remount is stuck",
            ],
        );
        assert_eq!((stage.state(&bot, 1).await.as_str(), stage.calls()), ("stuck, people called", 1));
        let processes =
            [ran(DETACH, 0), ran(DETACHED, 0), ran(SECOND, 0), ran(RESTARTED, 3), ran(ATTACH, 32)];
        stage.end(bot, &[asked(1), approved(1), processes.concat()]).await;
    }
}

#[tokio::test]
async fn an_invariant_that_breaks_half_way_stops_what_was_approved_and_takes_it_back() {
    for here in PLATFORMS {
        let stage = careful(here).await;
        two_steps(&stage.lab, ALWAYS);
        let bot = stage.asked("vm/media", "mount-stale").await;
        stage.lab.host.hang(DETACH);
        stage.approves(&bot, 1).await;
        assert_eq!(stage.lab.host.ran(), [QUORUM, DETACH]);
        stage.lab.host.command(QUORUM, &[], 3);
        stage.lab.host.complains(QUORUM, "corosync has lost its quorum\n");
        stage.lab.host.release();
        bot.pass(min(1)).await;
        assert_eq!(stage.lab.host.ran(), [DETACHED, QUORUM, ATTACH, QUORUM]);
        let decision = stage.decision(1);
        assert!(decision.contains("Result: it did not help: "), "{decision}");
        stage.read(
            1,
            &[
                "ran umount",
                "check quorum-intact does not hold after step detach: it ended with",
                "took back with mount",
            ],
        );
        assert_eq!((stage.state(&bot, 1).await.as_str(), stage.calls()), ("open", 0));
        let forth = [ran(QUORUM, 0), ran(DETACH, 0), ran(DETACHED, 0), ran(QUORUM, 3)].concat();
        stage.end(bot, &[asked(1), approved(1), forth, ran(ATTACH, 0), ran(QUORUM, 3)]).await;
    }
}

#[tokio::test]
async fn after_three_failures_in_a_row_each_with_a_yes_of_its_own_people_are_called_once() {
    for here in PLATFORMS {
        let stage = careful(here).await;
        let limits = "limits: { cooldown: 1m, max_attempts: 3 }\n";
        stage.lab.write("runbooks/restart.yaml", &format!("{RESTART}{limits}"));
        let [restart, is_active] =
            ["restart", "is-active --quiet"].map(|verb| format!("systemctl {verb} web.service"));
        stage.lab.host.command(&restart, &[], 0);
        stage.lab.host.command(&is_active, &[], 3);
        let bot = stage.start().await;
        stage.lab.host.break_with(
            "vm/web",
            "unit-failed",
            "unit: web.service\nsummary: web.service has failed",
        );
        for attempt in 1..=3 {
            bot.pass(min(6)).await;
            stage.waits(attempt);
            assert_eq!(stage.calls(), 0);
            stage.approves(&bot, attempt).await;
            assert_eq!(stage.lab.host.ran(), [restart.as_str(), &is_active], "one yes, one attempt");
        }
        bot.pass(min(12)).await;
        assert_eq!(stage.lab.host.ran(), [""; 0]);
        for attempt in 1..=3 {
            let decision = stage.decision(attempt);
            assert!(decision.contains("Result: it did not help: "), "{decision}");
        }
        stage.read(1, &["restart did not fix it for good, and nothing else fits"]);
        assert_eq!((stage.state(&bot, 1).await.as_str(), stage.calls()), ("open, people called", 1));
        let attempt = |n| [asked(n), approved(n), ran(&restart, 0), ran(&is_active, 3)].concat();
        stage.end(bot, &[1, 2, 3].map(attempt)).await;
    }
}
