use proptest::prelude::*;

use super::*;
use crate::domain::metric::Sample;
use crate::domain::report::{ExitKind, parse_report};
use crate::domain::signal::Severity;
use crate::domain::skill::parse_manifest;
use crate::domain::target::Target;

fn skill() -> Manifest {
    let source = "#: schedule = \"@daily\"\n#: targets = [\"nas\"]\n#: contract = \"nagios\"\n";
    parse_manifest("check-disk", source, &Target::parse("pve4").unwrap()).unwrap()
}

fn run(code: i32, stdout: &str) -> Result<Report, Breach> {
    parse_report(&skill(), ExitKind::Code(code), stdout.as_bytes(), false)
}

fn samples(perfdata: &str) -> Vec<Sample> {
    run(0, &format!("OK|{perfdata}")).unwrap().metrics
}

/// The only sample of a piece of perfdata, as `name value`.
fn sample(perfdata: &str) -> String {
    let samples = samples(perfdata);
    assert_eq!(samples.len(), 1, "{perfdata}: {samples:?}");
    format!("{} {}", samples[0].name, samples[0].value)
}

#[test]
fn the_exit_code_is_the_status_and_the_first_line_the_summary() {
    for (code, status, severity) in [
        (0, Status::Ok, Severity::Info),
        (1, Status::Action, Severity::Warning),
        (2, Status::Problem, Severity::Error),
        (3, Status::Unknown, Severity::Info),
    ] {
        let report = run(code, "DISK - free space: / 3326 MB (56%) | /=2643MB\nmore\n").unwrap();
        let [finding] = &report.findings[..] else { panic!("{report:?}") };
        assert_eq!((finding.status, finding.severity), (status, severity));
        assert_eq!(finding.summary, "DISK - free space: / 3326 MB (56%)");
        assert_eq!((finding.target.as_str(), finding.signature.as_str()), ("nas", "check-disk"));
        assert_eq!(finding.evidence, "more");
        assert_eq!(report.complete, code != 3, "{code}");
    }
}

#[test]
fn other_ends_and_silence_say_something_about_the_plugin() {
    assert!(run(4, "OK").unwrap_err().message.contains("exited with 4"));
    assert!(run(-1, "OK").is_err());
    assert!(run(127, "").unwrap_err().to_string().contains("not found"));
    for code in 0..=3 {
        assert!(run(code, " \n").unwrap_err().message.contains("printed nothing"), "{code}");
    }
    assert!(parse_report(&skill(), ExitKind::Signal(11), b"OK", false).is_err());
    assert!(parse_report(&skill(), ExitKind::TimedOut, b"OK", false).is_err());
}

#[test]
fn perfdata_is_on_the_first_line_and_after_the_first_bar_of_the_long_output() {
    let stdout = "DISK OK - free | /=2643MB;5948;5958;0;5968\n/ 15272 MB (77%);\n/boot 68 MB (69%); | /boot=68MB;88;93;0;98\n/home=69357MB;253404;253409;0;253414\n/var/log=818MB\n";
    let report = run(0, stdout).unwrap();
    let told: Vec<_> =
        report.metrics.iter().map(|s| (s.labels["label"].as_str(), s.value / 1_048_576.0)).collect();
    assert_eq!(told, [("/", 2643.0), ("/boot", 68.0), ("/home", 69357.0), ("/var/log", 818.0)]);
    assert_eq!(report.metrics[3].name, "check_disk_var_log_bytes");
    assert_eq!(report.findings[0].evidence, "/ 15272 MB (77%);\n/boot 68 MB (69%);");
}

#[test]
fn units_become_base_units_and_say_so_in_the_name() {
    for (perfdata, expected) in [
        ("load1=0.5;1;2;0;", "check_disk_load1 0.5"),
        ("time=250ms", "check_disk_time_seconds 0.25"),
        ("time=1.5e-05s", "check_disk_time_seconds 0.000015"),
        ("time=-1500us", "check_disk_time_seconds -0.0015"),
        ("used=42%;80;90", "check_disk_used_percent 42"),
        ("in=7c", "check_disk_in_total 7"),
        ("size=2KB", "check_disk_size_bytes 2048"),
        ("size=1TB", "check_disk_size_bytes 1099511627776"),
        ("temp=21.5C", "check_disk_temp_c 21.5"),
        ("'a label'=3", "check_disk_a_label 3"),
        ("'it''s=x'=3", "check_disk_it_s_x 3"),
        ("5min=2", "check_disk_5min 2"),
        ("/=1", "check_disk 1"),
    ] {
        assert_eq!(sample(perfdata), expected, "{perfdata}");
    }
}

#[test]
fn every_sample_is_one_that_a_skill_could_have_printed() {
    for sample in samples("'ünï \"x\" \\'=1 Load=2s ''=3 --=4%") {
        let labels = sample.labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect::<Vec<_>>().join(",");
        let line = format!("{}{{{labels}}} {}", sample.name, sample.value);
        assert_eq!(Sample::parse(&line).unwrap(), sample, "{line}");
    }
}

#[test]
fn what_perfdata_cannot_be_read_is_told_and_does_not_cost_the_status() {
    let report = run(2, "DOWN | a=U b=x c=1,5 =3 d=4 'open=5\n").unwrap();
    assert_eq!(report.findings[0].status, Status::Problem);
    let names: Vec<_> = report.metrics.iter().map(|sample| sample.name.as_str()).collect();
    assert_eq!(names, ["check_disk_d"]);
    assert_eq!(
        report.findings[0].evidence,
        ["b=x", "c=1,5", "=3", "'open=5"].map(|item| format!("[perfdata not understood: {item}]")).join("\n")
    );
    let many: String = (0..250).map(|i| format!("a{i}=1 ")).collect();
    let report = run(0, &format!("OK | {many}")).unwrap();
    assert_eq!(report.metrics.len(), Report::MAX_METRICS);
    assert!(report.findings[0].evidence.contains("50 more"));
}

#[test]
fn cut_output_keeps_its_status_and_drops_the_number_that_was_cut() {
    let report = parse_report(&skill(), ExitKind::Code(0), b"OK | a=1234 b=56", true).unwrap();
    assert!(report.complete);
    assert_eq!(report.metrics.len(), 1);
    assert_eq!(report.findings[0].summary, "OK");
}

proptest! {
    #[test]
    fn no_output_makes_the_parser_panic(
        any in prop::collection::vec(any::<u8>(), 0..200),
        near in "[a-z'=|;0-9.%eEMB \n\u{e9}\\+-]{0,60}",
        truncated: bool,
    ) {
        for stdout in [&any[..], near.as_bytes()] {
            if let Ok(report) = parse_report(&skill(), ExitKind::Code(2), stdout, truncated) {
                for sample in &report.metrics {
                    let line = sample.name.clone() + " 1";
                    prop_assert!(Sample::parse(&line).is_ok(), "{line:?}");
                }
            }
        }
    }
}
