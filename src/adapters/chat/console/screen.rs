//! What stands on the screen, and what to write so that it also says the next thing.

use std::collections::VecDeque;

use super::difference::{changes, closing, new_actions};
use super::sheet::{Evidence, Margin, Sheet, about};
use super::style::{Line, Size, Style, paint};
use super::text::{is_certain, tidy};
use crate::domain::card::{Card, Mention, Place};
use crate::domain::ids::IncidentId;
use crate::engine::ports::Outbound;

/// How many incidents' cards are remembered. An edit of a forgotten one prints it whole.
const CARDS: usize = 200;
/// How many messages are remembered as told, so that one that is delivered twice is not told twice.
const TOLD: usize = 200;

/// What was told, as far as it matters for what is told next.
#[derive(Debug, Default)]
pub(super) struct Screen {
    /// The root messages as they were last told, the latest last.
    cards: VecDeque<(IncidentId, Card)>,
    told: VecDeque<i64>,
    /// The root message at the bottom of the screen, if that is what stands there.
    bottom: Option<Block>,
    /// Whether anything was written yet.
    begun: bool,
}

/// A root message on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    incident: IncidentId,
    rows: usize,
    size: Size,
}

/// What to write for a message, and what will be true once it is written.
#[derive(Debug)]
pub(super) struct Drawing {
    /// What to write; empty if there is nothing to say.
    pub(super) text: String,
    id: i64,
    card: Option<(IncidentId, Card)>,
    bottom: Option<Block>,
}

/// Rows to write, and where.
struct Page {
    sheet: Sheet,
    /// How many rows of the screen they replace; otherwise they are added.
    replaces: Option<usize>,
    /// Whether they are a root message that an edit may replace.
    block: bool,
    /// Whether they call people.
    calls: bool,
}

impl Screen {
    /// What to write for a message. Changes nothing: it may turn out that it can't be written.
    pub(super) fn draw(&self, message: &Outbound, style: Style, size: Size) -> Drawing {
        let mut drawing = Drawing { text: String::new(), id: message.id, card: None, bottom: self.bottom };
        if self.told.contains(&message.id) {
            return drawing;
        }
        let card = tidy(&message.card);
        // The last column stays free: terminals disagree on what a row that fills it does to the next.
        let width = usize::from(size.columns).saturating_sub(usize::from(style.terminal));
        let mut page = Page::new(Sheet::new(width), &card);
        match &message.place {
            Place::Root { incident, number } => self.root(&mut page, *incident, *number, &card, size),
            Place::Thread { incident, number } => self.thread(&mut page, *incident, *number, &card),
            // Who decided, and what became of it, the thread tells.
            Place::Question { .. } if message.refs.own.is_some() => {}
            Place::Question { number, .. } => Self::question(&mut page, *number, &card),
            Place::Lab => self.lab(&mut page, &card),
            Place::Answer { .. } => {
                // Where somebody types, the question stands above the answer.
                if !style.prompt {
                    self.gap(&mut page);
                }
                answer(&mut page, &card);
            }
        }
        let (calls, replaces, block) = (page.calls, page.replaces, page.block);
        let rows = page.sheet.rows();
        if !rows.is_empty() {
            drawing.text = written(&rows, replaces, calls, style);
            let incident = message
                .place
                .incident()
                .map(|(incident, _)| incident)
                .filter(|_| block && !calls && style.terminal);
            drawing.bottom = incident.and_then(|incident| Block::of(incident, &rows, replaces, size));
        }
        if let Place::Root { incident, .. } = message.place {
            drawing.card = Some((incident, card));
        }
        drawing
    }

    /// What was drawn is written.
    pub(super) fn keep(&mut self, drawing: Drawing) {
        self.begun |= !drawing.text.is_empty();
        self.bottom = drawing.bottom;
        self.told.push_back(drawing.id);
        if self.told.len() > TOLD {
            self.told.pop_front();
        }
        if let Some((incident, card)) = drawing.card {
            self.cards.retain(|(other, _)| *other != incident);
            self.cards.push_back((incident, card));
            if self.cards.len() > CARDS {
                self.cards.pop_front();
            }
        }
    }

    /// Something else was written, or somebody typed: what stands at the bottom is no longer known.
    pub(super) fn disturbed(&mut self) {
        self.bottom = None;
        self.begun = true;
    }

