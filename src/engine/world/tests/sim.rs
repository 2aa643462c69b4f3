//! A small lab, and a store that is only a few maps: what the world is driven and checked with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use super::super::*;
use crate::domain::action::Executable;
use crate::domain::approval::{ApprovalState, Person};
use crate::domain::escalation::{Scope, Threshold};
use crate::domain::ids::ApprovalId;
use crate::domain::remediation::Outcome;
use crate::domain::report::{Finding, Report, Status};
use crate::domain::runbook::{Checks, CommandTemplate, Glob, Match, RunbookLimits, Step, Verify};
use crate::domain::signal::{Severity, Signal};
use crate::domain::suppression::{Kind, Scope as Covered, Silence};
use crate::domain::target::Signature;
use crate::domain::template::Template;
use crate::domain::topology::TopologyEntry;
use crate::engine::lifecycle::silences::Wish;
use crate::policy::Autonomy;
use crate::store::load::{LiveIncident, Loaded, PastRepair};
use crate::store::signatures::Learned as Remembered;
use chrono::{TimeDelta, TimeZone, Utc};

pub(super) const TARGETS: [&str; 7] = ["nas", "store", "web", "api", "proxy", "mail", "mail/disk"];
pub(super) const SKILLS: [&str; 3] = ["ping", "apps", "disks"];
/// Target, signature, severity, and the skills that see it.
pub(super) const PROBLEMS: [(&str, &str, Severity, &[&str]); 9] = [
    ("nas", "down", Severity::Critical, &["ping"]),
    ("store", "down", Severity::Error, &["ping", "apps"]),
    ("store", "slow", Severity::Warning, &["apps"]),
    ("web", "down", Severity::Error, &["apps"]),
    ("web", "crashloop", Severity::Error, &["ping", "apps"]),
    ("api", "down", Severity::Error, &["apps"]),
    ("proxy", "down", Severity::Error, &["ping"]),
    ("mail", "down", Severity::Error, &["ping", "apps"]),
    ("mail/disk", "disk-fill", Severity::Warning, &["disks"]),
];

static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| Arc::new(Policy::shipped().unwrap()));

/// Something that happens.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Break(usize),
    Mend(usize),
    Run(usize),
    /// A run that is incomplete, or fails altogether.
    RunBadly(usize, bool),
    Alert(usize, bool),
    /// It comes and goes this many times.
    Bounce(usize, u8),
    Fine(usize),
    Seconds(i64),
    Minutes(i64),
    EndRepair(u8),
    Ack(u64),
    Clear(u64),
    Merge(u64, u64),
    Split(u64, usize),
    Silence(usize, u64),
    Unsilence(i64),
    Answer(bool),
    Pause(bool),
    Learn(usize, bool),
    Restart,
}

/// A repair that was begun and has not ended.
struct Running {
    incident: IncidentId,
    remediation: RemediationId,
    runbook: String,
    problem: Problem,
}

pub(super) struct Sim {
    world: World,
    now: Timestamp,
    broken: BTreeSet<usize>,
    skills: BTreeSet<usize>,
    running: Vec<Running>,
    stored: Stored,
    refused: Arc<Mutex<Vec<String>>>,
    _log: tracing::subscriber::DefaultGuard,
}

/// What the batches add up to.
#[derive(Default)]
struct Stored {
    incidents: BTreeMap<IncidentId, StoredIncident>,
    events: BTreeMap<IncidentId, Vec<Record>>,
    signals: BTreeMap<SignalKey, SignalRow>,
    silences: BTreeMap<i64, (Silence, bool)>,
    approvals: BTreeMap<ApprovalId, Approval>,
    offers: BTreeMap<u64, Offer>,
    occurrences: Vec<(Target, Timestamp, IncidentId)>,
    escalations: Vec<(IncidentId, Target, Cause, Timestamp)>,
    repairs: BTreeMap<RemediationId, PastRepair>,
    counters: (u64, u64),
    settings: BTreeMap<String, String>,
}

