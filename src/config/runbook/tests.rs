use std::time::Duration;

use super::*;
use crate::domain::runbook::NamedCheck;

const WHOLE: &str = r#"
name: restart-unit
title: Restart a failed systemd unit
description: More words.
match:
  skill: systemd-units
  signature: unit-failed
  target: "*/unit/*"
  labels: { unit: "*.service" }
  pattern: 'failed$'
steps:
  - name: restart
    capture:
      before: [systemctl, show, "{{ labels.unit }}"]
    run: { argv: [systemctl, restart, "{{ labels.unit }}"], cwd: /tmp, env: { LANG: C }, stdin: "{{ target }}" }
    verify: [systemctl, is-active, "--quiet", "{{ labels.unit }}"]
    undo: [echo, "{{ capture.before }}"]
    timeout: 90s
    retry: { attempts: 3, backoff: 1s }
    idempotent: true
  - name: look at it
    run: [echo, "{{ target.name }} {{ target.parent }} {{ signature }} {{ host }}"]
    verify: check
limits: { cooldown: 5m, max_attempts: 2, watch: 1h }
checks:
  before:
    - { name: backup is fresh, run: [backup-age, "{{ target.name }}"], safety: true, timeout: 5s }
  always:
    - name: quorum
      run: { argv: [pvecm, status], cwd: / }
  after:
    - { name: served, run: [curl, -fsS, "http://localhost/{{ labels.unit }}"], host: local }
"#;

fn read(text: &str) -> (Option<Runbook>, Vec<String>) {
    let mut problems = Vec::new();
    let runbook = parse(Path::new("runbooks/restart-unit.yaml"), text, false, &Hosts::new(), &mut problems);
    (
        runbook,
        problems
            .iter()
            .map(|problem| problem.to_string().replace("runbooks/restart-unit.yaml:", ""))
            .collect(),
    )
}

#[test]
fn a_whole_runbook_is_read() {
    let (runbook, problems) = read(WHOLE);
    assert!(problems.is_empty(), "{problems:#?}");
    let runbook = runbook.unwrap();
    let first = &runbook.steps[0];
    assert_eq!(first.run.argv[2].to_string(), "{{ labels.unit }}");
    assert_eq!(first.run.cwd.as_ref().unwrap().to_string(), "/tmp");
    assert_eq!((first.run.env["LANG"].to_string().as_str(), first.run.host.as_str()), ("C", "local"));
    assert_eq!(first.capture[0].0, "before");
    assert!(matches!(&first.verify, Verify::Command(command) if command.argv.len() == 4));
    assert_eq!((first.timeout, first.attempts), (Duration::from_secs(90), 3));
    assert_eq!((first.backoff, first.idempotent), (Duration::from_secs(1), true));
    assert_eq!(runbook.steps[1].verify, Verify::Check);
    assert_eq!((runbook.steps[1].timeout, runbook.steps[1].attempts), (Step::TIMEOUT, 1));
    assert_eq!((runbook.limits.max_attempts, runbook.limits.watch), (2, Duration::from_secs(3600)));
    let told = |checks: &[NamedCheck]| {
        checks
            .iter()
            .map(|check| (check.name.clone(), check.timeout.as_secs(), check.safety))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&runbook.checks.before), [("backup is fresh".to_owned(), 5, true)]);
    assert_eq!(told(&runbook.checks.always), [("quorum".to_owned(), 30, false)]);
    assert_eq!(told(&runbook.checks.after), [("served".to_owned(), 30, false)]);
    assert_eq!(runbook.checks.always[0].run.cwd.as_ref().unwrap().to_string(), "/");
    assert_eq!(runbook.fits.target.unwrap().as_str(), "*/unit/*");
}

#[test]
fn the_short_form_is_one_step_that_the_skill_itself_verifies() {
    let (runbook, problems) = read(
        "name: restart-unit\ntitle: t\nplaybook: { skill: web, pattern: 'HTTP 50[0-9]', run: [restart-web, \"{{ target.name }}\"], target: \"web/*\", timeout: 5s }\n",
    );
    assert!(problems.is_empty(), "{problems:#?}");
    let runbook = runbook.unwrap();
    assert_eq!(runbook.steps.len(), 1);
    let step = &runbook.steps[0];
    assert_eq!(
        (step.name.as_str(), &step.verify, step.timeout),
        ("restart-unit", &Verify::Check, Duration::from_secs(5))
    );
    assert_eq!(runbook.fits.skill.as_deref(), Some("web"));
    assert!(runbook.fits.pattern.unwrap().is_match("got HTTP 502"));
    assert_eq!(runbook.limits, RunbookLimits::default());
}

#[test]
fn a_step_that_nothing_verifies_says_so() {
    let text = WHOLE.replace("    verify: check\n", "");
    assert_eq!(read(&text).0.unwrap().steps[1].verify, Verify::Missing);
}

