//! What `git log` is asked to print, and how to read it. Pure text work; [`super::git`] does the asking.

use chrono::DateTime;

use super::gist::{Gist, gist};
use crate::domain::change::{Change, ChangeKind, PathRule, one_line, targets_of};
use crate::domain::signal::Timestamp;

/// The most paths that a change lists; [`Change::files_total`] has the whole number.
pub(super) const MAX_FILES: usize = 50;
/// The longest author, summary or path kept, in characters.
const MAX_TEXT: usize = 300;

/// One line per commit: hash, committer date, and `grafted` where a shallow clone was cut.
pub(super) const SCAN_FORMAT: &str = "--format=%H %ct %D";
/// Fields and names end with NUL. No field of the first three and no name is empty, so an empty word in the
/// place of a name is where the next commit begins.
pub(super) const DETAIL_FORMAT: &str = "--format=%x00%H%x00%ct%x00%an%x00%s%x00";

/// Before each patch stands its commit's hash between two NULs.
pub(super) const PATCH_FORMAT: &str = "--format=%x00%H%x00";

/// A commit, as the first look sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scanned {
    pub(super) hash: String,
    pub(super) at: Timestamp,
    /// A shallow clone ends here: its parent is missing, and it seems to have added every file.
    pub(super) cut: bool,
}

/// Reads the output of [`SCAN_FORMAT`]; lines that are not of that form are skipped (a date beyond reason, a line
/// cut at the cap).
pub(super) fn parse_scan(output: &[u8]) -> Vec<Scanned> {
    let text = String::from_utf8_lossy(output);
    text.lines()
        .filter_map(|line| {
            let mut words = line.splitn(3, ' ');
            let (hash, at, names) = (words.next()?, words.next()?, words.next()?);
            let cut = names == "grafted" || names.starts_with("grafted,");
            is_hash(hash).then_some(Scanned { hash: hash.to_owned(), at: timestamp(at)?, cut })
        })
        .collect()
}

/// Reads the output of [`DETAIL_FORMAT`] with `-z --name-only`.
///
/// # Errors
/// What is not as expected; then the rest can't be trusted either.
pub(super) fn parse_details(output: &[u8], source: &str, rules: &[PathRule]) -> Result<Vec<Change>, String> {
    let mut words = output.split(|byte| *byte == 0).map(String::from_utf8_lossy).peekable();
    let mut changes = Vec::new();
    while let Some(separator) = words.next() {
        let Some(hash) = words.next() else { break };
        if !separator.is_empty() || !is_hash(&hash) {
            return Err(format!("unexpected words in the output of git log after {} commits", changes.len()));
        }
        // A commit that the cap cut within its head is left out.
        let (Some(at), Some(author), Some(summary)) = (words.next(), words.next(), words.next()) else {
            break;
        };
        let head_end = words.next();
        let mut files: Vec<String> = Vec::new();
        while head_end.is_some() {
            match words.next_if(|word| !word.is_empty()) {
                // The line break that ends the head stands before the first name.
                Some(word) if files.is_empty() => {
                    files.push(word.strip_prefix('\n').unwrap_or(&word).to_owned())
                }
                Some(word) => files.push(word.into_owned()),
                None => break,
            }
        }
        let Some(at) = timestamp(&at) else { continue };
        changes.push(Change {
            id: hash.into_owned(),
            source: source.to_owned(),
            at,
            author: readable(&author),
            summary: readable(&summary),
            targets: targets_of(rules, files.iter().map(String::as_str)),
            files_total: files.len(),
            files: files.iter().take(MAX_FILES).map(|name| readable(name)).collect(),
            kind: ChangeKind::Commit,
            gist: Vec::new(),
            url: None,
            baseline: false,
        });
    }
    Ok(changes)
}

fn is_hash(word: &str) -> bool {
    word.len() >= 40 && word.bytes().all(|b| b.is_ascii_hexdigit())
}

fn timestamp(seconds: &str) -> Option<Timestamp> {
    DateTime::from_timestamp(seconds.parse().ok()?, 0)
}

/// Text from a commit as chat may show it.
fn readable(text: &str) -> String {
    one_line(text, MAX_TEXT)
}

/// Reads the output of [`PATCH_FORMAT`] with `--patch`: what each commit comes down to. The last one may have been cut at
/// the cap; then its gist tells of what is there.
pub(super) fn parse_patches(output: &[u8]) -> Vec<(String, Gist)> {
    let text = String::from_utf8_lossy(output);
    let mut patches: Vec<(String, String)> = Vec::new();
    for word in text.split('\0') {
        match patches.last_mut() {
            _ if is_hash(word) => patches.push((word.to_owned(), String::new())),
            Some((_, patch)) => patch.push_str(word),
            None => {}
        }
    }
    patches.into_iter().map(|(hash, patch)| (hash, gist(&patch))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HASH: &str = "828fbe7ec7f5efa28d4bbd9b769ceb77b9e38467";

    #[test]
    fn a_commit_without_files_does_not_swallow_the_next() {
        let output = format!("\0{HASH}\010\0A\0first\0\0\0{HASH}\09\0B\0\0\0\na\0b\nc\0");
        let changes = parse_details(output.as_bytes(), "git:x", &[]).unwrap();
        assert_eq!(changes.len(), 2);
        assert!(changes[0].files.is_empty());
        assert_eq!(changes[1].files, ["a", "b\u{fffd}c"]);
        assert_eq!(changes[1].summary, "");
    }

    #[test]
    fn a_huge_commit_lists_some_files_and_counts_and_maps_all() {
        let names: String = (0..1000).map(|i| format!("dir{i}/f\0")).collect();
        let output = format!("\0{HASH}\010\0A\0import\0\0\n{names}");
        let rules = [PathRule::parse("dir999/*", &["nas".to_owned()]).unwrap()];
        let changes = parse_details(output.as_bytes(), "git:x", &rules).unwrap();
        assert_eq!((changes[0].files.len(), changes[0].files_total), (MAX_FILES, 1000));
        assert_eq!(changes[0].targets.len(), 1);
    }

    #[test]
    fn only_the_mark_of_the_cut_makes_a_commit_cut() {
        let scan =
            format!("{HASH} 5 grafted, HEAD -> main\n{HASH} 5 HEAD -> main, grafted-roses\n{HASH} 5 \n");
        let cut: Vec<bool> = parse_scan(scan.as_bytes()).iter().map(|s| s.cut).collect();
        assert_eq!(cut, [true, false, false]);
    }

    proptest! {
        #[test]
        fn no_output_makes_the_parser_panic_or_list_too_much(
            words in proptest::collection::vec(prop_oneof![
                Just(Vec::new()),
                Just(HASH.as_bytes().to_vec()),
                Just(b"10".to_vec()),
                Just(b"999999999999999999".to_vec()),
                proptest::collection::vec(any::<u8>(), 0..8),
            ], 0..40)
        ) {
            let output = words.join(&0);
            parse_scan(&output);
            if let Ok(changes) = parse_details(&output, "git:x", &[]) {
                prop_assert!(changes.iter().all(|c| c.files.len() <= MAX_FILES));
            }
        }
    }
}
