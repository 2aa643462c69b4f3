//! What is loud: a call, and nothing else, whatever text comes along.

use serde_json::json;

use super::super::support::discord::{CHANNEL, STRANGER};
use super::super::support::transcript::same_as_kept;
use super::super::support::{min, secs};
use super::*;

/// vm/db breaks and mends three times within the hour.
async fn breaks_three_times(bot: &Bot<'_>) {
    for _ in 0..3 {
        bot.lab.host.break_("vm/db", "slow");
        bot.pass(min(6)).await;
        bot.lab.host.mend("vm/db");
        bot.pass(min(9)).await;
    }
}

#[tokio::test]
async fn a_call_is_one_message_in_the_channel_that_leads_to_the_thread() {
    let lab = lab("");
    let discord = lab.on_discord().await;
    let bot = start(&lab, &discord).await;
    breaks_three_times(&bot).await;
    let pinged = pings(&discord);
    assert_eq!(pinged.len(), 1, "{pinged:?}");
    let call = seen(&discord, pinged[0].0);
    let root = root(&discord, 1).id;
    assert!(call.mentions_everyone && call.content == "@here", "{call:?}");
    assert_eq!((call.channel, call.reply_to), (CHANNEL, Some(root)));
    let text = &call.embeds[0].description;
    let thread = discord.look(|world| world.thread_of(root)).unwrap().id;
    assert!(text.contains(&format!("<#{thread}>")) && text.contains("vm/db"), "{text}");
    assert!(text.contains("has broken 3 times within 1 h"), "{text}");
    same_as_kept("discord-call", &discord.transcript(CHANNEL));
    bot.end().await;
}

/// What somebody would write who wants to be loud, or to look like something else.
const HOSTILE: &str = "@everyone @here <@1333333333333333401> <@&1101010101010101010> <#1111111111111111202> \
    [click me](https://evil.example) ||spoiler|| **bold** __u__ ~~s~~ `code` ```block``` # head \u{202e}RTL \u{1b}[31mred\u{1b}[0m";

#[tokio::test]
async fn hostile_text_is_shown_as_itself_and_calls_nobody_wherever_it_comes_from() {
    let lab = lab("");
    lab.write(
        "runbooks/loud.yaml",
        "name: loud\ntitle: Mend it\nmatch: { signature: loud }\nsteps:\n  - name: mend\n    run: [systemctl, restart, loud.service]\n    verify: check\n",
    );
    lab.host.command("systemctl restart loud.service", &[], 1);
    lab.host.prints("systemctl restart loud.service", &format!("out {HOSTILE}"));
    lab.host.complains("systemctl restart loud.service", &format!("err {HOSTILE}"));
    let discord = lab.on_discord().await;
    let bot = start(&lab, &discord).await;
    let headers = format!(
        "summary: sum {HOSTILE}\nimpact: imp {HOSTILE}\n\n  ev {HOSTILE}\n  # not a heading\n  - not a list\n  ``` not a fence"
    );
    lab.host.break_with("vm/disk", "disk-fill", &headers);
    bot.pass(min(6)).await;
    lab.host.break_with("vm/loud", "loud", &headers);
    bot.pass(min(5)).await;
    let (card, thread) = question(&discord);
    let deny = json!({ "approval": "1", "reason": HOSTILE.replace('`', "") });
    slash(&bot, &discord, thread.id, "deny", deny).await;
    slash(&bot, &discord, thread.id, "silence", json!({ "duration": "1h", "comment": HOSTILE })).await;
    slash(&bot, &discord, CHANNEL, "silences", json!({})).await;
    slash(&bot, &discord, CHANNEL, "run", json!({ "skill": HOSTILE })).await;
    slash(&bot, &discord, CHANNEL, "help", json!({ "command": HOSTILE })).await;
    for number in 1..=2 {
        slash(&bot, &discord, CHANNEL, "show", json!({ "incident": number.to_string() })).await;
    }
    let strange = discord.says(STRANGER, CHANNEL, &mention(&format!("statsu {HOSTILE}")));
    let reply = |world: &World| world.posts(CHANNEL).into_iter().find(|m| m.reply_to == Some(strange));
    until(&bot, &discord, "a reply to mallory", reply).await;
    says(&bot, &discord, CHANNEL, &mention(&format!("silence {HOSTILE}"))).await;
    bot.pass(min(2)).await;
    let loud: Vec<_> = pings(&discord).into_iter().filter(|(id, _)| seen(&discord, *id).by_bot).collect();
    let mut called = Vec::new();
    for (id, _) in loud {
        let call = seen(&discord, id);
        assert_eq!((call.content.as_str(), call.channel), ("@here", CHANNEL), "{call:?}");
        called.push(id);
    }
    assert!(called.len() <= 1, "only a repair that failed may call: {called:?}");
    discord.look(|world| {
        for thread in world.threads(CHANNEL).iter().map(|thread| thread.id).chain([CHANNEL]) {
            for message in world.posts(thread) {
                assert!(message.content.is_empty() || message.content == "@here", "{message:?}");
                let text = world.words(&message);
                let whole = text.contains("[click me](https://evil.example)") || !text.contains("click me");
                assert!(whole, "a link hides behind other words: {text}");
                assert!(!text.contains('\u{1b}'), "{text:?}");
            }
        }
    });
    assert!(words(&discord, &seen(&discord, card.id)).contains("no, by alex"));
    same_as_kept("discord-hostile", &discord.transcript(CHANNEL));
    bot.pass(secs(1)).await;
    bot.end().await;
}
