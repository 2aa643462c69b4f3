//! When this machine started.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;

use crate::domain::action::Action;
use crate::domain::change::{Change, ChangeKind, one_line};
use crate::domain::signal::Timestamp;
use crate::domain::target::Target;
use crate::engine::ports::ChangeSource;
use crate::engine::ports::ReadCommand;

const SOURCE: &str = "reboots";

/// The starts of this machine, as far as the kernel knows: the latest.
pub struct Reboots {
    host: String,
    reader: Arc<dyn ReadCommand>,
}

impl Reboots {
    /// Those of the machine that the lab calls `host`.
    #[must_use]
    pub fn new(host: &str, reader: Arc<dyn ReadCommand>) -> Self {
        Self { host: host.to_owned(), reader }
    }
}

pub(super) fn action() -> Action {
    Action::local(["cat", "/proc/stat"].map(str::to_owned).to_vec())
}

#[async_trait]
impl ChangeSource for Reboots {
    fn name(&self) -> String {
        SOURCE.to_owned()
    }

    async fn changes(&self, since: Timestamp, until: Timestamp, limit: usize) -> Result<Vec<Change>, String> {
        let output = self.reader.read(action()).await.map_err(|why| {
            let why = one_line(why.trim(), 300);
            format!("reboots: the kernel could not be asked when it started; whether {} was rebooted is unknown. It says: {why}", self.host)
        })?;
        let started = parse(&String::from_utf8_lossy(&output)).filter(|at| (since..=until).contains(at));
        let change = |at: Timestamp| {
            let summary = format!("{} started", self.host);
            Change::new(ChangeKind::Reboot, SOURCE, format!("boot-{}", at.timestamp()), at, summary)
                .by("its kernel")
                .on(Target::parse(&self.host).ok())
        };
        Ok(started.map(change).into_iter().take(limit).collect())
    }
}

/// The line `btime 1750000000` of `/proc/stat`.
fn parse(text: &str) -> Option<Timestamp> {
    let seconds = text.lines().find_map(|line| line.strip_prefix("btime "))?.trim();
    DateTime::from_timestamp(seconds.parse().ok()?, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(&'static str);

    #[async_trait]
    impl ReadCommand for Says {
        async fn read(&self, _: Action) -> Result<Vec<u8>, String> {
            Ok(self.0.as_bytes().to_vec())
        }
    }

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[tokio::test]
    async fn a_start_within_the_window_is_a_change_and_an_older_one_is_not() {
        let source = Reboots::new("nas", Arc::new(Says("cpu 1 2\nbtime 1750000000\nprocesses 5\n")));
        let found = source.changes(at(1_740_000_000), at(1_760_000_000), 9).await.unwrap();
        assert_eq!(found[0].summary, "nas started");
        assert_eq!((found[0].at, found[0].targets[0].as_str()), (at(1_750_000_000), "nas"));
        assert!(found[0].baseline);
        assert!(source.changes(at(1_750_000_001), at(1_760_000_000), 9).await.unwrap().is_empty());
    }

    #[test]
    fn nonsense_is_no_start() {
        for text in ["", "btime", "btime x", "btime 99999999999999999999", "btime -1e9", "xbtime 5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
