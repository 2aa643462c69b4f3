//! What never runs, whatever a file, a model or a person says: in code, so that no file can switch it off.
//!
//! A guardrail would rather see too much than too little: it goes by the program's name in any directory, and
//! looks into what can't be seen through as far as words go. What it refuses, a person can still do by hand.

mod cluster;
mod databases;
mod deceit;
mod escapes;
mod leaks;
mod own_process;
mod own_state;
mod places;
mod repairs;
mod seen;
mod senders;
mod storage;
mod trees;
mod wiping;

use std::path::PathBuf;

use crate::domain::action::{Command, Effect};

use super::paths::base_name;
use super::segment::{Line, Opaque, Word};
use super::wildcard;
pub(super) use deceit::deceives;
use seen::Seen;

/// Programs that a pattern in a program's place (`/bin/r?`) is held against.
const GRAVE: [&str; 20] = [
    "rm",
    "dd",
    "mkfs",
    "mkfs.ext4",
    "mke2fs",
    "wipefs",
    "shred",
    "find",
    "mv",
    "chmod",
    "chown",
    "zfs",
    "zpool",
    "kubectl",
    "tee",
    "cp",
    "systemctl",
    "kill",
    "pkill",
    "killall",
];

/// Why an action must never run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guardrail {
    /// As a sentence for people.
    pub(super) why: String,
    /// Whether it may be asked for all the same when a named safety check is part of the plan and passes right
    /// before.
    pub(super) unless_checked: bool,
}

impl Guardrail {
    /// One that nothing opens.
    fn never(why: impl Into<String>) -> Self {
        Self { why: why.into(), unless_checked: false }
    }

    /// One that a safety check opens as far as a question.
    fn unless_checked(what: &str) -> Self {
        let needs =
            "that takes a runbook with a safety check (a verified recent backup) which passes right before";
        Self { why: format!("{what}; {needs}"), unless_checked: true }
    }
}

/// Everything for which this action must never run; those that nothing opens first.
pub(super) fn forbids(command: &Command, line: &Line, protected: &[PathBuf]) -> Vec<Guardrail> {
    let own = own_state::forbids(command, line, protected)
        .or_else(|| own_process::forbids(command, line))
        .or_else(|| leaks::forbids(command, line));
    let mut all: Vec<Guardrail> = own.map(Guardrail::never).into_iter().collect();
    all.extend(every_destruction(command, line));
    all.sort_by_key(|guardrail| guardrail.unless_checked);
    all.dedup();
    all
}

/// Whether a guardrail speaks of a program of this name in any way that matters.
pub(super) fn knows(program: &str) -> bool {
    GRAVE.contains(&program) || databases::is_client(program)
}

/// Why a repair beyond its limit stops here, if it changes anything.
pub(super) fn repetition(limit_exceeded: bool, effect: Effect) -> Option<Guardrail> {
    (limit_exceeded && effect != Effect::Read).then(|| {
        Guardrail::never(
            "this repair was tried as often as its limit allows and did not help; a person has to look",
        )
    })
}

/// Why what a rule calls risky stops here: it has no undo, and a mistake costs more than one thing.
pub(super) fn without_return(why: &str) -> Guardrail {
    let remedy = "it has no undo, so that takes a runbook with a safety check which passes right before";
    Guardrail { why: format!("{why}; {remedy}"), unless_checked: true }
}

/// The part that needs no knowledge of this installation: wiped disks, destroyed storage, deleted namespaces. Of several
/// the one that nothing opens.
pub(super) fn destructive(line: &Line) -> Option<Guardrail> {
    let menaces = line.menaces.iter().map(|why| Guardrail::never(why.as_str()));
    let seen = line.segments.iter().filter_map(|segment| judge(Seen::of(segment)?));
    let hidden = line.opaque.iter().filter_map(in_opaque);
    menaces.chain(seen).chain(hidden).min_by_key(|guardrail| guardrail.unless_checked)
}

/// [`destructive`], and what only the whole line shows: a script that is handed to a shell, SQL to a database.
fn every_destruction(command: &Command, line: &Line) -> Option<Guardrail> {
    let handed = || {
        let texts: Vec<String> = command.argv.iter().chain(&command.stdin).cloned().collect();
        let whole = Opaque { why: String::new(), texts };
        line.opaque.iter().any(is_fed).then(|| in_opaque(&whole)).flatten()
    };
    destructive(line).or_else(handed).or_else(|| fed_with_names(line)).or_else(|| {
        let client = line.segments.iter().filter_map(Seen::of).any(|seen| databases::is_client(seen.name));
        let texts = command.argv.iter().chain(&command.stdin).map(String::as_str);
        (client && databases::drops(texts))
            .then(|| Guardrail::unless_checked("it drops or empties a database"))
    })
}

