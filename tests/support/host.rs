//! A machine whose processes are a script: what is broken, what skills therefore report, and what commands mend.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use steward::domain::action::{Action, Executable};
use steward::domain::ids::ExecutionId;
use steward::engine::ports::{Child, CommandRunner, Exit, Gatekeeper, Limits, Output, Reaped, RunError};
use steward::policy::Authorized;
use tokio::sync::{Notify, watch};

#[derive(Default)]
pub struct FakeHost(Mutex<State>, Notify);

#[derive(Default)]
struct State {
    /// What is broken: target and signature, and the finding that tells of it.
    broken: BTreeMap<(String, String), String>,
    /// The targets that each skill looks at.
    skills: BTreeMap<String, Vec<String>>,
    /// Skills that say something of their own instead.
    outputs: BTreeMap<String, (i32, String)>,
    /// What a command does: the targets it mends, and its exit code.
    commands: BTreeMap<String, (Vec<String>, i32)>,
    /// Commands and skills that do what they do, and then don't end.
    hanging: BTreeSet<String>,
    hung: usize,
    /// Commands and skills that run into their time limit.
    slow: BTreeSet<String>,
    /// What commands print.
    prints: BTreeMap<String, String>,
    /// What commands complain of on standard error.
    complains: BTreeMap<String, String>,
    /// What a skill says once a command ran.
    turns: BTreeMap<String, (String, String)>,
    ran: Vec<String>,
    runs: BTreeMap<String, usize>,
}

impl FakeHost {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn watch(&self, skill: &str, targets: &[&str]) {
        self.state().skills.insert(skill.into(), targets.iter().map(|t| (*t).to_owned()).collect());
    }

    /// Something breaks.
    pub fn break_(&self, target: &str, signature: &str) {
        self.break_with(target, signature, &format!("summary: {target} has {signature}"));
    }

    /// Something breaks, and the finding has these headers.
    pub fn break_with(&self, target: &str, signature: &str, headers: &str) {
        let finding = format!("STATUS:PROBLEM\ntarget: {target}\nsignature: {signature}\n{headers}\n");
        self.state().broken.insert((target.into(), signature.into()), finding);
    }

    /// Something will need a person soon.
    pub fn warn(&self, target: &str, signature: &str) {
        let finding = format!(
            "STATUS:ACTION\ntarget: {target}\nsignature: {signature}\nsummary: {target} has {signature}\n"
        );
        self.state().broken.insert((target.into(), signature.into()), finding);
    }

    /// Something mends by itself.
    pub fn mend(&self, target: &str) {
        self.state().broken.retain(|(t, _), _| t != target);
    }

    /// A skill says exactly this from now on.
    pub fn skill_says(&self, skill: &str, exit: i32, output: &str) {
        self.state().outputs.insert(skill.into(), (exit, output.into()));
    }

    /// A skill does its job again.
    pub fn skill_works(&self, skill: &str) {
        self.state().outputs.remove(skill);
    }

    /// What a command does when it runs: the targets it mends, and its exit code.
    pub fn command(&self, line: &str, mends: &[&str], exit: i32) {
        let mends = mends.iter().map(|t| (*t).to_owned()).collect();
        self.state().commands.insert(line.into(), (mends, exit));
    }

    /// What a command prints.
    pub fn prints(&self, line: &str, text: &str) {
        self.state().prints.insert(line.into(), text.into());
    }

    /// What a command complains of on standard error.
    pub fn complains(&self, line: &str, text: &str) {
        self.state().complains.insert(line.into(), text.into());
    }

    /// Once this command has run, the skill says exactly that.
    pub fn turns(&self, line: &str, skill: &str, output: &str) {
        self.state().turns.insert(line.into(), (skill.into(), output.into()));
    }

    /// A command or skill does what it does, and then hangs until it is released.
    pub fn hang(&self, what: &str) {
        self.state().hanging.insert(what.into());
    }

    /// It takes for ever to find out which program this command is: it gets as far as that, and does nothing yet.
    pub fn hang_before(&self, line: &str) {
        self.hang(&format!("before {line}"));
    }

    /// Whatever hangs ends.
    pub fn release(&self) {
        self.state().hanging.clear();
        self.1.notify_waiters();
    }

    /// How many processes hang.
    pub fn hung(&self) -> usize {
        self.state().hung
    }

    /// A command or skill takes too long from now on.
    pub fn times_out(&self, what: &str) {
        self.state().slow.insert(what.into());
    }

    /// The commands that ran, skills apart, since this was last asked.
    pub fn ran(&self) -> Vec<String> {
        std::mem::take(&mut self.state().ran)
    }

