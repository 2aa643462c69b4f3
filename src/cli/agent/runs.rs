//! `steward agent runs` and `steward agent show`.

use std::process::ExitCode;

use chrono_tz::Tz;

use crate::agent::model::Call;
use crate::agent::record::Entry;
use crate::cli::json::agent_run::{RunDocument, RunEntry, RunList, money, seconds, words};
use crate::cli::screen::{Screen, Tone};
use crate::cli::{Ended, Failure, Stop};
use crate::config::Setup;
use crate::domain::agent::{Conclusion, Ending, Spending, Subject};
use crate::domain::signal::Timestamp;
use crate::engine::cards::span;
use crate::store::Store;
use crate::store::runs::{self, RunRow, StepRow};

/// The most runs that are listed.
const MAX_LISTED: usize = 200;

/// Lists the runs, the newest last.
pub(super) async fn list(setup: &Setup, json: bool, screen: &mut Screen<'_>) -> Ended {
    let store = Store::open_read_only(&setup.loaded.config.state_dir)?;
    let mut found = store.read(|conn| runs::list(conn, MAX_LISTED + 1)).await?;
    let truncated = found.len() > MAX_LISTED;
    if truncated {
        found.remove(0);
    }
    if json {
        screen.json(&RunList { runs: found.iter().map(RunEntry::from).collect(), truncated })?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        screen.say(Tone::Plain, "The agent has not run yet.")?;
        let hint = if setup.loaded.config.agent.is_there() {
            "It runs where no runbook fits, and when somebody asks: `steward tell investigate 3`."
        } else {
            "No model is configured, so it can't; docs/agent.md tells how to set one up."
        };
        screen.say(Tone::Dim, hint)?;
        return Ok(ExitCode::SUCCESS);
    }
    if truncated {
        screen.say(Tone::Warn, &format!("There are more; these are the newest {MAX_LISTED}."))?;
    }
    let tz = setup.loaded.config.timezone;
    let rows: Vec<_> = found.iter().map(|run| (tone(run), cells(run, tz))).collect();
    screen.table(&["RUN", "BEGAN", "TOOK", "ABOUT", "MODELS", "TOKENS", "COST", "ENDED"], &rows)?;
    screen.gap()?;
    screen.say(Tone::Dim, "`steward agent show N` shows all of one.")?;
    Ok(ExitCode::SUCCESS)
}

fn cells(run: &RunRow, tz: Tz) -> Vec<String> {
    vec![
        run.number.to_string(),
        run.begun_at.with_timezone(&tz).format("%Y-%m-%d %H:%M").to_string(),
        took(run).unwrap_or_else(|| "-".to_owned()),
        about(run),
        if run.models.is_empty() { "-".to_owned() } else { run.models.join(", ") },
        run.spent.tokens_in.saturating_add(run.spent.tokens_out).to_string(),
        cost(run.spent),
        ended(run),
    ]
}

fn took(run: &RunRow) -> Option<String> {
    run.ended_at.map(|ended| span(run.begun_at, ended))
}

fn cost(spent: Spending) -> String {
    if spent.micros == 0 { "0".to_owned() } else { format!("{:.4}", money(spent)) }
}

fn about(run: &RunRow) -> String {
    let case = run.case.map(|number| format!(" #{number}")).unwrap_or_default();
    match &run.subject {
        Subject::Incident => format!("incident{case}"),
        Subject::Request => format!("request{case}"),
        Subject::Lesson => format!("lesson{case}"),
        Subject::Goal { name } => format!("goal {name}{case}"),
    }
}

/// How it ended, in words.
fn ended(run: &RunRow) -> String {
    let Some(conclusion) = &run.conclusion else { return "goes on".to_owned() };
    match &conclusion.ending {
        Ending::Concluded => format!("concluded, {}% sure", conclusion.confidence),
        Ending::Understood { command } => format!("answered with `{command}`"),
        Ending::Limit { what } => format!("at its limit: {what}"),
        Ending::NoModel { why } => format!("no model: {why}"),
        Ending::GaveUp { why } => format!("gave up: {why}"),
        Ending::Stopped { by } => format!("stopped by {by}"),
        Ending::Interrupted { why } => format!("broken off: {why}"),
    }
}

