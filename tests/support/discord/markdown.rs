//! What of a text people read once Discord has taken its markup for markup: the marks that work are gone.
//!
//! A text that was escaped well reads as it was; one that was not has lost something.

use std::sync::LazyLock;

use regex::Regex;

/// Pairs of marks around a text, the longer ones first.
const PAIRS: &[&str] = &["***", "**", "__", "~~", "||", "*", "_"];

static MASKED: LazyLock<Regex> = LazyLock::new(|| {
    // A link whose text hides where it leads.
    Regex::new(r"^\[((?:\\.|[^\[\]\\])+)\]\(<?https?://[^\s()<>]+>?(?: [^()]*)?\)").unwrap()
});
static LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:<(https?://[^\s<>]+)>|https?://[^\s<>]+)").unwrap());
static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^<(?:@[!&]?|#|t:|a?:\w+:|/[^:>]+:|id:)[\w:-]+>").unwrap());
static LINE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(?:#{1,3} +|-# +|>(?:>>)? +)").unwrap());
static BULLET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^( *)[-*] +").unwrap());

/// The text as it is read; `tag` says how a mention or a time (`<@1>`, `<t:1>`) is shown.
pub(super) fn displayed(text: &str, tag: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut line_starts = true;
    while !rest.is_empty() {
        let (shown, used) = next(rest, line_starts, out.chars().last(), tag);
        line_starts = rest[..used].ends_with('\n');
        out.push_str(&shown);
        rest = &rest[used..];
    }
    out
}

/// The next piece as it is shown, and how many bytes of the text it is.
fn next(
    rest: &str,
    line_starts: bool,
    before: Option<char>,
    tag: &dyn Fn(&str) -> String,
) -> (String, usize) {
    if line_starts {
        if let Some(mark) = LINE.find(rest) {
            return (String::new(), mark.end());
        }
        if let Some(mark) = BULLET.captures(rest) {
            return (format!("{}• ", &mark[1]), mark[0].len());
        }
    }
    if let Some(found) = code(rest).or_else(|| escaped(rest)) {
        return found;
    }
    if let Some(link) = MASKED.captures(rest) {
        return (displayed(&link[1], tag), link[0].len());
    }
    if let Some(link) = LINK.captures(rest) {
        let shown = link.get(1).map_or(&link[0], |inner| inner.as_str());
        return (shown.to_owned(), link[0].len());
    }
    if let Some(found) = TAG.find(rest) {
        return (tag(found.as_str()), found.end());
    }
    if let Some((inner, used)) = PAIRS.iter().find_map(|mark| paired(rest, mark, before)) {
        return (displayed(inner, tag), used);
    }
    let first = rest.chars().next().unwrap_or_default();
    (first.to_string(), first.len_utf8())
}

/// Code shows as it is, whatever is in it.
fn code(rest: &str) -> Option<(String, usize)> {
    if let Some(block) = rest.strip_prefix("```")
        && let Some(end) = block.find("```").filter(|end| *end > 0)
    {
        let inner = &block[..end];
        let language = inner
            .find('\n')
            .filter(|at| inner[..*at].chars().all(|c| c.is_alphanumeric() || "+-_#.".contains(c)));
        let inner = language.map_or(inner, |at| &inner[at + 1..]);
        return Some((inner.to_owned(), end + 6));
    }
    let ticks = rest.len() - rest.trim_start_matches('`').len();
    if ticks == 0 {
        return None;
    }
    let fence = &rest[..ticks];
    let inner = &rest[ticks..];
    let closes = |(at, _): &(usize, &str)| {
        let after = inner[at + ticks..].starts_with('`');
        *at > 0 && !after && !inner[..*at].ends_with('`')
    };
    match inner.match_indices(fence).find(closes) {
        Some((end, _)) => Some((inner[..end].trim_matches(' ').to_owned(), end + 2 * ticks)),
        None => Some((fence.to_owned(), ticks)),
    }
}

/// A backslash takes the meaning from a sign.
fn escaped(rest: &str) -> Option<(String, usize)> {
    let sign = rest.strip_prefix('\\')?.chars().next()?;
    let plain = !sign.is_alphanumeric() && !sign.is_whitespace();
    plain.then(|| (sign.to_string(), 1 + sign.len_utf8()))
}

/// The text between two marks, if they work as such.
fn paired<'a>(rest: &'a str, mark: &str, before: Option<char>) -> Option<(&'a str, usize)> {
    let inner = rest.strip_prefix(mark)?;
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if mark == "_" && word(before) {
        return None;
    }
    if mark == "*" && inner.starts_with(char::is_whitespace) {
        return None;
    }
    let mut at = 0;
    while at < inner.len() {
        if let Some((_, used)) = code(&inner[at..]).or_else(|| escaped(&inner[at..])) {
            at += used;
            continue;
        }
        let after = inner[at..].strip_prefix(mark);
        if let Some(after) = after.filter(|_| at > 0) {
            let next = after.chars().next();
            let longer = mark.len() == 1 && next == mark.chars().next();
            let inside_word = mark == "_" && word(next);
            if !longer && !inside_word {
                return Some((&inner[..at], at + 2 * mark.len()));
            }
        }
        at += inner[at..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::displayed;

    fn read(text: &str) -> String {
        displayed(text, &|tag| format!("[{tag}]"))
    }

    #[test]
    fn marks_that_work_are_not_read() {
        for (text, shown) in [
            ("**bold** _it_ *it* __u__ ~~s~~ ||spoiler||", "bold it it u s spoiler"),
            ("***both*** **a *b* c**", "both a b c"),
            ("[x](https://evil.example) [y](z)", "x [y](z)"),
            ("# big\n> quote\n- one\n-# small", "big\nquote\n• one\nsmall"),
            ("`a*b*c` ``a`b`` ```sh\nls *x*\n```", "a*b*c a`b ls *x*\n"),
            (
                "<https://example.org> https://example.org/a_b_c",
                "https://example.org https://example.org/a_b_c",
            ),
            ("<@1> <t:1:R> <#2> <:x:3>", "[<@1>] [<t:1:R>] [<#2>] [<:x:3>]"),
        ] {
            assert_eq!(read(text), shown, "{text}");
        }
    }

    #[test]
    fn marks_that_do_not_work_are_read() {
        for text in ["snake_case_name", "2 * 3 * 4", "a ** b", "`open", "#tag", "100%", "x|y", "it's `", "a_"]
        {
            assert_eq!(read(text), text);
        }
        assert_eq!(
            read(r"\*a\* \_b\_ \`c\` \[x](https://e.org) \<@1> \\ \# d"),
            "*a* _b_ `c` [x](https://e.org) <@1> \\ # d"
        );
    }
}
