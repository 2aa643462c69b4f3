//! Questions: how they are answered on Discord, by whom, and what people see of it.

use serde_json::json;

use super::super::support::discord::{BOT, CHANNEL, OPERATOR, STRANGER};
use super::super::support::transcript::same_as_kept;
use super::super::support::{FakeDiscord, min, secs};
use super::*;

/// A question was answered with yes by alex: that is what the card says, and what ran.
async fn granted(bot: &Bot<'_>, discord: &FakeDiscord, card: u64) {
    decided(bot, discord, card).await;
    // One message is not edited more than once in a second.
    bot.pass(secs(1)).await;
    let card = seen(discord, card);
    assert_eq!(bot.lab.host.ran(), VACUUMED, "{}", discord.everything());
    let text = words(discord, &card);
    assert!(text.contains("yes, by alex at 08:06:00"), "{text}");
    assert!(text.contains("Result: it worked"), "{text}");
    assert!(!text.contains("reaction"), "{text}");
    assert!(!text.contains("Expires"), "{text}");
    assert!(root(discord, 1).buttons.iter().all(|button| button.label == "Acknowledge"));
    assert!(story(discord, 1).contains("approved by alex"));
}

#[tokio::test]
async fn a_press_on_approve_runs_what_was_shown_and_the_card_tells_what_became_of_it() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    discord.press(OPERATOR, card.id, "Approve");
    granted(&bot, &discord, card.id).await;
    let private = discord.look(|world| world.private_answers(OPERATOR));
    assert_eq!(private.len(), 1, "who pressed is told, alone: {private:?}");
    bot.pass(min(6)).await;
    same_as_kept("discord-approved-by-button", &discord.transcript(CHANNEL));
    assert_eq!(pings(&discord), []);
    bot.end().await;
}

#[tokio::test]
async fn a_press_on_the_root_message_is_as_good() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    discord.press(OPERATOR, root(&discord, 1).id, "Approve");
    granted(&bot, &discord, card.id).await;
    bot.end().await;
}

#[tokio::test]
async fn a_reaction_is_an_answer_and_needs_no_further_word() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    discord.react(OPERATOR, card.id, "✅");
    granted(&bot, &discord, card.id).await;
    bot.pass(min(6)).await;
    same_as_kept("discord-approved-by-reaction", &discord.transcript(CHANNEL));
    bot.end().await;
}

#[tokio::test]
async fn a_cross_as_a_reaction_is_a_no() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    discord.react(OPERATOR, card.id, "❌");
    let card = decided(&bot, &discord, card.id).await;
    assert!(words(&discord, &card).contains("no, by alex at 08:06:00"), "{card:?}");
    assert_eq!(lab.host.ran(), [""; 0]);
    bot.pass(min(6)).await;
    same_as_kept("discord-denied-by-reaction", &discord.transcript(CHANNEL));
    bot.end().await;
}

#[tokio::test]
async fn a_slash_command_answers_a_question_from_the_channel() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    let answer = slash(&bot, &discord, CHANNEL, "approve", json!({ "approval": "1" })).await;
    assert_eq!(answer, "Approved by alex: vacuum runs now, exactly as shown.");
    granted(&bot, &discord, card.id).await;
    same_as_kept("discord-approved-by-command", &discord.transcript(CHANNEL));
    bot.end().await;
}

#[tokio::test]
async fn plain_words_answer_a_question_in_the_thread_after_a_mention_and_in_private() {
    for way in ["thread", "mention", "private"] {
        let lab = lab("");
        let discord = lab.on_discord().await;
        let (bot, card, thread) = asked(&lab, &discord).await;
        match way {
            "thread" => discord.says(OPERATOR, thread.id, "approve 1"),
            "mention" => discord.says(OPERATOR, CHANNEL, &mention("approve 1")),
            _ => discord.says_in_dm(OPERATOR, "approve 1"),
        };
        granted(&bot, &discord, card.id).await;
        let told = discord.look(|world| match way {
            "thread" => world.posts(thread.id),
            "mention" => world.posts(CHANNEL),
            _ => world.dm(OPERATOR),
        });
        let told = told.iter().filter(|m| words(&discord, m).starts_with("Approved by alex")).count();
        assert_eq!(told, 1, "an answer to {way}");
        if way == "thread" {
            bot.pass(min(6)).await;
            same_as_kept("discord-approved-by-words", &discord.transcript(CHANNEL));
        }
        assert_eq!(pings(&discord), [], "a reply pings nobody");
        bot.end().await;
    }
}

