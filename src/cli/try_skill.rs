//! `steward skill run`: a skill run once by hand, as the bot would run it, and what it reports.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::sync::watch;

use super::json::{FindingEntry, Metric, SkillRun as SkillRunDocument, Time};
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Stop, Tools, unknown};
use crate::config::Setup;
use crate::config::{Loaded, Problem, Skill};
use crate::domain::metric::Sample;
use crate::domain::report::{Finding, Report, Status};
use crate::domain::skill::parse_manifest;
use crate::engine::skills::{RunResult, SkillRun, Workshop};
use crate::engine::{self};
use crate::policy::LoadedFile;

/// The exit code of a command that Ctrl-C ended, as shells have it.
const INTERRUPTED: u8 = 130;
/// The largest skill that is read from a path, in bytes: as large as those in the folders may be.
const MAX_FILE: u64 = 1024 * 1024;

/// Runs a skill once. Exit code 0 if it kept its contract, 1 if not.
pub(super) async fn run(
    setup: &Setup,
    tools: &Tools,
    name: &str,
    json: bool,
    screen: &mut Screen<'_>,
) -> Ended {
    let skill = find(setup, name)?;
    let place = Place::of(&skill)?;
    let ready = runnable(&setup.loaded, &skill, &place.path)?;
    let max_output = setup.loaded.config.skills.max_output;
    let (runner, clock) = (tools.runner.clone(), tools.clock.clone());
    let workshop = Workshop { runner, clock, store: None, max_output };
    let (call_off, cancel) = watch::channel(false);
    let running = workshop.run(&ready, &setup.policy, cancel);
    tokio::pin!(running);
    let run = tokio::select! {
        run = &mut running => run,
        // Called off rather than left behind: what it started is ended with it.
        Ok(()) = tokio::signal::ctrl_c() => {
            call_off.send_replace(true);
            running.await
        }
    };
    if json {
        screen.json(&document(&skill, &place, &run))?;
    } else {
        tell(&skill, &run, screen)?;
    }
    Ok(match run.result {
        RunResult::Report(_) => ExitCode::SUCCESS,
        RunResult::Failed(_) => ExitCode::FAILURE,
        RunResult::Cancelled => ExitCode::from(INTERRUPTED),
    })
}

fn find(setup: &Setup, name: &str) -> Result<Skill, Stop> {
    if name.contains('/') {
        return from_path(setup, Path::new(name));
    }
    let skills = &setup.loaded.skills;
    if let Some(skill) = skills.get(name) {
        return Ok(skill.clone());
    }
    let failure = unknown("skill", name, skills.keys().map(String::as_str), "steward skill list");
    if Path::new(name).is_file() {
        return Err(Failure::new(failure.what, format!("for the file of that name, write ./{name}")).into());
    }
    Err(failure.into())
}

/// A skill that somebody is writing, wherever it is.
fn from_path(setup: &Setup, path: &Path) -> Result<Skill, Stop> {
    let absolute = path.canonicalize().map_err(|error| {
        Failure::new(format!("{} can't be read: {error}", path.display()), "name a file that is there")
    })?;
    let known =
        setup.loaded.skills.values().find(|skill| skill.path.canonicalize().is_ok_and(|own| own == absolute));
    if let Some(skill) = known {
        return Ok(skill.clone());
    }
    let content = read(path, &absolute)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let manifest = parse_manifest(&stem, &content, &setup.loaded.config.host).map_err(|faults| {
        let problem = |fault: crate::domain::skill::ManifestProblem| Problem {
            file: path.to_owned(),
            line: Some(fault.line),
            field: fault.field,
            what: fault.message,
            hint: fault.hint,
        };
        let list: String = faults.into_iter().map(|fault| format!("\n{}", problem(fault))).collect();
        Failure::new(format!("the head of {} is not right{list}", path.display()), "mend it and try again")
    })?;
    let sha256 = Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Skill { manifest, path: absolute, content, sha256, shipped: false, enabled: true })
}

