//! A question, and the ways in which it is answered or is not.

use super::*;

#[tokio::test]
async fn a_yes_on_any_platform_runs_what_was_shown_once_and_is_shown_on_all() {
    for here in PLATFORMS {
        let stage = Stage::open(here, "").await;
        let bot = stage.asked("vm/disk", "disk-fill").await;
        let told = stage.presses(&bot, Who::Operator, 1, ["Approve"]).await;
        assert_eq!(told, ["Approved by alex: vacuum runs now, exactly as shown."]);
        bot.pass(min(1)).await;
        assert_eq!(stage.lab.host.ran(), [VACUUM]);
        assert_eq!(stage.decision(1), "Answer: yes, by alex at 08:06:00\nResult: it worked");
        assert_eq!(stage.state(&bot, 1).await, "mitigated");
        bot.pass(min(30)).await;
        assert_eq!(stage.lab.host.ran(), [""; 0], "a yes is used once");
        stage.read(1, &["approved by alex", "ran journalctl", "vacuum worked", "Resolved: "]);
        assert_eq!((stage.state(&bot, 1).await.as_str(), stage.calls()), ("resolved", 0));
        stage.end(bot, &[asked(1), approved(1), ran(VACUUM, 0)]).await;
    }
}

#[tokio::test]
async fn a_no_on_any_platform_runs_nothing_and_is_not_asked_for_again() {
    for here in PLATFORMS {
        let stage = Stage::open(here, "").await;
        let bot = stage.asked("vm/disk", "disk-fill").await;
        let told = stage.presses(&bot, Who::Operator, 1, ["Deny"]).await;
        assert_eq!(told, ["Denied by alex. Nothing was run."]);
        bot.pass(min(60)).await;
        assert_eq!(stage.lab.host.ran(), [""; 0]);
        assert_eq!(stage.decision(1), "Answer: no, by alex at 08:06:00");
        stage.read(1, &["May I run vacuum?", "alex said no", "vacuum fits, and the answer was no"]);
        assert_eq!((stage.state(&bot, 1).await.as_str(), stage.calls()), ("open", 0));
        stage
            .end(bot, &[asked(1), vec!["approval deny 1 by alex".into(), "approval denied 1 by alex".into()]])
            .await;
    }
}

#[tokio::test]
async fn no_answer_in_time_is_a_no_and_too_late_on_every_platform() {
    for here in PLATFORMS {
        let stage = Stage::open(here, "").await;
        let bot = stage.asked("vm/disk", "disk-fill").await;
        bot.pass(min(31)).await;
        assert_eq!(stage.decision(1), "Answer: none; it expired at 08:35:10, and nothing was run");
        stage.is_over(&bot, 1).await;
        bot.pass(min(30)).await;
        assert_eq!(stage.lab.host.ran(), [""; 0]);
        stage.read(
            1,
            &["Approval 1 expired without an answer: nothing was run.", "nobody answered when I asked"],
        );
        assert_eq!((stage.state(&bot, 1).await.as_str(), stage.calls()), ("open", 0));
        stage.end(bot, &[asked(1), vec!["approval expired 1".into()]]).await;
    }
}

#[tokio::test]
async fn a_stranger_opens_nothing_is_told_so_alone_and_is_on_record() {
    for here in PLATFORMS {
        let stage = Stage::open(here, "").await;
        let bot = stage.asked("vm/disk", "disk-fill").await;
        for told in stage.presses(&bot, Who::Stranger, 1, ["Approve", "Deny"]).await {
            assert!(told.starts_with("That is for operators"), "{told}");
        }
        bot.pass(min(1)).await;
        assert_eq!(stage.lab.host.ran(), [""; 0]);
        stage.waits(1);
        stage.approves(&bot, 1).await;
        bot.pass(min(1)).await;
        assert_eq!(stage.lab.host.ran(), [VACUUM], "it waited for somebody who may answer");
        assert_eq!(stage.decision(1), "Answer: yes, by alex at 08:07:00\nResult: it worked");
        stage.read(1, &["May I run vacuum?", "approved by alex", "vacuum worked"]);
        assert_eq!(stage.state(&bot, 1).await, "mitigated");
        let refused = ["approve", "deny"].map(|word| format!("command refused {word} 1 by mallory"));
        stage.end(bot, &[asked(1), refused.to_vec(), approved(1), ran(VACUUM, 0)]).await;
    }
}

#[tokio::test]
async fn of_several_answers_the_first_counts_whatever_comes_after_it_and_wherever() {
    for here in PLATFORMS {
        let stage = Stage::open(here, "").await;
        let bot = stage.asked("vm/disk", "disk-fill").await;
        let [yes, again, no] = stage.presses(&bot, Who::Operator, 1, ["Approve", "Approve", "Deny"]).await;
        assert!(yes.starts_with("Approved by alex"), "{yes}");
        [again, no].iter().for_each(|late| assert!(late.starts_with("No approval 1 waits"), "{late}"));
        stage.is_over(&bot, 1).await;
        bot.pass(min(1)).await;
        assert_eq!(stage.lab.host.ran(), [VACUUM]);
        assert_eq!(stage.decision(1), "Answer: yes, by alex at 08:06:00\nResult: it worked");
        stage.read(1, &["approved by alex", "vacuum worked"]);
        assert_eq!(stage.state(&bot, 1).await, "mitigated");
        stage.end(bot, &[asked(1), approved(1), ran(VACUUM, 0)]).await;
    }
}
