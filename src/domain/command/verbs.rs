//! What follows each command's name: one small function per command.

use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::adopting;
use super::catalog::{COMMANDS, CommandHelp, help_for};
use super::suggest::suggest;
use super::when;
use super::words::{Word, quoted};
use super::{ChatCommand, MAX_SILENCE, Misunderstood};
use crate::domain::matcher::Matchers;
use crate::domain::signal::Timestamp;
use crate::domain::suppression::{Kind as Suppression, Scope};
use crate::domain::target::Target;

type Read<T = ChatCommand> = Result<T, Misunderstood>;

/// The words after a command's name, read from left to right.
pub(super) struct Args<'a> {
    words: &'a [Word],
    at: usize,
    help: &'static CommandHelp,
    now: Timestamp,
    tz: Tz,
}

/// Reads what follows the name of `help`, to the last word.
pub(super) fn read(help: &'static CommandHelp, words: &[Word], now: Timestamp, tz: Tz) -> Read {
    let mut args = Args { words, at: 0, help, now, tz };
    let command = (help.read)(&mut args)?;
    match args.peek() {
        None => Ok(command),
        Some(word) => Err(args.leftover(word)),
    }
}

pub(super) fn help(args: &mut Args<'_>) -> Read {
    args.accept(&["me", "with"]);
    let Some(word) = args.next() else { return Ok(ChatCommand::Help { topic: None }) };
    if let Some(help) = help_for(&word.key) {
        return Ok(ChatCommand::Help { topic: Some(help.name.to_owned()) });
    }
    let mut wrong = args.wrong(format!("There is no command {}.", quoted(&word.raw)));
    wrong.suggestion =
        suggest(&word.key, COMMANDS.iter().map(|help| help.name)).map(|name| format!("help {name}"));
    Err(wrong)
}

pub(super) fn incidents(args: &mut Args<'_>) -> Read {
    args.accept(&["open"]);
    Ok(ChatCommand::Incidents { all: args.accept(&["all"]) })
}

pub(super) fn show(args: &mut Args<'_>) -> Read {
    Ok(ChatCommand::Show { incident: args.incident()? })
}

pub(super) fn ack(args: &mut Args<'_>) -> Read {
    Ok(ChatCommand::Ack { incident: args.incident()? })
}

/// How people say that an incident opened.
const BROKE: &[&str] = &["broke", "failed", "happened", "began", "started", "opened", "crashed", "died"];

/// The clauses come in any order, each at most once.
pub(super) fn changes(args: &mut Args<'_>) -> Read {
    let (mut since, mut on, mut incident) = (None, None, None);
    while let Some(word) = args.peek() {
        if args.accept(&["recently", "lately", "here", "just"]) {
            continue;
        }
        if args.accept(&["before"]) {
            args.before(&mut incident)?;
            continue;
        }
        if let Some(at) = args.since()? {
            args.once(&mut since, at)?;
            continue;
        }
        let announced = args.accept(&["on", "in", "at", "for", "to", "with"]);
        if let Some(number) = args.incident_number()? {
            args.once(&mut incident, number)?;
        } else if announced && !args.this() {
            let target = args.target()?;
            args.once(&mut on, target)?;
        } else if !announced {
            let mut wrong = args.leftover(word);
            // Almost any word could be a target; only one that looks like a path is worth a guess.
            let path = word.bare.contains('/') && Target::parse(&word.bare).is_ok();
            wrong.suggestion = path.then(|| format!("what changed on {}", word.bare));
            return Err(wrong);
        }
    }
    Ok(ChatCommand::WhatChanged { since, on, incident })
}

pub(super) fn silence(args: &mut Args<'_>, kind: Suppression) -> Read {
    if let Some(number) = args.incident_number()? {
        let verb = kind.as_str();
        let what = format!(
            "A silence names a target; in the thread of incident {number}, type `{verb} this for 2h`."
        );
        return Err(args.wrong(what));
    }
    args.accept(&["of", "on"]);
    let implied = matches!(args.peek_key(), Some("for" | "from")) || args.span().is_some();
    let scope = if implied || args.this() { None } else { Some(args.scope()?) };
    let from = args.from()?;
    let said_for = args.accept(&["for"]);
    let Some((duration, used)) = args.span() else {
        return Err(no_duration(args, kind, scope.as_ref(), said_for));
    };
    args.at += used;
    if duration > MAX_SILENCE || duration == Duration::ZERO {
        return Err(args.wrong("A silence lasts 30 days at most, and longer than nothing.".to_owned()));
    }
    // In `silence for 2h nas` the last word is hardly a comment, and the silence would be of something else.
    let comment = if implied && !args.because() { None } else { args.rest() };
    Ok(ChatCommand::Silence { scope, kind, from, duration, comment })
}

