//! The shipped runbooks on what the shipped skills print (`tests/skills/recorded.rs` holds the reports to the skills):
//! what runs by itself, what is asked for, what is left alone, and how it ends when it does not help.

use std::ops::Deref;

use super::support::{Bot, Lab, min, secs};

/// A report of a shipped skill.
macro_rules! report {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reports/", $name, ".txt"))
    };
}

mod clock;
mod journal;
mod mounts;
mod services;

/// A machine on which all is well, with everything that is shipped and nothing of its own.
fn lab() -> Lab {
    let lab = Lab::new("");
    lab.write(
        "config.toml",
        "host = \"pve1\"\ntimezone = \"UTC\"\n[alerts]\nlisten = \"off\"\n[digest]\nenabled = false\n[watchdog]\ncheck = \"300d\"\n[changes]\ndetect = false\n[skills]\njitter = \"0s\"\n",
    );
    let skills = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/skills")).unwrap();
    skills.for_each(|skill| lab.host.watch(&skill.unwrap().file_name().to_string_lossy(), &[]));
    lab
}

/// A command does not do what it should.
fn fails(lab: &Lab, line: &str, exit: i32, complaint: &str) {
    lab.host.command(line, &[], exit);
    lab.host.complains(line, complaint);
}

/// The machine with Steward on it.
struct Machine<'lab>(Bot<'lab>);

impl<'lab> Deref for Machine<'lab> {
    type Target = Bot<'lab>;

    fn deref(&self) -> &Bot<'lab> {
        &self.0
    }
}

impl<'lab> Machine<'lab> {
    async fn start(lab: &'lab Lab) -> Self {
        Self(lab.start().await)
    }

    /// A skill has this to report, and what Steward does of itself at once is done.
    async fn learns(&self, skill: &str, report: &str) {
        self.lab.host.skill_says(skill, 0, report);
        self.says(&format!("run {skill}")).await;
        self.pass(secs(11)).await;
    }

    fn state(&self, number: u64) -> String {
        self.lab.chat.field(number, "State")
    }

    /// The thread has all these words in it, in that order.
    fn tells(&self, number: u64, words: &[&str]) {
        let thread = self.lab.chat.thread(number);
        let mut rest = thread.as_str();
        for word in words {
            let at = rest.find(word).unwrap_or_else(|| panic!("no {word:?} at its place in\n{thread}"));
            rest = &rest[at + word.len()..];
        }
    }

    /// What these threads say besides is not what the story is about.
    fn heard(&self, numbers: &[u64]) {
        numbers.iter().for_each(|number| self.tells(*number, &[]));
    }

    /// Nothing was done about an incident: it waits for a person.
    fn left_to_a_person(&self, number: u64, target: &str) {
        assert!(self.lab.chat.root(number).contains(target), "{}", self.lab.chat.root(number));
        assert_eq!(self.state(number), "open");
        self.tells(number, &["no runbook fits", "This one is yours"]);
    }

    /// The repair held: the incident is resolved, nothing else ran, and nobody was called.
    async fn holds(&self, number: u64, runbook: &str) {
        assert_eq!(self.state(number), "mitigated");
        self.pass(min(5)).await;
        assert_eq!(self.state(number), "resolved");
        assert_eq!(self.lab.chat.field(number, "Tried"), format!("{runbook}: worked"));
        self.tells(number, &[runbook, "safe to do without asking", "worked", "Resolved"]);
        assert!(self.lab.host.ran().is_empty());
        assert_eq!(self.lab.chat.calls(), 0);
    }

    /// The limit is reached: people were called once, and nothing runs any more.
    async fn gives_up(&self, number: u64, words: &[&str]) {
        self.tells(number, words);
        assert_eq!(self.state(number), "open, people called");
        self.lab.host.ran();
        self.pass(min(90)).await;
        assert!(self.lab.host.ran().is_empty(), "it went on");
        assert_eq!(self.lab.chat.calls(), 1);
        self.heard(&[number]);
    }

    async fn end(self) {
        self.0.end().await;
    }
}
