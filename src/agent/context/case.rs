//! The case: what is broken or wanted, what is known of it, and what was around it.

mod changes;
mod past;
pub(in crate::agent) mod place;

use chrono_tz::Tz;

use super::fit::Keep;
use super::known::{Known, broken_as};
use super::page::{Page, Section};
use super::{Brief, Sources, budget, stable};
use crate::domain::agent::{Said, Subject, memory};
use crate::domain::incident::{Event, Incident, Record, sentence};
use crate::domain::signal::Timestamp;

/// Lessons that are told.
const LESSONS: usize = 6;

/// Writes it.
pub(super) fn write(page: &mut Page<'_>, sources: &Sources, brief: &Brief<'_>, known: &Known) {
    page.section(Section {
        budget: budget::CASE,
        heading: "# The case",
        label: None,
        lines: facts(sources, brief, known.incident.as_ref()),
        keep: Keep::First,
        thing: "more line",
    });
    around(page, sources, brief, known);
    if let Some(incident) = &known.incident {
        happened(page, sources.tz, incident, &known.timeline);
    }
    said(page, sources.tz, brief.said);
    page.section(Section {
        budget: budget::DECLINED,
        heading: "## What people did not want (don't propose it again)",
        label: Some("declined proposals"),
        lines: known.declined.iter().map(|what| format!("- {}", first_line(what))).collect(),
        keep: Keep::First,
        thing: "older one",
    });
    page.whole(budget::CLOSING, closing(brief.subject));
}

/// What is known besides the case itself.
fn around(page: &mut Page<'_>, sources: &Sources, brief: &Brief<'_>, known: &Known) {
    page.section(Section {
        budget: budget::HEARTBEAT,
        heading: "## How the lab is now",
        label: Some("HEARTBEAT.md"),
        lines: heartbeat(sources, known.incident.as_ref()),
        keep: Keep::First,
        thing: "more line",
    });
    page.section(Section {
        budget: budget::LESSONS,
        heading: "## What this lab has taught (from MEMORY.md)",
        label: None,
        lines: lessons(sources, known.incident.as_ref(), brief.said),
        keep: Keep::First,
        thing: "more lesson",
    });
    page.section(Section {
        budget: budget::RECORD,
        heading: "## This problem before",
        label: None,
        lines: past::record(&known.records),
        keep: Keep::First,
        thing: "more line",
    });
    page.section(Section {
        budget: budget::INCIDENTS,
        heading: "## The last incidents",
        label: Some("incidents"),
        lines: past::last(&known.last, sources.tz),
        keep: Keep::First,
        thing: "older incident",
    });
    let suspects = known.incident.as_ref().map(|case| case.suspects.as_slice()).unwrap_or_default();
    page.section(Section {
        budget: budget::CHANGES,
        heading: "## What changed, the most suspect first",
        label: Some("changes"),
        lines: changes::lines(suspects, &known.changes, sources.tz),
        keep: Keep::First,
        thing: "more change",
    });
    page.section(Section {
        budget: budget::TOPOLOGY,
        heading: "## What depends on what",
        label: None,
        lines: known
            .incident
            .as_ref()
            .filter(|case| case.request.is_none())
            .map(|case| place::lines(case, &brief.knowledge.topology))
            .unwrap_or_default(),
        keep: Keep::First,
        thing: "more line",
    });
}

/// What was seen of it and what happened.
fn happened(page: &mut Page<'_>, tz: Tz, incident: &Incident, timeline: &[Record]) {
    if incident.request.is_none() {
        page.section(Section {
            budget: budget::SYMPTOMS,
            heading: "## What is broken",
            label: Some("problems, the suspected root first"),
            lines: symptoms(incident, tz),
            keep: Keep::First,
            thing: "more problem",
        });
    }
    page.section(Section {
        budget: budget::TIMELINE,
        heading: "## What happened",
        label: Some("timeline"),
        lines: timeline
            .iter()
            .filter(|record| !is_told_above(record, incident))
            .filter_map(|record| told(record, tz))
            .collect(),
        keep: Keep::Ends(20),
        thing: "older line",
    });
    let mut evidence = evidence(incident, timeline);
    // A page of output of one symptom must not take the place of what the root showed.
    let others = evidence.split_off(evidence.len().min(1));
    for (budget, evidence) in [(budget::EVIDENCE, evidence), (budget::MORE_EVIDENCE, others)] {
        let label = match evidence.as_slice() {
            [(of, _)] => format!("evidence of {of}"),
            _ => "evidence of the rest".to_owned(),
        };
        let many = evidence.len() > 1;
        let lines = evidence.into_iter().flat_map(|(of, text)| {
            let head = many.then(|| format!("{of}:"));
            // Cleaned as a whole: a key that goes over several lines is seen only then.
            let text = page.clean(&text);
            head.into_iter().chain(text.lines().map(str::to_owned).collect::<Vec<_>>())
        });
        let lines: Vec<String> = lines.collect();
        page.section(Section {
            budget,
            heading: "",
            label: Some(&label),
            lines,
            keep: Keep::Ends(40),
            thing: "line",
        });
    }
}

