//! A past to work on: closed incidents as the engine would have left them, with their timelines, signals, repairs
//! and messages, spread over 90 days.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use steward::domain::action::{Action, Effect};
use steward::domain::card::{Card, Place};
use steward::domain::ids::{ExecutionId, IncidentId, RemediationId};
use steward::domain::incident::{Event, Incident, Mitigation, Record};
use steward::domain::redact::Redactor;
use steward::domain::remediation::{
    CheckVerdict, End, Outcome, Part, Plan, PlannedStep, PlannedVerify, Process, SagaEvent, Tail,
};
use steward::domain::signal::{Origin, Problem, Severity, Signal, SignalState};
use steward::domain::target::{Signature, Target};
use steward::store::batch::{Batch, NewMessage, NewRemediation, SignalRow, StoredIncident, Telling};
use steward::store::sagas::Terms;
use steward::store::{Store, columns, sagas};
use ulid::Ulid;

/// Incidents written in one call.
const CHUNK: usize = 500;

/// Writes `count` closed incidents into the state in `dir`.
pub(crate) async fn write(dir: &Path, count: usize) -> Result<()> {
    let store = Store::open(dir)?;
    let began = Utc::now() - TimeDelta::days(90);
    let apart = TimeDelta::days(89) / i32::try_from(count.max(1))?;
    for from in (0..count).step_by(CHUNK) {
        let chunk: Vec<Past> = (from..count.min(from + CHUNK))
            .map(|n| Past::new(n, began + apart * i32::try_from(n)?))
            .collect::<Result<_>>()?;
        store.call(move |conn| chunk.iter().try_for_each(|past| past.write(conn))).await?;
    }
    store.close().await?;
    Ok(())
}

/// One incident that is over, and everything about it.
struct Past {
    batch: Batch,
    done_at: DateTime<Utc>,
    remediation: RemediationId,
    saga: Vec<SagaEvent>,
}

impl Past {
    fn new(n: usize, at: DateTime<Utc>) -> Result<Self> {
        let number = u64::try_from(n)? + 1;
        let problem = Problem {
            target: Target::parse(&format!("rack{}/host{}/unit-{n}.service", n % 7, n % 211))?,
            signature: Signature::parse("unit-failed")?,
        };
        let id =
            IncidentId(Ulid::from_parts(at.timestamp_millis().unsigned_abs(), Ulid::generate().random()));
        let remediation = RemediationId(id.0);
        let records = timeline(&problem, remediation, at);
        let incident = Incident::fold(id, number, &records)?.context("no incident")?;
        ensure!(!incident.state.is_live(), "the past has to be over");
        let done_at = incident.changed_at;
        let terms = Terms { plan: plan(&problem), approval: None, origin: origin(), written: None };
        let telling = Telling {
            told_seq: incident.last_seq,
            told_at: Some(done_at),
            root: Some(card(&problem, number)),
            counted_on: Some(problem.target.clone()),
            counted: 1,
            ..Telling::default()
        };
        let batch = Batch {
            events: records.into_iter().map(|record| (id, record)).collect(),
            signals: vec![signal(&problem, id, at, done_at)],
            occurrences: vec![(problem.target.clone(), at, id, 1)],
            messages: (0..4).map(|k| message(id, number, k, &problem, at)).collect(),
            remediations: vec![NewRemediation { id: remediation, incident: id, problem, terms, at }],
            ended: vec![(remediation, done_at, "succeeded".to_owned())],
            incidents: vec![StoredIncident { incident, telling }],
            counters: Some((number, 0)),
            ..Batch::default()
        };
        Ok(Self { batch, done_at, remediation, saga: saga(at) })
    }

    fn write(&self, conn: &rusqlite::Connection) -> Result<(), steward::store::StoreError> {
        self.batch.write(conn, &Redactor::shapes())?;
        for event in &self.saga {
            sagas::append(conn, self.remediation, event, self.done_at)?;
        }
        conn.prepare_cached("UPDATE outbox SET state = 'sent', done_at = ?1 WHERE state = 'pending'")?
            .execute([columns::ms(self.done_at)])?;
        Ok(())
    }
}

fn origin() -> Origin {
    Origin::Skill("systemd-units".to_owned())
}

fn summary(problem: &Problem) -> String {
    format!("{} has failed (exit-code)", problem.target.name())
}

fn evidence(problem: &Problem) -> String {
    let unit = problem.target.name();
    format!(
        "{unit} - The service of it\n   Loaded: loaded (/etc/systemd/system/{unit}; enabled)\n   Active: failed \
         (Result: exit-code) since Sat 2026-11-21 08:04:11 UTC; 3min ago\n  Process: 4711 ExecStart=/usr/bin/{unit} \
         (code=exited, status=1/FAILURE)\n"
    )
}

