use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::domain::escalation::Scope;
use crate::policy::Autonomy;

mod agent;
mod alerts;
mod hosts;

/// A folder with files in it; skills are executable.
struct Lab(tempfile::TempDir);

const SKILL: &str = "#!/bin/sh\n#: schedule = \"* * * * *\"\n#: targets = [\"nas\"]\n#: params = { LIMIT = \"5\" }\necho STATUS:OK\n";
const RUNBOOK: &str =
    "name: NAME\ntitle: t\nmatch: { skill: probe }\nsteps: [{ name: a, run: [b], verify: check }]\n";

impl Lab {
    fn new(files: &[(&str, &str)]) -> Self {
        let lab = Self(tempfile::tempdir().unwrap());
        files.iter().for_each(|(path, text)| lab.write(path, text));
        lab
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn load(&self) -> Result<Loaded, Vec<String>> {
        let options = options(Some(self.0.path().join("config.toml")));
        load(&options).map_err(|problems| self.shown(&problems))
    }

    fn shown(&self, problems: &[Problem]) -> Vec<String> {
        let folder = format!("{}/", self.0.path().display());
        problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }
}

fn options(file: Option<PathBuf>) -> LoadOptions<'static> {
    let env: ReadEnv<'static> = &|name| (name == "TOKEN").then(|| "hunter2".to_owned());
    LoadOptions { file, state_dir: None, host: "box", timezone: "UTC", env }
}

#[test]
fn with_no_file_there_are_the_defaults_and_what_was_shipped() {
    let loaded = load(&options(None)).unwrap();
    assert_eq!(loaded.config.host.as_str(), "box");
    assert_eq!(loaded.config.state_dir, std::env::current_dir().unwrap().join("state"));
    assert!(loaded.config.paths.skills.is_empty(), "a skills folder beside nothing was taken");
    assert!(loaded.skills.values().all(|skill| skill.shipped) && loaded.warnings.is_empty());
    assert!(loaded.runbooks.values().all(|runbook| runbook.shipped));
}

#[test]
fn what_was_shipped_is_without_a_fault_and_complete() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let in_folder = |folder: &str| files::list(&root.join(folder)).map_or(0, |files| files.len());
    let loaded = load(&options(None)).unwrap();
    assert_eq!(loaded.skills.len(), in_folder("skills"));
    assert_eq!(loaded.runbooks.len(), in_folder("runbooks"));
    for runbook in loaded.runbooks.values() {
        let skill = runbook.fits.skill.as_ref();
        assert!(
            skill.is_none_or(|skill| loaded.skills.contains_key(skill)),
            "{} waits for {skill:?}",
            runbook.name
        );
    }
}

#[test]
fn the_example_holds_every_key_with_its_default() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml")).unwrap();
    let lab = Lab::new(&[("config.toml", &text)]);
    let empty = Lab::new(&[("config.toml", "")]);
    let (mut example, default) = (lab.load().unwrap(), empty.load().unwrap());
    let folder = |lab: &Lab| std::path::absolute(lab.0.path()).unwrap().join("state");
    assert_eq!(example.config.state_dir, folder(&lab));
    example.config.state_dir = folder(&empty);
    assert_eq!(example.config.alerts.spool, folder(&lab).join("spool"));
    example.config.alerts.spool = folder(&empty).join("spool");
    for name in ["memory", "prompts"] {
        let theirs = if name == "memory" {
            &mut example.config.paths.memory
        } else {
            &mut example.config.paths.prompts
        };
        assert_eq!(theirs.as_deref(), folder(&lab).parent().map(|beside| beside.join(name)).as_deref());
        *theirs = folder(&empty).parent().map(|beside| beside.join(name));
    }
    assert_eq!(example.config, default.config);
}

