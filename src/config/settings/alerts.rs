//! Where alerts come from.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::config::secret::Secret;
use crate::domain::alert::{Format, Reading};

/// Where alerts come from.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertSettings {
    /// Where HTTP is listened to; nowhere when absent.
    pub listen: Option<SocketAddr>,
    /// The folder for whatever can write a file.
    pub spool: PathBuf,
    /// How many deliveries may wait to be worked off; further ones are refused until some are.
    pub capacity: u32,
    /// How many connections may be open at once.
    pub max_connections: u32,
    /// The sources by name. None: the well-known formats are taken on a loopback address without a token.
    pub sources: BTreeMap<String, AlertSource>,
}

/// A source of alerts.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertSource {
    /// How its bodies are read.
    pub reading: Reading,
    /// How it shows that it is the one.
    pub proof: Proof,
    /// Bytes of one body at most.
    pub max_body: usize,
    /// Requests a minute at most.
    pub rate: u32,
    /// It is expected to say something at least this often; its silence is an incident then.
    pub heartbeat: Option<Duration>,
}

/// How a source shows that it is the one.
#[derive(Debug, Clone, PartialEq)]
pub enum Proof {
    /// It doesn't: only where nobody else can reach the listener.
    None,
    /// `Authorization: Bearer …`.
    Token(Secret),
    /// A signature of the body: HMAC-SHA256 in hex, in this header, after an optional `sha256=`.
    Hmac {
        /// The header.
        header: String,
        /// The key.
        key: Secret,
    },
}

impl AlertSettings {
    /// Where HTTP is listened to when nothing else is said.
    pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9094);
    /// The folder for files, below the state directory, when nothing else is said.
    pub const SPOOL: &'static str = "spool";
    /// The source of what `steward notify-failure` writes into the spool.
    pub const SYSTEMD: &'static str = "systemd";

    /// The usual settings, for Steward's own folder `state_dir`.
    #[must_use]
    pub fn usual(state_dir: &std::path::Path) -> Self {
        Self {
            listen: Some(Self::LISTEN),
            spool: state_dir.join(Self::SPOOL),
            capacity: 10_000,
            max_connections: 256,
            sources: BTreeMap::new(),
        }
    }

    /// The sources that may send over HTTP: those that are configured, or else the well-known ones by the names of
    /// [`Format::WELL_KNOWN`], without a token. A deployment is not among these: whoever may claim one can put the
    /// blame for a fault on it, so that source has to be configured.
    #[must_use]
    pub fn effective_sources(&self) -> BTreeMap<String, AlertSource> {
        if self.sources.is_empty() { well_known() } else { self.sources.clone() }
    }

    /// The sources that a file in the spool may name. What may write there may act as Steward in any case, so the
    /// well-known ones need no proof there, and neither does what `steward notify-failure` writes.
    #[must_use]
    pub fn spool_sources(&self) -> BTreeMap<String, AlertSource> {
        let mut sources = well_known();
        sources.extend(
            AlertSource::usual(Self::SYSTEMD, Self::SYSTEMD).map(|it| (Self::SYSTEMD.to_owned(), it)),
        );
        sources.extend(self.sources.clone());
        sources
    }

    /// Whether these sources may be listened to at that address.
    ///
    /// # Errors
    /// Others could reach it, and a source has no proof, or none is configured: what is wrong, and after `; ` what to
    /// do.
    pub fn may_listen(&self, at: SocketAddr) -> Result<(), String> {
        if at.ip().is_loopback() {
            return Ok(());
        }
        if self.sources.is_empty() {
            return Err(format!(
                "{at} can be reached by others, and no source is configured; add an `[alerts.sources.NAME]` with a `token` for each, or listen on 127.0.0.1"
            ));
        }
        let bare = |(name, source): (&String, &AlertSource)| {
            (source.proof == Proof::None).then(|| format!("`{name}`"))
        };
        let bare: Vec<String> = self.sources.iter().filter_map(bare).collect();
        if bare.is_empty() {
            return Ok(());
        }
        let (list, verb) = (bare.join(", "), if bare.len() == 1 { "has" } else { "have" });
        Err(format!(
            "{at} can be reached by others, and {list} {verb} neither `token` nor `hmac`; give each one of the two, or listen on 127.0.0.1"
        ))
    }
}

impl AlertSource {
    /// Bytes of one body when nothing else is said: what Alertmanager sends of a few thousand alerts.
    pub const MAX_BODY: usize = 1024 * 1024;
    /// Requests a minute when nothing else is said.
    pub const RATE: u32 = 6000;

    /// A source with the usual limits and without proof. `None` for an unknown format.
    #[must_use]
    pub fn usual(name: &str, format: &str) -> Option<Self> {
        Some(Self {
            reading: Reading::new(name, Format::named(format)?),
            proof: Proof::None,
            max_body: Self::MAX_BODY,
            rate: Self::RATE,
            heartbeat: None,
        })
    }
}

fn well_known() -> BTreeMap<String, AlertSource> {
    let usual = |(name, format): &(&str, &str)| Some(((*name).to_owned(), AlertSource::usual(name, format)?));
    Format::WELL_KNOWN.iter().filter_map(usual).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_configured_source_the_well_known_formats_are_taken_and_deployments_are_not() {
        let settings = AlertSettings::usual("/var/lib/steward".as_ref());
        let sources = settings.effective_sources();
        let names: Vec<&str> = sources.keys().map(String::as_str).collect();
        let known =
            ["alertmanager", "gatus", "grafana", "healthchecks", "openobserve", "prometheus", "uptime-kuma"];
        assert_eq!(names, known);
        assert!(sources.iter().all(|(name, source)| *name == source.reading.source));
        assert!(settings.spool_sources().contains_key("systemd"));

        let one = sources.into_iter().next().into_iter().collect();
        let configured = AlertSettings { sources: one, ..settings };
        assert_eq!(configured.effective_sources().len(), 1, "a configured source keeps the others out");
    }

    #[test]
    fn others_are_only_listened_to_with_a_proof_from_each_source() {
        let mut settings = AlertSettings::usual("/var/lib/steward".as_ref());
        let (inside, outside) = ("[::1]:9094".parse().unwrap(), "0.0.0.0:9094".parse().unwrap());
        assert_eq!(settings.may_listen(inside), Ok(()));
        assert!(settings.may_listen(outside).unwrap_err().contains("no source is configured; add"));
        let source = AlertSource::usual("am", "alertmanager").unwrap();
        settings.sources.insert("am".to_owned(), source.clone());
        assert!(settings.may_listen(outside).unwrap_err().contains("`am` has neither"));
        let proof = Proof::Token(Secret::known("env:T", "hunter2"));
        settings.sources.insert("am".to_owned(), AlertSource { proof, ..source });
        assert_eq!(settings.may_listen(outside), Ok(()));
    }
}
