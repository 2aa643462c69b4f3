//! The texts that the agent is told: who it is, what it has learned, how it works. Shipped with the binary, and replaced
//! by the operator's file of the same name.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::files;
use super::problem::{Problem, suggest};
use super::settings::Paths;
use super::watched::Watched;
use crate::domain::template::Template;

/// The last line of the block in `SOUL.md` that the policy reads; the first is "```yaml policy".
const BLOCK_END: &str = "```";

/// A text that the agent is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Text {
    /// Who Steward is, and what it never does.
    Soul,
    /// What it has learned.
    Memory,
    /// How to work on an incident.
    Investigate,
    /// How to answer what somebody wants.
    Request,
    /// How to work on a standing goal.
    Goal,
    /// How to write a lesson.
    Lesson,
    /// How to tell whether a command answers what somebody wants.
    Triage,
}

impl Text {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Soul, Self::Memory, Self::Investigate, Self::Request, Self::Goal, Self::Lesson, Self::Triage];

    /// What comes with the binary.
    #[must_use]
    pub fn shipped(self) -> &'static str {
        match self {
            Self::Soul => include_str!("../../memory/SOUL.md"),
            Self::Memory => include_str!("../../memory/MEMORY.md"),
            Self::Investigate => include_str!("../../prompts/investigate.md"),
            Self::Request => include_str!("../../prompts/request.md"),
            Self::Goal => include_str!("../../prompts/goal.md"),
            Self::Lesson => include_str!("../../prompts/lesson.md"),
            Self::Triage => include_str!("../../prompts/triage.md"),
        }
    }

    fn file_name(self) -> &'static str {
        match self {
            Self::Soul => "SOUL.md",
            Self::Memory => "MEMORY.md",
            Self::Investigate => "investigate.md",
            Self::Request => "request.md",
            Self::Goal => "goal.md",
            Self::Lesson => "lesson.md",
            Self::Triage => "triage.md",
        }
    }

    /// The largest that a file of it may be, in bytes. What is told whole every time has to be short; the block for the
    /// policy does not count.
    fn most(self) -> usize {
        match self {
            Self::Memory => 256 * 1024,
            Self::Soul => 6000,
            // It goes to a cheap model, for every wish.
            Self::Triage => 1500,
            _ => 5000,
        }
    }

    /// The names that it may use as `{{ name }}`. A memory is no template: lessons quote runbooks.
    fn names(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Soul | Self::Memory => None,
            Self::Goal => Some(&["host", "goal", "title"]),
            Self::Investigate | Self::Request | Self::Lesson | Self::Triage => Some(&["host"]),
        }
    }

    /// The operator's file, whether or not it is there.
    #[must_use]
    pub fn file(self, memory: Option<&Path>, prompts: Option<&Path>) -> Option<PathBuf> {
        let folder = if matches!(self, Self::Soul | Self::Memory) { memory } else { prompts };
        folder.map(|folder| folder.join(self.file_name()))
    }

    /// The text in force: the operator's where it is there and good, else what is shipped, and why.
    ///
    /// # Errors
    /// Every problem of the operator's file.
    pub fn read(
        self,
        memory: Option<&Path>,
        prompts: Option<&Path>,
    ) -> Result<Cow<'static, str>, Vec<Problem>> {
        let shipped = Ok(Cow::Borrowed(self.shipped()));
        let Some(file) = self.file(memory, prompts) else { return shipped };
        if file.symlink_metadata().is_err() {
            return shipped;
        }
        let text = files::read_text(&file).map_err(|problem| vec![problem])?;
        let problems = self.problems(&file, &text);
        if problems.is_empty() { Ok(Cow::Owned(text)) } else { Err(problems) }
    }

    /// Fills its names, line by line; a name without a value stays as it is.
    #[must_use]
    pub fn fill(text: &str, value_of: &dyn Fn(&str) -> Option<String>) -> String {
        let filled = text.lines().map(|line| {
            let template = Template::parse(line).and_then(|line| line.render(value_of));
            template.unwrap_or_else(|_| line.to_owned())
        });
        filled.collect::<Vec<_>>().join("\n")
    }

    fn problems(self, file: &Path, text: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let at = |line: usize, what: String, hint: &str| Problem {
            line: Some(line),
            ..Problem::of_file(file, what, Some(hint.to_owned()))
        };
        let length = if self == Self::Soul { without_block(text).len() } else { text.len() };
        if length > self.most() {
            let what =
                format!("is {length} bytes long; it is told every time, and {} are enough", self.most());
            problems.push(Problem::of_file(file, what, Some("say it in fewer words".to_owned())));
        }
        if self == Self::Soul {
            problems.extend(blocks(text).err().map(|(line, what)| {
                at(line, what, "write one block that begins with ```yaml policy and ends with ```")
            }));
        }
        for (index, line) in text.lines().enumerate() {
            let Some(known) = self.names() else { break };
            match Template::parse(line) {
                Err(error) => {
                    problems.push(at(
                        index + 1,
                        error.to_string(),
                        "write { and } by themselves if braces are meant",
                    ));
                }
                Ok(template) => {
                    for name in template.names().filter(|name| !known.contains(name)) {
                        let what = format!("`{{{{ {name} }}}}` is not known here");
                        let hint = suggest(name, known.iter().copied()).unwrap_or_default();
                        problems.push(at(index + 1, what, &hint));
                    }
                }
            }
        }
        problems
    }
}

/// The rules in `SOUL.md` that the policy holds to by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoulRules {
    /// The file.
    pub file: PathBuf,
    /// The YAML.
    pub yaml: String,
    /// The lines of the file before it.
    pub before: usize,
}

