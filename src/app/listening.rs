//! Alerts in: the listener and the spool, as the configuration wants them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::adapters::http::{BindError, Limits, Server, Site};
use crate::adapters::spool::{self, Slot, Spool, SpoolError};
use crate::config::{AlertSettings, AlertSource};
use crate::domain::alert::{Format, Mapping, Reading};
use crate::engine::activity::Activity;
use crate::engine::ports::{Clock, Intake, Observed};

/// The source of what lies at the top of the spool, in Steward's own form.
const OWN: &str = "spool";
/// How that form is read.
const OWN_FORM: &str = include_str!("listening/own.toml");

/// Why nothing can come in.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The configuration would let anybody in.
    #[error("alerts are not listened for: {0}")]
    Open(String),
    /// The address is not to be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The spool is not to be had.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// What the ways in need of the rest.
pub struct Means {
    /// Takes in what comes.
    pub intake: Arc<dyn Intake>,
    /// What is shown of Steward.
    pub observed: Arc<dyn Observed>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What is under way.
    pub activity: Activity,
    /// How often the spool is looked at.
    pub look_every: Duration,
}

/// The ways in, open and not yet attended to: whoever connects waits.
pub struct Listening {
    server: Option<Server>,
    settings: AlertSettings,
}

impl Listening {
    /// Takes the address and the spool, so that nothing is started if they are not to be had.
    ///
    /// # Errors
    /// [`ListenError`], with what to do.
    pub async fn prepare(settings: &AlertSettings) -> Result<Self, ListenError> {
        let limits = Limits { connections: settings.max_connections as usize, ..Limits::default() };
        let server = match settings.listen {
            None => None,
            Some(at) => {
                settings.may_listen(at).map_err(ListenError::Open)?;
                Some(Server::bind(at, limits).await?)
            }
        };
        spool::prepare(&settings.spool, settings.spool_sources().keys().map(String::as_str))?;
        Ok(Self { server, settings: settings.clone() })
    }

    /// Where HTTP is listened to, if it is.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(Server::address)
    }

    /// Takes in what comes, until told to end.
    pub fn start(self, means: Means, ending: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        let spool = self.spool(&means);
        let mut tasks = vec![tokio::spawn(spool.run(ending.clone()))];
        if let Some(server) = self.server {
            let sources = self.settings.effective_sources();
            log(server.address(), &self.settings, &sources);
            let Means { intake, observed, clock, .. } = means;
            let site = Site { sources, intake, observed, clock };
            tasks.push(tokio::spawn(server.run(site, ending.clone())));
        }
        tasks
    }

    fn spool(&self, means: &Means) -> Spool {
        let slot = |(name, source): (String, AlertSource)| {
            (name, Slot { reading: source.reading, max_body: source.max_body })
        };
        Spool {
            dir: self.settings.spool.clone(),
            top: Slot { reading: Reading::new(OWN, own_form()), max_body: AlertSource::MAX_BODY },
            sources: self.settings.spool_sources().into_iter().map(slot).collect(),
            intake: means.intake.clone(),
            clock: means.clock.clone(),
            every: means.look_every,
            activity: means.activity.clone(),
        }
    }
}

fn own_form() -> Format {
    // A test holds the text to this.
    let mapping: Mapping = toml::from_str(OWN_FORM).unwrap_or_default();
    Format::Json(Arc::new(mapping))
}

fn log(at: SocketAddr, settings: &AlertSettings, sources: &BTreeMap<String, AlertSource>) {
    let names = sources.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    if settings.sources.is_empty() {
        tracing::info!(
            %at,
            "alerts are listened for; no source is configured, so the well-known formats are taken from this machine without a token, at /alerts/ and one of {names}"
        );
    } else {
        tracing::info!(%at, "alerts are listened for, at /alerts/ and one of {names}");
    }
}

/// What the greeting says of the ways in.
#[must_use]
pub fn in_words(settings: &AlertSettings, at: Option<SocketAddr>) -> String {
    let spool = std::path::absolute(&settings.spool).unwrap_or_else(|_| settings.spool.clone());
    let files = format!("files in {}", spool.display());
    let Some(at) = at else { return files };
    let sources = settings.effective_sources();
    let names = sources.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let unproven = if settings.sources.is_empty() { " (none is configured, so without a token)" } else { "" };
    format!("http://{at}/alerts/SOURCE with one of {names}{unproven}; {files}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::{Origin, Severity, SignalState, Timestamp};

    #[test]
    fn stewards_own_form_is_read_as_it_is_documented() {
        assert_ne!(own_form(), Format::Json(Arc::new(Mapping::default())));
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let reading = Reading::new(OWN, own_form());
        let body = r#"{"target":"nas/media","signature":"scrub-errors","severity":"warning","state":"firing",
            "summary":"3 errors in the last scrub","labels":{"pool":"tank"},"fingerprint":"tank"}"#;
        let signal = reading.read(body.as_bytes(), now).unwrap().signals.remove(0);
        assert_eq!((signal.target.as_str(), signal.signature.as_str()), ("nas/media", "scrub-errors"));
        assert_eq!((signal.severity, signal.state), (Severity::Warning, SignalState::Firing));
        assert_eq!(signal.origin, Origin::alert("spool", "tank"));
        assert_eq!(
            (signal.summary.as_str(), signal.labels["pool"].as_str()),
            ("3 errors in the last scrub", "tank")
        );
        let least = br#"{"target":"nas","signature":"down"}"#;
        assert_eq!(reading.read(least, now).unwrap().signals[0].state, SignalState::Firing);
        let over = br#"{"target":"nas","signature":"down","state":"resolved"}"#;
        assert_eq!(reading.read(over, now).unwrap().signals[0].state, SignalState::Resolved);
    }

    #[tokio::test]
    async fn nobody_is_let_in_from_outside_without_a_source_that_can_prove_itself() {
        let open = AlertSettings {
            listen: Some("0.0.0.0:0".parse().unwrap()),
            ..AlertSettings::usual("/nonexistent".as_ref())
        };
        let told = Listening::prepare(&open).await.err().unwrap().to_string();
        assert!(told.contains("no source is configured"), "{told}");
    }

    #[test]
    fn the_greeting_says_where_alerts_go_and_that_no_token_is_asked_for() {
        let settings = AlertSettings::usual("/var/lib/steward".as_ref());
        let told = in_words(&settings, settings.listen);
        assert!(
            told.contains("/alerts/SOURCE with one of alertmanager, ") && told.contains("without a token"),
            "{told}"
        );
        assert_eq!(in_words(&settings, None), "files in /var/lib/steward/spool");
    }
}