fn tone(run: &RunRow) -> Tone {
    match run.conclusion.as_ref().map(|conclusion| &conclusion.ending) {
        None => Tone::Strong,
        Some(Ending::Concluded | Ending::Understood { .. }) => Tone::Good,
        Some(Ending::Limit { .. } | Ending::Stopped { .. } | Ending::Interrupted { .. }) => Tone::Warn,
        Some(Ending::NoModel { .. } | Ending::GaveUp { .. }) => Tone::Bad,
    }
}

/// Shows all of one run.
pub(super) async fn show(setup: &Setup, number: u64, json: bool, screen: &mut Screen<'_>) -> Ended {
    let store = Store::open_read_only(&setup.loaded.config.state_dir)?;
    let found = store.read(move |conn| runs::show(conn, number)).await?;
    let (run, rows) = found.ok_or_else(|| {
        Failure::new(format!("there is no run {number}"), "`steward agent runs` lists them")
            .meaning("it never was, or its incident was closed longer ago than incidents are kept")
    })?;
    let read = |row: StepRow| {
        let entry = serde_json::from_value(row.data.clone()).ok();
        (row, entry)
    };
    let steps: Vec<(StepRow, Option<Entry>)> = rows.into_iter().map(read).collect();
    if json {
        screen.json(&RunDocument::of(&run, &steps))?;
        return Ok(ExitCode::SUCCESS);
    }
    let tz = setup.loaded.config.timezone;
    head(&run, tz, screen)?;
    for (row, entry) in &steps {
        screen.gap()?;
        step(row, entry.as_ref(), tz, screen)?;
    }
    if let Some(conclusion) = &run.conclusion {
        screen.gap()?;
        conclude(conclusion, screen)?;
    }
    Ok(ExitCode::SUCCESS)
}

type Shown = Result<(), Stop>;

fn head(run: &RunRow, tz: Tz, screen: &mut Screen<'_>) -> Shown {
    screen.say(tone(run), &format!("Run {} about {}: {}", run.number, about(run), ended(run)))?;
    let began = run.begun_at.with_timezone(&tz).format("%Y-%m-%d %H:%M:%S");
    let took = took(run).map(|took| format!(", took {took}")).unwrap_or_default();
    field(screen, "Began", &format!("{began} ({tz}){took}"))?;
    field(
        screen,
        "Models",
        &if run.models.is_empty() { "none answered".to_owned() } else { run.models.join(", ") },
    )?;
    field(screen, "Tokens", &tokens(run.spent))?;
    field(screen, "Cost", &cost(run.spent))
}

fn field(screen: &mut Screen<'_>, name: &str, value: &str) -> Shown {
    screen.toned(&[(Tone::Dim, &format!("  {name:<8}")), (Tone::Plain, value)])
}

fn tokens(spent: Spending) -> String {
    let cached = match spent.tokens_cached {
        0 => String::new(),
        cached => format!(" ({cached} of them from the provider's cache)"),
    };
    format!("{} sent{cached}, {} received", spent.tokens_in, spent.tokens_out)
}

