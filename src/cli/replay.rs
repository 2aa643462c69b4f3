//! `steward replay`: what would come of what was heard.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use chrono_tz::Tz;

use super::args::{Globals, ReplayArgs};
use super::json::replay::ReplayDocument;
use super::screen::{Screen, Tone};
use super::{Ended, Failure, MakeTools, Stop, logging};
use crate::config::recording::{self, Recording};
use crate::config::{Problem, Setup};
use crate::domain::card::plain;
use crate::domain::incident::{Incident, State};
use crate::domain::signal::Timestamp;
use crate::domain::topology::Topology;
use crate::engine::answers::count_of;
use crate::engine::cards::span;
use crate::engine::ports::Clock;
use crate::engine::replay::{self, Kind, Outcome, Said, signature, unmet};
use crate::engine::world::World;

/// The largest recording, in bytes.
const MAX_FILE: u64 = 1 << 30;
/// The most victims and reasons that are named of one incident.
const NAMED: usize = 6;

/// Plays a recording.
pub(super) fn replay(
    globals: &Globals,
    args: &ReplayArgs,
    clock: &dyn Clock,
    make_tools: MakeTools<'_>,
    screen: &mut Screen<'_>,
) -> Ended {
    let text = read(&args.file)?;
    let (recording, setup) = understood(globals, &args.file, &text)?;
    logging::start(globals, "error")?;
    let world = world(&recording, setup, make_tools)?;
    let tz = world.settings.tz;
    let begun = clock.now();
    let outcome = replay::play(world, &recording)?;
    let took = (clock.now() - begun).to_std().unwrap_or_default().as_secs_f64();
    let unmet = recording.expected.as_ref().map(|expected| unmet(expected, &outcome));
    if args.json {
        screen.json(&ReplayDocument::new(&recording, &outcome, unmet.as_deref()))?;
    } else {
        let teller = Teller { outcome: &outcome, tz, cards: args.cards };
        teller.tell(&recording, screen)?;
        teller.sum_up(took, screen)?;
        expectations(unmet.as_deref(), screen)?;
    }
    let met = unmet.is_none_or(|unmet| unmet.is_empty());
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(file: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(
            format!("{} can't be read: {error}", file.display()),
            "name a recording (docs/replay.md has the format), or - for standard input",
        )
    };
    let mut text = String::new();
    let mut from: Box<dyn Read> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(File::open(file).map_err(failed)?)
    };
    let read = from.by_ref().take(MAX_FILE + 1).read_to_string(&mut text).map_err(failed)?;
    if read as u64 > MAX_FILE {
        let what = format!("{} is larger than 1 GiB", file.display());
        return Err(Failure::new(what, "play a part of it: `steward export --since … --until …`"));
    }
    Ok(text)
}

/// The recording and the configuration with its settings, or every problem of both.
fn understood(globals: &Globals, file: &Path, text: &str) -> Result<(Recording, Setup), Failure> {
    let recording = recording::read(file, text);
    let over = recording.as_ref().ok().and_then(|recording| recording.settings.as_ref());
    let setup = Setup::load_over(&globals.request(), over);
    match (recording, setup) {
        (Ok(recording), Ok(setup)) => Ok((recording, setup)),
        (recording, setup) => {
            let problems: Vec<Problem> = recording.err().into_iter().chain(setup.err()).flatten().collect();
            Err(not_played(&problems))
        }
    }
}

fn not_played(problems: &[Problem]) -> Failure {
    let list: String = super::failure::in_order(problems).iter().map(|p| format!("\n{p}")).collect();
    let count = count_of(problems.len(), "problem");
    Failure::new(
        format!("the recording can't be played: {count}{list}"),
        "mend that; docs/replay.md has the format",
    )
    .meaning("nothing was played")
}

/// A world with the recording's topology, if it has one.
fn world(recording: &Recording, mut setup: Setup, make_tools: MakeTools<'_>) -> Result<World, Failure> {
    if let Some(entries) = &recording.topology {
        let topology = Topology::new(entries.clone()).map_err(|problems| {
            let problem = |problem: crate::domain::topology::TopologyProblem| Problem {
                field: Some(format!("topology.targets.{}", problem.target)),
                ..Problem::of_file(&recording.file, problem.message, None)
            };
            not_played(&problems.into_iter().map(problem).collect::<Vec<_>>())
        })?;
        setup.topology = topology.overruled(recording.overrules.clone());
    }
    let tools = make_tools(&setup);
    Ok((tools.world)(&setup))
}

/// Tells people what came of it.
struct Teller<'a> {
    outcome: &'a Outcome,
    tz: Tz,
    cards: bool,
}

