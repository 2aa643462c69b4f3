//! A report's lines, cut into its `STATUS:` blocks.

use super::{Breach, Report, text};

/// How a line begins that begins a finding.
const MARK: &str = "STATUS:";

/// One finding's lines.
pub(super) struct Block<'a> {
    /// The line of its `STATUS:`, from 1.
    pub line: usize,
    /// What follows `STATUS:`.
    pub status: &'a str,
    /// The header lines with their numbers.
    pub headers: Vec<(usize, &'a str)>,
    /// The free text.
    pub evidence: Vec<&'a str>,
    /// Whether the free text was cut at the runner's cap.
    pub cut: bool,
    /// Whether a blank line has ended the headers.
    body: bool,
}

/// Cuts a report into blocks. If it is truncated, a last one whose headers may have lost something is left out.
pub(super) fn split(report: &str, truncated: bool) -> Result<Vec<Block<'_>>, Breach> {
    check_start(report)?;
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for (index, raw) in report.split_inclusive('\n').enumerate() {
        let line = raw.trim_end_matches(['\n', '\r']);
        if let Some(status) = line.strip_prefix(MARK) {
            if blocks.len() == Report::MAX_FINDINGS {
                let message = format!("there are more than {} findings in one report", Report::MAX_FINDINGS);
                return Err(
                    Breach::new(message, "report what is broken, and one OK for the rest").at(index + 1)
                );
            }
            let (headers, evidence) = (Vec::new(), Vec::new());
            blocks.push(Block { line: index + 1, status, headers, evidence, cut: false, body: false });
        } else if let Some(block) = blocks.last_mut() {
            if block.body {
                block.evidence.push(line);
            } else if line.trim().is_empty() {
                // Where the output was cut, half a line may look blank and be none.
                block.body = !truncated || raw.ends_with('\n');
            } else {
                block.headers.push((index + 1, line));
            }
        }
    }
    if truncated {
        let half = blocks.pop_if(|last| !last.body);
        let last = blocks.last_mut().ok_or_else(|| {
            Breach::new("it printed so much that the output was cut before a finding was whole", "print less")
        })?;
        last.cut = half.is_none();
    }
    Ok(blocks)
}

/// The first line must begin a finding.
fn check_start(report: &str) -> Result<(), Breach> {
    if report.starts_with(MARK) {
        return Ok(());
    }
    let first = report.lines().next().unwrap_or_default();
    let (message, hint) = if report.starts_with('\u{feff}') {
        ("the output begins with a byte order mark".to_owned(), "print plain UTF-8 without one")
    } else if first.trim().is_empty() {
        ("the output begins with a blank line".to_owned(), "print `STATUS:` first")
    } else if first.trim_start().get(..MARK.len()).is_some_and(|start| start.eq_ignore_ascii_case(MARK)) {
        let message = format!("the output begins with {:?}", text::excerpt(first));
        (message, "write `STATUS:` in capitals, at the very beginning of the line")
    } else {
        let message = format!("the output begins with {:?} and not with a status", text::excerpt(first));
        (message, "print `STATUS:OK`, `STATUS:PROBLEM`, `STATUS:ACTION` or `STATUS:UNKNOWN` first")
    };
    Err(Breach::new(message, hint).at(1))
}
