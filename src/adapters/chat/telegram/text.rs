//! Text with its styles beside it. Nothing in it is markup, so nothing needs escaping; what Telegram would find in it
//! by itself (mentions, commands) is broken by a character that nobody sees.

use std::ops::Range;

use teloxide::types::{MessageEntity, User, UserId};

use crate::domain::card::split;

/// The longest text of a message, in UTF-16 code units.
pub(super) const LONGEST: usize = 4096;
/// The most styled pieces of a message.
const MOST_ENTITIES: usize = 100;
/// A cut can leave a mention at the beginning and a command at the end that were none before.
const SLACK: usize = 2;
/// Keeps two characters together on a line and apart in meaning.
const JOINER: char = '\u{2060}';

/// How a piece of text looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Style {
    Bold,
    Code,
    Pre,
    /// Calls this user, whoever they are named as.
    Mention(u64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    style: Style,
    /// In bytes.
    range: Range<usize>,
}

/// Text with its styles beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    text: String,
    /// In order, not overlapping.
    spans: Vec<Span>,
}

impl Text {
    /// Adds text as it is.
    pub(super) fn plain(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds text that looks like this.
    pub(super) fn styled(&mut self, style: Style, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        // White space at the end is none of the style's: Telegram takes it off.
        let end = start + text.trim_end().len();
        if end > start {
            self.spans.push(Span { style, range: start..end });
        }
    }

    /// Adds text in which what stands between two backticks of a line is code. The backticks stay.
    pub(super) fn ticked(&mut self, text: &str) {
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.plain("\n");
            }
            let parts: Vec<&str> = line.split('`').collect();
            let last = parts.len() - 1;
            for (at, part) in parts.into_iter().enumerate() {
                if at > 0 {
                    self.plain("`");
                }
                // Code has a backtick on both sides.
                if at % 2 == 1 && at < last { self.styled(Style::Code, part) } else { self.plain(part) }
            }
        }
    }

    /// Begins a new line, unless nothing was said yet.
    pub(super) fn line(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// The text, ready to be sent, in messages of at most `longest` units. At least one.
    pub(super) fn pieces(&self, longest: usize) -> Vec<Piece> {
        let whole = self.disarmed();
        let mut pieces = Vec::new();
        for text in split(&whole.text, longest.saturating_sub(SLACK).max(1), char::len_utf16) {
            // A piece is a part of the text, so where it begins is known.
            let start = text.as_ptr() as usize - whole.text.as_ptr() as usize;
            let mut rest = whole.part(start..start + text.len());
            while let Some(one_too_many) = rest.spans.get(MOST_ENTITIES).map(|span| span.range.start) {
                pieces.push(rest.part(0..one_too_many).trimmed());
                rest = rest.part(one_too_many..rest.text.len());
            }
            pieces.push(rest.trimmed());
        }
        pieces.retain(|piece| !piece.text.trim().is_empty());
        if pieces.is_empty() {
            pieces.push(Self { text: "…".to_owned(), spans: Vec::new() });
        }
        pieces.iter().map(|piece| piece.disarmed().ready()).collect()
    }

    /// The text as one message, which it has to fit into.
    pub(super) fn first(&self) -> Piece {
        let whole = self.pieces(LONGEST).into_iter().next();
        whole.unwrap_or_else(|| Piece { text: "…".to_owned(), entities: Vec::new() })
    }

    /// A part of the text with its styles.
    fn part(&self, range: Range<usize>) -> Self {
        let text = self.text.get(range.clone()).unwrap_or_default().to_owned();
        let clipped = |span: &Span| {
            let start = span.range.start.max(range.start);
            let end = span.range.end.min(range.end);
            (start < end)
                .then(|| Span { style: span.style.clone(), range: start - range.start..end - range.start })
        };
        Self { text, spans: self.spans.iter().filter_map(clipped).collect() }
    }

    fn trimmed(self) -> Self {
        let end = self.text.trim_end().len();
        self.part(0..end)
    }

    /// The text with every mention and every command in it broken, but for code: nothing is looked for there.
    fn disarmed(&self) -> Self {
        let mut text = String::with_capacity(self.text.len());
        let mut broken_at = Vec::new();
        let mut before = None;
        let mut spans = self.spans.iter().peekable();
        for (at, c) in self.text.char_indices() {
            text.push(c);
            while spans.next_if(|span| span.range.end <= at).is_some() {}
            let is_code = spans
                .peek()
                .is_some_and(|span| span.range.start <= at && matches!(span.style, Style::Code | Style::Pre));
            let after = self.text.get(at + c.len_utf8()..).unwrap_or_default();
            if !is_code && is_trigger(before, c, after) {
                text.push(JOINER);
                broken_at.push(at);
            }
            before = Some(c);
        }
        let moved = |byte: usize| byte + JOINER.len_utf8() * broken_at.partition_point(|at| *at < byte);
        let spans = self.spans.iter().map(|span| Span {
            style: span.style.clone(),
            range: moved(span.range.start)..moved(span.range.end),
        });
        Self { text, spans: spans.collect() }
    }

    fn ready(&self) -> Piece {
        let at = |byte: usize| units(self.text.get(..byte).unwrap_or_default());
        let entity = |span: &Span| {
            let (offset, end) = (at(span.range.start), at(span.range.end));
            let length = end - offset;
            match &span.style {
                Style::Bold => MessageEntity::bold(offset, length),
                Style::Code => MessageEntity::code(offset, length),
                Style::Pre => MessageEntity::pre(None, offset, length),
                Style::Mention(id) => {
                    let name = self.text.get(span.range.clone()).unwrap_or_default();
                    MessageEntity::text_mention(person(*id, name), offset, length)
                }
            }
        };
        Piece { text: self.text.clone(), entities: self.spans.iter().map(entity).collect() }
    }
}

