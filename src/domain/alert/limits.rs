//! How much of an alert is kept, and what of its text may be shown.

use std::collections::BTreeMap;

use super::NotUnderstood;
use crate::domain::card::{clean_lines, one_line};

/// The most labels that are kept of one alert.
const LABELS: usize = 64;
/// The longest name of a label, in bytes; a longer one is refused.
const LABEL_NAME: usize = 1024;
/// The longest value of a label, in bytes; a longer one is cut, and ends with `…`.
const LABEL_VALUE: usize = 1024;
/// The longest summary, in bytes; a longer one is cut, and ends with `…`.
const SUMMARY: usize = 300;
/// The longest evidence, in bytes, without the line that says that it was cut.
const EVIDENCE: usize = 4096;

/// Labels cleaned, cut, and without those that have no value; [`keep`] sees to their number.
pub(super) fn labels<'a>(
    written: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<BTreeMap<String, String>, NotUnderstood> {
    let mut labels = BTreeMap::new();
    for (name, value) in written {
        if name.len() > LABEL_NAME {
            let name: String = name.chars().take(40).collect();
            let what = format!(
                "the name of the label {name:?}… is longer than {LABEL_NAME} bytes; take that label out"
            );
            return Err(NotUnderstood(what));
        }
        let (name, value) = (line(name), cut(line(value), LABEL_VALUE));
        if !name.is_empty() && !value.is_empty() {
            labels.insert(name, value);
        }
    }
    Ok(labels)
}

/// No more labels than are kept, and how many were left out: first those that are `needed`, then by name.
pub(super) fn keep(
    all: BTreeMap<String, String>,
    needed: &dyn Fn(&str) -> bool,
) -> (BTreeMap<String, String>, usize) {
    let left_out = all.len().saturating_sub(LABELS);
    if left_out == 0 {
        return (all, 0);
    }
    let (first, then): (Vec<_>, Vec<_>) = all.into_iter().partition(|(name, _)| needed(name));
    (first.into_iter().chain(then).take(LABELS).collect(), left_out)
}

/// The line of the evidence that says that labels are missing.
pub(super) fn labels_left_out(count: usize) -> String {
    let labels = if count == 1 { "label is" } else { "labels are" };
    format!("[… {count} more {labels} not kept: {LABELS} at most]")
}

/// A summary as it is kept: one line.
pub(super) fn summary(written: &str) -> Option<String> {
    // More than this is not kept in any case, and cleaning it would cost.
    let head = &written[..written.floor_char_boundary(SUMMARY * 8)];
    Some(cut(line(head), SUMMARY)).filter(|summary| !summary.is_empty())
}

/// Evidence as it is kept.
pub(super) fn evidence(parts: &[String]) -> String {
    let whole: usize = parts.iter().map(|part| part.len() + 1).sum();
    let mut text = String::new();
    for part in parts {
        let head = &part[..part.floor_char_boundary(EVIDENCE * 2)];
        let clean = clean_lines(head);
        if !clean.is_empty() {
            text.push_str(if text.is_empty() { "" } else { "\n" });
            text.push_str(&clean);
        }
        if text.len() > EVIDENCE {
            text.truncate(text.floor_char_boundary(EVIDENCE));
            let more = whole.saturating_sub(text.len());
            text.push_str(&format!("\n[… cut here: about {more} more bytes]"));
            break;
        }
    }
    text
}

/// One cleaned line.
fn line(text: &str) -> String {
    let plain = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if plain { text.trim().to_owned() } else { one_line(text) }
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most - '…'.len_utf8()));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Result<BTreeMap<String, String>, NotUnderstood> {
        labels([(name, value)].into_iter())
    }

    #[test]
    fn a_label_is_one_clean_line_and_a_long_one_is_cut_with_a_mark() {
        assert_eq!(one("a", "x\ny\u{202e}\u{1b}[31mz").unwrap()["a"], "x yz");
        let long = one("a", &"é".repeat(2000)).unwrap();
        assert!(long["a"].len() <= LABEL_VALUE && long["a"].ends_with("é…"));
        assert!(one("a", " ").unwrap().is_empty());
    }

    #[test]
    fn of_too_many_labels_those_that_are_needed_are_kept_first_and_then_by_name() {
        let names: Vec<String> = (0..LABELS + 2).map(|n| format!("l{n:02}")).collect();
        let all = |n: usize| labels(names.iter().take(n).map(|name| (name.as_str(), "x"))).unwrap();
        assert_eq!(keep(all(LABELS), &|_| false), (all(LABELS), 0));
        let (kept, left_out) = keep(all(LABELS + 2), &|name| name == "l65");
        assert_eq!((kept.len(), left_out), (LABELS, 2));
        assert!(kept.contains_key("l65") && kept.contains_key("l62"), "{kept:?}");
        assert!(!kept.contains_key("l63") && !kept.contains_key("l64"), "{kept:?}");
    }

    #[test]
    fn a_label_with_an_endless_name_is_refused() {
        assert!(one(&"x".repeat(2000), "x").unwrap_err().0.contains("longer than 1024 bytes"));
    }

    #[test]
    fn a_summary_is_one_line_and_evidence_says_that_it_was_cut() {
        assert_eq!(summary("a\n  b\tc\u{7}").unwrap(), "a b c");
        assert_eq!(summary(" \n"), None);
        assert!(summary(&"x".repeat(100_000)).unwrap().len() <= SUMMARY);
        let cut = evidence(&["é".repeat(5000), "more".to_owned()]);
        let (kept, note) = cut.rsplit_once('\n').unwrap();
        assert!(kept.len() <= EVIDENCE && note.starts_with("[… cut here: about "), "{note}");
        assert_eq!(evidence(&["a\n".to_owned(), " ".to_owned(), "b".to_owned()]), "a\nb");
    }
}
