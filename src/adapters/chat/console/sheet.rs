//! Cards as rows of text. The first column of a row belongs to the console: only its own signs (a rule, a thread's
//! number, `@here`, the title of an answer) begin there, and no text of a card can pass for one of them.

use super::shape::{HARD_SPACE, hang, unbroken_commands};
use super::style::{Ink, Line, Span, span};
use super::text::{columns, shortened, wrap};
use crate::domain::card::{Attachment, Card, CardAction, Entry, Field, is_row, one_line};

/// The widest that prose and rules get: longer rows are hard to read, however wide the screen.
const MEASURE: usize = 110;
/// Rows get no narrower, however narrow the screen.
const NARROWEST: usize = 24;
/// The least room for text beside its time and sign; with less, it goes on below them.
const COMFORTABLE: usize = 36;
/// The column of an entry's sign.
const SIGN: usize = 7;
/// The widest column of names.
const NAMES: usize = 16;
/// How many rows of evidence a thread shows, and how many of them one line may take.
const EVIDENCE: usize = 12;
const EVIDENCE_LINE: usize = 2;

/// What rows begin with: the first of a paragraph, and the others.
#[derive(Debug, Clone)]
pub(super) struct Margin {
    first: Line,
    next: Line,
}

impl Margin {
    fn blank(columns: usize) -> Self {
        let blank = vec![span(Ink::Plain, " ".repeat(columns))];
        Self { first: blank.clone(), next: blank }
    }

    /// Below a rule.
    pub(super) fn block() -> Self {
        Self::blank(3)
    }

    /// Below the title of an answer.
    pub(super) fn answer() -> Self {
        Self::blank(2)
    }

    /// In the thread of an incident.
    pub(super) fn thread(number: u64) -> Self {
        let name = format!("#{number}");
        let blank = " ".repeat(name.len());
        Self {
            first: vec![span(Ink::Bold, name), span(Ink::Dim, " │ ")],
            next: vec![span(Ink::Plain, blank), span(Ink::Dim, " │ ")],
        }
    }

    fn continued(&self) -> Self {
        Self { first: self.next.clone(), next: self.next.clone() }
    }

    fn then(&self, first: Span, next: usize) -> Self {
        let mut margin = self.clone();
        margin.first.push(first);
        margin.next.push(span(Ink::Plain, " ".repeat(next)));
        margin
    }
}

/// How much of its evidence a card shows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Evidence {
    /// All of it: somebody asked.
    Whole,
    /// Its beginning, and where the rest is: under this number, if any.
    Beginning(Option<u64>),
}

/// Rows, filled from the top.
#[derive(Debug)]
pub(super) struct Sheet {
    width: usize,
    rows: Vec<Line>,
}

impl Sheet {
    /// An empty sheet, `width` columns wide.
    pub(super) fn new(width: usize) -> Self {
        Self { width: width.max(NARROWEST), rows: Vec::new() }
    }

    /// What was put on it.
    pub(super) fn rows(self) -> Vec<Line> {
        self.rows
    }

    /// An empty row.
    pub(super) fn gap(&mut self) {
        self.rows.push(Line::new());
    }

    fn prose(&self) -> usize {
        self.width.min(MEASURE)
    }

    /// The line that calls people.
    pub(super) fn call(&mut self, about: &str) {
        for (at, piece) in wrap(about, self.prose() - 7, self.prose() - 7).into_iter().enumerate() {
            let sign = if at == 0 { "@here " } else { "      " };
            self.rows.push(vec![span(Ink::Loud, format!("{sign}{piece} "))]);
        }
    }

    /// A rule with the card's title in it.
    pub(super) fn rule(&mut self, card: &Card) {
        let ink = Ink::of_card(card);
        let sign = match card.severity {
            _ if card.done => "✓ ".to_owned(),
            Some(severity) => format!("{} ", severity.as_str().to_uppercase()),
            None => String::new(),
        };
        let room = self.prose() - 4;
        let titles = wrap(&format!("{sign}{}", card.title), room, room);
        let last = titles.len() - 1;
        for (at, title) in titles.into_iter().enumerate() {
            let filling = if at == last { room.saturating_sub(columns(&title)) } else { 0 };
            let edge = if at == 0 { "── " } else { "   " };
            self.rows.push(vec![
                span(ink, edge),
                span(ink, title),
                span(ink, if filling > 0 { format!(" {}", "─".repeat(filling)) } else { String::new() }),
            ]);
        }
    }

