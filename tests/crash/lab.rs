//! A scratch lab on disk: one thing that breaks, one skill that sees it, one runbook of three steps that mends it.
//!
//! Every command of the runbook is a script that writes down what it is about to do and what it has done, in one
//! file and one line each, so that the order of what really happened can be read afterwards.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub(crate) struct Lab {
    dir: tempfile::TempDir,
}

const CONFIG: &str = r#"
host = "vm"
timezone = "UTC"
[alerts]
listen = "off"
[paths]
shipped_skills = false
shipped_runbooks = false
[skills]
jitter = "0s"
[incidents]
settle = "0s"
hold = "200ms"
reopen_window = "0s"
cooldown = "0s"
[escalation]
occurrences = 1000
cooldown = "0s"
[log]
level = "info"
"#;

const SKILL: &str = r#"#!/bin/sh
#: schedule = "@every EVERY"
#: timeout = "10s"
#: targets = ["vm/thing"]
cd "LAB" || exit 1
if [ -e broken ]; then
    printf 'STATUS:PROBLEM\ntarget: vm/thing\nsignature: broken\nsummary: the thing is broken\n'
else
    echo STATUS:OK
fi
"#;

/// `a` may be repeated; `b` can be taken back; `c` takes a while and can be neither.
const RUNBOOK: &str = r#"
name: mend
title: Mend the thing
match: { signature: broken }
steps:
  - name: a
    run: [LAB/act, a]
    verify: [LAB/look, a]
    idempotent: true
  - name: b
    capture: { before: [LAB/show] }
    run: [LAB/act, b]
    verify: [LAB/look, b]
    undo: [LAB/undo, "{{ capture.before }}"]
  - name: c
    run: [LAB/act, c]
    verify: [LAB/look, c]
limits: { cooldown: 0s, max_attempts: 1000, watch: 0s }
"#;

const POLICY: &str = r#"
rules:
  - name: crash-act
    why: it brings the thing back to what it should be
    pattern: [LAB/act, [a, c]]
    effect: restorative
    blast_radius: target
    match: [LAB/act a]
    not_match: [LAB/act x]
  - name: crash-set
    why: it sets a value that is noted beforehand
    pattern: [LAB/act, b]
    effect: reversible
    blast_radius: target
    undo: set the value that was there
    match: [LAB/act b]
    not_match: [LAB/act a]
  - name: crash-undo
    why: it sets the value that was there
    pattern: [LAB/undo]
    args: { min: 1, max: 1 }
    effect: restorative
    blast_radius: target
    match: [LAB/undo before-1]
    not_match: [LAB/undo]
  - name: crash-look
    why: it only looks
    pattern: [[LAB/look, LAB/show]]
    args: { max: 1 }
    effect: read
    match: [LAB/look a, LAB/show]
    not_match: [LAB/look a b]
"#;

const ACT: &str = r#"#!/bin/sh
cd "LAB" || exit 1
echo "begin $1 $$" >> effects.log
case $1 in
a) : > a ;;
b) echo mended > value.new && mv value.new value ;;
c)
    sleep 0.3
    # Some things take two tries.
    [ -e stubborn ] && rm stubborn && exit 1
    rm -f broken
    ;;
esac
echo "end $1 $$" >> effects.log
"#;

const LOOK: &str = r#"#!/bin/sh
cd "LAB" || exit 1
echo "look $1 $$" >> effects.log
case $1 in
a) [ -e a ] ;;
b) [ "$(cat value)" = mended ] ;;
c) [ ! -e broken ] ;;
esac
"#;

const UNDO: &str = r#"#!/bin/sh
cd "LAB" || exit 1
echo "begin undo $$" >> effects.log
[ -e jammed ] && exit 1
echo "$1" > value.new && mv value.new value
echo "end undo $$" >> effects.log
"#;

const SHOW: &str = r#"#!/bin/sh
cd "LAB" || exit 1
echo "look undo $$" >> effects.log
cat value
"#;

impl Lab {
    /// A lab whose skill looks this often.
    pub(crate) fn new(every: &str) -> Self {
        let lab = Self { dir: tempfile::Builder::new().prefix("steward-crash-").tempdir().unwrap() };
        lab.write("config.toml", CONFIG);
        lab.write("skills/watch", &SKILL.replace("EVERY", every));
        lab.write("runbooks/mend.yaml", RUNBOOK);
        lab.write("policy.yaml", POLICY);
        for (name, script) in [("act", ACT), ("look", LOOK), ("undo", UNDO), ("show", SHOW)] {
            lab.write(&format!("lab/{name}"), script);
        }
        lab.write("lab/effects.log", "");
        lab.write("lab/value", "before-0\n");
        lab
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("state/steward.db")
    }

    /// The thing breaks, and the value is another one than before. A stubborn one is not mended by the first try; a
    /// jammed one can't be taken back.
    pub(crate) fn break_it(&self, round: u64, stubborn: bool, jammed: bool) {
        for (name, there) in [("lab/a", false), ("lab/stubborn", stubborn), ("lab/jammed", jammed)] {
            match there {
                true => self.write(name, ""),
                false => drop(std::fs::remove_file(self.path().join(name))),
            }
        }
        self.write("lab/value", &format!("before-{round}\n"));
        self.write("lab/broken", "");
    }

    /// A person mends it.
    pub(crate) fn mend_by_hand(&self) {
        let _ = std::fs::remove_file(self.path().join("lab/broken"));
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.path().join("lab/broken").exists()
    }

    pub(crate) fn value(&self) -> String {
        std::fs::read_to_string(self.path().join("lab/value")).unwrap().trim().to_owned()
    }

    /// What the scripts wrote down, line by line.
    pub(crate) fn effects(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path().join("lab/effects.log")).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// What people saw, over all lives.
    pub(crate) fn console(&self) -> String {
        std::fs::read_to_string(self.path().join("console.txt")).unwrap_or_default()
    }

    /// What was logged, over all lives.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log.txt")).unwrap_or_default()
    }

    /// Leaves the lab on disk, for whoever looks into a failure.
    pub(crate) fn keep(self) -> PathBuf {
        self.dir.keep()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = text.replace("LAB", self.path().join("lab").to_str().unwrap());
        std::fs::write(&path, &text).unwrap();
        if text.starts_with("#!") {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}
