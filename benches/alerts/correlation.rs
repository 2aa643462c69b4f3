//! How long it takes to decide where a signal belongs among many that are open.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use steward::domain::correlation::{Index, Likeness, Newcomer, Placement, Weights};
use steward::domain::ids::IncidentId;
use steward::domain::incident::{Event, Incident, Record};
use steward::domain::signal::{Origin, Problem, Severity};
use steward::domain::target::{Signature, Target};
use steward::domain::topology::{Topology, TopologyEntry};
use ulid::Ulid;

use crate::spread;

const RACKS: usize = 100;
const HOSTS: usize = 1000;
const DECISIONS: usize = 2000;
/// The seconds over which the open ones began. Those of the last few minutes are compared: hundreds, where a storm
/// would have made one incident of them long before.
const OPENED_OVER: i64 = 24 * 3600;
const WINDOW: Duration = Duration::from_secs(300);

/// Opens so many incidents, and prints how long decisions about one more signal take.
pub(crate) fn measure(open: usize) -> Result<()> {
    let topology = topology()?;
    let mut index = Index::default();
    let began = Utc::now();
    for n in 0..open {
        let at =
            began + TimeDelta::milliseconds(OPENED_OVER * 1000 * i64::try_from(n)? / i64::try_from(open)?);
        index.put(&incident(n, at)?, &topology);
    }
    let now = began + TimeDelta::seconds(OPENED_OVER);
    println!("\na decision among {open} open signals, in µs: p50 / p99 / max");
    type Ask = fn(usize) -> String;
    let questions: [(&str, Ask); 6] = [
        ("one that is open already", |n| target(n * 37)),
        ("one that nothing explains", |n| format!("elsewhere{n}")),
        ("a service beside others that fail", |n| format!("host{}/late{n}", n % HOSTS)),
        ("a host above 100 that fail", |n| format!("host{}", n % HOSTS)),
        ("a rack above 1,000", |n| format!("rack{}", n % RACKS)),
        ("the NAS above all", |_| "nas".to_owned()),
    ];
    let weights = Weights::default();
    let likeness = |_: IncidentId| Likeness::default();
    for (what, asked) in questions {
        let (mut took, mut became) = (Vec::new(), BTreeMap::new());
        for n in 0..DECISIONS {
            let problem = problem(&asked(n))?;
            let newcomer = Newcomer {
                problem: &problem,
                severity: Severity::Error,
                neighbours: 5,
                now,
                window: WINDOW,
                weights: &weights,
                likeness: &likeness,
            };
            let began = Instant::now();
            let placed = black_box(index.place(&newcomer, &topology));
            took.push(began.elapsed().as_secs_f64() * 1e6);
            *became.entry(word(&placed)).or_insert(0) += 1;
        }
        println!("{what:<40}{:>24}   {became:?}", spread(took, 1));
    }
    Ok(())
}

fn word(placed: &Placement) -> &'static str {
    match placed {
        Placement::Same(_) => "the same",
        Placement::Symptom { .. } => "a symptom",
        Placement::Upstream { .. } => "the cause",
        Placement::Siblings { .. } => "beside",
        Placement::New => "new",
    }
}

/// A service on a host.
fn target(n: usize) -> String {
    format!("host{}/unit{}", n % HOSTS, n / HOSTS % 100)
}

fn problem(target: &str) -> Result<Problem> {
    Ok(Problem { target: Target::parse(target)?, signature: Signature::parse("thing-down")? })
}

/// Every host needs its rack, and every rack the NAS.
fn topology() -> Result<Topology> {
    let entry = |target: String, needs: String| -> Result<TopologyEntry> {
        let depends_on = vec![Target::parse(&needs)?];
        Ok(TopologyEntry { target: Target::parse(&target)?, kind: None, depends_on, labels: BTreeMap::new() })
    };
    let racks = (0..RACKS).map(|n| entry(format!("rack{n}"), "nas".to_owned()));
    let hosts = (0..HOSTS).map(|n| entry(format!("host{n}"), format!("rack{}", n % RACKS)));
    Topology::new(racks.chain(hosts).collect::<Result<_>>()?).map_err(|problems| anyhow!("{problems:?}"))
}

fn incident(n: usize, at: DateTime<Utc>) -> Result<Incident> {
    let problem = problem(&target(n))?;
    let event = Event::Opened {
        root: problem.target.clone(),
        problem,
        origin: Origin::alert("prometheus", &format!("{n:016x}")),
        severity: Severity::Error,
        summary: "it answers 503 where 200 is expected".to_owned(),
        impact: None,
        evidence: String::new(),
        why: String::new(),
        sorted_by_hand: false,
        request: None,
    };
    let number = u64::try_from(n)? + 1;
    let id = IncidentId(Ulid::from_parts(u64::try_from(at.timestamp_millis())?, number.into()));
    Incident::open(id, number, &Record { seq: 1, at, event }).context("no opening")
}
