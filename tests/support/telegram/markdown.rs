//! `parse_mode: MarkdownV2`.

use super::text::{Entity, Text, units};

/// What must be escaped where it marks nothing.
const RESERVED: &str = "_*[]()~`>#+-=|{}.!";

const MARKS: [(&str, &str); 5] =
    [("__", "underline"), ("||", "spoiler"), ("*", "bold"), ("_", "italic"), ("~", "strikethrough")];

pub(super) fn parse(source: &str) -> Result<Text, String> {
    let mut text = Text::default();
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let at = source.len() - rest.len();
        let here = units(&text.text);
        if first == '\\' && rest[1..].starts_with(|c: char| c.is_ascii() && !c.is_ascii_control()) {
            text.text.push_str(&rest[1..2]);
            rest = &rest[2..];
        } else if rest.starts_with('`') {
            rest = code(rest, at, &mut text)?;
        } else if rest.starts_with('[') {
            open.push(("[", here));
            rest = &rest[1..];
        } else if rest.starts_with("](") && open.last().is_some_and(|(mark, _)| *mark == "[") {
            let (url, after) = until(&rest[2..], ')').ok_or_else(|| unended("Text_link", at))?;
            let offset = open.pop().map_or(0, |(_, offset)| offset);
            push(&mut text, "text_link", offset, Some(url));
            rest = after;
        } else if rest.starts_with('>') && (text.text.is_empty() || text.text.ends_with('\n')) {
            return Err(format!("block quotes are not read by this fake (byte offset {at})"));
        } else if let Some((mark, kind)) = MARKS.iter().find(|(mark, _)| rest.starts_with(mark)) {
            match open.iter().rposition(|(opened, _)| opened == mark) {
                Some(place) if place + 1 == open.len() => {
                    let offset = open.pop().map_or(0, |(_, offset)| offset);
                    push(&mut text, kind, offset, None);
                }
                Some(_) => return Err(unended(open.last().map_or("", |(mark, _)| mark), at)),
                None => open.push((mark, here)),
            }
            rest = &rest[mark.len()..];
        } else if RESERVED.contains(first) {
            return Err(format!(
                "Character '{first}' is reserved and must be escaped with the preceding '\\'"
            ));
        } else {
            text.text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    open.last().map_or(Ok(text), |(mark, offset)| Err(unended(mark, *offset)))
}

fn unended(what: &str, at: usize) -> String {
    format!("Can't find end of the entity {what} starting at byte offset {at}")
}

fn push(text: &mut Text, kind: &str, offset: usize, url: Option<String>) {
    let length = units(&text.text) - offset;
    if length > 0 {
        text.entities.push(Entity { kind: kind.into(), offset, length, url, ..Entity::default() });
    }
}

/// Inline code or a block of it; what follows.
fn code<'a>(rest: &'a str, at: usize, text: &mut Text) -> Result<&'a str, String> {
    let offset = units(&text.text);
    let Some(block) = rest.strip_prefix("```") else {
        let (inner, after) = until(&rest[1..], '`').ok_or_else(|| unended("Code", at))?;
        text.text.push_str(&inner);
        push(text, "code", offset, None);
        return Ok(after);
    };
    let (inner, after) = until(block, '`').ok_or_else(|| unended("Pre", at))?;
    let after = after.strip_prefix("``").ok_or_else(|| unended("Pre", at))?;
    let (language, body) = inner.split_once('\n').unwrap_or(("", &inner));
    let named = !language.is_empty() && !language.contains(char::is_whitespace);
    text.text.push_str(if named || language.is_empty() { body } else { &inner });
    push(text, "pre", offset, None);
    if let Some(entity) = text.entities.last_mut().filter(|_| named) {
        entity.language = Some(language.into());
    }
    Ok(after)
}

/// The text up to `end`, which `\` takes the meaning from, and what follows.
fn until(text: &str, end: char) -> Option<(String, &str)> {
    let mut inner = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => inner.push(characters.next()?.1),
            other if other == end => return Some((inner, &text[at + end.len_utf8()..])),
            other => inner.push(other),
        }
    }
    None
}