/// Each fault: what to replace in the whole runbook, by what, and the beginning of the one problem that it makes.
#[test]
fn each_fault_of_a_runbook_is_told_with_its_line_and_field() {
    let faults = [
        (
            "name: restart-unit",
            "name: restart",
            "2: name: the runbook is called `restart`, its file `restart-unit`; write",
        ),
        ("name: restart-unit", "name: Restart", "2: name: \"Restart\" is no name for a runbook; write"),
        ("name: restart-unit", "nam: restart-unit", "2: nam: no such key here; did you mean `name`?"),
        ("title: Restart a failed systemd unit", "title: ''", "3: title: is no title; write"),
        ("signature: unit-failed", "signature: ''", "7: match.signature: a pattern is empty; write `*`"),
        ("\"*/unit/*\"", "\"/unit/?\"", "8: match.target: `?` is no wildcard; `*` stands"),
        ("\"*.service\"", "''", "9: match.labels.unit: a pattern is empty"),
        ("'failed$'", "'fai(led'", "10: match.pattern: is no regular expression: unclosed group; put a \\"),
        ("'failed$'", "'x*'", "10: match.pattern: matches even an empty text; write"),
        ("- name: look at it", "- name: restart", "21: steps[1].name: two steps are called `restart`; give"),
        ("- name: look at it", "- name: ''", "21: steps[1].name: \"\" is no name for a step; write"),
        ("verify: check", "verify: chek", "23: steps[1].verify: \"chek\" is no way to verify; write `check`"),
        ("verify: check", "verify: 1", "23: steps[1].verify: expected `check`, or a command"),
        ("verify: check", "verify: []", "23: steps[1].verify: is an empty command; write"),
        ("timeout: 90s", "timeout: 90", "18: steps[0].timeout: 90 is no duration; write \"90s\""),
        ("timeout: 90s", "timeout: 0s", "18: steps[0].timeout: must be longer than nothing; write"),
        (
            "attempts: 3",
            "attempts: 0",
            "19: steps[0].retry.attempts: 0 is out of range; write a whole number from 1",
        ),
        (
            "idempotent: true",
            "idempotent: yes",
            "20: steps[0].idempotent: expected `true` or `false`, found the text \"yes\"",
        ),
        ("cwd: /tmp", "pwd: /tmp", "15: steps[0].run.pwd: no such key here; did you mean `cwd`?"),
        ("cwd: /tmp", "host: nas", "15: steps[0].run.host: there is no host `nas`; write `local`"),
        (
            "env: { LANG: C }",
            "env: { 'A B': C }",
            "15: steps[0].run.env: \"A B\" is no name of an environment variable",
        ),
        (
            "[systemctl, show, ",
            "[sleep, 5, ",
            "14: steps[0].capture.before[1]: expected a text, found the number 5; put it in quotes",
        ),
        ("undo: [echo,", "undo: [echo, '{{ x',", "17: steps[0].undo[1]: \"{{ x\" is not a template"),
        (
            "{{ capture.before }}\"]\n    timeout",
            "{{ capture.befor }}\"]\n    timeout",
            "17: steps[0].undo: nothing is called `{{ capture.befor }}` here; did you mean `{{ capture.before }}`?",
        ),
        (
            "{{ signature }}",
            "{{ signatur }}",
            "22: steps[1].run: nothing is called `{{ signatur }}` here; did you mean `{{ signature }}`?",
        ),
        (
            "show, \"{{ labels.unit }}\"",
            "show, \"{{ capture.before }}\"",
            "14: steps[0].capture.before: `{{ capture.before }}` is not known here: what a step captures is for its own",
        ),
        (
            "before: [systemctl",
            "'be fore': [systemctl",
            "14: steps[0].capture.be fore: \"be fore\" is no name for a capture",
        ),
        (
            "max_attempts: 2",
            "max_attempt: 2",
            "24: limits.max_attempt: no such key here; did you mean `max_attempts`?",
        ),
        (
            "{{ labels.unit }}\"], cwd",
            "{{ capture.before }}\"], cwd",
            "15: steps[0].run: `{{ capture.before }}` is not known here: what a step captures is for its own `undo` and",
        ),
        (
            "verify: check\nlimits",
            "capture: { after: [a] }\n    verify: check\n  - { name: last, run: [a], capture: { after: [b] } }\nlimits",
            "25: steps[2].capture.after: `capture.after` is captured twice; give each capture its own name",
        ),
        (
            "verify: [systemctl, is-active, \"--quiet\", \"{{ labels.unit }}\"]\n    undo: [echo, \"{{ capture.before }}\"]",
            "verify: [a, \"{{ capture.after }}\"]\n    undo: [echo, \"{{ capture.before }}\"]\n  - { name: l, run: [a], capture: { after: [b] } }\n  - name: k\n    run: [c]",
            "16: steps[0].verify: `{{ capture.after }}` is not known here: a later step captures it; move that step",
        ),
        (
            "{{ signature }} {{ host }}\"]",
            "{{ capture.befor }}\"]",
            "22: steps[1].run: nothing is called `{{ capture.befor }}` here; did you mean `{{ capture.before }}`?",
        ),
        (
            "run: [echo, \"{{ target.name }} {{ target.parent }} {{ signature }} {{ host }}\"]",
            "run: { argv: [echo], stdin: \"{{ capture.before }}\" }",
            "22: steps[1].run: `{{ capture.before }}` is not known here: what a step captures is for arguments",
        ),
        (
            "undo: [echo, \"{{ capture.before }}\"]",
            "undo: { argv: [echo], cwd: \"{{ capture.before }}\" }",
            "17: steps[0].undo: `{{ capture.before }}` is not known here",
        ),
        (
            "[backup-age, \"{{ target.name }}\"]",
            "[backup-age, \"{{ capture.before }}\"]",
            "27: checks.before[0].run: `{{ capture.before }}` is not known here",
        ),
        ("[backup-age, \"{{ target.name }}\"]", "[]", "27: checks.before[0].run: is an empty command; write"),
        (
            "name: backup is fresh",
            "name: ''",
            "27: checks.before[0].name: \"\" is no name for a check; write",
        ),
        ("name: served", "name: quorum", "32: checks.after[0].name: two checks are called `quorum`; give"),
        ("host: local }", "host: nas }", "32: checks.after[0].run.host: there is no host `nas`; write"),
        ("host: local }", "safety: true }", "32: checks.after[0].safety: means nothing under `after`"),
        ("  always:\n", "  allways:\n", "28: checks.allways: no such key here; did you mean `always`?"),
        (
            "safety: true",
            "safty: true",
            "27: checks.before[0].safty: no such key here; did you mean `safety`?",
        ),
        ("checks:\n", "check:\n", "25: check: no such key here; did you mean `checks`?"),
        ("cooldown: 5m", "cooldown: 5s", "24: limits.cooldown: is too short for a runbook with checks"),
        (
            "limits:",
            "playbook: { skill: a, pattern: b, run: [c] }\nlimits:",
            "24: playbook: stands beside `match` or `steps`; write one",
        ),
    ];
    for (whole, broken, expected) in faults {
        assert!(WHOLE.contains(whole), "{whole:?} is not in the runbook");
        let (runbook, problems) = read(&WHOLE.replacen(whole, broken, 1));
        assert!(runbook.is_none(), "{broken:?} passed");
        assert!(
            problems.iter().any(|problem| problem.starts_with(expected)),
            "{broken:?} gave {problems:#?}, not {expected:?}"
        );
    }
}

