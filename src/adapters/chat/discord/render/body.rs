//! The text of a message: lines of prose, entries of the timeline, and rows that need letters of one width.

use super::super::markdown::{CODE_BLOCK, code_cost, code_line, cost, escape, length};
use crate::domain::card::{Entry, is_row, split};

/// The longest line before it is cut in two.
const LINE: usize = 1000;
/// The widest row that is shown in letters of one width. Wider ones would be broken in the middle, on a phone beyond
/// recognition, so their columns are told one behind the other.
const WIDEST: usize = 72;

/// A line that is escaped, and fits on any page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Prose.
    Text(String),
    /// Part of a block of code.
    Code(String),
}

impl Line {
    fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Code(text) => text,
        }
    }

    fn is_code(&self) -> bool {
        matches!(self, Self::Code(_))
    }
}

/// The lines of paragraphs. Rows belong together: when one is too wide for its columns, none is shown in columns.
pub(super) fn paragraphs(texts: &[String]) -> Vec<Line> {
    let is_wide = |line: &str| is_row(line) && line.chars().count() > WIDEST;
    let wide = texts.iter().flat_map(|text| text.lines()).any(is_wide);
    texts.iter().flat_map(|text| paragraph(text, wide)).collect()
}

fn paragraph(text: &str, wide: bool) -> Vec<Line> {
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        match Entry::parse(line).filter(|_| at == 0) {
            Some(entry) => {
                let sign = format!("`{}` {} **{}** ", entry.time, picture(entry.sign), entry.sign);
                let mut pieces = split(entry.text, LINE, cost).into_iter();
                // `x` keeps what the text begins with from being taken for the beginning of a line.
                let first = escape(&format!("x{}", pieces.next().unwrap_or_default()));
                lines.push(Line::Text(sign + first.strip_prefix('x').unwrap_or(&first)));
                lines.extend(pieces.map(|piece| Line::Text(escape(piece))));
            }
            None if is_row(line) && wide => lines.extend(wide_row(line)),
            None if is_row(line) => {
                let pieces = split(line.trim_end(), LINE, code_cost);
                lines.extend(pieces.into_iter().map(|piece| Line::Code(code_line(piece))));
            }
            None => {
                let pieces = split(line.trim(), LINE, cost);
                lines.extend(pieces.into_iter().map(|piece| Line::Text(escape(piece))));
            }
        }
    }
    lines
}

/// A row without its columns.
fn wide_row(line: &str) -> Vec<Line> {
    let mut cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
    let first = split(cells.next().unwrap_or_default(), LINE / 2, cost);
    let mut lines: Vec<String> = first.into_iter().map(|piece| format!("**{}**", escape(piece))).collect();
    let rest = cells.collect::<Vec<_>>().join(" · ");
    let mut rest = split(&rest, LINE, cost).into_iter().map(escape);
    if let (Some(name), Some(text)) = (lines.last_mut(), rest.next()) {
        name.push(' ');
        name.push_str(&text);
    }
    lines.extend(rest);
    lines.into_iter().map(|line| Line::Text(line.trim_end().to_owned())).collect()
}

/// The lines of a short attachment.
pub(super) fn shown(name: &str, text: &str) -> Vec<Line> {
    let mut lines = vec![Line::Text(format!("**{}**", escape(&super::cut(name, LINE / 2))))];
    let pieces = text.lines().flat_map(|line| split(line, LINE, code_cost));
    lines.extend(pieces.map(|piece| Line::Code(code_line(piece))));
    lines
}

/// What an entry tells of, at a glance. The word stays: pictures are read out in many ways.
fn picture(sign: &str) -> &'static str {
    match sign {
        "seen" => "👀",
        "calm" => "🍃",
        "why" => "🧭",
        "change" => "📝",
        "repair" => "🔧",
        "next" => "⏭️",
        "good" => "✅",
        "bad" => "⛔",
        "ask" => "❓",
        "call" => "📣",
        "agent" => "🤖",
        _ => "👤",
    }
}

/// The lines on pages: `first` and `rest` say how much fits. None when there is no line.
pub(super) fn pages(lines: &[Line], first: usize, rest: usize) -> Vec<String> {
    let mut pages: Vec<String> = Vec::new();
    let (mut page, mut room): (Vec<&Line>, usize) = (Vec::new(), first);
    let mut used = 0;
    for line in lines {
        let goes_on = page.last().is_some_and(|last: &&Line| last.is_code());
        used += size(line, goes_on);
        if used > room {
            // What does not even fit on an empty first page leaves it without text.
            pages.push(written(&page));
            (page, room, used) = (Vec::new(), rest, size(line, false));
        }
        page.push(line);
    }
    if !page.is_empty() {
        pages.push(written(&page));
    }
    pages
}

/// As many lines as fit, and `…` if there are more.
pub(super) fn with_more(lines: &[Line], room: usize) -> String {
    match pages(lines, room, usize::MAX).as_slice() {
        [] => String::new(),
        [whole] => whole.clone(),
        _ => {
            let head = pages(lines, room.saturating_sub(2), usize::MAX);
            format!("{}\n…", head.first().map(String::as_str).unwrap_or_default()).trim_start().to_owned()
        }
    }
}

/// What a line adds to a page. `goes_on` says that it is behind a line of code.
fn size(line: &Line, goes_on: bool) -> usize {
    let block = if line.is_code() && !goes_on { CODE_BLOCK } else { 0 };
    length(line.text()) + 1 + block
}

fn written(page: &[&Line]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for run in page.chunk_by(|a, b| a.is_code() == b.is_code()) {
        let text = run.iter().map(|line| line.text()).collect::<Vec<_>>().join("\n");
        parts.push(if run[0].is_code() { format!("```\n{text}\n```") } else { text });
    }
    parts.join("\n")
}
