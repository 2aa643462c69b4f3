//! The REST API: which request is what.

mod channels;
mod commands;
mod compose;
mod guilds;
mod interactions;
mod messages;
mod reactions;

use serde_json::{Value, json};

use super::wire::{Outcome, Refusal, Request, id, refuse};
use super::world::World;
use super::{BOT, json as shown};

/// Does what is asked, or refuses it; what the documentation forbids is kept as a violation.
pub(super) fn handle(world: &mut World, request: &Request, port: u16) -> (u16, Option<Value>) {
    match authorized(world, request).and_then(|()| route(world, request, port)) {
        Ok(None) => (204, None),
        Ok(Some(body)) => (200, Some(body)),
        Err(refusal) => world.refused(request, refusal),
    }
}

impl World {
    /// Keeps a violation, and answers.
    pub(super) fn refused(&mut self, request: &Request, refusal: Refusal) -> (u16, Option<Value>) {
        if let Some(breach) = &refusal.breach {
            self.violations.push(format!("{} {}: {breach}", request.method, request.shown_path()));
        }
        (refusal.status, Some(refusal.body()))
    }
}

/// The headers that every request needs; the token in the path is enough for interactions.
fn authorized(world: &World, request: &Request) -> Result<(), Refusal> {
    let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    if !header("user-agent").is_some_and(|agent| agent.starts_with("DiscordBot (")) {
        let refusal = Refusal { status: 403, message: "error code: 1010".into(), ..refuse(0) };
        return Err(refusal.breach("the User-Agent is not `DiscordBot ($url, $version)`"));
    }
    let open = matches!(request.path.first().map(String::as_str), Some("webhooks" | "interactions"));
    if open || request.path.as_slice() == ["gateway"] {
        return Ok(());
    }
    match header("authorization").map(|value| value.strip_prefix("Bot ")) {
        Some(Some(token)) if token == world.token => Ok(()),
        Some(Some(_)) => Err(Refusal::unauthorized()),
        _ => Err(Refusal::unauthorized().breach("no header `Authorization: Bot …`")),
    }
}

fn route(world: &mut World, request: &Request, port: u16) -> Outcome {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["gateway"]) => Ok(Some(json!({"url": format!("ws://127.0.0.1:{port}")}))),
        ("GET", ["gateway", "bot"]) => Ok(Some(gateway_bot(port))),
        ("GET", ["users", "@me"]) => Ok(Some(shown::bot_user())),
        ("GET", ["users", user]) => guilds::user(world, id(user)?),
        ("POST", ["users", "@me", "channels"]) => channels::open_dm(world, request),
        ("GET", ["applications" | "oauth2", "@me" | "applications", ..]) => application(world, &path),
        ("GET" | "PUT" | "POST", ["applications", application, rest @ ..]) if rest.contains(&"commands") => {
            commands::route(world, request, id(application)?, rest)
        }
        (_, ["guilds", guild, rest @ ..]) => guilds::route(world, request, id(guild)?, rest),
        (_, ["channels", channel, "messages", message, "reactions", rest @ ..]) => {
            reactions::route(world, request, id(channel)?, id(message)?, rest)
        }
        (_, ["channels", channel, "messages", rest @ ..]) => {
            messages::route(world, request, id(channel)?, rest)
        }
        (_, ["channels", channel, rest @ ..]) => channels::route(world, request, id(channel)?, rest),
        ("POST", ["interactions", interaction, token, "callback"]) => {
            interactions::callback(world, request, id(interaction)?, token)
        }
        (_, ["webhooks", application, token, rest @ ..]) => {
            interactions::webhook(world, request, id(application)?, token, rest)
        }
        _ => no_route(),
    }
}

/// There is no such route in the documentation, or the fake does not know it.
fn no_route() -> Outcome {
    Err(refuse(0).breach("unknown route"))
}

fn application(world: &World, path: &[&str]) -> Outcome {
    match path {
        ["applications", "@me"] | ["oauth2", "applications", "@me"] => Ok(Some(world.application_json())),
        _ => no_route(),
    }
}

fn gateway_bot(port: u16) -> Value {
    let limit = json!({"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1});
    json!({"url": format!("ws://127.0.0.1:{port}"), "shards": 1, "session_start_limit": limit})
}

/// The application is the bot's own.
fn own(application: u64) -> Result<(), Refusal> {
    if application == BOT { Ok(()) } else { Err(refuse(10_002)) }
}
