//! Answers to interactions: the callback, what follows it, and what it is edited to.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{no_route, own};
use crate::support::discord::command_rules::{CHOICE, choices_fit};
use crate::support::discord::rules::Form;
use crate::support::discord::schema::{Field, Kind, Problems, may, must};
use crate::support::discord::wire::{Outcome, Refusal, Request, id, refuse};
use crate::support::discord::world::{EPHEMERAL, Interaction, LOADING, Message, World};
use crate::support::discord::{BOT, rules};

const CALLBACK: &[Field] = &[must("type", Kind::Choice(&[4, 5, 6, 7, 8])), may("data", Kind::Free)];
const CHOICES: &[Field] = &[must("choices", Kind::List(25, &Kind::Object(CHOICE)))];

/// How long an interaction waits for its callback, and its token counts.
const SECONDS: i64 = 3;
const MINUTES: i64 = 15;

const MESSAGE: u64 = 4;
const DEFER: u64 = 5;
const DEFER_UPDATE: u64 = 6;
const UPDATE: u64 = 7;
const COMPLETE: u64 = 8;

/// The first answer.
pub(super) fn callback(world: &mut World, request: &Request, id: u64, token: &str) -> Outcome {
    request.only_parameters(&["with_response"])?;
    let late = |interaction: &Interaction| world.now - interaction.at > TimeDelta::seconds(SECONDS);
    let found = world.interactions.get(&id).filter(|interaction| interaction.token == token);
    let interaction = found.ok_or_else(|| refuse(10_062).breach("an answer to no interaction"))?;
    if late(interaction) {
        return Err(refuse(10_062));
    }
    if interaction.answered.is_some() {
        return Err(refuse(40_060).breach("an interaction that is answered twice"));
    }
    let mut problems = Problems::default();
    problems.object("", CALLBACK, &request.body);
    let kind = request.body["type"].as_u64().unwrap_or(0);
    let fits = match interaction.kind {
        2 => matches!(kind, MESSAGE | DEFER),
        3 => matches!(kind, MESSAGE..=UPDATE),
        _ => kind == COMPLETE,
    };
    if !fits {
        problems.add("type", "INTERACTION_CALLBACK_TYPE", "not an answer to this type of interaction");
    }
    problems.refuse()?;
    answer(world, request, id, kind)?;
    let answered = world.interactions.get_mut(&id);
    let original = answered.and_then(|interaction| {
        interaction.answered = Some(kind);
        interaction.original
    });
    if request.query.get("with_response").is_none_or(|with| with != "true") {
        return Ok(None);
    }
    let message = original.and_then(|id| world.message(id)).map(|message| world.message_json(message));
    let told = original.map(|id| id.to_string());
    Ok(Some(json!({
        "interaction": {"id": id.to_string(), "type": 2, "response_message_id": told},
        "resource": {"type": kind, "message": message},
    })))
}

/// Does what the callback says.
fn answer(world: &mut World, request: &Request, id: u64, kind: u64) -> Result<(), Refusal> {
    let Some(interaction) = world.interactions.get(&id) else { return Ok(()) };
    let (channel, user, pressed) = (interaction.channel, interaction.user, interaction.pressed);
    let nothing = json!({});
    let data = request.body.get("data").unwrap_or(&nothing);
    let mut problems = Problems::default();
    match kind {
        DEFER => {
            rules::check(Form::Answer, data, &[], &[])?;
            for lost in ["content", "embeds", "components"] {
                if data.get(lost).is_some() {
                    problems.add(lost, "DEFERRED", "nobody sees this of a deferred answer");
                }
            }
            problems.refuse()?;
            let mut message = Message::new(world.new_id(), channel, BOT, world.now);
            message.flags = data["flags"].as_u64().unwrap_or(0) | LOADING;
            originate(world, id, user, message);
        }
        MESSAGE => {
            let mut message = world.compose_new(Form::Answer, channel, data, &request.files)?;
            message.kind = 20;
            originate(world, id, user, message);
        }
        DEFER_UPDATE | UPDATE => {
            let old = pressed.and_then(|id| world.message(id)).cloned().ok_or_else(|| refuse(10_008))?;
            if kind == UPDATE {
                let new = world.compose_edit(Form::Answer, &old, data, &request.files)?;
                world.replace(new);
            }
            if let Some(interaction) = world.interactions.get_mut(&id) {
                interaction.original = pressed;
            }
        }
        _ => {
            problems.object("data", CHOICES, data);
            let choices = data["choices"].as_array().cloned().unwrap_or_default();
            let kind = if choices.iter().all(|choice| choice["value"].is_string()) { 3 } else { 4 };
            choices_fit(&mut problems, "data", &choices, kind);
            problems.refuse()?;
            if let Some(interaction) = world.interactions.get_mut(&id) {
                interaction.choices = Some(choices);
            }
        }
    }
    Ok(())
}

