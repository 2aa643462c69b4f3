//! The time zone of those that have none.

use super::desk::Desk;
use super::natures::{self, Nature};
use super::stays;
use crate::adopt::known;
use crate::adopt::project::{Fate, Project, Service, Value};
use crate::adopt::{Decision, Topic};

/// Asks for one zone for all of them that have none. Databases keep theirs, since what they stored may depend on it.
///
/// What took the host's clock (`/etc/localtime`) gets the zone, so that it stays the same; all else has UTC now, and
/// keeps that unless somebody says otherwise.
pub(super) fn settle(project: &mut Project, desk: &mut Desk<'_>) {
    if stays(project, desk.options) {
        return;
    }
    give(project, desk);
    // Where nobody gave one, what became of the clock is said as it is.
    for service in project.services.iter_mut().filter(|service| lacks(service)) {
        for mount in service.mounts.iter_mut().filter(|mount| natures::of(mount) == Nature::Clock) {
            if matches!(mount.fate, Fate::Left(_)) {
                mount.fate = Fate::Left("without `TZ`, it has UTC".to_owned());
            }
        }
    }
}

fn give(project: &mut Project, desk: &mut Desk<'_>) {
    let missing = names(project, lacks);
    let clocks = names(project, |service| lacks(service) && has_clock(service));
    let zone = project.services.iter().find_map(zone_of).or_else(|| desk.options.time_zone.clone());
    // Where the zone is UTC anyway, there is nothing to decide.
    let is_utc = zone.as_deref().is_some_and(is_utc);
    if missing.is_empty() || (is_utc && clocks.is_empty()) {
        return;
    }
    let chosen = ask(&missing, &clocks, zone.as_deref(), desk);
    let (zone, only_clocks) = match chosen.as_str() {
        "leave" => return,
        "set" => (zone, !clocks.is_empty()),
        "all" => (zone, false),
        given => (Some(given.to_owned()), false),
    };
    let Some(zone) = zone else { return };
    let is_meant = |service: &Service| lacks(service) && (!only_clocks || has_clock(service));
    for service in project.services.iter_mut().filter(|service| is_meant(service)) {
        service.env.insert("TZ".to_owned(), Value::Text(zone.clone()));
    }
}

fn ask(missing: &[String], clocks: &[String], zone: Option<&str>, desk: &mut Desk<'_>) -> String {
    let whom = if let [one] = missing { one.as_str() } else { "all of them" };
    let question = match missing {
        [one] => format!("Which time zone does {one} have?"),
        _ => "Which time zone do they have?".to_owned(),
    };
    let set = zone.map(|zone| match clocks {
        [] => format!("`{zone}` for {whom}"),
        clocks if clocks.len() == missing.len() => format!("`{zone}`, which the host has as well"),
        clocks => format!("`{zone}` for {}, as the host has it", clocks.join(", ")),
    });
    let all = zone.map(|zone| format!("`{zone}` for all of them"));
    let leave = ("leave", "as now: most images take UTC then");
    let mut choices: Vec<(&str, &str)> = set.as_deref().map(|text| ("set", text)).into_iter().collect();
    if !clocks.is_empty() && clocks.len() < missing.len() {
        choices.extend(all.as_deref().map(|text| ("all", text)));
    }
    choices.insert(if clocks.is_empty() { 0 } else { choices.len() }, leave);
    let mut decision = Decision::new("time-zone", None, Topic::TimeZone, question, &choices);
    if missing.len() > 1 {
        decision = decision.fact(format!("Without one: {}.", missing.join(", ")));
    }
    if !clocks.is_empty() {
        decision = decision.fact(format!("{} took that of the host by `/etc/localtime`.", clocks.join(", ")));
    }
    decision = decision.fact("Answer with a name such as `Europe/Berlin` for another.");
    desk.ask_or(decision, &[], is_zone)
}

fn names(project: &Project, is: impl Fn(&Service) -> bool) -> Vec<String> {
    project.services.iter().filter(|service| is(service)).map(|service| service.name.clone()).collect()
}

fn zone_of(service: &Service) -> Option<String> {
    match service.env.get("TZ") {
        Some(Value::Text(zone)) if !zone.is_empty() => Some(zone.clone()),
        _ => None,
    }
}

fn has_clock(service: &Service) -> bool {
    let is_clock = |fate: &Fate| matches!(fate, Fate::Left(_));
    service.mounts.iter().any(|mount| is_clock(&mount.fate) && natures::of(mount) == Nature::Clock)
}

fn lacks(service: &Service) -> bool {
    let is_database = known::of(&service.image.name).is_some_and(|known| known.database);
    !service.env.contains_key("TZ") && (has_clock(service) || !is_database)
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "Etc/UTC" | "GMT" | "Etc/GMT" | "Zulu" | "Etc/Zulu" | "Universal" | "Etc/UCT")
}

/// `Region/City`, `UTC`, `Etc/GMT+1`.
fn is_zone(answer: &str) -> bool {
    let plain = answer.chars().all(|c| c.is_ascii_alphanumeric() || "_+-/".contains(c));
    let begins = answer.starts_with(|c: char| c.is_ascii_uppercase());
    plain && begins && (answer.contains('/') || answer == "UTC")
}