#[test]
fn the_example_shows_every_key_that_there_is() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml")).unwrap();
    // With the keys that are commented out, and an unknown one in every table, the reader names all it knows.
    let whole: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(code)
                if code.starts_with('[')
                    || code.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) =>
            {
                code
            }
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut document = Document::toml(Path::new("config.example.toml"), &whole).unwrap();
    let known = shape::known_keys::<RawConfig>(&mut document);
    let tables = [
        "",
        "adopt",
        "agent",
        "agent.models.local",
        "alerts",
        "alerts.sources.alertmanager",
        "alerts.sources.backup",
        "alerts.sources.backup.mapping",
        "alerts.sources.backup.mapping.state",
        "paths",
        "skills",
        "correlation",
        "digest",
        "watchdog",
        "incidents",
        "escalation",
        "approvals",
        "chat",
        "chat.console",
        "chat.discord",
        "chat.telegram",
        "changes",
        "changes.git",
        "changes.git.targets",
        "exec",
        "hosts.pve4",
        "inhibit",
        "maintenance",
        "topology",
        "topology.kubernetes",
        "triage",
        "triage.flapping",
        "metrics",
        "repairs",
        "log",
    ];
    assert_eq!(known.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), tables.into());
    let of_sources =
        |table: &str| table.strip_prefix("alerts.sources.").is_some_and(|name| !name.contains('.'));
    let sources =
        known.iter().filter(|(table, _)| of_sources(table)).flat_map(|(_, (_, shown))| shown.clone());
    let sources: std::collections::BTreeSet<String> = sources.collect();
    for (table, (known, shown)) in &known {
        // Two sources show different keys of the same table.
        let shown = if of_sources(table) { &sources } else { shown };
        let hidden: Vec<_> = known.difference(shown).collect();
        assert!(hidden.is_empty(), "[{table}] has {hidden:?}, which the example does not show");
    }
}

#[test]
fn what_a_file_says_goes_before_the_defaults() {
    let lab = Lab::new(&[
        (
            "etc/config.toml",
            "host = \"pve4\"\ntimezone = \"Europe/Berlin\"\nstate_dir = \"/var/lib/steward\"\nautonomy = \"propose\"\n[paths]\nskills = [\"skills\", \"../more\"]\nshipped_skills = false\n[skills]\ndisabled = [\"other\"]\nmax_output = \"1MiB\"\n[skills.params.probe]\nLIMIT = 7\nTOKEN = \"env:TOKEN\"\n[skills.schedule]\nprobe = \"@every 30s\"\n[escalation]\nscope = \"signature\"\n[[changes.git]]\nname = \"homelab\"\npath = \"repo\"\n[[changes.git.targets]]\npattern = \"apps/{app}/**\"\ntargets = [\"k8s/{app}\"]\n",
        ),
        ("etc/skills/probe.sh", &SKILL.replace("LIMIT = \"5\"", "LIMIT = \"5\", TOKEN = \"\"")),
        ("more/other", SKILL),
        ("etc/runbooks/fix.yaml", &RUNBOOK.replace("NAME", "fix")),
        ("etc/topology.yaml", "targets: { nas: {} }"),
        ("etc/policy.yaml", "rules: []\n"),
    ]);
    let loaded = load(&options(Some(lab.0.path().join("etc/config.toml")))).unwrap();
    let config = &loaded.config;
    assert_eq!((config.host.as_str(), config.timezone), ("pve4", chrono_tz::Europe::Berlin));
    assert_eq!(
        (config.state_dir.as_path(), config.autonomy),
        (Path::new("/var/lib/steward"), Autonomy::Propose)
    );
    assert_eq!((config.skills.max_output, config.escalation.scope), (1024 * 1024, Scope::Signature));
    assert_eq!(config.changes.git[0].path, std::path::absolute(lab.0.path().join("etc/repo")).unwrap());
    assert_eq!(config.changes.git[0].targets[0].targets("apps/web/x.yaml")[0].as_str(), "k8s/web");
    assert_eq!(loaded.skills.keys().collect::<Vec<_>>(), ["other", "probe"]);
    let probe = &loaded.skills["probe"];
    assert!(probe.enabled && !loaded.skills["other"].enabled && !probe.shipped);
    assert_eq!(probe.manifest.schedule.to_string(), "@every 30s");
    let params = loaded.params(probe);
    assert_eq!((params["LIMIT"].expose(), params["TOKEN"].expose()), ("7", "hunter2"));
    assert!(loaded.runbooks.contains_key("fix") && loaded.topology.len() == 1);
    assert_eq!(loaded.policy.unwrap().text, "rules: []\n");
    assert_eq!(loaded.warnings, []);
}

#[test]
fn the_state_folder_of_the_command_line_goes_before_the_files() {
    let lab = Lab::new(&[("config.toml", "state_dir = \"elsewhere\"")]);
    let options =
        LoadOptions { state_dir: Some("here".into()), ..options(Some(lab.0.path().join("config.toml"))) };
    assert_eq!(load(&options).unwrap().config.state_dir, std::env::current_dir().unwrap().join("here"));
}

