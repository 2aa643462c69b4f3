//! Registering application commands.

use serde_json::Value;

use super::{no_route, own};
use crate::support::discord::wire::{Outcome, Request, id, refuse};
use crate::support::discord::world::World;
use crate::support::discord::{BOT, GUILD, command_rules};

pub(super) fn route(world: &mut World, request: &Request, application: u64, rest: &[&str]) -> Outcome {
    own(application)?;
    let scope = match rest {
        ["commands"] => None,
        ["guilds", guild, "commands"] => Some(id(guild)?),
        _ => return no_route(),
    };
    if scope.is_some_and(|guild| guild != GUILD) {
        return Err(refuse(50_001));
    }
    let known = world.commands.get(&scope).cloned().unwrap_or_default();
    match request.method.as_str() {
        "GET" => {
            request.only_parameters(&["with_localizations"])?;
            Ok(Some(known.into()))
        }
        "PUT" => {
            command_rules::check(&request.body)?;
            let list = request.body.as_array().cloned().unwrap_or_default();
            let list: Vec<_> = list.into_iter().map(|command| registered(world, scope, command)).collect();
            world.commands.insert(scope, list.clone());
            Ok(Some(list.into()))
        }
        _ => no_route(),
    }
}

/// A command as Discord keeps it.
fn registered(world: &mut World, scope: Option<u64>, mut command: Value) -> Value {
    command["id"] = world.new_id().to_string().into();
    command["application_id"] = BOT.to_string().into();
    command["version"] = world.new_id().to_string().into();
    for (field, usual) in [("type", Value::from(1)), ("default_member_permissions", Value::Null)] {
        if command.get(field).is_none() {
            command[field] = usual;
        }
    }
    if let Some(guild) = scope {
        command["guild_id"] = guild.to_string().into();
    }
    command
}