/// Whether an opaque part runs what the rest of the line gives it.
fn is_fed(opaque: &Opaque) -> bool {
    let Some(name) = opaque.texts.first().map(|text| base_name(text)) else { return false };
    super::segments::is_interpreter(name)
        || ["source", ".", "xargs", "parallel", "at", "batch"].contains(&name)
}

/// `echo /etc | xargs rm -rf`: what is said in front is what it is done to.
fn fed_with_names(line: &Line) -> Option<Guardrail> {
    let says = |seen: &Seen<'_>| ["echo", "printf"].contains(&seen.name);
    let said: Vec<&str> =
        line.segments.iter().filter_map(Seen::of).filter(says).flat_map(Seen::texts).collect();
    let fed = line.opaque.iter().filter(|opaque| {
        opaque.texts.first().is_some_and(|text| ["xargs", "parallel"].contains(&base_name(text)))
    });
    fed.into_iter().find_map(|opaque| {
        let clients = opaque.texts.iter().position(|text| ["kubectl", "oc"].contains(&base_name(text)));
        if clients.is_some_and(|at| opaque.texts[at..].iter().any(|text| text == "delete")) {
            return Some(Guardrail::unless_checked("it deletes from a cluster what another command names"));
        }
        let words = opaque.texts.iter().map(String::as_str).chain(said.iter().copied());
        any_within(&words.map(|word| Word::Known(word.to_owned())).collect::<Vec<_>>())
    })
}

fn judge(seen: Seen<'_>) -> Option<Guardrail> {
    wiping::forbids(seen)
        .or_else(|| trees::forbids(seen))
        .or_else(|| cluster::forbids(seen))
        .or_else(|| escapes::forbids(seen))
        .map(Guardrail::never)
        .or_else(|| {
            let what = storage::destroys(seen)
                .or_else(|| databases::destroys(seen))
                .or_else(|| repairs::may_cost_all(seen))
                .or_else(|| cluster::deletes_unnamed(seen).then_some("deletes what it doesn't name"))?;
            Some(Guardrail::unless_checked(&format!("`{}` {what}", seen.name)))
        })
}

/// Looks for words that must not be there in what can't be seen through.
fn in_opaque(opaque: &Opaque) -> Option<Guardrail> {
    let text = opaque.texts.iter().find_map(|text| wiping::redirect(text).or_else(|| multiplies(text)));
    let code = || {
        let name = opaque.texts.first().map(|text| base_name(text))?;
        let speaks =
            ["python", "perl", "ruby", "node", "lua", "php"].iter().any(|tongue| name.starts_with(tongue));
        speaks.then(|| opaque.texts.iter().skip(1).find_map(|text| wiping::in_code(text))).flatten()
    };
    let text = text.or_else(code);
    let whole = text.or_else(|| leaks::within(opaque)).map(Guardrail::never);
    whole.or_else(|| candidates(opaque).iter().find_map(|words| any_within(words)))
}

/// Judges what begins at each of the words.
fn any_within(words: &[Word]) -> Option<Guardrail> {
    (0..words.len()).find_map(|i| {
        let name = base_name(words[i].text());
        // Of one word again and again the last is judged: all of them at length would take too long.
        if words.get(i + 1) == words.get(i) {
            return None;
        }
        // What belongs to it stands near it; a line of thousands of words is looked through, not weighed anew at each.
        let near = &words[i + 1..words.len().min(i + 257)];
        let seen = Seen { name, words: near, cwd: None };
        let meant = GRAVE.iter().filter(|grave| wildcard::is_wild(name) && wildcard::meet(name, grave));
        let by_pattern = || meant.into_iter().find_map(|grave| judge(seen.called(grave)));
        judge(seen).or_else(by_pattern).or_else(|| own_process::forbids_within(seen).map(Guardrail::never))
    })
}

/// A process that starts itself without end, in a language that no grammar here reads.
fn multiplies(text: &str) -> Option<String> {
    let tight: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bomb = tight.contains("(){") && tight.contains("|") && tight.contains("&}");
    let forks =
        tight.contains("fork") && ["while", "for(;;)", "loop"].iter().any(|mark| tight.contains(mark));
    (bomb || forks).then(|| "it starts itself over and over until the machine stands still".to_owned())
}

/// The word lists of an opaque command in which another command may begin anywhere: its own arguments as
/// they are (`sudo zpool …`), and each argument and the input cut up as a shell would, roughly.
fn candidates(opaque: &Opaque) -> Vec<Vec<Word>> {
    let known = |word: &str| Word::Known(word.to_owned());
    let mut lists = vec![opaque.texts.iter().map(|text| known(text)).collect()];
    for text in &opaque.texts {
        let spaced = text.replace("${IFS}", " ").replace("$IFS", " ");
        let unquoted: String = spaced.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
        for line in unquoted.split([';', '|', '&', '\n', '(', ')', '{', '}', '`']) {
            let words: Vec<Word> = line.split_whitespace().map(known).collect();
            if words.len() > 1 {
                lists.push(words);
            }
        }
    }
    lists
}

#[cfg(test)]
mod tests;
