//! What people type, what they are offered while they type, and what is left alone.

use serde_json::json;
use steward::domain::command::COMMANDS;

use super::super::support::discord::{CHANNEL, FOREIGN_CHANNEL, OPERATOR, OTHER_CHANNEL, STRANGER};
use super::super::support::transcript::same_as_kept;
use super::super::support::{min, secs};
use super::*;

#[tokio::test]
async fn the_commands_are_registered_once_however_often_the_connection_breaks() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let bot = start(&lab, &discord).await;
    let mut names = discord.look(World::commands);
    names.sort_unstable();
    let mut known: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    known.sort_unstable();
    assert_eq!(names, known);
    for times in 1..=3 {
        discord.drop_socket();
        requested(&discord, "gateway RESUME", "", times).await;
        discord.connected().await;
    }
    assert!(status(&bot, &discord).await.contains("All is well"));
    assert_eq!(commands_registered(&discord), 1);
    bot.forgive_log("Discord's gateway");
    bot.end().await;
}

#[tokio::test]
async fn what_is_typed_into_a_command_is_completed_with_what_there_is() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, _, thread) = asked(&lab, &discord).await;
    for (command, option, typed, first) in [
        ("silence", "target", "vm", "vm/disk"),
        ("changes", "on", "disk", "vm/disk"),
        ("run", "skill", "lo", "look"),
        ("runbooks", "name", "journal", "vacuum"),
        ("show", "incident", "", "1"),
        ("approve", "approval", "", "1"),
        ("silence", "duration", "2", "2h"),
        ("help", "command", "sil", "silence"),
    ] {
        let offered = discord.autocomplete(OPERATOR, thread.id, command, option, typed).await;
        let first_offered = offered.first().unwrap_or_else(|| panic!("nothing for {option} of /{command}"));
        assert_eq!(first_offered.1, json!(first), "{option} of /{command}: {offered:?}");
    }
    assert_eq!(discord.autocomplete(OPERATOR, CHANNEL, "run", "skill", "zzz").await, []);
    bot.end().await;
}

#[tokio::test]
async fn in_a_thread_it_is_known_which_incident_is_meant_and_people_who_talk_are_left_alone() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, _, thread) = asked(&lab, &discord).await;
    let changed = says(&bot, &discord, thread.id, "what changed?").await;
    assert!(changed.contains("#1") && changed.contains("vm/disk"), "{changed}");
    for chat in [
        "anybody knows why that fills up every week?",
        "I'd approve 1 if I knew what it keeps",
        "it printed this last time:\n```\napprove 1\n```",
        "> approve 1\nno idea what that would do",
        "no idea, ask sam",
    ] {
        discord.says(STRANGER, thread.id, chat);
        discord.says(OPERATOR, thread.id, chat);
    }
    let near = says(&bot, &discord, thread.id, "aprove 1").await;
    assert!(near.contains("Did you mean `approve 1`?"), "{near}");
    let silent = says(&bot, &discord, thread.id, "silence this for 2h because new disk").await;
    assert!(silent.contains("vm/disk and all below it are silent until 2026-11-21 10:06"), "{silent}");
    assert_eq!(lab.host.ran(), [""; 0], "what is only quoted or wished approves nothing");
    let replies =
        discord.look(|world| world.posts(thread.id)).iter().filter(|m| m.reply_to.is_some()).count();
    assert_eq!(replies, 3, "one for each that was meant for Steward\n{}", discord.transcript(CHANNEL));
    same_as_kept("discord-talk", &discord.transcript(CHANNEL));
    assert_eq!(pings(&discord), []);
    bot.end().await;
}

#[tokio::test]
async fn pasted_output_after_a_mention_approves_nothing() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    for pasted in ["`approve 1`", "```\napprove 1\n```", "> approve 1", "it says: approve 1"] {
        let answer = says(&bot, &discord, CHANNEL, &mention(pasted)).await;
        assert!(!answer.contains("Approved"), "{pasted}: {answer}");
    }
    assert_eq!(lab.host.ran(), [""; 0]);
    assert_eq!(seen(&discord, card.id).buttons, card.buttons);
    bot.end().await;
}

#[tokio::test]
async fn help_status_and_lists_read_well() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, _, thread) = asked(&lab, &discord).await;
    for command in ["help", "status", "incidents", "skills", "runbooks", "approvals", "silences"] {
        slash(&bot, &discord, CHANNEL, command, json!({})).await;
    }
    slash(&bot, &discord, thread.id, "show", json!({})).await;
    slash(&bot, &discord, CHANNEL, "runbooks", json!({ "name": "restart" })).await;
    slash(&bot, &discord, CHANNEL, "help", json!({ "command": "silence" })).await;
    says(&bot, &discord, CHANNEL, &mention("statsu")).await;
    says(&bot, &discord, CHANNEL, &mention("why is the web so slow today?")).await;
    same_as_kept("discord-answers", &discord.transcript(CHANNEL));
    bot.end().await;
}

#[tokio::test]
async fn the_story_of_a_long_incident_is_told_whole_in_messages_that_fit() {
    let lab = lab("");
    lab.write("topology.yaml", "targets:\n  vm/nas: {}\n  vm/app: { depends_on: [vm/nas] }\n");
    let discord = lab.on_discord().await;
    let bot = start(&lab, &discord).await;
    lab.host.break_("vm/nas", "down");
    bot.pass(min(6)).await;
    for number in 0..40 {
        let says = format!(
            "summary: application {number} can't write: {}\n\n  {}",
            "x".repeat(200),
            "evidence ".repeat(200)
        );
        lab.host.break_with(&format!("vm/app/{number}"), "stuck", &says);
    }
    bot.pass(min(10)).await;
    let interaction = discord.slash(OPERATOR, CHANNEL, "show", &json!({ "incident": "1" }));
    discord.answer(interaction).await;
    bot.settle().await;
    let answers = discord.look(|world| world.answers(interaction));
    let text: String = answers.iter().map(|answer| words(&discord, answer)).collect();
    let files: String =
        answers.iter().flat_map(|answer| &answer.files).map(|file| file.text.as_str()).collect();
    for number in 0..40 {
        let name = format!("application {number} can't write");
        assert!(
            text.contains(&name) || files.contains(&name),
            "{name} is nowhere in {} messages",
            answers.len()
        );
    }
    assert!(answers.len() <= 10, "{} messages are no answer", answers.len());
    bot.end().await;
}

#[tokio::test]
async fn what_comes_from_elsewhere_is_ignored_and_counted() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let (bot, card, _) = asked(&lab, &discord).await;
    discord.says(OPERATOR, OTHER_CHANNEL, &mention("approve 1"));
    discord.says(OPERATOR, FOREIGN_CHANNEL, &mention("approve 1"));
    discord.says_in_dm(STRANGER, "approve 1");
    let counted = async {
        loop {
            let now = status(&bot, &discord).await;
            if now.contains("discord: 3 events from elsewhere ignored") {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), counted).await.unwrap();
    let lost = discord.slash(OPERATOR, OTHER_CHANNEL, "approve", &json!({ "approval": "1" }));
    let answer = discord.answer(lost).await;
    assert!(words(&discord, &answer).contains("Steward listens in #ops"), "{answer:?}");
    assert_eq!(lab.host.ran(), [""; 0]);
    assert_eq!(seen(&discord, card.id).buttons, card.buttons);
    assert_eq!(discord.dm(STRANGER).len(), 1, "only what mallory wrote");
    assert!(discord.messages(OTHER_CHANNEL).iter().all(|m| !m.by_bot || m.only_for.is_some()));
    bot.pass(secs(1)).await;
    bot.end().await;
}
