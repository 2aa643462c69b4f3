//! `steward agent context`: exactly what a model would be told about a case, and how much each part of it takes.

use std::process::ExitCode;
use std::sync::Arc;

use crate::agent::context::tokens::estimate;
use crate::agent::context::{Brief, Context, Part, Sources, gather};
use crate::agent::model::ToolSpec;
use crate::agent::run::Limits;
use crate::agent::tools::specs_for;
use crate::cli::json::context::ContextDocument;
use crate::cli::screen::{Screen, Tone};
use crate::cli::{Ended, Failure, Stop, Tools, topology};
use crate::config::{AgentSettings, Setup};
use crate::domain::agent::{Request, Subject};
use crate::domain::incident::Incident;
use crate::engine::world::Knowledge;
use crate::store::{Store, query};

/// Prints what a model would be told about an incident.
pub(super) async fn context(
    setup: &Setup,
    tools: &Tools,
    number: u64,
    json: bool,
    screen: &mut Screen<'_>,
) -> Ended {
    let config = &setup.loaded.config;
    let store = Store::open_read_only(&config.state_dir)?;
    store.redaction().learn(setup.loaded.secrets());
    let stored = store.read(move |conn| query::incident(conn, number)).await?;
    let incident = stored.map(|stored| stored.incident).ok_or_else(|| no_such(number))?;
    let (_, topology) = topology::known(setup).await?;
    let knowledge = Knowledge { topology: Arc::new(topology), ..known(setup, tools) };
    let (subject, limits) = (subject(&incident), limits(&config.agent));
    let specs = specs_for(&subject);
    let brief = Brief {
        subject: &subject,
        incident: incident.id,
        said: &incident.said,
        knowledge: &knowledge,
        tools: &specs,
        limits: &limits,
        now: tools.clock.now(),
    };
    let context = gather(&Sources::of(config, store), &brief).await?;
    if json {
        screen.json(&ContextDocument::new(number, &context, &specs))?;
    } else {
        tell(&context, &specs, config.agent.models.values().any(|model| model.mask), screen)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is known from what the operator wrote.
pub(super) fn known(setup: &Setup, tools: &Tools) -> Knowledge {
    let runbooks = Arc::new(setup.loaded.runbooks.values().cloned().collect());
    Knowledge { runbooks, ..(tools.world)(setup).knowledge }
}

fn no_such(number: u64) -> Failure {
    Failure::new(format!("there is no incident #{number}"), "`steward incident list --all` lists them")
        .meaning("it never was, or it was closed longer ago than incidents are kept")
}

/// What a run on this case would be about.
fn subject(incident: &Incident) -> Subject {
    match &incident.request {
        None => Subject::Incident,
        Some(Request { goal: Some(name), .. }) => Subject::Goal { name: name.clone() },
        Some(Request { goal: None, .. }) => Subject::Request,
    }
}

/// The limits of a run that begins now. What money is left is not told to models.
pub(super) fn limits(settings: &AgentSettings) -> Vec<String> {
    let AgentSettings { steps, tokens, time, confidence, .. } = *settings;
    Limits { steps, tokens, time, micros: 0, confidence }.in_words()
}

fn tell(context: &Context, specs: &[ToolSpec], masked: bool, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let head = |name: &str| format!("──── {name} ────");
    screen.say(Tone::Dim, &head("system: the same from run to run"))?;
    screen.block(Tone::Plain, 0, &context.system)?;
    screen.gap()?;
    screen.say(Tone::Dim, &head("user: the case"))?;
    screen.block(Tone::Plain, 0, &context.user)?;
    if !specs.is_empty() {
        screen.gap()?;
        screen.say(Tone::Dim, &head("tools: sent beside the text"))?;
        for spec in specs {
            screen.toned(&[(Tone::Strong, spec.name), (Tone::Plain, &format!(": {}", spec.description))])?;
            screen.block(Tone::Dim, 2, &spec.parameters.to_string())?;
        }
    }
    screen.gap()?;
    screen.say(Tone::Dim, &head("sizes"))?;
    let rows: Vec<_> = context.parts.iter().map(row).collect();
    screen.table(&["PART", "TOKENS", "BUDGET", "CUT"], &rows)?;
    screen.gap()?;
    let (all, user) = (context.tokens(), estimate(&context.user));
    let stays = all.saturating_sub(user);
    screen.say(
        Tone::Good,
        &format!("About {all} tokens in all (an estimate), before any tool result: {stays} that stay the same from run to run, and {user} of the case."),
    )?;
    if masked {
        screen.say(
            Tone::Dim,
            "Models with `mask = true` are told the same with names and addresses replaced.",
        )?;
    }
    Ok(())
}

fn row(part: &Part) -> (Tone, Vec<String>) {
    let tone = if part.cut.is_some() { Tone::Warn } else { Tone::Plain };
    let cut = part.cut.clone().unwrap_or_default();
    (tone, vec![part.name.to_owned(), part.tokens.to_string(), part.budget.to_string(), cut])
}
