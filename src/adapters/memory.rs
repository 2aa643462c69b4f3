//! Steward's own files: `memory/` and the operator's runbooks, changed only by what a person said yes to.
//!
//! What is written is checked first, written whole or not at all, and taken back if it can't be put in force. Keeping
//! the same a second time changes nothing, so that a Steward that was killed in between may just try again.

mod commit;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use crate::config::{Problem, Setup, Text, check_runbook};
use crate::domain::agent::{Keepsake, Lesson, memory};
use crate::domain::card::plain;
use crate::engine::answers::Reload;
use crate::engine::ports::{Clock, CommandRunner, Keeper};
use crate::policy::Policy;

/// The lessons, within `memory/`.
pub const MEMORY: &str = "MEMORY.md";
/// Identity and hard rules, within `memory/`.
pub const SOUL: &str = "SOUL.md";

/// Where nothing says where the files of the operator are.
const NOWHERE: &str = "there is no configuration file, so there is no place beside it to keep anything; write a config.toml and start me with it";

/// Keeps lessons in `memory/` and runbooks in the operator's folder.
pub struct Files {
    /// Reads what the operator wrote, as it is now.
    pub read: Arc<dyn Fn() -> Result<Setup, Vec<Problem>> + Send + Sync>,
    /// Runs git.
    pub runner: Arc<dyn CommandRunner>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Puts in force what was written.
    pub reload: Arc<dyn Reload>,
}

#[async_trait]
impl Keeper for Files {
    async fn keep(&self, keepsake: &Keepsake, by: &str) -> Result<String, String> {
        let setup = (self.read)().map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            format!("what is configured now has mistakes, which have to be mended first: {}", told.join("; "))
        })?;
        match keepsake {
            Keepsake::Lesson(lesson) => self.lesson(&setup, lesson, by).await,
            Keepsake::Runbook { name, yaml } => self.runbook(&setup, name, yaml, by).await,
        }
    }
}

/// A file that was written, and how to take that back.
struct Written {
    path: PathBuf,
    before: Option<String>,
}

impl Files {
    async fn lesson(&self, setup: &Setup, lesson: &Lesson, by: &str) -> Result<String, String> {
        let folder = setup.loaded.config.paths.memory.clone().ok_or(NOWHERE)?;
        let mut told = Vec::new();
        // The rule first: if that is refused, nothing of it is kept.
        if let Some(rule) = &lesson.rule {
            told.push(self.rule(setup, &folder, (rule, &lesson.title), by).await?);
        }
        let file = folder.join(MEMORY);
        let before = read(&file)?;
        let known = before.as_deref().unwrap_or_default();
        if memory::is_known(known, lesson) {
            told.push(format!("{MEMORY} has it already"));
            return Ok(told.join("; "));
        }
        let written = write(&file, before.clone(), &memory::with(known, lesson))?;
        let committed =
            self.commit(setup, &written, &format!("Lesson: {}", one_line(&lesson.title)), by).await;
        let in_force = match self.reload.reload("a lesson was kept").await {
            told if told.ok => String::new(),
            told => format!("; but it could not be taken up: {}", plain(&told.card).trim()),
        };
        told.push(format!("written to {}{committed}{in_force}", file.display()));
        Ok(told.join("; "))
    }

