//! `memory-pressure`.

use crate::bench::Bench;
use crate::report::Report;

fn run(psi: &str) -> Report {
    Bench::new("memory-pressure")
        .stub("ps", "cat $F/memory/ps.txt")
        .fixture("PSI_FILE", &format!("memory/{psi}"))
        .run()
}

#[test]
fn a_calm_machine_is_ok_and_gives_its_samples() {
    let report = run("psi-calm.txt");
    let memory = report.only().says("OK", "", "waited for memory 0%");
    assert_eq!(memory.target(), "memory");
    report.measures("memory_pressure_some_percent 0.15").measures("memory_pressure_full_percent 0.01");
}

#[test]
fn waiting_for_memory_is_action_and_standing_still_is_a_problem() {
    run("psi-tight.txt").only().says("ACTION", "memory-pressure", "24% of the last five minutes");
    run("psi-thrashing.txt").only().says(
        "PROBLEM",
        "memory-pressure",
        "52% of the last minute nothing could run",
    );
}

#[test]
fn the_largest_programs_are_evidence_whatever_they_call_themselves() {
    let report = run("psi-thrashing.txt");
    report.only().shows("8123456 java").shows("STATUS:PROBLEM");
    assert!(!report.text.contains("dockerd"), "more than five: {}", report.text);
}

#[test]
fn evidence_that_cant_be_had_does_not_spoil_the_finding() {
    let report = Bench::new("memory-pressure").fixture("PSI_FILE", "memory/psi-thrashing.txt").run();
    report.only().says("PROBLEM", "memory-pressure", "nothing could run");
}

#[test]
fn a_kernel_without_pressure_information_is_unknown() {
    run("no-such-file").only().says("UNKNOWN", "", "boot with psi=1");
    // What can't be read, as under a kernel that has it compiled in and switched off.
    run("../memory").only().says("UNKNOWN", "", "can't be read");
    run("ps.txt").only().says("UNKNOWN", "", "not what the kernel writes");
}
