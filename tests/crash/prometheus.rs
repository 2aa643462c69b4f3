//! The real Prometheus and the real Alertmanager, as Debian packages them: a rule fires, its incident opens; what it
//! watches recovers, and the incident is resolved.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::life::Life;
use super::site::{API_TOKEN, Site, WEBHOOK_TOKEN, free_address};

const PROMETHEUS: &str = r#"
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
  evaluation_interval: 200ms
rule_files: [rules.yml]
scrape_configs:
  - job_name: thing
    static_configs:
      - targets: ["TARGET"]
        labels: {instance: "nas.lan:9100"}
alerting:
  alertmanagers:
    - static_configs:
        - targets: ["RECEIVER"]
      api_version: v2
      AUTHORIZATION
"#;

const RULES: &str = r#"
groups:
  - name: things
    rules:
      - alert: ThingBroken
        expr: thing_broken == 1
        labels: {severity: error}
        annotations: {summary: "the thing on {{ $labels.instance }} is broken"}
"#;

const ALERTMANAGER: &str = r#"
route:
  receiver: steward
  group_by: [alertname, instance]
  group_wait: 10ms
  group_interval: 200ms
  repeat_interval: 1h
receivers:
  - name: steward
    webhook_configs:
      - url: http://RECEIVER/alerts/alertmanager
        send_resolved: true
        http_config: {authorization: {credentials: "TOKEN"}}
"#;

#[test]
fn a_rule_of_prometheus_becomes_an_incident_by_way_of_alertmanager_and_is_resolved_with_it() {
    if !are_installed() {
        return;
    }
    let (site, thing) = (Site::new(None), Thing::start());
    let life = site.live();
    let between = free_address();
    let config =
        ALERTMANAGER.replace("RECEIVER", &site.address().to_string()).replace("TOKEN", WEBHOOK_TOKEN);
    write(site.path(), "alertmanager.yml", &config);
    let mut alertmanager = command(site.path(), "prometheus-alertmanager");
    alertmanager.args([
        "--config.file=alertmanager.yml",
        "--storage.path=alertmanager",
        "--cluster.listen-address=",
    ]);
    let _alertmanager = Guest::start(alertmanager.arg(format!("--web.listen-address={between}")));
    let _prometheus = prometheus(&site, &thing, between, "");
    breaks_and_recovers(&site, life, &thing);
}

#[test]
fn prometheus_sends_to_steward_with_no_alertmanager_between() {
    if !are_installed() {
        return;
    }
    let (site, thing) = (Site::new(None), Thing::start());
    let life = site.live();
    let proof = format!("authorization: {{credentials: \"{API_TOKEN}\"}}");
    let _prometheus = prometheus(&site, &thing, site.address(), &proof);
    breaks_and_recovers(&site, life, &thing);
}

/// The thing breaks: one incident, of the right target and signature. It recovers: the same incident is resolved.
fn breaks_and_recovers(site: &Site, mut life: Life, thing: &Thing) {
    site.wait("Prometheus to look", &mut life, || thing.was_looked_at().then_some(()));
    assert_eq!(site.incidents(), Vec::<Value>::new(), "nothing is broken yet");
    thing.is_broken(true);
    let opened = site.wait("an incident", &mut life, || site.incidents().pop());
    let said =
        ["root", "signature", "severity", "summary"].map(|field| opened[field].as_str().unwrap().to_owned());
    assert_eq!(said[..3], ["nas.lan", "thing-broken", "error"]);
    assert!(said[3].contains("the thing on nas.lan:9100 is broken"), "{said:?}");
    thing.is_broken(false);
    site.wait("the incident to be resolved", &mut life, || {
        let incidents = site.incidents();
        assert_eq!(incidents.len(), 1, "one fault, one incident: {incidents:?}");
        matches!(incidents[0]["state"].as_str(), Some("resolved" | "closed")).then_some(())
    });
    assert!(life.end(), "it did not end well when it was asked to");
}

fn prometheus(site: &Site, thing: &Thing, receiver: SocketAddr, authorization: &str) -> Guest {
    let config = PROMETHEUS
        .replace("TARGET", &thing.address.to_string())
        .replace("RECEIVER", &receiver.to_string())
        .replace("AUTHORIZATION", authorization);
    write(site.path(), "prometheus.yml", &config);
    write(site.path(), "rules.yml", RULES);
    let mut command = command(site.path(), "prometheus");
    command.args([
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=prometheus",
        "--rules.alert.resend-delay=1s",
    ]);
    Guest::start(command.arg(format!("--web.listen-address={}", free_address())))
}

/// Whether both are here. Where they have to be (`STEWARD_CI`), it is a fault if they are not.
fn are_installed() -> bool {
    let missing = ["prometheus", "prometheus-alertmanager"].into_iter().find(|name| {
        Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err()
    });
    let Some(name) = missing else { return true };
    assert!(std::env::var_os("STEWARD_CI").is_none(), "{name} is not installed");
    eprintln!(
        "SKIPPED: {name} is not installed (Debian: apt-get install prometheus prometheus-alertmanager)"
    );
    false
}

/// A program of others; it ends with the test.
struct Guest(Child);

impl Guest {
    fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A command that works in a folder and writes its log there.
fn command(place: &Path, name: &str) -> Command {
    let log = File::create(place.join(format!("{name}.log"))).unwrap();
    let mut command = Command::new(name);
    command.current_dir(place).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command
}

fn write(place: &Path, name: &str, text: &str) {
    std::fs::write(place.join(name), text).unwrap();
}

/// Something that Prometheus looks after.
struct Thing {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    broken: AtomicBool,
    looked_at: AtomicBool,
}

impl Thing {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, state) = (listener.local_addr().unwrap(), Arc::new(State::default()));
        let shown = state.clone();
        // It ends with the test's process: nobody connects any more once its Prometheus is gone.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                shown.looked_at.store(true, Ordering::SeqCst);
                let body = format!("thing_broken {}\n", u8::from(shown.broken.load(Ordering::SeqCst)));
                let _ = stream.read(&mut [0; 4096]);
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { address, state }
    }

    fn is_broken(&self, broken: bool) {
        self.state.broken.store(broken, Ordering::SeqCst);
    }

    fn was_looked_at(&self) -> bool {
        self.state.looked_at.load(Ordering::SeqCst)
    }
}