fn target(name: &str) -> Target {
    Target::parse(name).unwrap()
}

fn problem(n: usize) -> Problem {
    Problem { target: target(PROBLEMS[n].0), signature: Signature::parse(PROBLEMS[n].1).unwrap() }
}

fn wish(target: Target, duration: Duration) -> Wish {
    Wish { scope: Covered::Target(target), kind: Kind::Silence, from: None, duration, comment: None }
}

fn minutes(n: u64) -> Duration {
    Duration::from_secs(60 * n)
}

pub(super) fn settings() -> Settings {
    Settings {
        adopt: Arc::default(),
        agent: None,
        hosts: Arc::default(),
        host: target("vm"),
        tz: chrono_tz::UTC,
        autonomy: Autonomy::Full,
        settle: Duration::from_secs(10),
        correlation_window: minutes(5),
        weights: crate::domain::correlation::Weights::default(),
        neighbours: 0,
        storm: 0,
        hold: minutes(2),
        reopen_window: minutes(30),
        cooldown: Duration::from_secs(30),
        flap_bounces: 3,
        flap_window: minutes(30),
        resolve_timeout: minutes(15),
        remind: minutes(720),
        threshold: Threshold { occurrences: 3, window: minutes(60), cooldown: minutes(60) },
        scope: Scope::Root,
        approval_expiry: minutes(30),
        hours: Vec::new(),
        quiet: Arc::default(),
        clean_runs: 3,
        models: Vec::new(),
        sources: BTreeSet::new(),
        heartbeats: BTreeMap::new(),
        changes_window: minutes(1440),
        platforms: vec!["console".into()],
    }
}

/// A runbook; the policy lets `restart` go by itself and asks for `vacuum`.
fn runbook(name: &str, signature: &str, command: &[&str]) -> Runbook {
    let argv = command.iter().map(|word| Template::parse(word).unwrap()).collect();
    let run = CommandTemplate { host: "local".into(), argv, cwd: None, env: BTreeMap::new(), stdin: None };
    let step = Step {
        name: "one".into(),
        run,
        verify: Verify::Check,
        undo: None,
        capture: Vec::new(),
        timeout: Step::TIMEOUT,
        attempts: Step::ATTEMPTS,
        backoff: Step::BACKOFF,
        idempotent: false,
    };
    Runbook {
        name: name.into(),
        title: name.into(),
        description: None,
        shipped: true,
        file: String::new(),
        fits: Match { signature: Some(Glob::parse(signature).unwrap()), ..Match::default() },
        steps: vec![step],
        checks: Checks::default(),
        limits: RunbookLimits { cooldown: minutes(1), max_attempts: 2, watch: minutes(5) },
    }
}

pub(super) fn knowledge(skills: &BTreeSet<usize>) -> Knowledge {
    let needs: [(&str, &[&str]); 5] = [
        ("proxy", &["api", "web"]),
        ("api", &["store"]),
        ("web", &["store"]),
        ("store", &["nas"]),
        ("mail", &[]),
    ];
    let entry = |(name, needs): (&str, &[&str])| TopologyEntry {
        target: target(name),
        kind: None,
        depends_on: needs.iter().map(|need| target(need)).collect(),
        labels: BTreeMap::new(),
    };
    Knowledge {
        goals: Arc::default(),
        memory: Arc::from(""),
        topology: Arc::new(Topology::new(needs.into_iter().map(entry).collect()).unwrap()),
        runbooks: Arc::new(vec![
            runbook("restart", "down", &["systemctl", "restart", "{{ target.name }}.service"]),
            runbook("vacuum", "disk-*", &["journalctl", "--vacuum-size=500M"]),
        ]),
        policy: POLICY.clone(),
        skills: Arc::new(skills.iter().map(|&n| SKILLS[n].to_owned()).collect()),
        watched: Arc::default(),
    }
}

