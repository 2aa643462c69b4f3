//! Probes, from a health check.
//!
//! Docker only says that a container is unhealthy; Kubernetes takes it out of its Service (readiness) and starts it
//! again (liveness). So liveness is twice as patient, and nothing is started again before it was up once, for which it
//! has five minutes or what a person gave it.

use serde_json::Value;

use super::ports::PodPort;
use super::shell;
use super::yaml::Fields;
use crate::adopt::probe;
use crate::adopt::project::{Health, HealthTest, Protocol, Service};

/// Seconds between two looks, for a probe that was chosen here: Kubernetes' own.
const PERIOD: u64 = 10;
/// Seconds that a look may take, for a probe that was chosen here.
const TIMEOUT: u64 = 5;
/// Seconds between two looks, and that one may take, for a check that somebody wrote for Docker: its own.
const DOCKERS: u64 = 30;
/// Failures in a row, where nothing is said: that of both.
const RETRIES: u32 = 3;
/// Seconds that it has for its start at least.
const START: u64 = 300;

/// The probes of a container, as its fields.
pub(super) fn of(service: &Service, ports: &[PodPort], container: Fields) -> Fields {
    let Some((health, test)) =
        service.health.as_ref().and_then(|health| Some((health, test(service, health, ports)?)))
    else {
        return container;
    };
    let is_chosen = matches!(health.test, HealthTest::Http { .. } | HealthTest::Tcp(_));
    let (usual_period, usual_timeout) = if is_chosen { (PERIOD, TIMEOUT) } else { (DOCKERS, DOCKERS) };
    let period = health.interval.unwrap_or(usual_period).clamp(1, 3600);
    let retries = health.retries.unwrap_or(RETRIES).clamp(1, 1000);
    let timeout = health.timeout.unwrap_or(usual_timeout).clamp(1, 3600);
    let start_period = period.min(PERIOD);
    let start = (health.start_period.unwrap_or_default() + period * u64::from(retries)).clamp(START, 86_400);
    let probe = |period: u64, failures: u64| {
        let (name, what) = &test;
        Fields::new()
            .with(name, what.clone())
            .some("periodSeconds", (period != PERIOD).then_some(period))
            .some("timeoutSeconds", (timeout != 1).then_some(timeout))
            .some("failureThreshold", (failures != u64::from(RETRIES)).then_some(failures))
    };
    container
        .with("startupProbe", probe(start_period, start.div_ceil(start_period)))
        .with("readinessProbe", probe(period, u64::from(retries)))
        .with("livenessProbe", probe(period, u64::from(retries) * 2))
}

fn test(service: &Service, health: &Health, ports: &[PodPort]) -> Option<(&'static str, Value)> {
    let number = |port: u16| -> Value {
        let known = ports.iter().find(|known| {
            known.number == port && known.protocol == Protocol::Tcp && known.service == service.name
        });
        known.map_or_else(|| port.into(), |port| port.name.as_str().into())
    };
    let exec = |command: Vec<String>| {
        // Kubernetes takes two dollars for one, here as in arguments.
        let command: Vec<String> = command.into_iter().map(|word| word.replace("$$", "$$$$")).collect();
        ("exec", Fields::new().with("command", command).into())
    };
    Some(match probe::from_outside(health) {
        HealthTest::Off => return None,
        HealthTest::Http { port: 0, .. } | HealthTest::Tcp(0) => return None,
        HealthTest::Http { port, path, tls } => {
            let get = Fields::new().with("path", path).with("port", number(port));
            ("httpGet", get.some("scheme", tls.then_some("HTTPS")).into())
        }
        HealthTest::Tcp(port) => ("tcpSocket", Fields::new().with("port", number(port)).into()),
        HealthTest::Exec(words) if words.is_empty() => return None,
        HealthTest::Exec(words) => match probe::shell_line(&words) {
            // A shell with a line already: the secrets are in that.
            Some(_) => exec(words.iter().map(|word| shell::line(service, word)).collect()),
            None => match shell::line_of(service, &words) {
                Some(line) => exec(vec!["sh".to_owned(), "-c".to_owned(), line]),
                None => exec(words),
            },
        },
        HealthTest::Shell(line) => exec(vec!["sh".to_owned(), "-c".to_owned(), shell::line(service, &line)]),
    })
}