/// One step: a line that says what it is, and its text below.
fn step(row: &StepRow, entry: Option<&Entry>, tz: Tz, screen: &mut Screen<'_>) -> Shown {
    let at = shown(row.at, tz);
    let mut title = |tone, text: &str| screen.toned(&[(Tone::Dim, &format!("{at}  ")), (tone, text)]);
    match entry {
        None => {
            title(Tone::Warn, &format!("a step that can't be read ({})", row.kind))?;
            screen.block(Tone::Dim, 4, &row.data.to_string())
        }
        Some(Entry::Told { system, user }) => {
            title(Tone::Strong, "What the model was told")?;
            screen.block(Tone::Plain, 4, system)?;
            screen.gap()?;
            screen.block(Tone::Plain, 4, user)
        }
        Some(Entry::Said { turn }) => {
            title(Tone::Strong, "Steward said")?;
            screen.block(Tone::Plain, 4, words(turn))
        }
        Some(Entry::Answered { model, text, calls, spent, millis, fell_back }) => {
            let money = if spent.micros == 0 { String::new() } else { format!(", cost {}", cost(*spent)) };
            let line = format!("{model} answered in {:.1} s: {}{money}", seconds(*millis), tokens(*spent));
            title(Tone::Strong, &line)?;
            for why in fell_back {
                screen.block(Tone::Warn, 4, &format!("before it: {why}"))?;
            }
            screen.block(Tone::Plain, 4, text)?;
            calls.iter().try_for_each(|call| screen.block(Tone::Dim, 4, &asked_for(call)))
        }
        Some(Entry::Called { tool, what, outcome, text, millis }) => {
            let (tone, word) = match outcome.as_str() {
                "blocked" => (Tone::Warn, " — blocked"),
                "failed" => (Tone::Warn, " — failed"),
                "misused" => (Tone::Warn, " — wrongly called"),
                _ => (Tone::Strong, ""),
            };
            title(tone, &format!("{tool}: {what}{word} ({:.1} s)", seconds(*millis)))?;
            screen.block(Tone::Plain, 4, text)
        }
    }
}

fn asked_for(call: &Call) -> String {
    format!("→ {} {}", call.name, call.arguments)
}

fn conclude(conclusion: &Conclusion, screen: &mut Screen<'_>) -> Shown {
    screen.say(Tone::Strong, &format!("Conclusion, {}% sure", conclusion.confidence))?;
    let nothing = "It found nothing that it could put into words.";
    let diagnosis = if conclusion.diagnosis.trim().is_empty() { nothing } else { &conclusion.diagnosis };
    screen.block(Tone::Plain, 4, diagnosis)?;
    conclusion.notes.iter().try_for_each(|note| screen.block(Tone::Warn, 4, note))?;
    if let Some(root) = &conclusion.root {
        screen.line(&format!("    At fault: {root}"))?;
    }
    let lists =
        [("Evidence", &conclusion.evidence), ("Done, or wanted (from the record)", &conclusion.actions)];
    for (name, lines) in lists {
        if !lines.is_empty() {
            screen.say(Tone::Dim, &format!("  {name}"))?;
            lines.iter().try_for_each(|line| screen.block(Tone::Plain, 4, &format!("- {line}")))?;
        }
    }
    for (name, text) in [("To verify", &conclusion.verification), ("To take back", &conclusion.rollback)] {
        if !text.trim().is_empty() {
            screen.say(Tone::Dim, &format!("  {name}"))?;
            screen.block(Tone::Plain, 4, text)?;
        }
    }
    if !conclusion.options.is_empty() {
        screen.say(Tone::Dim, "  Ways to go")?;
        for option in &conclusion.options {
            let why = if option.why.is_empty() { String::new() } else { format!(": {}", option.why) };
            screen.block(Tone::Plain, 4, &format!("- {}{why}", option.title))?;
            option.steps.iter().try_for_each(|step| screen.block(Tone::Plain, 6, &step.to_string()))?;
        }
    }
    Ok(())
}

