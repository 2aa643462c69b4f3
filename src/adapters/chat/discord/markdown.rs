//! Discord's markup: text of others, written so that it shows as itself.
//!
//! Discord reads a backslash before anything but letters, digits and spaces as "this character, as it is". Inside a
//! link that it makes by itself it does not, so a link is either left alone or taken apart. Lengths are counted in
//! UTF-16 code units, the strictest way in which Discord is known to count.

/// What shows nothing and keeps two characters from meaning something together.
const BREAK: char = '\u{200b}';

/// The length of a text as Discord counts it.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The most that a character can come to when it is escaped, wherever it stands.
pub(super) fn cost(c: char) -> usize {
    match c {
        '<' => 3,
        '@' => 2,
        c if c.is_ascii_punctuation() => 2,
        // Digits at the beginning of a line get company: the dot behind them pays for it.
        c => c.len_utf16(),
    }
}

/// The most that a character can come to in a code block.
pub(super) fn code_cost(c: char) -> usize {
    match c {
        '`' | '@' => 2,
        c => c.len_utf16(),
    }
}

/// Text with every character of Discord's markup escaped. Lines stay lines.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 16);
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            safe.push('\n');
        }
        escape_line(line, &mut safe);
    }
    safe
}

fn escape_line(line: &str, safe: &mut String) {
    let indent = line.len() - line.trim_start().len();
    safe.push_str(&line[..indent]);
    let mut rest = &line[indent..];
    rest = escape_beginning(rest, safe);
    let mut before = None;
    while let Some(c) = rest.chars().next() {
        if let Some(link) = plain_link(rest).filter(|_| before.is_none_or(|c: char| !c.is_alphanumeric())) {
            safe.push_str(link);
            before = link.chars().next_back();
            rest = &rest[link.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        escape_char(c, rest, safe);
        before = Some(c);
    }
}

/// What means something only at the beginning of a line: headings, lists, small print, quotes.
fn escape_beginning<'a>(line: &'a str, safe: &mut String) -> &'a str {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits > 0 && line[digits..].starts_with(['.', ')']) {
        safe.push_str(&line[..digits]);
        safe.push('\\');
        safe.push_str(&line[digits..=digits]);
        return &line[digits + 1..];
    }
    let marks = line.len() - line.trim_start_matches('#').len();
    let begins = match line.chars().next() {
        Some('#') => line[marks..].chars().next().is_none_or(char::is_whitespace),
        Some('-' | '+') => line[1..].chars().next().is_none_or(|next| next.is_whitespace() || next == '#'),
        _ => false,
    };
    if begins {
        safe.push('\\');
        safe.push_str(&line[..1]);
        return &line[1..];
    }
    line
}

fn escape_char(c: char, rest: &str, safe: &mut String) {
    match c {
        '\\' | '`' | '*' | '_' | '~' | '|' | '>' | '[' | ']' | '(' | ')' => {
            safe.push('\\');
            safe.push(c);
        }
        '<' => {
            safe.push_str("\\<");
            if rest.starts_with(['@', '#', ':', '/', '&']) {
                safe.push(BREAK);
            }
        }
        '@' => {
            safe.push('@');
            if names_everybody(rest) {
                safe.push(BREAK);
            }
        }
        // `://` would make a link of what is escaped behind it; `:name:` would become a picture.
        ':' if rest.starts_with("//") || is_emoji(rest) => safe.push_str("\\:"),
        c => safe.push(c),
    }
}

/// Whether what follows an `@` calls everybody, or is a number in angle brackets.
fn names_everybody(rest: &str) -> bool {
    let begins = |word: &str| rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    begins("everyone")
        || begins("here")
        || rest.starts_with(['!', '&'])
        || rest.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether what follows a colon is an emoji's name and its second colon. A time of day is none.
fn is_emoji(rest: &str) -> bool {
    let name =
        rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_+-".contains(c)).len();
    let is_clock = name == 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_digit);
    name > 0 && rest[name..].starts_with(':') && !is_clock
}

/// A link that Discord shows as it stands, because nothing in it is markup.
fn plain_link(text: &str) -> Option<&str> {
    let after = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let begin = text.len() - after.len();
    let end = begin + after.find(char::is_whitespace).unwrap_or(after.len());
    let link = &text[..end];
    let plain = |c: char| c.is_ascii_alphanumeric() || "./?=&%:,;+!$-#'".contains(c);
    (end > begin && link.chars().all(plain) && !link[begin..].contains("//")).then_some(link)
}

/// A block of code. Nothing in it can end it.
pub(super) fn code_block(text: &str) -> String {
    format!("```\n{}\n```", text.split('\n').map(code_line).collect::<Vec<_>>().join("\n"))
}

/// What a block of code adds to its text.
pub(super) const CODE_BLOCK: usize = 8;

/// A line inside of a block of code.
pub(super) fn code_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        safe.push(c);
        let rest = &text[at + c.len_utf8()..];
        let ends = c == '`' && (rest.starts_with('`') || rest.is_empty());
        if ends || (c == '@' && names_everybody(rest)) {
            safe.push(BREAK);
        }
    }
    safe
}

/// The beginning of a text that fits when it is escaped, escaped, with `…` where something is missing.
pub(super) fn escape_cut(text: &str, longest: usize) -> String {
    let whole = escape(text);
    if length(&whole) <= longest {
        return whole;
    }
    let mut used = 1;
    let fits = text.char_indices().find(|(_, c)| {
        used += cost(*c);
        used > longest
    });
    let head = &text[..fits.map_or(text.len(), |(at, _)| at)];
    format!("{}…", escape(head.trim_end()))
}

/// The beginning of a plain text that fits, with `…` where something is missing.
pub(super) fn cut(text: &str, longest: usize) -> String {
    if length(text) <= longest {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = text.char_indices().find(|(_, c)| {
        used += c.len_utf16();
        used > longest
    });
    format!("{}…", text[..fits.map_or(text.len(), |(at, _)| at)].trim_end())
}

/// What [`escape`] was given, for what was read back.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.push(chars.next_if(char::is_ascii_punctuation).unwrap_or('\\')),
            BREAK => {}
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests;