/// What was said to the agent and what it answered.
fn said(page: &mut Page<'_>, tz: Tz, said: &[Said]) {
    let line = |said: &Said| {
        let by = said.by.as_deref().unwrap_or("you");
        format!("{} {by}: {}", time(said.at, tz), said.words.trim())
    };
    page.section(Section {
        budget: budget::SAID,
        heading: "## What was said in the thread",
        label: Some("thread"),
        lines: said.iter().map(line).collect(),
        keep: Keep::Ends(25),
        thing: "older message",
    });
}

fn facts(sources: &Sources, brief: &Brief<'_>, incident: Option<&Incident>) -> Vec<String> {
    let now = brief.now.with_timezone(&sources.tz);
    let mut lines = vec![format!(
        "Now: {} ({}). Steward runs on {}.",
        now.format("%A, %Y-%m-%d %H:%M"),
        sources.tz,
        sources.host
    )];
    let Some(incident) = incident else {
        lines.push("The case is not on record any more; conclude with what you can find.".to_owned());
        return lines;
    };
    match &incident.request {
        None => lines.extend(fault(sources.tz, incident)),
        Some(request) => {
            let asked = brief.said.iter().rev().find(|said| said.by.is_some());
            let (by, words) = asked.map_or((request.by.as_str(), request.words.as_str()), |said| {
                (said.by.as_deref().unwrap_or_default(), said.words.as_str())
            });
            match goal(brief) {
                Some(goal) => {
                    lines.push(format!("#{}, goal {}:", incident.number, goal.name));
                    lines.extend(quoted(&goal.text));
                }
                None => {
                    lines.push(format!("#{}, {} asks:", incident.number, first_line(by)));
                    lines.extend(quoted(words));
                }
            }
        }
    }
    lines
}

fn goal<'a>(brief: &Brief<'a>) -> Option<&'a crate::domain::agent::Goal> {
    let Subject::Goal { name } = brief.subject else { return None };
    brief.knowledge.goals.iter().find(|goal| goal.name == *name)
}

/// Words that are to be followed, as far as they may be: each line is marked, so that none of them looks like a part of
/// its own.
fn quoted(words: &str) -> impl Iterator<Item = String> {
    words.trim().lines().map(|line| format!("> {line}"))
}

fn fault(tz: Tz, incident: &Incident) -> Vec<String> {
    let mut lines = vec![format!(
        "Incident #{}: {} at {}, {}, {} since {}.",
        incident.number,
        signatures(incident),
        incident.root,
        incident.severity,
        incident.state,
        moment(incident.changed_at, tz)
    )];
    let seen = if incident.root_observed() {
        "was itself seen failing"
    } else {
        "is only suspected, nobody saw it fail"
    };
    lines.push(format!(
        "Opened {}; the suspected root {} {seen}.",
        moment(incident.opened_at, tz),
        incident.root
    ));
    if incident.occurrences > 1 {
        lines.push(format!("It came back: this is occurrence {}.", incident.occurrences));
    }
    if incident.flapping {
        lines.push("It comes and goes.".to_owned());
    }
    if let Some(storm) = &incident.storm {
        lines.push(format!("It is a storm: {} more things fail that are only counted.", storm.active));
    }
    if let Some(taken) = &incident.acknowledged {
        lines.push(format!("{} takes care of it.", first_line(&taken.by)));
    }
    lines
}

/// How the root is broken, in words.
fn signatures(incident: &Incident) -> String {
    broken_as(incident).into_iter().map(|signature| signature.as_str()).collect::<Vec<_>>().join(" and ")
}

/// What is broken, the suspected root first, then what still is.
fn symptoms(incident: &Incident, tz: Tz) -> Vec<String> {
    let mut members: Vec<_> = incident.members.iter().collect();
    members.sort_by_key(|member| (member.problem.target != incident.root, !member.active, member.joined_at));
    let line = |member: &&crate::domain::incident::Member| {
        let over = if member.active { "" } else { ", over" };
        let why =
            if member.why.is_empty() { String::new() } else { format!(" ({})", first_line(&member.why)) };
        format!(
            "- {} {} [{}{over}, since {}]: {}{why}",
            member.problem.target,
            member.problem.signature,
            member.severity,
            minute(member.joined_at, tz),
            first_line(&member.summary)
        )
    };
    let mut lines: Vec<String> = members.iter().map(line).collect();
    if !incident.root_observed() && !incident.root_why.is_empty() {
        lines.insert(0, format!("- {} is suspected: {}", incident.root, first_line(&incident.root_why)));
    }
    lines
}

