//! What is known of a problem from the times it was there before: how often, what worked, how long it took.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::domain::ids::IncidentId;
use crate::domain::incident::{Incident, Mitigation, State};
use crate::domain::signal::Timestamp;
use crate::domain::target::{Signature, Target};

/// How far back a record looks.
pub const LOOKS_BACK: Duration = Duration::from_secs(30 * 24 * 3600);

/// How a problem went once: one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// The incident.
    pub incident: IncidentId,
    /// How it was broken.
    pub signature: Signature,
    /// What was broken.
    pub target: Target,
    /// When it began.
    pub at: Timestamp,
    /// How often it was there: it may have come back before it was closed.
    pub times: u32,
    /// The repairs that ran to an end, and whether each worked and lasted.
    pub tried: Vec<(String, bool)>,
    /// The repair that ended it, and how long that took from its beginning.
    pub worked: Option<(String, Duration)>,
    /// How long it lasted, if it went away without a repair.
    pub went_away: Option<Duration>,
}

impl Episode {
    /// What an incident adds to the record of its problem; nothing if it is no single fault.
    #[must_use]
    pub fn of(incident: &Incident) -> Option<Self> {
        if incident.request.is_some() || incident.is_storm() || incident.state == State::Merged {
            return None;
        }
        let over = matches!(incident.state, State::Resolved | State::Closed);
        let calm = incident.mitigated_at.filter(|_| over);
        let since = |from: Timestamp| calm.and_then(|calm| (calm - from).to_std().ok());
        let lasted =
            |repair: &&crate::domain::incident::Repair| !repair.ineffective && repair.undone_by.is_none();
        let worked = match &incident.mitigated_by {
            Some(Mitigation::Repair { remediation, .. }) => incident
                .repair(*remediation)
                .filter(lasted)
                .and_then(|repair| Some((repair.runbook.clone(), since(repair.started_at)?))),
            Some(Mitigation::Recovery) | None => None,
        };
        let went_away = matches!(incident.mitigated_by, Some(Mitigation::Recovery))
            .then(|| since(incident.opened_at))
            .flatten();
        let ended = incident.repairs.iter().filter(|repair| repair.outcome.is_some());
        let tried =
            ended.map(|repair| (repair.runbook.clone(), repair.is_done() && lasted(&repair))).collect();
        Some(Self {
            incident: incident.id,
            signature: incident.signature.clone(),
            target: incident.root.clone(),
            at: incident.opened_at,
            times: incident.occurrences.max(1),
            tried,
            worked,
            went_away,
        })
    }
}

/// A repair that has ended such a problem before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// The runbook.
    pub runbook: String,
    /// How often it worked.
    pub worked: usize,
    /// How often it was tried.
    pub tried: usize,
    /// How long it took in the middle.
    pub median: Duration,
}

/// What is known of a problem from before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureRecord {
    /// What was broken.
    pub target: Target,
    /// How often it was there before.
    pub before: u32,
    /// When it was first there, as far as the record goes.
    pub first: Timestamp,
    /// When the record was asked for.
    pub now: Timestamp,
    /// What worked, the best first.
    pub remedies: Vec<Remedy>,
    /// What was tried and never worked.
    pub failed: Vec<String>,
    /// How often it went away without a repair, and how long that took in the middle.
    pub went_away: Option<(usize, Duration)>,
}

impl SignatureRecord {
    /// The record of a problem by how it went before; `None` if it is new, or was there too long ago. `now` itself is
    /// the next time.
    #[must_use]
    pub fn of<'a>(episodes: impl IntoIterator<Item = &'a Episode>, now: Timestamp) -> Option<Self> {
        let mut known: Vec<&Episode> =
            episodes.into_iter().filter(|e| e.at <= now && now - LOOKS_BACK <= e.at).collect();
        known.sort_by_key(|episode| episode.at);
        let first = *known.first()?;
        let mut by_runbook: BTreeMap<&str, (usize, usize, Vec<Duration>)> = BTreeMap::new();
        for episode in &known {
            for (runbook, worked) in &episode.tried {
                let counted = by_runbook.entry(runbook).or_default();
                counted.0 += usize::from(*worked);
                counted.1 += 1;
            }
            if let Some((runbook, took)) = &episode.worked {
                by_runbook.entry(runbook).or_default().2.push(*took);
            }
        }
        let mut remedies = Vec::new();
        let mut failed = Vec::new();
        for (runbook, (worked, tried, mut took)) in by_runbook {
            match median(&mut took) {
                Some(median) => remedies.push(Remedy { runbook: runbook.to_owned(), worked, tried, median }),
                None => failed.push(runbook.to_owned()),
            }
        }
        remedies.sort_by_key(|remedy| {
            std::cmp::Reverse((remedy.worked, remedy.worked * 100 / remedy.tried.max(1)))
        });
        let mut away: Vec<Duration> = known.iter().filter_map(|episode| episode.went_away).collect();
        let often = away.len();
        Some(Self {
            target: first.target.clone(),
            before: known.iter().map(|episode| episode.times).sum(),
            first: first.at,
            now,
            remedies,
            failed,
            went_away: median(&mut away).map(|median| (often, median)),
        })
    }
}