    /// The title of an answer.
    pub(super) fn heading(&mut self, card: &Card) {
        if card.title.is_empty() {
            return;
        }
        // A call begins with its sign in the first column, and nothing else does.
        let margin = Margin::answer();
        let first = if card.title.starts_with('@') { margin.first } else { Line::new() };
        let margin = Margin { first, next: margin.next };
        self.paragraph(&margin, &card.title, Ink::of_card(card), self.prose());
    }

    /// All of a card below its title.
    pub(super) fn content(&mut self, margin: &Margin, card: &Card, evidence: Evidence) {
        self.body(margin, card, evidence);
        let margin = if card.body.is_empty() { margin.clone() } else { margin.continued() };
        self.fields(&margin, &card.fields);
        for attachment in &card.attachments {
            self.attachment(&margin.continued(), attachment, evidence);
        }
        self.actions(&margin.continued(), &card.actions);
    }

    /// Paragraphs. In a thread an entry begins its paragraph: a further line that looks like one is somebody's text.
    fn body(&mut self, margin: &Margin, card: &Card, evidence: Evidence) {
        for text in &card.body {
            if text.is_empty() {
                self.rows.push(margin.next.clone());
            }
            for (at, line) in text.lines().enumerate() {
                let margin = if at == 0 { margin.clone() } else { margin.continued() };
                let may_be_entry = at == 0 || matches!(evidence, Evidence::Whole);
                match Entry::parse(line).filter(|_| may_be_entry) {
                    Some(entry) => self.entry(&margin, entry),
                    None => self.loose(&margin, line),
                }
            }
        }
    }

    /// An entry of the timeline.
    fn entry(&mut self, margin: &Margin, entry: Entry<'_>) {
        let head = vec![
            span(Ink::Dim, format!("{} ", entry.time)),
            span(Ink::of_sign(entry.sign), entry.sign),
            span(Ink::Plain, " ".repeat(SIGN.saturating_sub(columns(entry.sign)))),
        ];
        let wide = columns(entry.time) + 1 + SIGN;
        let hang = if self.prose() >= width_of(&margin.first) + wide + COMFORTABLE { wide } else { 2 };
        let mut margin = margin.clone();
        margin.first.extend(head);
        margin.next.push(span(Ink::Plain, " ".repeat(hang)));
        self.paragraph(&margin, entry.text, Ink::Plain, self.prose());
    }

    /// A line that is laid out already: a table's row, a list's item, or plain prose.
    fn loose(&mut self, margin: &Margin, line: &str) {
        let width = if is_row(line) { self.width } else { self.prose() };
        let room = width.saturating_sub(width_of(&margin.next));
        let mut margin = margin.clone();
        margin.next.push(span(Ink::Plain, " ".repeat(hang(line, room))));
        self.paragraph(&margin, line, Ink::Plain, width);
    }

    /// Names and values in two columns; a name that is too long for its column gets a row.
    pub(super) fn fields(&mut self, margin: &Margin, fields: &[Field]) {
        let most = (self.prose() / 4).min(NAMES);
        let names = fields.iter().map(|field| columns(&field.name)).filter(|wide| *wide <= most);
        let wide = names.max().unwrap_or(2);
        for (at, field) in fields.iter().enumerate() {
            let margin = if at == 0 { margin.clone() } else { margin.continued() };
            self.field(&margin, field, wide);
        }
    }

