//! From a script's head to a [`Manifest`], or to everything that is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::head::read_head;
use super::{Contract, Manifest, ManifestProblem};
use crate::domain::schedule::Schedule;
use crate::domain::signal::Severity;
use crate::domain::target::Target;
use crate::domain::template::Template;

const KEYS: [&str; 8] =
    ["schedule", "timeout", "targets", "hosts", "contract", "severity", "description", "params"];
const EXAMPLE: &str =
    "write `#: schedule = \"*/5 * * * *\"` and `#: targets = [\"nas\"]` below the first line";
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60 * 60);

type Value<'i> = Spanned<DeValue<'i>>;

/// Reads the manifest of the skill `name` from its file's text. `host` is the lab's name of this machine, which
/// stands in for `{{ host }}` in targets.
///
/// Only the head of a long file is looked at.
///
/// # Errors
/// Every problem there is, in the order of the file's lines.
pub fn parse_manifest(name: &str, source: &str, host: &Target) -> Result<Manifest, Vec<ManifestProblem>> {
    let head = read_head(source);
    let mut reader = Reader { toml: &head.toml, host, problems: Vec::new() };
    if let Err(message) = check_name(name) {
        reader.report(1, None, message, Some("rename the file".into()));
    }
    if head.windows {
        let message = "the file has Windows line ends, so that its interpreter will not be found".into();
        reader.report(1, None, message, Some("convert it with `sed -i 's/\\r$//' FILE`".into()));
    }
    if let Some(late) = head.late {
        let message = "a manifest line below the first line of code is not read".into();
        reader.report(late, None, message, Some("move it up, into the head comment".into()));
    }
    let manifest = match head.first {
        Some(first) => reader.manifest(name, first),
        None => {
            if head.late.is_none() {
                reader.report(1, None, "there is no manifest".into(), Some(EXAMPLE.into()));
            }
            None
        }
    };
    let mut problems = reader.problems;
    match manifest {
        Some(manifest) if problems.is_empty() => Ok(manifest),
        _ => {
            problems.sort_by_key(|problem| problem.line);
            Err(problems)
        }
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > Manifest::MAX_NAME || name.starts_with('-') || !name.chars().all(good)
    {
        return Err(format!(
            "{name:?} is not a skill's name: a-z, 0-9 and -, beginning with a letter or digit, {} characters at most",
            Manifest::MAX_NAME
        ));
    }
    Ok(())
}

/// Reads values and collects what is wrong with them.
struct Reader<'a> {
    toml: &'a str,
    host: &'a Target,
    problems: Vec<ManifestProblem>,
}

