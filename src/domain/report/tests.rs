use proptest::prelude::*;

use super::*;
use crate::domain::skill::parse_manifest;

fn skill(extra: &str) -> Manifest {
    let source = format!("#: schedule = \"@daily\"\n#: targets = [\"nas\", \"k8s/media\"]\n{extra}");
    parse_manifest("nfs", &source, &Target::parse("pve4").unwrap()).unwrap()
}

fn parse(stdout: &str) -> Result<Report, Breach> {
    parse_report(&skill(""), ExitKind::Code(0), stdout.as_bytes(), false)
}

fn parse_cut(stdout: &str) -> Result<Report, Breach> {
    parse_report(&skill(""), ExitKind::Code(0), stdout.as_bytes(), true)
}

fn breach(stdout: &str) -> Breach {
    parse(stdout).unwrap_err()
}

const DESIGN: &str = r#"STATUS:PROBLEM
target: nas/media
signature: nfs-stale
summary: /mnt/media is stale on 3 nodes
impact: Jellyfin and imports cannot read media
metric: nfs_stale_mounts{server="nas"} 3
mount: /mnt/media

  df: /mnt/media: Stale file handle
    exit 1
"#;

#[test]
fn a_whole_report_says_what_is_broken_how_and_what_it_means() {
    let report = parse(DESIGN).unwrap();
    assert!(report.complete);
    assert_eq!((report.metrics[0].name.as_str(), report.metrics[0].value), ("nfs_stale_mounts", 3.0));
    let [finding] = &report.findings[..] else { panic!("{report:?}") };
    assert_eq!(finding.status, Status::Problem);
    assert_eq!((finding.target.as_str(), finding.signature.as_str()), ("nas/media", "nfs-stale"));
    assert_eq!(finding.severity, Severity::Error);
    assert_eq!(finding.summary, "/mnt/media is stale on 3 nodes");
    assert_eq!(finding.impact.as_deref(), Some("Jellyfin and imports cannot read media"));
    assert_eq!(finding.labels, BTreeMap::from([("mount".into(), "/mnt/media".into())]));
    assert_eq!(finding.evidence, "df: /mnt/media: Stale file handle\n  exit 1");
    assert!(finding.explicit_target && finding.explicit_signature);
}

#[test]
fn the_status_line_is_enough_and_the_rest_has_defaults() {
    for (status, severity, summary) in [
        ("OK", Severity::Info, "nas is fine"),
        ("PROBLEM", Severity::Error, "nfs on nas"),
        ("ACTION", Severity::Warning, "nfs on nas needs attention soon"),
        ("UNKNOWN", Severity::Info, "nas could not be checked"),
    ] {
        let report = parse(&format!("STATUS:{status}")).unwrap();
        let finding = &report.findings[0];
        assert_eq!((finding.target.as_str(), finding.signature.as_str()), ("nas", "nfs"));
        assert_eq!((finding.severity, finding.summary.as_str()), (severity, summary));
        assert!(!finding.explicit_target && !finding.explicit_signature);
        assert_eq!(report.complete, status != "UNKNOWN", "{status}");
    }
}

#[test]
fn a_further_status_line_starts_another_finding_and_an_unknown_makes_the_whole_incomplete() {
    let report =
        parse("STATUS:OK\ntarget: nas/a\nSTATUS:UNKNOWN\ntarget: nas/b\n\nno right\nSTATUS:ACTION\n")
            .unwrap();
    let told: Vec<_> =
        report.findings.iter().map(|f| (f.status, f.target.as_str(), f.evidence.as_str())).collect();
    assert_eq!(
        told,
        [(Status::Ok, "nas/a", ""), (Status::Unknown, "nas/b", "no right"), (Status::Action, "nas", "")]
    );
    assert!(!report.complete);
    assert!(report.findings[0].explicit_target);
}

#[test]
fn a_problem_is_as_bad_as_the_manifest_or_its_own_header_says() {
    let critical = skill("#: severity = \"critical\"");
    let severity = |skill: &Manifest, stdout: &str| {
        parse_report(skill, ExitKind::Code(0), stdout.as_bytes(), false).unwrap().findings[0].severity
    };
    assert_eq!(severity(&critical, "STATUS:PROBLEM\n"), Severity::Critical);
    assert_eq!(severity(&critical, "STATUS:PROBLEM\nseverity: error\n"), Severity::Error);
    assert_eq!(severity(&critical, "STATUS:ACTION\n"), Severity::Warning);
    assert_eq!(severity(&skill(""), "STATUS:PROBLEM\nseverity: critical\n"), Severity::Critical);
}

