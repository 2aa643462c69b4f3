//! Earned trust: who did well often enough may act by themselves, and one failure takes that back.
//!
//! Trust is kept per kind of proposal (a runbook's name) and class of targets: what a runbook did well on one of a
//! kind says something about the others, and nothing about the rest of the lab. It never raises what the policy
//! allows; it is asked only after that has said yes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::runbook::{CommandTemplate, NamedCheck, Runbook, Step, Verify};
use super::signal::Timestamp;
use super::target::Target;

/// How far one kind of proposal is trusted on one class of targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    /// The runbook's name, or the kind of proposal.
    pub kind: String,
    /// The class of targets, see [`class_of`].
    pub class: String,
    /// What it does, see [`written`]: another one under the same name has earned nothing.
    pub written: String,
    /// Clean runs since the last failure, or since it was first heard of. A run is clean when it succeeded, was
    /// verified, and its problem did not come back within the watch time.
    pub clean: u32,
    /// Since when it may act by itself; `None`: it proposes.
    pub earned_since: Option<Timestamp>,
    /// When any of this last changed.
    pub changed_at: Timestamp,
    /// Why it is as it is, in a sentence for people.
    pub why: String,
}

/// What a run changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// It acts by itself from now on.
    Promoted,
    /// It proposes from now on.
    Demoted,
    /// As before.
    Unmoved,
}

impl Trust {
    /// Nothing is known yet: it proposes.
    #[must_use]
    pub fn none(kind: &str, class: &str, written: &str, now: Timestamp) -> Self {
        Self {
            kind: kind.to_owned(),
            class: class.to_owned(),
            written: written.to_owned(),
            clean: 0,
            earned_since: None,
            changed_at: now,
            why: "it has not run here yet".to_owned(),
        }
    }

    /// Whether it may act by itself, as far as trust goes.
    #[must_use]
    pub fn is_earned(&self) -> bool {
        self.earned_since.is_some()
    }

    /// Whether what does `written` may act by itself, as far as trust goes.
    #[must_use]
    pub fn is_earned_by(&self, written: &str) -> bool {
        self.is_earned() && self.written == written
    }

    /// From now on it is about what does `written`: if that is something else, all begins from nothing.
    pub fn is_about(&mut self, written: &str, now: Timestamp) {
        if self.written != written {
            *self = Self::none(&self.kind, &self.class, written, now);
        }
    }

    /// Counts a clean run: succeeded, verified, and its watch time has passed without the problem. `threshold` is how
    /// many in a row it takes; 0 counts as 1.
    pub fn clean_run(&mut self, threshold: u32, now: Timestamp) -> Shift {
        let threshold = threshold.max(1);
        self.clean = self.clean.saturating_add(1);
        self.changed_at = now;
        let runs = if self.clean == 1 { "clean run" } else { "clean runs" };
        if self.is_earned() {
            self.why = format!("{} {runs} in a row", self.clean);
            return Shift::Unmoved;
        }
        if self.clean < threshold {
            self.why = format!("{} {runs} in a row; {threshold} are needed to act by itself", self.clean);
            return Shift::Unmoved;
        }
        self.earned_since = Some(now);
        self.why = format!("{} {runs} in a row, {threshold} were needed", self.clean);
        Shift::Promoted
    }

    /// Counts a failure, or a problem that came back within the watch time: at once it proposes again, and begins from
    /// nothing. `why` is a sentence for people.
    pub fn failed(&mut self, why: &str, now: Timestamp) -> Shift {
        self.clean = 0;
        self.changed_at = now;
        self.why = why.to_owned();
        match self.earned_since.take() {
            Some(_) => Shift::Demoted,
            None => Shift::Unmoved,
        }
    }
}

/// The class that a target belongs to: all that stands beside it, as its parent's path and `/*`; a target without a
/// parent is a class of its own.
#[must_use]
pub fn class_of(target: &Target) -> String {
    match target.parent() {
        Some(parent) => format!("{parent}/*"),
        None => target.to_string(),
    }
}