    /// How often a skill ran.
    pub fn runs(&self, skill: &str) -> usize {
        self.state().runs.get(skill).copied().unwrap_or(0)
    }
}

/// A process that hangs; when it is dropped, somebody ended it.
struct Hanging<'a>(&'a FakeHost);

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        self.0.state().hung -= 1;
    }
}

impl FakeHost {
    /// Hangs until it is released.
    async fn hang_on(&self) {
        self.state().hung += 1;
        let _hanging = Hanging(self);
        self.1.notified().await;
    }

    async fn hang_if_told(&self, argv: &[String], mut cancel: watch::Receiver<bool>) -> Option<Exit> {
        let (hangs, slow) = {
            let state = self.state();
            let name = argv[0].rsplit('/').next().unwrap().to_owned();
            let told = |set: &BTreeSet<String>| set.contains(&name) || set.contains(&argv.join(" "));
            (told(&state.hanging), told(&state.slow))
        };
        if slow {
            return Some(Exit::TimedOut);
        }
        if !hangs {
            return None;
        }
        let called_off = async {
            if cancel.wait_for(|cancelled| *cancelled).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = self.hang_on() => None,
            () = called_off => Some(Exit::Cancelled),
        }
    }
}

impl State {
    fn run(&mut self, argv: &[String]) -> (i32, String, String) {
        let program = PathBuf::from(&argv[0]);
        let name = program.file_name().unwrap().to_string_lossy().into_owned();
        if let Some(targets) = self.skills.get(&name).cloned() {
            *self.runs.entry(name.clone()).or_default() += 1;
            let (exit, report) =
                self.outputs.get(&name).cloned().unwrap_or_else(|| (0, self.report(&targets)));
            return (exit, report, String::new());
        }
        let line = argv.join(" ");
        self.ran.push(line.clone());
        let (mends, exit) = self.commands.get(&line).cloned().unwrap_or((Vec::new(), 0));
        self.broken.retain(|(target, _), _| !mends.contains(target));
        if let Some((skill, output)) = self.turns.get(&line).cloned() {
            self.outputs.insert(skill, (0, output));
        }
        let said = |words: &BTreeMap<String, String>| words.get(&line).cloned().unwrap_or_default();
        (exit, said(&self.prints), said(&self.complains))
    }

    fn report(&self, targets: &[String]) -> String {
        let within =
            |target: &str| targets.iter().any(|t| target == t || target.starts_with(&format!("{t}/")));
        let findings: Vec<_> =
            self.broken.iter().filter(|((t, _), _)| within(t)).map(|(_, f)| f.as_str()).collect();
        if findings.is_empty() { "STATUS:OK\n".into() } else { findings.join("\n") }
    }
}

#[async_trait]
impl CommandRunner for FakeHost {
    async fn resolve(&self, action: &Action) -> Result<Executable, RunError> {
        let Action::Command(command) = action;
        let before = format!("before {}", command.argv.join(" "));
        let hangs = self.state().hanging.contains(&before);
        if hangs {
            self.hang_on().await;
        }
        let path = PathBuf::from(&command.argv[0]);
        if path.is_absolute() {
            let content = std::fs::read(&path)
                .map_err(|_| RunError::NotFound { program: command.argv[0].clone(), host: "local".into() })?;
            let sha256 = Sha256::digest(&content).iter().map(|b| format!("{b:02x}")).collect();
            return Ok(Executable { path, sha256 });
        }
        Ok(Executable { path: PathBuf::from("/usr/bin").join(path), sha256: "0".repeat(64) })
    }

    async fn run(
        &self,
        authorized: Authorized,
        _: Limits,
        gate: &mut dyn Gatekeeper,
        cancel: watch::Receiver<bool>,
    ) -> Result<Output, RunError> {
        gate.spawned(&Child { pid: 4_000_000, start_ticks: 1, boot_id: "fake".into() })
            .await
            .map_err(RunError::Gate)?;
        let Action::Command(command) = authorized.action().clone();
        let (code, stdout, stderr) = self.state().run(&command.argv);
        let timed_out = self.hang_if_told(&command.argv, cancel).await;
        Ok(Output {
            exit: timed_out.unwrap_or(Exit::Code(code)),
            stdout: stdout.into_bytes(),
            stderr: stderr.into_bytes(),
            truncated: false,
            duration: std::time::Duration::from_millis(5),
        })
    }

    async fn reap(&self, _: ExecutionId, _: &Child) -> Reaped {
        Reaped::Gone
    }
}