#[test]
fn what_breaks_the_contract_is_a_breach_with_its_line_and_a_way_out() {
    let long = format!("STATUS:OK\nsummary: {}", "x".repeat(1_001));
    let labels = (0..51).fold("STATUS:OK\n".to_owned(), |all, i| all + &format!("l{i}: x\n"));
    for (stdout, line, said) in [
        ("\u{feff}STATUS:OK", 1, "byte order mark"),
        ("\nSTATUS:OK", 1, "blank line"),
        ("everything is missing", 1, "not with a status"),
        ("status:ok", 1, "in capitals"),
        (" STATUS:OK", 1, "very beginning"),
        ("STATUS: OK", 1, "`STATUS:OK`"),
        ("STATUS:Ok", 1, "`STATUS:OK`"),
        ("STATUS:WARNING", 1, "PROBLEM, ACTION"),
        ("STATUS:", 1, "not a status"),
        ("STATUS:OK\n\nlog\nSTATUS: 200 OK", 4, "indent"),
        ("STATUS:OK\nfree text", 2, "blank line before free text"),
        ("STATUS:OK\n  target: nas", 2, "not a header"),
        ("STATUS:OK\nTarget: nas", 2, "lower-case"),
        ("STATUS:OK\n12:30 error", 2, "not a header"),
        ("STATUS:OK\nhttp://x", 2, "not a header"),
        ("STATUS:OK\ntarget: nas\ntarget: nas/a", 3, "twice"),
        ("STATUS:OK\nunit: a\nunit: b", 3, "twice"),
        ("STATUS:OK\ntarget: nas2", 2, "not within"),
        ("STATUS:OK\ntarget: k8s", 2, "not within"),
        ("STATUS:OK\ntarget:", 2, "empty"),
        ("STATUS:OK\ntarget: nas/../etc", 2, "not a target"),
        ("STATUS:OK\nsignature: Disk Full", 2, "not a signature"),
        ("STATUS:OK\nmetric: a", 2, "no value"),
        ("STATUS:ACTION\nseverity: error", 2, "only a PROBLEM"),
        ("STATUS:PROBLEM\nseverity: warning", 2, "STATUS:ACTION"),
        (&long, 2, "1000 at most"),
        (&labels, 52, "more than 50 labels"),
    ] {
        let breach = breach(stdout);
        assert_eq!(breach.line, Some(line), "{stdout:.60}: {breach}");
        assert!(breach.to_string().contains(said) && breach.hint.is_some(), "{stdout:.60}: {breach}");
    }
}

#[test]
fn a_report_has_an_end() {
    let many = "STATUS:OK\n".repeat(501);
    assert_eq!(breach(&many).line, Some(501));
    assert_eq!(parse(&many["STATUS:OK\n".len()..]).unwrap().findings.len(), 500);
    let metrics = format!("STATUS:OK\n{}", "metric: a 1\n".repeat(201));
    assert!(breach(&metrics).message.contains("200 metrics"));
}

#[test]
fn a_variable_that_happens_to_be_empty_costs_words_and_not_the_report() {
    let report = parse("STATUS:PROBLEM\nsummary:\nimpact: \nunit: \t\n").unwrap();
    let finding = &report.findings[0];
    assert_eq!((finding.summary.as_str(), &finding.impact, finding.labels.len()), ("nfs on nas", &None, 0));
}

#[test]
fn silence_is_never_a_report() {
    for silent in ["", "\n", "  \n\t\n"] {
        assert!(breach(silent).message.contains("printed nothing"), "{silent:?}");
    }
    let missing = parse_report(&skill(""), ExitKind::Code(127), b"", false).unwrap_err();
    assert!(missing.to_string().contains("not found"), "{missing}");
}

#[test]
fn a_timeout_and_a_signal_are_breaches_whatever_was_printed() {
    let late = parse_report(&skill(""), ExitKind::TimedOut, DESIGN.as_bytes(), false).unwrap_err();
    assert!(late.to_string().contains("30s"), "{late}");
    let killed = parse_report(&skill(""), ExitKind::Signal(9), DESIGN.as_bytes(), false).unwrap_err();
    assert!(killed.to_string().contains("SIGKILL"), "{killed}");
}

