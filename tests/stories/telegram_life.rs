//! Life on Telegram, end to end: the real app and the real adapter against a strict Bot API.

mod answers;
mod calls;
mod commands;
mod exactly_once;
mod kills;
mod lost;
mod outages;
mod setup;
mod storms;

use std::time::Duration;

use super::support::runbooks::{VACUUM, usual as lab_with_console};
use super::support::telegram::{FakeTelegram, GROUP, OPERATOR, STRANGER, Seen, View};
use super::support::{Bot, Lab, min, secs};

const VACUUMED: [&str; 1] = ["journalctl --vacuum-size=200M"];

/// A lab with a full disk to ask about and a unit to restart, told of on Telegram and, for these stories, nowhere else.
fn lab(settings: &str) -> Lab {
    let lab = lab_with_console(settings);
    lab.without_console();
    lab
}

fn fill_disk(lab: &Lab) {
    lab.host.break_with("vm/disk", "disk-fill", "summary: /var is 97% full");
}

/// A Steward that waits for an answer about the journal, and the card of the question.
async fn asked<'lab>(lab: &'lab Lab, telegram: &FakeTelegram) -> (Bot<'lab>, i64) {
    let bot = lab.start().await;
    listens(telegram).await;
    fill_disk(lab);
    bot.pass(min(6)).await;
    let card = card(telegram);
    assert_eq!(labels(&card), ["Approve", "Deny"], "{}", telegram.transcript());
    (bot, card.id)
}

/// The card of the question as it stands.
fn card(telegram: &FakeTelegram) -> Seen {
    said(telegram, "may I run vacuum?")
}

/// The first message of Steward in the group with this text.
fn said(telegram: &FakeTelegram, text: &str) -> Seen {
    let found = telegram.see(|view| view.find(GROUP, text));
    found.unwrap_or_else(|| panic!("nobody said {text:?}\n{}", telegram.transcript()))
}

/// How often Steward said this in the group.
fn times(telegram: &FakeTelegram, text: &str) -> usize {
    telegram.messages(GROUP).iter().filter(|m| m.from == "Steward" && m.text.contains(text)).count()
}

fn labels(message: &Seen) -> Vec<&str> {
    message.buttons.iter().flatten().map(|(label, _)| label.as_str()).collect()
}

/// Steward has asked for updates, so that it gets the kinds it wants.
async fn listens(telegram: &FakeTelegram) {
    telegram.until("Steward asks for updates", |view| (view.polls() > 0).then_some(())).await;
}

/// What people did has reached Steward, and what follows from it has come to rest.
async fn heard(bot: &Bot<'_>, telegram: &FakeTelegram) {
    telegram.handled().await;
    bot.settle().await;
}

/// The edits that were held back for a moment are made.
async fn edited(bot: &Bot<'_>) {
    bot.pass(secs(10)).await;
}

/// Lets an hour pass, minute by minute, until there is something to see. What goes over the wire takes its own time, and
/// gets some twenty seconds of it.
async fn pass_until<T>(
    bot: &Bot<'_>,
    telegram: &FakeTelegram,
    what: &str,
    look: impl Fn(&View) -> Option<T>,
) -> T {
    for round in 0..4000 {
        if let Some(found) = telegram.see(&look) {
            return found;
        }
        bot.pass(if round < 60 { min(1) } else { secs(0) }).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("this never came: {what}\n{}\n{}", telegram.transcript(), telegram.see(|view| view.log()))
}

/// The name of the kind of group, for transcripts and failures.
fn kind(forum: bool) -> &'static str {
    if forum { "forum" } else { "group" }
}