/// Posts a message that belongs to an interaction.
fn belong(world: &mut World, interaction: u64, user: u64, mut message: Message) -> u64 {
    message.interaction = Some(interaction);
    message.only_for = (message.flags & EPHEMERAL != 0).then_some(user);
    let id = message.id;
    world.post(message);
    id
}

fn originate(world: &mut World, interaction: u64, user: u64, message: Message) {
    let id = belong(world, interaction, user, message);
    if let Some(interaction) = world.interactions.get_mut(&interaction) {
        interaction.original = Some(id);
    }
}

/// What follows the callback.
pub(super) fn webhook(
    world: &mut World,
    request: &Request,
    application: u64,
    token: &str,
    rest: &[&str],
) -> Outcome {
    own(application).map_err(|_| refuse(10_015).breach("a webhook of another application"))?;
    let found = world.interactions.iter().find(|(_, interaction)| interaction.token == token);
    let (&interaction, facts) = found.ok_or_else(|| refuse(50_027).breach("the token of no interaction"))?;
    if facts.answered.is_none() {
        return Err(refuse(10_015).breach("a follow-up before the interaction's callback"));
    }
    if world.now - facts.at > TimeDelta::minutes(MINUTES) {
        return Err(refuse(50_027));
    }
    let (user, original, deferred) = (facts.user, facts.original, facts.answered == Some(DEFER));
    match (request.method.as_str(), rest) {
        ("POST", []) => {
            request.only_parameters(&["wait"])?;
            let waiting = original.and_then(|id| world.message(id)).filter(|m| m.flags & LOADING != 0);
            if let Some(waiting) = waiting.filter(|_| deferred).cloned() {
                // The first follow-up takes the place of "is thinking…".
                let new = finish(world, Form::FollowUp, &waiting, request)?;
                return Ok(Some(new));
            }
            let channel = facts.channel;
            let message = world.compose_new(Form::FollowUp, channel, &request.body, &request.files)?;
            let id = belong(world, interaction, user, message);
            Ok(world.message(id).map(|message| world.message_json(message)))
        }
        (method, ["messages", which]) => {
            let id = if *which == "@original" { original } else { Some(id(which)?) };
            let ours = |m: &&Message| m.interaction == Some(interaction) || original == Some(m.id);
            let message = id.and_then(|id| world.message(id)).filter(ours).ok_or_else(|| refuse(10_008))?;
            match method {
                "GET" => Ok(Some(world.message_json(message))),
                "PATCH" => {
                    let message = message.clone();
                    finish(world, Form::EditAnswer, &message, request).map(Some)
                }
                "DELETE" => {
                    let id = message.id;
                    world.delete(id);
                    Ok(None)
                }
                _ => no_route(),
            }
        }
        _ => no_route(),
    }
}

/// Gives an answer its new content; it no longer "is thinking".
fn finish(world: &mut World, form: Form, old: &Message, request: &Request) -> Result<Value, Refusal> {
    let mut new = world.compose_edit(form, old, &request.body, &request.files)?;
    new.flags &= !LOADING;
    if old.flags & LOADING != 0 {
        // What was never there before is not an edit.
        (new.edits, new.edited) = (0, None);
    }
    let id = new.id;
    world.replace(new);
    world.message(id).map(|message| world.message_json(message)).ok_or_else(|| refuse(10_008))
}
