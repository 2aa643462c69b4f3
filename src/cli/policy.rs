//! `steward policy explain` and `steward policy test`: what the policy says to a command, and whether its rules keep
//! to their own examples.

use std::path::PathBuf;
use std::process::ExitCode;

use super::args::{ExplainArgs, PolicyCommand};
use super::failure::Failure;
use super::json::policy::Explained;
use super::screen::{Screen, Tone};
use super::{Ended, Stop};
use crate::config::Setup;
use crate::domain::action::Action;
use crate::policy::{Decision, Evaluation, Facts, Judgement, Policy};

/// Carries out what was typed after `steward policy`.
pub(super) fn policy(setup: &Setup, command: &PolicyCommand, screen: &mut Screen<'_>) -> Ended {
    match command {
        PolicyCommand::Explain(args) => explain(setup, args, screen),
        PolicyCommand::Test { rules } => test(&with_rules(&setup.policy, rules)?, screen),
    }
}

/// The policy in force and the files of rules to try.
fn with_rules(policy: &Policy, files: &[PathBuf]) -> Result<Policy, Failure> {
    let mut policy = policy.clone();
    for file in files {
        let name = file.display().to_string();
        policy = policy.adding(&name, &read(file)?).map_err(|problems| {
            let list: String = problems.iter().map(|problem| format!("\n{problem}")).collect();
            Failure::new(format!("{name} can't be in force{list}"), "mend that, and try again")
        })?;
    }
    Ok(policy)
}

fn read(file: &PathBuf) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure::new(format!("{} can't be read: {error}", file.display()), "look at its name and its rights")
    })
}

fn explain(setup: &Setup, args: &ExplainArgs, screen: &mut Screen<'_>) -> Ended {
    let policy = with_rules(&setup.policy, &args.rules)?;
    let lines = match &args.file {
        Some(file) => read(file)?.lines().filter(|line| is_command(line)).map(str::to_owned).collect(),
        None => Vec::new(),
    };
    let facts = Facts { autonomy: setup.loaded.config.autonomy, observed: args.observed, ..Facts::plain() };
    let of_line = |line: &String| (line.clone(), policy.evaluate(&Action::script(line), &facts));
    let judged: Vec<(String, Evaluation)> = match args.command.as_slice() {
        [] => lines.iter().map(of_line).collect(),
        [line] => vec![of_line(line)],
        words => {
            let action = Action::local(words.to_vec());
            vec![(action.to_string(), policy.evaluate(&action, &facts))]
        }
    };
    for (i, (command, evaluation)) in judged.iter().enumerate() {
        if args.json {
            screen.json_line(&Explained::new(command, evaluation))?;
        } else {
            if i > 0 {
                screen.gap()?;
            }
            tell(command, evaluation, screen)?;
        }
    }
    Ok(exit_code(judged.iter().map(|(_, evaluation)| evaluation.decision).max()))
}

/// Whether a line of a list holds a command: neither blank nor a comment.
fn is_command(line: &str) -> bool {
    !line.trim().is_empty() && !line.trim_start().starts_with('#')
}

/// 0 allow, 10 approve, 20 forbid: the strictest of them.
fn exit_code(strictest: Option<Decision>) -> ExitCode {
    match strictest {
        None | Some(Decision::Allow) => ExitCode::SUCCESS,
        Some(Decision::Approve) => ExitCode::from(10),
        Some(Decision::Forbid) => ExitCode::from(20),
    }
}

fn tone(decision: Decision) -> Tone {
    match decision {
        Decision::Allow => Tone::Good,
        Decision::Approve => Tone::Warn,
        Decision::Forbid => Tone::Bad,
    }
}

fn tell(command: &str, evaluation: &Evaluation, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let decision = evaluation.decision.to_string();
    screen.toned(&[(tone(evaluation.decision), &format!("{decision:<8}")), (Tone::Strong, command)])?;
    let what = format!("{}, reaches {}", evaluation.effect, evaluation.blast_radius);
    screen.block(Tone::Plain, 8, &what)?;
    for reason in &evaluation.reasons {
        screen.block(Tone::Plain, 8, &format!("because {reason}"))?;
    }
    if let Some(undo) = &evaluation.undo {
        screen.block(Tone::Plain, 8, &format!("undo: {undo}"))?;
    }
    if evaluation.approvers > 1 {
        screen.block(Tone::Plain, 8, &format!("{} people have to say yes", evaluation.approvers))?;
    }
    let seen = evaluation.segments.iter().any(|segment| segment.command != command);
    if seen {
        screen.block(Tone::Dim, 8, "it would run:")?;
        evaluation.segments.iter().try_for_each(|segment| tell_segment(segment, screen))?;
    }
    Ok(())
}

fn tell_segment(segment: &Judgement, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let by = segment.rule.as_deref().map_or_else(|| "no rule".to_owned(), |rule| format!("rule {rule}"));
    let decision = format!("          {:<8}", segment.decision.to_string());
    screen.toned(&[
        (tone(segment.decision), &decision),
        (Tone::Plain, &segment.command),
        (Tone::Dim, &format!("  ({by}, {})", segment.effect)),
    ])
}

/// Loading holds every rule to its examples, so what is here has passed; this says how much that was.
fn test(policy: &Policy, screen: &mut Screen<'_>) -> Ended {
    let mut files: Vec<(&str, usize, usize)> = Vec::new();
    let rules = policy.rules().map(|rule| (rule.file(), rule.examples()));
    for (name, of_rule) in rules.chain(policy.nevers().map(|never| (never.file(), never.examples()))) {
        match files.iter_mut().find(|(file, ..)| *file == name) {
            Some((_, rules, examples)) => {
                *rules += 1;
                *examples += of_rule;
            }
            None => files.push((name, 1, of_rule)),
        }
    }
    let row = |(file, rules, examples): &(&str, usize, usize)| {
        (Tone::Plain, vec![(*file).to_owned(), rules.to_string(), examples.to_string()])
    };
    screen.table(&["FILE", "RULES", "EXAMPLES"], &files.iter().map(row).collect::<Vec<_>>())?;
    let (rules, examples) = files.iter().fold((0, 0), |(r, e), file| (r + file.1, e + file.2));
    screen.say(Tone::Good, &format!("{rules} rules keep to their {examples} examples."))?;
    Ok(ExitCode::SUCCESS)
}
