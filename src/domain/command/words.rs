//! From a message to its words: what was spoken to Steward, without quotes, code, mention and politeness.

/// One word as it was typed, and as the grammar reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// As typed.
    pub(super) raw: String,
    /// Without the punctuation around it; letter case kept.
    pub(super) bare: String,
    /// The bare word in lower case: what keywords are compared with.
    pub(super) key: String,
}

/// Around a word these are punctuation. `#` and `/` are not: they carry meaning in `#3` and `/status`.
const AROUND: [char; 10] = ['?', '!', '.', ',', ';', ':', '"', '\'', '“', '”'];

/// In front of a command, and behind it, these are politeness.
const POLITE: [&str; 7] = ["please", "pls", "plz", "thanks", "thx", "hey", "hi"];

/// The words that a message says to Steward.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = pieces(&spoken(text)).into_iter().map(word).collect();
    // The question mark alone is a question.
    if words.iter().all(|word| word.bare.is_empty()) && words.iter().any(|word| word.raw.starts_with('?')) {
        return vec![word("help")];
    }
    words.retain(|word| !word.bare.is_empty());
    let addressed = words.iter().take_while(|word| is_address(word)).count();
    words.drain(..addressed);
    let cited = citation(&words);
    words.drain(..cited);
    while words.len() > 1 && words.last().is_some_and(|word| POLITE.contains(&word.key.as_str())) {
        words.pop();
    }
    if let Some(first) = words.first_mut() {
        *first = word(without_slash(&first.raw));
    }
    words
}

/// What stands between white space; matchers in braces are one piece, with all that is quoted in them.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text.trim_start());
    while !rest.is_empty() {
        let end = braced(rest).or_else(|| rest.find(char::is_whitespace)).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(end);
        pieces.push(piece);
        rest = behind.trim_start();
    }
    pieces
}

/// Where what begins with a brace ends: behind the brace that closes it outside of quotes, or never.
fn braced(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if depth == 0 && c != '{' => return None,
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' | '“' | '”' => quoted = !quoted,
            '{' if !quoted => depth += 1,
            '}' if !quoted && depth == 1 => return Some(at + 1),
            '}' if !quoted => depth -= 1,
            _ => {}
        }
    }
    None
}

/// How many words in front are a citation, from one quotation mark to the next; all, if it never ends.
fn citation(words: &[Word]) -> usize {
    const MARKS: [char; 3] = ['"', '“', '”'];
    if !words.first().is_some_and(|word| word.raw.starts_with(MARKS)) {
        return 0;
    }
    let ends = |word: &Word| {
        word.raw.trim_end_matches(['?', '!', '.', ',', ';', ':']).ends_with(MARKS) && word.raw.len() > 1
    };
    words.iter().position(ends).map_or(words.len(), |last| last + 1)
}

/// A user's word inside one of our sentences: marked as theirs, and short.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

fn word(raw: &str) -> Word {
    let bare = raw.trim_matches(AROUND);
    Word { raw: raw.to_owned(), bare: bare.to_owned(), key: bare.to_lowercase().replace('’', "'") }
}

/// Whether a leading word only says who is meant. Anybody else's name is no such word: what is said to them is
/// not said to Steward. Platforms that write mentions as numbers translate their own.
fn is_address(word: &Word) -> bool {
    word.key == "steward" || word.key.starts_with("@steward") || POLITE.contains(&word.key.as_str())
}

/// `/status` and `/status@steward_bot` say `status`.
fn without_slash(raw: &str) -> &str {
    let Some(name) = raw.strip_prefix('/') else { return raw };
    match name.split_once('@') {
        Some((name, bot)) if bot.to_lowercase().starts_with("steward") => name,
        _ => name,
    }
}

/// The text outside of quoted lines, code blocks and code spans. What is opened and never closed runs to the
/// end: leaving out too much asks again, leaving out too little could approve something.
fn spoken(text: &str) -> String {
    let mut unquoted = String::with_capacity(text.len());
    for line in text.lines() {
        let start = line.trim_start();
        if start.starts_with(">>>") {
            break;
        }
        if !start.starts_with('>') {
            unquoted.push_str(line);
            unquoted.push('\n');
        }
    }
    let outside_blocks: Vec<&str> = unquoted.split("```").step_by(2).collect();
    let outside_blocks = outside_blocks.join(" ");
    let outside_spans: Vec<&str> = outside_blocks.split('`').step_by(2).collect();
    outside_spans.join(" ").chars().filter(|c| !is_invisible(*c)).map(control_to_space).collect()
}

/// Clients insert these around mentions; they would make two words out of one that looks right.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn control_to_space(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}
