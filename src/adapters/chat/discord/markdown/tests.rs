use proptest::prelude::*;

use super::*;

/// How Discord shows a text, as far as backslashes go; `Err` says which construct it would have made of it.
fn shown(markup: &str) -> Result<String, String> {
    let mut plain = String::new();
    for line in markup.split('\n') {
        let begin = line.trim_start();
        let digits = begin.trim_start_matches(|c: char| c.is_ascii_digit());
        let hashes = begin.trim_start_matches('#');
        let heading = hashes.len() < begin.len() && (hashes.is_empty() || hashes.starts_with(' '));
        let item = ["- ", "+ ", "-#"].iter().any(|mark| begin.starts_with(mark)) || begin == "-";
        let numbered = digits.len() < begin.len() && digits.starts_with('.');
        if heading || item || numbered || begin.starts_with(['>', '*']) {
            return Err(format!("a line begins {begin:?}"));
        }
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let word = rest.split(char::is_whitespace).next().unwrap_or_default();
            if (word.starts_with("https://") || word.starts_with("http://")) && word.len() > 8 {
                if word.contains('\\') {
                    return Err(format!("a link shows its backslashes: {word:?}"));
                }
                plain.push_str(word);
                rest = &rest[word.len()..];
                continue;
            }
            rest = &rest[c.len_utf8()..];
            match c {
                '\\' => match rest.chars().next() {
                    Some(next) if !next.is_alphanumeric() && !next.is_whitespace() => {
                        plain.push(next);
                        rest = &rest[next.len_utf8()..];
                    }
                    _ => plain.push('\\'),
                },
                '`' | '*' | '_' | '~' | '|' | '>' | '<' | '[' | ']' | '(' | ')' => {
                    return Err(format!("{c:?} is not escaped in {markup:?}"));
                }
                '\u{200b}' => {}
                c => plain.push(c),
            }
        }
        plain.push('\n');
    }
    plain.pop();
    Ok(plain)
}

#[test]
fn unlucky_text_is_escaped_where_it_means_something_and_left_alone_where_not() {
    for (text, markup) in [
        ("a_b *c* ~~d~~ ||e|| `f`", r"a\_b \*c\* \~\~d\~\~ \|\|e\|\| \`f\`"),
        ("[x](https://evil)", r"\[x\]\(https\://evil\)"),
        ("# big", r"\# big"),
        ("#12 is on -v", "#12 is on -v"),
        ("  - item", r"  \- item"),
        ("-# small", r"\-# small"),
        ("1. one", r"1\. one"),
        ("> quote", r"\> quote"),
        ("issue #3 is 5 - 2", "issue #3 is 5 - 2"),
        ("08:00:10 nginx:latest", "08:00:10 nginx:latest"),
        ("at :skull: and :100:", r"at \:skull: and \:100:"),
        ("https://grafana.lab/d/1?x=2", "https://grafana.lab/d/1?x=2"),
        ("https://lab/a_b", r"https\://lab/a\_b"),
        ("root@nas", "root@nas"),
        ("@everyone @HERE", "@\u{200b}everyone @\u{200b}HERE"),
        ("<@12> <#34> <:a:1>", "\\<\u{200b}@\u{200b}12\\> \\<\u{200b}#34\\> \\<\u{200b}\\:a:1\\>"),
    ] {
        assert_eq!(escape(text), markup);
        assert_eq!(shown(markup).as_deref(), Ok(text));
        assert_eq!(unescape(markup), text);
    }
}

#[test]
fn nothing_in_a_code_block_ends_it() {
    for text in ["```", "a ``` b", "ends in `", "````", "`` `"] {
        let block = code_block(text);
        assert_eq!(block.matches("```").count(), 2, "{block:?}");
        assert!(block.ends_with("\n```"));
    }
}

#[test]
fn a_cut_says_that_something_is_missing_and_never_splits_a_character() {
    assert_eq!(escape_cut("abc", 3), "abc");
    assert_eq!(escape_cut("abcd", 3), "ab…");
    assert_eq!(escape_cut("____", 5), r"\_\_…");
    assert_eq!(cut("😀😀", 3), "😀…");
    assert_eq!(cut("😀😀", 4), "😀😀");
}

proptest! {
    #[test]
    fn whatever_the_text_is_it_shows_as_itself(
        text in r#"([a-c1-3 \n]|[\\`*_~|>#+\-\[\]()<@:./&!]|@everyone|@here|<@1>|<#2>|<:x:3>|https://|http://a|😀|```){0,40}"#
    ) {
        let markup = escape(&text);
        prop_assert_eq!(shown(&markup), Ok(text.clone()), "{}", markup);
        prop_assert!(!markup.contains("@everyone") && !markup.contains("@here"), "{}", markup);
        prop_assert!(!markup.contains("<@") && !markup.contains("<#"), "{}", markup);
    }

    #[test]
    fn a_cut_text_fits(text in r"[a-c_`@<>:\-#😀\n ]{0,80}", longest in 4usize..40) {
        prop_assert!(length(&escape_cut(&text, longest)) <= longest);
        prop_assert!(length(&cut(&text, longest)) <= longest);
        let cost: usize = text.chars().map(cost).sum();
        prop_assert!(length(&escape(&text)) <= cost);
        let cost: usize = text.chars().map(code_cost).sum();
        prop_assert!(length(&code_block(&text)) <= cost + CODE_BLOCK);
        prop_assert_eq!(code_block(&text).matches("```").count(), 2);
    }
}
