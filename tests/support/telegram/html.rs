//! `parse_mode: HTML`, as strict as its documentation: every `<`, `>` and `&` that is no tag or entity is escaped.

use super::text::{Entity, Text, units};

struct Open {
    tag: String,
    kind: &'static str,
    offset: usize,
    url: Option<String>,
    language: Option<String>,
}

pub(super) fn parse(source: &str) -> Result<Text, String> {
    let mut text = Text::default();
    let mut open: Vec<Open> = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let at = source.len() - rest.len();
        match first {
            '<' => {
                let (tag, after) = rest[1..]
                    .split_once('>')
                    .ok_or_else(|| format!("Unclosed start tag at byte offset {at}"))?;
                rest = after;
                match tag.strip_prefix('/') {
                    Some(name) => close(name.trim(), &mut open, &mut text, at)?,
                    None => open.push(start(tag, units(&text.text), at)?),
                }
            }
            '&' => {
                let (character, after) = entity(rest, at)?;
                text.text.push(character);
                rest = after;
            }
            '>' => return Err(format!("character '>' must be escaped at byte offset {at}")),
            other => {
                text.text.push(other);
                rest = &rest[other.len_utf8()..];
            }
        }
    }
    match open.last() {
        Some(left) => Err(format!("Can't find end tag corresponding to start tag \"{}\"", left.tag)),
        None => Ok(text),
    }
}

/// A named or numeric entity: only four names are known.
fn entity(rest: &str, at: usize) -> Result<(char, &str), String> {
    let bad = || format!("character '&' must be escaped at byte offset {at}");
    let (name, after) = rest[1..].split_once(';').ok_or_else(bad)?;
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let character = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        _ => match name.strip_prefix('#') {
            Some(digits) => {
                digits.strip_prefix('x').map_or_else(|| number(digits, 10), |hex| number(hex, 16))
            }
            None => None,
        },
    };
    Ok((character.ok_or_else(bad)?, after))
}

fn start(tag: &str, offset: usize, at: usize) -> Result<Open, String> {
    let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let name = name.to_lowercase();
    let attribute = |key: &str| {
        let (_, value) = attributes.split_once(&format!("{key}=\""))?;
        value.split_once('"').map(|(value, _)| value.replace("&amp;", "&").replace("&quot;", "\""))
    };
    let kind = match name.as_str() {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "tg-spoiler" => "spoiler",
        "span" if attribute("class").as_deref() == Some("tg-spoiler") => "spoiler",
        "a" => "text_link",
        "code" => "code",
        "pre" => "pre",
        "tg-emoji" => "custom_emoji",
        "blockquote" if attributes.trim() == "expandable" => "expandable_blockquote",
        "blockquote" => "blockquote",
        _ => return Err(format!("Unsupported start tag \"{name}\" at byte offset {at}")),
    };
    let language = attribute("class").and_then(|class| class.strip_prefix("language-").map(str::to_owned));
    Ok(Open { tag: name, kind, offset, url: attribute("href"), language })
}

fn close(name: &str, open: &mut Vec<Open>, text: &mut Text, at: usize) -> Result<(), String> {
    let last = open.pop().ok_or_else(|| format!("Unexpected end tag at byte offset {at}"))?;
    if !name.is_empty() && !name.eq_ignore_ascii_case(&last.tag) {
        return Err(format!("Unmatched end tag at byte offset {at}, expected \"</{}>\"", last.tag));
    }
    let length = units(&text.text) - last.offset;
    // Code with a language inside `pre` only names the language.
    if last.kind == "code"
        && open.last().is_some_and(|outer| outer.kind == "pre" && outer.offset == last.offset)
    {
        if let Some(outer) = open.last_mut() {
            outer.language = last.language;
        }
        return Ok(());
    }
    if length > 0 {
        let Open { kind, offset, url, language, .. } = last;
        text.entities.push(Entity { kind: kind.into(), offset, length, url, user: None, language });
    }
    Ok(())
}