fn no_duration(args: &Args<'_>, kind: Suppression, scope: Option<&Scope>, said_for: bool) -> Misunderstood {
    let mut wrong = args.wrong(match (args.peek().map(|word| quoted(&word.raw)), said_for) {
        (Some(found), true) => format!("I can't read {found} as a duration."),
        (Some(found), false) => format!("I expected `for` and a duration, not {found}."),
        (None, _) => "For how long?".to_owned(),
    });
    let scope = scope.map_or_else(|| "this".to_owned(), ToString::to_string);
    wrong.suggestion = Some(format!("{} {scope} for 2h", kind.as_str()));
    wrong
}

pub(super) fn ignored(args: &mut Args<'_>) -> Read {
    Ok(ChatCommand::Ignored { since: args.since()? })
}

pub(super) fn digest(args: &mut Args<'_>) -> Read {
    Ok(ChatCommand::Digest { since: args.since()? })
}

pub(super) fn unsilence(args: &mut Args<'_>) -> Read {
    args.accept(&["silence"]);
    Ok(ChatCommand::Unsilence { silence: args.needed_number("Which silence?")? })
}

pub(super) fn approve(args: &mut Args<'_>) -> Read {
    Ok(ChatCommand::Approve { approval: args.needed_number("Which request?")? })
}

pub(super) fn deny(args: &mut Args<'_>) -> Read {
    Ok(ChatCommand::Deny { approval: args.needed_number("Which request?")?, reason: args.rest() })
}

pub(super) fn run(args: &mut Args<'_>) -> Read {
    args.accept(&["skill", "the"]);
    let skill = args.name("a skill's name")?;
    skill.map(|skill| ChatCommand::Run { skill }).ok_or_else(|| args.wrong("Which skill?".to_owned()))
}

pub(super) fn topology(args: &mut Args<'_>) -> Read {
    args.accept(&["of", "for"]);
    let target = args.peek().is_some().then(|| args.target()).transpose()?;
    Ok(ChatCommand::Topology { target })
}

pub(super) fn runbooks(args: &mut Args<'_>) -> Read {
    Ok(ChatCommand::Runbooks { name: args.name("a runbook's name")? })
}

pub(super) fn merge(args: &mut Args<'_>) -> Read {
    args.accept(&["incident"]);
    let from = args.needed_number("Which incident?")?;
    args.accept(&["into", "with", "to", "and"]);
    args.accept(&["incident"]);
    let into = args.needed_number("Into which incident?")?;
    if from == into {
        return Err(args.wrong(format!("{from} and {into} are the same incident.")));
    }
    Ok(ChatCommand::Merge { from, into })
}

pub(super) fn split(args: &mut Args<'_>) -> Read {
    let target = args.target()?;
    args.accept(&["from", "off", "out"]);
    args.accept(&["of"]);
    args.accept(&["incident"]);
    Ok(ChatCommand::Split { incident: args.needed_number("From which incident?")?, target })
}

pub(super) fn clear(args: &mut Args<'_>) -> Read {
    args.accept(&["incident"]);
    Ok(ChatCommand::Clear { incident: args.needed_number("Which incident?")? })
}

pub(super) fn ask(args: &mut Args<'_>) -> Read {
    // Without its `#` a number is a word like any other: "ask 3 questions".
    let incident =
        if args.peek_key().is_some_and(|key| key.starts_with('#')) { args.number()? } else { None };
    let words = args.rest().ok_or_else(|| args.wrong("Ask what?".to_owned()))?;
    Ok(ChatCommand::Ask { incident, words })
}

pub(super) fn investigate(args: &mut Args<'_>) -> Read {
    Ok(ChatCommand::Investigate { incident: args.incident()? })
}

pub(super) fn stop(args: &mut Args<'_>) -> Read {
    Ok(ChatCommand::Stop { incident: args.incident()? })
}

pub(super) fn goal(args: &mut Args<'_>) -> Read {
    Ok(ChatCommand::Goal {
        name: args.peek().is_some().then(|| args.name("a goal's name")).transpose()?.flatten(),
    })
}

pub(super) fn undo(args: &mut Args<'_>) -> Read {
    let incident = args.incident()?;
    let repair = if args.accept(&["repair"]) { Some(args.needed_number("Which repair?")?) } else { None };
    Ok(ChatCommand::Undo { incident, repair })
}

pub(super) fn adopt(args: &mut Args<'_>) -> Read {
    let words = args.rest_words();
    args.at = args.words.len();
    let said = quoted(&joined(words));
    let what = match words {
        [] => "Which container?".to_owned(),
        _ => format!("I can't read {said} as a container, where it runs, and where it goes."),
    };
    adopting::object_and_ways(words).map(adopting::Wanted::command).ok_or_else(|| args.wrong(what))
}