    async fn rule(
        &self,
        setup: &Setup,
        folder: &Path,
        (rule, title): (&str, &str),
        by: &str,
    ) -> Result<String, String> {
        let file = folder.join(SOUL);
        let before = read(&file)?;
        // A file takes the place of what comes with the binary, so a new one begins with that.
        let known = before.as_deref().unwrap_or_else(|| Text::Soul.shipped());
        let rules = memory::rules_in(rule)?;
        if has_rules(known, &rules) {
            return Ok(format!("{SOUL} has the rule already"));
        }
        let (text, block) = memory::with_rules(known, rule)?;
        let own = setup.loaded.policy.as_ref();
        let policy = match own {
            Some(own) => Policy::with_operator_rules(&own.file.display().to_string(), &own.text),
            None => Policy::shipped(),
        };
        let checked = policy.and_then(|policy| policy.adding(SOUL, &block));
        checked.map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            format!("the rule is refused, and {SOUL} is as it was: {}", told.join("; "))
        })?;
        let written = write(&file, before, &text)?;
        self.put_in_force(&written, "a rule was kept").await?;
        let committed = self.commit(setup, &written, &format!("Rule: {}", one_line(title)), by).await;
        Ok(format!("its rule is in force, and written to {}{committed}", file.display()))
    }

    async fn runbook(&self, setup: &Setup, name: &str, yaml: &str, by: &str) -> Result<String, String> {
        check_runbook(name, yaml).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
            format!("the runbook is refused: {}", told.join("; "))
        })?;
        let beside = || Some(setup.loaded.file.as_ref()?.parent()?.join("runbooks"));
        let folder = setup.loaded.config.paths.runbooks.first().cloned().or_else(beside).ok_or(NOWHERE)?;
        let file = folder.join(format!("{name}.yaml"));
        match read(&file)? {
            Some(there) if there.trim() == yaml.trim() => {
                return Ok(format!("{} is there already", file.display()));
            }
            Some(_) => {
                return Err(format!(
                    "{} is there already and says something else; I don't overwrite what you wrote: move it away, or decline this",
                    file.display()
                ));
            }
            None => {}
        }
        let written = write(&file, None, yaml)?;
        self.put_in_force(&written, "a runbook was kept").await?;
        let committed = self.commit(setup, &written, &format!("Runbook: {name}"), by).await;
        Ok(format!("in force, and written to {}{committed}", file.display()))
    }

    /// Puts in force what was written, or takes it back.
    async fn put_in_force(&self, written: &Written, why: &str) -> Result<(), String> {
        let told = self.reload.reload(why).await;
        if told.ok {
            return Ok(());
        }
        let undone = match &written.before {
            Some(before) => replace(&written.path, before),
            None => std::fs::remove_file(&written.path).map_err(|error| error.to_string()),
        };
        let left = undone
            .err()
            .map(|error| format!("; {} could not be taken back: {error}", written.path.display()));
        // What is in force is what was: nothing is left of the try.
        Err(format!("{}{}", plain(&told.card).trim().replace('\n', " "), left.unwrap_or_default()))
    }
}

/// Whether every one of these rules stands in the text, by its name.
fn has_rules(soul: &str, rules: &str) -> bool {
    let named = |line: &&str| line.trim_start().trim_start_matches("- ").starts_with("name:");
    let mut names = rules.lines().filter(named).map(|line| line.trim().trim_start_matches("- ")).peekable();
    names.peek().is_some()
        && names.all(|name| soul.lines().any(|line| line.trim().trim_start_matches("- ") == name))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text of a file, if it is there.
fn read(file: &Path) -> Result<Option<String>, String> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(format!("{} can't be read: {error}; see that it is text that I may read", file.display()))
        }
    }
}

fn write(file: &Path, before: Option<String>, text: &str) -> Result<Written, String> {
    replace(file, text).map_err(|error| {
        let folder = file.parent().unwrap_or(file);
        format!("{} can't be written: {error}; let me write to {}", file.display(), folder.display())
    })?;
    Ok(Written { path: file.to_owned(), before })
}

/// Puts a text in the place of a file's, whole or not at all; a new folder and a new file get the usual rights.
fn replace(file: &Path, text: &str) -> Result<(), String> {
    let say = |error: std::io::Error| error.to_string();
    // A link stays one: what it leads to is replaced.
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().ok_or("it has no folder")?;
    std::fs::create_dir_all(folder).map_err(say)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    // Hidden, and with an ending that no loader takes for a runbook.
    let fresh = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let written = std::fs::File::create(&fresh).and_then(|mut new| {
        if let Ok(facts) = std::fs::metadata(&file) {
            new.set_permissions(facts.permissions())?;
        }
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        std::fs::rename(&fresh, &file)?;
        std::fs::File::open(folder)?.sync_all()
    });
    written.map_err(|error| {
        // What is left of the try is in nobody's way; that it can't be removed either is no news.
        let _ = std::fs::remove_file(&fresh);
        say(error)
    })
}