#[test]
fn every_problem_of_every_file_is_told_at_once() {
    let lab = Lab::new(&[
        (
            "config.toml",
            "timezone = \"Europe/Berlni\"\n[incidents]\nsettle = 10\n[skill]\n[skills.schedule]\nprobe = \"61 * * * *\"\nprob = \"* * * * *\"\n",
        ),
        ("skills/probe", SKILL),
        ("skills/broken", "#!/bin/sh\n#: shedule = \"* * * * *\"\n#: targets = [\"-x\"]\n"),
        (
            "runbooks/fix.yaml",
            "name: fix\ntitle: t\nmatch: { skil: a }\nsteps:\n  - name: a\n    run: [b, \"{{ targt }}\"]\n",
        ),
        ("runbooks/worse.yaml", "name: [\n"),
        ("topology.yaml", "targets:\n  a: { depends_on: [b] }\n"),
        ("policy.yaml", "\0"),
    ]);
    let problems = lab.load().unwrap_err();
    let expected = [
        "config.toml:1: timezone: \"Europe/Berlni\" is no time zone; did you mean `Europe/Berlin`?",
        "config.toml:3: [incidents] settle: 10 is no duration; write \"10s\"",
        "config.toml:4: skill: no such key here; did you mean `skills`?",
        "config.toml:6: [skills.schedule] probe: \"61 * * * *\" is no schedule (minute): ",
        "config.toml:7: [skills.schedule] prob: there is no skill `prob`; did you mean `probe`?",
        "skills/broken:2: shedule: ",
        "skills/broken:3: targets: ",
        "runbooks/fix.yaml:3: match.skil: no such key here; did you mean `skill`?",
        "runbooks/fix.yaml:6: steps[0].run: nothing is called `{{ targt }}` here; did you mean `{{ target }}`?",
        "runbooks/worse.yaml:",
        "topology.yaml:2: targets.a.depends_on[0]: `b` is not among the targets",
        "policy.yaml:1: is not text",
    ];
    for start in expected {
        assert!(
            problems.iter().any(|problem| problem.starts_with(start)),
            "{start:?} is not in {problems:#?}"
        );
    }
}