impl Teller<'_> {
    fn moment(&self, at: Timestamp) -> String {
        at.with_timezone(&self.tz).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn tell(&self, recording: &Recording, screen: &mut Screen<'_>) -> Result<(), Stop> {
        if !recording.about.is_empty() {
            screen.say(Tone::Strong, &recording.about)?;
            screen.gap()?;
        }
        self.outcome.messages.iter().try_for_each(|said| self.message(said, screen))?;
        for incident in self.outcome.standing() {
            self.incident(incident, screen)?;
            screen.gap()?;
        }
        Ok(())
    }

    fn message(&self, said: &Said, screen: &mut Screen<'_>) -> Result<(), Stop> {
        let place = match (said.kind, said.incident) {
            (Kind::Root, Some(number)) => format!("a new message: #{number}"),
            (Kind::Answer, _) => "an answer".to_owned(),
            (Kind::Lab, _) => "in the channel".to_owned(),
            (_, Some(number)) => format!("in the thread of #{number}"),
            (_, None) => String::new(),
        };
        let call = if said.calls() { "  @here" } else { "" };
        screen.toned(&[
            (Tone::Dim, &self.moment(said.at)),
            (Tone::Plain, "  "),
            (if said.kind == Kind::Root { Tone::Strong } else { Tone::Plain }, &place),
            (Tone::Bad, call),
        ])?;
        let text = plain(&said.card);
        // The number that every message of a thread begins with stands above it already.
        let number = said.incident.map(|number| format!("#{number}\n")).unwrap_or_default();
        let text = text.strip_prefix(number.as_str()).filter(|_| !number.is_empty()).unwrap_or(&text);
        screen.block(Tone::Plain, 4, text)?;
        screen.gap()
    }

    fn incident(&self, incident: &Incident, screen: &mut Screen<'_>) -> Result<(), Stop> {
        let over = !incident.state.is_unresolved();
        let hidden = match self.outcome.was_told(incident.number) {
            false if self.outcome.hidden.contains_key(&incident.number) => "  never told: hidden",
            false => "  never told",
            true => "",
        };
        let tone = if over { Tone::Good } else { Tone::Bad };
        screen.toned(&[
            (tone, &format!("#{} {}", incident.number, incident.state)),
            (Tone::Strong, &format!("  {}", incident.root)),
            (Tone::Plain, &format!("  {} {}{hidden}", incident.severity, signature(incident))),
        ])?;
        let opened = self.moment(incident.opened_at);
        let ended =
            self.outcome.resolved_at.get(&incident.number).filter(|_| over).map(|at| {
                format!(", resolved {} (after {})", self.moment(*at), span(incident.opened_at, *at))
            });
        screen.line(&format!("  opened  {opened}{}", ended.unwrap_or_default()))?;
        if let Some(by) = self.outcome.hidden.get(&incident.number) {
            screen.line(&format!("  hidden  {by}"))?;
        }
        if incident.occurrences > 1 {
            screen.line(&format!("  came    {} times", incident.occurrences))?;
        }
        let victims: Vec<&str> =
            self.outcome.victims(incident).into_iter().map(|target| target.as_str()).collect();
        if !victims.is_empty() {
            screen.line(&format!("  victims {}: {}", victims.len(), some(&victims, ", ")))?;
        }
        let merged: Vec<String> = self
            .outcome
            .incidents
            .values()
            .filter(|other| other.merged_into.is_some_and(|(_, number)| number == incident.number))
            .map(|other| format!("#{}", other.number))
            .collect();
        if !merged.is_empty() {
            screen.line(&format!("  took in {}", merged.join(", ")))?;
        }
        if let Some(suspect) = incident.suspects.first() {
            screen.line(&format!("  suspect {} by {} ({})", suspect.summary, suspect.author, suspect.why))?;
        }
        let (now, earlier) = self.outcome.reasons(incident);
        for (head, reasons) in [("why", now), ("earlier", earlier)] {
            for reason in reasons.iter().take(NAMED) {
                screen.line(&format!("  {head:<7} {reason}"))?;
            }
            if reasons.len() > NAMED {
                let more = count_of(reasons.len() - NAMED, "more reason");
                screen.line(&format!("          and {more}"))?;
            }
        }
        match self.outcome.roots.get(&incident.number).filter(|_| self.cards) {
            Some(card) => screen.block(Tone::Plain, 4, &plain(card)),
            None => Ok(()),
        }
    }

    fn sum_up(&self, took: f64, screen: &mut Screen<'_>) -> Result<(), Stop> {
        let outcome = self.outcome;
        let open = outcome.standing().filter(|incident| incident.state.is_unresolved()).count();
        let merged = outcome.incidents.values().filter(|incident| incident.state == State::Merged).count();
        let mut incidents = vec![format!("{open} still open")];
        if merged > 0 {
            incidents.push(format!("{merged} merged into others"));
        }
        let rate = outcome.signals as f64 / took.max(0.001);
        screen.say(
            Tone::Strong,
            &format!(
                "{} in {} of the lab's time: {} ({}), {} and {}, {}.",
                count_of(usize::try_from(outcome.signals).unwrap_or(usize::MAX), "signal"),
                span(outcome.from, outcome.until),
                count_of(outcome.incidents.len(), "incident"),
                incidents.join(", "),
                count_of(outcome.messages.len(), "message"),
                count_of(usize::try_from(outcome.edits).unwrap_or(usize::MAX), "edit"),
                count_of(usize::try_from(outcome.calls()).unwrap_or(usize::MAX), "call"),
            ),
        )?;
        screen.say(Tone::Dim, &format!("Played in {took:.3} s ({rate:.0} signals/s)."))
    }
}

fn expectations(unmet: Option<&[String]>, screen: &mut Screen<'_>) -> Result<(), Stop> {
    match unmet {
        None => Ok(()),
        Some([]) => screen.say(Tone::Good, "All is as the recording expects."),
        Some(unmet) => {
            screen.say(Tone::Bad, "Not as the recording expects:")?;
            unmet.iter().try_for_each(|line| screen.line(&format!("  {line}")))
        }
    }
}

fn some(names: &[&str], between: &str) -> String {
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(between);
    match names.len().checked_sub(NAMED).filter(|more| *more > 0) {
        Some(more) => format!("{shown} and {more} more"),
        None => shown,
    }
}
