//! `steward agent eval`: plays recorded cases to a model, so that people can judge it before they trust it.

use std::process::ExitCode;

use super::context;
use crate::agent::context::{Brief, stable_part};
use crate::agent::dialogue::{Chain, Member};
use crate::agent::eval::{Played, Table, play};
use crate::agent::run::Limits;
use crate::agent::tools::specs;
use crate::cli::args::EvalArgs;
use crate::cli::failure::Failure;
use crate::cli::json::eval::{EvalReport, money};
use crate::cli::screen::{Screen, Tone};
use crate::cli::{Ended, Stop, Tools};
use crate::config::{Case, Setup, cases_in, shipped_cases};
use crate::domain::agent::{Purpose, Subject};
use crate::domain::command::suggest;
use crate::domain::ids::IncidentId;
use crate::domain::redact::Redaction;

/// What a person is asked to spend on one case at most, in tokens.
const TOKENS: u64 = 60_000;

/// Plays recorded cases to a model. Ends with 0 if it passed all of them.
pub(super) async fn eval(setup: &Setup, tools: &Tools, args: &EvalArgs, screen: &mut Screen<'_>) -> Ended {
    let cases = args.dir.as_deref().map_or_else(shipped_cases, cases_in);
    let cases = cases.map_err(|problems| Failure::of_problems(&problems))?;
    let (name, member) = model(setup, tools, args.model.as_deref())?;
    let settings = &setup.loaded.config.agent;
    let system = told_first(setup, tools);
    let chain = Chain { members: vec![member] };
    let table = Table {
        chain: &chain,
        policy: &setup.policy,
        system: &system,
        limits: Limits {
            steps: settings.steps,
            tokens: settings.tokens.min(TOKENS),
            time: settings.time,
            micros: settings.spend_per_incident,
            confidence: 0,
        },
        clock: &*tools.clock,
    };
    if !args.json {
        screen.say(Tone::Dim, &introduction(&name, cases.len()))?;
        screen.gap()?;
        screen.flush()?;
    }
    let mut played = Vec::new();
    for case in &cases {
        let one = play(case, &table).await;
        if !args.json {
            // A case takes a while: what is known of it is told at once.
            told(&one, screen)?;
            screen.flush()?;
        }
        played.push((case, one));
    }
    if args.json {
        screen.json(&EvalReport::new(&name, &played))?;
    } else {
        summary(&name, &played, screen)?;
    }
    let all = played.iter().all(|(_, played)| played.verdict.passed());
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a live run about an incident is told before its case.
fn told_first(setup: &Setup, tools: &Tools) -> String {
    let config = &setup.loaded.config;
    let (knowledge, limits, specs) = (context::known(setup, tools), context::limits(&config.agent), specs());
    let brief = Brief {
        subject: &Subject::Incident,
        incident: IncidentId(ulid::Ulid::nil()),
        said: &[],
        knowledge: &knowledge,
        tools: &specs,
        limits: &limits,
        now: tools.clock.now(),
    };
    let redaction = Redaction::default();
    redaction.learn(setup.loaded.secrets());
    stable_part(config, &brief, &redaction.now())
}

fn introduction(name: &str, cases: usize) -> String {
    format!(
        "Plays {cases} recorded case{} to {name}. Nothing is run in your lab; what the tools say was recorded.",
        if cases == 1 { "" } else { "s" }
    )
}

/// The model that is meant: the one that is named, or the first that investigates.
fn model(setup: &Setup, tools: &Tools, named: Option<&str>) -> Result<(String, Member), Failure> {
    let config = &setup.loaded.config;
    let Some(name) = named.or_else(|| config.agent.chain(Purpose::Investigate).first().map(String::as_str))
    else {
        return Err(Failure::new(
            "no model is configured, so there is none to judge",
            "write a section [agent.models.NAME] and put NAME into `investigate` of [agent]; docs/agent.md shows one",
        ));
    };
    let known = config.agent.models.keys().map(String::as_str);
    if !config.agent.models.contains_key(name) {
        let hint = match suggest(name, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", listed(known)),
        };
        return Err(Failure::new(format!("there is no model `{name}`"), hint));
    }
    let mut models = (tools.models)().map_err(|why| {
        Failure::new(format!("the models can't be set up: {why}"), "`steward doctor` tells more")
    })?;
    let member = models.remove(name).ok_or_else(|| {
        Failure::new(format!("the model `{name}` can't be set up"), "`steward doctor` tells more")
    })?;
    Ok((name.to_owned(), member))
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "none yet: write a section [agent.models.NAME]".to_owned()
    } else {
        names.join(", ")
    }
}

/// One case as soon as it is over: whether it passed, and if not, what was missing.
fn told(played: &Played, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let (tone, word) = if played.verdict.passed() { (Tone::Good, "passed") } else { (Tone::Bad, "FAILED") };
    screen.toned(&[
        (tone, word),
        (Tone::Strong, &format!("  {}", played.case)),
        (Tone::Dim, &format!("  {}", played.title)),
    ])?;
    for missing in &played.verdict.missing {
        screen.block(Tone::Plain, 8, missing)?;
    }
    Ok(())
}

fn summary(name: &str, played: &[(&Case, Played)], screen: &mut Screen<'_>) -> Result<(), Stop> {
    screen.gap()?;
    let rows: Vec<_> = played.iter().map(|(_, played)| (tone(played), row(played))).collect();
    screen.table(&["CASE", "PASSED", "ROOT", "WORDS", "STEPS", "TOKENS", "SECONDS", "COST"], &rows)?;
    screen.gap()?;
    let passed = played.iter().filter(|(_, played)| played.verdict.passed()).count();
    let found = played.iter().filter(|(_, played)| played.verdict.root).count();
    let all = played.len();
    let cost: u64 = played.iter().map(|(_, played)| played.spent.micros).sum();
    screen.line(&format!(
        "{name} passed {passed} of {all}, and named what is at fault in {found}. It cost {:.4}.",
        money(cost)
    ))?;
    screen.say(Tone::Dim, judgement(passed, found, all))
}

/// What the numbers mean for somebody who wonders whether to trust the model.
fn judgement(passed: usize, found: usize, all: usize) -> &'static str {
    if passed == all {
        "It did all that was asked of it. Try it on cases of your own lab, too: `steward agent eval DIR`."
    } else if found * 5 >= all * 4 {
        "It mostly finds the fault. What it does or leaves out besides is above; with `autonomy = \"propose\"` a person \
         sees it first."
    } else {
        "It often names the wrong thing. Let it ask before everything (`autonomy = \"propose\"`), or take a larger model."
    }
}

fn tone(played: &Played) -> Tone {
    if played.verdict.passed() { Tone::Plain } else { Tone::Bad }
}

fn row(played: &Played) -> Vec<String> {
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let verdict = &played.verdict;
    vec![
        played.case.clone(),
        yes(verdict.passed()),
        yes(verdict.root),
        format!("{}/{}", verdict.words, verdict.words_wanted),
        played.steps.to_string(),
        (played.spent.tokens_in + played.spent.tokens_out).to_string(),
        format!("{:.1}", played.time.as_secs_f64()),
        format!("{:.4}", money(played.spent.micros)),
    ]
}
