//! A skill's run as people read it.

use crate::cli::Stop;
use crate::cli::screen::{Screen, Tone};
use crate::config::Skill;
use crate::domain::metric::Sample;
use crate::domain::report::{Finding, Report, Status};
use crate::engine::skills::{RunResult, SkillRun};

/// Tells what came of a run.
pub(super) fn tell(skill: &Skill, run: &SkillRun, screen: &mut Screen<'_>) -> Result<(), Stop> {
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
            let why = breach(why);
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

/// The breach of contract alone: what the skill wrote to standard error is told by itself.
pub(super) fn breach(why: &str) -> &str {
    why.split_once("\nIt wrote to standard error: ").map_or(why, |(breach, _)| breach)
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
