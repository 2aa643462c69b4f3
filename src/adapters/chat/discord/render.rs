//! A card as Discord messages: everything escaped, everything within the limits, nothing lost.

mod body;

use super::markdown::{CODE_BLOCK, code_block, code_cost, cut, escape, escape_cut, length};
use super::sheet::{
    BUTTONS, Button, CUSTOM_ID, DESCRIPTION, EMBED, FIELD_NAME, FIELD_VALUE, FIELDS, FILES, File, LABEL,
    Sheet, ShownField, TITLE,
};
use crate::domain::card::{Attachment, Card, Mention, is_row, split};
use crate::domain::signal::Severity;

/// The colour of what is neither good nor bad.
const NEUTRAL: u32 = 0x6e_76_81;
/// Under a question.
const REACTIONS: &str = "✅ or ❌ as a reaction is an answer too.";
/// Kept free for the text when the fields are long.
const TEXT_SHARE: usize = 1500;
/// The longest value that is put beside another.
const SHORT_VALUE: usize = 24;
/// An attachment up to this many lines and characters is shown, a longer one is a file.
const SHOWN_LINES: usize = 10;
/// See [`SHOWN_LINES`].
const SHOWN_CHARS: usize = 800;
/// The longest name of a file.
const FILE_NAME: usize = 80;

/// What a message is, as far as its looks depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It is edited in place, so it has to stay one message; what does not fit goes with it as a file.
    Single,
    /// As `Single`, and people may answer it.
    Question,
    /// As many messages as it takes, where a number as the title says nothing new.
    InThread,
    /// As many messages as it takes.
    Several,
}

/// The card as messages, at least one.
pub(super) fn sheets(card: &Card, look: Look) -> Vec<Sheet> {
    let mut first = Sheet { colour: colour(card), here: card.mention == Mention::Here, ..Sheet::default() };
    if look == Look::Question && card.done && card.severity.is_none() {
        // Over without a yes: green would look like one.
        first.colour = NEUTRAL;
    }
    let mut files = Vec::new();
    let mut body = card.body.clone();
    if look != Look::InThread || !is_number(&card.title) {
        first.title = escape_cut(&card.title, TITLE);
        if length(&escape(&card.title)) > TITLE {
            body.insert(0, card.title.clone());
        }
    }
    first.footer = (look == Look::Question && !card.actions.is_empty()).then_some(REACTIONS);
    let used = length(&first.title) + first.footer.map_or(0, length);
    let has_text = !body.is_empty() || !card.attachments.is_empty() || card.fields.len() > FIELDS;
    let room = EMBED - used - if has_text { TEXT_SHARE } else { 0 };
    first.fields = fields(card, room, &mut files);
    let extra = card.fields.iter().skip(FIELDS);
    body.extend(extra.map(|field| format!("{}: {}", field.name, field.value)));

    let mut lines = body::paragraphs(&body);
    for attachment in &card.attachments {
        match is_short(attachment) {
            true => lines.extend(body::shown(&attachment.name, &attachment.text)),
            false => files.push(file(&attachment.name, &attachment.text)),
        }
    }
    let used: usize = used + first.fields.iter().map(|f| length(&f.name) + length(&f.value)).sum::<usize>();
    let mut pages = body::pages(&lines, DESCRIPTION.min(EMBED - used), DESCRIPTION);
    if matches!(look, Look::Single | Look::Question) && pages.len() > 1 {
        // One line less makes room for saying that there is more.
        pages = vec![body::with_more(&lines, DESCRIPTION.min(EMBED - used))];
        files.push(File { name: "text.txt".to_owned(), text: whole(card) });
    }
    gather(first, pages, buttons(card), files, look)
}

/// So many files as one message takes: what is beyond stands in the last of them.
fn in_one_message(mut files: Vec<File>) -> Vec<File> {
    if files.len() > FILES {
        let beyond = files.split_off(FILES - 1);
        let texts: Vec<String> =
            beyond.iter().map(|file| format!("{}\n\n{}", file.name, file.text)).collect();
        files.push(File { name: "more.txt".to_owned(), text: texts.join("\n\n") });
    }
    files
}

/// Puts the pieces together: fields and the call on the first message, buttons and files on the last.
fn gather(
    first: Sheet,
    pages: Vec<String>,
    buttons: Vec<Button>,
    files: Vec<File>,
    look: Look,
) -> Vec<Sheet> {
    let colour = first.colour;
    let mut sheets: Vec<Sheet> = Vec::new();
    for (at, page) in pages.into_iter().enumerate() {
        let sheet = if at == 0 { first.clone() } else { Sheet { colour, ..Sheet::default() } };
        sheets.push(Sheet { description: page, ..sheet });
    }
    if sheets.is_empty() {
        sheets.push(first);
    }
    let files = if matches!(look, Look::Single | Look::Question) { in_one_message(files) } else { files };
    for (at, some) in files.chunks(FILES).enumerate() {
        if at > 0 {
            sheets.push(Sheet { colour, description: "More files".to_owned(), ..Sheet::default() });
        }
        if let Some(last) = sheets.last_mut() {
            last.files = some.to_vec();
        }
    }
    if let Some(last) = sheets.last_mut() {
        last.buttons = buttons;
    }
    for sheet in &mut sheets {
        // Discord refuses an embed without any text.
        if sheet.title.is_empty() && sheet.description.is_empty() && sheet.fields.is_empty() {
            sheet.description = "…".to_owned();
        }
    }
    sheets
}

