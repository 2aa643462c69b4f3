//! Turns a rule as it is written into one that can be in force, or says everything that is wrong with it.

use regex::Regex;

use crate::domain::action::{BlastRadius, Effect};

use super::decision::{Decision, Needs};
use super::glob::Glob;
use super::guardrails;
use super::load::{Example, RawArgs, RawRule, Reads, Tightening, Words};
use super::pattern::{Args, Flag, Pattern};
use super::rule::Rule;

/// What is wrong within a rule; the loader adds where.
pub(super) struct Fault {
    pub(super) field: Option<String>,
    pub(super) message: String,
    pub(super) hint: String,
}

/// The fields of a rule, for did-you-mean.
const FIELDS: [&str; 19] = [
    "mentions",
    "name",
    "why",
    "pattern",
    "global_flags",
    "flags",
    "requires",
    "args",
    "env",
    "stdin",
    "effect",
    "blast_radius",
    "decision",
    "undo",
    "reads",
    "approvers",
    "risky",
    "match",
    "not_match",
];

impl Fault {
    pub(super) fn new(field: &str, message: impl Into<String>, hint: &str) -> Self {
        Self { field: Some(field.to_owned()), message: message.into(), hint: hint.to_owned() }
    }

    /// A field that every rule needs.
    pub(super) fn missing(field: &str) -> Self {
        Self::new(field, "it is missing", "every rule needs it; docs/policy.md has an example")
    }

    /// What the YAML reader says about a field, with a guess at what was meant.
    pub(super) fn of_reader(field: Option<&str>, error: &serde_yaml::Error) -> Self {
        let message = error.to_string();
        // The fields of a rule and those of a `never` are not the same: the reader names those that fit here.
        let fits = |known: &&&str| {
            message.rsplit("expected ").next().is_some_and(|here| here.contains(&format!("`{known}`")))
        };
        let near = |known: &&&str| field.is_some_and(|field| strsim::jaro_winkler(field, known) > 0.8);
        let hint = match FIELDS.iter().filter(fits).find(near) {
            Some(known) if message.contains("unknown field") => format!("did you mean `{known}`?"),
            _ if field == Some("decision") => "a rule can only tighten: `approve` or `forbid`".into(),
            _ if message.contains("expected a string") || message.contains("(quote ") => {
                "put numbers, true, false, yes, no, on and off in quotes".into()
            }
            _ => "docs/policy.md says what each field holds".into(),
        };
        Self { field: field.map(str::to_owned), message, hint }
    }
}

/// Checks one rule against itself, its examples and the names that are taken.
pub(super) fn rule(file: &str, raw: RawRule, taken: Option<String>) -> Result<Rule, Vec<Fault>> {
    let mut faults = Vec::new();
    check_words(&raw, taken, &mut faults);
    let pattern = pattern(&raw, &mut faults);
    let rule = Rule {
        blast_radius: raw.blast_radius.unwrap_or(BlastRadius::Target),
        name: raw.name,
        file: file.to_owned(),
        why: raw.why,
        pattern,
        env: raw.env.into_iter().collect(),
        stdin: raw.stdin,
        effect: raw.effect,
        decision: raw.decision.map(|tightening| match tightening {
            Tightening::Approve => Decision::Approve,
            Tightening::Forbid => Decision::Forbid,
        }),
        undo: raw.undo,
        needs: match (raw.effect, raw.reads) {
            (Effect::Read, Some(Reads::Local)) => Needs::Local,
            (Effect::Read, _) => Needs::Network,
            _ => Needs::Write,
        },
        approvers: raw.approvers.unwrap_or(1),
        risky: raw.risky,
        examples: raw.matching.len() + raw.not_matching.len(),
    };
    if faults.is_empty() {
        check_examples(&rule, &raw.matching, &raw.not_matching, &mut faults);
    }
    if faults.is_empty() { Ok(rule) } else { Err(faults) }
}

/// Checks a name; `taken` is the file that has it already.
pub(super) fn name(name: &str, taken: Option<String>, faults: &mut Vec<Fault>) {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(good) {
        faults.push(Fault::new(
            "name",
            format!("{name:?} is not a name"),
            "write a short one of a-z, 0-9 and - . _",
        ));
    }
    if let Some(file) = taken {
        let message = format!("{name} is the name of a rule in {file} already");
        faults.push(Fault::new("name", message, "rules add up and none replaces another; choose a new name"));
    }
}

fn check_words(raw: &RawRule, taken: Option<String>, faults: &mut Vec<Fault>) {
    name(&raw.name, taken, faults);
    if raw.why.trim().is_empty() {
        faults.push(Fault::new("why", "it is empty", "say in a sentence why the effect is what you say"));
    }
    if raw.effect == Effect::Reversible && raw.undo.as_deref().unwrap_or_default().trim().is_empty() {
        faults.push(Fault::new(
            "undo",
            "a reversible action needs one",
            "say how it is taken back: `undo: mount it again`",
        ));
    }
    if raw.effect != Effect::Read && raw.reads.is_some() {
        faults.push(Fault::new("reads", "it is for what only reads", "drop it, or say `effect: read`"));
    }
    if raw.risky && raw.effect != Effect::Irreversible {
        let message = "what is risky has no undo";
        faults.push(Fault::new("risky", message, "say `effect: irreversible`, or drop it"));
    }
    if raw.approvers == Some(0) {
        faults.push(Fault::new("approvers", "nobody would have to say yes", "write 1 or more"));
    }
    if raw.effect != Effect::Read && raw.blast_radius.is_none() {
        faults.push(Fault::new(
            "blast_radius",
            "what changes something needs one",
            "target, service, host or cluster",
        ));
    }
}