/// Each rule of the file: what is written, and the beginning of the one problem that it makes.
#[test]
fn each_fault_of_the_file_is_told_with_its_line_and_field() {
    let rules = [
        ("host = \"my host\"", "1: host: \"my host\" is not a target: "),
        ("host = 3", "1: host: expected a text, found the number 3; put it in quotes"),
        (
            "timezone = \"Mars\"",
            "1: timezone: \"Mars\" is no time zone; set `timezone` to a name such as \"Europe/Berlin\"",
        ),
        ("autonomy = \"ful\"", "1: autonomy: \"ful\" is no choice here; did you mean `full`?"),
        ("autonomie = \"full\"", "1: autonomie: no such key here; did you mean `autonomy`?"),
        ("[paths]\nskills = [\"gone\"]", "2: [paths] skills: there is no folder "),
        (
            "[paths]\nrunbooks = \"runbooks\"",
            "2: [paths] runbooks: expected a list, found the text \"runbooks\"",
        ),
        ("[paths]\ntopology = \"gone.yaml\"", "2: [paths] topology: there is no file "),
        ("[paths]\npolicy = \"gone.yaml\"", "2: [paths] policy: there is no file "),
        (
            "[paths]\nshipped_skills = 1",
            "2: [paths] shipped_skills: expected `true` or `false`, found the number 1",
        ),
        (
            "[skills]\nconcurrency = 0",
            "2: [skills] concurrency: 0 is out of range; write a whole number from 1 to 64",
        ),
        ("[skills]\njitter = \"10\"", "2: [skills] jitter: \"10\" is no duration; write \"10s\""),
        ("[skills]\nmax_output = \"1GiB\"", "2: [skills] max_output: \"1GiB\" is no size; write it as in"),
        (
            "[skills]\nmax_output = \"1B\"",
            "2: [skills] max_output: \"1B\" is out of range; write a size from",
        ),
        ("[skills]\nmax_output = 1000", "2: [skills] max_output: 1000 is no size; write it with its unit"),
        ("[skills]\ndisabled = [\"nothing-such\"]", "2: [skills] disabled: there is no skill `nothing-such`"),
        (
            "[skills.params.nothing-such]\nA = 1",
            "1: [skills.params] nothing-such: there is no skill `nothing-such`",
        ),
        (
            "[skills.params.probe]\nLIMT = \"1\"",
            "2: [skills.params.probe] LIMT: the skill `probe` has no such parameter; did you mean `LIMIT`?",
        ),
        (
            "[skills.params.probe]\n\"A B\" = \"1\"",
            "2: [skills.params.probe] A B: is no name of an environment variable; write",
        ),
        (
            "[skills.params.probe]\nLIMIT = [1]",
            "2: [skills.params.probe] LIMIT: expected a text or a number, found a list",
        ),
        (
            "[skills.params.probe]\nLIMIT = \"env:NONE\"",
            "2: [skills.params.probe] LIMIT: the environment has no variable `NONE`; set it",
        ),
        ("[incidents]\nkeep = \"0s\"", "2: [incidents] keep: must be longer than nothing; write"),
        ("[incidents]\nkeep = \"100y\"", "2: [incidents] keep: \"100y\" is longer than ten years; write"),
        ("[incidents]\nhold = \"soon\"", "2: [incidents] hold: \"soon\" is no duration; write it as in"),
        ("[incidents]\nflap_bounces = -1", "2: [incidents] flap_bounces: -1 is out of range; write"),
        (
            "[escalation]\nscope = \"target\"",
            "2: [escalation] scope: \"target\" is no choice here; there is `root`, `signature`",
        ),
        ("[approvals]\nexpires = \"1m\"", "2: [approvals] expires: no such key here; did you mean `expire`?"),
        ("[chat.console]\noperator = \"\"", "2: [chat.console] operator: \"\" is no name; write"),
        ("[chat.irc]\nenabled = true", "1: [chat] irc: no such key here; there is `console`"),
        ("[[changes.git]]\nname = \"a\"", "1: [changes] git: `path` is missing"),
        (
            "[[changes.git]]\nname = \"A b\"\npath = \".\"",
            "2: [[changes.git]] name: \"A b\" is no name for a repository; write",
        ),
        (
            "[[changes.git]]\nname = \"a\"\npath = \".\"\n[[changes.git]]\nname = \"a\"\npath = \"x\"",
            "5: [[changes.git]] name: \"a\" is the name of two repositories; give",
        ),
        (
            "[[changes.git]]\nname = \"a\"\npath = \".\"\nbranch = \"--all\"",
            "4: [[changes.git]] branch: \"--all\" is no branch; name",
        ),
        (
            "[[changes.git]]\nname = \"a\"\npath = \".\"\n[[changes.git.targets]]\npattern = \"{a\"\ntargets = [\"x\"]",
            "5: [[changes.git.targets]] pattern: the path pattern \"{a\" has a `{`",
        ),
        (
            "[[maintenance]]\nname = \"a\"\ntarget = \"nas\"\nduration = \"2h\"\nschedule = \"0 25 * * *\"",
            "5: [[maintenance]] schedule: \"0 25 * * *\" is no schedule (hour): ",
        ),
        (
            "[[maintenance]]\nname = \"a\"\nschedule = \"0 3 * * *\"\nduration = \"2h\"\nmatchers = ['x=\"\"']",
            "5: [[maintenance]] matchers: {x=\"\"} would match everything that lacks the label",
        ),
        (
            "[[maintenance]]\nname = \"a\"\nschedule = \"0 3 * * *\"\nduration = \"2h\"",
            "1: maintenance: covers nothing; write either `target",
        ),
        (
            "[[inhibit]]\nsource = ['a=b']\ntarget = ['a=~\"(\"']",
            "3: [[inhibit]] target: \"(\" is no regular expression",
        ),
        (
            "[[triage]]\nname = \"t\"\ndo = \"drop\"",
            "3: [[triage]] do: \"drop\" is nothing to do; write \"ignore\"",
        ),
        ("[[triage]]\nname = \"t\"\ndo = \"hold\"\nmatch = ['a=b']", "1: triage: holds for ever; say until"),
        ("[[triage]]\nname = \"t\"\ndo = \"ignore\"", "1: triage: would ignore everything; add `match`"),
        (
            "[[triage]]\nname = \"t\"\ndo = \"pass\"\n[[triage]]\nname = \"t\"\ndo = \"pass\"",
            "5: [[triage]] name: \"t\" is there twice",
        ),
        ("[metrics]\nmax_series = 0", "2: [metrics] max_series: 0 is out of range; write"),
        ("[log]\nlevel = \"inof\"", "2: [log] level: \"inof\" is no log level; did you mean `info`?"),
        ("[log]\nlevel = \"steward=loud\"", "2: [log] level: \"steward=loud\" is no log filter"),
        ("a = 1\na = 2", "2: is not TOML: "),
        ("[skills\n[log]\nlevel = ", "1: is not TOML: "),
    ];
    for (written, expected) in rules {
        let lab = Lab::new(&[("config.toml", written), ("skills/probe", SKILL)]);
        let problems = lab.load().err().unwrap_or_default();
        let expected = format!("config.toml:{expected}");
        assert!(
            problems.iter().any(|problem| problem.starts_with(&expected)),
            "{written:?} gave {problems:#?}, not {expected:?}"
        );
    }
}