    fn field(&mut self, margin: &Margin, field: &Field, wide: usize) {
        let own = columns(&field.name);
        let mut margin = margin.clone();
        if own > wide {
            self.paragraph(&margin, &field.name, Ink::Dim, self.prose());
            margin = margin.continued().then(span(Ink::Plain, " ".repeat(wide + 2)), wide + 2);
        } else {
            let name = format!("{}{}", field.name, " ".repeat(wide + 2 - own));
            margin = margin.then(span(Ink::Dim, name), wide + 2);
        }
        for (at, line) in field.value.lines().enumerate() {
            let margin = if at == 0 { margin.clone() } else { margin.continued() };
            self.loose(&margin, line);
        }
    }

    /// What changed of a field.
    pub(super) fn change(&mut self, margin: &Margin, name: &str, what: &str) {
        let margin = match name {
            "" => margin.clone(),
            name => margin.then(span(Ink::Dim, format!("{name}  ")), 2),
        };
        self.paragraph(&margin, what, Ink::Plain, self.prose());
    }

    fn attachment(&mut self, margin: &Margin, attachment: &Attachment, evidence: Evidence) {
        let name = attachment.name.strip_suffix(".txt").unwrap_or(&attachment.name);
        if !name.is_empty() {
            self.paragraph(margin, &format!("{name}:"), Ink::Dim, self.prose());
        }
        let inner = margin.then(span(Ink::Plain, "  "), 2);
        let Evidence::Beginning(number) = evidence else {
            attachment.text.lines().for_each(|line| self.evidence(&inner, line, Ink::Plain, usize::MAX));
            return;
        };
        let (begin, mut lines) = (self.rows.len(), attachment.text.lines());
        while self.rows.len() - begin < EVIDENCE {
            let Some(line) = lines.next() else { return };
            let left = EVIDENCE - (self.rows.len() - begin);
            self.evidence(&inner, line, Ink::Dim, left.min(EVIDENCE_LINE));
        }
        let more = match lines.count() {
            0 => return,
            1 => "1 more line".to_owned(),
            more => format!("{more} more lines"),
        };
        let rest = number.map_or_else(String::new, |number| format!(": show {number}"));
        self.paragraph(&inner, &format!("… {more}{rest}"), Ink::Dim, self.prose());
    }

    /// A line of evidence in at most so many rows.
    fn evidence(&mut self, margin: &Margin, line: &str, ink: Ink, most: usize) {
        let room = self.width.saturating_sub(width_of(&margin.first));
        let hang = hang(line, room);
        let mut rows = wrap(line, room, room.saturating_sub(hang));
        if rows.len() > most {
            rows.truncate(most);
            if let Some(last) = rows.last_mut() {
                *last = shortened(&format!("{last} …"), room.saturating_sub(hang));
            }
        }
        for (at, row) in rows.into_iter().enumerate() {
            let hang = if at == 0 { 0 } else { hang };
            let mut full = margin.first.clone();
            full.extend([span(Ink::Plain, " ".repeat(hang)), span(ink, row)]);
            self.rows.push(full);
        }
    }

    /// What a person can type.
    pub(super) fn actions(&mut self, margin: &Margin, actions: &[CardAction]) {
        if actions.is_empty() {
            return;
        }
        let commands: Vec<String> =
            actions.iter().map(|action| action.command.replace(' ', HARD_SPACE)).collect();
        let margin = margin.then(span(Ink::Cyan, "→ type: "), 8);
        self.paragraph(&margin, &commands.join(" · "), Ink::Bold, self.prose());
    }

    fn paragraph(&mut self, margin: &Margin, text: &str, ink: Ink, width: usize) {
        let room = |line: &Line| width.saturating_sub(width_of(line));
        let text = unbroken_commands(text);
        for (at, piece) in wrap(&text, room(&margin.first), room(&margin.next)).into_iter().enumerate() {
            let mut row = if at == 0 { margin.first.clone() } else { margin.next.clone() };
            row.push(span(ink, piece.replace(HARD_SPACE, " ")));
            self.rows.push(row);
        }
    }
}

fn width_of(line: &Line) -> usize {
    line.iter().map(|span| columns(&span.text)).sum()
}

/// What a call is about, where no more than the number is known.
pub(super) fn about(number: u64, root: Option<&Card>) -> String {
    match root {
        Some(card) => one_line(&card.title),
        None => format!("#{number} needs a person"),
    }
}