impl Reader<'_> {
    /// Reads the whole document. `None` only if a problem has been reported.
    fn manifest(&mut self, name: &str, first: usize) -> Option<Manifest> {
        let (table, errors) = DeTable::parse_recoverable(self.toml);
        for error in &errors {
            let line = error.span().map_or(first, |span| self.line(&span));
            let message = error.message().lines().next().unwrap_or("this can't be read").to_owned();
            let hint = "the lines after `#:` are TOML: `key = \"value\"`, lists in [ ]";
            self.report(line, None, message, Some(hint.into()));
        }
        let table = table.get_ref();
        for key in table.keys().filter(|key| !KEYS.contains(&key.get_ref().as_ref())) {
            self.unknown_key(key.get_ref(), &key.span());
        }
        for required in ["schedule", "targets"] {
            if errors.is_empty() && !table.contains_key(required) {
                let hint = EXAMPLE.to_owned();
                self.report(first, Some(required), "it is missing".into(), Some(hint));
            }
        }
        let contracts = [("report", Contract::Report), ("nagios", Contract::Nagios)];
        let severities = [("error", Severity::Error), ("critical", Severity::Critical)];
        // Read them all before the first `?`, so that every problem is told.
        let schedule = table.get("schedule").and_then(|value| self.schedule(value));
        let targets = table.get("targets").and_then(|value| self.targets(value));
        let timeout = table.get("timeout").map(|value| self.timeout(value));
        let hosts = table.get("hosts").map(|value| self.hosts(value));
        let contract = table.get("contract").map(|value| self.word("contract", value, &contracts));
        let severity = table.get("severity").map(|value| self.word("severity", value, &severities));
        let description = table.get("description").map(|value| self.text("description", value));
        let params = table.get("params").map(|value| self.params(value));
        Some(Manifest {
            name: name.to_owned(),
            schedule: schedule?,
            targets: targets?,
            timeout: timeout.unwrap_or(Some(Manifest::DEFAULT_TIMEOUT))?,
            hosts: hosts.unwrap_or_else(|| Some(vec!["local".into()]))?,
            contract: contract.unwrap_or(Some(Contract::Report))?,
            severity: severity.unwrap_or(Some(Severity::Error))?,
            description: description.map_or(Some(None), |text| text.map(Some))?,
            params: params.unwrap_or_else(|| Some(BTreeMap::new()))?,
        })
    }

    fn unknown_key(&mut self, key: &str, span: &Range<usize>) {
        let near = KEYS
            .iter()
            .map(|known| (strsim::damerau_levenshtein(&key.to_lowercase(), known), known))
            .min()
            .filter(|(distance, _)| *distance <= 2);
        let hint = match near {
            Some((_, known)) => format!("did you mean `{known}`?"),
            None => format!("there are {}", KEYS.join(", ")),
        };
        self.report(self.line(span), Some(key), "there is no such key".into(), Some(hint));
    }

    fn schedule(&mut self, value: &Value<'_>) -> Option<Schedule> {
        let text = self.text("schedule", value)?;
        match Schedule::parse(&text) {
            Ok(schedule) => Some(schedule),
            Err(error) => {
                let field = error.field.map(|field| format!("{field}: ")).unwrap_or_default();
                self.fault("schedule", value, format!("{field}{}", error.message), &error.hint)
            }
        }
    }

    fn timeout(&mut self, value: &Value<'_>) -> Option<Duration> {
        let text = self.text("timeout", value)?;
        let hint = "write a duration from 1s to 1h, such as \"30s\" or \"2m\"";
        match humantime::parse_duration(&text) {
            Ok(duration) if (SHORTEST..=LONGEST).contains(&duration) => Some(duration),
            Ok(_) => self.fault("timeout", value, format!("{text:?} is out of range"), hint),
            Err(error) => self.fault("timeout", value, format!("{text:?} is not a duration ({error})"), hint),
        }
    }

    fn targets(&mut self, value: &Value<'_>) -> Option<Vec<Target>> {
        self.list("targets", value, |reader, item, text| {
            let host = |name: &str| (name == "host").then(|| reader.host.as_str().to_owned());
            let filled = Template::parse(text).and_then(|template| template.render(&host));
            let hint = "write a path such as \"nas/media\"; `{{ host }}` stands for this machine";
            match filled {
                Ok(path) => match Target::parse(&path) {
                    Ok(target) => Some(target),
                    Err(error) => reader.fault("targets", item, error.to_string(), hint),
                },
                Err(error) => reader.fault("targets", item, error.to_string(), hint),
            }
        })
    }

    fn hosts(&mut self, value: &Value<'_>) -> Option<Vec<String>> {
        self.list("hosts", value, |reader, item, text| {
            if text == "local" {
                return Some(text.to_owned());
            }
            let message =
                format!("{text:?} is not a place where a skill can run: so far that is this machine only");
            reader.fault("hosts", item, message, "write [\"local\"], or leave it out")
        })
    }

    fn params(&mut self, value: &Value<'_>) -> Option<BTreeMap<String, String>> {
        let Some(table) = value.get_ref().as_table() else {
            let message = format!("a table is wanted, and this is a {}", value.get_ref().type_str());
            return self.fault(
                "params",
                value,
                message,
                "write `#: [params]`, then a line `#: NAME = \"default\"` each",
            );
        };
        let read: Vec<_> = table
            .iter()
            .map(|(key, value)| {
                let named = self.param_name(key.get_ref(), &key.span());
                Some((named?, self.param_value(key.get_ref(), value)?))
            })
            .collect();
        read.into_iter().collect()
    }

    fn param_name(&mut self, name: &str, span: &Range<usize>) -> Option<String> {
        let good = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let problem = if !name.starts_with(|c: char| c.is_ascii_uppercase()) || !name.chars().all(good) {
            "a parameter becomes an environment variable: A-Z, 0-9 and _, beginning with a letter"
        } else if name.starts_with("STEWARD_") {
            "names that begin with STEWARD_ are Steward's own"
        } else {
            return Some(name.to_owned());
        };
        self.report(
            self.line(span),
            Some(&format!("params.{name}")),
            problem.into(),
            Some("rename it".into()),
        );
        None
    }

    /// A default is text; a number or a boolean is what it looks like.
    fn param_value(&mut self, name: &str, value: &Value<'_>) -> Option<String> {
        let field = format!("params.{name}");
        match value.get_ref() {
            DeValue::String(text) if !text.contains('\0') => Some(text.to_string()),
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
            DeValue::Float(number) => Some(number.as_str().to_owned()),
            DeValue::Boolean(yes) => Some(yes.to_string()),
            _ => self.fault(&field, value, "a default is one text or number".into(), "write \"value\""),
        }
    }

    /// One of a few words.
    fn word<T: Copy>(&mut self, field: &str, value: &Value<'_>, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(field, value)?;
        if let Some((_, meant)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meant);
        }
        let allowed = words.iter().map(|(word, _)| format!("{word:?}")).collect::<Vec<_>>().join(" or ");
        self.fault(field, value, format!("{text:?} is not known here"), &format!("write {allowed}"))
    }

    /// A list of texts, at least one, each read by `each`.
    fn list<T>(
        &mut self,
        field: &str,
        value: &Value<'_>,
        mut each: impl FnMut(&mut Self, &Value<'_>, &str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let hint = "write a list of texts, such as [\"nas\"]";
        let Some(items) = value.get_ref().as_array() else {
            let message = format!("a list is wanted, and this is a {}", value.get_ref().type_str());
            return self.fault(field, value, message, hint);
        };
        if items.is_empty() {
            return self.fault(field, value, "the list is empty".into(), hint);
        }
        let mut read = Vec::with_capacity(items.len());
        for item in items.iter() {
            let text = self.text(field, item);
            read.push(text.and_then(|text| each(self, item, &text)));
        }
        read.into_iter().collect()
    }

    fn text(&mut self, field: &str, value: &Value<'_>) -> Option<String> {
        match value.get_ref().as_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                let message = format!("a text is wanted, and this is a {}", value.get_ref().type_str());
                self.fault(field, value, message, "put it in double quotes")
            }
        }
    }

    /// Reports a problem with a value. Always `None`, so that it can be the end of a reading.
    fn fault<T>(&mut self, field: &str, value: &Value<'_>, message: String, hint: &str) -> Option<T> {
        self.report(self.line(&value.span()), Some(field), message, Some(hint.to_owned()));
        None
    }

    fn report(&mut self, line: usize, field: Option<&str>, message: String, hint: Option<String>) {
        self.problems.push(ManifestProblem { line, field: field.map(str::to_owned), message, hint });
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.toml.as_bytes().get(..span.start).unwrap_or(self.toml.as_bytes());
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}