fn pattern(raw: &RawRule, faults: &mut Vec<Fault>) -> Pattern {
    let tokens: Vec<Vec<String>> = raw
        .pattern
        .iter()
        .map(|token| match token {
            Words::One(word) => vec![word.clone()],
            Words::AnyOf(words) => words.clone(),
        })
        .collect();
    check_tokens(&tokens, faults);
    let global_flags = flags("global_flags", &raw.global_flags, faults);
    let flags = flags("flags", &raw.flags, faults);
    for name in raw.requires.iter().filter(|name| !flags.iter().any(|flag| flag.name == **name)) {
        faults.push(Fault::new(
            "requires",
            format!("{name} is not one of the flags"),
            "list it under `flags` too",
        ));
    }
    let requires = raw.requires.clone();
    Pattern { tokens, global_flags, flags, requires, args: args(&raw.args, faults) }
}

fn check_tokens(tokens: &[Vec<String>], faults: &mut Vec<Fault>) {
    let mut fault = |message: String, hint: &str| faults.push(Fault::new("pattern", message, hint));
    let Some(programs) = tokens.first() else {
        return fault("it is empty".into(), "begin with the program: `pattern: [systemctl, restart]`");
    };
    for program in programs {
        if program == "*" || program.starts_with('-') || program.contains('/') && !program.starts_with('/') {
            fault(format!("{program:?} is not a program"), "write its bare name, or its full path");
        }
    }
    if tokens.iter().any(|words| words.is_empty() || words.iter().any(String::is_empty)) {
        fault("a token has nothing in it".into(), "write a word, or a list of alternatives");
    }
}

fn flags(field: &str, texts: &[String], faults: &mut Vec<Fault>) -> Vec<Flag> {
    let mut flags: Vec<Flag> = Vec::new();
    for text in texts {
        match Flag::parse(text) {
            Ok(flag) if flags.iter().any(|other| other.name == flag.name) => {
                faults.push(Fault::new(field, format!("{} is listed twice", flag.name), "keep one of them"));
            }
            Ok(flag) => flags.push(flag),
            Err(message) => faults.push(Fault::new(
                field,
                message,
                "a flag that isn't listed keeps the rule from matching",
            )),
        }
    }
    flags
}

fn args(raw: &RawArgs, faults: &mut Vec<Fault>) -> Args {
    if raw.min > raw.max {
        let message = format!("min {} is more than max {}", raw.min, raw.max);
        faults.push(Fault::new(
            "args",
            message,
            "max says how many arguments may follow, and is 0 if left out",
        ));
    }
    let globs = !(raw.allow.is_empty() && raw.like.is_empty() && raw.deny.is_empty());
    if raw.any && (globs || raw.text > 0 || raw.no_secrets) {
        let message = "`any` means that the rest can't matter, so nothing else can be asked of it";
        faults.push(Fault::new("args", message, "drop `any`, or everything but `min`"));
    }
    if raw.max == 0 && globs {
        faults.push(Fault::new("args", "there are globs for arguments, but none may follow", "set max"));
    }
    let globs = |texts: &[String]| texts.iter().map(|text| Glob::new(text)).collect();
    let mut like = Vec::new();
    for text in &raw.like {
        match Regex::new(&format!("^(?:{text})$")) {
            Ok(regex) => like.push(regex),
            Err(error) => {
                faults.push(Fault::new("args", format!("{text:?}: {error}"), "write a regular expression"));
            }
        }
    }
    Args {
        min: raw.min,
        max: raw.max,
        allow: globs(&raw.allow),
        like,
        deny: globs(&raw.deny),
        text: raw.text,
        no_secrets: raw.no_secrets,
        any: raw.any,
    }
}

fn check_examples(rule: &Rule, matching: &[Example], not_matching: &[Example], faults: &mut Vec<Fault>) {
    for (field, examples) in [("match", matching), ("not_match", not_matching)] {
        if examples.is_empty() {
            faults.push(Fault::new(field, "there is no example", "give at least one command line"));
        }
    }
    for example in matching {
        if let Some((message, hint)) = why_not_matched(rule, example) {
            faults.push(Fault::new("match", format!("`{}` {message}", example.text()), hint));
        }
    }
    for example in not_matching.iter().filter(|example| is_matched(rule, example)) {
        let message = format!("`{}` is matched", example.text());
        faults.push(Fault::new("not_match", message, "narrow the rule down, or drop the example"));
    }
}

/// Whether the rule speaks of one of the example's commands, or of its words as they stand.
fn is_matched(rule: &Rule, example: &Example) -> bool {
    let whole = example.as_it_stands();
    example.line().segments.iter().chain([&whole]).any(|segment| rule.matches(segment))
}

fn why_not_matched(rule: &Rule, example: &Example) -> Option<(String, &'static str)> {
    if !is_matched(rule, example) {
        return Some((
            "is not matched".into(),
            "a flag that isn't listed, or arguments beyond `args`, keep a rule from matching",
        ));
    }
    if rule.decision.is_some() {
        return None; // tightening needs no clear sight
    }
    let line = example.line();
    if let Some(opaque) = line.opaque.first() {
        return Some((
            format!("can't be judged: {}", opaque.why),
            "a rule can't vouch for what it doesn't see",
        ));
    }
    if !line.segments.iter().any(|segment| rule.matches(segment)) {
        return Some((
            "can't be judged: it runs other commands, and those are judged in its place".into(),
            "write a rule for what it runs",
        ));
    }
    // What a safety check opens may well have a rule that says what it does.
    guardrails::destructive(&line).filter(|guardrail| !guardrail.unless_checked).map(|guardrail| {
        (format!("is forbidden by a guardrail: {}", guardrail.why), "no rule opens a guardrail")
    })
}
