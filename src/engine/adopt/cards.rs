//! What people see of what is brought into the cluster: the plan with its files, the decisions, and what an answer
//! changed. Pure.

use std::fmt::Write;

use super::migrate::named;
use crate::adopt::plan::Migration;
use crate::adopt::project::{Fate, Mount, MountSource, Note, Service};
use crate::adopt::settle::sizes::human;
use crate::adopt::{Adoption, Decision, write};
use crate::domain::card::{Attachment, Card, one_line};
use crate::domain::signal::Severity;
use crate::store::adoptions::Adopting;

/// Lines of a field; the rest is counted, and stands in the files.
const LINES: usize = 10;
/// Decisions that are listed; the rest stands in the file.
const LISTED: usize = 20;
/// Characters of a line.
const LINE: usize = 200;
/// Characters of what is to be done by hand on the card itself; what is longer is attached.
const BY_HAND: usize = 900;
/// Bytes of one file. What is longer comes by `steward adopt --out`.
const FILE: usize = 400_000;
/// What is shown.
pub(super) struct Shown<'a> {
    pub(super) adoption: &'a Adoption,
    pub(super) adopting: &'a Adopting,
    /// The migration; as it is with the recommendations, while decisions wait.
    pub(super) migration: Option<&'a Migration>,
    /// Whether no decision waits.
    pub(super) complete: bool,
    /// How often it was tried already.
    pub(super) attempt: usize,
    /// What people call the host.
    pub(super) host: &'a str,
}

/// The plan: what it is, where it goes, what that costs, and the files.
pub(super) fn plan(shown: &Shown<'_>) -> Card {
    let Shown { adoption, adopting, host, .. } = shown;
    let project = &adoption.settled.project;
    let options = &adopting.options;
    let services = project.services.iter().map(service);
    let data = project.services.iter().flat_map(|service| {
        service.mounts.iter().filter_map(|mount| Some(format!("{} {}", service.name, data(mount)?)))
    });
    let objects = adoption.written.objects.iter().map(|object| format!("{} {}", object.kind, object.name));
    let public = adoption.settled.public.iter().map(|name| {
        format!("{}{} → {}:{}", name.host, name.path.as_deref().unwrap_or_default(), name.service, name.port)
    });
    let card = Card::titled(format!("The plan: {} from {host} to {}", project.name, options.to))
        .field("What it is", lines(services))
        .field("Its data", lines(data))
        .field("Becomes", lines(objects))
        .field("Reached at", lines(public))
        .field("Old address in use by", lines(project.referrers.iter().cloned()));
    let card = by_hand(card, shown);
    let card = card.field("Keep in mind", lines(notes(shown).map(note)));
    with_files(card, shown)
}

/// What an answer changed; `None` if that is the answer alone, and others are still waited for.
pub(super) fn changes(shown: &Shown<'_>, before: &Adoption, answered: &str) -> Option<Card> {
    let after = shown.adoption;
    let mut said = Vec::new();
    for decision in &after.settled.decisions {
        match before.settled.decisions.iter().find(|known| known.id == decision.id) {
            None => said.push(format!("New: {}", numbered(shown.adopting, decision))),
            Some(known) if known.chosen != decision.chosen && decision.id != answered => {
                said.push(format!("Follows from it: {}", numbered(shown.adopting, decision)));
            }
            Some(_) => {}
        }
    }
    let there = |decisions: &[Decision], id: &str| decisions.iter().any(|decision| decision.id == id);
    let gone = before.settled.decisions.iter().filter(|known| !there(&after.settled.decisions, &known.id));
    said.extend(gone.map(|known| format!("No longer a question: {}", short(&known.question))));
    let (old, new) = (&before.written.objects, &after.written.objects);
    let same = |one: &write::Object, other: &write::Object| one.kind == other.kind && one.name == other.name;
    for object in new {
        match old.iter().find(|known| same(known, object)) {
            None => said.push(format!("{} {} is added.", object.kind, object.name)),
            Some(known) if known.text != object.text => {
                said.push(format!("{} {} changes.", object.kind, object.name));
            }
            Some(_) => {}
        }
    }
    let left = old.iter().filter(|known| !new.iter().any(|object| same(known, object)));
    said.extend(left.map(|object| format!("{} {} is left out.", object.kind, object.name)));
    if said.is_empty() && !shown.complete {
        return None;
    }
    let title = if said.is_empty() { "The plan is complete" } else { "What that changes" };
    let card = Card::titled(title).field("Changes", lines(said.into_iter()));
    let card = if shown.complete { by_hand(card, shown) } else { card };
    let of_plan =
        shown.migration.into_iter().flat_map(|migration| &migration.notes).filter(|_| shown.complete);
    let card = card.field("Keep in mind", lines(of_plan.map(note)));
    Some(with_files(card, shown))
}

