//! From a card to messages.

use teloxide::types::{InlineKeyboardButton, InlineKeyboardMarkup};

use super::text::{LONGEST, Piece, Style, Text, cut, units};
use crate::domain::card::{Attachment, Card, Entry, Field, is_row};
use crate::domain::signal::Severity;

/// An attachment up to this size stands in the message: lines, UTF-16 code units.
const SHORT: (usize, usize) = (10, 800);
/// More attachments than these become one.
const MOST_ATTACHMENTS: usize = 3;
/// A text that would take more messages than these is sent as a file, and only its beginning as a message.
const MOST_PIECES: usize = 5;
/// How much of a value is shown where all has to go into one message: the first of these that makes it fit, in UTF-16
/// code units.
const VALUES: [usize; 6] = [2000, 1000, 500, 250, 120, 40];
/// The most columns of a table that a phone shows side by side.
const WIDEST: usize = 52;
/// The longest command that a button can stand for, in bytes.
const LONGEST_COMMAND: usize = 64;
/// Buttons side by side.
const BUTTONS_IN_A_ROW: usize = 3;
/// The sign of what is over.
const OVER: &str = "✅";
/// Said under a question as long as it waits.
const HINT: &str = "👍 or 👎 as a reaction is an answer too.";
/// How much is shown of a file that can't be sent, in UTF-16 code units.
const LONGEST_BEGINNING: usize = 3000;
/// The longest name of a file, in characters.
const LONGEST_NAME: usize = 60;

/// Somebody who is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) id: u64,
    pub(super) name: String,
}

/// A text as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) text: String,
}

/// What a card comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Post {
    /// One message each; at least one.
    pub(super) pieces: Vec<Piece>,
    /// Under the last message.
    pub(super) keyboard: Option<InlineKeyboardMarkup>,
    /// After the messages.
    pub(super) documents: Vec<Document>,
}

/// A card as messages.
pub(super) fn post(card: &Card, called: &[Called]) -> Post {
    let (inline, mut documents) = attachments(card, SHORT);
    let mut text = Text::default();
    calls(&mut text, called);
    title(&mut text, card, OVER);
    body(&mut text, &card.body);
    fields(&mut text, &card.fields);
    for attachment in inline {
        text.line();
        text.styled(Style::Bold, &attachment.name);
        text.line();
        text.styled(Style::Pre, &attachment.text);
    }
    let mut pieces = text.pieces(LONGEST);
    if pieces.len() > MOST_PIECES {
        documents.insert(0, Document { name: file_name(&card.title), text: as_text(card) });
        pieces.truncate(1);
    }
    Post { pieces, keyboard: keyboard(card), documents }
}

/// The beginning of a file, for where none can be sent.
pub(super) fn beginning(document: &Document) -> Piece {
    let mut text = Text::default();
    text.styled(Style::Bold, &document.name);
    text.line();
    text.styled(Style::Pre, &cut(&document.text, LONGEST_BEGINNING));
    text.line();
    text.plain("The bot may not send files here, so this is only the beginning.");
    text.first()
}

/// The root message of an incident.
pub(super) fn root(card: &Card) -> Post {
    one(card, OVER, None)
}

/// The card of a question. Once it is over, its sign says neither yes nor no.
pub(super) fn question(card: &Card) -> Post {
    one(card, "⚪", (!card.actions.is_empty()).then_some(HINT))
}

/// A card as one message, which can be edited later. What does not fit is cut there, and whole in a file.
fn one(card: &Card, over: &str, last_line: Option<&str>) -> Post {
    let draw = |longest: usize| {
        let short = card.map(|line| cut(line, longest), |lines| cut(lines, longest));
        let mut text = Text::default();
        title(&mut text, &short, over);
        body(&mut text, &short.body);
        fields(&mut text, &short.fields);
        if let Some(line) = last_line {
            text.line();
            text.plain(line);
        }
        text
    };
    let (_, mut documents) = attachments(card, (0, 0));
    let whole = draw(usize::MAX).pieces(LONGEST);
    let pieces = if whole.len() == 1 {
        whole
    } else {
        documents.insert(0, Document { name: file_name(&card.title), text: as_text(card) });
        let fitting = VALUES.iter().map(|longest| draw(*longest).pieces(LONGEST)).find(|p| p.len() == 1);
        fitting.unwrap_or_else(|| draw(VALUES[0]).pieces(LONGEST).into_iter().take(1).collect())
    };
    Post { pieces, keyboard: keyboard(card), documents }
}

/// A card as the few words that fit into the answer to a press.
pub(super) fn brief(card: &Card, longest: usize) -> String {
    let fields = card.fields.iter().map(|field| format!("{}: {}", field.name, field.value));
    let lines = std::iter::once(card.title.clone()).chain(card.body.iter().cloned()).chain(fields);
    cut(&lines.collect::<Vec<_>>().join("\n"), longest)
}

fn calls(text: &mut Text, called: &[Called]) {
    for (at, person) in called.iter().enumerate() {
        text.plain(if at == 0 { "📣 " } else { ", " });
        text.styled(Style::Mention(person.id), &person.name);
    }
}

