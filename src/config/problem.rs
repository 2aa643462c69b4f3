//! What is wrong with a file, told so that a person can mend it.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing wrong in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file or folder.
    pub file: PathBuf,
    /// The line, from 1, if it is about one.
    pub line: Option<usize>,
    /// The key it is about: `[incidents] settle`, `steps[0].run`.
    pub field: Option<String>,
    /// What is wrong, in words.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem of a whole file or folder.
    pub fn of_file(file: &Path, what: impl Into<String>, hint: Option<String>) -> Self {
        Self { file: file.to_owned(), line: None, field: None, what: what.into(), hint }
    }
}

impl fmt::Display for Problem {
    /// `config.toml:12: [incidents] settle: "30" is no duration; write "30s"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if let Some(field) = &self.field {
            write!(f, " {field}:")?;
        }
        write!(f, " {}", self.what)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// The known word that somebody most likely meant, if one is near.
pub(super) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let typed = plain(word);
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&typed, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean `x`?", or else what there is to choose from.
pub(super) fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = did_you_mean(word, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<String> = known.into_iter().map(|word| format!("`{word}`")).collect();
    (!all.is_empty() && all.len() <= 20).then(|| format!("there is {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_place_field_fault_and_remedy() {
        let mut problem = Problem {
            file: "config.toml".into(),
            line: Some(12),
            field: Some("[incidents] settle".into()),
            what: "\"30\" is no duration".into(),
            hint: Some("write \"30s\"".into()),
        };
        let text = "config.toml:12: [incidents] settle: \"30\" is no duration; write \"30s\"";
        assert_eq!(problem.to_string(), text);
        (problem.line, problem.field, problem.hint) = (None, None, None);
        assert_eq!(problem.to_string(), "config.toml: \"30\" is no duration");
    }

    #[test]
    fn a_near_miss_is_guessed_and_a_far_one_is_not() {
        let known = ["concurrency", "jitter", "max_output"];
        assert_eq!(did_you_mean("concurency", known), Some("concurrency"));
        assert_eq!(did_you_mean("Max-Output", known), Some("max_output"));
        assert_eq!(did_you_mean("retries", known), None);
        assert_eq!(suggest("retries", known).unwrap(), "there is `concurrency`, `jitter`, `max_output`");
    }
}