/// The card of a decision that waits.
pub(super) fn question(decision: &Decision, number: usize, case: u64) -> Card {
    let title = format!("Decision {number}: {}", short(&decision.question));
    let card = Card::titled(title)
        .severity(Severity::Warning)
        .field("About", decision.service.clone().unwrap_or_default())
        .field("Known", lines(decision.facts.iter().cloned()));
    let choices = decision.choices.iter().enumerate().map(|(at, choice)| {
        let recommended = if at == 0 { " (recommended)" } else { "" };
        format!("{}{recommended}: {}", choice.key, choice.text)
    });
    let card = card.field("Choices", lines(choices));
    let card = card.field("To answer", format!("a button, or `decide {number} CHOICE` in this thread"));
    decision.choices.iter().enumerate().fold(card, |card, (at, choice)| {
        let label = if at == 0 { format!("{} (recommended)", choice.key) } else { choice.key.clone() };
        card.action(&label, format!("decide #{case} {number} {}", choice.key))
    })
}

/// The same once it was answered, or needs no answer any more.
pub(super) fn settled(mut card: Card, answer: &str) -> Card {
    card.actions.clear();
    card.fields.retain(|field| field.name != "To answer");
    card.severity = None;
    card.done = true;
    card.field("Answer", answer)
}

/// All decisions that wait for nobody.
pub(super) fn list(adopting: &Adopting, decisions: &[&Decision]) -> Card {
    let card = Card::titled("Decided as recommended, unless you say otherwise")
        .line("`decide NUMBER CHOICE` in this thread changes one.");
    let card =
        decisions.iter().take(LISTED).fold(card, |card, decision| card.line(numbered(adopting, decision)));
    match decisions.len().checked_sub(LISTED).filter(|more| *more > 0) {
        Some(more) => card.line(format!("And {more} more: see DECISIONS.md.")),
        None => card,
    }
}

/// A decision with its number, what counts now, and what else there is.
fn numbered(adopting: &Adopting, decision: &Decision) -> String {
    let number = adopting.decisions.iter().position(|id| *id == decision.id).map_or(0, |at| at + 1);
    let others = decision.choices.iter().filter(|choice| choice.key != decision.chosen);
    let others: Vec<&str> = others.map(|choice| choice.key.as_str()).collect();
    let others = if others.is_empty() { String::new() } else { format!(" (or {})", others.join(", ")) };
    // Most questions name it themselves.
    let about = decision.service.as_ref().filter(|service| !decision.question.contains(service.as_str()));
    let about = about.map(|service| format!("{service}: ")).unwrap_or_default();
    let chosen = if decision.waits() { "waits for you" } else { decision.chosen.as_str() };
    format!("{number}. {about}{} → {chosen}{others}", short(&decision.question))
}

fn service(service: &Service) -> String {
    let image = service.image.reference();
    let running = if service.running == Some(false) { ", stopped" } else { "" };
    format!("{}: {}{running}", service.name, image.split('@').next().unwrap_or(&image))
}

/// What becomes of a mount; nothing where nothing is kept there.
fn data(mount: &Mount) -> Option<String> {
    let from = match &mount.source {
        MountSource::Bind(path) => path.clone(),
        MountSource::Volume(name) => format!("volume {name}"),
        MountSource::Anonymous => "a volume without a name".to_owned(),
        MountSource::File(name) => format!("file {name}"),
        MountSource::Memory(_) => return None,
    };
    let large = mount.seen.bytes.map(|bytes| format!(", {}", human(bytes))).unwrap_or_default();
    let fate = match &mount.fate {
        Fate::Claim(claim) => format!("copied to {} ({})", claim.name, human(claim.bytes)),
        Fate::Share { server, path } => format!("mounted from {server}:{path}, nothing is copied"),
        Fate::HostPath => "the same path of its node".to_owned(),
        Fate::Config => "goes along as configuration".to_owned(),
        Fate::SecretFile => "becomes a secret".to_owned(),
        Fate::Scratch { .. } => "starts empty".to_owned(),
        Fate::Left(why) => format!("left out: {why}"),
        Fate::Open => "not decided".to_owned(),
    };
    Some(format!("{} ({from}{large}): {fate}", mount.target))
}