impl Sim {
    pub(super) fn new() -> Self {
        let refused = Arc::default();
        let log = tracing::subscriber::set_default(Listener(Arc::clone(&refused)));
        let skills: BTreeSet<usize> = (0..SKILLS.len()).collect();
        Self {
            world: World::new(Arc::new(settings()), knowledge(&skills)),
            now: Utc.with_ymd_and_hms(2026, 11, 21, 8, 0, 0).unwrap(),
            broken: BTreeSet::new(),
            skills,
            running: Vec::new(),
            stored: Stored::default(),
            refused,
            _log: log,
        }
    }

    /// Does it, and ends the turn unless more comes in with it.
    pub(super) fn perform(&mut self, op: Op, ends_turn: bool) {
        let now = self.now;
        let by = "alex";
        match op {
            Op::Break(n) => {
                self.broken.insert(n);
            }
            Op::Mend(n) => {
                self.broken.remove(&n);
            }
            Op::Run(skill) => self.report(skill, true),
            Op::RunBadly(skill, true) => self.report(skill, false),
            Op::RunBadly(skill, false) if self.skills.contains(&skill) => {
                self.world.skill_failed(SKILLS[skill], "no such file", 3, 3, now);
            }
            Op::RunBadly(..) => {}
            Op::Alert(n, firing) => self.world.take_signal(self.alert(n, firing), now),
            Op::Bounce(n, times) => {
                for _ in 0..times {
                    for firing in [true, false] {
                        self.world.take_signal(self.alert(n, firing), self.now);
                        self.pass(TimeDelta::seconds(20));
                    }
                }
            }
            Op::Fine(n) => self.world.is_fine(&target(TARGETS[n]), now),
            Op::Seconds(n) => return self.pass(TimeDelta::seconds(n)),
            Op::Minutes(n) => return self.pass(TimeDelta::minutes(n)),
            Op::EndRepair(how) => self.end_repair(how),
            Op::Ack(n) => drop(self.world.acknowledge(n, by, now)),
            Op::Clear(n) => drop(self.world.clear(n, by, now)),
            Op::Merge(from, into) => drop(self.world.merge_by_hand(from, into, by, now)),
            Op::Split(n, t) => drop(self.world.split(n, &target(TARGETS[t]), by, now)),
            Op::Silence(t, n) => drop(self.world.silence(wish(target(TARGETS[t]), minutes(n)), by, now)),
            Op::Unsilence(n) => drop(self.world.unsilence(n, by, now)),
            Op::Answer(yes) => self.answer(yes),
            Op::Pause(on) => drop(self.world.pause(on, by, now)),
            Op::Learn(skill, there) => {
                if there {
                    self.skills.insert(skill);
                } else {
                    self.skills.remove(&skill);
                }
                self.world.learn(knowledge(&self.skills));
                self.world.forget_gone_skills(now);
            }
            Op::Restart => return self.restart(),
        }
        if ends_turn {
            self.turn();
        }
    }

