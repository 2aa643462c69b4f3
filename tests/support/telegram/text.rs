//! Text with entities, as Telegram reads it: parsed, checked, cleaned, measured. Offsets are UTF-16 code units.

use serde_json::Value;

use super::call::{Call, Fail};
use super::world::World;
use super::{detect, html, markdown};

/// A text and what is special in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    pub entities: Vec<Entity>,
}

/// A part of a text that is special.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entity {
    pub kind: String,
    /// In UTF-16 code units, like the length.
    pub offset: usize,
    pub length: usize,
    pub url: Option<String>,
    pub user: Option<i64>,
    pub language: Option<String>,
}

impl Entity {
    pub(super) fn end(&self) -> usize {
        self.offset + self.length
    }
}

/// Where a text is taken from, and how long it may be.
pub(super) struct Field {
    pub(super) text: &'static str,
    pub(super) entities: &'static str,
    pub(super) longest: usize,
    pub(super) too_long: &'static str,
}

pub(super) const TEXT: Field =
    Field { text: "text", entities: "entities", longest: 4096, too_long: "message is too long" };
pub(super) const CAPTION: Field = Field {
    text: "caption",
    entities: "caption_entities",
    longest: 1024,
    too_long: "message caption is too long",
};

/// How many entities Telegram takes; it drops those beyond.
const MOST_ENTITIES: usize = 100;

const KINDS: &[&str] = &[
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
    "text_mention",
    "custom_emoji",
];

/// What may be inside anything, and contain anything, but `pre` and `code`.
const STYLES: &[&str] = &["bold", "italic", "underline", "strikethrough", "spoiler"];

/// The length of a text as Telegram counts it.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The text of a call as people will see it.
pub(super) fn read(world: &mut World, call: &Call, field: &Field) -> Result<Text, Fail> {
    let source = call.text(field.text).unwrap_or_default();
    let unparsed = |why: String| Fail::wrong(&format!("can't parse entities: {why}"));
    let parsed = match call.text("parse_mode") {
        None | Some("") => Text { text: source.into(), entities: given(world, call, field)? },
        Some(_) if call.list(field.entities).is_some() => {
            return Err(Fail::wrong("parse_mode and entities exclude each other"));
        }
        Some(mode) if mode.eq_ignore_ascii_case("html") => html::parse(source).map_err(unparsed)?,
        Some(mode) if mode.eq_ignore_ascii_case("markdownv2") => markdown::parse(source).map_err(unparsed)?,
        Some(_) => return Err(Fail::wrong("unsupported parse_mode (Markdown is a legacy mode)")),
    };
    check(&parsed).map_err(|why| Fail::wrong(&why))?;
    let mut text = clean(&parsed);
    if units(&text.text) > field.longest {
        return Err(Fail::wrong(field.too_long));
    }
    if text.entities.len() > MOST_ENTITIES {
        world.violation(format!("{}: more than {MOST_ENTITIES} entities, some are dropped", call.method));
        text.entities.truncate(MOST_ENTITIES);
    }
    resolve_users(world, &mut text);
    detect::add(&mut text);
    Ok(text)
}

/// The entities that a call lists.
fn given(world: &mut World, call: &Call, field: &Field) -> Result<Vec<Entity>, Fail> {
    call.list(field.entities).unwrap_or_default().iter().map(|value| entity(world, call, value)).collect()
}

fn entity(world: &mut World, call: &Call, value: &Value) -> Result<Entity, Fail> {
    let fail = |why: &str| Fail::wrong(&format!("can't parse MessageEntity: {why}"));
    const FIELDS: [&str; 9] = [
        "type",
        "offset",
        "length",
        "url",
        "user",
        "language",
        "custom_emoji_id",
        "unix_time",
        "date_time_format",
    ];
    let fields = value.as_object().ok_or_else(|| fail("expected an Object"))?;
    if let Some(strange) = fields.keys().find(|key| !FIELDS.contains(&key.as_str())) {
        world.violation(format!("{}: a MessageEntity has no `{strange}`", call.method));
    }
    let kind = value["type"].as_str().filter(|kind| KINDS.contains(kind));
    let number = |name: &str| value[name].as_u64().and_then(|number| usize::try_from(number).ok());
    let entity = Entity {
        kind: kind.ok_or_else(|| fail("unsupported type specified"))?.into(),
        offset: number("offset").ok_or_else(|| fail("field \"offset\" must be a Number"))?,
        length: number("length").ok_or_else(|| fail("field \"length\" must be a Number"))?,
        url: value["url"].as_str().map(str::to_owned),
        user: value["user"]["id"].as_i64(),
        language: value["language"].as_str().map(str::to_owned),
    };
    match entity.kind.as_str() {
        "text_link" if entity.url.is_none() => Err(fail("a text_link needs its url")),
        "text_mention" if entity.user.is_none() => Err(fail("a text_mention needs its user")),
        _ => Ok(entity),
    }
}

