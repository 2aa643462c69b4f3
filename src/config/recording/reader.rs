//! From the text of a recording to what was heard.

mod convert;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::raw::{RawExpect, RawHead, RawLine};
use super::{BEGIN, Line, Recording, VERSION};
use crate::config::document::{Document, Overlay};
use crate::config::problem::Problem;
use crate::config::{shape, topology};
use crate::domain::signal::Timestamp;
use crate::domain::topology::Overrules;

/// More problems than these are not told: the first ones are enough to begin with.
const MAX_PROBLEMS: usize = 50;
/// The most lines that one line may stand for.
const MAX_TIMES: u32 = 100_000;

/// Reads a recording from the top.
pub(super) struct Reader {
    recording: Recording,
    problems: Vec<Problem>,
    begin: Timestamp,
    last: Option<Timestamp>,
    /// Where the last stretch of lines begins within which time only goes forward.
    stretch: usize,
    headed: bool,
}

impl Reader {
    pub(super) fn new(file: &Path) -> Self {
        let recording = Recording {
            file: file.to_owned(),
            about: String::new(),
            start: None,
            settings: None,
            topology: None,
            overrules: Overrules::default(),
            lines: Vec::new(),
            expected: None,
        };
        let begin = BEGIN.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        Self { recording, problems: Vec::new(), begin, last: None, stretch: 0, headed: false }
    }