pub(super) fn decide(args: &mut Args<'_>) -> Read {
    args.accept(&["decision"]);
    let first = args.needed_number("Which decision?")?;
    args.accept(&["decision"]);
    let (incident, decision) = args.number()?.map_or((None, first), |second| (Some(first), second));
    args.accept(&["as", "for", "to", "is"]);
    let choice = args.rest().ok_or_else(|| args.wrong("What is the choice?".to_owned()))?;
    // Some decisions take an answer of one's own, such as an address, in which letter case counts.
    let is_word = choice.chars().all(|c| c.is_ascii_alphanumeric() || ".,!?-".contains(c));
    let word = || choice.trim_end_matches(['.', ',', '!', '?']).to_lowercase();
    Ok(ChatCommand::Decide { incident, decision, choice: if is_word { word() } else { choice } })
}

impl<'a> Args<'a> {
    fn rest_words(&self) -> &'a [Word] {
        self.words.get(self.at..).unwrap_or_default()
    }

    fn keys(&self) -> Vec<&'a str> {
        self.rest_words().iter().map(|word| word.key.as_str()).collect()
    }

    fn peek(&self) -> Option<&'a Word> {
        self.words.get(self.at)
    }

    fn peek_key(&self) -> Option<&'a str> {
        self.peek().map(|word| word.key.as_str())
    }

    fn next(&mut self) -> Option<&'a Word> {
        let word = self.peek()?;
        self.at += 1;
        Some(word)
    }

    /// Takes the next word if it is one of these.
    fn accept(&mut self, keys: &[&str]) -> bool {
        let here = self.peek_key().is_some_and(|key| keys.contains(&key));
        self.at += usize::from(here);
        here
    }

    /// `3` or `#3`, if that comes next.
    fn number(&mut self) -> Read<Option<u64>> {
        let Some(word) = self.peek() else { return Ok(None) };
        let digits = word.key.strip_prefix('#').unwrap_or(&word.key);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(None);
        }
        let Ok(number) = digits.parse() else {
            return Err(self.wrong(format!("{} is too large a number.", quoted(&word.raw))));
        };
        self.at += 1;
        Ok(Some(number))
    }

    fn needed_number(&mut self, question: &str) -> Read<u64> {
        if let Some(number) = self.number()? {
            return Ok(number);
        }
        Err(self.wrong(match self.peek() {
            Some(word) => format!("{question} {} is not a number.", quoted(&word.raw)),
            None => format!("{question} Its number is missing."),
        }))
    }

    /// `this` or `this incident`, if that comes next.
    fn this(&mut self) -> bool {
        let this = self.accept(&["this"]);
        if this {
            self.accept(&["incident", "thread"]);
        }
        this
    }

    /// `3` or `incident #3`, if that comes next.
    fn incident_number(&mut self) -> Read<Option<u64>> {
        let start = self.at;
        self.accept(&["incident"]);
        let number = self.number()?;
        if number.is_none() {
            self.at = start;
        }
        Ok(number)
    }

    /// What follows `before`: `this broke`, `it happened`, `#3`, or nothing.
    fn before(&mut self, incident: &mut Option<u64>) -> Read<()> {
        self.accept(&["the"]);
        if let Some(number) = self.incident_number()? {
            self.once(incident, number)?;
        } else if !self.this() && !self.accept(&["it", "that", "incident"]) && self.peek().is_some() {
            let what = "I can tell what changed before an incident, or since a time.".to_owned();
            return Err(self.wrong(what));
        }
        self.accept(BROKE);
        Ok(())
    }

    /// One incident, or this thread's.
    fn incident(&mut self) -> Read<Option<u64>> {
        if self.this() { Ok(None) } else { self.incident_number() }
    }

    /// The name of a file that the operator wrote, if anything comes next.
    fn name(&mut self, what: &str) -> Read<Option<String>> {
        let Some(word) = self.next() else { return Ok(None) };
        let good = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if word.bare.starts_with(['-', '.']) || word.bare.len() > 64 || !word.bare.chars().all(good) {
            return Err(self.wrong(format!("{} is not {what}.", quoted(&word.raw))));
        }
        Ok(Some(word.bare.clone()))
    }

    fn target(&mut self) -> Read<Target> {
        let Some(word) = self.next() else { return Err(self.wrong("Which target?".to_owned())) };
        Target::parse(&word.bare).map_err(|_| {
            let name = quoted(&word.raw);
            self.wrong(format!("{name} is not a target. A target is a path such as `nas/media`."))
        })
    }

    /// A target, or matchers.
    fn scope(&mut self) -> Read<Scope> {
        let Some(word) = self.peek() else { return self.target().map(Scope::Target) };
        if !word.raw.starts_with('{') && !word.raw.contains('=') && !word.raw.contains("!~") {
            return self.target().map(Scope::Target);
        }
        self.at += 1;
        // Telephones make the quotation marks pretty.
        let text = word.raw.replace(['“', '”'], "\"");
        let text = text.trim_end_matches([',', ';']);
        let matchers = Matchers::parse(text).and_then(Matchers::narrow);
        matchers.map(Scope::Matchers).map_err(|error| {
            let what = format!("I can't read that as matchers: {error}.");
            self.wrong(what)
        })
    }

    /// `from 22:00`, if that comes next.
    fn from(&mut self) -> Read<Option<Timestamp>> {
        let start = self.at;
        if !self.accept(&["from", "starting", "at"]) {
            return Ok(None);
        }
        self.accept(&["at"]);
        if self.accept(&["now"]) {
            return Ok(None);
        }
        let Some((at, used)) = when::upcoming(&self.keys(), self.now, self.tz) else {
            let said = self.words.get(start + 1..).unwrap_or_default();
            return Err(self.wrong(format!(
                "I can't read {} as a time to come. Try `from 22:00`, `from tomorrow 8:00` or `from 2026-11-22 14:00`.",
                quoted(&joined(said))
            )));
        };
        self.at += used;
        let latest =
            TimeDelta::from_std(MAX_SILENCE).ok().and_then(|ahead| self.now.checked_add_signed(ahead));
        if at <= self.now || latest.is_some_and(|latest| at > latest) {
            let said = self.words.get(start..self.at).unwrap_or_default();
            let what = format!("{} is not within the next 30 days.", quoted(&joined(said)));
            return Err(self.wrong(what));
        }
        Ok(Some(at))
    }

    /// A span that comes next, not taken yet.
    fn span(&self) -> when::Taken<Duration> {
        when::span(&self.keys())
    }

    /// `since yesterday`, `in the last 2h`, `the last hour`, `today`, if that comes next.
    fn since(&mut self) -> Read<Option<Timestamp>> {
        let start = self.at;
        let said_since = self.accept(&["since", "from", "after"]);
        if !said_since {
            self.accept(&["in", "within", "over", "during", "for", "on", "at"]);
        }
        self.accept(&["the"]);
        let keys = self.keys();
        if let Some((at, used)) = when::moment(&keys, self.now, self.tz) {
            self.at += used;
            return self.in_the_past(at, start).map(Some);
        }
        if self.accept(&["last", "past"]) {
            let unit = self.peek_key().and_then(when::unit).map(|unit| (unit, 1));
            if let Some((span, used)) = unit.or_else(|| self.span()) {
                self.at += used;
                return self.ago(span, start).map(Some);
            }
        }
        if said_since {
            return Err(self.unreadable_time(start));
        }
        // `in nas` names a target.
        self.at = start;
        Ok(None)
    }

    fn ago(&self, span: Duration, start: usize) -> Read<Timestamp> {
        let span = chrono::TimeDelta::from_std(span).ok();
        span.and_then(|span| self.now.checked_sub_signed(span)).ok_or_else(|| self.unreadable_time(start))
    }

    fn in_the_past(&self, at: Timestamp, start: usize) -> Read<Timestamp> {
        if at <= self.now {
            return Ok(at);
        }
        let said = self.words.get(start..self.at).unwrap_or_default();
        Err(self.wrong(format!("{} is still to come.", quoted(&joined(said)))))
    }

    fn unreadable_time(&self, start: usize) -> Misunderstood {
        let said = self.words.get(start..).unwrap_or_default();
        self.wrong(format!(
            "I can't read {} as a time. Try `2h`, `yesterday`, `14:00` or `2026-11-20 14:00`.",
            quoted(&joined(said))
        ))
    }

    fn once<T>(&self, slot: &mut Option<T>, value: T) -> Read<()> {
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(self.wrong("That says the same thing twice.".to_owned())),
        }
    }

    /// What separates a command from a person's own text.
    fn because(&mut self) -> bool {
        self.accept(&["because", "-", "–", "—"])
    }

    /// The remaining words as a person's own text; nothing when there are none.
    fn rest(&mut self) -> Option<String> {
        self.because();
        let words = self.rest_words();
        self.at = self.words.len();
        (!words.is_empty()).then(|| joined(words))
    }

    fn wrong(&self, what: String) -> Misunderstood {
        Misunderstood { what, suggestion: None, usage: Some(self.help.usage.to_owned()) }
    }

    fn leftover(&self, word: &Word) -> Misunderstood {
        self.wrong(format!("I don't know what to make of {} there.", quoted(&word.raw)))
    }
}

fn joined(words: &[Word]) -> String {
    words.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ")
}
