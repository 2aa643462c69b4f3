//! `[alerts]`: sources with their formats looked up and their secrets fetched.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::{Check, Trail, below, keys, suggest};
use crate::config::raw::{RawAlertSource, RawAlerts};
use crate::config::settings::{AlertSettings, AlertSource, Proof};
use crate::domain::alert::{Format, LabelPath, Mapping, Naming, Reading};
use crate::domain::signal::Severity;
use crate::domain::target::Target;

/// What `listen` says for: nowhere.
const NOWHERE: [&str; 2] = ["", "off"];
/// The header of a signature when nothing else is said: GitHub's, which Gitea and others send too.
const SIGNATURE: &str = "X-Hub-Signature-256";

impl Check<'_> {
    pub(super) fn alerts(&mut self, raw: RawAlerts, state_dir: &Path) -> AlertSettings {
        let before = self.problems.len();
        let mut settings = AlertSettings {
            capacity: raw.capacity,
            max_connections: raw.max_connections,
            ..AlertSettings::usual(state_dir)
        };
        if let Some(spool) = raw.spool {
            settings.spool = self.around.folder.join(spool);
        }
        let sources = raw.sources.into_iter();
        settings.sources =
            sources.filter_map(|(name, raw)| Some((name.clone(), self.alert_source(&name, raw)?))).collect();
        if let Some(written) = raw.listen {
            settings.listen = self.listen(&written);
        }
        // A source that is wrong may be the one whose proof is missing.
        if let Some(at) = settings.listen.filter(|_| self.problems.len() == before)
            && let Err(fault) = settings.may_listen(at)
        {
            let (what, hint) = split(&fault);
            self.report(&keys(["alerts", "listen"]), what, hint);
        }
        settings
    }

    fn listen(&mut self, written: &str) -> Option<SocketAddr> {
        if NOWHERE.contains(&written) {
            return None;
        }
        let parsed = written.parse().ok();
        if parsed.is_none() {
            let hint = "write an address and a port, as in \"127.0.0.1:9094\", or \"off\"".to_owned();
            self.report(
                &keys(["alerts", "listen"]),
                format!("{written:?} is no address to listen on"),
                Some(hint),
            );
        }
        parsed
    }

    fn alert_source(&mut self, name: &str, raw: RawAlertSource) -> Option<AlertSource> {
        let place = keys(["alerts", "sources", name]);
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 64 || name.starts_with('-') || !name.chars().all(good) {
            let hint = "write 1 to 64 of a-z, 0-9 and -, as in `alertmanager`".to_owned();
            self.report(&place, format!("{name:?} is no name for a source"), Some(hint));
        }
        let proof = self.proof(raw.token, raw.hmac, raw.header, &place);
        let naming =
            self.naming(raw.targets, raw.target_prefix.as_deref(), raw.severity_map, raw.severity, &place);
        let format = self.format(&raw.format, raw.mapping, &place)?;
        Some(AlertSource {
            reading: Reading { naming, ..Reading::new(name, format) },
            proof: proof?,
            max_body: raw.max_body,
            rate: raw.rate,
            heartbeat: raw.heartbeat,
        })
    }

    fn format(&mut self, name: &str, mapping: Option<Mapping>, place: &Trail) -> Option<Format> {
        let here = below(place, "mapping");
        match (name, mapping) {
            ("json", Some(mapping)) => {
                for (key, what, hint) in mapping.faults() {
                    self.report(&below(&here, key), what, Some(hint.to_owned()));
                }
                Some(Format::Json(Arc::new(mapping)))
            }
            ("json", None) => {
                let hint = "add its `mapping`; docs/alerts.md shows how, and `steward alerts mapping grafana` prints one to begin with";
                self.report(
                    &below(place, "format"),
                    "\"json\" says nothing of where things are",
                    Some(hint.to_owned()),
                );
                None
            }
            (name, mapping) => {
                let format = Format::named(name);
                if format.is_none() {
                    self.report(
                        &below(place, "format"),
                        format!("there is no format {name:?}"),
                        suggest(name, Format::NAMES),
                    );
                } else if mapping.is_some() {
                    let hint =
                        "take it out, or write `format = \"json\"` to read the source by it".to_owned();
                    self.report(&here, format!("the format {name:?} has its own"), Some(hint));
                }
                format
            }
        }
    }

    fn proof(
        &mut self,
        token: Option<String>,
        hmac: Option<String>,
        header: Option<String>,
        place: &Trail,
    ) -> Option<Proof> {
        if token.is_some() && hmac.is_some() {
            let hint = "keep the one that the source can send".to_owned();
            self.report(&below(place, "hmac"), "there is a `token` already", Some(hint));
            return None;
        }
        if let Some(written) = header.as_deref() {
            let token = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            if hmac.is_none() {
                let hint = "take it out: a `token` is always sent as `Authorization: Bearer …`".to_owned();
                self.report(&below(place, "header"), "is only for `hmac`", Some(hint));
            } else if written.is_empty() || !written.chars().all(token) {
                let hint = format!("write one such as \"{SIGNATURE}\"");
                self.report(
                    &below(place, "header"),
                    format!("{written:?} is no name of a header"),
                    Some(hint),
                );
            }
        }
        match (token, hmac) {
            (Some(token), _) => self.secret(&token, &below(place, "token")).map(Proof::Token),
            (None, Some(key)) => {
                let key = self.secret(&key, &below(place, "hmac"))?;
                Some(Proof::Hmac { header: header.unwrap_or_else(|| SIGNATURE.to_owned()), key })
            }
            (None, None) => Some(Proof::None),
        }
    }

    fn naming(
        &mut self,
        targets: Vec<String>,
        prefix: Option<&str>,
        severity_map: BTreeMap<String, String>,
        severity: Option<String>,
        place: &Trail,
    ) -> Naming {
        let mut naming = Naming::default();
        for (index, written) in targets.iter().enumerate() {
            match LabelPath::parse(written) {
                Ok(way) => naming.targets.push(way),
                Err(fault) => {
                    let (what, hint) = split(&fault);
                    let place = self.document.item(&below(place, "targets"), index);
                    self.report(&place, what, hint);
                }
            }
        }
        naming.prefix = prefix.and_then(|written| {
            Target::parse(written)
                .map_err(|error| self.report(&below(place, "target_prefix"), error.to_string(), None))
                .ok()
        });
        if let Some(word) = severity {
            naming.severity = self.severity(&word, &below(place, "severity")).unwrap_or(naming.severity);
        }
        let map = below(place, "severity_map");
        let words = severity_map.into_iter();
        naming.severities = words
            .filter_map(|(theirs, ours)| {
                Some((theirs.trim().to_lowercase(), self.severity(&ours, &below(&map, &theirs))?))
            })
            .collect();
        naming
    }

    fn severity(&mut self, word: &str, place: &Trail) -> Option<Severity> {
        let severity = Severity::parse(word);
        if severity.is_none() {
            let hint = suggest(word, ["info", "warning", "error", "critical"]);
            self.report(place, format!("{word:?} is no severity"), hint);
        }
        severity
    }
}

/// What is wrong, and what to do.
fn split(fault: &str) -> (String, Option<String>) {
    match fault.rsplit_once("; ") {
        Some((what, hint)) => (what.to_owned(), Some(hint.to_owned())),
        None => (fault.to_owned(), None),
    }
}
