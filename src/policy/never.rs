//! Rules on what a command speaks of, whatever program it is: "no CephFS for what keeps its data in SQLite". They
//! tighten and never loosen, so they need no clear sight: a word in a script, a file name or a host's name is enough.

use crate::domain::action::{Action, Command, Effect};

use super::decision::{Decision, Evaluation};
use super::load::{Example, RawNever, Tightening, Words};
use super::problem::RuleProblem;
use super::segment::Line;
use super::{Facts, Policy, check, segments};

/// What nobody may do, or only after a person's yes: told by the words that a command holds.
#[derive(Debug, Clone)]
pub struct Never {
    name: String,
    file: String,
    why: String,
    /// Of each group one word has to be there. In lower case, single spaces.
    mentions: Vec<Vec<String>>,
    decision: Decision,
    reads: bool,
    matching: Vec<(String, Action)>,
    examples: usize,
    /// The line of its `match`, for what only shows when it is in force.
    line: Option<usize>,
}

impl Never {
    /// Its name, unique among these and all rules.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it comes from.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Why it is there, for people.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// Forbid or approve.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// How many examples it was held to.
    #[must_use]
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// Checks one as it is written against itself and the names that are taken.
    pub(super) fn new(
        file: &str,
        raw: RawNever,
        line: Option<usize>,
        taken: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<check::Fault>> {
        let mut faults = Vec::new();
        check::name(&raw.name, taken(&raw.name), &mut faults);
        if raw.why.trim().is_empty() {
            faults.push(check::Fault::new(
                "why",
                "it is empty",
                "say in a sentence what it keeps from happening",
            ));
        }
        let never = Self {
            mentions: groups(&raw.mentions, &mut faults),
            name: raw.name,
            file: file.to_owned(),
            why: raw.why.trim().to_owned(),
            decision: match raw.decision {
                Some(Tightening::Approve) => Decision::Approve,
                Some(Tightening::Forbid) | None => Decision::Forbid,
            },
            reads: raw.reads,
            examples: raw.matching.len() + raw.not_matching.len(),
            matching: raw.matching.iter().map(|example| (example.text(), example.action())).collect(),
            line,
        };
        if faults.is_empty() {
            never.check_examples(&raw.matching, &raw.not_matching, &mut faults);
        }
        if faults.is_empty() { Ok(never) } else { Err(faults) }
    }

    fn check_examples(&self, matching: &[Example], not_matching: &[Example], faults: &mut Vec<check::Fault>) {
        for (field, examples) in [("match", matching), ("not_match", not_matching)] {
            if examples.is_empty() {
                faults.push(check::Fault::new(
                    field,
                    "there is no example",
                    "give at least one command line",
                ));
            }
        }
        for (text, action) in &self.matching {
            if let Some(group) = self.missing(&text_of(action, None)) {
                faults.push(check::Fault::new(
                    "match",
                    format!("`{text}` mentions none of {}", group.join(", ")),
                    "one word of each group has to be there; whole words count",
                ));
            }
        }
        for example in not_matching {
            if self.missing(&text_of(&example.action(), None)).is_none() {
                faults.push(check::Fault::new(
                    "not_match",
                    format!("`{}` is matched", example.text()),
                    "add a group of words that tells them apart, or drop the example",
                ));
            }
        }
    }

    /// The first group of which the text has no word.
    fn missing(&self, text: &str) -> Option<&[String]> {
        let has = |words: &[String]| words.iter().any(|word| mentions(text, word));
        self.mentions.iter().map(Vec::as_slice).find(|words| !has(words))
    }

    /// Holds a judgement to it.
    fn tighten(&self, text: &str, evaluation: &mut Evaluation) {
        if (evaluation.effect == Effect::Read && !self.reads) || self.missing(text).is_some() {
            return;
        }
        let verb = if self.decision == Decision::Forbid { "forbids it" } else { "asks for an approval" };
        let why = format!("{} ({}) {verb}: {}", self.name, short(&self.file), self.why);
        if self.decision >= evaluation.decision {
            evaluation.decision = self.decision;
            evaluation.rule = Some(self.name.clone());
            evaluation.reasons.insert(0, why);
        } else {
            evaluation.reasons.push(why);
        }
    }
}

/// The file's own name.
fn short(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

fn groups(raw: &[Words], faults: &mut Vec<check::Fault>) -> Vec<Vec<String>> {
    let groups: Vec<Vec<String>> = raw
        .iter()
        .map(|group| match group {
            Words::One(word) => vec![plain(word)],
            Words::AnyOf(words) => words.iter().map(|word| plain(word)).collect(),
        })
        .collect();
    let hint = "write groups of words, each in brackets: `mentions: [[reboot, poweroff], [pve1]]`";
    if groups.is_empty() {
        faults.push(check::Fault::new("mentions", "it is empty: that would be every command", hint));
    }
    let is_word = |word: &String| word.chars().any(char::is_alphanumeric);
    if groups.iter().any(|words| words.is_empty() || !words.iter().all(is_word)) {
        faults.push(check::Fault::new(
            "mentions",
            "a group has nothing in it that could be looked for",
            hint,
        ));
    }
    groups
}

/// Lower case, and every run of blanks one space.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether a word stands in a text by itself: what is next to it is no letter and no digit. Both in lower case.
fn mentions(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

/// Everything that an action says: where it runs, its words as they stand and as far as they can be seen through, what
/// it reads, its variables. What runs here runs on `here`.
fn text_of(action: &Action, here: Option<&str>) -> String {
    let Action::Command(command) = action;
    text_with(command, &segments::of_action(action), here)
}

fn text_with(command: &Command, line: &Line, here: Option<&str>) -> String {
    let host = if command.host == "local" { here.unwrap_or_default() } else { &command.host };
    let mut text = vec![host.to_owned()];
    text.extend(command.cwd.as_ref().map(|cwd| cwd.to_string_lossy().into_owned()));
    text.extend(command.argv.iter().cloned());
    text.extend(command.stdin.clone());
    text.extend(command.env.values().cloned());
    text.extend(line.segments.iter().flat_map(super::segment::Segment::texts));
    text.extend(line.opaque.iter().flat_map(|opaque| opaque.texts.clone()));
    plain(&text.join(" "))
}

impl Policy {
    /// What nobody may do, or only after a person's yes, by the words of a command.
    pub fn nevers(&self) -> impl Iterator<Item = &Never> {
        self.nevers.iter()
    }

    /// Says how the machine is called that Steward runs on, so that a rule on its name holds for commands here too.
    #[must_use]
    pub fn called(mut self, host: &str) -> Self {
        self.here = Some(host.to_owned());
        self
    }

    /// Holds a judgement to what nobody may do.
    pub(super) fn constrain(&self, command: &Command, line: &Line, evaluation: &mut Evaluation) {
        if self.nevers.is_empty() {
            return;
        }
        let text = text_with(command, line, self.here.as_deref());
        for never in self.nevers.iter().rev() {
            never.tighten(&text, evaluation);
        }
    }

    /// What is wrong with those that a file brought, now that all rules are there: an example that would not be
    /// tightened at all because it only reads.
    pub(super) fn idle(&self, file: &str) -> Vec<RuleProblem> {
        let mut problems = Vec::new();
        for never in self.nevers.iter().filter(|never| never.file == file && !never.reads) {
            for (text, action) in &never.matching {
                if self.evaluate(action, &Facts::plain()).decision < never.decision {
                    problems.push(RuleProblem {
                        file: never.file.clone(),
                        line: never.line,
                        rule: Some(never.name.clone()),
                        field: Some("match".to_owned()),
                        message: format!("`{text}` only reads, and the rule is about changes"),
                        hint: "say `reads: true` if even looking is meant, or drop the example".to_owned(),
                    });
                }
            }
        }
        problems
    }
}
