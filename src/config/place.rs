//! Where the state is and how its times are shown: all that reading the state takes, however faulty the rest of the
//! configuration is.

use std::path::{Path, PathBuf};

use chrono_tz::Tz;

use super::{Problem, Request, discover, files};

/// Where the state is and how its times are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder of the state; absolute.
    pub state_dir: PathBuf,
    /// The lab's time zone; the system's where the configuration has no good one.
    pub timezone: Tz,
}

impl Place {
    /// Finds it out. Of a configuration with faults all is taken that can be read.
    ///
    /// # Errors
    /// The configuration can't be read at all, and the command line does not say where the state is.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let file = discover(request.file.clone(), std::env::var_os("STEWARD_CONFIG").map(PathBuf::from));
        let system = iana_time_zone::get_timezone().ok();
        Self::within(request, file.as_deref(), system.as_deref())
    }

    fn within(request: &Request, file: Option<&Path>, system: Option<&str>) -> Result<Self, Problem> {
        let written = match file.map(written) {
            None => toml::Table::new(),
            Some(Ok(written)) => written,
            Some(Err(_)) if request.state_dir.is_some() => toml::Table::new(),
            Some(Err(problem)) => return Err(problem),
        };
        let text = |key: &str| written.get(key).and_then(toml::Value::as_str);
        let beside = file.and_then(Path::parent).unwrap_or(Path::new(""));
        let folder =
            request.state_dir.clone().unwrap_or_else(|| beside.join(text("state_dir").unwrap_or("state")));
        let state_dir = std::path::absolute(&folder).unwrap_or(folder);
        let zones = [text("timezone"), system].into_iter().flatten();
        let timezone = zones.filter_map(|name| name.parse().ok()).next().unwrap_or(Tz::UTC);
        Ok(Self { state_dir, timezone })
    }
}

fn written(file: &Path) -> Result<toml::Table, Problem> {
    let text = files::read_text(file)?;
    toml::from_str(&text).map_err(|error| {
        let line =
            error.span().map(|span| 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
        let hint = "mend that, or say where the state is with --state-dir".to_owned();
        Problem { line, ..Problem::of_file(file, format!("is no TOML: {}", error.message()), Some(hint)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(config: &str, state_dir: Option<&str>) -> Result<Place, Problem> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        std::fs::write(&file, config).unwrap();
        let request = Request { file: None, state_dir: state_dir.map(PathBuf::from) };
        let place = Place::within(&request, Some(&file), Some("Asia/Tokyo"))?;
        let state_dir = place.state_dir.strip_prefix(dir.path()).map(Path::to_owned);
        Ok(Place { state_dir: state_dir.unwrap_or(place.state_dir), ..place })
    }

    #[test]
    fn faults_elsewhere_in_the_configuration_are_no_hindrance() {
        let found =
            place("state_dir = \"kept\"\ntimezone = \"Europe/Berlin\"\nhst = 7\n[chat]\nx = 1\n", None)
                .unwrap();
        assert_eq!(found, Place { state_dir: "kept".into(), timezone: Tz::Europe__Berlin });
        let found = place("timezone = \"Mars\"\nstate_dir = 3\n", None).unwrap();
        assert_eq!(found, Place { state_dir: "state".into(), timezone: Tz::Asia__Tokyo });
    }

    #[test]
    fn a_file_that_can_not_be_read_is_told_unless_the_command_line_says_where_the_state_is() {
        let problem = place("a = 1\nstate_dir = \n", None).unwrap_err();
        assert_eq!(problem.line, Some(2));
        assert_eq!(place("state_dir = ", Some("/srv/state")).unwrap().state_dir, Path::new("/srv/state"));
    }
}
