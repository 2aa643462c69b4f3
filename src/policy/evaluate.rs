//! The judgement itself.

use crate::domain::action::{Action, BlastRadius, Command, Effect};

use super::decision::{Autonomy, Decision, Evaluation, Facts, Judgement, Needs};
use super::guardrails::Guardrail;
use super::rule::Rule;
use super::segment::{Line, Segment};
use super::suggest::suggest_rule_for;
use super::{Policy, guardrails, segments};

/// How far what nobody knows is taken to reach.
const UNKNOWN_RADIUS: BlastRadius = BlastRadius::Host;

/// A judgement of one command, with what only the whole needs.
struct Judged {
    judgement: Judgement,
    approvers: u8,
    needs: Needs,
    /// Why it must not run without a safety check, if a rule calls it risky.
    risky: Option<String>,
}

impl Policy {
    /// Judges an action under the facts of the moment. Each command that it would run is judged by itself, and the
    /// strictest of guardrails, rules and facts wins.
    #[must_use]
    pub fn evaluate(&self, action: &Action, facts: &Facts) -> Evaluation {
        let Action::Command(command) = action;
        let line = segments::of_action(action);
        let mut judged: Vec<Judged> =
            line.segments.iter().map(|segment| self.judge(segment, facts)).collect();
        judged.extend(
            line.opaque.iter().map(|opaque| unknown(&opaque.texts.join(" "), opaque.why.clone(), facts)),
        );
        if judged.is_empty() {
            judged.push(unknown(
                &action.to_string(),
                "there is nothing in it that could be judged".into(),
                facts,
            ));
        }
        judged.extend(self.tightened(command, facts));
        let risky = judged.iter().find_map(|j| j.risky.as_deref()).map(guardrails::without_return);
        let mut evaluation = together(judged);
        self.constrain(command, &line, &mut evaluation);
        self.guard(command, &line, facts, risky, &mut evaluation);
        evaluation
    }

    /// Judges one command.
    fn judge(&self, segment: &Segment, facts: &Facts) -> Judged {
        let rules: Vec<&Rule> = self.rules.iter().filter(|rule| rule.matches(segment)).collect();
        let risky = rules.iter().find(|rule| rule.risky).map(|rule| rule.why.clone());
        let judged = rules.into_iter().map(|rule| by_rule(segment, rule, facts)).reduce(stricter);
        judged.map(|judged| Judged { risky, ..judged }).unwrap_or_else(|| {
            let why = format!("no rule matches; add one:\n{}", suggest_rule_for(segment));
            unknown(&segment.to_string(), why, facts)
        })
    }

    /// A rule that tightens needs no clear sight: it holds for an action as it stands, too.
    fn tightened(&self, command: &Command, facts: &Facts) -> Option<Judged> {
        if command.argv.is_empty() {
            return None;
        }
        let whole = Segment::plain(&command.argv);
        let rules = self.rules.iter().filter(|rule| rule.decision.is_some() && rule.matches(&whole));
        rules.map(|rule| by_rule(&whole, rule, facts)).reduce(stricter)
    }

    fn guard(
        &self,
        command: &Command,
        line: &Line,
        facts: &Facts,
        risky: Option<Guardrail>,
        evaluation: &mut Evaluation,
    ) {
        if let Some(why) = guardrails::deceives(command) {
            evaluation.decision = evaluation.decision.max(Decision::Approve);
            evaluation.reasons.insert(0, why);
        }
        let repetition = guardrails::repetition(facts.limit_exceeded, evaluation.effect);
        let all =
            guardrails::forbids(command, line, &self.protected).into_iter().chain(repetition).chain(risky);
        // The weightiest comes first, so it is put in front last.
        for guardrail in all.collect::<Vec<_>>().into_iter().rev() {
            let opened = guardrail.unless_checked && facts.safety_checked;
            let decision = if opened { Decision::Approve } else { Decision::Forbid };
            evaluation.decision = evaluation.decision.max(decision);
            evaluation.effect = evaluation.effect.max(Effect::Irreversible);
            evaluation.reasons.insert(0, guardrail.why);
        }
    }
}