// The keys below stand in the order of the alphabet: digests that are stored were made so, and JSON keeps the order in
// which it is written.

/// What a runbook does: a digest of its checks and of its steps, to the letter. What it fits, how often it may run and
/// what people read of it are not part of it.
#[must_use]
pub fn written(runbook: &Runbook) -> String {
    let checks = runbook.checks.all().map(|(when, check)| as_check(&format!("{when:?}"), check));
    let checks: Vec<Value> = checks.collect();
    let steps: Vec<Value> = runbook.steps.iter().map(as_step).collect();
    let text = json!({ "checks": checks, "steps": steps }).to_string();
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn as_check(when: &str, check: &NamedCheck) -> Value {
    let NamedCheck { name, run, timeout, safety } = check;
    let ms = timeout.as_millis().to_string();
    json!({ "ms": ms, "name": name, "run": as_command(run), "safety": safety, "when": when })
}

fn as_step(step: &Step) -> Value {
    let captures = step.capture.iter().map(|(name, command)| json!([name, as_command(command)]));
    json!({
        "attempts": step.attempts,
        "captures": captures.collect::<Vec<_>>(),
        "idempotent": step.idempotent,
        "ms": [step.timeout.as_millis().to_string(), step.backoff.as_millis().to_string()],
        "name": step.name,
        "run": as_command(&step.run),
        "undo": step.undo.as_ref().map(as_command),
        "verify": match &step.verify {
            Verify::Command(command) => as_command(command),
            Verify::Check => json!("check"),
            Verify::Missing => Value::Null,
        },
    })
}

fn as_command(command: &CommandTemplate) -> Value {
    let CommandTemplate { host, argv, cwd, env, stdin } = command;
    let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
    let env: Vec<(&String, String)> = env.iter().map(|(name, value)| (name, value.to_string())).collect();
    let text = |template: &super::template::Template| template.to_string();
    let (cwd, stdin) = (cwd.as_ref().map(text), stdin.as_ref().map(text));
    json!({ "argv": argv, "cwd": cwd, "env": env, "host": host, "stdin": stdin })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_timestamp_millis(minute * 60_000).unwrap()
    }

    fn fresh() -> Trust {
        Trust::none("service-restart", "nas/*", "one", at(0))
    }

    #[test]
    fn enough_clean_runs_in_a_row_earn_the_right_to_act_and_not_one_fewer() {
        let mut trust = fresh();
        assert_eq!([trust.clean_run(3, at(1)), trust.clean_run(3, at(2))], [Shift::Unmoved; 2]);
        assert!(!trust.is_earned() && trust.why.contains("3 are needed"), "{}", trust.why);
        assert_eq!(trust.clean_run(3, at(3)), Shift::Promoted);
        assert_eq!((trust.earned_since, trust.clean), (Some(at(3)), 3));
        assert_eq!(trust.clean_run(3, at(4)), Shift::Unmoved, "it is promoted once");
        assert_eq!(trust.earned_since, Some(at(3)));
    }

    #[test]
    fn one_failure_demotes_at_once_and_all_begins_from_nothing() {
        let mut trust = fresh();
        let _ = (1..=5).map(|minute| trust.clean_run(3, at(minute))).last();
        assert_eq!(trust.failed("it came back after 4 minutes", at(6)), Shift::Demoted);
        assert_eq!((trust.clean, trust.earned_since, trust.changed_at), (0, None, at(6)));
        assert_eq!(trust.why, "it came back after 4 minutes");
        assert_eq!([trust.clean_run(3, at(7)), trust.clean_run(3, at(8))], [Shift::Unmoved; 2]);
        assert_eq!(trust.clean_run(3, at(9)), Shift::Promoted);
    }

    #[test]
    fn a_failure_before_trust_was_earned_counts_what_was_clean_for_nothing() {
        let mut trust = fresh();
        let _ = (1..=2).map(|minute| trust.clean_run(3, at(minute))).last();
        assert_eq!(trust.failed("it failed", at(3)), Shift::Unmoved);
        assert_eq!(trust.clean_run(3, at(4)), Shift::Unmoved);
        assert_eq!(trust.clean, 1);
    }

    #[test]
    fn without_a_threshold_one_clean_run_is_still_needed() {
        let mut trust = fresh();
        assert!(!trust.is_earned());
        assert_eq!(trust.clean_run(0, at(1)), Shift::Promoted);
    }

    #[test]
    fn what_was_rewritten_under_the_same_name_has_earned_nothing() {
        let mut trust = fresh();
        trust.clean_run(1, at(1));
        assert!(trust.is_earned_by("one") && !trust.is_earned_by("two"));
        trust.is_about("one", at(2));
        assert!(trust.is_earned(), "it is the same");
        trust.is_about("two", at(3));
        assert_eq!(trust, Trust::none("service-restart", "nas/*", "two", at(3)));
    }

    #[test]
    fn whatever_changes_in_what_a_runbook_does_makes_it_another_and_its_words_do_not() {
        use crate::domain::runbook::{Checks, Match, RunbookLimits};
        use crate::domain::template::Template;
        let command = |line: &str| CommandTemplate {
            host: "local".into(),
            argv: line.split(' ').map(|word| Template::parse(word).unwrap()).collect(),
            cwd: None,
            env: std::collections::BTreeMap::new(),
            stdin: None,
        };
        let step = Step {
            name: "one".into(),
            run: command("systemctl restart {{target.name}}"),
            verify: Verify::Check,
            undo: None,
            capture: Vec::new(),
            timeout: Step::TIMEOUT,
            attempts: Step::ATTEMPTS,
            backoff: Step::BACKOFF,
            idempotent: false,
        };
        let runbook = Runbook {
            name: "restart".into(),
            title: "Restart".into(),
            description: None,
            shipped: false,
            file: "restart.yaml".into(),
            fits: Match::default(),
            steps: vec![step],
            checks: Checks::default(),
            limits: RunbookLimits::default(),
        };
        let changed = |change: &dyn Fn(&mut Runbook)| {
            let mut other = runbook.clone();
            change(&mut other);
            written(&other) != written(&runbook)
        };
        assert!(!changed(&|other| other.title = "Start again".into()));
        let check = NamedCheck {
            name: "quorum".into(),
            run: command("true"),
            timeout: NamedCheck::TIMEOUT,
            safety: false,
        };
        assert!(changed(&|other| other.steps[0].run = command("systemctl stop {{target.name}}")));
        assert!(
            changed(&|other| other.steps[0].run.argv[1] = Template::parse("restart {{ host }}").unwrap())
        );
        assert!(changed(&|other| other.steps[0].run.cwd = Some(Template::parse("/").unwrap())));
        assert!(changed(&|other| other.steps[0].verify = Verify::Command(command("true"))));
        assert!(changed(&|other| other.steps[0].undo = Some(command("true"))));
        assert!(changed(&|other| other.steps[0].capture = vec![("old".into(), command("true"))]));
        assert!(changed(&|other| other.steps[0].attempts = 2));
        assert!(changed(&|other| other.checks.before.push(check.clone())));
        let always = |other: &mut Runbook| other.checks.always.push(check.clone());
        let before = |other: &mut Runbook| other.checks.before.push(check.clone());
        let (mut one, mut two) = (runbook.clone(), runbook.clone());
        always(&mut one);
        before(&mut two);
        assert_ne!(written(&one), written(&two));
    }

    #[test]
    fn a_class_is_a_target_s_siblings_and_what_stands_alone_is_its_own() {
        let class = |text: &str| class_of(&Target::parse(text).unwrap());
        assert_eq!(class("k8s/media/jellyfin"), "k8s/media/*");
        assert_eq!(class("k8s/media/sonarr"), "k8s/media/*");
        assert_eq!(class("pve4/nic"), "pve4/*");
        assert_eq!(class("nas"), "nas");
    }
}
