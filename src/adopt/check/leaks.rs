//! The last net: nothing that looks like a secret is in what was written.
//!
//! What stands in the project was looked at when it was read, with its name beside it and without escapes. What looks like
//! a secret only as it is written, and is part of that (`--requirepass "$$PASSWORD"`, the image `sealed-secret:1.2.3`), is
//! none; what is not part of it came in some other way, and is told of.

use crate::adopt::{Fault, Options, Settled, Written};
use crate::domain::redact::Redactor;

/// A shorter piece of a text can't be told from any other, in bytes.
const SHORTEST: usize = 4;
/// Keys have several lines; all else that is a secret stands on one.
const KEY: &str = "PRIVATE KEY";

/// What shows a secret. The faults don't show it.
pub(super) fn check(settled: &Settled, written: &Written, options: &Options) -> Vec<Fault> {
    let mut net = Net { redactor: Redactor::shapes(), known: None, from: (settled, options) };
    let mut faults = Vec::new();
    for object in &written.objects {
        if let Some(line) = net.line(&object.text) {
            let file = format!("{}/{}", object.kind, object.name);
            faults.push(Fault::of(&file, "holds what looks like a secret").on_line(line));
        }
    }
    for secret in &written.secrets {
        if net.line(&secret.command).is_some() {
            faults.push(Fault::of(&format!("Secret/{}", secret.name), "shows a secret in its command"));
        }
    }
    faults
}

struct Net<'a> {
    redactor: Redactor,
    /// All texts that it was written from, in small letters; made when they are needed.
    known: Option<String>,
    from: (&'a Settled, &'a Options),
}

impl Net<'_> {
    /// The first line, from 1, with a secret that is not in what it was written from.
    fn line(&mut self, text: &str) -> Option<usize> {
        if !self.redactor.holds_secret(text) {
            return None;
        }
        let line = text.lines().position(|line| self.is_new(line));
        let key = || (text.contains(KEY) && self.is_new(text)).then_some(0);
        line.or_else(key).map(|line| line + 1)
    }

    fn is_new(&mut self, text: &str) -> bool {
        let clean = self.redactor.redact(text);
        if clean == text {
            return false;
        }
        let known = self.known.get_or_insert_with(|| known(self.from.0, self.from.1));
        pieces(text).any(|piece| !clean.contains(piece) && !known.contains(&piece.to_lowercase()))
    }
}

fn known(settled: &Settled, options: &Options) -> String {
    let project = serde_json::to_string(&settled.project).unwrap_or_default();
    let public = serde_json::to_string(&settled.public).unwrap_or_default();
    let options = serde_json::to_string(options).unwrap_or_default();
    format!("{project}\n{public}\n{options}").to_lowercase()
}

/// The letters and digits between signs: those are written in many ways.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| !c.is_alphanumeric());
    parts.filter(|piece| piece.len() >= SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adopt::project::{Project, Service};
    use crate::adopt::write::{Object, Phase};

    fn shows(text: &str) -> bool {
        let mut service = Service { name: "web".into(), ..Service::default() };
        service.command = Some(vec!["app --password \"$LOGIN_NAME\" served".into()]);
        let project = Project { services: vec![service], ..Project::default() };
        let settled = Settled { project, decisions: Vec::new(), public: Vec::new() };
        let object =
            Object { phase: Phase::Base, kind: "job".into(), name: "web".into(), text: text.to_owned() };
        let written = Written { objects: vec![object], ..Written::default() };
        !check(&settled, &written, &Options::default()).is_empty()
    }

    #[test]
    fn what_came_in_some_other_way_is_told_of() {
        for text in [
            "a: b\nPASSWORD: hunter2\n",
            "args: [\"--password\", \"hunter2\"]\n",
            "url: postgres://u:hunter2@db/x\n",
            "-----BEGIN PRIVATE KEY-----\nbm90IGEgcmVhbCBrZXkgYXQgYWxs\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(shows(text), "{text}");
        }
    }

    #[test]
    fn what_was_looked_at_when_it_was_read_is_not() {
        for text in ["- app --password '\"$$LOGIN_NAME\"' served\n", "args = [\"--password\", \"served\"]\n"]
        {
            assert!(!shows(text), "{text}");
        }
    }
}
