//! Log lines, on standard error.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use super::args::{Globals, LogFormat};
use super::failure::Failure;
use crate::domain::command::suggest;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

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
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let started = match globals.log_format {
        LogFormat::Text => subscriber.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    started
        .map_err(|error| Failure::new(format!("logging could not be started: {error}"), "please report this"))
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
    EnvFilter::try_new(&text).map_err(|error| {
        Failure::usage(
            format!("{text:?} is no log filter: {error}"),
            "write one such as `info` or `steward=debug,warn`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_told_and_not_taken_for_a_module() {
        let failure = filter("debgu").unwrap_err();
        assert!(failure.usage && failure.hint.unwrap().contains("`debug`"));
        for good in ["debug", "INFO", "steward=debug,warn", "off"] {
            assert!(filter(good).is_ok(), "{good}");
        }
    }
}