/// Whether a line of the timeline would say what stands above already: what joined is among what is broken, with its time
/// and its reason; suspects are among the changes.
fn is_told_above(record: &Record, incident: &Incident) -> bool {
    match &record.event {
        Event::Joined { problem, .. } => {
            incident.member(problem).is_some_and(|member| member.joined_at == record.at)
        }
        Event::Suspects { .. } => true,
        _ => false,
    }
}

fn told(record: &Record, tz: Tz) -> Option<String> {
    let sentence = sentence(&record.event)?;
    Some(format!("{} {}", time(record.at, tz), sentence.text.replace('\n', " / ")))
}

/// The newest evidence of each problem: that of the suspected root first, then of what still fails.
fn evidence(incident: &Incident, timeline: &[Record]) -> Vec<(String, String)> {
    let mut found: Vec<(&crate::domain::signal::Problem, &str)> = Vec::new();
    for record in timeline {
        let (Event::Opened { problem, evidence, .. } | Event::Joined { problem, evidence, .. }) =
            &record.event
        else {
            continue;
        };
        if !evidence.trim().is_empty() {
            found.retain(|(known, _)| *known != problem);
            found.push((problem, evidence));
        }
    }
    let active = |problem| incident.member(problem).is_some_and(|member| member.active);
    found.sort_by_key(|(problem, _)| (problem.target != incident.root, !active(problem)));
    found.into_iter().map(|(problem, text)| (problem.to_string(), text.to_owned())).collect()
}

/// The lessons that have to do with a case: by how it is broken and where, or by what was asked.
fn lessons(sources: &Sources, incident: Option<&Incident>, said: &[Said]) -> Vec<String> {
    let Some(incident) = incident else { return Vec::new() };
    let mut query: Vec<String> = Vec::new();
    match &incident.request {
        Some(request) => {
            query.push(request.words.clone());
            query.extend(said.iter().filter(|said| said.by.is_some()).map(|said| said.words.clone()));
        }
        None => {
            for problem in
                incident.members.iter().filter(|member| member.active).map(|member| &member.problem)
            {
                query.extend([problem.signature.to_string(), problem.target.to_string()]);
            }
            query.extend([incident.signature.to_string(), incident.root.to_string()]);
        }
    }
    query.dedup();
    let found = memory::search(&stable::memory(&sources.ground()), &query.join(" "), LESSONS + 1);
    let lesson = |text: &String| text.trim().trim_start_matches("## ").trim().to_owned();
    let lessons = found.iter().map(lesson).filter(|text| !text.to_lowercase().starts_with("preferences"));
    lessons
        .filter(|text| !text.starts_with("# "))
        .take(LESSONS)
        .map(|text| format!("- {}", text.replace('\n', "\n  ")))
        .collect()
}

/// The lab as it is now, without what has a part of its own: the last changes, and the case itself.
fn heartbeat(sources: &Sources, incident: Option<&Incident>) -> Vec<String> {
    let text = std::fs::read_to_string(sources.state_dir.join("HEARTBEAT.md")).unwrap_or_default();
    let own = incident.map(|incident| format!("- #{} ", incident.number));
    let mut in_changes = false;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).skip(1).collect::<Vec<_>>();
    lines.retain(|line| {
        if line.starts_with("## ") {
            in_changes = line.starts_with("## Last changes");
        }
        !in_changes && own.as_ref().is_none_or(|own| !line.starts_with(own.as_str()))
    });
    // A heading and nothing under it: nothing is so that the case itself does not tell.
    if lines.iter().skip(1).all(|line| line.starts_with("## ")) {
        return Vec::new();
    }
    lines.into_iter().map(str::to_owned).collect()
}

fn closing(subject: &Subject) -> &'static str {
    match subject {
        Subject::Incident => "Find out why, with tools, and conclude.",
        Subject::Request => "Find out what is needed to answer, and conclude with the answer.",
        Subject::Goal { .. } => "Work on the goal, and conclude.",
        Subject::Lesson => "Put the lesson into better words.",
    }
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}

/// A time of these days.
fn time(at: Timestamp, tz: Tz) -> String {
    at.with_timezone(&tz).format("%m-%d %H:%M:%S").to_string()
}

/// The same where seconds tell nothing.
fn minute(at: Timestamp, tz: Tz) -> String {
    at.with_timezone(&tz).format("%m-%d %H:%M").to_string()
}

/// A time of any day.
fn moment(at: Timestamp, tz: Tz) -> String {
    at.with_timezone(&tz).format("%Y-%m-%d %H:%M").to_string()
}
