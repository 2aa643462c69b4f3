//! Steward dies in the middle of everything and starts again: nothing is told twice, nothing is lost.

use std::pin::pin;
use std::task::Poll;

use regex::Regex;

use super::super::support::discord::{CHANNEL, OPERATOR};
use super::super::support::secs;
use super::*;

/// What people see in the end, in order, without what depends on the moment: the times, and what came in one message.
fn gist(discord: &FakeDiscord) -> String {
    let times = Regex::new(r"\d\d:\d\d:\d\d|, for \d+ \w+").unwrap();
    let transcript = discord.transcript(CHANNEL);
    let transcript = times.replace_all(&transcript, "…");
    let line = |line: &&str| {
        let text = line.trim();
        // That it ended in the middle of a step is told, as it should be.
        let own_end = text.contains("Steward ended before it") || text.contains("ran `journalctl");
        !text.is_empty() && text != "Steward:" && !text.starts_with("┃  (#") && !own_end
    };
    transcript.lines().filter(line).collect::<Vec<_>>().join("\n")
}

/// Nothing is in a thread twice, and there is one root message and one thread.
fn told_once(discord: &FakeDiscord, moment: usize) {
    let story = story(discord, 1);
    let mut lines: Vec<&str> =
        story.lines().filter(|line| line.starts_with('`') || line.starts_with("08:")).collect();
    assert!(!lines.is_empty(), "{story}");
    let all = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), all, "at {moment} something is told twice:\n{story}");
    assert_eq!(discord.threads(CHANNEL).len(), 1, "at {moment}: {}", discord.everything());
    let posts = discord.look(|world| world.posts(CHANNEL));
    let roots = posts.iter().filter(|m| m.reply_to.is_none()).count();
    assert_eq!(roots, 1, "at {moment}: {}", discord.everything());
}

/// Runs `story` until Discord has taken so many requests; whether it ended before.
async fn up_to(requests: usize, discord: &FakeDiscord, story: impl Future<Output = ()>) -> bool {
    let mut story = pin!(story);
    std::future::poll_fn(|context| {
        if discord.requests().len() >= requests {
            return Poll::Ready(false);
        }
        match story.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// The disk fills up, somebody says yes as soon as they are asked, and all is well again.
async fn whole_story(bot: &Bot<'_>, discord: &FakeDiscord) {
    for _ in 0..60 {
        bot.pass(secs(10)).await;
        let asking = discord.look(|world| {
            let threads = world.threads(CHANNEL);
            let posts = threads.iter().flat_map(|thread| world.posts(thread.id)).collect::<Vec<_>>();
            posts.into_iter().find(|m| m.button("Approve").is_some() && m.reactions.is_empty())
        });
        if let Some(card) = asking {
            discord.react(OPERATOR, card.id, "✅");
            // It comes over the gateway, if that is connected by now, and by asking for it otherwise.
            for _ in 0..1000 {
                bot.settle().await;
                if discord.transcript(CHANNEL).contains("approved by alex") {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }
}

#[tokio::test]
async fn dying_after_any_request_changes_nothing_that_people_see_in_the_end() {
    let (reference, requests) = {
        let lab = lab("");
        let discord = lab.on_discord().await;
        let bot = start(&lab, &discord).await;
        fill_disk(&lab);
        whole_story(&bot, &discord).await;
        assert_eq!(lab.host.ran(), VACUUMED);
        let told = (gist(&discord), discord.requests().len());
        bot.end().await;
        told
    };
    assert!(reference.contains("Resolved"), "{reference}");
    let mut moments = 0;
    for moment in 1..=requests {
        let lab = lab("");
        let discord = lab.on_discord().await;
        let bot = lab.start().await;
        fill_disk(&lab);
        if up_to(moment, &discord, whole_story(&bot, &discord)).await {
            break;
        }
        moments += 1;
        bot.crash().await;
        let bot = lab.start().await;
        whole_story(&bot, &discord).await;
        if discord.transcript(CHANNEL).contains("nobody saw how it ended") {
            // It died while the command ran. What can't be taken back is not repeated blindly: a person is called.
            assert!(pings(&discord).len() <= 1, "at {moment}: {}", discord.everything());
        } else {
            assert_eq!(lab.host.ran(), VACUUMED, "at {moment}: {}", discord.everything());
            assert_eq!(gist(&discord), reference, "at {moment}:\n{}", discord.everything());
        }
        told_once(&discord, moment);
        bot.forgive_log("a message is put off");
        bot.end().await;
    }
    assert!(moments > 10, "it died {moments} times only");
}

#[tokio::test]
async fn a_request_that_was_done_but_never_answered_is_not_done_twice() {
    for skip in 0..8 {
        let lab = lab("");
        let discord = lab.on_discord().await;
        let bot = start(&lab, &discord).await;
        fill_disk(&lab);
        for (at, route) in [
            "POST /channels/*/messages",
            "POST /channels/*/messages/*/threads",
            "PATCH /channels/*/messages/*",
        ]
        .into_iter()
        .enumerate()
        {
            if skip & (1 << at) != 0 {
                discord.next(2, route, Fault::DoThenClose);
            }
        }
        whole_story(&bot, &discord).await;
        assert_eq!(lab.host.ran(), VACUUMED);
        assert_eq!(discord.look(|world| world.posts(CHANNEL)).len(), 1, "{}", discord.everything());
        assert_eq!(discord.threads(CHANNEL).len(), 1);
        let story = story(&discord, 1);
        for line in ["/var is 97% full (", "May I run vacuum?", "approved by alex", "Resolved"] {
            assert_eq!(story.matches(line).count(), 1, "{skip}: {line} in\n{story}");
        }
        bot.forgive_log("a message is put off");
        bot.end().await;
    }
}