fn read(shown: &Path, path: &Path) -> Result<String, Failure> {
    let shown = shown.display();
    let facts = fs::metadata(path).map_err(|error| {
        Failure::new(format!("{shown} can't be read: {error}"), "look at its permissions")
    })?;
    if !facts.is_file() {
        return Err(Failure::new(format!("{shown} is no regular file"), "name the skill's own file"));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map(|file| file.take(MAX_FILE));
    file.and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|error| {
        Failure::new(format!("{shown} can't be read: {error}"), "look at its permissions")
    })?;
    if facts.len() > MAX_FILE {
        return Err(Failure::new(
            format!("{shown} is larger than 1 MiB"),
            "write a script that calls the program",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new(
            format!("{shown} is not text"),
            "write a script that calls the program, with the manifest at its head",
        )
    })?;
    if !text.starts_with("#!") {
        return Err(Failure::new(
            format!("{shown} does not say what runs it"),
            "begin it with `#!` and its interpreter, as in `#!/usr/bin/env bash`",
        ));
    }
    if facts.permissions().mode() & 0o111 == 0 {
        return Err(Failure::new(
            format!("{shown} is not executable"),
            format!("make it so: chmod +x {shown}"),
        ));
    }
    Ok(text)
}

/// Where a skill's file is, with exactly the content that was read.
struct Place {
    path: PathBuf,
    /// Goes when the run is over.
    _folder: Option<TempDir>,
}

impl Place {
    /// A shipped skill may not be unpacked yet, or be another version's, which a Steward that runs now needs as it is.
    fn of(skill: &Skill) -> Result<Self, Failure> {
        let canonical = skill.path.canonicalize();
        let is_there = |path: &PathBuf| fs::read(path).is_ok_and(|bytes| bytes == skill.content.as_bytes());
        match canonical {
            Ok(path) if !skill.shipped || is_there(&path) => Ok(Self { path, _folder: None }),
            Err(error) if !skill.shipped => {
                let what = format!("{} can't be read: {error}", skill.path.display());
                Err(Failure::new(what, "look whether it is still there"))
            }
            _ => Self::unpacked(skill).map_err(|error| {
                let what = format!("{} could not be unpacked: {error}", skill.name());
                Failure::new(
                    what,
                    "make some room in the folder for temporary files, or name another one with $TMPDIR",
                )
            }),
        }
    }

    fn unpacked(skill: &Skill) -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().canonicalize()?.join(skill.name());
        fs::write(&path, &skill.content)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        Ok(Self { path, _folder: Some(folder) })
    }
}

/// A loaded skill in the form that the engine runs, its file at `path`.
///
/// # Errors
/// The path has no canonical form: the file is not there.
pub fn runnable(loaded: &Loaded, skill: &Skill, path: &Path) -> Result<engine::skills::Skill, Failure> {
    let path = path.canonicalize().map_err(|error| {
        Failure::new(format!("{} can't be read: {error}", path.display()), "look whether it is still there")
    })?;
    let params = loaded.params(skill).into_iter().map(|(name, param)| (name, param.expose().to_owned()));
    let host = ("STEWARD_HOST".to_owned(), loaded.config.host.to_string());
    Ok(engine::skills::Skill {
        manifest: skill.manifest.clone(),
        file: LoadedFile { path, sha256: skill.sha256.clone() },
        env: params.chain([host]).collect(),
        shipped: skill.shipped,
    })
}