#[test]
fn a_runbook_that_fits_everything_or_does_nothing_is_refused() {
    for (text, expected) in [
        (
            "name: restart-unit\ntitle: t\nsteps: [{name: a, run: [b]}]\n",
            " has neither `match` nor `playbook`",
        ),
        ("name: restart-unit\ntitle: t\nmatch: {}\nsteps: [{name: a, run: [b]}]\n", "3: match: is empty, so"),
        ("name: restart-unit\ntitle: t\nmatch: {skill: a}\n", " steps: a runbook needs at least one step"),
        (
            "name: restart-unit\ntitle: t\nmatch: {skill: a}\nsteps: []\n",
            "4: steps: a runbook needs at least one step",
        ),
        (
            "name: restart-unit\ntitle: t\nplaybook: {skill: a, run: [b]}\n",
            "3: playbook: `pattern` is missing",
        ),
        ("", " `name` is missing"),
    ] {
        let (runbook, problems) = read(text);
        assert!(runbook.is_none(), "{text:?} passed");
        assert!(problems.len() == 1 && problems[0].starts_with(expected), "{text:?} gave {problems:?}");
    }
}

#[test]
fn a_fault_in_one_step_does_not_move_or_hide_those_in_the_next() {
    let text = WHOLE.replace("    run: { argv", "    rum: { argv").replace("{{ host }}", "{{ hots }}");
    let (_, problems) = read(&text);
    assert!(
        problems.iter().any(|problem| problem.starts_with("15: steps[0].rum: no such key")),
        "{problems:#?}"
    );
    assert!(
        problems
            .iter()
            .any(|problem| problem.starts_with("22: steps[1].run: nothing is called `{{ hots }}`")),
        "{problems:#?}"
    );
}

#[test]
fn every_command_of_a_later_step_may_use_what_earlier_ones_captured() {
    let late = "    run: [a, \"{{ capture.before }}\"]\n    capture: { own: [b, \"{{ capture.before }}\"] }\n    undo: [c, \"{{ capture.before }}{{ capture.own }}\"]\n    verify: [d, \"{{ capture.before }}\"]\n";
    let (before, after) = WHOLE.split_once("    run: [echo").unwrap();
    let (_, after) = after.split_once("    verify: check\n").unwrap();
    let (runbook, problems) = read(&format!("{before}{late}{after}"));
    assert!(problems.is_empty(), "{problems:#?}");
    let runbook = runbook.unwrap();
    let waits: Vec<_> = runbook.steps.iter().map(Step::awaits_earlier).collect();
    assert_eq!(waits, [false, true]);
}
