//! How a command ends other than well.

use std::io::{self, Write};
use std::process::ExitCode;

use super::logging;
use crate::config::Problem;
use crate::domain::redact::Redactor;
use crate::domain::report::text::clean_line;
use crate::store::{OpenError, StoreError};

/// Something that a person has to know of: what happened, what it means, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened, in a sentence. Further lines are particulars.
    pub what: String,
    /// What it means for them.
    pub means: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether the command was typed wrongly, which is exit code 2.
    pub usage: bool,
}

impl Failure {
    /// A failure and its remedy.
    #[must_use]
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), means: None, hint: Some(hint.into()), usage: false }
    }

    /// A wrong word on the command line.
    #[must_use]
    pub fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { usage: true, ..Self::new(what, hint) }
    }

    /// Adds what it means.
    #[must_use]
    pub fn meaning(self, means: impl Into<String>) -> Self {
        Self { means: Some(means.into()), ..self }
    }

    /// The configuration can't be used.
    #[must_use]
    pub fn of_problems(problems: &[Problem]) -> Self {
        let count = match problems.len() {
            1 => "a problem".to_owned(),
            many => format!("{many} problems"),
        };
        let list: String = in_order(problems).iter().map(|problem| format!("\n{problem}")).collect();
        Self::new(
            format!("the configuration has {count}{list}"),
            "mend that; `steward check` looks at everything again",
        )
        .meaning("nothing was started and nothing was changed")
    }

    /// A text of the form that the house's errors have: "what happened; what it means; what to do".
    #[must_use]
    pub fn of_sentence(text: &str) -> Self {
        let mut parts: Vec<&str> = text.split("; ").collect();
        let what = if parts.is_empty() { text } else { parts.remove(0) };
        let hint = parts.pop().map(str::to_owned);
        let means = (!parts.is_empty()).then(|| parts.join("; "));
        Self { what: what.to_owned(), means, hint, usage: false }
    }

    /// The same without secrets.
    fn redacted(self, redactor: &Redactor) -> Self {
        let clean = |mut text: String| {
            redactor.clean(&mut text);
            text
        };
        Self {
            what: clean(self.what),
            means: self.means.map(clean),
            hint: self.hint.map(clean),
            usage: self.usage,
        }
    }

    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        if self.usage { ExitCode::from(2) } else { ExitCode::FAILURE }
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// Whatever `to` says.
    pub fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut part = |head: &str, text: &str| {
            for (index, line) in text.lines().map(clean_line).enumerate() {
                let head = if index == 0 { head } else { "    " };
                writeln!(to, "{head}{line}")?;
            }
            io::Result::Ok(())
        };
        part("error: ", &self.what)?;
        part("  it means: ", self.means.as_deref().unwrap_or_default())?;
        part("  do: ", self.hint.as_deref().unwrap_or_default())
    }
}

/// Problems as a person goes through them: file by file, from the top.
pub(in crate::cli) fn in_order(problems: &[Problem]) -> Vec<Problem> {
    let mut sorted = problems.to_vec();
    sorted.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    sorted
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::of_sentence(&error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::of_sentence(&error.to_string())
    }
}

/// Why a command stops early.
#[derive(Debug)]
pub(super) enum Stop {
    /// A person has to know.
    Failed(Failure),
    /// Its output could not be written.
    Output(io::Error),
}

impl<F: Into<Failure>> From<F> for Stop {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

impl Stop {
    /// Tells of it on standard error. Whoever stops reading early (`| head`) has what they want: that is no failure.
    pub(super) fn tell(self) -> ExitCode {
        let failure = match self {
            Self::Failed(failure) => failure,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Output(error) => {
                Failure::new(format!("the output could not be written: {error}"), "look at where it goes to")
            }
        };
        let failure = failure.redacted(&logging::redaction().now());
        // With standard error gone, too, only the exit code is left to tell.
        drop(failure.write(&mut io::stderr().lock()));
        failure.exit_code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(failure: &Failure) -> String {
        let mut out = Vec::new();
        failure.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_failure_says_what_happened_what_it_means_and_what_to_do() {
        let error = OpenError::Locked { dir: "/state".into(), pid: Some(7) };
        assert_eq!(
            written(&error.into()),
            "error: another Steward (process 7) runs on /state\n  it means: two would undo each other's work\n  do: stop that one first, or name another directory with --state-dir\n"
        );
        assert_eq!(written(&Failure::new("a\nb", "c")), "error: a\n    b\n  do: c\n");
    }

    #[test]
    fn a_text_from_outside_can_not_draw_on_the_terminal() {
        assert_eq!(written(&Failure::new("no \u{1b}[2Jfile", "x")), "error: no file\n  do: x\n");
    }
}
