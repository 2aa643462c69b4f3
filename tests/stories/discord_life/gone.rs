//! Things that people delete, archive, lock and forbid.

use serde_json::json;

use super::super::support::discord::{BOT, CHANNEL, permission};
use super::super::support::transcript::same_as_kept;
use super::super::support::{min, secs};
use super::*;

/// vm/db goes away by itself, which is told in the thread and ends in a resolved incident.
async fn mends(bot: &Bot<'_>, target: &str) {
    bot.lab.host.mend(target);
    bot.pass(min(12)).await;
}

#[tokio::test]
async fn a_deleted_thread_a_deleted_root_message_and_a_deleted_question_hold_nothing_up() {
    for what in ["thread", "root", "question", "everything"] {
        let lab = lab("");
        let discord = lab.on_discord().await;
        let (bot, card, thread) = asked(&lab, &discord).await;
        let root_id = root(&discord, 1).id;
        match what {
            "thread" => discord.delete_thread(thread.id),
            "root" => discord.delete_message(root_id),
            "question" => discord.delete_message(card.id),
            _ => {
                discord.delete_thread(thread.id);
                discord.delete_message(root_id);
            }
        }
        bot.pass(min(1)).await;
        let answer = slash(&bot, &discord, CHANNEL, "approve", json!({ "approval": "1" })).await;
        assert_eq!(answer, "Approved by alex: vacuum runs now, exactly as shown.", "{what}");
        bot.pass(min(6)).await;
        assert_eq!(lab.host.ran(), VACUUMED, "{what}");
        assert_eq!(root(&discord, 1).field("State"), "resolved", "{what}");
        let told = discord.look(|world| {
            let threads = world.threads(CHANNEL);
            let all = threads.iter().flat_map(|thread| world.posts(thread.id));
            all.map(|m| world.words(&m)).collect::<Vec<_>>().join("\n")
        });
        for line in ["approved by alex", "vacuum worked", "Resolved: quiet"] {
            assert_eq!(told.matches(line).count(), 1, "{what}: {line}\n{}", discord.transcript(CHANNEL));
        }
        same_as_kept(&format!("discord-deleted-{what}"), &discord.transcript(CHANNEL));
        bot.end().await;
    }
}

#[tokio::test]
async fn a_thread_that_a_person_archived_or_locked_is_told_the_rest() {
    for locked in [false, true] {
        let lab = lab("");
        let discord = lab.on_discord().await;
        let bot = start(&lab, &discord).await;
        lab.host.break_("vm/db", "slow");
        bot.pass(min(6)).await;
        let thread = root(&discord, 1).id;
        if locked {
            discord.lock(thread)
        } else {
            discord.archive(thread, true)
        }
        mends(&bot, "vm/db").await;
        let story = story(&discord, 1);
        assert!(story.contains("It went away by itself") && story.contains("Resolved"), "{story}");
        assert!(discord.threads(CHANNEL)[0].archived, "in the end it is archived");
        bot.end().await;
    }
}

/// A lab on Discord and on the console.
fn lab_with_console() -> Lab {
    let lab = Lab::new("");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab
}

#[tokio::test]
async fn a_right_that_is_taken_away_loses_nothing_is_told_with_what_to_do_and_told_elsewhere() {
    for (right, name) in [
        (permission::VIEW_CHANNEL, "View Channel"),
        (permission::SEND_MESSAGES, "Send Messages"),
        (permission::EMBED_LINKS, "Embed Links"),
    ] {
        let lab = lab_with_console();
        let discord = lab.on_discord().await;
        let bot = start(&lab, &discord).await;
        discord.overwrite(CHANNEL, BOT, 0, right);
        lab.host.break_("vm/db", "slow");
        bot.pass(min(8)).await;
        assert!(lab.chat.thread(1).contains("vm/db has slow"), "the console is not held up");
        let notice = lab.chat.take_notice().unwrap_or_else(|| panic!("{name}: nobody is told"));
        assert!(notice.contains("discord is cut off") && notice.contains(name), "{name}: {notice}");
        assert!(notice.contains("steward doctor"), "{notice}");
        let tries = requests(&discord, "POST", "/messages → ");
        bot.pass(min(60)).await;
        let more = requests(&discord, "POST", "/messages → ") - tries;
        assert!(more <= 80, "{name}: {more} tries in an hour");
        mends(&bot, "vm/db").await;
        discord.overwrite(CHANNEL, BOT, right, 0);
        bot.pass(min(11)).await;
        assert_eq!(root(&discord, 1).field("State"), "resolved", "{name}");
        let story = story(&discord, 1);
        for line in ["vm/db has slow", "It went away by itself", "Resolved"] {
            assert_eq!(story.matches(line).count(), 1, "{name}: {line} in\n{story}");
        }
        assert!(lab.chat.take_notice().is_some_and(|notice| notice.contains("discord is back")), "{name}");
        lab.chat.thread(1);
        bot.expect_log("give the bot's role");
        bot.forgive_log("a message is put off");
        bot.end().await;
    }
}

#[tokio::test]
async fn a_deleted_channel_loses_nothing_for_the_other_platform_and_says_what_to_do() {
    let lab = lab_with_console();
    let discord = lab.on_discord().await;
    let bot = start(&lab, &discord).await;
    lab.host.break_("vm/db", "slow");
    bot.pass(min(6)).await;
    discord.delete_channel(CHANNEL);
    mends(&bot, "vm/db").await;
    assert!(lab.chat.thread(1).contains("Resolved"));
    let notice = lab.chat.take_notice().unwrap();
    assert!(notice.contains("discord is cut off") && notice.contains("correct `chat.discord`"), "{notice}");
    let tries = discord.requests().len();
    bot.pass(min(60)).await;
    assert!(discord.requests().len() - tries <= 40, "{}", discord.everything());
    bot.expect_log("it was deleted, or the bot was removed");
    bot.forgive_log("a message is put off");
    bot.pass(secs(1)).await;
    bot.end().await;
}
