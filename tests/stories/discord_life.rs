//! Steward's life on Discord, from end to end: the real app and the real adapter on a Discord that follows the
//! documentation.

mod approvals;
mod calls;
mod crash;
mod gone;
mod line;
mod storm;
mod talk;

use std::time::Duration;

use serde_json::{Value, json};

use super::support::discord::view::{Seen, Thread};
use super::support::discord::{BOT, CHANNEL, Fault, OPERATOR, World};
use super::support::runbooks::usual;
use super::support::{Bot, FakeDiscord, Lab, min};

const VACUUMED: [&str; 1] = ["journalctl --vacuum-size=200M"];

/// A lab that is told of on Discord alone.
fn lab(settings: &str) -> Lab {
    let lab = usual(settings);
    lab.without_console();
    lab
}

fn fill_disk(lab: &Lab) {
    lab.host.break_with("vm/disk", "disk-fill", "summary: /var is 97% full");
}

/// A Steward that is connected and has made itself known.
async fn start<'l>(lab: &'l Lab, discord: &FakeDiscord) -> Bot<'l> {
    let before = commands_registered(discord);
    let bot = lab.start().await;
    discord.connected().await;
    requested(discord, "PUT /", "/commands", before + 1).await;
    bot.settle().await;
    bot
}

fn commands_registered(discord: &FakeDiscord) -> usize {
    requests(discord, "PUT /", "/commands")
}

/// How many requests there were that begin like this and have this.
fn requests(discord: &FakeDiscord, start: &str, part: &str) -> usize {
    discord.requests().iter().filter(|line| line.starts_with(start) && line.contains(part)).count()
}

/// Waits until there were so many of them.
async fn requested(discord: &FakeDiscord, start: &str, part: &str, times: usize) {
    let enough = async {
        while requests(discord, start, part) < times {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), enough).await;
    assert!(waited.is_ok(), "waited in vain for {times} of {start}…{part}\n{}", discord.everything());
}

/// Incident #1 waits for an answer: the card that asks, and the thread it is in.
async fn asked<'l>(lab: &'l Lab, discord: &FakeDiscord) -> (Bot<'l>, Seen, Thread) {
    let bot = start(lab, discord).await;
    fill_disk(lab);
    bot.pass(min(6)).await;
    let (card, thread) = question(discord);
    assert!(lab.host.ran().is_empty(), "nothing runs without a yes");
    (bot, card, thread)
}

/// The only question there is, and its thread.
fn question(discord: &FakeDiscord) -> (Seen, Thread) {
    discord.look(|world| {
        let threads = world.threads(CHANNEL);
        let asks =
            |thread: &Thread| world.posts(thread.id).into_iter().find(|m| m.title().contains("may I run"));
        let mut found = threads.into_iter().filter_map(|thread| Some((asks(&thread)?, thread)));
        match (found.next(), found.next()) {
            (Some(one), None) => one,
            (found, _) => panic!("not one question: {found:?}\n{}", world.transcript(CHANNEL)),
        }
    })
}

fn seen(discord: &FakeDiscord, message: u64) -> Seen {
    let found = discord.look(|world| world.message_seen(message));
    found.unwrap_or_else(|| panic!("it is gone\n{}", discord.everything()))
}

/// The root message of an incident.
fn root(discord: &FakeDiscord, number: u64) -> Seen {
    let start = format!("#{number} ");
    let found = discord.look(|world| {
        let of = |m: &Seen| world.shown(&m.title()).starts_with(&start);
        world.posts(CHANNEL).into_iter().rfind(of)
    });
    found.unwrap_or_else(|| panic!("#{number} has no root message\n{}", discord.everything()))
}

/// The thread of an incident as people read it.
fn story(discord: &FakeDiscord, number: u64) -> String {
    let root = root(discord, number).id;
    discord.look(|world| world.posts(root).iter().map(|m| world.words(m)).collect::<Vec<_>>().join("\n"))
}

fn words(discord: &FakeDiscord, message: &Seen) -> String {
    discord.look(|world| world.words(message))
}

/// Waits for what comes over the gateway, and lets Steward come to rest.
async fn until<T>(bot: &Bot<'_>, discord: &FakeDiscord, what: &str, look: impl Fn(&World) -> Option<T>) -> T {
    let found = discord.until(what, look).await;
    bot.settle().await;
    found
}

/// Waits until a card has no buttons any more: it is decided.
async fn decided(bot: &Bot<'_>, discord: &FakeDiscord, card: u64) -> Seen {
    let without = |world: &World| world.message_seen(card).filter(|card| card.buttons.is_empty());
    until(bot, discord, "a decided question", without).await;
    seen(discord, card)
}

/// An operator uses a slash command in the channel; all that is answered.
async fn slash(bot: &Bot<'_>, discord: &FakeDiscord, channel: u64, command: &str, options: Value) -> String {
    slash_as(bot, discord, OPERATOR, channel, command, options).await.0
}

/// Somebody uses a slash command; all that is answered, and whether only they see it.
async fn slash_as(
    bot: &Bot<'_>,
    discord: &FakeDiscord,
    user: u64,
    channel: u64,
    command: &str,
    options: Value,
) -> (String, bool) {
    let interaction = discord.slash(user, channel, command, &options);
    discord.answer(interaction).await;
    bot.settle().await;
    let answers = discord.look(|world| world.answers(interaction));
    let private = answers.iter().all(|answer| answer.only_for == Some(user));
    assert!(private || answers.iter().all(|answer| answer.only_for.is_none()), "half of it is private");
    let text: Vec<String> = answers.iter().map(|answer| words(discord, answer)).collect();
    (text.join("\n"), private)
}

async fn status(bot: &Bot<'_>, discord: &FakeDiscord) -> String {
    slash(bot, discord, CHANNEL, "status", json!({})).await
}

/// An operator says something to Steward; the reply.
async fn says(bot: &Bot<'_>, discord: &FakeDiscord, channel: u64, text: &str) -> String {
    let message = discord.says(OPERATOR, channel, text);
    let to = |world: &World| world.posts(channel).into_iter().find(|m| m.reply_to == Some(message));
    let reply = until(bot, discord, &format!("a reply to {text:?}"), to).await;
    words(discord, &reply)
}

fn mention(text: &str) -> String {
    format!("<@{BOT}> {text}")
}

/// Whom messages called, anywhere and ever.
fn pings(discord: &FakeDiscord) -> Vec<(u64, Vec<String>)> {
    discord.look(|world| {
        let threads = world.threads(CHANNEL).into_iter().map(|thread| thread.id);
        let places = threads.chain([CHANNEL]).flat_map(|place| world.posts(place));
        let all = places.chain(world.dm(OPERATOR));
        all.filter(|m| !m.pinged.is_empty() || m.mentions_everyone).map(|m| (m.id, m.pinged)).collect()
    })
}
