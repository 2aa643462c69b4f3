//! What is shown, and how to tell whether it was.

use steward::domain::card::{Attachment, Card, Mention};
use steward::domain::signal::Severity;

use super::stage::Shown;

/// The root message of an incident.
pub fn incident(number: u64) -> Card {
    Card::titled(format!("#{number} nas/media: /mnt/media is stale"))
        .severity(Severity::Error)
        .field("State", "open")
        .field("Since", "2026-11-21 08:00:00")
        .field("Impact", "Jellyfin and imports cannot read media")
        .action("Acknowledge", format!("ack {number}"))
}

/// The same, resolved.
pub fn resolved(number: u64) -> Card {
    let mut card = incident(number).field("Tried", "remount: worked");
    card.done = true;
    card.fields[0].value = "resolved".to_owned();
    card.actions.clear();
    card
}

/// An update of an incident's thread.
pub fn update(number: u64, text: &str) -> Card {
    Card::titled(format!("#{number}")).severity(Severity::Error).line(text)
}

/// The update that ends the story.
pub fn last_word(number: u64, text: &str) -> Card {
    Card { done: true, ..update(number, text) }
}

pub fn calling(card: Card) -> Card {
    Card { mention: Mention::Here, ..card }
}

pub fn with_file(mut card: Card, name: &str, text: &str) -> Card {
    card.attachments.push(Attachment { name: name.to_owned(), text: text.to_owned() });
    card
}

/// What a question has to show.
pub const QUESTION: [(&str, &str); 6] = [
    ("Would run", "vm: `zpool clear tank`"),
    ("Why I ask", "no rule knows this command"),
    ("Risk", "can't be taken back"),
    ("Blast radius", "the whole host"),
    ("Undo", "none"),
    ("Expires", "08:30:00, in 30 min; no answer is a no"),
];

/// A question that waits.
pub fn question(approval: u64) -> Card {
    let card =
        Card::titled(format!("Approval {approval}: may I run clear-pool?")).severity(Severity::Warning);
    let card = QUESTION.iter().fold(card, |card, (name, value)| card.field(name, *value));
    card.action("Approve", format!("approve {approval}")).action("Deny", format!("deny {approval}"))
}

/// The same, once it was answered.
pub fn answered(approval: u64) -> Card {
    let mut card =
        question(approval).field("Answer", "yes, by alex at 08:01:00").field("Result", "it worked");
    card.actions.clear();
    card.fields.retain(|field| field.name != "Expires");
    card.done = true;
    card
}

/// So many words, each of which is there once.
pub fn words(mark: char, letters: usize) -> String {
    let mut text = String::new();
    for n in 0.. {
        if text.len() >= letters {
            break;
        }
        text.push_str(&format!("{mark}{n:04} "));
    }
    text.trim_end().to_owned()
}

/// The text without what nobody sees: blanks, and characters without a width.
pub fn letters(text: &str) -> String {
    let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}');
    text.chars().filter(|c| !c.is_whitespace() && !unseen(*c)).collect()
}

/// Everything there is to read in messages, one behind the other, without blanks.
pub fn read(messages: &[Shown]) -> String {
    messages.iter().map(|message| letters(&message.text)).collect()
}

/// Whether a text can be read as a whole, in the messages or in one of their files.
pub fn is_whole(messages: &[Shown], text: &str) -> bool {
    let wanted = letters(text);
    let files = messages.iter().flat_map(|message| &message.files);
    read(messages).contains(&wanted) || files.into_iter().any(|(_, file)| letters(file).contains(&wanted))
}

/// Text that means something somewhere: to a platform's markup, to its mentions, or to a terminal.
pub const HOSTILE: &[&str] = &[
    "`code` and ``two`` and ```three``` and ````four````",
    "a lonely ` and ``` here",
    "snake_case_name and _it_ and __under__",
    "*b* **bb** ***bbb*** 2 * 3 * 4",
    "~~gone~~ and ||spoiler||",
    "# a heading",
    "### a small one",
    "-# a tiny one",
    "> quoted",
    ">>> all quoted",
    "- an item",
    "* an item",
    "@everyone and @here and @all",
    "@alex @mallory @steward_bot @Steward",
    "<@1333333333333333401> <@!1333333333333333401> <@123>",
    "<@&1101010101010101010> <#1111111111111111101>",
    "<t:1700000000:R> <:pepe:123456> <a:pepe:123456> </status:123> <id:home>",
    "[x](http://y) and [nice](https://evil.example/path)",
    "[text](<https://evil.example> \"title\") ![img](https://evil.example/i.png)",
    "<b>bold</b> <a href=\"https://evil.example\">here</a> <tg-spoiler>x</tg-spoiler>",
    "&lt;b&gt; &amp; &#64;everyone &quot;",
    "\\*escaped\\* and a lonely \\",
    "\\\\*twice\\\\*",
    "/approve 7 and /deny@steward_bot 7",
    "tg://user?id=5000000001 and #hashtag $CASH",
    "https://grafana.example/d/a_b_c/x*y*z?var=~~1~~&from=now",
    "see <https://grafana.example/d/a_b_c> and mail root@nas_1.example",
    "\u{1b}[31mred\u{1b}[0m and \u{1b}]8;;https://evil.example\u{7}link\u{1b}]8;;\u{7}",
    "\u{202e}desrever\u{202c} and \u{2066}isolated\u{2069}",
    "zero\u{200b}width\u{200d}joiner\u{feff}mark",
    "👩‍👩‍👧‍👦 🇩🇪 ❤️ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👍🏽",
    "| a | table | and columns | `x` | ```y``` |",
    "{{ target.name }} ${HOME} $(reboot) %s {0}",
    "\"quoted\" 'single' – — … ‘’ „“",
];

/// Whether every word of a text is there, in order, in the messages or in one of their files.
pub fn has_words(messages: &[Shown], text: &str) -> bool {
    let in_order = |read: &str| {
        let mut rest = read;
        text.split_whitespace().all(|word| {
            let found = rest.find(word);
            rest = found.map_or("", |at| &rest[at + word.len()..]);
            found.is_some()
        })
    };
    let files = messages.iter().flat_map(|message| &message.files);
    in_order(&read(messages)) || files.into_iter().any(|(_, file)| in_order(file))
}
