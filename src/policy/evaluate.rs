//! The judgement itself.

use crate::domain::action::{Action, BlastRadius, Command, Effect};

use super::decision::{Autonomy, Decision, Evaluation, Facts};
use super::rule::Rule;
use super::segments::{Segments, segments};
use super::suggest::suggest_rule;
use super::{Policy, guardrails};

/// How far what nobody knows is taken to reach.
const UNKNOWN_RADIUS: BlastRadius = BlastRadius::Host;

impl Policy {
    /// Judges an action under the facts of the moment. The strictest of guardrails, rules and facts wins.
    #[must_use]
    pub fn evaluate(&self, action: &Action, facts: &Facts) -> Evaluation {
        let Action::Command(command) = action;
        let segments = segments(action);
        let mut evaluation = match &segments {
            Segments::Argv(commands) => self.judge_commands(action, command, commands, facts),
            Segments::Opaque(why) => unknown(why.clone(), facts),
        };
        for rule in self.matching(&command.argv, command).filter(|rule| rule.decision.is_some()) {
            evaluation = stricter(evaluation, by_rule(rule, facts));
        }
        let repetition = guardrails::repetition(facts.limit_exceeded, evaluation.effect);
        for why in guardrails::forbids(command, &segments, &self.protected).into_iter().chain(repetition) {
            evaluation.decision = Decision::Forbid;
            evaluation.reasons.insert(0, why);
        }
        evaluation
    }

    fn judge_commands(
        &self,
        action: &Action,
        command: &Command,
        commands: &[Vec<String>],
        facts: &Facts,
    ) -> Evaluation {
        let judged = commands.iter().map(|argv| {
            let rules = self.matching(argv, command).map(|rule| by_rule(rule, facts));
            rules.reduce(stricter).unwrap_or_else(|| no_rule(action, facts))
        });
        judged.reduce(stricter).unwrap_or_else(|| no_rule(action, facts))
    }

    fn matching<'a>(&'a self, argv: &'a [String], command: &'a Command) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(move |rule| rule.matches(argv, command))
    }
}

/// The stricter of two judgements; of equal ones, that of the graver effect, then the wider reach, then the first.
fn stricter(a: Evaluation, b: Evaluation) -> Evaluation {
    let key = |e: &Evaluation| (e.decision, e.effect, e.blast_radius);
    if key(&b) > key(&a) { b } else { a }
}

fn no_rule(action: &Action, facts: &Facts) -> Evaluation {
    unknown(format!("no rule matches; add one:\n{}", suggest_rule(action)), facts)
}

/// What nobody vouches for is taken to be irreversible.
fn unknown(why: String, facts: &Facts) -> Evaluation {
    Evaluation {
        decision: Decision::Approve,
        effect: Effect::Irreversible,
        blast_radius: facts.target_radius.max(UNKNOWN_RADIUS),
        reasons: vec![why],
        rule: None,
        undo: None,
    }
}

fn by_rule(rule: &Rule, facts: &Facts) -> Evaluation {
    let blast_radius = rule.blast_radius.max(facts.target_radius);
    let hurdles = hurdles(rule, blast_radius, facts);
    let by_facts = if hurdles.is_empty() { Decision::Allow } else { Decision::Approve };
    let mut reasons = hurdles;
    reasons.push(format!("rule {} says {}: {}", rule.name, rule.effect, rule.why));
    Evaluation {
        decision: by_facts.max(rule.decision.unwrap_or(Decision::Allow)),
        effect: rule.effect,
        blast_radius,
        reasons,
        rule: Some(rule.name.clone()),
        undo: rule.undo.clone(),
    }
}

/// What stands between a rule's command and running by itself. Nothing does for what only reads.
fn hurdles(rule: &Rule, blast_radius: BlastRadius, facts: &Facts) -> Vec<String> {
    let mut hurdles = Vec::new();
    if let Some(decision) = rule.decision {
        hurdles.push(match decision {
            Decision::Forbid => format!("rule {} forbids it", rule.name),
            _ => format!("rule {} asks for an approval", rule.name),
        });
    }
    if rule.effect == Effect::Read {
        return hurdles;
    }
    if rule.effect == Effect::Irreversible {
        hurdles.push("it can't be taken back".into());
    }
    if facts.paused {
        hurdles.push("changes are paused; `resume` lifts that".into());
    }
    if facts.autonomy == Autonomy::Propose {
        hurdles.push("autonomy is `propose`: every change is asked for".into());
    }
    if !facts.observed {
        hurdles.push("its target is only suspected: no skill or alert has seen it fail".into());
    }
    if blast_radius > BlastRadius::Host {
        hurdles.push(format!("it reaches further than one host ({blast_radius})"));
    }
    hurdles
}