    pub(super) fn read(mut self, text: &str) -> Result<Recording, Vec<Problem>> {
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line.starts_with("//") {
                continue;
            }
            self.line(index + 1, line);
            if self.problems.len() >= MAX_PROBLEMS {
                let what = format!("has {MAX_PROBLEMS} problems or more");
                let hint = Some("mend these first".to_owned());
                self.problems.push(Problem::of_file(&self.recording.file, what, hint));
                return Err(self.problems);
            }
        }
        if !self.headed && self.problems.is_empty() {
            self.report(1, None, "there is no head line", &head_hint());
        }
        self.in_order();
        if self.problems.is_empty() { Ok(self.recording) } else { Err(self.problems) }
    }

    fn report(&mut self, line: usize, field: Option<&str>, what: impl Into<String>, hint: &str) {
        self.problems.push(Problem {
            file: self.file(),
            line: Some(line),
            field: field.map(str::to_owned),
            what: what.into(),
            hint: Some(hint.to_owned()),
        });
    }

    fn file(&self) -> PathBuf {
        self.recording.file.clone()
    }

    fn line(&mut self, number: usize, text: &str) {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => {
                let what = format!("is not JSON (column {}): {}", error.column(), plain(&error));
                return self.report(number, None, what, "write one JSON object on each line");
            }
        };
        let Some(keys) = value.as_object() else {
            return self.report(number, None, "is no JSON object", "write it as in {\"at\": \"+5s\", …}");
        };
        if keys.contains_key("steward_replay") {
            return self.head(number, &value);
        }
        if !std::mem::replace(&mut self.headed, true) {
            self.report(number, None, "the first line is no head line", &head_hint());
        }
        if self.recording.expected.is_some() {
            self.report(number, None, "stands behind `expect`", "let what is expected be the last line");
        }
        if keys.contains_key("expect") {
            if let Some(RawExpect { expect }) = self.shape(number, &value) {
                self.recording.expected = Some(expect);
            }
            return;
        }
        self.entries(number, &value);
    }

    /// The value in this shape, or every reason why it does not fit.
    fn shape<T: DeserializeOwned>(&mut self, number: usize, value: &Value) -> Option<T> {
        if let Ok(read) = T::deserialize(value) {
            return Some(read);
        }
        let before = self.problems.len();
        let mut document = Document::json(&self.recording.file, number, value);
        let read = shape::read(&mut document, &mut self.problems);
        read.filter(|_| self.problems.len() == before)
    }

    fn head(&mut self, number: usize, value: &Value) {
        if std::mem::replace(&mut self.headed, true) {
            return self.report(number, None, "is a second head line", "leave one, at the top");
        }
        let Some(head) = self.shape::<RawHead>(number, value) else { return };
        if head.steward_replay != VERSION {
            let what = format!("this is version {} of the format", head.steward_replay);
            self.report(number, Some("steward_replay"), what, "write 1, or take a newer Steward");
        }
        self.recording.about = head.about.unwrap_or_default();
        if let Some(start) = head.start {
            match start.parse() {
                Ok(begin) => {
                    self.begin = begin;
                    self.recording.start = Some(begin);
                }
                Err(_) => self.not_a_time(number, "start", &start),
            }
        }
        let mut settings = head.settings;
        if let Some(timezone) = head.timezone {
            settings.insert("timezone".to_owned(), timezone.into());
        }
        if !settings.is_empty() {
            let (file, name) = (self.file(), "settings".to_owned());
            self.recording.settings = Some(Overlay { file, line: number, name, settings });
        }
        if let Some(written) = head.topology {
            self.topology(number, &written);
        }
    }

    /// The topology is read like its file, of which JSON is one way to write it.
    fn topology(&mut self, number: usize, written: &serde_json::Map<String, Value>) {
        let mut problems = Vec::new();
        let text = Value::Object(written.clone()).to_string();
        let written = topology::parse(&self.recording.file, &text, &mut problems);
        self.recording.topology = Some(written.entries);
        self.recording.overrules = written.overrules;
        self.problems.extend(problems.into_iter().map(|problem| Problem {
            line: Some(number),
            field: Some(problem.field.map_or_else(|| "topology".to_owned(), |f| format!("topology.{f}"))),
            ..problem
        }));
    }

    /// One line, or the many that it stands for.
    fn entries(&mut self, number: usize, value: &Value) {
        let times = value.get("times").and_then(Value::as_u64).and_then(|times| u32::try_from(times).ok());
        let first = if value.get("times").is_some() { numbered(value, 1) } else { value.clone() };
        let Some(raw) = self.shape::<RawLine>(number, &first) else { return };
        let (every, clock) = (raw.every.unwrap_or_default(), raw.clock);
        if raw.times.is_some_and(|times| times == 0 || times > MAX_TIMES) {
            let what = format!("is not from 1 to {MAX_TIMES}");
            return self.report(number, Some("times"), what, "write a number of lines");
        }
        if raw.every.is_some() && raw.times.is_none() {
            return self.report(
                number,
                Some("every"),
                "stands without `times`",
                "add `times`, or take it out",
            );
        }
        let Some(at) = self.at(number, raw.at.as_deref()) else { return };
        if !clock && self.last.is_some_and(|last| at < last) {
            let hint = "put it where it belongs; that the clock was set back is {\"at\": …, \"clock\": true}";
            return self.report(number, Some("at"), "is earlier than the line before", hint);
        }
        self.last = Some(at);
        if clock {
            self.in_order();
        }
        self.entry(number, at, raw);
        for nth in 2..=times.unwrap_or(1) {
            // What can be read with the first number can be read with the others, but for names that get too long.
            let Ok(raw) = RawLine::deserialize(&numbered(value, nth)) else { continue };
            let Some(at) = later(at, every, nth - 1) else { continue };
            self.entry(number, at, raw);
        }
        if clock {
            self.stretch = self.recording.lines.len();
        }
    }

    fn entry(&mut self, number: usize, at: Timestamp, raw: RawLine) {
        if let Some(word) = self.word(number, at, raw) {
            self.recording.lines.push(Line { at, number, word });
        }
    }

    /// Lines that stand for many overlap those that follow.
    fn in_order(&mut self) {
        if let Some(stretch) = self.recording.lines.get_mut(self.stretch..) {
            stretch.sort_by_key(|line| line.at);
        }
        self.stretch = self.recording.lines.len();
    }

    fn at(&mut self, number: usize, text: Option<&str>) -> Option<Timestamp> {
        let Some(text) = text else {
            let hint =
                "write a time after the start (\"+90s\") or a date and time (\"2026-01-05T08:00:00Z\")";
            self.report(number, Some("at"), "is missing", hint);
            return None;
        };
        let relative = text.strip_prefix('+').and_then(|span| humantime::parse_duration(span).ok());
        let at = relative.and_then(|span| later(self.begin, span, 1)).or_else(|| text.parse().ok());
        if at.is_none() {
            self.not_a_time(number, "at", text);
        }
        at
    }

    fn not_a_time(&mut self, number: usize, field: &str, text: &str) {
        let hint = "write a date and time with its zone, such as \"2026-01-05T08:00:00Z\"; `at` may also be the time after the start, such as \"+90s\" or \"+1h2m\"";
        self.report(number, Some(field), format!("{text:?} is no moment"), hint);
    }
}

fn later(at: Timestamp, every: Duration, times: u32) -> Option<Timestamp> {
    let span = chrono::TimeDelta::from_std(every.checked_mul(times)?).ok()?;
    at.checked_add_signed(span)
}

/// The value with `{n}` in its texts replaced.
fn numbered(value: &Value, n: u32) -> Value {
    match value {
        Value::String(text) if text.contains("{n}") => Value::String(text.replace("{n}", &n.to_string())),
        Value::Array(items) => items.iter().map(|item| numbered(item, n)).collect(),
        Value::Object(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), numbered(value, n))).collect())
        }
        other => other.clone(),
    }
}

/// The parser's words without the place, which is told already.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

fn head_hint() -> String {
    format!("begin with {{\"steward_replay\": {VERSION}}}; docs/replay.md has what else may stand in it")
}