#[tokio::test]
async fn whatever_a_stranger_does_changes_nothing_is_answered_in_private_and_is_on_the_audit_trail() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    let before = root(&discord, 1);

    let press = discord.press(STRANGER, card.id, "Approve");
    let refusal =
        until(&bot, &discord, "a refusal", |w| w.private_answers(STRANGER).into_iter().next()).await;
    assert!(words(&discord, &refusal).starts_with("That is for operators"), "{refusal:?}");
    assert!(words(&discord, &refusal).contains(&STRANGER.to_string()), "it says which id to list");
    assert!(discord.look(|world| world.acknowledged(press)));
    let (answer, private) =
        slash_as(&bot, &discord, STRANGER, CHANNEL, "approve", json!({ "approval": "1" })).await;
    assert!(private && answer.starts_with("That is for operators"), "{answer}");
    discord.react(STRANGER, card.id, "✅");
    let dm = until(&bot, &discord, "a message to mallory", |w| w.dm(STRANGER).into_iter().next()).await;
    assert!(words(&discord, &dm).starts_with("That is for operators"), "{dm:?}");

    assert_eq!(lab.host.ran(), [""; 0]);
    assert_eq!(root(&discord, 1), before);
    assert_eq!(seen(&discord, card.id).buttons, card.buttons, "the question still stands");
    let refused = bot.audited("refused").await;
    assert_eq!(refused.len(), 3, "{refused:?}");
    for (who, data) in refused {
        assert_eq!((who.as_str(), &data["platform"]), ("mallory", &json!("discord")), "{data}");
        assert_eq!(data["user_id"], json!(STRANGER.to_string()), "{data}");
    }
    // Asking is free.
    assert!(slash_as(&bot, &discord, STRANGER, CHANNEL, "status", json!({})).await.0.contains("vacuum"));
    discord.press(OPERATOR, card.id, "Approve");
    granted(&bot, &discord, card.id).await;
    let yes = bot.audited("approve").await;
    assert_eq!(yes.len(), 1);
    assert_eq!(yes[0].1["user_id"], json!(OPERATOR.to_string()));
    same_as_kept("discord-stranger", &discord.transcript(CHANNEL));
    bot.end().await;
}

#[tokio::test]
async fn a_question_that_expired_says_so_and_can_no_longer_be_answered() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, thread) = asked(&lab, &discord).await;
    bot.pass(min(30)).await;
    let after = seen(&discord, card.id);
    assert!(after.buttons.is_empty(), "{after:?}");
    assert!(
        words(&discord, &after).contains("none; it expired at 08:35:10, and nothing was run"),
        "{after:?}"
    );
    // Discord shows an old card to some for a while; and a command needs no card.
    let answer = slash(&bot, &discord, thread.id, "approve", json!({ "approval": "1" })).await;
    assert!(answer.contains("it was answered, expired or withdrawn"), "{answer}");
    discord.react(OPERATOR, card.id, "✅");
    assert!(says(&bot, &discord, CHANNEL, &mention("approvals")).await.contains("Nothing waits for you"));
    bot.pass(min(6)).await;
    assert_eq!(lab.host.ran(), [""; 0]);
    same_as_kept("discord-expired", &discord.transcript(CHANNEL));
    bot.end().await;
}

#[tokio::test]
async fn a_card_from_before_a_restart_can_still_be_pressed() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    bot.stop().await;
    let bot = start(&lab, &discord).await;
    discord.press(OPERATOR, card.id, "Approve");
    granted(&bot, &discord, card.id).await;
    same_as_kept("discord-approved-after-restart", &discord.transcript(CHANNEL));
    bot.end().await;
}

#[tokio::test]
async fn of_two_answers_at_once_the_first_wins_and_the_second_is_told_alone() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    let first = discord.press(OPERATOR, card.id, "Deny");
    let second = discord.press(OPERATOR, card.id, "Approve");
    let (no, yes) = (discord.answer(first).await, discord.answer(second).await);
    bot.settle().await;
    assert_eq!(words(&discord, &no), "Denied by alex. Nothing was run.");
    assert!(words(&discord, &yes).starts_with("No approval 1 waits for an answer"), "{yes:?}");
    assert!(no.only_for == Some(OPERATOR) && yes.only_for == Some(OPERATOR));
    let card = decided(&bot, &discord, card.id).await;
    assert!(words(&discord, &card).contains("no, by alex"), "{card:?}");
    assert_eq!(lab.host.ran(), [""; 0]);
    bot.end().await;
}

#[tokio::test]
async fn a_reaction_made_while_steward_was_down_is_found_and_one_of_a_stranger_or_a_bot_is_not() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    bot.stop().await;
    discord.react(STRANGER, card.id, "❌");
    discord.react(BOT, card.id, "❌");
    let bot = start(&lab, &discord).await;
    bot.pass(secs(1)).await;
    assert_eq!(seen(&discord, card.id).buttons, card.buttons, "neither of them decides");
    bot.stop().await;
    discord.react(OPERATOR, card.id, "✅");
    let bot = start(&lab, &discord).await;
    let card = decided(&bot, &discord, card.id).await;
    assert!(words(&discord, &card).contains("yes, by alex"), "{card:?}");
    assert_eq!(lab.host.ran(), VACUUMED);
    assert_eq!(discord.dm(STRANGER), [], "nobody is told of what they did a while ago");
    bot.end().await;
}

#[tokio::test]
async fn a_reaction_made_while_the_gateway_was_cut_is_found_after_a_new_session_and_after_a_resumed_one() {
    for resumed in [false, true] {
        let lab = lab("");
        let discord = lab.on_discord().await;
        let (bot, card, _) = asked(&lab, &discord).await;
        let sessions = discord.sessions();
        if resumed {
            discord.drop_socket();
        } else {
            // A new session tells nothing of what happened before it.
            discord.close_gateway(4009);
        }
        discord.react(OPERATOR, card.id, "✅");
        granted(&bot, &discord, card.id).await;
        discord.connected().await;
        let after = discord.sessions();
        if resumed {
            assert_eq!(after, (sessions.0, sessions.1 + 1));
        }
        assert_eq!(
            discord.dm(OPERATOR).len(),
            0,
            "it is taken in once, and the card itself tells its author"
        );
        bot.forgive_log("Discord's gateway");
        bot.end().await;
    }
}
