use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::*;
use crate::domain::incident::State;
use crate::domain::signal::Severity;
use crate::engine::lines::LineState;
use crate::engine::vitals::Vitals;
use crate::engine::vitals::pulse::Pulse;

fn now() -> Timestamp {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

/// Reads the text exposition as strictly as Prometheus does, and stricter where `promtool check metrics` lints: every
/// family once, with HELP and TYPE before its samples, no sample twice, counters named `_total`.
fn strictly(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with('\n'), "the last line has no end");
    let (mut samples, mut families) = (BTreeMap::new(), BTreeSet::new());
    let (mut family, mut kind, mut helped) = (String::new(), String::new(), String::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(!words.is_empty(), "{line}");
            helped = name.to_owned();
        } else if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, of) = typed.split_once(' ').unwrap();
            assert_eq!(helped, name, "TYPE without its HELP");
            assert!(["counter", "gauge", "histogram"].contains(&of), "{line}");
            assert_eq!(of == "counter", name.ends_with("_total"), "{line}");
            assert!(families.insert(name.to_owned()), "{name} comes twice");
            (family, kind) = (name.to_owned(), of.to_owned());
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
            assert!(!name.is_empty() && name.chars().all(good), "{line}");
            let of_histogram = ["_bucket", "_sum", "_count"].map(|end| format!("{family}{end}"));
            let fits =
                if kind == "histogram" { of_histogram.contains(&name.to_owned()) } else { name == family };
            assert!(fits, "{line} stands under {family}");
            labels(series);
            let value: f64 = value.parse().unwrap();
            assert!(samples.insert(series.to_owned(), value).is_none(), "{series} comes twice");
        }
    }
    samples
}

/// Reads `{name="text",…}`, where a text escapes `\`, `"` and line ends, and nothing else.
fn labels(series: &str) {
    let Some((_, rest)) = series.split_once('{') else { return };
    let mut rest = rest.strip_suffix('}').unwrap();
    while !rest.is_empty() {
        let (name, text) = rest.split_once("=\"").unwrap();
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{series}");
        let mut escaped = false;
        let end = text.find(|c: char| {
            let ends = c == '"' && !escaped;
            assert!(!escaped || ['\\', '"', 'n'].contains(&c), "{series}");
            escaped = c == '\\' && !escaped;
            ends
        });
        rest = &text[end.unwrap() + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

fn scraped(vitals: &Vitals) -> String {
    let pulse = Pulse {
        at: now(),
        incidents: BTreeMap::from([
            ((State::Open, Severity::Error), 2),
            ((State::Stuck, Severity::Critical), 1),
        ]),
        firing: 7,
        held: 3,
        approvals: 1,
        silences: 2,
        repairs: 1,
        learned: 40,
        paused: true,
        lines: BTreeMap::from([
            ("discord".to_owned(), LineState { out: Some((now(), "gone".to_owned())), into: None }),
            ("telegram".to_owned(), LineState::default()),
        ]),
        lost_sources: vec!["alertmanager".to_owned()],
        unwatched: vec!["disk".to_owned()],
    };
    let answered = Some((now(), Duration::from_millis(3)));
    let started_at = now() - chrono::TimeDelta::seconds(90);
    let beat = Beat { started_at, asked_at: None, answered, gone: false, pulse };
    let parts = [PartHealth { part: "pipeline".to_owned(), ok: true, detail: String::new() }];
    let oldest = Some(now() - chrono::TimeDelta::seconds(30));
    let seen = Seen {
        version: "1.2.3",
        beat: &beat,
        parts: &parts,
        inbox: (4, 100),
        backlog: &BTreeMap::from([("discord".to_owned(), Backlog { pending: 5, oldest })]),
        silent_changes: 1,
        process: Process { resident: Some(1 << 30), open_files: Some(12) },
    };
    scrape(&vitals.counts(), &seen, now())
}

#[test]
fn what_is_scraped_is_the_text_exposition_and_nothing_else() {
    let vitals = Vitals::default();
    strictly(&scraped(&vitals));
    vitals.delivery("discord", "sent");
    vitals.pinged("answered", now());
    vitals.turned(Duration::from_millis(3), 2, 1);
    vitals.wrote(Duration::from_millis(2));
    vitals.skills_due(Some(now()));
    vitals.counts().held_back.add(&"odd \"rule\" \\ with\na line".to_owned(), 1);
    let samples = strictly(&scraped(&vitals));
    for (series, value) in [
        ("steward_build_info{version=\"1.2.3\"}", 1.0),
        ("steward_uptime_seconds", 90.0),
        ("steward_incidents{state=\"open\",severity=\"error\"}", 2.0),
        ("steward_incidents{state=\"stuck\",severity=\"critical\"}", 1.0),
        ("steward_signals_firing", 7.0),
        ("steward_inbox_waiting", 4.0),
        ("steward_outbox_pending{platform=\"discord\"}", 5.0),
        ("steward_outbox_oldest_seconds{platform=\"discord\"}", 30.0),
        ("steward_outbox_pending{platform=\"telegram\"}", 0.0),
        ("steward_platform_connected{platform=\"discord\",way=\"out\"}", 0.0),
        ("steward_platform_connected{platform=\"discord\",way=\"in\"}", 1.0),
        ("steward_messages_total{platform=\"discord\",outcome=\"sent\"}", 1.0),
        ("steward_held_back_total{rule=\"odd \\\"rule\\\" \\\\ with\\na line\"}", 1.0),
        ("steward_turn_duration_seconds_bucket{le=\"0.001\"}", 0.0),
        ("steward_turn_duration_seconds_bucket{le=\"0.005\"}", 1.0),
        ("steward_turn_duration_seconds_bucket{le=\"+Inf\"}", 1.0),
        ("process_resident_memory_bytes", 1_073_741_824.0),
    ] {
        assert_eq!(samples.get(series), Some(&value), "{series} in\n{samples:#?}");
    }
}