fn tell(skill: &Skill, run: &SkillRun, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let took = format!("{:.1} s", run.duration.as_secs_f64());
    let exit = run.exit.map(|code| format!(", exit code {code}")).unwrap_or_default();
    match &run.result {
        RunResult::Report(report) => {
            let whole = if report.complete {
                "a complete report"
            } else {
                "an incomplete report: nothing that it leaves out counts as recovered"
            };
            screen.toned(&[
                (Tone::Strong, skill.name()),
                (Tone::Plain, &format!(" kept its contract ({took}{exit}): {whole}")),
            ])?;
            tell_report(report, screen)?;
        }
        RunResult::Failed(why) => {
            screen.toned(&[
                (Tone::Strong, skill.name()),
                (Tone::Bad, " did not keep its contract"),
                (Tone::Plain, &format!(" ({took}{exit})")),
            ])?;
            let (why, _) = why.split_once("\nIt wrote to standard error: ").unwrap_or((why, ""));
            let (what, hint) = why.split_once("; ").unwrap_or((why, ""));
            screen.block(Tone::Plain, 2, what)?;
            screen.block(Tone::Dim, 4, hint)?;
            screen.say(
                Tone::Dim,
                "  This says nothing about its targets: what was last known of them stands.",
            )?;
        }
        RunResult::Cancelled => {
            screen.line(&format!("{} was called off after {took}", skill.name()))?;
        }
    }
    if !run.stderr.is_empty() {
        screen.gap()?;
        screen.say(Tone::Dim, "It wrote to standard error:")?;
        screen.block(Tone::Plain, 2, &run.stderr)?;
    }
    Ok(())
}

fn tell_report(report: &Report, screen: &mut Screen<'_>) -> Result<(), Stop> {
    report.findings.iter().try_for_each(|finding| tell_finding(finding, screen))?;
    if !report.metrics.is_empty() {
        screen.gap()?;
        screen.say(Tone::Dim, "Metrics:")?;
        report.metrics.iter().try_for_each(|sample| screen.line(&format!("  {}", series(sample))))?;
    }
    Ok(())
}

fn tell_finding(finding: &Finding, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let tone = match finding.status {
        Status::Ok => Tone::Good,
        Status::Problem => Tone::Bad,
        Status::Action | Status::Unknown => Tone::Warn,
    };
    let what = match finding.status {
        Status::Ok | Status::Unknown => format!("  {}", finding.target),
        Status::Problem | Status::Action => {
            format!("  {} {} ({})", finding.target, finding.signature, finding.severity)
        }
    };
    screen.gap()?;
    screen.toned(&[(tone, finding.status.as_str()), (Tone::Plain, &what)])?;
    screen.line(&format!("  {}", finding.summary))?;
    let impact = finding.impact.iter().map(|impact| ("impact", impact));
    let labels = finding.labels.iter().map(|(name, value)| (name.as_str(), value));
    for (name, value) in impact.chain(labels) {
        screen.toned(&[(Tone::Dim, &format!("  {name}: ")), (Tone::Plain, value)])?;
    }
    screen.block(Tone::Dim, 4, &finding.evidence)
}

/// A sample as it is written: `name{label="value"} 3`.
fn series(sample: &Sample) -> String {
    let labels: Vec<String> = sample.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    format!("{}{labels} {}", sample.name, sample.value)
}

fn document(skill: &Skill, place: &Place, run: &SkillRun) -> SkillRunDocument {
    let (result, why, report) = match &run.result {
        RunResult::Report(report) => ("report", None, Some(report)),
        RunResult::Failed(why) => ("failed", Some(why.clone()), None),
        RunResult::Cancelled => ("cancelled", None, None),
    };
    let findings = report.iter().flat_map(|report| &report.findings).map(FindingEntry::from).collect();
    SkillRunDocument {
        skill: skill.name().to_owned(),
        path: place.path.display().to_string(),
        started_at: Time(run.started_at),
        duration_ms: u64::try_from(run.duration.as_millis()).unwrap_or(u64::MAX),
        exit: run.exit,
        result,
        why,
        complete: report.map(|report| report.complete),
        findings,
        metrics: report.iter().flat_map(|report| &report.metrics).map(Metric::from).collect(),
        stderr: run.stderr.clone(),
    }
}