fn shown(at: Timestamp, tz: Tz) -> String {
    at.with_timezone(&tz).format("%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::agent::{Answer, Outline, OutlineStep};
    use crate::domain::ids::{IncidentId, RunId};

    fn run() -> RunRow {
        let begun_at = "2026-11-21T10:00:00Z".parse().unwrap();
        RunRow {
            id: RunId(ulid::Ulid::from_parts(1, 1)),
            number: 9,
            incident: IncidentId(ulid::Ulid::from_parts(1, 2)),
            case: Some(3),
            subject: Subject::Incident,
            begun_at,
            ended_at: Some(begun_at + chrono::TimeDelta::seconds(41)),
            models: vec!["llama".to_owned()],
            spent: Spending { tokens_in: 1200, tokens_cached: 400, tokens_out: 80, micros: 12_300 },
            conclusion: Some(Conclusion {
                diagnosis: "the disk is full".to_owned(),
                confidence: 80,
                evidence: vec!["df says 100%".to_owned()],
                actions: vec!["ran: runbook free-space: it worked".to_owned()],
                options: vec![Outline {
                    title: "Grow the disk".to_owned(),
                    why: "it fills again".to_owned(),
                    steps: vec![OutlineStep {
                        what: "Grow it".to_owned(),
                        risk: String::new(),
                        undo: String::new(),
                        host: None,
                        command: Some(vec!["lvextend".to_owned(), "pve/root".to_owned()]),
                        answer: Some(Answer::Asked),
                        effect: None,
                        blast_radius: None,
                    }],
                }],
                ..Conclusion::without(Ending::Concluded)
            }),
        }
    }

    #[test]
    fn a_run_is_shown_with_its_prompt_its_answers_its_calls_what_they_took_and_its_conclusion() {
        let data = [
            json!({"kind": "told", "system": "be good", "user": "nginx is down"}),
            json!({"kind": "answered", "model": "llama", "text": "I look at the disk",
                "calls": [{"id": "1", "name": "run_command", "arguments": "{\"argv\":[\"df\"]}"}],
                "spent": {"tokens_in": 1200, "tokens_cached": 400, "tokens_out": 80, "micros": 12300},
                "millis": 2100, "fell_back": ["gpt can't be reached: no route"]}),
            json!({"kind": "called", "tool": "run_command", "what": "run df", "outcome": "blocked",
                "text": "no\u{1b}[31m", "millis": 300}),
            json!({"kind": "a later one"}),
        ];
        let mut out = Vec::new();
        let mut screen = Screen::plain(&mut out);
        head(&run(), Tz::UTC, &mut screen).unwrap();
        for (seq, data) in (1..).zip(data) {
            let entry = serde_json::from_value(data.clone()).ok();
            let row = StepRow { seq, at: run().begun_at, kind: "k".to_owned(), data };
            step(&row, entry.as_ref(), Tz::UTC, &mut screen).unwrap();
        }
        conclude(run().conclusion.as_ref().unwrap(), &mut screen).unwrap();
        drop(screen);
        let expected = "\
Run 9 about incident #3: concluded, 80% sure
  Began   2026-11-21 10:00:00 (UTC), took 41 s
  Models  llama
  Tokens  1200 sent (400 of them from the provider's cache), 80 received
  Cost    0.0123
10:00:00  What the model was told
    be good

    nginx is down
10:00:00  llama answered in 2.1 s: 1200 sent (400 of them from the provider's cache), 80 received, cost 0.0123
    before it: gpt can't be reached: no route
    I look at the disk
    → run_command {\"argv\":[\"df\"]}
10:00:00  run_command: run df — blocked (0.3 s)
    no
10:00:00  a step that can't be read (k)
    {\"kind\":\"a later one\"}
Conclusion, 80% sure
    the disk is full
  Evidence
    - df says 100%
  Done, or wanted (from the record)
    - ran: runbook free-space: it worked
  Ways to go
    - Grow the disk: it fills again
      Grow it: `lvextend pve/root` (would be asked for)
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_list_says_in_a_line_what_a_run_was_about_what_it_took_and_how_it_ended() {
        let cells = cells(&run(), Tz::UTC);
        let expected = [
            "9",
            "2026-11-21 10:00",
            "41 s",
            "incident #3",
            "llama",
            "1280",
            "0.0123",
            "concluded, 80% sure",
        ];
        assert_eq!(cells, expected);
        let going = RunRow { ended_at: None, conclusion: None, models: Vec::new(), ..run() };
        assert_eq!(super::cells(&going, Tz::UTC)[2..5], ["-", "incident #3", "-"]);
        assert_eq!(ended(&going), "goes on");
    }
}