fn notes<'a>(shown: &'a Shown<'_>) -> impl Iterator<Item = &'a Note> {
    let of_plan = shown.migration.into_iter().flat_map(|migration| &migration.notes);
    let Adoption { settled, written } = shown.adoption;
    of_plan.chain(&settled.project.notes).chain(&written.notes)
}

fn note(note: &Note) -> String {
    match &note.service {
        Some(service) => format!("{service}: {}", note.text),
        None => note.text.clone(),
    }
}

/// What people do first; the shell lines hold no values.
fn by_hand(card: Card, shown: &Shown<'_>) -> Card {
    let mut text = String::new();
    let mut add = |what: &str, command: &str| {
        let _ = writeln!(text, "# {}\n{}\n", one_line(what), command.trim_end());
    };
    match shown.migration {
        Some(migration) => migration.by_hand.iter().for_each(|by_hand| add(&by_hand.what, &by_hand.command)),
        None => shown.adoption.written.secrets.iter().for_each(|secret| {
            let on = secret.run_on.as_ref().map(|on| format!(", {on}")).unwrap_or_default();
            add(&format!("secret {} ({}){on}", secret.name, secret.keys.join(", ")), &secret.command);
        }),
    }
    let text = text.trim_end().to_owned();
    if text.chars().count() <= BY_HAND {
        return card.field("First, by hand", text);
    }
    let mut card =
        card.field("First, by hand", "what by-hand.sh says, attached: it needs values that I must not see");
    card.attachments.push(Attachment { name: "by-hand.sh".to_owned(), text });
    card
}

/// Attaches the files.
fn with_files(mut card: Card, shown: &Shown<'_>) -> Card {
    let Shown { adoption, adopting, migration, .. } = shown;
    let (name, text) = write::file(&adoption.settled, &adoption.written, &adopting.options);
    let runbook = migration.map(|migration| {
        let (_, text) = named(&adoption.settled.project.name, shown.attempt, |name| migration.runbook(name));
        ("migration.yaml".to_owned(), text)
    });
    let decisions =
        (!adoption.settled.decisions.is_empty()).then(|| ("DECISIONS.md".to_owned(), in_full(shown)));
    let files = [Some((name, text)), runbook, decisions];
    for (name, text) in files.into_iter().flatten().filter(|(_, text)| !text.trim().is_empty()) {
        card.attachments.push(Attachment { name, text: capped(text) });
    }
    card
}

/// All decisions, with all that is known.
fn in_full(shown: &Shown<'_>) -> String {
    let adopting = shown.adopting;
    let mut text = format!("# Decisions about {}\n", shown.adoption.settled.project.name);
    for decision in &shown.adoption.settled.decisions {
        let number = adopting.decisions.iter().position(|id| *id == decision.id).map_or(0, |at| at + 1);
        let about = decision.service.as_ref().filter(|service| !decision.question.contains(service.as_str()));
        let about = about.map(|service| format!(" ({service})")).unwrap_or_default();
        let _ = writeln!(text, "\n## {number}. {}{about}\n", one_line(&decision.question));
        decision.facts.iter().for_each(|fact| {
            let _ = writeln!(text, "{}", one_line(fact));
        });
        for (at, choice) in decision.choices.iter().enumerate() {
            let chosen = if decision.chosen == choice.key && !decision.waits() { "x" } else { " " };
            let recommended = if at == 0 { ", recommended" } else { "" };
            let _ = writeln!(text, "- [{chosen}] `{}`{recommended}: {}", choice.key, one_line(&choice.text));
        }
        // An answer of one's own words is none of the choices.
        if !decision.choices.iter().any(|choice| choice.key == decision.chosen) {
            let _ = writeln!(text, "- [x] `{}`", one_line(&decision.chosen));
        }
    }
    text
}

fn capped(text: String) -> String {
    if text.len() <= FILE {
        return text;
    }
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= FILE).last().unwrap_or(0);
    let end = text[..end].rfind('\n').unwrap_or(end);
    format!(
        "{}\n# Cut here, for it is too long. `steward adopt … --out DIR` writes all of it.\n",
        &text[..end]
    )
}

/// The first lines, and how many more there are.
fn lines(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.map(|line| short(&line)).collect();
    let more = all.len().checked_sub(LINES).filter(|more| *more > 0);
    let told = all.into_iter().take(LINES);
    told.chain(more.map(|more| format!("and {more} more"))).collect::<Vec<_>>().join("\n")
}

fn short(text: &str) -> String {
    let line = one_line(text);
    match line.char_indices().nth(LINE) {
        None => line,
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
    }
}
