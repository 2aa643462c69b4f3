//! Whether Steward is well, judged from what is known of it. Judging waits for nothing and asks nobody.

use std::time::Duration;

use super::pulse::Pulse;
use crate::domain::signal::Timestamp;
use crate::engine::cards::span;
use crate::engine::lines::LineState;
use crate::engine::ports::PartHealth;

/// How long the pipeline may take to answer, the write included.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How late the scheduler may be: what comes in a burst is begun one after the other.
const LATE: Duration = Duration::from_secs(120);
/// How long a line is cut before that counts: most cuts are over sooner.
const CUT: Duration = Duration::from_secs(60);

/// What is known of the pipeline: when it was asked, and what it answered.
#[derive(Debug, Clone)]
pub struct Beat {
    /// When Steward started.
    pub started_at: Timestamp,
    /// When it was asked, while the answer is outstanding.
    pub asked_at: Option<Timestamp>,
    /// When it last answered, and how long that took.
    pub answered: Option<(Timestamp, Duration)>,
    /// Whether there is nobody left to answer.
    pub gone: bool,
    /// What it answered; what was true at the start before that.
    pub pulse: Pulse,
}

/// What else is known at once.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Deliveries that wait, and how many may.
    pub inbox: (usize, usize),
    /// Why decisions can't be written, while they can't.
    pub stalled: Option<String>,
    /// When the next skill is due.
    pub skills_due: Option<Timestamp>,
}

/// How each part is.
#[must_use]
pub fn judge(beat: &Beat, known: &Known, now: Timestamp) -> Vec<PartHealth> {
    let mut parts = vec![pipeline(beat, now), store(known), inbox(known.inbox), scheduler(known, now)];
    parts.extend(platforms(&beat.pulse, now));
    parts
}

fn part(name: &str, ok: bool, detail: impl Into<String>) -> PartHealth {
    // A line for each, whatever an error has to say.
    let detail = detail.into().split_whitespace().collect::<Vec<_>>().join(" ");
    PartHealth { part: name.to_owned(), ok, detail }
}

fn passed(from: Timestamp, to: Timestamp) -> Duration {
    (to - from).to_std().unwrap_or_default()
}

fn pipeline(beat: &Beat, now: Timestamp) -> PartHealth {
    let name = "pipeline";
    if beat.gone {
        return part(name, false, "it has ended; Steward has to be started again");
    }
    if let Some(asked) = beat.asked_at.filter(|asked| passed(*asked, now) > PATIENCE) {
        return part(name, false, format!("has not answered for {}: nothing is decided", span(asked, now)));
    }
    part(
        name,
        true,
        match beat.answered {
            Some((at, took)) => format!("answered {} ago, within {} ms", span(at, now), took.as_millis()),
            None => format!("started {} ago, not tested yet", span(beat.started_at, now)),
        },
    )
}

fn store(known: &Known) -> PartHealth {
    match &known.stalled {
        Some(why) => part(
            "store",
            false,
            format!("can't be written ({why}); nothing is told or done until it can: look at the disk"),
        ),
        None => part("store", true, "what was decided is written"),
    }
}

fn inbox((waiting, most): (usize, usize)) -> PartHealth {
    part(
        "inbox",
        waiting < most,
        match waiting < most {
            true => format!("{waiting} of at most {most} deliveries wait"),
            false => format!("full: {waiting} deliveries wait, and whoever sends more is told to come again"),
        },
    )
}

fn scheduler(known: &Known, now: Timestamp) -> PartHealth {
    let name = "scheduler";
    match known.skills_due {
        None => part(name, true, "no skill is due"),
        Some(due) if passed(due, now) > LATE => {
            part(name, false, format!("a skill was due {} ago and was not begun", span(due, now)))
        }
        Some(due) if due <= now => part(name, true, "a skill is due now"),
        Some(due) => part(name, true, format!("the next skill is due in {}", span(now, due))),
    }
}

/// One platform that is down is told on the others; when all are, nobody hears anything.
fn platforms(pulse: &Pulse, now: Timestamp) -> Vec<PartHealth> {
    let is_down = |line: &LineState| line.out.as_ref().is_some_and(|(since, _)| passed(*since, now) >= CUT);
    let all_down = !pulse.lines.is_empty() && pulse.lines.values().all(is_down);
    let of = |(platform, line): (&String, &LineState)| {
        let detail = match (&line.out, &line.into) {
            (Some((since, why)), _) if is_down(line) => {
                let elsewhere = if all_down { "" } else { "; another platform is told" };
                format!("cut off for {}: {why}{elsewhere}", span(*since, now))
            }
            (Some((since, why)), _) => format!("put off for {}: {why}", span(*since, now)),
            (None, Some((since, why))) => {
                format!("messages go out; nothing has come in for {}: {why}", span(*since, now))
            }
            (None, None) => "connected".to_owned(),
        };
        part(platform, !(all_down && is_down(line)), detail)
    };
    pulse.lines.iter().map(of).collect()
}

#[cfg(test)]
mod tests;