    /// Time goes by, stopping wherever the world wants to be woken.
    fn pass(&mut self, time: TimeDelta) {
        let end = self.now + time;
        while let Some(at) = self.world.next_deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.turn();
        }
        self.now = end;
        self.turn();
    }

    /// One turn of the desk; skills that it wants run, run at once.
    fn turn(&mut self) {
        loop {
            self.world.due(self.now);
            self.world.finish_turn(self.now);
            let (batch, effects) = self.world.take_turn();
            self.stored.write(&batch, self.now);
            let mut wanted = BTreeSet::new();
            for effect in effects {
                match effect {
                    Effect::RunSkill { skill, .. } => {
                        wanted.insert(SKILLS.iter().position(|name| *name == skill).unwrap());
                    }
                    Effect::Repair(repair, ..) => self.running.push(Running {
                        incident: repair.incident,
                        remediation: repair.id,
                        runbook: repair.terms.plan.runbook,
                        problem: repair.problem,
                    }),
                    Effect::Fingerprint { approval, actions } => {
                        let executable = Executable { path: "/bin/x".into(), sha256: "0".repeat(64) };
                        let executables = actions.iter().map(|_| Some(executable.clone())).collect();
                        self.world.fingerprinted(approval, executables, self.now);
                    }
                    Effect::Answer { .. }
                    | Effect::CallOff { .. }
                    | Effect::FindSuspects { .. }
                    | Effect::Investigate(_)
                    | Effect::Narrate(..)
                    | Effect::StopRun { .. }
                    | Effect::RepairOver { .. }
                    | Effect::Gather { .. }
                    | Effect::Keep { .. } => {}
                }
            }
            if wanted.is_empty() {
                return;
            }
            wanted.into_iter().for_each(|skill| self.report(skill, true));
        }
    }

    fn report(&mut self, skill: usize, complete: bool) {
        if !self.skills.contains(&skill) {
            return;
        }
        let seen = self.broken.iter().filter(|&&n| PROBLEMS[n].3.contains(&SKILLS[skill]));
        let report = Report { findings: seen.map(|&n| finding(n)).collect(), complete, metrics: Vec::new() };
        self.world.take_report(SKILLS[skill], &report, self.now);
    }

    fn alert(&self, n: usize, firing: bool) -> Signal {
        let Finding { target, signature, severity, summary, .. } = finding(n);
        Signal {
            origin: Origin::alert("alertmanager", &n.to_string()),
            target,
            signature,
            severity,
            state: if firing { SignalState::Firing } else { SignalState::Resolved },
            summary,
            impact: None,
            evidence: String::new(),
            labels: BTreeMap::new(),
            at: self.now,
            received_at: self.now,
        }
    }

    fn end_repair(&mut self, how: u8) {
        if self.running.is_empty() {
            return;
        }
        let Running { incident, remediation, runbook, problem } = self.running.remove(0);
        let why = "so it is".to_owned();
        let outcome = match how {
            0 => {
                // The check that found it passes: it is gone, for everyone who looks.
                self.broken.retain(|&n| super::sim::problem(n) != problem);
                (0..SKILLS.len()).for_each(|skill| self.report(skill, true));
                Outcome::Succeeded
            }
            1 => Outcome::Deferred,
            2 => Outcome::Unwound { why },
            3 => Outcome::Stuck { why },
            _ => Outcome::Cancelled { why },
        };
        self.world.repair_ended(incident, remediation, &runbook, &outcome, self.now);
    }

    fn answer(&mut self, yes: bool) {
        let Some(&number) = self.world.approvals.keys().next() else { return };
        if yes {
            // In the same turn the problem may have gone; then it says why nothing runs.
            let alex = Person { name: "alex".into(), account: "console:alex".into() };
            drop(self.world.approve(number, &alex, self.now));
        } else {
            self.world.deny(number, None, "alex", self.now).unwrap();
        }
    }

    fn restart(&mut self) {
        // What was not written is lost, and comes again.
        self.turn();
        let mut world = World::new(self.world.settings.clone(), knowledge(&self.skills));
        world.restore(self.stored.load(), self.now);
        self.world = world;
        self.world.forget_gone_skills(self.now);
        self.turn();
    }

    /// What has to hold at any time.
    pub(super) fn check(&self) {
        let refused = self.refused.lock().unwrap();
        assert!(refused.is_empty(), "{refused:?}");
        let world = &self.world;
        let live = || world.incidents.values().map(|live| &live.incident);
        let rebuilt = Index::default().rebuilt(live(), &world.knowledge.topology);
        assert!(world.index.same_incidents(&rebuilt), "the index is not what the incidents say");
        for problem in world.origins_of.keys() {
            let homes: Vec<_> = live().filter(|i| i.member(problem).is_some()).collect();
            assert_eq!(homes.len(), 1, "{problem} belongs to {} incidents", homes.len());
            assert!(homes[0].member(problem).unwrap().active, "{problem} fires and counts as over");
        }
        for Live { incident, quiet, .. } in world.incidents.values() {
            let id = incident.id;
            for member in incident.members.iter().filter(|m| m.active) {
                let known = world.is_firing(&member.problem) || quiet.contains_key(&member.problem);
                assert!(known, "#{}: {} is active, and nobody says so", incident.number, member.problem);
            }
            let timer = match incident.state {
                State::Resolved => Timer::Close(id),
                State::Mitigated if incident.is_active() => Timer::Confirm(id),
                State::Mitigated => Timer::Hold(id),
                _ => Timer::Remind(id),
            };
            assert!(world.timers.has(timer), "#{} is {} without {timer:?}", incident.number, incident.state);
            assert_eq!(world.mitigated.contains(&id), incident.state == State::Mitigated);
            assert_eq!(world.by_number.get(&incident.number), Some(&id));
            if let Some((_, number)) = incident.approval {
                assert!(world.approvals.contains_key(&number), "#{} waits for nothing", incident.number);
            }
        }
        for approval in world.approvals.values() {
            let asked = world.incident(approval.incident).and_then(|i| i.approval);
            assert_eq!(asked, Some((approval.id, approval.number)), "a question without an incident");
        }
        self.stored.check();
    }

    /// Everything mends, everyone looks: in the end nothing is left.
    pub(super) fn come_to_rest(&mut self) {
        self.skills = (0..SKILLS.len()).collect();
        self.world.learn(knowledge(&self.skills));
        self.world.forget_gone_skills(self.now);
        for _ in 0..4 {
            while !self.running.is_empty() {
                self.perform(Op::EndRepair(4), true);
            }
            self.broken.clear();
            (0..PROBLEMS.len()).for_each(|n| self.perform(Op::Alert(n, false), true));
            (0..SKILLS.len()).for_each(|skill| self.perform(Op::Run(skill), true));
            self.pass(TimeDelta::hours(2));
            self.check();
        }
        let left: Vec<_> =
            self.world.incidents.values().map(|l| (l.incident.number, l.incident.state)).collect();
        assert!(left.is_empty(), "these never end: {left:?}");
        assert!(self.world.signals.values().all(|row| row.incident.is_none()), "signals of nothing are kept");
    }
}

