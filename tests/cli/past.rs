//! What a Steward leaves behind: a database with two incidents, a signal, and changes.

use std::path::Path;
use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use steward::domain::change::{Change, ChangeKind};
use steward::domain::ids::{IncidentId, RemediationId};
use steward::domain::incident::{Event, Incident, Mitigation, Record, SuspectNote};
use steward::domain::remediation::Outcome;
use steward::domain::signal::{Origin, Problem, Severity, Signal, SignalState, Timestamp};
use steward::domain::target::{Signature, Target};
use steward::store::Store;
use steward::store::batch::{Batch, SignalRow, StoredIncident, Telling};

/// The long id of incident 3.
pub(crate) const THIRD: &str = "01KAG8Q2K3R5X7TZJ8C9V0B1N2";

pub(crate) fn target(text: &str) -> Target {
    Target::parse(text).unwrap()
}

fn problem(on: &str, signature: &str) -> Problem {
    Problem { target: target(on), signature: Signature::parse(signature).unwrap() }
}

/// Writes the past, and keeps the store open: that is a Steward which runs.
pub(crate) async fn write(state: &Path, now: Timestamp) -> Store {
    let store = Store::open(state).unwrap();
    let batch = batch(now);
    store.write(Arc::new(batch)).await.unwrap();
    store
}

fn batch(now: Timestamp) -> Batch {
    let mut batch = Batch { counters: Some((3, 0)), ..Batch::default() };
    let closed = IncidentId(ulid::Ulid::from_parts(1, 2));
    add(&mut batch, closed, 2, "2026-11-20T22:00:00Z", closed_events());
    add(&mut batch, THIRD.parse().unwrap(), 3, "2026-11-20T22:59:30Z", events());
    batch.signals.push(SignalRow {
        signal: failed_unit(now),
        incident: None,
        count: 4,
        first_seen: now,
        last_seen: now,
    });
    batch.changes = changes(now);
    batch
}

/// Adds an incident whose events came half a minute apart.
fn add(batch: &mut Batch, id: IncidentId, number: u64, since: &str, events: Vec<Event>) {
    let since: Timestamp = since.parse().unwrap();
    let record = |(seq, event)| Record { seq, at: since + TimeDelta::seconds(30 * (seq as i64 - 1)), event };
    let records: Vec<Record> = (1..).zip(events).map(record).collect();
    let mut incident = Incident::open(id, number, &records[0]).unwrap();
    records[1..].iter().for_each(|record| incident.apply(record).unwrap());
    batch.incidents.push(StoredIncident { incident, telling: Telling::default() });
    batch.events.extend(records.into_iter().map(|record| (id, record)));
}

fn opened(on: &str, summary: &str, evidence: &str) -> Event {
    Event::Opened {
        problem: problem(on, "down"),
        origin: Origin::Skill("lab-services".into()),
        severity: Severity::Error,
        summary: summary.into(),
        impact: Some("nothing can be saved".into()),
        evidence: evidence.into(),
        root: target(on),
        why: "it was reported first".into(),
        sorted_by_hand: false,
        request: None,
    }
}

fn closed_events() -> Vec<Event> {
    vec![
        opened("lab/web", "web does not answer", ""),
        Event::Recovered { problem: problem("lab/web", "down") },
        Event::Mitigated { by: Mitigation::Recovery },
        Event::Resolved { verified: true, why: "it stayed away".into() },
        Event::Closed,
    ]
}

fn events() -> Vec<Event> {
    let remediation = RemediationId(ulid::Ulid::from_parts(3, 4));
    let suspect = SuspectNote {
        source: "git:homelab".into(),
        id: "3f1c0ffee0123456789".into(),
        author: "ann".into(),
        at: "2026-11-20T22:58:00Z".parse().unwrap(),
        summary: "move the store's data".into(),
        files: vec!["store.toml".into()],
        why: "touched lab/store 2 min before it broke".into(),
        gist: vec!["store.toml: data /old → /new".into()],
        url: Some("https://github.com/ann/homelab/commit/3f1c0ffee0123456789".into()),
    };
    vec![
        opened("lab/store", "store does not answer", "connect: \u{1b}[31mconnection refused\nafter 2 s"),
        Event::Joined {
            problem: problem("lab/api", "down"),
            origin: Origin::Skill("lab-services".into()),
            severity: Severity::Error,
            summary: "api answers 503".into(),
            impact: None,
            evidence: "HTTP 503".into(),
            why: "lab/api needs lab/store".into(),
            score: None,
        },
        Event::Suspects { suspects: vec![suspect] },
        Event::RepairStarted {
            remediation,
            runbook: "restart-store".into(),
            title: "Restart the store".into(),
            why: "restorative".into(),
            reversible: false,
            written: None,
        },
        Event::Recovered { problem: problem("lab/store", "down") },
        Event::Recovered { problem: problem("lab/api", "down") },
        Event::RepairEnded { remediation, runbook: "restart-store".into(), outcome: Outcome::Succeeded },
        Event::Mitigated { by: Mitigation::Repair { runbook: "restart-store".into(), remediation } },
        Event::Acknowledged { by: "ann".into() },
    ]
}

fn failed_unit(now: Timestamp) -> Signal {
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Signal {
        origin: Origin::Skill("systemd-units".into()),
        target: target("pve4/unit/nginx.service"),
        signature: Signature::parse("unit-failed").unwrap(),
        severity: Severity::Error,
        state: SignalState::Firing,
        summary: "nginx.service has failed".into(),
        impact: None,
        evidence: String::new(),
        labels: [label("unit", "nginx.service"), label("kind", "daemon")].into(),
        at: now,
        received_at: now,
    }
}

fn changes(now: Timestamp) -> Vec<Change> {
    let change = |id: &str, minutes: i64, on: &str| Change {
        id: id.into(),
        source: "steward".into(),
        at: now - TimeDelta::minutes(minutes),
        author: "steward".into(),
        summary: format!("restarted {on}"),
        files: vec!["a".into(), "b".into(), "c".into(), "d".into()],
        files_total: 4,
        targets: vec![target(on)],
        ..Change::new(ChangeKind::Action, "", "", now, "")
    };
    vec![change("x1", 5, "lab/web"), change("x2", 30, "lab/store"), change("x3", 60 * 30, "lab/store")]
}

/// Now, by the one clock that the binary has too.
pub(crate) fn now() -> Timestamp {
    Utc::now()
}
