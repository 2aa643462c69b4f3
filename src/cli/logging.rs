//! Log lines, on standard error.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::sync::{LazyLock, PoisonError, RwLock};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use super::args::{Globals, LogFormat};
use super::failure::Failure;
use crate::domain::command::suggest;
use crate::domain::redact::Redaction;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What logs every word of every command at a low level: never wanted in a log, whatever the filter says. The parser's
/// own names, and those of its crate.
const TALKATIVE: [&str; 5] = ["brush_parser", "tokenize", "parse", "expansion", "arithmetic"];

/// The redactor of this process's log lines and failures.
static REDACTION: LazyLock<RwLock<Redaction>> = LazyLock::new(RwLock::default);

/// The redactor of this process's log lines and failures.
#[must_use]
pub(super) fn redaction() -> Redaction {
    REDACTION.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Has log lines and failures go through the redactor of the bot, which learns when the configuration is read again.
pub fn redact_with(redaction: Redaction) {
    *REDACTION.write().unwrap_or_else(PoisonError::into_inner) = redaction;
}

/// Starts logging to standard error, once per process. The filter is that of `--log-level`, else of `$STEWARD_LOG`,
/// else `configured`.
///
/// # Errors
/// The filter can't be read.
pub fn start(globals: &Globals, configured: &str) -> Result<(), Failure> {
    start_to(globals, configured, BoxMakeWriter::new(io::stderr))
}

/// As [`start`], to somewhere else: the screen that standard error would spoil.
///
/// # Errors
/// The filter can't be read.
pub fn start_to(globals: &Globals, configured: &str, writer: BoxMakeWriter) -> Result<(), Failure> {
    let filter = filter(globals.log_level.as_deref().filter(|text| !text.is_empty()).unwrap_or(configured))?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(Redacting(writer));
    std::panic::set_hook(Box::new(|panic| tell_panic(&panic.to_string())));
    let started = match globals.log_format {
        LogFormat::Text => subscriber.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started
        .map_err(|error| Failure::new(format!("logging could not be started: {error}"), "please report this"))
}

/// Has every line go through the redactor.
struct Redacting(BoxMakeWriter);

/// Where one line is written.
struct Line<W>(W);

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = Line<<BoxMakeWriter as MakeWriter<'a>>::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.0.make_writer())
    }

    fn make_writer_for(&'a self, meta: &tracing::Metadata<'_>) -> Self::Writer {
        Line(self.0.make_writer_for(meta))
    }
}

impl<W: Write> Write for Line<W> {
    /// The subscriber writes each event in one piece, so that no secret comes in two.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(redaction().redact(&String::from_utf8_lossy(event)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Tells of a mistake of Steward's own, on standard error: there may be nothing else left to tell it.
fn tell_panic(panic: &str) {
    let trace = Backtrace::capture();
    let mut text = format!("Steward made a mistake, please report it: {panic}");
    if trace.status() == BacktraceStatus::Captured {
        text.push_str(&format!("\n{trace}"));
    }
    drop(writeln!(io::stderr(), "{}", redaction().redact(&text)));
}

fn filter(text: &str) -> Result<EnvFilter, Failure> {
    // Alone, a misspelt level would be taken for the name of a module, and nothing would be logged.
    let is_known =
        |part: &str| part.contains(['=', ':', '[']) || LEVELS.contains(&part.to_lowercase().as_str());
    if let Some(word) = text.split(',').map(str::trim).find(|part| !is_known(part)) {
        let hint = match suggest(word, LEVELS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}, or a filter such as `steward=debug,warn`", LEVELS.join(", ")),
        };
        return Err(Failure::usage(format!("{word:?} is no log level"), hint));
    }
    // A bare level is about Steward: what its libraries say below a warning is no news.
    let plain = LEVELS.contains(&text.to_lowercase().as_str());
    // Serenity's warnings hold what people wrote and what Discord sent; Steward says itself how its connections are.
    let text = match plain && text != "off" {
        true => format!("warn,serenity=off,steward={text}"),
        false => text.to_owned(),
    };
    // The last word on a target counts.
    let text = TALKATIVE.iter().fold(text, |text, target| format!("{text},{target}=off"));
    EnvFilter::try_new(&text).map_err(|error| {
        Failure::usage(
            format!("{text:?} is no log filter: {error}"),
            "write one such as `info` or `steward=debug,warn`",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged while `work` runs, with this filter.
    fn logged(text: &str, json: bool, work: impl FnOnce()) -> String {
        let kept = Kept::default();
        let to = kept.clone();
        let writer = Redacting(BoxMakeWriter::new(move || to.clone()));
        let subscriber = tracing_subscriber::fmt().with_env_filter(filter(text).unwrap()).with_writer(writer);
        if json {
            tracing::subscriber::with_default(subscriber.json().finish(), work);
        } else {
            tracing::subscriber::with_default(subscriber.with_ansi(true).finish(), work);
        }
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn no_line_holds_a_secret_in_either_format_and_json_stays_json() {
        redaction().learn(["swordfish-in-the-log".to_owned()]);
        let speak = || {
            let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END PRIVATE KEY-----";
            tracing::error!(target: "steward", password = "hunter2x", "said \"swordfish-in-the-log\"\n{key}");
        };
        let (text, json) = (logged("info", false, speak), logged("info", true, speak));
        for line in [&text, &json] {
            for secret in ["hunter2x", "swordfish", "MIIEvQ"] {
                assert!(!line.contains(secret), "{line}");
            }
            assert!(
                line.contains("[redacted: configured secret]") && line.contains("[redacted: private key]"),
                "{line}"
            );
        }
        let line: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(line["fields"]["password"], "[redacted: password]");
    }

    #[test]
    fn the_shell_parser_does_not_log_the_words_of_commands_whatever_the_filter_says() {
        let speak = || {
            tracing::error!(target: "tokenize", "TOKEN 1: topsecret");
            tracing::error!(target: "expansion", "Parsed word topsecret");
            tracing::error!(target: "brush_parser::word", "topsecret");
            tracing::error!(target: "steward", "still here");
        };
        for text in ["trace", "brush_parser=trace,tokenize=trace,steward=trace", "debug,expansion=trace"] {
            let lines = logged(text, false, speak);
            assert!(!lines.contains("topsecret") && lines.contains("still here"), "{text}: {lines}");
        }
    }

    #[test]
    fn a_misspelt_level_is_told_and_not_taken_for_a_module() {
        let failure = filter("debgu").unwrap_err();
        assert!(failure.usage && failure.hint.unwrap().contains("`debug`"));
        for good in ["debug", "INFO", "steward=debug,warn", "off"] {
            assert!(filter(good).is_ok(), "{good}");
        }
    }
}