/// A call that is posted in the channel, and where the story is. Nobody outside of a thread is reached by a mention in it.
pub(super) fn call(card: &Card, heading: &str, thread: Option<u64>) -> Sheet {
    let mut parts = vec![escape_cut(heading, TITLE)];
    let said = body::paragraphs(&card.body);
    parts.push(body::with_more(&said, 1000));
    parts.extend(thread.map(|thread| format!("<#{thread}>")));
    parts.retain(|part| !part.is_empty());
    Sheet { description: parts.join("\n"), colour: colour(card), here: true, ..Sheet::default() }
}

fn colour(card: &Card) -> u32 {
    if card.done {
        return 0x2e_a0_43;
    }
    match card.severity {
        Some(Severity::Critical) => 0xb6_23_24,
        Some(Severity::Error) => 0xda_36_33,
        Some(Severity::Warning) => 0xd2_99_22,
        Some(Severity::Info) => 0x38_8b_fd,
        None => NEUTRAL,
    }
}

/// Whether a title only says the incident's number, as in `#12`.
fn is_number(title: &str) -> bool {
    title.strip_prefix('#').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

/// The fields, in `room`; what had to be cut is a file too.
fn fields(card: &Card, room: usize, files: &mut Vec<File>) -> Vec<ShownField> {
    let shown = &card.fields[..card.fields.len().min(FIELDS)];
    let render = |most: usize, files: &mut Vec<File>| -> Vec<ShownField> {
        let one = |field: &crate::domain::card::Field| {
            let name = escape_cut(&field.name, FIELD_NAME);
            let (value, is_whole) = value(&field.value, most);
            if !is_whole {
                files.push(file(&field.name, &field.value));
            }
            let inline = is_whole && !field.value.contains('\n') && length(&value) <= SHORT_VALUE;
            ShownField { name: if name.is_empty() { "\u{200b}".to_owned() } else { name }, value, inline }
        };
        shown.iter().map(one).collect()
    };
    let size =
        |fields: &[ShownField]| -> usize { fields.iter().map(|f| length(&f.name) + length(&f.value)).sum() };
    let whole = render(FIELD_VALUE, &mut Vec::new());
    if size(&whole) <= room {
        return render(FIELD_VALUE, files);
    }
    let names: usize = whole.iter().map(|field| length(&field.name)).sum();
    render((room.saturating_sub(names) / shown.len().max(1)).clamp(CODE_BLOCK + 2, FIELD_VALUE), files)
}

/// A value in at most `most`, and whether it is whole.
fn value(text: &str, most: usize) -> (String, bool) {
    if text.trim().is_empty() {
        return ("\u{200b}".to_owned(), true);
    }
    if !text.lines().any(is_row) {
        let whole = escape(text);
        return if length(&whole) <= most { (whole, true) } else { (escape_cut(text, most), false) };
    }
    let whole = code_block(text);
    if length(&whole) <= most {
        return (whole, true);
    }
    let head = split(text, most.saturating_sub(CODE_BLOCK + 1).max(1), code_cost);
    (code_block(&format!("{}…", head.first().copied().unwrap_or_default())), false)
}

fn buttons(card: &Card) -> Vec<Button> {
    let mut buttons: Vec<Button> = Vec::new();
    for action in &card.actions {
        let fits = (1..=CUSTOM_ID).contains(&length(&action.command)) && !action.label.trim().is_empty();
        // Discord refuses the whole message if two buttons say the same.
        if fits && buttons.len() < BUTTONS && !buttons.iter().any(|button| button.command == action.command) {
            buttons.push(Button { label: cut(&action.label, LABEL), command: action.command.clone() });
        }
    }
    buttons
}

fn is_short(attachment: &Attachment) -> bool {
    attachment.text.lines().count() <= SHOWN_LINES && attachment.text.chars().count() <= SHOWN_CHARS
}

fn file(name: &str, text: &str) -> File {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let clean: String = name.chars().map(plain).take(FILE_NAME).collect();
    let clean = clean.trim_matches(['.', '_']);
    let named = if clean.is_empty() { "text" } else { clean };
    let name = if named.ends_with(".txt") { named.to_owned() } else { format!("{named}.txt") };
    File { name, text: text.to_owned() }
}

/// The card's text, for a file.
fn whole(card: &Card) -> String {
    let mut text = format!("{}\n\n{}\n", card.title, card.body.join("\n"));
    for field in &card.fields {
        text.push_str(&format!("\n{}: {}\n", field.name, field.value));
    }
    for attachment in card.attachments.iter().filter(|attachment| is_short(attachment)) {
        text.push_str(&format!("\n{}\n{}\n", attachment.name, attachment.text));
    }
    text
}

#[cfg(test)]
mod tests;
