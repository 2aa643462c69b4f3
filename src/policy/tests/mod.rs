mod corpus;
mod never;
mod properties;

use chrono::{Duration, TimeZone, Utc};
use proptest::prelude::*;

use super::*;
use crate::domain::action::{BlastRadius, Command, Effect, Executable};
use crate::domain::ids::ApprovalId;
use crate::domain::signal::Timestamp;

const FREE: Facts = Facts::plain();

fn action(line: &str) -> Action {
    Action::local(line.split_whitespace().map(str::to_owned).collect())
}

fn shipped() -> Policy {
    Policy::shipped().unwrap_or_else(|problems| panic!("{}", listed(&problems)))
}

fn with(rules: &str) -> Result<Policy, Vec<RuleProblem>> {
    Policy::with_operator_rules("policy.yaml", rules)
}

fn listed(problems: &[RuleProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn decide(line: &str, facts: Facts) -> Decision {
    shipped().evaluate(&action(line), &facts).decision
}

fn now() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap()
}

fn executable() -> Executable {
    Executable { path: "/usr/bin/systemctl".into(), sha256: "ab".repeat(32) }
}

#[test]
fn the_shipped_rules_load_and_each_has_two_examples_of_either_kind() {
    shipped();
    for (file, yaml) in SHIPPED {
        let value: serde_yaml::Value = serde_yaml::from_str(yaml).unwrap();
        for rule in value["rules"].as_sequence().unwrap() {
            for kind in ["match", "not_match"] {
                let count = rule[kind].as_sequence().unwrap().len();
                assert!(count >= 2, "{file}: {:?} has {count} in {kind}", rule["name"]);
            }
        }
    }
}

#[test]
fn the_example_in_the_manual_loads_and_does_what_it_says() {
    let manual = include_str!("../../../docs/policy.md");
    let example = manual.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let policy = with(example).unwrap_or_else(|problems| panic!("{}", listed(&problems)));
    let decide = |line: &str| policy.evaluate(&action(line), &FREE).decision;
    assert_eq!(decide("/opt/lab/service restart jellyfin"), Decision::Allow);
    assert_eq!(decide("/opt/lab/service restart media-db"), Decision::Approve);
    assert_eq!(decide("docker restart postgres"), Decision::Approve);
    assert_eq!(decide("docker restart web"), Decision::Allow);
}

#[test]
fn reading_is_allowed_whatever_the_facts() {
    let facts = Facts {
        autonomy: Autonomy::Propose,
        paused: true,
        observed: false,
        target_radius: BlastRadius::Cluster,
        limit_exceeded: true,
        outside_window: true,
        budget_spent: true,
        host_busy: true,
        doubtful: true,
        ..FREE
    };
    for line in
        ["df -PT", "systemctl is-active nginx", "timeout 5 stat /mnt/x", "journalctl -u a -n 5", "mount"]
    {
        assert_eq!(decide(line, facts), Decision::Allow, "{line}");
    }
}

#[test]
fn a_repair_runs_by_itself_only_when_every_fact_speaks_for_it() {
    let restart = "systemctl restart nginx";
    assert_eq!(decide(restart, FREE), Decision::Allow);
    assert_eq!(decide("umount -l /mnt/media", FREE), Decision::Allow);
    assert_eq!(decide(restart, Facts { target_radius: BlastRadius::Host, ..FREE }), Decision::Allow);
    for facts in [
        Facts { paused: true, ..FREE },
        Facts { autonomy: Autonomy::Propose, ..FREE },
        Facts { observed: false, ..FREE },
        Facts { target_radius: BlastRadius::Cluster, ..FREE },
        Facts { autonomy: Autonomy::Earned, ..FREE },
        Facts { outside_window: true, ..FREE },
        Facts { budget_spent: true, ..FREE },
        Facts { host_busy: true, ..FREE },
        Facts { doubtful: true, ..FREE },
    ] {
        let evaluation = shipped().evaluate(&action(restart), &facts);
        assert_eq!(evaluation.decision, Decision::Approve, "{facts:?}");
        assert!(evaluation.reasons.len() > 1, "{facts:?} gives no reason");
    }
    assert_eq!(decide(restart, Facts { limit_exceeded: true, ..FREE }), Decision::Forbid);
}

#[test]
fn what_cannot_be_taken_back_seen_through_or_found_in_a_rule_is_asked_for() {
    for line in [
        "journalctl --vacuum-size=500M",
        "reboot",
        "systemctl restart sshd",
        "sh -c reboot",
        "curl http://example.com/",
        "/tmp/df -h",
        "systemctl start reboot.target",
        "systemctl restart nginx*",
        "cat /etc/shadow",
    ] {
        assert_eq!(decide(line, FREE), Decision::Approve, "{line}");
    }
}

#[test]
fn a_guardrail_forbids_what_an_operators_rule_would_allow() {
    let own = "rules:\n  - name: own-any\n    why: x\n    pattern: [[own-clean, rm, cp, zpool]]\n    flags: [-r, -f]\n    args: {max: 3}\n    effect: read\n    match: [own-clean /srv/x]\n    not_match: [ls]\n";
    let policy = with(own).unwrap().protecting(["/var/lib/steward".into()]);
    let decide = |line: &str| policy.evaluate(&action(line), &FREE).decision;
    assert_eq!(decide("own-clean /srv/x"), Decision::Allow);
    assert_eq!(decide("rm -rf /"), Decision::Forbid);
    assert_eq!(decide("zpool destroy tank"), Decision::Forbid);
    assert_eq!(decide("cp /srv/x /var/lib/steward/steward.db"), Decision::Forbid);
}

#[test]
fn what_a_rule_calls_risky_takes_a_safety_check_and_then_a_person() {
    let own = "rules:\n  - name: own-far\n    why: x\n    pattern: [/opt/lab/failover]\n    effect: irreversible\n    risky: true\n    blast_radius: cluster\n    match: [/opt/lab/failover]\n    not_match: [ls]\n";
    let policy = with(own).unwrap();
    let decide = |facts: Facts| policy.evaluate(&action("/opt/lab/failover"), &facts).decision;
    assert_eq!(decide(FREE), Decision::Forbid);
    assert_eq!(decide(Facts { safety_checked: true, ..FREE }), Decision::Approve);
    assert_eq!(
        policy.evaluate(&action("reboot"), &FREE).decision,
        Decision::Approve,
        "what is merely gone is asked for"
    );
}

#[test]
fn a_safety_check_opens_stored_data_as_far_as_a_question_and_nothing_else() {
    let checked = Facts { safety_checked: true, ..FREE };
    assert_eq!(decide("zfs destroy tank/media@old", FREE), Decision::Forbid);
    assert_eq!(decide("zfs destroy tank/media@old", checked), Decision::Approve);
    assert_eq!(decide("wipefs -a /dev/sda", checked), Decision::Forbid);
    let both = Action::script("zfs destroy tank/media@old; rm -rf /etc");
    assert_eq!(shipped().evaluate(&both, &checked).decision, Decision::Forbid);
    assert_eq!(decide("df -h", checked), Decision::Allow);
}

#[test]
fn what_deceives_the_eye_is_never_allowed_by_a_rule() {
    assert_eq!(shipped().evaluate(&Action::script("df -h"), &FREE).decision, Decision::Allow);
    for line in ["df \u{2013}h", "cat /etc/\u{455}hadow", "df -h\u{200b}", "echo $DB_PASSWORD"] {
        let evaluation = shipped().evaluate(&Action::script(line), &FREE);
        assert_eq!(evaluation.decision, Decision::Approve, "{line:?}");
    }
}

#[test]
fn an_operators_rule_adds_and_tightens_and_never_loosens() {
    let rule = |name: &str, pattern: &str, rest: &str, example: &str| {
        format!(
            "  - name: {name}\n    why: x\n    pattern: {pattern}\n    args: {{max: 3}}\n    match: [{example}]\n    not_match: [other]\n{rest}"
        )
    };
    let rules = [
        "rules:\n".to_owned(),
        rule(
            "own-repair",
            "[/opt/lab/repair]",
            "    effect: restorative\n    blast_radius: service\n",
            "/opt/lab/repair x",
        ),
        rule(
            "own-careful",
            "[docker, restart]",
            "    effect: restorative\n    blast_radius: service\n    decision: approve\n",
            "docker restart db",
        ),
        rule("own-reckless", "[[reboot, shutdown]]", "    effect: read\n", "reboot"),
        rule("own-never", "[bash]", "    effect: read\n    decision: forbid\n", "bash x"),
    ]
    .concat();
    let policy = with(&rules).unwrap_or_else(|problems| panic!("{}", listed(&problems)));
    let decide = |line: &str| policy.evaluate(&action(line), &FREE).decision;
    assert_eq!(decide("/opt/lab/repair media"), Decision::Allow);
    assert_eq!(decide("repair media"), Decision::Approve);
    assert_eq!(decide("docker restart web"), Decision::Approve);
    assert_eq!(decide("reboot"), Decision::Approve);
    assert_eq!(decide("bash x"), Decision::Forbid);
    assert_eq!(decide("sh x"), Decision::Approve);
}

#[test]
fn a_variable_or_an_input_that_no_rule_speaks_of_is_asked_for() {
    let policy = shipped();
    let with = |env: Option<&str>, stdin: Option<&str>| {
        let Action::Command(mut command) = action("git log");
        command.env.extend(env.map(|name| (name.to_owned(), "x".to_owned())));
        command.stdin = stdin.map(str::to_owned);
        policy.evaluate(&Action::Command(command), &FREE).decision
    };
    assert_eq!(with(None, None), Decision::Allow);
    assert_eq!(with(Some("LC_ALL"), None), Decision::Allow);
    assert_eq!(with(Some("GIT_EXTERNAL_DIFF"), None), Decision::Approve);
    assert_eq!(with(Some("LD_PRELOAD"), None), Decision::Approve);
    assert_eq!(with(None, Some("x")), Decision::Approve);
}

#[test]
fn every_problem_of_a_file_is_told_with_its_line_and_field() {
    let problems = with(concat!(
        "rules:\n",
        "  - name: own-a\n",
        "    why: x\n",
        "    pattern: [a]\n",
        "    efect: read\n",
        "    effect: read\n",
        "    match: [a]\n",
        "    not_match: [b]\n",
        "  - name: systemd-restart\n",
        "    why: ''\n",
        "    pattern: [b]\n",
        "    flags: [quiet]\n",
        "    requires: [-x]\n",
        "    effect: reversible\n",
        "    match: [b]\n",
        "    not_match: [c]\n",
        "  - name: own-c\n",
        "    why: x\n",
        "    pattern: [c]\n",
        "    effect: read\n",
        "    match: [c --x, sh]\n",
        "    not_match: [c]\n",
        "  - name: own-d\n",
        "    why: x\n",
        "    pattern: [d]\n",
        "    effect: read\n",
        "    decision: allow\n",
        "    match: [d]\n",
        "    not_match: [e]\n",
    ))
    .unwrap_err();
    let text = listed(&problems);
    for start in [
        "policy.yaml:5: rule own-a: efect: ",
        "policy.yaml:9: rule systemd-restart: name: systemd-restart is the name of a rule in shipped/systemd.yaml",
        "policy.yaml:10: rule systemd-restart: why: ",
        "policy.yaml:12: rule systemd-restart: flags: \"quiet\" is not a flag",
        "policy.yaml:13: rule systemd-restart: requires: -x",
        "policy.yaml:9: rule systemd-restart: undo: ",
        "policy.yaml:9: rule systemd-restart: blast_radius: ",
        "policy.yaml:21: rule own-c: match: `c --x` is not matched",
        "policy.yaml:21: rule own-c: match: `sh` is not matched",
        "policy.yaml:22: rule own-c: not_match: `c` is matched",
        "policy.yaml:27: rule own-d: decision: ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(start)), "no line begins {start:?} in\n{text}");
    }
    assert!(text.contains("did you mean `effect`?") && text.contains("a rule can only tighten"), "{text}");
    assert_eq!(problems.len(), 11, "{text}");
}

#[test]
fn a_rule_that_vouches_for_what_nobody_sees_or_what_is_forbidden_is_refused() {
    let one = |pattern: &str, example: &str| {
        listed(&with(&format!(
            "rules:\n  - name: own-x\n    why: x\n    pattern: {pattern}\n    flags: [-c=, -r]\n    args: {{max: 9}}\n    effect: read\n    match: [{example}]\n    not_match: [y]\n"
        ))
        .unwrap_err())
    };
    assert!(one("[bash]", "bash -c true").contains("can't be judged"));
    assert!(one("[rm]", "rm -r /etc").contains("guardrail"));
}

#[test]
fn what_is_no_file_of_rules_is_one_clear_problem_and_an_empty_one_is_none() {
    for bad in ["rules: [", "rules: 3", "rulez: []", "- a", "rules:\n  - name: a\n    name: b\n", "\0"] {
        let problems = with(bad).unwrap_err();
        assert_eq!((problems.len(), problems[0].file.as_str()), (1, "policy.yaml"), "{bad:?}");
    }
    for empty in ["", "# nothing yet\n", "rules:\n", "rules: []"] {
        assert!(with(empty).is_ok(), "{empty:?} refused");
    }
}

#[test]
fn an_authorization_is_minted_for_what_is_allowed_and_lasts_a_minute() {
    let policy = shipped();
    let authorized = policy.authorize(action("systemctl restart nginx"), executable(), &FREE, now()).unwrap();
    assert_eq!(authorized.expires_at(), now() + Duration::seconds(60));
    assert!(authorized.is_valid_at(now()) && authorized.is_valid_at(now() + Duration::seconds(59)));
    assert!(!authorized.is_valid_at(now() + Duration::seconds(60)));
    assert!(!authorized.is_valid_at(now() - Duration::seconds(1)), "a clock that jumped back");
    assert_eq!(*authorized.digest(), policy.digest(authorized.action()));
    assert!(authorized.why().contains("systemd-restart"));
    let denied = policy.authorize(action("reboot"), executable(), &FREE, now());
    assert!(matches!(denied, Err(Denied::Policy(_))));
}

#[test]
fn an_approval_opens_exactly_its_action_until_it_expires_and_never_a_guardrail() {
    let policy = shipped();
    let grant = |line: &str| Grant {
        approval: ApprovalId(ulid::Ulid::from_parts(1, 1)),
        digest: policy.digest(&action(line)),
        expires_at: now() + Duration::minutes(5),
    };
    let authorize = |line: &str, grant: &Grant, at| {
        policy.authorize_approved(action(line), executable(), &FREE, grant, at)
    };
    assert!(authorize("reboot", &grant("reboot"), now()).is_ok());
    assert!(matches!(authorize("reboot -f", &grant("reboot"), now()), Err(Denied::OtherAction(_))));
    let late = now() + Duration::minutes(5);
    assert!(matches!(authorize("reboot", &grant("reboot"), late), Err(Denied::Expired { .. })));
    let forbidden = authorize("zpool destroy tank", &grant("zpool destroy tank"), now());
    assert!(matches!(forbidden, Err(Denied::Policy(e)) if e.decision == Decision::Forbid));
}

#[test]
fn stewards_own_binary_is_forbidden_by_whatever_name_it_is_called() {
    let policy = shipped().protecting(["/usr/local/bin/steward".into()]);
    let own = Executable { path: "/usr/local/bin/steward".into(), sha256: "ab".repeat(32) };
    assert!(policy.authorize(action("df"), executable(), &FREE, now()).is_ok());
    assert!(matches!(policy.authorize(action("df"), own, &FREE, now()), Err(Denied::Policy(_))));
}

#[test]
fn a_program_behind_another_ones_name_is_judged_under_its_own_too() {
    let policy = shipped();
    let mint = |line: &str, path: &str| {
        let executable = Executable { path: path.into(), sha256: "ab".repeat(32) };
        policy.authorize(action(line), executable, &FREE, now())
    };
    assert!(mint("df -h", "/usr/bin/df").is_ok());
    assert!(mint("df -h", "/bin/busybox").is_ok(), "an applet goes by its name");
    assert!(mint("df -h", "/usr/lib/cargo/bin/coreutils/df").is_ok());
    for disguised in ["/usr/bin/bash", "/usr/bin/python3.12", "/usr/bin/env", "/usr/bin/rm", "/tmp/df"] {
        assert!(mint("df -h", disguised).is_err(), "{disguised}");
    }
    let grant = |line: &str| Grant {
        approval: ApprovalId(ulid::Ulid::from_parts(1, 1)),
        digest: policy.digest(&action(line)),
        expires_at: now() + Duration::minutes(5),
    };
    let rm = Executable { path: "/usr/bin/rm".into(), sha256: "ab".repeat(32) };
    let line = "df -r /etc";
    let minted = policy.authorize_approved(action(line), rm, &FREE, &grant(line), now());
    assert!(matches!(minted, Err(Denied::Policy(e)) if e.decision == Decision::Forbid), "a guardrail");
}

#[test]
fn a_loaded_file_is_authorized_only_as_it_was_validated() {
    let policy = shipped();
    let file = |path: &str, sha: &str| Executable { path: path.into(), sha256: sha.into() };
    let loaded = |path: &str| LoadedFile { path: path.into(), sha256: "ab".into() };
    let run = |line: &str, executable, path: &str, env: Option<&str>| {
        let Action::Command(mut command) = action(line);
        command.env.extend(env.map(|name| (name.to_owned(), "x".to_owned())));
        policy.authorize_loaded(Action::Command(command), executable, &loaded(path), now())
    };
    let skill = "/srv/lab/skills/time";
    assert!(run(skill, file(skill, "ab"), skill, Some("URLS")).is_ok());
    assert!(run(skill, file(skill, "cd"), skill, None).is_err(), "changed content");
    assert!(run(skill, file("/srv/lab/skills/other", "ab"), skill, None).is_err(), "another file");
    assert!(run("/bin/sh x", file("/bin/sh", "ab"), "/bin/sh", None).is_err(), "a shell");
    assert!(run("env x", file(skill, "ab"), skill, None).is_err(), "a wrapper in between");
    assert!(run(skill, file(skill, "ab"), skill, Some("LD_PRELOAD")).is_err(), "a preload");
}

#[test]
fn an_authorization_says_what_it_needs_and_a_loaded_file_has_nothing_to_write() {
    let policy = shipped();
    let restart = policy.authorize(action("systemctl restart nginx"), executable(), &FREE, now()).unwrap();
    assert_eq!(restart.needs(), Needs::Write);
    let look = policy.authorize(action("systemctl is-active nginx"), executable(), &FREE, now()).unwrap();
    assert_eq!(look.needs(), policy.evaluate(&action("systemctl is-active nginx"), &FREE).needs);
    assert!(look.needs() < Needs::Write);
    let file = LoadedFile { path: "/srv/skills/a".into(), sha256: "ab".into() };
    let program = Executable { path: file.path.clone(), sha256: "ab".into() };
    let skill = policy.authorize_loaded(action("/srv/skills/a"), program, &file, now()).unwrap();
    assert_eq!(skill.needs(), Needs::Network);
}

#[test]
fn an_authorization_shows_no_environment_and_no_input() {
    let policy = shipped();
    let Action::Command(mut command) = action("/srv/skills/a");
    command.env.insert("TOKEN".into(), "hunter2".into());
    command.stdin = Some("hunter2".into());
    let file = LoadedFile { path: "/srv/skills/a".into(), sha256: "ab".into() };
    let executable = Executable { path: file.path.clone(), sha256: "ab".into() };
    let authorized = policy.authorize_loaded(Action::Command(command), executable, &file, now()).unwrap();
    assert!(!format!("{authorized:?} {policy:?}").contains("hunter2"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_suggested_rule_of_any_plain_command_loads_and_fits_it(
        program in "(/opt/)?[a-z][a-z0-9]{3,8}q",
        words in proptest::collection::vec("(-{1,2}[a-zA-Z][a-z0-9]{0,5}(=[a-z'\"#&%@! /]{0,5})?|[a-zA-Z][a-z0-9=:,'\"#&%@! /]{0,8}|true|no|[0-9]{1,3})", 0..6),
        stdin in proptest::option::of("[a-z]{0,4}"),
        variable in proptest::option::of("[A-Z]{1,6}"),
    ) {
        let mut argv = vec![program];
        argv.extend(words);
        let action = Action::Command(Command {
            host: "local".into(),
            cwd: None,
            argv,
            stdin,
            env: variable.map(|name| (name, String::new())).into_iter().collect(),
        });
        let yaml = suggest_rule(&action);
        let policy = with(&yaml).map_err(|problems| TestCaseError::fail(format!("{}\n{yaml}", listed(&problems))))?;
        let evaluation = policy.evaluate(&action, &FREE);
        prop_assert!(evaluation.rule.is_some(), "{}", yaml);
        prop_assert_eq!(evaluation.effect, Effect::Irreversible);
    }

    #[test]
    fn nothing_that_comes_in_makes_the_judgement_panic(
        argv in proptest::collection::vec("\\PC{0,12}|(rm|find|timeout|dd|zpool|kubectl|sh|-r|/|--|-|systemctl)", 0..6),
        cwd in proptest::option::of("\\PC{0,6}"),
    ) {
        let env = std::collections::BTreeMap::new();
        let action = Action::Command(Command { host: "local".into(), cwd: cwd.map(Into::into), argv, stdin: None, env });
        let policy = shipped().protecting(["/var/lib/steward".into()]);
        let evaluation = policy.evaluate(&action, &FREE);
        prop_assert!(!evaluation.reasons.is_empty());
    }
}
