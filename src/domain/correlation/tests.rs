use super::*;
use crate::domain::incident::Record;
use crate::domain::signal::{Origin, Severity};
use crate::domain::target::Signature;
use crate::domain::topology::TopologyEntry;
use chrono::{TimeDelta, TimeZone, Utc};
use std::time::Duration;
use ulid::Ulid;

const WINDOW: Duration = Duration::from_secs(300);

fn place(index: &Index, problem: &Problem, now: Timestamp) -> Placement {
    // All that breaks here breaks in the same way.
    let likeness = |_: IncidentId| Likeness { labels: 0.0, signature: 1.0 };
    let weights = Weights::default();
    let newcomer = Newcomer {
        problem,
        severity: Severity::Error,
        now,
        window: WINDOW,
        neighbours: 5,
        weights: &weights,
        likeness: &likeness,
    };
    index.place(&newcomer, &lab())
}

fn t(text: &str) -> Target {
    Target::parse(text).unwrap()
}

fn p(target: &str) -> Problem {
    Problem { target: t(target), signature: Signature::parse("down").unwrap() }
}

fn at(second: i64) -> Timestamp {
    Utc.timestamp_opt(1_800_000_000, 0).unwrap() + TimeDelta::seconds(second)
}

fn lab() -> Topology {
    let edges: [(&str, &[&str]); 5] = [
        ("proxy", &["api", "web"]),
        ("api", &["store"]),
        ("web", &["store"]),
        ("store", &["nas"]),
        ("mail", &[]),
    ];
    let entry = |(target, needs): (&str, &[&str])| TopologyEntry {
        target: t(target),
        kind: None,
        depends_on: needs.iter().map(|n| t(n)).collect(),
        labels: BTreeMap::new(),
    };
    Topology::new(edges.into_iter().map(entry).collect()).unwrap()
}

fn open(index: &mut Index, n: u64, target: &str, second: i64) -> IncidentId {
    let id = IncidentId(Ulid::from_parts(n, n.into()));
    let event = Event::Opened {
        problem: p(target),
        origin: Origin::Steward,
        severity: Severity::Error,
        summary: String::new(),
        impact: None,
        evidence: String::new(),
        root: t(target),
        why: String::new(),
        sorted_by_hand: false,
        request: None,
    };
    index.put(&Incident::open(id, n, &Record { seq: 1, at: at(second), event }).unwrap(), &lab());
    id
}

#[test]
fn a_victim_joins_what_it_needs_by_the_nearest_way_and_says_the_chain() {
    let mut index = Index::default();
    let nas = open(&mut index, 1, "nas", 0);
    let Placement::Symptom { incident, why, .. } = place(&index, &p("web"), at(4000)) else { panic!() };
    assert_eq!(incident, nas);
    assert!(why.contains("web → store → nas"), "{why}");
}

#[test]
fn a_cause_that_is_reported_last_takes_all_its_victims_the_oldest_first() {
    let mut index = Index::default();
    let mut topology_blind = Vec::new();
    for (n, target) in [(1, "web"), (2, "api")] {
        topology_blind.push(open(&mut index, n, target, n as i64));
    }
    let Placement::Upstream { incidents, .. } = place(&index, &p("store"), at(30)) else { panic!() };
    assert_eq!(incidents, topology_blind);
    assert_eq!(place(&index, &p("store"), at(3000)), Placement::New, "too long after");
}

#[test]
fn siblings_suspect_what_they_share_unless_it_was_just_seen_to_be_fine() {
    let mut index = Index::default();
    open(&mut index, 1, "web", 0);
    let Placement::Siblings { upstream, .. } = place(&index, &p("api"), at(20)) else { panic!() };
    assert_eq!(upstream, t("store"), "the nearest of store and nas");
    index.healthy(&t("store"), at(10));
    index.healthy(&t("nas"), at(10));
    assert_eq!(place(&index, &p("api"), at(20)), Placement::New);
}

#[test]
fn faults_that_share_nothing_stay_apart_even_under_one_path() {
    let mut index = Index::default();
    open(&mut index, 1, "mail", 0);
    assert_eq!(place(&index, &p("web"), at(1)), Placement::New);
    open(&mut index, 2, "pve1/disk", 0);
    assert_eq!(place(&index, &p("pve1/clock"), at(1)), Placement::New);
    let Placement::Upstream { .. } = place(&index, &p("pve1"), at(2)) else {
        panic!("the host itself, seen failing, explains its parts")
    };
}

#[test]
fn a_decision_among_many_open_incidents_forgets_those_that_are_over() {
    let mut index = Index::default();
    let id = open(&mut index, 1, "store", 0);
    let timeline = [
        Event::Recovered { problem: p("store") },
        Event::Mitigated { by: crate::domain::incident::Mitigation::Recovery },
        Event::Resolved { verified: true, why: String::new() },
    ];
    let mut incident = Incident::open(
        id,
        1,
        &Record {
            seq: 1,
            at: at(0),
            event: Event::Opened {
                problem: p("store"),
                origin: Origin::Steward,
                severity: Severity::Error,
                summary: String::new(),
                impact: None,
                evidence: String::new(),
                root: t("store"),
                why: String::new(),
                sorted_by_hand: false,
                request: None,
            },
        },
    )
    .unwrap();
    for (event, seq) in timeline.into_iter().zip(2..) {
        incident.apply(&Record { seq, at: at(5), event }).unwrap();
    }
    index.put(&incident, &lab());
    assert_eq!(place(&index, &p("web"), at(6)), Placement::New);
    assert_eq!(place(&index, &p("store"), at(6)), Placement::Same(id), "it may still be reopened");
}
