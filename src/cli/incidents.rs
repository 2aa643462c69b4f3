//! `steward incident list`, `show` and `undo`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use chrono_tz::Tz;
use rusqlite::OptionalExtension;

use super::json::incident::{
    EvidenceEntry, IncidentDocument, IncidentEntry, IncidentList, MemberEntry, RepairEntry, SuspectEntry,
    TimelineEntry,
};
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Stop, Tools, control};
use crate::config::Setup;
use crate::domain::card::Card;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, Record, State};
use crate::domain::signal::{Problem, Severity, Timestamp};
use crate::engine::cards::{Around, root, span};
use crate::store::batch::StoredIncident;
use crate::store::columns::Text;
use crate::store::load::{LookBack, load};
use crate::store::{Store, StoreError, query};

/// The length of a long id, in characters.
const ID_LENGTH: usize = ulid::ULID_LEN;
/// The most incidents that are listed.
const MAX_LISTED: usize = 1000;

/// Lists incidents, newest first.
pub(super) async fn list(
    setup: &Setup,
    tools: &Tools,
    all: bool,
    json: bool,
    screen: &mut Screen<'_>,
) -> Ended {
    let store = Store::open_read_only(&setup.loaded.config.state_dir)?;
    let mut found = store.read(move |conn| query::incidents(conn, all, MAX_LISTED + 1)).await?;
    let truncated = found.len() > MAX_LISTED;
    found.truncate(MAX_LISTED);
    if json {
        let incidents = found.iter().map(IncidentEntry::from).collect();
        screen.json(&IncidentList { incidents, truncated })?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        screen
            .say(Tone::Good, if all { "There never was an incident." } else { "No incidents are open." })?;
    } else {
        let (now, tz) = (tools.clock.now(), setup.loaded.config.timezone);
        let rows: Vec<_> = found.iter().map(|stored| row(stored, now, tz)).collect();
        screen.table(&["#", "STATE", "SEVERITY", "SINCE", "AGE", "ROOT", "WHAT"], &rows)?;
    }
    if truncated {
        screen.say(Tone::Warn, &format!("There are more; these are the newest {MAX_LISTED}."))?;
    }
    if !found.is_empty() || !all {
        screen.gap()?;
        let more = if all { "" } else { " `steward incident list --all` lists the closed ones too." };
        let show = if found.is_empty() { "" } else { "`steward incident show N` tells one's story." };
        screen.say(Tone::Dim, format!("{show}{more}").trim_start())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(stored: &StoredIncident, now: Timestamp, tz: Tz) -> (Tone, Vec<String>) {
    let StoredIncident { incident, telling } = stored;
    let mut state = incident.state.to_string();
    for (is_so, word) in [
        (incident.flapping, "flapping"),
        (telling.silenced, if telling.inhibited_by.is_some() { "inhibited" } else { "silenced" }),
        (incident.acknowledged.is_some(), "taken on"),
    ] {
        if is_so {
            state = format!("{state}, {word}");
        }
    }
    let cells = vec![
        format!("#{}", incident.number),
        state,
        if incident.is_fault() { incident.severity.to_string() } else { incident.about().to_owned() },
        incident.opened_at.with_timezone(&tz).format("%Y-%m-%d %H:%M").to_string(),
        span(incident.opened_at, now),
        incident.root.to_string(),
        headline(incident),
    ];
    (tone(incident.severity, incident.state), cells)
}

/// An incident in one line: what its root reported, else what was reported first.
pub(super) fn headline(incident: &Incident) -> String {
    let of_root = incident.members.iter().find(|member| member.problem.target == incident.root);
    of_root.or(incident.members.first()).map(|member| member.summary.clone()).unwrap_or_default()
}

fn tone(severity: Severity, state: State) -> Tone {
    match (state, severity) {
        (State::Closed | State::Merged, _) => Tone::Dim,
        (State::Mitigated | State::Resolved, _) => Tone::Good,
        (_, Severity::Info | Severity::Warning) => Tone::Warn,
        (_, Severity::Error | Severity::Critical) => Tone::Bad,
    }
}

/// Everything that is known of one incident.
struct Story {
    stored: StoredIncident,
    timeline: Vec<Record>,
    paused_by: Option<String>,
}

/// Tells one incident's story.
pub(super) async fn show(setup: &Setup, id: &str, json: bool, screen: &mut Screen<'_>) -> Ended {
    let which = Which::parse(id)?;
    let store = Store::open_read_only(&setup.loaded.config.state_dir)?;
    let story = store.read(move |conn| read(conn, which)).await?.ok_or_else(|| no_such(which))?;
    if json {
        screen.json(&story.document())?;
    } else {
        story.tell(setup.loaded.config.timezone, screen)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the Steward that runs take back what a repair of an incident did.
pub(super) async fn undo(state_dir: &Path, id: &str, screen: &mut Screen<'_>) -> Ended {
    let which = Which::parse(id)?;
    let number = match which {
        Which::Number(number) => number,
        Which::Id(_) => {
            let store = Store::open_read_only(state_dir)?;
            store.read(move |conn| number_of(conn, which)).await?.ok_or_else(|| no_such(which))?
        }
    };
    control::tell(state_dir, &format!("undo {number}"), screen).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Number(u64),
    Id(IncidentId),
}

impl Which {
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        // An id may happen to be digits alone; its length tells it from any number that people see.
        let id = (text.len() == ID_LENGTH).then(|| text.parse().map(Self::Id).ok()).flatten();
        let number = || text.strip_prefix('#').unwrap_or(text).parse().map(Self::Number).ok();
        id.or_else(number).ok_or_else(|| {
            Failure::usage(
                format!("{text:?} is no incident"),
                "write its number as in `steward incident show 3`, or its long id",
            )
        })
    }

    fn shown(self) -> String {
        match self {
            Self::Number(number) => format!("#{number}"),
            Self::Id(id) => id.to_string(),
        }
    }
}

fn no_such(which: Which) -> Failure {
    Failure::new(
        format!("there is no incident {}", which.shown()),
        "`steward incident list --all` lists them",
    )
    .meaning("it never was, or it was closed longer ago than incidents are kept")
}

/// The number that people see; of one that is named by its number, whether or not it is there.
fn number_of(conn: &rusqlite::Connection, which: Which) -> Result<Option<u64>, StoreError> {
    Ok(match which {
        Which::Number(number) => Some(number),
        Which::Id(id) => conn
            .query_row("SELECT number FROM incidents WHERE id = ?1", [Text(id)], |row| row.get(0))
            .optional()?,
    })
}

fn read(conn: &rusqlite::Connection, which: Which) -> Result<Option<Story>, StoreError> {
    let number = number_of(conn, which)?;
    let Some(stored) = number.map(|number| query::incident(conn, number)).transpose()?.flatten() else {
        return Ok(None);
    };
    let timeline = query::timeline(conn, stored.incident.id, 0)?;
    let back = LookBack { escalation: Duration::ZERO, repairs: Duration::ZERO };
    let settings = load(conn, stored.incident.changed_at, back)?.settings;
    let paused_by =
        settings.into_iter().find(|(name, by)| name == "paused_by" && !by.is_empty()).map(|(_, by)| by);
    Ok(Some(Story { stored, timeline, paused_by }))
}

impl Story {
    fn incident(&self) -> &Incident {
        &self.stored.incident
    }

    /// What the skills showed, in the order in which it came.
    fn evidence(&self) -> impl Iterator<Item = (Timestamp, &Problem, &str)> {
        self.timeline.iter().filter_map(|record| match &record.event {
            Event::Opened { problem, evidence, .. } | Event::Joined { problem, evidence, .. } => {
                (!evidence.trim().is_empty()).then_some((record.at, problem, evidence.as_str()))
            }
            _ => None,
        })
    }

    fn tell(&self, tz: Tz, screen: &mut Screen<'_>) -> Result<(), Stop> {
        let incident = self.incident();
        let around = Around {
            tz,
            paused_by: self.paused_by.as_deref(),
            silenced: self.stored.telling.silenced,
            inhibited_by: self.stored.telling.inhibited_by.as_deref(),
        };
        tell_card(&root(incident, around), tone(incident.severity, incident.state), screen)?;
        screen.gap()?;
        screen.say(Tone::Strong, &format!("What happened (times in {tz})"))?;
        let mut day = None;
        for record in &self.timeline {
            let at = record.at.with_timezone(&tz);
            if day.replace(at.date_naive()) != Some(at.date_naive()) {
                screen.say(Tone::Dim, &format!("  {}", at.format("%A, %Y-%m-%d")))?;
            }
            let (sign, text) = match (incident.in_words(&record.event), &record.event) {
                (Some(sentence), _) => (sentence.sign, sentence.text),
                (None, Event::Closed) => ("calm", "Closed.".to_owned()),
                (None, _) => continue,
            };
            let score = match &record.event {
                Event::Joined { score: Some(score), .. } => format!(" [{score}]"),
                _ => String::new(),
            };
            screen.toned(&[
                (Tone::Dim, &format!("  {} ", at.format("%H:%M:%S"))),
                (sign_tone(sign), &format!("{sign:<6} ")),
                (Tone::Plain, &text),
                (Tone::Dim, &score),
            ])?;
        }
        for (at, problem, text) in self.evidence() {
            screen.gap()?;
            let at = at.with_timezone(&tz).format("%H:%M:%S");
            screen.say(Tone::Strong, &format!("Evidence of {problem}, {at}"))?;
            screen.block(Tone::Plain, 2, text)?;
        }
        Ok(())
    }

    fn document(&self) -> IncidentDocument {
        let incident = self.incident();
        IncidentDocument {
            incident: IncidentEntry::from(&self.stored),
            members: incident.members.iter().map(MemberEntry::from).collect(),
            suspects: incident.suspects.iter().map(SuspectEntry::from).collect(),
            repairs: incident.repairs.iter().map(RepairEntry::from).collect(),
            timeline: self.timeline.iter().map(|record| TimelineEntry::new(incident, record)).collect(),
            evidence: self
                .evidence()
                .map(|(at, problem, text)| EvidenceEntry::new(at, problem, text))
                .collect(),
        }
    }
}

fn tell_card(card: &Card, tone: Tone, screen: &mut Screen<'_>) -> Result<(), Stop> {
    screen.say(tone, &card.title)?;
    card.body.iter().try_for_each(|line| screen.line(line))?;
    let width = card.fields.iter().map(|field| field.name.chars().count()).max().unwrap_or(0);
    for field in &card.fields {
        for (index, line) in field.value.lines().enumerate() {
            let name = if index == 0 { field.name.as_str() } else { "" };
            screen.toned(&[(Tone::Dim, &format!("  {name:<width$}  ")), (Tone::Plain, line)])?;
        }
    }
    Ok(())
}

fn sign_tone(sign: &str) -> Tone {
    match sign {
        "good" | "calm" => Tone::Good,
        "bad" | "call" => Tone::Bad,
        "ask" | "next" => Tone::Warn,
        _ => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_is_named_by_its_number_or_its_id() {
        assert_eq!(Which::parse("3").unwrap(), Which::Number(3));
        assert_eq!(Which::parse("#3").unwrap(), Which::Number(3));
        let id = IncidentId(ulid::Ulid::from_parts(1, 2));
        assert_eq!(Which::parse(&id.to_string()).unwrap(), Which::Id(id));
        assert!(Which::parse("nas").unwrap_err().usage);
    }
}