/// The rules for entities: inside the text, between characters, and nested as documented.
fn check(text: &Text) -> Result<(), String> {
    let mut starts = vec![false; units(&text.text) + 1];
    let mut at = 0;
    for character in text.text.chars() {
        starts[at] = true;
        at += character.len_utf16();
    }
    starts[at] = true;
    for entity in &text.entities {
        let Entity { kind, offset, .. } = entity;
        if entity.length == 0 {
            return Err(format!("the {kind} entity at UTF-16 offset {offset} is empty"));
        }
        for (what, place) in [("begins", entity.offset), ("ends", entity.end())] {
            match starts.get(place) {
                Some(true) => {}
                Some(false) => {
                    return Err(format!("entity {what} in a middle of a UTF-16 symbol at {place}"));
                }
                None => {
                    return Err(format!("entity {what} after the end of the text at UTF-16 offset {place}"));
                }
            }
        }
    }
    for (at, one) in text.entities.iter().enumerate() {
        text.entities[at + 1..].iter().try_for_each(|other| nested(one, other))?;
    }
    Ok(())
}

fn nested(one: &Entity, other: &Entity) -> Result<(), String> {
    if one.end() <= other.offset || other.end() <= one.offset {
        return Ok(());
    }
    let pair = format!("{} and {} at UTF-16 offset {}", one.kind, other.kind, one.offset.max(other.offset));
    let contains = |a: &Entity, b: &Entity| a.offset <= b.offset && b.end() <= a.end();
    if !contains(one, other) && !contains(other, one) {
        return Err(format!("entities overlap without one inside the other: {pair}"));
    }
    let style = |e: &Entity| STYLES.contains(&e.kind.as_str());
    let fixed = |e: &Entity| matches!(e.kind.as_str(), "pre" | "code");
    let quote = |e: &Entity| e.kind.ends_with("blockquote");
    let fine = match (one, other) {
        (a, b) if fixed(a) || fixed(b) => quote(a) || quote(b),
        (a, b) if quote(a) && quote(b) => false,
        (a, b) => style(a) || style(b) || quote(a) || quote(b),
    };
    if fine { Ok(()) } else { Err(format!("entities that can't contain each other: {pair}")) }
}

/// Control characters and direction overrides go, and so does blank space at both ends.
pub(super) fn clean(source: &Text) -> Text {
    let mut text = String::new();
    let mut places = Vec::new();
    let mut at = 0;
    for character in source.text.chars() {
        places.extend(std::iter::repeat_n(at, character.len_utf16()));
        let kept = match character {
            '\r' | '\u{2028}'..='\u{202e}' | '\u{333}' | '\u{33f}' | '\u{30a}' => continue,
            '\t' | '\n' => character,
            '\0'..='\u{1f}' => ' ',
            other => other,
        };
        text.push(kept);
        at += kept.len_utf16();
    }
    places.push(at);
    let blank = |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    if text.chars().all(blank) {
        return Text::default();
    }
    let end = units(text.trim_end());
    // Blank space at the start stays where code begins with it.
    let code = |e: &&Entity| matches!(e.kind.as_str(), "pre" | "code");
    let first_code = source.entities.iter().filter(code).map(|e| places[e.offset]).min();
    let lead = units(&text) - units(text.trim_start());
    let start = first_code.map_or(lead, |code| code.min(lead));
    let moved = |place: usize| places[place].clamp(start, end) - start;
    let entities = source.entities.iter().filter_map(|entity| {
        let (from, to) = (moved(entity.offset), moved(entity.end()));
        (to > from).then(|| Entity { offset: from, length: to - from, ..entity.clone() })
    });
    let mut entities: Vec<_> = entities.collect();
    entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
    Text { entities, text: slice(&text, start, end) }
}

/// A part of a text by its UTF-16 offsets.
pub(super) fn slice(text: &str, from: usize, to: usize) -> String {
    let units: Vec<u16> = text.encode_utf16().skip(from).take(to.saturating_sub(from)).collect();
    String::from_utf16_lossy(&units)
}

/// A link to a user is a mention, if Telegram knows the user; else it is nothing.
fn resolve_users(world: &World, text: &mut Text) {
    for entity in &mut text.entities {
        let linked = entity.url.as_deref().and_then(|url| url.strip_prefix("tg://user?id="));
        if entity.kind == "text_link"
            && let Some(id) = linked
        {
            entity.user = Some(id.parse().unwrap_or_default());
            (entity.kind, entity.url) = ("text_mention".into(), None);
        }
    }
    text.entities
        .retain(|e| e.kind != "text_mention" || e.user.is_some_and(|id| world.people.contains_key(&id)));
}