#[test]
fn a_hostile_file_is_refused_and_told_by_its_name() {
    let (huge, deep) = ("a: 1\n".repeat(300_000), "[".repeat(100_000));
    let bomb = format!(
        "a: &a [{}]\nb: &b [{}]\nc: [{}]\n",
        "x, ".repeat(200),
        "*a, ".repeat(200),
        "*b, ".repeat(200)
    );
    let hostile = [
        ("huge", huge.as_str(), "is larger than 1 MiB"),
        ("deep", deep.as_str(), "nests too deep"),
        ("bomb", bomb.as_str(), "is not YAML: "),
        ("binary", "a: \0\u{1}", "is not text"),
        ("cut off", "targets: {a: {depends_on: [", "is not YAML: "),
        ("a list", "- 1", "expected a table, found a list"),
        ("a tag", "targets: !evil x", "is not YAML: "),
        ("itself", "targets: &a { b: *a }", "is not YAML: "),
        ("two", "targets: {}\n---\ntargets: {}\n", "is not YAML: "),
    ];
    for (what, text, expected) in hostile {
        let lab = Lab::new(&[("config.toml", ""), ("topology.yaml", text), ("runbooks/fix.yaml", text)]);
        let problems = lab.load().unwrap_err();
        for file in ["topology.yaml:", "runbooks/fix.yaml:"] {
            let told = |problem: &&String| problem.starts_with(file) && problem.contains(expected);
            assert!(problems.iter().any(|problem| told(&problem)), "{what}: {file} gave {problems:#?}");
        }
    }
}

#[test]
fn a_named_file_that_is_not_there_is_told() {
    let problems = load(&options(Some("/nonexistent/config.toml".into()))).unwrap_err();
    assert!(problems[0].to_string().starts_with("/nonexistent/config.toml: can't be read: "), "{problems:?}");
}

#[test]
fn a_loaded_configuration_shows_no_secret() {
    let lab = Lab::new(&[
        ("config.toml", "[skills.params.probe]\nLIMIT = \"env:TOKEN\"\n"),
        ("skills/probe", SKILL),
    ]);
    let loaded = lab.load().unwrap();
    assert_eq!(loaded.params(&loaded.skills["probe"])["LIMIT"].expose(), "hunter2");
    let shown = format!("{loaded:?}{:?}", loaded.params(&loaded.skills["probe"]));
    assert!(shown.contains("env:TOKEN") && !shown.contains("hunter2"));
}

#[test]
fn an_own_skill_or_runbook_replaces_the_shipped_one_and_a_copy_of_it_does_not() {
    let Some((file, content)) = crate::config::shipped::skills().first() else { return };
    let name = Path::new(file).file_stem().unwrap().to_str().unwrap();
    let lab = Lab::new(&[("config.toml", ""), (&format!("skills/{file}"), content)]);
    assert!(lab.load().unwrap().skills[name].shipped);
    lab.write(&format!("skills/{name}.sh"), SKILL);
    fs::remove_file(lab.0.path().join("skills").join(file)).unwrap_or_default();
    let loaded = lab.load().unwrap();
    assert!(!loaded.skills[name].shipped && loaded.skills[name].path.ends_with(format!("{name}.sh")));

    let Some((file, text)) = crate::config::shipped::runbooks().first() else { return };
    let name = file.trim_end_matches(".yaml");
    lab.write(&format!("runbooks/{file}"), text);
    assert!(lab.load().unwrap().runbooks[name].shipped);
    lab.write(&format!("runbooks/{file}"), &RUNBOOK.replace("NAME", name));
    assert!(!lab.load().unwrap().runbooks[name].shipped);
}