#[test]
fn after_a_failed_exit_problems_count_and_nothing_recovers() {
    let mixed = "STATUS:OK\ntarget: nas/a\nSTATUS:PROBLEM\ntarget: nas/b\nSTATUS:ACTION\nSTATUS:UNKNOWN\n";
    let report = parse_report(&skill(""), ExitKind::Code(1), mixed.as_bytes(), false).unwrap();
    let told: Vec<_> = report.findings.iter().map(|finding| finding.status).collect();
    assert_eq!(told, [Status::Problem, Status::Action, Status::Unknown]);
    assert!(!report.complete);
    let crashed = parse_report(&skill(""), ExitKind::Code(3), b"STATUS:OK\n", false).unwrap_err();
    assert!(crashed.message.contains("exited with 3"), "{crashed}");
}

#[test]
fn of_a_cut_report_what_is_whole_counts_and_nothing_else() {
    let text = "STATUS:OK\ntarget: nas/a\n\nSTATUS:PROBLEM\ntarget: nas/b\nsummary: it fell over\n\nlog line\nlog li";
    let at = |needle: &str| text.find(needle).unwrap() + needle.len();
    for (end, findings) in [
        (at("STATUS:OK\ntarget: nas/a\n\n"), 1),
        (at("STATUS:PROB"), 1),
        (at("STATUS:PROBLEM\n"), 1),
        (at("target: nas/b"), 1),
        (at("it fell over\n"), 1),
        (at("it fell over\n\n"), 2),
        (text.len(), 2),
    ] {
        let report = parse_cut(&text[..end]).unwrap();
        assert_eq!(report.findings.len(), findings, "{:?}", &text[..end]);
        assert!(!report.complete);
    }
    assert!(
        parse_cut(text).unwrap().findings[1]
            .evidence
            .ends_with("log li\n[… cut here: the skill printed too much]")
    );
    assert_eq!(parse_cut(&text[..at("STATUS:PROB")]).unwrap().findings[0].evidence, "");
    // White space at the cut may be a blank line, or the beginning of one that isn't.
    assert_eq!(parse_cut("STATUS:OK\n\nSTATUS:PROBLEM\nsummary: x\n ").unwrap().findings.len(), 1);
    assert!(parse_cut("STATUS:OK\ntarget: n").unwrap_err().message.contains("before a finding was whole"));
}

#[test]
fn indented_log_text_cannot_forge_a_finding_and_column_one_reaches_the_skills_own_targets_only() {
    let quoted =
        parse("STATUS:OK\n\n  STATUS:PROBLEM\n  target: nas/a\n\tSTATUS:PROBLEM\n\rSTATUS:PROBLEM\n")
            .unwrap();
    assert_eq!(quoted.findings.len(), 1);
    assert!(breach("STATUS:OK\n\nlog\nSTATUS:PROBLEM\ntarget: router\n").message.contains("router"));
}

#[test]
fn colours_control_characters_and_broken_bytes_do_not_reach_people() {
    let stdout = b"STATUS:PROBLEM\r\nsummary: \x1b[31mdown\x1b[0m\tnow\x07\r\nunit: a\xff\r\n\r\n  \x1b[1mlog\x00\xfe\r\n";
    let report = parse_report(&skill(""), ExitKind::Code(0), stdout, false).unwrap();
    let finding = &report.findings[0];
    assert_eq!(finding.summary, "down now");
    assert_eq!(finding.labels["unit"], "a\u{fffd}");
    assert_eq!(finding.evidence, "log\u{fffd}");
}

proptest! {
    #[test]
    fn no_output_makes_the_parser_panic_and_no_finding_leaves_its_prefixes(
        any in prop::collection::vec(any::<u8>(), 0..300),
        lines in prop::collection::vec(
            "(STATUS:(OK|PROBLEM|ACTION|UNKNOWN)?|target: (nas|k8s|k8s/media|x)?(/[a-z.]{0,2})?|metric: [a-z{}\"= 1]{0,8}|[a-z]{1,3}: ?.{0,5}|severity: error| *.{0,8}|)",
            0..12,
        ),
        code in 0..3_i32,
        truncated: bool,
    ) {
        let skill = skill("");
        let near = format!("STATUS:OK\n{}", lines.join("\n"));
        for stdout in [&any[..], near.as_bytes(), &near.as_bytes()[..near.len() / 2]] {
            let Ok(report) = parse_report(&skill, ExitKind::Code(code), stdout, truncated) else { continue };
            prop_assert!(!report.findings.is_empty());
            prop_assert!(!report.complete || (code == 0 && !truncated));
            for finding in &report.findings {
                prop_assert!(skill.covers(&finding.target));
                prop_assert!(code == 0 || finding.status != Status::Ok);
                prop_assert!(!finding.evidence.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
            }
        }
    }
}
