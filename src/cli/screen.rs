//! Standard output: plain in a pipe, coloured on a terminal, and never drawn on by text from outside.

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

use super::failure::Stop;
use crate::domain::report::text::clean_line;

/// How a piece of text stands out. Colours say nothing that the words don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Dim,
    Good,
    Warn,
    Bad,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Warn => "33",
            Self::Bad => "31;1",
        }
    }
}

/// Where results go.
pub(super) struct Screen<'a> {
    out: Box<dyn Write + 'a>,
    colour: bool,
}

type Written = Result<(), Stop>;

impl<'a> Screen<'a> {
    /// The process's own output. `NO_COLOR` in the environment keeps it plain.
    pub(super) fn stdout() -> Self {
        let out = io::stdout();
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = out.is_terminal() && !plain;
        Self { out: Box::new(BufWriter::new(out)), colour }
    }

    /// Some other place, without colours.
    #[cfg(test)]
    pub(super) fn plain(out: &'a mut dyn Write) -> Self {
        Self { out: Box::new(out), colour: false }
    }

    /// A line of differently toned pieces. Control characters in them are dropped.
    pub(super) fn toned(&mut self, pieces: &[(Tone, &str)]) -> Written {
        let line: String = pieces.iter().map(|(tone, text)| self.paint(*tone, &clean_line(text))).collect();
        writeln!(self.out, "{}", line.trim_end()).map_err(Stop::Output)
    }

    /// A line.
    pub(super) fn line(&mut self, text: &str) -> Written {
        self.toned(&[(Tone::Plain, text)])
    }

    /// A line in one tone.
    pub(super) fn say(&mut self, tone: Tone, text: &str) -> Written {
        self.toned(&[(tone, text)])
    }

    /// An empty line.
    pub(super) fn gap(&mut self) -> Written {
        self.line("")
    }

    /// Each line of a text, indented by so many spaces.
    pub(super) fn block(&mut self, tone: Tone, indent: usize, text: &str) -> Written {
        text.lines().try_for_each(|line| self.say(tone, &format!("{:indent$}{line}", "")))
    }

    /// A text that was made for machines, to the letter.
    pub(super) fn verbatim(&mut self, text: &str) -> Written {
        self.out.write_all(text.as_bytes()).map_err(Stop::Output)
    }

    /// Rows in columns as wide as their widest cell; the last one may be of any length. The tone is the row's first
    /// cell's.
    pub(super) fn table(&mut self, head: &[&str], rows: &[(Tone, Vec<String>)]) -> Written {
        let clean = |row: &[String]| row.iter().map(|cell| clean_line(cell)).collect::<Vec<_>>();
        let rows: Vec<(Tone, Vec<String>)> = rows.iter().map(|(tone, row)| (*tone, clean(row))).collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|(_, row)| row.get(column)).map(|cell| cell.chars().count());
            cells.chain(head.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let pad = |(cell, width): (&str, &usize)| format!("{cell:<width$}  ");
        let line: String = head.iter().copied().zip(&widths).map(pad).collect();
        self.say(Tone::Dim, &line)?;
        for (tone, row) in &rows {
            let mut cells = row.iter().map(String::as_str).zip(&widths).map(pad);
            let first = cells.next().unwrap_or_default();
            self.toned(&[(*tone, &first), (Tone::Plain, &cells.collect::<String>())])?;
        }
        Ok(())
    }

    /// One JSON document.
    pub(super) fn json(&mut self, value: &impl Serialize) -> Written {
        let text = serde_json::to_string_pretty(value).map_err(|error| Stop::Output(error.into()))?;
        writeln!(self.out, "{text}").map_err(Stop::Output)
    }

    /// One JSON document on a line of its own.
    pub(super) fn json_line(&mut self, value: &impl Serialize) -> Written {
        let text = serde_json::to_string(value).map_err(|error| Stop::Output(error.into()))?;
        writeln!(self.out, "{text}").map_err(Stop::Output)
    }

    /// Sends what is still held back on its way.
    pub(super) fn flush(&mut self) -> Written {
        self.out.flush().map_err(Stop::Output)
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        match tone.code() {
            "" => text.to_owned(),
            _ if !self.colour || text.trim().is_empty() => text.to_owned(),
            code => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up_whatever_is_in_its_cells() {
        let mut out = Vec::new();
        let rows = [
            (Tone::Good, vec!["a".to_owned(), "x\u{1b}[31m".to_owned()]),
            (Tone::Bad, vec!["ünï".to_owned(), "yy".to_owned()]),
        ];
        Screen::plain(&mut out).table(&["N", "WORD"], &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "N    WORD\na    x\nünï  yy\n");
    }

    #[test]
    fn colours_are_for_terminals_only() {
        let mut out = Vec::new();
        Screen::plain(&mut out).say(Tone::Bad, "PROBLEM").unwrap();
        assert_eq!(out, b"PROBLEM\n");
        let mut out = Vec::new();
        Screen { out: Box::new(&mut out), colour: true }.say(Tone::Bad, "PROBLEM").unwrap();
        assert_eq!(out, b"\x1b[31;1mPROBLEM\x1b[0m\n");
    }
}