#[test]
fn files_that_are_no_skill_or_runbook_are_told_or_passed_over() {
    let lab = Lab::new(&[
        ("config.toml", ""),
        ("skills/probe", SKILL),
        ("skills/lib/helper.sh", "#!/bin/sh\n"),
        ("skills/README.md", "# notes"),
        ("skills/probe~", SKILL),
        ("skills/data.json", "{}"),
        ("runbooks/fix.yml", "name: fix"),
        ("runbooks/fix.yaml", &RUNBOOK.replace("NAME", "fix").replace("probe", "prob")),
    ]);
    let loaded = lab.load().unwrap();
    assert_eq!(loaded.skills.values().filter(|skill| !skill.shipped).count(), 1);
    assert_eq!(
        lab.shown(&loaded.warnings),
        [
            "skills/data.json: is left out: it is no skill; a skill begins with `#!` and is executable",
            "runbooks/fix.yml: is left out: it is no runbook; a runbook's file ends with `.yaml`",
            "runbooks/fix.yaml: waits for the skill `prob`, which is not there; did you mean `probe`?",
        ]
    );
    lab.write("skills/half", "echo STATUS:OK\n");
    fs::set_permissions(lab.0.path().join("skills/half"), fs::Permissions::from_mode(0o755)).unwrap();
    lab.write("skills/mode", SKILL);
    fs::set_permissions(lab.0.path().join("skills/mode"), fs::Permissions::from_mode(0o644)).unwrap();
    lab.write("skills/probe.py", SKILL);
    let problems = lab.load().unwrap_err();
    for start in [
        "skills/half:1: does not say what runs it; begin it with `#!`",
        "skills/mode: is a script, but not executable; make it so: chmod +x skills/mode",
        "skills/probe.py: the skill `probe` is also in skills/probe; rename",
    ] {
        assert!(
            problems.iter().any(|problem| problem.starts_with(start)),
            "{start:?} is not in {problems:#?}"
        );
    }
}

#[test]
fn an_edit_of_any_file_it_came_from_is_noticed() {
    let lab = Lab::new(&[
        ("config.toml", "[skills.params.probe]\nLIMIT = \"file:limit\"\n"),
        ("limit", "5"),
        ("skills/probe", SKILL),
    ]);
    let watched = lab.load().unwrap().watched;
    let mut last = watched.loaded();
    assert_eq!(watched.now(), last);
    for (path, text) in [
        ("config.toml", "# edited"),
        ("limit", "60"),
        ("skills/probe", "#!/bin/sh"),
        ("runbooks/new.yaml", "name: new"),
        ("topology.yaml", "targets: {}"),
        ("policy.yaml", "rules: []"),
        ("prompts/goals/mine.md", "---\ntitle: Mine\n---\nLook."),
    ] {
        lab.write(path, text);
        let now = watched.now();
        assert_ne!(now, last, "the edit of {path} was not noticed");
        last = now;
    }
}

#[test]
fn a_goal_of_ones_own_replaces_the_shipped_one_of_its_name_and_others_stand_beside_it() {
    let lab = Lab::new(&[
        ("config.toml", ""),
        ("prompts/goals/proactive.md", "---\ntitle: Mine\nenabled: false\n---\nLook."),
        ("prompts/goals/backups.md", "---\ntitle: Backups\nschedule: \"@weekly\"\n---\nLook."),
        ("prompts/goals/README.md", "What is here."),
        ("prompts/goals/notes.txt", "Not a goal."),
    ]);
    let loaded = lab.load().unwrap();
    let goals: Vec<_> = loaded.goals.iter().map(|goal| (goal.name.as_str(), goal.shipped)).collect();
    let wanted = [("backups", false), ("health-check", true), ("incident", true), ("proactive", false)];
    assert_eq!(goals, wanted);
    assert!(loaded.goals.iter().all(|goal| goal.schedule.is_some() == (goal.name == "backups")));
    assert!(
        loaded.warnings.iter().any(|warning| warning.file.ends_with("notes.txt")),
        "{:?}",
        loaded.warnings
    );
}
