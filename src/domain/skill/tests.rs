use proptest::prelude::*;

use super::*;

const WHOLE: &str = r#"#!/usr/bin/env bash
# Checks the exports.

#: description = "NFS mounts answer"
#: schedule = "*/5 * * * *"
#: timeout  = "2m"
#: targets  = ["{{ host }}/mounts", "nas"]
#: hosts    = ["local"]
#: severity = "critical"
#: [params]
#: WARN_PERCENT = 80
#: SERVER = "nas"

set -euo pipefail
"#;

fn host() -> Target {
    Target::parse("pve4").unwrap()
}

fn parse(source: &str) -> Result<Manifest, Vec<ManifestProblem>> {
    parse_manifest("nfs", source, &host())
}

/// The only problem of a manifest that is well but for `line`.
fn problem(line: &str) -> ManifestProblem {
    let source = format!("#!/bin/sh\n#: schedule = \"@daily\"\n#: targets = [\"nas\"]\n{line}\n");
    let mut problems = parse(&source).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn a_manifest_says_when_where_and_about_what_a_skill_runs() {
    let manifest = parse(WHOLE).unwrap();
    assert_eq!(manifest.schedule.to_string(), "*/5 * * * *");
    assert_eq!(manifest.timeout, Duration::from_secs(120));
    assert_eq!(manifest.targets, [Target::parse("pve4/mounts").unwrap(), Target::parse("nas").unwrap()]);
    assert_eq!(manifest.severity, Severity::Critical);
    assert_eq!(manifest.description.as_deref(), Some("NFS mounts answer"));
    assert_eq!(manifest.params["WARN_PERCENT"], "80");
    assert_eq!(manifest.params["SERVER"], "nas");
    assert!(manifest.covers(&Target::parse("nas/media").unwrap()));
    assert!(!manifest.covers(&Target::parse("pve4").unwrap()));
}

#[test]
fn schedule_and_targets_are_enough() {
    let manifest = parse("#!/bin/sh\n#: schedule = \"@daily\"\n#: targets = [\"nas\"]\n").unwrap();
    assert_eq!(manifest.timeout, Duration::from_secs(30));
    assert_eq!(manifest.hosts, ["local"]);
    assert_eq!(manifest.contract, Contract::Report);
    assert_eq!(manifest.severity, Severity::Error);
    let default = manifest.default_problem().unwrap();
    assert_eq!(default.to_string(), "nas nfs");
}

#[test]
fn languages_with_other_comments_write_the_mark_after_theirs() {
    for mark in ["//:", "--:"] {
        let source =
            format!("#!/usr/bin/env x\n{mark} schedule = \"@daily\"\n{mark} targets = [\"nas\"]\ncode()\n");
        assert!(parse(&source).is_ok(), "{mark}");
    }
}

#[test]
fn every_problem_is_told_at_once_with_its_line_in_the_script() {
    let source = r#"#!/bin/sh
#: shedule = "@daily"

#: timeout = "2h"
#: targets = ["nas",
#:            "a b"]
#: hosts = ["nas"]
#: contract = "icinga"
#: severity = "info"
#: description = 5
#: [params]
#: warn = "80"
#: STEWARD_X = "1"
#: LIST = []
"#;
    let problems = parse(source).unwrap_err();
    let told: Vec<_> =
        problems.iter().map(|problem| (problem.line, problem.field.as_deref().unwrap_or_default())).collect();
    assert_eq!(
        told,
        [
            (2, "shedule"),
            (2, "schedule"),
            (4, "timeout"),
            (6, "targets"),
            (7, "hosts"),
            (8, "contract"),
            (9, "severity"),
            (10, "description"),
            (12, "params.warn"),
            (13, "params.STEWARD_X"),
            (14, "params.LIST"),
        ]
    );
    assert_eq!(problems[0].hint.as_deref(), Some("did you mean `schedule`?"));
    assert!(problems[4].to_string().contains("[\"local\"]"), "{}", problems[4]);
}

#[test]
fn a_bad_schedule_is_told_in_the_schedules_own_words() {
    let problem = parse("#: schedule = \"61 * * * *\"\n#: targets = [\"nas\"]").unwrap_err().remove(0);
    assert_eq!((problem.line, problem.field.as_deref()), (1, Some("schedule")));
    assert!(problem.message.starts_with("minute: ") && problem.hint.unwrap().contains("0 to 59"));
}

#[test]
fn broken_toml_points_to_its_line_and_claims_nothing_about_the_rest() {
    let problem = problem("#: timeout = 30s");
    assert_eq!(problem.line, 4);
    let problems = parse("#!/bin/sh\n#: schedule\n#: targets = [\"nas\"]\n").unwrap_err();
    assert!(problems.iter().all(|problem| problem.line == 2), "{problems:?}");
    let twice = self::problem("#: targets = [\"b\"]");
    assert_eq!(twice.line, 4);
}

#[test]
fn a_target_can_only_be_filled_with_the_host() {
    let unknown = parse("#: schedule = \"@daily\"\n#: targets = [\"{{ hostname }}\"]").unwrap_err().remove(0);
    assert!(unknown.to_string().contains("{{ host }}"), "{unknown}");
    assert!(parse("#: schedule = \"@daily\"\n#: targets = []").is_err());
}

#[test]
fn a_manifest_line_below_code_is_a_problem_and_not_silently_lost() {
    let late = problem("set -e\n#: timeout = \"5s\"");
    assert_eq!(late.line, 5);
    let none = parse("#!/bin/sh\necho\n").unwrap_err().remove(0);
    assert!(none.to_string().contains("no manifest"), "{none}");
}

#[test]
fn windows_line_ends_are_named_since_the_kernel_only_says_not_found() {
    let problems = parse("#!/bin/sh\r\n#: schedule = \"@daily\"\r\n#: targets = [\"nas\"]\r\n").unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("Windows"));
}

#[test]
fn a_skills_name_is_a_slug() {
    let source = "#: schedule = \"@daily\"\n#: targets = [\"nas\"]";
    let long = "a".repeat(49);
    for bad in ["", "-x", "Disk", "disk_space", "a b", "a/b", &long] {
        assert!(parse_manifest(bad, source, &host()).is_err(), "{bad:?} passed");
    }
    assert!(parse_manifest("9p-mounts", source, &host()).is_ok());
}

#[test]
fn only_the_head_of_a_huge_file_is_read() {
    let mut source = WHOLE.to_owned();
    source.push_str(&"x\u{e9}".repeat(5_000_000));
    assert!(parse(&source).is_ok());
    assert!(parse(&"#: x = 1\n".repeat(1_000_000)).unwrap_err().len() < 2_000);
}

proptest! {
    #[test]
    fn no_source_makes_the_reader_panic(
        any in ".{0,200}",
        lines in prop::collection::vec("#: [a-z]{0,8} ?=? ?[\\[\\]{}\"a-z0-9,.\u{e9}\u{fffd}]{0,12}", 0..8),
    ) {
        let _ = parse(&any);
        let _ = parse(&lines.join("\n"));
    }
}