impl SoulRules {
    /// The block of a `SOUL.md`, if it has one. Of a file with several, none: that is a problem told elsewhere.
    #[must_use]
    pub fn of(file: &Path, text: &str) -> Option<Self> {
        let (from, to) = blocks(text).ok()??;
        let yaml: String = text.lines().skip(from).take(to - from).map(|line| format!("{line}\n")).collect();
        Some(Self { file: file.to_owned(), yaml, before: from })
    }
}

/// A soul's words, without the block that is for the policy.
#[must_use]
pub fn without_block(soul: &str) -> String {
    let Ok(Some((from, to))) = blocks(soul) else { return soul.to_owned() };
    let words = soul.lines().enumerate().filter(|(index, _)| *index + 1 < from || *index > to);
    words.map(|(_, line)| format!("{line}\n")).collect()
}

/// The lines within the block, as a range of indices: the first of it, and that of its closing fence.
fn blocks(text: &str) -> Result<Option<(usize, usize)>, (usize, String)> {
    let mut found = None;
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if !is_head(line) {
            continue;
        }
        if found.is_some() {
            return Err((index + 1, "there is a second block of rules".to_owned()));
        }
        let Some((end, _)) = lines.by_ref().find(|(_, line)| line.trim_end() == BLOCK_END) else {
            return Err((index + 1, "the block of rules has no end".to_owned()));
        };
        found = Some((index + 1, end));
    }
    Ok(found)
}

/// However it is spaced, and whatever its case: a block that looks like rules must not be taken for mere words.
fn is_head(line: &str) -> bool {
    let Some(info) = line.trim_start().strip_prefix("```") else { return false };
    let words: Vec<String> = info.split_whitespace().map(str::to_lowercase).collect();
    words.iter().any(|word| word == "policy")
}

/// Reads all of them, to know that they are good, and the rules of the soul in force.
pub(super) fn load(paths: &Paths, problems: &mut Vec<Problem>, watched: &mut Watched) -> Option<SoulRules> {
    let (memory, prompts) = (paths.memory.as_deref(), paths.prompts.as_deref());
    let mut rules = None;
    for text in Text::ALL {
        let file = text.file(memory, prompts);
        // A lesson is added while Steward runs; nothing has to be loaded anew for that.
        if let Some(file) = file.as_deref().filter(|_| text != Text::Memory) {
            watched.add(file);
        }
        match text.read(memory, prompts) {
            Err(more) => problems.extend(more),
            Ok(words) if text == Text::Soul => {
                let file = file.filter(|_| matches!(words, Cow::Owned(_)));
                let name = file.unwrap_or_else(|| PathBuf::from("shipped/SOUL.md"));
                rules = SoulRules::of(&name, &words);
            }
            Ok(_) => {}
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: Text, name: &str, content: &[u8]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), content).unwrap();
        let told = text.read(Some(dir.path()), Some(dir.path())).err().unwrap_or_default();
        told.iter()
            .map(|problem| problem.to_string().replace(&format!("{}/", dir.path().display()), ""))
            .collect()
    }

    #[test]
    fn what_is_shipped_is_good_and_short() {
        for text in Text::ALL {
            let file = text.file(Some(Path::new("memory")), Some(Path::new("prompts"))).unwrap();
            assert_eq!(text.problems(&file, text.shipped()), [], "{text:?}");
        }
        assert!(Text::Soul.shipped().len() < 2000, "the soul is told every time");
    }

    #[test]
    fn a_bad_file_is_told_with_its_line() {
        let told = problems(Text::Investigate, "investigate.md", b"# Mine\n\nYou are on {{ hosst }}.\n");
        assert_eq!(told, ["investigate.md:3: `{{ hosst }}` is not known here; did you mean `host`?"]);
        let told = problems(Text::Request, "request.md", b"fine\n{{ half\n");
        assert!(told[0].starts_with("request.md:2: "), "{told:?}");
        let told = problems(Text::Memory, "MEMORY.md", b"a\n\xff\n");
        assert!(told[0].starts_with("MEMORY.md:2: is not text"), "{told:?}");
        let told = problems(Text::Soul, "SOUL.md", "x".repeat(6001).as_bytes());
        assert!(told[0].contains("is 6001 bytes long"), "{told:?}");
        assert_eq!(problems(Text::Memory, "MEMORY.md", b"a runbook says `{{ target.name }}`\n"), [""; 0]);
    }

    #[test]
    fn a_block_of_rules_has_an_end_and_there_is_one() {
        let open = problems(Text::Soul, "SOUL.md", b"me\n```yaml policy\nnever: []\n");
        assert!(open[0].starts_with("SOUL.md:2: the block of rules has no end"), "{open:?}");
        let two = b"```yaml policy\n```\n\n``` YAML  Policy\n```\n";
        assert!(
            problems(Text::Soul, "SOUL.md", two)[0].starts_with("SOUL.md:4: there is a second"),
            "{two:?}"
        );
    }

    #[test]
    fn the_block_is_for_the_policy_and_the_words_are_for_the_model() {
        let soul = "# Me\n\nkind\n\n```yaml policy\nnever: []\n```\n\nbrief\n```yaml\na: b\n```\n";
        let rules = SoulRules::of(Path::new("SOUL.md"), soul).unwrap();
        assert_eq!((rules.yaml.as_str(), rules.before), ("never: []\n", 5));
        assert_eq!(without_block(soul), "# Me\n\nkind\n\n\nbrief\n```yaml\na: b\n```\n");
        assert_eq!(SoulRules::of(Path::new("SOUL.md"), "no block"), None);
    }

    #[test]
    fn names_are_filled_and_what_has_no_value_stays() {
        let value = |name: &str| (name == "host").then(|| "pve1".to_owned());
        assert_eq!(Text::fill("on {{ host }}\n- {{ other }}", &value), "on pve1\n- {{ other }}");
    }
}
