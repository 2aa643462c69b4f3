//! Which texts are given to the grammar at all. It works by recursion and by trying things out, so what would
//! make it slow, deep or wrong is ruled out beforehand.

use brush_parser::Token;

use super::scope::Dialect;

/// Longer scripts belong into a file.
const MAX_BYTES: usize = 16 * 1024;

/// How many blocks, subshells and tests a script may have: each may be nested in the one before.
const MAX_BLOCKS: usize = 48;

/// How many substitutions it may have, for the same reason.
const MAX_SUBSTITUTIONS: usize = 48;

/// The grammar tries `((` as arithmetic first, and takes twice as long for each parenthesis below.
const MAX_PARENTHESES_AFTER_DOUBLE: usize = 10;

/// The grammar reads the last branch of a `case` twice, and what is nested in it four times.
const MAX_CASES: usize = 5;

/// Why this text is not even looked at, if so.
pub(super) fn refuses_text(text: &str, dialect: Dialect) -> Option<String> {
    if text.len() > MAX_BYTES {
        return Some("it is longer than 16 KiB; put it into a file".into());
    }
    if let Some(c) = text.chars().find(|c| is_odd(*c)) {
        return Some(format!("it has a character in it that can't be seen (U+{:04X})", u32::from(c)));
    }
    let substitutes = ["$(", "`", "${", "<(", ">("].iter().any(|start| text.contains(start));
    if text.matches(['$', '`']).count() > 16 * MAX_SUBSTITUTIONS
        || ["$(", "${", "`"].iter().map(|start| text.matches(start).count()).sum::<usize>()
            > MAX_SUBSTITUTIONS
    {
        return Some("it has too many substitutions in it to be looked through".into());
    }
    // Where a comment or a here-document ends within a substitution, shells and grammars don't agree.
    if substitutes && has_here_document(text) {
        return Some("it has a here-document next to substitutions, whose ends can't be told apart".into());
    }
    if substitutes && has_comment(text) {
        return Some("it has a comment next to substitutions, whose ends can't be told apart".into());
    }
    let starts = |at: usize| text[..at].ends_with([' ', '\t', '\n', '<', '>', '(']) || at == 0;
    if ["<(", ">("].iter().any(|form| text.match_indices(form).any(|(at, _)| !starts(at))) {
        return Some("it has a process substitution in the middle of a word".into());
    }
    if text.contains("$'") && text.contains("\\\n") {
        return Some("it has a broken line next to a `$'…'`, which shells read in two ways".into());
    }
    (dialect == Dialect::Posix).then(|| only_bash(text)).flatten()
}

/// Why these tokens are not given to the grammar, if so.
pub(super) fn refuses_tokens(tokens: &[Token]) -> Option<String> {
    const OPENERS: [&str; 9] = ["{", "if", "while", "until", "for", "case", "[[", "do", "!"];
    let is = |token: &Token, operator: &str| matches!(token, Token::Operator(text, _) if text == operator);
    let parentheses = tokens.iter().filter(|token| is(token, "(")).count();
    let word = |token: &&Token| matches!(token, Token::Word(text, _) if OPENERS.contains(&text.as_str()));
    if parentheses + tokens.iter().filter(word).count() > MAX_BLOCKS {
        return Some("it has too many blocks in it to be looked through".into());
    }
    let doubled = tokens.windows(2).any(|pair| is(&pair[0], "(") && is(&pair[1], "("));
    if doubled && parentheses > MAX_PARENTHESES_AFTER_DOUBLE {
        return Some("it has too many parentheses in it to be looked through".into());
    }
    let cases = tokens.iter().filter(|token| matches!(token, Token::Word(text, _) if text == "case")).count();
    if cases > MAX_CASES {
        return Some("it has too many `case` in it to be looked through".into());
    }
    // The grammar takes digits before a redirection for a small number.
    let long = |text: &str| text.len() > 4 && text.chars().all(|c| c.is_ascii_digit());
    let wild = |pair: &[Token]| {
        matches!(&pair[0], Token::Word(text, _) if long(text))
            && matches!(&pair[1], Token::Operator(text, _) if text.starts_with(['<', '>']))
    };
    tokens.windows(2).any(wild).then(|| "it redirects a file descriptor that can't be".into())
}

/// Control characters but line breaks and tabs, and what has no look of its own or turns the text around.
pub(super) fn is_odd(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(
            c,
            '\u{00A0}'
                | '\u{00AD}'
                | '\u{034F}'
                | '\u{061C}'
                | '\u{115F}'
                | '\u{1160}'
                | '\u{1680}'
                | '\u{17B4}'
                | '\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{2000}'..='\u{200F}'
                | '\u{2028}'..='\u{202F}'
                | '\u{205F}'..='\u{206F}'
                | '\u{3000}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

fn has_here_document(text: &str) -> bool {
    text.match_indices("<<").any(|(at, _)| !text[at + 2..].starts_with('<') && !text[..at].ends_with('<'))
}

/// A `#` where a word may begin.
fn has_comment(text: &str) -> bool {
    let begins =
        |before: &str| before.is_empty() || before.ends_with([' ', '\t', '\n', ';', '&', '|', '(', ')', '`']);
    text.match_indices('#').any(|(at, _)| begins(&text[..at]) && !text[..at].ends_with("$("))
        || text.contains("$(#")
}

/// What other shells than bash read otherwise, as far as the text alone tells.
fn only_bash(text: &str) -> Option<String> {
    let word = |wanted: &str| {
        text.split(|c: char| c.is_whitespace() || ";&|(){}".contains(c)).any(|word| word == wanted)
    };
    (["$'", "$\"", "&>", "<(", ">("].iter().any(|form| text.contains(form))
        || ["[[", "function", "select", "coproc"].iter().any(|keyword| word(keyword)))
    .then(|| "it is written for bash, and other shells read it in another way".into())
}