    fn card(&self, incident: IncidentId) -> Option<&Card> {
        self.cards.iter().find(|(other, _)| *other == incident).map(|(_, card)| card)
    }

    fn root(&self, page: &mut Page, incident: IncidentId, number: u64, card: &Card, size: Size) {
        let old = self.card(incident);
        page.calls &= old.is_none_or(|old| old.mention != Mention::Here);
        let Some(old) = old else { return self.whole(page, card) };
        if old == card {
            return;
        }
        let standing = self.bottom.filter(|block| block.incident == incident && block.can_be_redrawn(size));
        match standing {
            Some(block) if !page.calls => {
                page.replaces = Some(block.rows);
                self.whole(page, card);
            }
            _ if card.done && !old.done => self.whole(page, &closing(card)),
            _ => self.news(page, number, old, card),
        }
        // What is shorter than the card can't be redrawn as the card.
        page.block &= page.replaces.is_some();
    }

    /// A root message, all of it.
    fn whole(&self, page: &mut Page, card: &Card) {
        if page.replaces.is_none() {
            self.gap(page);
        }
        if page.calls {
            page.sheet.call(&card.title);
        }
        page.sheet.rule(card);
        page.sheet.content(&Margin::block(), card, Evidence::Beginning(None));
        page.block = true;
    }

    /// What an edit changed, and nothing else.
    fn news(&self, page: &mut Page, number: u64, old: &Card, card: &Card) {
        if page.calls {
            self.gap(page);
            page.sheet.call(&card.title);
        }
        let margin = Margin::thread(number);
        let changes = changes(old, card);
        for change in &changes {
            page.sheet.change(&margin, &change.name, &change.what);
        }
        if changes.is_empty() {
            page.sheet.actions(&margin, &new_actions(old, card));
        }
    }

    fn thread(&self, page: &mut Page, incident: IncidentId, number: u64, card: &Card) {
        if page.calls {
            self.gap(page);
            page.sheet.call(&about(number, self.card(incident)));
        }
        page.sheet.content(&Margin::thread(number), card, Evidence::Beginning(Some(number)));
    }

    /// A question, all of it.
    fn question(page: &mut Page, number: u64, card: &Card) {
        let margin = Margin::thread(number);
        page.sheet.change(&margin, "", &card.title);
        page.sheet.content(&margin, card, Evidence::Beginning(None));
    }

    fn lab(&self, page: &mut Page, card: &Card) {
        self.gap(page);
        if page.calls {
            page.sheet.call(&card.title);
        }
        page.sheet.rule(card);
        page.sheet.content(&Margin::block(), card, Evidence::Beginning(None));
    }

    fn gap(&self, page: &mut Page) {
        if self.begun {
            page.sheet.gap();
        }
    }
}

impl Page {
    fn new(sheet: Sheet, card: &Card) -> Self {
        Self { sheet, replaces: None, block: false, calls: card.mention == Mention::Here }
    }
}

impl Block {
    /// The block that these rows are, unless nobody knows how many rows of the screen they take.
    fn of(incident: IncidentId, rows: &[Line], replaces: Option<usize>, size: Size) -> Option<Self> {
        let gap = usize::from(replaces.is_none() && rows.first().is_some_and(Vec::is_empty));
        let certain = rows.iter().flatten().all(|span| is_certain(&span.text));
        certain.then_some(Self { incident, rows: rows.len() - gap, size })
    }

    /// Whether it still stands as it was written, with its first row on the screen.
    fn can_be_redrawn(&self, size: Size) -> bool {
        self.size == size && self.rows < usize::from(size.rows)
    }
}

fn answer(page: &mut Page, card: &Card) {
    if page.calls {
        page.sheet.call(&card.title);
    }
    page.sheet.heading(card);
    page.sheet.content(&Margin::answer(), card, Evidence::Whole);
}

/// The rows as they are written: over others of the screen, with a bell, as the case may be.
fn written(rows: &[Line], replaces: Option<usize>, calls: bool, style: Style) -> String {
    let mut text = String::new();
    if let Some(rows) = replaces {
        text.push_str(&format!("\r\x1b[{rows}A\x1b[J"));
    }
    if calls && style.terminal {
        text.push('\x07');
    }
    for row in rows {
        text.push_str(&paint(row, style.color));
        text.push('\n');
    }
    text
}