/// The text of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) entities: Vec<MessageEntity>,
}

/// The length of a text in UTF-16 code units.
pub(super) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text cut to so many UTF-16 code units, with an ellipsis where something is missing.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if units(text) <= longest {
        return text.to_owned();
    }
    let mut room = longest.saturating_sub(1);
    let fits = text.chars().take_while(|c| {
        let fits = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        fits
    });
    format!("{}…", fits.collect::<String>().trim_end())
}

/// Whether Telegram would make a mention or a command of what begins with this character.
fn is_trigger(before: Option<char>, c: char, after: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if before.is_some_and(is_word) || !after.starts_with(is_word) {
        return false;
    }
    match c {
        '@' => true,
        '/' => {
            let behind = after.trim_start_matches(is_word).chars().next();
            !matches!(before, Some('/' | '<' | '>')) && !matches!(behind, Some('/' | '<' | '>'))
        }
        _ => false,
    }
}

fn person(id: u64, name: &str) -> User {
    User {
        id: UserId(id),
        is_bot: false,
        first_name: name.to_owned(),
        last_name: None,
        username: None,
        language_code: None,
        is_premium: false,
        added_to_attachment_menu: false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use regex::Regex;
    use teloxide::types::MessageEntityKind;

    use super::*;

    static MENTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^@[A-Za-z0-9_]").unwrap());
    static COMMAND: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^/[A-Za-z0-9_]+($|[^A-Za-z0-9_/<>])").unwrap());

    fn sent(text: &str) -> String {
        let mut whole = Text::default();
        whole.plain(text);
        whole.pieces(LONGEST).remove(0).text
    }

    /// What an entity covers, cut out as Telegram does it.
    fn covered(piece: &Piece) -> Vec<String> {
        let units: Vec<u16> = piece.text.encode_utf16().collect();
        let cover = |e: &MessageEntity| String::from_utf16(&units[e.offset..e.offset + e.length]).unwrap();
        piece.entities.iter().map(cover).collect()
    }

    #[test]
    fn mentions_and_commands_are_broken_and_addresses_and_paths_are_not() {
        for (text, expected) in [
            ("@anna look", "@\u{2060}anna look"),
            ("(@all)", "(@\u{2060}all)"),
            ("root@nas.lab", "root@nas.lab"),
            ("/approve 7", "/\u{2060}approve 7"),
            ("on /mnt", "on /\u{2060}mnt"),
            ("/mnt/media is stale", "/mnt/media is stale"),
            ("10/12 @ 5", "10/12 @ 5"),
            ("/start@steward_bot", "/\u{2060}start@steward_bot"),
        ] {
            assert_eq!(sent(text), expected, "{text}");
        }
    }

    #[test]
    fn markup_of_any_kind_shows_as_itself() {
        for text in ["*bold* _it_ `code", "[x](http://y)", "<b>&amp;</b>", "||spoiler|| ~~~", "a\\_b"] {
            assert_eq!(sent(text), text);
        }
    }

    #[test]
    fn styles_stay_on_their_words_behind_emoji_and_broken_mentions() {
        let mut text = Text::default();
        text.plain("🔴 @anna ");
        text.styled(Style::Bold, "büro 🚀");
        text.plain(" ");
        text.ticked("`ls @x` and `half");
        let piece = text.pieces(LONGEST).remove(0);
        assert_eq!(covered(&piece), ["büro 🚀", "ls @x"]);
        assert!(piece.text.contains("@\u{2060}anna") && piece.text.contains("`ls @x`"), "{}", piece.text);
    }

    #[test]
    fn no_message_has_more_styled_pieces_than_telegram_takes() {
        let mut text = Text::default();
        for n in 0..250 {
            text.styled(Style::Bold, &format!("n{n}"));
            text.plain(" ");
        }
        let pieces = text.pieces(LONGEST);
        assert_eq!(pieces.iter().map(|piece| piece.entities.len()).collect::<Vec<_>>(), [100, 100, 50]);
        let words: Vec<String> = pieces.iter().flat_map(covered).collect();
        assert_eq!(words, (0..250).map(|n| format!("n{n}")).collect::<Vec<_>>());
    }

    #[test]
    fn a_cut_never_splits_a_character_and_shows_that_something_is_missing() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("🚀🚀🚀", 4), "🚀…");
    }

    proptest! {
        #[test]
        fn whatever_the_text_every_piece_fits_every_style_is_in_range_and_nobody_is_mentioned(
            parts in prop::collection::vec((0u8..4, "[ -~é😀@/`_\n]{0,40}"), 0..20),
            longest in 10usize..80,
        ) {
            let mut text = Text::default();
            for (style, part) in &parts {
                match style {
                    0 => text.plain(part),
                    1 => text.styled(Style::Bold, part),
                    2 => text.styled(Style::Pre, part),
                    _ => text.ticked(part),
                }
            }
            let pieces = text.pieces(longest);
            prop_assert!(!pieces.is_empty());
            for piece in pieces {
                let all: Vec<u16> = piece.text.encode_utf16().collect();
                prop_assert!(all.len() <= longest && !piece.text.trim().is_empty(), "{piece:?}");
                let mut end = 0;
                for entity in &piece.entities {
                    prop_assert!(entity.length > 0 && entity.offset >= end, "{piece:?}");
                    end = entity.offset + entity.length;
                    prop_assert!(end <= all.len(), "{piece:?}");
                }
                for at in loose(&piece) {
                    let (before, rest) = piece.text.split_at(at);
                    let is_word_before = before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
                    let is_command = COMMAND.is_match(rest) && !before.ends_with(['/', '<', '>']);
                    prop_assert!(is_word_before || !(MENTION.is_match(rest) || is_command), "{piece:?}");
                }
            }
        }
    }

    /// Where the characters are, in bytes, that are no part of code.
    fn loose(piece: &Piece) -> Vec<usize> {
        let mut unit = 0;
        let mut found = Vec::new();
        for (at, c) in piece.text.char_indices() {
            let inside = |e: &MessageEntity| {
                !matches!(e.kind, MessageEntityKind::Bold) && (e.offset..e.offset + e.length).contains(&unit)
            };
            if !piece.entities.iter().any(inside) {
                found.push(at);
            }
            unit += c.len_utf16();
        }
        found
    }
}