fn finding(n: usize) -> Finding {
    let Problem { target, signature } = problem(n);
    Finding {
        status: if PROBLEMS[n].2 == Severity::Warning { Status::Action } else { Status::Problem },
        summary: format!("{target} has {signature}"),
        target,
        signature,
        severity: PROBLEMS[n].2,
        impact: None,
        labels: BTreeMap::new(),
        evidence: String::new(),
        explicit_target: true,
        explicit_signature: true,
    }
}

impl Stored {
    fn write(&mut self, batch: &Batch, now: Timestamp) {
        for stored in &batch.incidents {
            let id = stored.incident.id;
            let over = self.incidents.get(&id).is_some_and(|before| !before.incident.state.is_live());
            assert!(!over, "#{} was over already", stored.incident.number);
            self.incidents.insert(id, stored.clone());
        }
        for (id, record) in &batch.events {
            self.events.entry(*id).or_default().push(record.clone());
        }
        for row in batch.signals.iter().chain(&batch.touched) {
            self.signals.insert((row.signal.origin.clone(), row.signal.problem()), row.clone());
        }
        for (silence, told) in &batch.silences {
            self.silences.insert(silence.number, (silence.clone(), *told));
        }
        for (approval, _) in &batch.approvals {
            self.approvals.insert(approval.id, approval.clone());
        }
        for (offer, _) in &batch.offers {
            self.offers.insert(offer.number, offer.clone());
        }
        for (id, at) in &batch.retracted {
            self.occurrences.retain(|(_, when, of)| (of, when) != (id, at));
        }
        self.occurrences.extend(batch.occurrences.iter().map(|(t, at, id, _)| (t.clone(), *at, *id)));
        for (id, cause, at) in &batch.escalations {
            let root = self.incidents[id].incident.root.clone();
            let earlier = self.escalations.iter().rev().find(|(_, r, c, _)| (r, c) == (&root, cause));
            if let Some((.., before)) = earlier {
                assert!(*at - before >= TimeDelta::hours(1), "called twice for {cause:?} on {root}");
            }
            self.escalations.push((*id, root, *cause, *at));
        }
        for new in &batch.remediations {
            let repair = PastRepair {
                id: new.id,
                incident: new.incident,
                case: self.incidents.get(&new.incident).map_or(0, |stored| stored.incident.number),
                signature: new.problem.signature.clone(),
                runbook: new.terms.plan.runbook.clone(),
                target: new.problem.target.clone(),
                started_at: new.at,
                ended_at: None,
                outcome: None,
                live: true,
                written: new.terms.written.clone(),
            };
            self.repairs.insert(new.id, repair);
        }
        for (id, at, outcome) in &batch.ended {
            let repair = self.repairs.get_mut(id).unwrap();
            (repair.ended_at, repair.outcome, repair.live) = (Some(*at), Some(outcome.clone()), false);
        }
        self.counters = batch.counters.unwrap_or(self.counters);
        self.settings.extend(batch.settings.iter().cloned());
        let roots = || batch.messages.iter().filter(|m| m.supersedes.is_some());
        let places: BTreeSet<_> = roots().map(|m| format!("{:?}", m.place)).collect();
        assert_eq!(places.len(), roots().count(), "two edits of one root message in one turn, at {now}");
    }

