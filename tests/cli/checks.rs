//! `steward check`.

use crate::place::Place;

#[test]
fn a_folder_with_nothing_in_it_checks_out_and_says_what_was_looked_at_and_what_would_ask() {
    let place = Place::empty();
    let said = place.run("check");
    said.told(0, &["No problems.", "the defaults; there is no file", "all shipped"]);
    said.told(0, &["vacuum-journal, step `vacuum`, run: journalctl --vacuum-size=200M\n    asks first: it can't be taken back"]);
    assert!(!place.state().exists(), "looking made a state folder");
}

#[test]
fn every_problem_of_every_file_is_told_at_once_with_its_line_and_what_to_do() {
    let place = Place::configured();
    place.write("config.toml", "host = \"pve4\"\n[incidents]\nsettle = \"30\"\n[skills]\ndisbled = []\n");
    place.write(
        "skills/odd",
        "#!/bin/sh\n#: schedule = \"61 * * * *\"\n#: targets = [\"nas\"]\n#: timout = \"1s\"\n",
    );
    place.write(
        "runbooks/fix.yaml",
        "name: fix\ntitle: Fix it\nmatch: { signature: broken }\nsteps:\n  - name: go\n    run: [systemctl, restart, \"{{ lables.unit }}\"]\n",
    );
    place.write("topology.yaml", "targets:\n  a: { depends_on: [bb] }\n");
    place.write(
        "policy.yaml",
        "rules:\n  - name: own-x\n    why: because\n    pattern: [x]\n    effect: reed\n    match: [[x]]\n    not_match: [[y]]\n",
    );
    let said = place.run("check");
    said.told(1, &["7 problems"]);
    for (line, hint) in [
        ("config.toml:3: [incidents] settle: \"30\" is no duration", "write \"30s\""),
        ("config.toml:5: [skills] disbled: no such key here", "did you mean `disabled`?"),
        ("skills/odd:2: schedule: minute: \"61\" is not a minute", "allowed are 0 to 59"),
        ("skills/odd:4: timout: there is no such key", "did you mean `timeout`?"),
        ("runbooks/fix.yaml:6: steps[0].run: nothing is called `{{ lables.unit }}` here", "there is target"),
        ("topology.yaml:2: targets.a.depends_on[0]: `bb` is not among the targets", "add `bb: {}`"),
        ("policy.yaml:5: rule own-x: effect: ", "docs/policy.md"),
    ] {
        let at = said.out.lines().position(|told| told.contains(line));
        let below =
            said.out.lines().nth(at.unwrap_or_else(|| panic!("{line:?} is not in\n{}", said.out)) + 1);
        assert!(below.unwrap().trim().starts_with(hint), "{line:?} has the hint {below:?}");
    }
}

#[test]
fn a_topology_that_goes_in_a_circle_is_told_with_its_path() {
    let place = Place::configured();
    place.write("topology.yaml", "targets:\n  a: { depends_on: [b] }\n  b: { depends_on: [a] }\n");
    place.run("check").told(1, &["topology.yaml:2: targets.a: a depends on itself: a → b → a"]);
}

#[test]
fn a_step_that_nobody_verifies_is_a_problem() {
    let place = Place::configured();
    place.write(
        "runbooks/fix.yaml",
        "name: fix\ntitle: Fix it\nmatch: { signature: broken }\nsteps:\n  - name: go\n    run: [systemctl, restart, nginx.service]\n  - name: halt\n    run: [systemctl, stop, nginx.service]\n    verify: check\n",
    );
    place.run("check").told(
        1,
        &["runbooks/fix.yaml:5: steps[0]: step `go` changes something and has no `verify`\n    say how"],
    );
}

#[test]
fn the_rule_that_a_check_of_a_runbook_lacks_is_printed_once() {
    let place = Place::configured();
    place.write(
        "runbooks/fix.yaml",
        "name: fix\ntitle: Fix it\nmatch: { signature: broken }\nchecks: { always: [{ name: quorum, run: [/opt/lab/quorum] }] }\nsteps:\n  - { name: one, run: [systemctl, restart, a.service], verify: check }\n  - { name: two, run: [systemctl, restart, b.service], verify: check }\n",
    );
    let said = place.run("check");
    said.told(
        0,
        &["fix, check `quorum` (always): /opt/lab/quorum\n    asks first: no rule matches; add one:\n"],
    );
    assert_eq!(said.out.matches("check `quorum`").count(), 1, "{}", said.out);
}

#[test]
fn the_rule_that_a_runbook_lacks_is_printed_and_taken_as_it_was_printed() {
    let place = Place::configured();
    place.write(
        "runbooks/fix.yaml",
        "name: fix\ntitle: Fix it\nmatch: { signature: broken }\nsteps:\n  - name: go\n    run: [/opt/lab/bin/fix, --all, \"{{ target.name }}\"]\n    verify: check\n",
    );
    let said = place.run("check");
    said.told(
        0,
        &["fix, step `go`, run: /opt/lab/bin/fix --all example\n    asks first: no rule matches; add one:\n"],
    );
    let (_, rest) = said.out.split_once("/opt/lab/bin/fix --all example\n").unwrap();
    let rule: String =
        rest.lines().skip(1).take_while(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect();
    place.write("policy.yaml", &rule.replace("      rules:", "rules:").replace("\n      ", "\n"));
    let said = place.run("check");
    said.told(
        0,
        &[
            "1 of your own",
            "fix, step `go`, run: /opt/lab/bin/fix --all example\n    asks first: it can't be taken back",
        ],
    );
}

#[test]
fn a_configuration_that_was_named_and_is_not_there_is_a_problem_and_not_the_defaults() {
    let place = Place::empty();
    place.run("--config nope.toml check").told(1, &["nope.toml: can't be read"]);
    place.run("--config nope.toml skill list").failed(
        1,
        &[
            "error: the configuration has a problem\n    nope.toml: can't be read",
            "  do: mend that; `steward check`",
        ],
    );
}

#[test]
fn the_agent_is_told_with_its_models_and_goals_and_with_what_is_odd_about_them() {
    let place = Place::configured();
    let models = "[agent]\ninvestigate = [\"local\"]\ntriage = [\"small\"]\n[agent.models.local]\nprovider = \"ollama\"\nmodel = \"m\"\n\
        [agent.models.small]\nprovider = \"ollama\"\nmodel = \"m\"\n[agent.models.spare]\nprovider = \"ollama\"\nmodel = \"m\"\n";
    place.write("config.toml", models);
    place.write("prompts/requests.md", "Be brief.\n");
    place.run("check").told(
        0,
        &[
            "agent          triage: small; investigate: local",
            "goals          3, all shipped; by itself: proactive",
            "[agent.models] spare: no purpose asks the model `spare`",
            "prompts/requests.md: nothing reads a file of this name",
            "did you mean `request.md`?",
        ],
    );
    Place::empty()
        .run("check")
        .told(0, &["agent          none, since `investigate` of [agent] names no model"]);
}

#[test]
fn the_doctor_says_where_no_model_is_configured() {
    Place::empty()
        .run("doctor")
        .told(0, &["models", "none is configured, so there is no agent; docs/agent.md"]);
}