fn timeline(problem: &Problem, remediation: RemediationId, at: DateTime<Utc>) -> Vec<Record> {
    let runbook = "restart-failed-unit".to_owned();
    let step = |text: &str| Event::RepairStep { remediation, text: text.to_owned(), changed: false };
    let events = [
        Event::Opened {
            problem: problem.clone(),
            origin: origin(),
            severity: Severity::Error,
            summary: summary(problem),
            impact: None,
            evidence: evidence(problem),
            root: problem.target.clone(),
            why: "it is the first to be seen failing, and nothing that it needs is".to_owned(),
            sorted_by_hand: false,
            request: None,
        },
        Event::RepairStarted {
            remediation,
            runbook: runbook.clone(),
            title: "Restart the failed unit".to_owned(),
            why: "safe to do without asking".to_owned(),
            reversible: false,
            written: None,
        },
        step(&format!("ran `systemctl restart {}` (exit code 0)", problem.target.name())),
        step("step restart is verified"),
        Event::Recovered { problem: problem.clone() },
        Event::RepairEnded { remediation, runbook: runbook.clone(), outcome: Outcome::Succeeded },
        Event::Mitigated { by: Mitigation::Repair { runbook, remediation } },
        Event::Resolved {
            verified: true,
            why: "quiet for 2m, and whoever found it looked again.".to_owned(),
        },
        Event::Closed,
    ];
    let numbered = events.into_iter().zip(1..);
    numbered
        .map(|(event, seq)| Record {
            seq,
            at: at + TimeDelta::seconds(i64::try_from(seq).unwrap_or(0) * 30),
            event,
        })
        .collect()
}

fn plan(problem: &Problem) -> Plan {
    let systemctl = |verb: &[&str]| {
        let words = std::iter::once("systemctl").chain(verb.iter().copied()).chain([problem.target.name()]);
        Action::local(words.map(str::to_owned).collect())
    };
    let step = PlannedStep {
        name: "restart".to_owned(),
        captures: Vec::new(),
        run: systemctl(&["restart"]),
        verify: PlannedVerify::Command(systemctl(&["is-active", "--quiet"])),
        undo: None,
        effect: Effect::Restorative,
        timeout: Duration::from_secs(60),
        attempts: 1,
        backoff: Duration::from_secs(5),
        idempotent: false,
        asked: false,
        late: false,
    };
    Plan::new("restart-failed-unit".to_owned(), vec![step])
}

fn saga(at: DateTime<Utc>) -> Vec<SagaEvent> {
    let execution =
        ExecutionId(Ulid::from_parts(at.timestamp_millis().unsigned_abs(), Ulid::generate().random()));
    let boot_id = "3e1ad1b0-6a5f-4a3f-9d3c-6d4f6f6f2f10".to_owned();
    let process = Process { pid: 4711, start_ticks: 123_456, boot_id };
    let (part, stdout, stderr) = (Part::Run, Tail::of(b""), Tail::of(b""));
    vec![
        SagaEvent::Started {
            step: 0,
            attempt: 1,
            execution,
            digest: "0".repeat(64),
            captured: BTreeMap::new(),
        },
        SagaEvent::Spawned { step: 0, part, execution, process: process.clone() },
        SagaEvent::Ran { step: 0, part, execution, end: End::Code(0), stdout, stderr },
        SagaEvent::Probed { execution, process },
        SagaEvent::Verified { step: 0, verdict: CheckVerdict::Passed },
        SagaEvent::Checked { verdict: CheckVerdict::Passed },
        SagaEvent::Done { outcome: Outcome::Succeeded },
    ]
}

fn signal(problem: &Problem, incident: IncidentId, at: DateTime<Utc>, last_seen: DateTime<Utc>) -> SignalRow {
    let unit = problem.target.name().to_owned();
    let signal = Signal {
        origin: origin(),
        target: problem.target.clone(),
        signature: problem.signature.clone(),
        severity: Severity::Error,
        state: SignalState::Resolved,
        summary: summary(problem),
        impact: None,
        evidence: evidence(problem),
        labels: BTreeMap::from([("unit".to_owned(), unit)]),
        at,
        received_at: at,
    };
    SignalRow { signal, incident: Some(incident), count: 3, first_seen: at, last_seen }
}

fn card(problem: &Problem, number: u64) -> Card {
    Card::titled(format!("#{number} {}: {}", problem.target, summary(problem)))
        .severity(Severity::Error)
        .field("State", "resolved")
        .field("Root", format!("{} (it is the first to be seen failing)", problem.target))
        .field("Since", "2026-11-21 08:04:11, for 4 min")
        .field("Tried", "restart-failed-unit: it worked")
}

fn message(id: IncidentId, number: u64, k: u64, problem: &Problem, at: DateTime<Utc>) -> NewMessage {
    let place = match k {
        0 => Place::Root { incident: id, number },
        _ => Place::Thread { incident: id, number },
    };
    let text = format!("08:04:11 ✓      ran `systemctl restart {}` (exit code 0)", problem.target.name());
    NewMessage {
        platform: "bench".to_owned(),
        thread: id.to_string(),
        supersedes: None,
        place,
        card: card(problem, number).line(text),
        at,
    }
}