fn title(text: &mut Text, card: &Card, over: &str) {
    if card.title.is_empty() {
        return;
    }
    text.line();
    let sign = match (card.done, card.severity) {
        (true, _) => over,
        (false, Some(Severity::Critical)) => "🔴",
        (false, Some(Severity::Error)) => "🟠",
        (false, Some(Severity::Warning)) => "🟡",
        (false, Some(Severity::Info)) => "🔵",
        (false, None) => "",
    };
    if !sign.is_empty() {
        text.plain(&format!("{sign} "));
    }
    text.styled(Style::Bold, &card.title);
}

/// Paragraphs. What is laid out in columns stands together in letters of one width.
fn body(text: &mut Text, paragraphs: &[String]) {
    let mut table: Vec<&str> = Vec::new();
    for paragraph in paragraphs {
        for (at, line) in paragraph.split('\n').enumerate() {
            let entry = Entry::parse(line).filter(|_| at == 0);
            if entry.is_none() && is_row(line) {
                table.push(line);
                continue;
            }
            rows(text, &mut table);
            text.line();
            match entry {
                Some(entry) => text.ticked(&format!("{} {} {}", entry.time, sign(entry.sign), entry.text)),
                None => text.ticked(line.trim_start()),
            }
        }
    }
    rows(text, &mut table);
}

/// A table. One that is wider than a phone is told line by line.
fn rows(text: &mut Text, table: &mut Vec<&str>) {
    if table.iter().any(|row| row.chars().count() > WIDEST) {
        for row in table.iter() {
            text.line();
            let mut cells = row.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
            text.styled(Style::Code, cells.next().unwrap_or_default());
            text.plain(" ");
            text.plain(&cells.collect::<Vec<_>>().join(" · "));
        }
    } else if !table.is_empty() {
        text.line();
        text.styled(Style::Pre, &table.join("\n"));
    }
    table.clear();
}

fn fields(text: &mut Text, fields: &[Field]) {
    for field in fields {
        text.line();
        text.styled(Style::Bold, &format!("{}:", field.name));
        let is_table = field.value.split('\n').any(is_row);
        if is_table {
            rows(text, &mut field.value.split('\n').collect());
        } else {
            text.plain(if field.value.contains('\n') { "\n" } else { " " });
            text.ticked(&field.value);
        }
    }
}

/// What kind of thing an entry tells of, at a glance.
fn sign(word: &str) -> &'static str {
    match word {
        "seen" => "👁",
        "calm" => "🟢",
        "why" => "💡",
        "change" => "📝",
        "repair" => "🔧",
        "next" => "⏭",
        "good" => "✅",
        "bad" => "❌",
        "ask" => "❓",
        "call" => "📣",
        "person" => "👤",
        "agent" => "🤖",
        _ => "•",
    }
}

/// The attachments up to this size, which stand in the message, and those that are files.
fn attachments(card: &Card, (most_lines, most_units): (usize, usize)) -> (Vec<&Attachment>, Vec<Document>) {
    let told: Vec<&Attachment> = card.attachments.iter().filter(|a| !a.text.trim().is_empty()).collect();
    if told.len() > MOST_ATTACHMENTS {
        let parts: Vec<String> = told.iter().map(|a| format!("== {} ==\n{}\n", a.name, a.text)).collect();
        return (Vec::new(), vec![Document { name: "evidence.txt".to_owned(), text: parts.join("\n") }]);
    }
    let is_short = |a: &&Attachment| a.text.lines().count() <= most_lines && units(&a.text) <= most_units;
    let (short, long): (Vec<_>, Vec<_>) = told.into_iter().partition(is_short);
    let file = |a: &Attachment| Document { name: file_name(&a.name), text: a.text.clone() };
    (short, long.into_iter().map(file).collect())
}

fn keyboard(card: &Card) -> Option<InlineKeyboardMarkup> {
    let fits = card.actions.iter().filter(|action| {
        (1..=LONGEST_COMMAND).contains(&action.command.len()) && !action.label.trim().is_empty()
    });
    let buttons: Vec<_> =
        fits.map(|action| InlineKeyboardButton::callback(&action.label, &action.command)).collect();
    let rows = buttons.chunks(BUTTONS_IN_A_ROW).map(<[_]>::to_vec);
    (!buttons.is_empty()).then(|| InlineKeyboardMarkup::new(rows))
}

/// The whole card as the text of a file.
fn as_text(card: &Card) -> String {
    let fields = card.fields.iter().map(|field| {
        let goes_on = if field.value.contains('\n') { "\n" } else { " " };
        format!("{}:{goes_on}{}", field.name, field.value)
    });
    let attachments = card.attachments.iter().map(|a| format!("\n== {} ==\n{}", a.name, a.text));
    let lines = std::iter::once(card.title.clone()).chain(card.body.iter().cloned()).chain(fields);
    lines.chain(attachments).map(|line| line + "\n").collect()
}

/// A name that every system takes for a file.
fn file_name(name: &str) -> String {
    let stem = name.strip_suffix(".txt").unwrap_or(name);
    let plain = stem.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' });
    let words: Vec<String> =
        plain.collect::<String>().split('-').filter(|w| !w.is_empty()).map(str::to_owned).collect();
    let stem: String = words.join("-").trim_matches(['.', '-']).chars().take(LONGEST_NAME).collect();
    if stem.is_empty() { "text.txt".to_owned() } else { format!("{stem}.txt") }
}

#[cfg(test)]
mod tests;
