//! The rule that an action lacks, as text to paste.

use std::fmt::Write;

use crate::domain::action::Action;

use super::load;
use super::paths::known_name;
use super::segment::Segment;
use super::segments;

/// A rule, as YAML for the operator's file, that matches `action`; for an action that no rule can vouch for,
/// a comment that says what to do instead.
///
/// It says `irreversible`, so that pasting it changes nothing until a person has put in what is true.
#[must_use]
pub fn suggest_rule(action: &Action) -> String {
    let line = segments::of_action(action);
    match line.opaque.first() {
        Some(opaque) => format!("# no rule can vouch for this: {}\n", opaque.why),
        None => suggest(&line.segments),
    }
}

/// As [`suggest_rule`], for one command.
pub(super) fn suggest_rule_for(segment: &Segment) -> String {
    suggest(std::slice::from_ref(segment))
}

fn suggest(segments: &[Segment]) -> String {
    if segments.iter().flat_map(|segment| &segment.words).any(|word| word.known().is_none()) {
        return "# no rule can match this: some of its words are not known before it runs\n".into();
    }
    let rules = format!("rules:\n{}", segments.iter().map(rule_for).collect::<String>());
    match load::load([("suggested", rules.as_str())]) {
        Ok(_) => rules,
        Err(_) => {
            "# no rule can match this: it has control characters, a `..`, or a flag of an odd form in it\n"
                .into()
        }
    }
}

fn rule_for(segment: &Segment) -> String {
    let argv = &segment.texts();
    let (program, words) =
        argv.split_first().map_or(("", &[][..]), |(program, words)| (program.as_str(), words));
    let program = known_name(program).unwrap_or(program);
    let verb = words.first().filter(|word| is_verb(word));
    let rest = &words[usize::from(verb.is_some())..];
    let tokens: Vec<&str> = [program].into_iter().chain(verb.map(String::as_str)).collect();
    let flags: Vec<String> = flags(rest);
    let args = rest.iter().filter(|word| !word.starts_with('-')).count();

    let mut yaml = String::new();
    let mut line = |text: String| {
        let _ = writeln!(yaml, "{text}"); // writing to a String does not fail
    };
    line(format!("  - name: own-{}", slug(&tokens.join("-"))));
    line("    why: say in a sentence what this does".into());
    line(format!("    pattern: {}", list(tokens.iter().copied())));
    if !flags.is_empty() {
        line(format!("    flags: {}", list(flags.iter().map(String::as_str))));
    }
    if args > 0 {
        line(format!("    args: {{ min: {args}, max: {args} }}"));
    }
    if !segment.env.is_empty() {
        line(format!("    env: {}", list(segment.env.iter().map(String::as_str))));
    }
    if segment.stdin {
        line("    stdin: true".into());
    }
    line(
        "    effect: irreversible   # say what is true: read, restorative, reversible (and its undo) or this"
            .into(),
    );
    line("    blast_radius: host     # target, service, host or cluster".into());
    line(format!("    match: [{}]", list(argv.iter().map(String::as_str))));
    line(format!("    not_match: [{}]", list(argv.iter().map(String::as_str).chain(["--never"]))));
    yaml
}

/// The flags of a command line, each as rules write them. Which ones take the next word as their value can't
/// be told, so that word counts as an argument.
fn flags(words: &[String]) -> Vec<String> {
    let mut flags: Vec<String> = Vec::new();
    for word in words.iter().filter(|word| word.starts_with('-') && *word != "--") {
        let flag = word.split_once('=').map_or(word.clone(), |(name, _)| format!("{name}="));
        if !flags.contains(&flag) {
            flags.push(flag);
        }
    }
    flags
}

/// Whether a word reads like a subcommand: `restart`, `list-units`.
fn is_verb(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

fn slug(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    let slug: String = text.to_lowercase().chars().map(plain).collect();
    slug.trim_matches('-').chars().take(40).collect()
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", words.map(quoted).collect::<Vec<_>>().join(", "))
}

/// A word as YAML: bare where nothing else could be meant, else as a JSON string, which YAML reads alike.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let special = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let bare = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && word.chars().all(plain)
        && !special.contains(&word.to_lowercase().as_str());
    if bare { word.to_owned() } else { serde_json::Value::from(word).to_string() }
}