    fn check(&self) {
        for (id, stored) in &self.incidents {
            let folded = Incident::fold(*id, stored.incident.number, &self.events[id]).unwrap().unwrap();
            assert_eq!(folded, stored.incident, "the fold of the timeline is not what is stored");
        }
    }

    fn load(&self) -> Loaded {
        let live = self.incidents.values().filter(|stored| stored.incident.state.is_live());
        let untold = |stored: &StoredIncident| {
            let after = stored.telling.told_seq;
            self.events[&stored.incident.id].iter().filter(|r| r.seq > after).cloned().collect()
        };
        let kept = |row: &&SignalRow| {
            row.signal.state == SignalState::Firing
                || row.incident.is_some_and(|id| self.incidents[&id].incident.state.is_live())
        };
        Loaded {
            incidents: live.map(|s| LiveIncident { stored: s.clone(), untold: untold(s) }).collect(),
            signals: self.signals.values().filter(kept).cloned().collect(),
            silences: self.silences.values().filter(|(_, told)| !told).map(|(s, _)| s.clone()).collect(),
            held: Vec::new(),
            trust: Vec::new(),
            goals: Vec::new(),
            adoptions: Vec::new(),
            last_silence: self.silences.keys().last().copied().unwrap_or(0),
            approvals: self
                .approvals
                .values()
                .filter(|a| a.state == ApprovalState::Pending)
                .cloned()
                .collect(),
            occurrences: self
                .occurrences
                .iter()
                .map(|(t, at, _)| (t.clone(), Signature::parse("down").unwrap(), *at))
                .collect(),
            escalations: self
                .escalations
                .iter()
                .map(|(_, root, cause, at)| {
                    (root.clone(), Signature::parse("down").unwrap(), cause.as_str().to_owned(), *at)
                })
                .collect(),
            repairs: self.repairs.values().cloned().collect(),
            counters: self.counters,
            settings: self.settings.clone().into_iter().collect(),
            offers: self.offers.values().filter(|o| o.state == ApprovalState::Pending).cloned().collect(),
            learned: Remembered::default(),
        }
    }
}

/// Keeps what is logged at WARN and above.
struct Listener(Arc<Mutex<Vec<String>>>);

struct Text(String);

impl tracing::field::Visit for Text {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl tracing::Subscriber for Listener {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
