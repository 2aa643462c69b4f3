//! What the console may do to its surroundings: colours, cursor movement, a prompt, so many columns.

use std::io::{IsTerminal, stdin, stdout};

use crate::domain::card::Card;
use crate::domain::signal::Severity;

/// How the console draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether it is a screen, where something printed can be redrawn and a bell rings.
    pub terminal: bool,
    /// Whether somebody types at it, and wants to see where.
    pub prompt: bool,
    /// How much room there is.
    pub room: Room,
    /// Whether it shows colours.
    pub color: bool,
}

/// Where the room for a line is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Always the same.
    Fixed(Size),
    /// Standard output is a terminal, and is asked each time.
    OfTerminal,
}

/// A screen's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Style {
    /// A pipe or a file: no escape sequences, nothing is ever taken back.
    #[must_use]
    pub fn pipe() -> Self {
        Self {
            terminal: false,
            prompt: false,
            room: Room::Fixed(Size { columns: 100, rows: 0 }),
            color: false,
        }
    }

    /// What fits standard input and output as they are. `NO_COLOR` and `TERM=dumb` are respected.
    #[must_use]
    pub fn detect() -> Self {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        if dumb || !stdout().is_terminal() {
            return Self::pipe();
        }
        let color = std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
        Self { terminal: true, prompt: stdin().is_terminal(), room: Room::OfTerminal, color }
    }
}

impl Room {
    /// The size right now. A terminal that does not know its own counts as 80 by 24.
    pub(super) fn measure(self) -> Size {
        const UNKNOWN: Size = Size { columns: 80, rows: 24 };
        match self {
            Self::Fixed(size) => size,
            Self::OfTerminal => match rustix::termios::tcgetwinsize(stdout()) {
                Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
                    Size { columns: size.ws_col, rows: size.ws_row }
                }
                _ => UNKNOWN,
            },
        }
    }
}

/// What a piece of text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Dim,
    Bold,
    Red,
    Yellow,
    Blue,
    Green,
    Cyan,
    Magenta,
    /// A question that waits for an answer.
    Asking,
    /// What nobody may overlook.
    Loud,
}

impl Ink {
    /// The parameters of the escape sequence that switches it on.
    fn code(self) -> Option<&'static str> {
        Some(match self {
            Self::Plain => return None,
            Self::Dim => "2",
            Self::Bold => "1",
            Self::Red => "1;31",
            Self::Yellow => "1;33",
            Self::Blue => "1;34",
            Self::Green => "1;32",
            Self::Cyan => "36",
            Self::Magenta => "35",
            Self::Asking => "1;7;33",
            Self::Loud => "1;7;31",
        })
    }

    /// The colour of a whole card.
    pub(super) fn of_card(card: &Card) -> Self {
        match card.severity {
            _ if card.done => Self::Green,
            None => Self::Bold,
            Some(Severity::Info) => Self::Blue,
            Some(Severity::Warning) => Self::Yellow,
            Some(Severity::Error | Severity::Critical) => Self::Red,
        }
    }

    /// The colour of the word that says what kind of thing an entry of the timeline is; `None` if it is no such
    /// word.
    pub(super) fn of_sign(sign: &str) -> Self {
        match sign {
            "seen" => Self::Yellow,
            "calm" | "good" => Self::Green,
            "bad" => Self::Red,
            "call" => Self::Loud,
            "ask" => Self::Asking,
            "why" | "next" | "agent" => Self::Cyan,
            "person" | "change" => Self::Magenta,
            "repair" => Self::Blue,
            _ => Self::Plain,
        }
    }
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) ink: Ink,
    pub(super) text: String,
}

/// One row of the screen.
pub(super) type Line = Vec<Span>;

/// A piece of a line.
pub(super) fn span(ink: Ink, text: impl Into<String>) -> Span {
    Span { ink, text: text.into() }
}

/// A line as it is written, without the white space at its end.
pub(super) fn paint(line: &[Span], color: bool) -> String {
    let end = line.iter().rposition(|s| !s.text.trim_end().is_empty()).map_or(0, |last| last + 1);
    let mut painted = String::new();
    for (at, Span { ink, text }) in line.iter().enumerate().take(end) {
        let text = if at + 1 == end { text.trim_end() } else { text };
        match ink.code().filter(|_| color && !text.trim().is_empty()) {
            Some(code) => painted.push_str(&format!("\x1b[{code}m{text}\x1b[0m")),
            None => painted.push_str(text),
        }
    }
    painted
}
