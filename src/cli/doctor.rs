//! `steward doctor`: are the chat platforms and the language models as they have to be?

use std::process::ExitCode;

use futures_util::future::join_all;

use super::json::doctor::{Examination, PlatformHealth};
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Tools};
use crate::agent::model::Model;
use crate::engine::ports::{Check, Health};

/// Looks at every configured platform and model. Exits with 1 if one of them can't work as it is.
pub(super) async fn doctor(tools: &Tools, json: bool, screen: &mut Screen<'_>) -> Ended {
    let chats = (tools.chats)().map_err(|why| Failure::of_sentence(&why))?;
    let models = (tools.models)().map_err(|why| Failure::of_sentence(&why))?;
    let models: Vec<_> = models.into_values().map(|member| member.model).collect();
    let mut platforms = Vec::new();
    for chat in &chats {
        if !json {
            screen.say(Tone::Strong, &chat.platform())?;
        }
        let checks = chat.examine().await;
        if !json {
            show_all(&checks, screen)?;
        }
        platforms.push((chat.platform(), checks));
    }
    if !json {
        screen.say(Tone::Strong, "models")?;
    }
    let examined = join_all(models.iter().map(|model| examine(&**model))).await;
    if !json && models.is_empty() {
        screen.say(
            Tone::Dim,
            "  none is configured, so there is no agent; docs/agent.md tells how to set one up",
        )?;
        screen.gap()?;
    } else if !json {
        show_all(&examined, screen)?;
    }
    let all = || platforms.iter().flat_map(|(_, checks)| checks).chain(&examined);
    let count = |health: Health| all().filter(|check| check.health == health).count();
    // Of a platform about which nothing could be found out, nobody can say that it works.
    let is_in_the_dark =
        platforms.iter().any(|(_, checks)| checks.iter().all(|check| check.health == Health::Unknown));
    let (bad, poor, unknown) = (count(Health::Bad), count(Health::Poor), count(Health::Unknown));
    if json {
        let platforms = platforms.into_iter().map(|(platform, checks)| PlatformHealth {
            platform,
            checks: checks.into_iter().map(Into::into).collect(),
        });
        let models = examined.into_iter().map(Into::into).collect();
        screen.json(&Examination { platforms: platforms.collect(), models })?;
    } else {
        screen.line(&summary(chats.len() + models.len(), bad, poor, unknown))?;
    }
    Ok(if bad == 0 && !is_in_the_dark { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A model's health. What could not be asked can't be used; what to do is the last part of the reason.
async fn examine(model: &dyn Model) -> Check {
    let name = model.name().to_owned();
    match model.examine().await {
        Ok(what) => Check { name, health: Health::Good, what, fix: String::new() },
        Err(error) => {
            let said = error.to_string();
            let said = said.strip_prefix(&format!("{name} ")).unwrap_or(&said);
            let (what, fix) =
                said.rsplit_once("; ").unwrap_or((said, "look at `url`, `model` and `key` of this model"));
            Check { name, health: Health::Bad, what: what.to_owned(), fix: fix.to_owned() }
        }
    }
}

fn show_all(checks: &[Check], screen: &mut Screen<'_>) -> Result<(), super::Stop> {
    let wide = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    checks.iter().try_for_each(|check| show(check, wide, screen))?;
    screen.gap()?;
    screen.flush()
}

fn show(check: &Check, wide: usize, screen: &mut Screen<'_>) -> Result<(), super::Stop> {
    let (tone, word) = match check.health {
        Health::Good => (Tone::Good, "ok"),
        Health::Poor => (Tone::Warn, "poor"),
        Health::Bad => (Tone::Bad, "BAD"),
        Health::Unknown => (Tone::Dim, "?"),
    };
    let name = format!("{:<wide$}  ", check.name);
    screen.toned(&[
        (Tone::Plain, "  "),
        (tone, &format!("{word:<5}")),
        (Tone::Plain, &name),
        (Tone::Plain, &check.what),
    ])?;
    if check.fix.is_empty() { Ok(()) } else { screen.block(Tone::Strong, 7, &format!("→ {}", check.fix)) }
}

fn summary(parts: usize, bad: usize, poor: usize, unknown: usize) -> String {
    if parts == 0 {
        return "No chat platform is configured besides the console. README.md tells how to add Discord or Telegram."
            .to_owned();
    }
    let counted = [
        (bad, "keeps Steward from working there"),
        (poor, "costs comfort"),
        (unknown, "could not be checked"),
    ];
    let parts: Vec<_> = counted
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count}× {what}"))
        .collect();
    if parts.is_empty() { "All is as it should be.".to_owned() } else { format!("{}.", parts.join(", ")) }
}