/// The stricter of two judgements; of equal ones, that of the graver effect, then the wider reach, then the first.
fn stricter(a: Judged, b: Judged) -> Judged {
    let key = |j: &Judged| (j.judgement.decision, j.judgement.effect, j.judgement.blast_radius, j.approvers);
    if key(&b) > key(&a) { b } else { a }
}

/// What all commands together come to: the strictest decides, and everything that any of them does counts.
fn together(judged: Vec<Judged>) -> Evaluation {
    let strictest = |decision: Decision| judged.iter().filter(move |j| j.judgement.decision == decision);
    let decision = judged.iter().map(|j| j.judgement.decision).max().unwrap_or(Decision::Approve);
    let mut reasons: Vec<String> = Vec::new();
    for reason in strictest(decision).flat_map(|j| &j.judgement.reasons) {
        if !reasons.contains(reason) {
            reasons.push(reason.clone());
        }
    }
    // What was done last is taken back first.
    let undos: Vec<&str> = judged.iter().rev().filter_map(|j| j.judgement.undo.as_deref()).collect();
    Evaluation {
        decision,
        effect: judged.iter().map(|j| j.judgement.effect).max().unwrap_or(Effect::Irreversible),
        blast_radius: judged.iter().map(|j| j.judgement.blast_radius).max().unwrap_or(UNKNOWN_RADIUS),
        reasons,
        rule: strictest(decision).find_map(|j| j.judgement.rule.clone()),
        undo: (!undos.is_empty()).then(|| undos.join("; then ")),
        approvers: judged.iter().map(|j| j.approvers).max().unwrap_or(1),
        needs: judged.iter().map(|j| j.needs).max().unwrap_or(Needs::Write),
        segments: judged.into_iter().map(|j| j.judgement).collect(),
    }
}

/// What nobody vouches for is taken to be irreversible.
fn unknown(command: &str, why: String, facts: &Facts) -> Judged {
    let judgement = Judgement {
        command: command.to_owned(),
        decision: Decision::Approve,
        effect: Effect::Irreversible,
        blast_radius: facts.target_radius.max(UNKNOWN_RADIUS),
        reasons: vec![why],
        rule: None,
        undo: None,
    };
    Judged { judgement, approvers: 1, needs: Needs::Write, risky: None }
}

fn by_rule(segment: &Segment, rule: &Rule, facts: &Facts) -> Judged {
    let blast_radius = rule.blast_radius.max(facts.target_radius);
    let hurdles = hurdles(rule, blast_radius, facts);
    let by_facts = if hurdles.is_empty() { Decision::Allow } else { Decision::Approve };
    let mut reasons = hurdles;
    reasons.push(format!("rule {} says {}: {}", rule.name, rule.effect, rule.why));
    let judgement = Judgement {
        command: segment.to_string(),
        decision: by_facts.max(rule.decision.unwrap_or(Decision::Allow)),
        effect: rule.effect,
        blast_radius,
        reasons,
        rule: Some(rule.name.clone()),
        undo: rule.undo.clone(),
    };
    Judged { judgement, approvers: rule.approvers, needs: rule.needs, risky: None }
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
    let mut hurdle = |is: bool, why: &str| {
        if is {
            hurdles.push(why.to_owned());
        }
    };
    hurdle(rule.effect == Effect::Irreversible, "it can't be taken back");
    hurdle(facts.paused, "changes are paused; `resume` lifts that");
    hurdle(facts.autonomy == Autonomy::Propose, "autonomy is `propose`: every change is asked for");
    hurdle(
        facts.autonomy == Autonomy::Earned && !facts.trusted,
        "autonomy is `earned`, and this kind of repair has not earned it here yet (`trust` shows how far it is)",
    );
    hurdle(!facts.observed, "its target is not verified: no skill or alert has seen it fail");
    hurdle(facts.outside_window, "it is outside of the window for changes");
    hurdle(facts.budget_spent, "the error budget is spent");
    hurdle(facts.host_busy, "another repair is at work on the same host");
    hurdle(facts.doubtful, "whoever proposes it is not sure");
    if blast_radius > BlastRadius::Host {
        hurdles.push(format!("it reaches further than one host ({blast_radius})"));
    }
    hurdles
}