impl fmt::Display for SignatureRecord {
    /// `third time on pve4 in 22 hours; what worked: restart-network (2 of 2, 40 s)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = (self.now - self.first).to_std().unwrap_or_default();
        write!(f, "{} time on {} in {}", ordinal(self.before + 1), self.target, roughly(span))?;
        if !self.remedies.is_empty() {
            let listed =
                |r: &Remedy| format!("{} ({} of {}, {})", r.runbook, r.worked, r.tried, exactly(r.median));
            write!(
                f,
                "; what worked: {}",
                self.remedies.iter().take(3).map(listed).collect::<Vec<_>>().join(", ")
            )?;
        } else if let Some((often, median)) = &self.went_away {
            let often = if *often == 1 { "once".to_owned() } else { format!("{often} times") };
            write!(f, "; it went away by itself {often}, after {}", exactly(*median))?;
        }
        if !self.failed.is_empty() {
            let failed: Vec<&str> = self.failed.iter().take(3).map(String::as_str).collect();
            write!(f, "; what did not: {}", failed.join(", "))?;
        }
        Ok(())
    }
}

fn median(all: &mut [Duration]) -> Option<Duration> {
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}

/// `second`, `third`, … `12th`.
fn ordinal(n: u32) -> String {
    const WORDS: [&str; 10] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    let word = usize::try_from(n).ok().and_then(|n| WORDS.get(n.checked_sub(1)?));
    word.map_or_else(
        || {
            let ending = match (n % 10, n % 100) {
                (_, 11..=13) => "th",
                (1, _) => "st",
                (2, _) => "nd",
                (3, _) => "rd",
                _ => "th",
            };
            format!("{n}{ending}")
        },
        |word| (*word).to_owned(),
    )
}

/// A span as people say it: `22 hours`, `3 days`.
fn roughly(span: Duration) -> String {
    let counted = |n: u64, unit: &str| format!("{n} {unit}{}", if n == 1 { "" } else { "s" });
    match span.as_secs() {
        0..120 => counted(span.as_secs().max(1), "second"),
        120..7_200 => counted(span.as_secs() / 60, "minute"),
        7_200..172_800 => counted(span.as_secs() / 3600, "hour"),
        _ => counted(span.as_secs() / 86_400, "day"),
    }
}

fn exactly(span: Duration) -> String {
    match span.as_secs() {
        0..120 => format!("{} s", span.as_secs()),
        120..7_200 => format!("{} min", span.as_secs() / 60),
        _ => format!("{} h", span.as_secs() / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::IncidentId;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_timestamp(1_700_000_000, 0).unwrap() + chrono::TimeDelta::hours(hour)
    }

    fn episode(hour: i64, tried: &[(&str, bool)], worked: Option<(&str, u64)>) -> Episode {
        Episode {
            incident: IncidentId(ulid::Ulid::from_parts(u64::try_from(hour).unwrap(), 0)),
            signature: Signature::parse("nic-hang").unwrap(),
            target: Target::parse("pve4").unwrap(),
            at: at(hour),
            times: 1,
            tried: tried.iter().map(|(name, ok)| ((*name).to_owned(), *ok)).collect(),
            worked: worked.map(|(name, secs)| (name.to_owned(), Duration::from_secs(secs))),
            went_away: None,
        }
    }

    #[test]
    fn the_third_time_quotes_what_worked_and_how_long_it_took() {
        let tried = [("restart-network", true)];
        let known = [
            episode(0, &tried, Some(("restart-network", 40))),
            episode(10, &tried, Some(("restart-network", 30))),
        ];
        let record = SignatureRecord::of(&known, at(22)).unwrap();
        assert_eq!(
            record.to_string(),
            "third time on pve4 in 22 hours; what worked: restart-network (2 of 2, 40 s)"
        );
    }

    #[test]
    fn what_failed_is_told_beside_what_worked_and_a_median_is_the_middle_one() {
        let known = [
            episode(0, &[("reload", false), ("restart", true)], Some(("restart", 10))),
            episode(1, &[("restart", true)], Some(("restart", 500))),
            episode(2, &[("restart", true)], Some(("restart", 60))),
        ];
        let text = SignatureRecord::of(&known, at(3)).unwrap().to_string();
        assert_eq!(
            text,
            "fourth time on pve4 in 3 hours; what worked: restart (3 of 3, 60 s); what did not: reload"
        );
    }

    #[test]
    fn nothing_is_quoted_of_what_is_new_or_was_long_ago() {
        assert_eq!(SignatureRecord::of(&[], at(0)), None);
        assert_eq!(SignatureRecord::of(&[episode(0, &[], None)], at(24 * 31)), None);
    }

    #[test]
    fn what_went_away_by_itself_says_so() {
        let gone = Episode { went_away: Some(Duration::from_secs(720)), times: 2, ..episode(0, &[], None) };
        let text = SignatureRecord::of(&[gone], at(72)).unwrap().to_string();
        assert_eq!(text, "third time on pve4 in 3 days; it went away by itself once, after 12 min");
    }

    #[test]
    fn numbers_are_said_as_people_say_them() {
        let said: Vec<String> = [11, 12, 13, 21, 22, 23, 101, 111].map(ordinal).into();
        assert_eq!(said, ["11th", "12th", "13th", "21st", "22nd", "23rd", "101st", "111th"]);
    }
}
