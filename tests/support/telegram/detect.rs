//! What Telegram makes special in a text by itself: mentions, commands, hashtags and links.

use std::cmp::Reverse;
use std::sync::LazyLock;

use regex::Regex;

use super::text::{Entity, Text, units};

/// What is found, and how. The first group is the entity.
static PATTERNS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    [
        ("mention", r"(?:^|[^\w@/])(@[A-Za-z][A-Za-z0-9_]{3,31})\b"),
        ("bot_command", r"(?:^|[^\w/<>])(/[A-Za-z0-9_]{1,64}(?:@[A-Za-z][A-Za-z0-9_]{2,31})?)(?:[^\w/<>]|$)"),
        ("hashtag", r"(?:^|[^\w#])(#\w*[^\W\d]\w*)"),
        ("email", r"(?:^|[^\w.+-])([\w.+-]+@[\w-]+(?:\.[\w-]+)+)"),
        ("url", r"(?i)(?:^|[^\w@./-])(https?://[^\s<>]*[^\s<>.,;:!?)\]'\x22]|(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|me|de|info)\b(?:/[^\s<>]*[^\s<>.,;:!?)\]'\x22])?)"),
    ]
    .map(|(kind, pattern)| (kind, Regex::new(pattern).unwrap()))
    .into()
});

/// Adds what is found where nothing was marked that rules it out.
pub(super) fn add(text: &mut Text) {
    let mut found: Vec<Entity> =
        PATTERNS.iter().flat_map(|(kind, pattern)| all(&text.text, kind, pattern)).collect();
    found.sort_by_key(|entity| (entity.offset, Reverse(entity.length)));
    let styles =
        ["bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote"];
    let mut taken: Vec<(usize, usize)> = text
        .entities
        .iter()
        .filter(|entity| !styles.contains(&entity.kind.as_str()))
        .map(|entity| (entity.offset, entity.end()))
        .collect();
    for entity in found {
        if taken.iter().all(|(from, to)| entity.end() <= *from || *to <= entity.offset) {
            taken.push((entity.offset, entity.end()));
            text.entities.push(entity);
        }
    }
    text.entities.sort_by_key(|entity| (entity.offset, Reverse(entity.length)));
}

fn all(text: &str, kind: &str, pattern: &Regex) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut from = 0;
    // Two that share the character between them are both found.
    while let Some(hit) = pattern.captures_at(text, from).and_then(|captures| captures.get(1)) {
        let (offset, length) = (units(&text[..hit.start()]), units(hit.as_str()));
        found.push(Entity { kind: kind.into(), offset, length, ..Entity::default() });
        from = hit.end();
    }
    found
}
