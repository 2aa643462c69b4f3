//! Hostile and unlucky text shows as itself: it calls nobody, forms no markup, and nothing of it is lost.

use steward::domain::card::{Card, Place};

use super::cards::{HOSTILE, incident, is_whole, question as asked, update, with_file};
use super::hearing::somebody_asks;
use super::room::{Room, question, root, thread};
use super::stage::Shown;

/// What is wrong with how these lines are shown.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    /// The line can be read as it is, and does nothing.
    fn look(&mut self, what: &str, line: &str, shown: &[Shown]) {
        let clean = Card::titled(line).cleaned().title;
        if !is_whole(shown, &clean) {
            let texts: Vec<&str> = shown.iter().map(|message| message.text.as_str()).collect();
            self.0.push(format!("{what}: {clean:?} reads {texts:?}"));
        }
        for message in shown {
            if !(message.called.is_empty() && message.marks.is_empty() && !message.loud) {
                let Shown { called, marks, loud, .. } = message;
                self.0.push(format!("{what}: {clean:?} calls {called:?}, marks {marks:?}, loud: {loud}"));
            }
        }
    }

    fn look_at_all(&mut self, what: &str, shown: &[Shown]) {
        HOSTILE.iter().for_each(|line| self.look(what, line, shown));
    }

    fn end(self) {
        assert!(self.0.is_empty(), "{} findings:\n{}", self.0.len(), self.0.join("\n"));
    }
}

pub async fn hostile_text_shows_as_itself_in_a_title(room: &mut Room) {
    let mut findings = Findings::default();
    for (number, line) in (1..).zip(HOSTILE) {
        let shown = room.news(Place::Lab, &Card::titled(*line)).await;
        findings.look("a notice", line, &shown);
        room.tell(root(number), &Card::titled(format!("#{number} {line}"))).await;
        findings.look("a root message", line, &room.stage.roots(number));
        room.tell(thread(number), &update(number, "it is broken")).await;
        room.in_thread(number, "it is broken");
    }
    findings.end();
}

pub async fn hostile_text_shows_as_itself_in_a_root_message(room: &mut Room) {
    let mut findings = Findings::default();
    for (number, lines) in (1..).zip(HOSTILE.chunks(12)) {
        let card = lines.iter().fold(incident(number), |card, line| card.line(*line).field("Value", *line));
        let shown = room.news(root(number), &card).await;
        lines.iter().for_each(|line| findings.look("body and fields", line, &shown));
        // And the same as an edit.
        let number = number + 100;
        room.tell(root(number), &incident(number)).await;
        let card = lines.iter().fold(incident(number), |card, line| card.field(line, "a value"));
        room.tell(root(number), &card).await;
        let shown = [room.stage.roots(number), room.stage.thread(number)].concat();
        lines.iter().for_each(|line| findings.look("names of fields, edited", line, &shown));
    }
    findings.end();
}

pub async fn hostile_text_shows_as_itself_in_a_thread(room: &mut Room) {
    let mut findings = Findings::default();
    room.tell(root(3), &incident(3)).await;
    let card = HOSTILE.iter().fold(update(3, "it is broken"), |card, line| card.line(*line));
    findings.look_at_all("paragraphs", &room.news(thread(3), &card).await);
    let entry = |card: Card, line: &&str| card.line(format!("08:00:00 seen   {line}"));
    let card = HOSTILE.iter().fold(update(3, "it is broken"), entry);
    findings.look_at_all("entries", &room.news(thread(3), &card).await);
    let card = update(3, "it is broken").line(HOSTILE.join("\n"));
    findings.look_at_all("one paragraph", &room.news(thread(3), &card).await);
    let row = |card: Card, line: &&str| card.line(format!("a row  {line}"));
    let card = HOSTILE.iter().fold(update(3, "it is broken"), row);
    findings.look_at_all("rows of a table", &room.news(thread(3), &card).await);
    // A table that is narrow stays one.
    for line in HOSTILE {
        let shown = room.news(thread(3), &update(3, "it is broken").line(format!("x  {line}"))).await;
        findings.look("a row of its own", line, &shown);
    }
    findings.end();
}

pub async fn hostile_text_shows_as_itself_in_evidence(room: &mut Room) {
    let mut findings = Findings::default();
    room.tell(root(3), &incident(3)).await;
    for lines in HOSTILE.chunks(5) {
        let card = with_file(update(3, "it is broken"), lines[0], &lines.join("\n"));
        let shown = room.news(thread(3), &card).await;
        lines.iter().for_each(|line| findings.look("short evidence", line, &shown));
    }
    if room.can().files {
        let text = HOSTILE.join("\n").repeat(3);
        let shown = room.news(thread(3), &with_file(update(3, "it is broken"), "log.txt", &text)).await;
        findings.look_at_all("long evidence", &shown);
    }
    findings.end();
}

pub async fn hostile_text_shows_as_itself_in_a_question(room: &mut Room) {
    let mut findings = Findings::default();
    room.tell(root(3), &incident(3)).await;
    for (approval, line) in (1..).zip(HOSTILE) {
        let mut card = asked(approval);
        card.fields[0].value = format!("vm: `{line}`");
        card.fields[1].value = format!("{line}\nand {line}");
        let shown = room.news(question(3, approval), &card).await;
        findings.look("a question", line, &shown);
        findings.look("a question", &format!("and {line}"), &shown);
    }
    findings.end();
}

pub async fn hostile_text_shows_as_itself_in_an_answer(room: &mut Room) {
    let mut findings = Findings::default();
    let listening = room.listen().await;
    let (act, heard) = somebody_asks(room).await;
    let card = HOSTILE.iter().fold(Card::titled("This is known:"), |card, line| card.line(*line));
    findings.look_at_all("an answer", &room.answer(&act, &heard, &card).await);
    listening.stop().await;
    findings.end();
}

pub async fn hostile_text_shows_as_itself_when_it_is_long(room: &mut Room) {
    // Cuts fall everywhere: between a sign and the sign that takes its meaning, within code, within an address.
    let mut findings = Findings::default();
    for shift in 0..5 {
        let line = format!("{} ", HOSTILE[..4].join(" ")).repeat(60);
        let text = format!("{}{line}", "x".repeat(shift));
        let shown = room.news(Place::Lab, &Card::titled("Long").line(text.trim())).await;
        findings.look("a long line", text.trim(), &shown);
        let tangle = format!("{}{}", "x".repeat(shift), "*_`~|>#@[](\\".repeat(500));
        let shown = room.news(Place::Lab, &Card::titled("Tangled").line(&tangle)).await;
        findings.look("a tangle", &tangle, &shown);
    }
    findings.end();
}
