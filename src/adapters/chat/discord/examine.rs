//! Looks whether everything on Discord is set up as it has to be, and says what to click where it is not.

use serde_json::Value;

use super::permissions::{missing, wanted};
use super::posting::snowflake;
use super::rest::{Failure, Request, Rest, codes};
use crate::config::DiscordSettings;
use crate::domain::card::one_line;
use crate::engine::ports::{Check, Health};

/// The application's flags that say that message content is granted: verified bots, and others.
const MESSAGE_CONTENT: u64 = (1 << 18) | (1 << 19);
/// An ordinary text channel.
const TEXT: u64 = 0;

/// Looks at everything, and stops where the rest would make no sense.
pub(super) async fn examine(rest: &Rest, settings: &DiscordSettings) -> Vec<Check> {
    let mut checks = Vec::new();
    // What can't be looked at ends the looking; the checks so far say why.
    let _ = Examination { rest, settings, checks: &mut checks }.all().await;
    checks
}

struct Examination<'a> {
    rest: &'a Rest,
    settings: &'a DiscordSettings,
    checks: &'a mut Vec<Check>,
}

/// There is no point in looking further.
struct Pointless;

impl Examination<'_> {
    async fn all(&mut self) -> Result<(), Pointless> {
        let bot = self.token().await?;
        let application = self.content().await;
        let guild = self.guild(application.unwrap_or(bot)).await?;
        let channel = self.channel().await?;
        self.permissions(&guild, &channel, bot).await?;
        self.operators().await
    }

    async fn token(&mut self) -> Result<u64, Pointless> {
        let name = "token";
        match self.get("/users/@me".to_owned()).await {
            Ok(user) => {
                let shown = one_line(user["username"].as_str().unwrap_or_default());
                self.good(name, format!("Discord knows the bot as {shown}."));
                snowflake(&user["id"]).ok_or(Pointless)
            }
            Err(Failure::Token) => {
                let fix = "In the Developer Portal (https://discord.com/developers/applications) open your application, \
                           Bot, Reset Token; put the new token where `chat.discord.token` points, and restart Steward.";
                self.bad(name, "Discord refuses the bot's token.".to_owned(), fix.to_owned());
                Err(Pointless)
            }
            Err(failure) => Err(self.unknown(name, &failure)),
        }
    }

    async fn content(&mut self) -> Option<u64> {
        let name = "message content";
        match self.get("/applications/@me".to_owned()).await {
            Ok(application) => {
                if application["flags"].as_u64().unwrap_or_default() & MESSAGE_CONTENT != 0 {
                    self.good(name, "What people write in an incident's thread can be read.".to_owned());
                } else {
                    self.note(Health::Poor, name, NO_CONTENT.to_owned(), GRANT_CONTENT.to_owned());
                }
                snowflake(&application["id"])
            }
            Err(failure) => {
                self.unknown(name, &failure);
                None
            }
        }
    }

    async fn guild(&mut self, application: u64) -> Result<Value, Pointless> {
        let (name, id) = ("server", self.settings.guild);
        match self.get(format!("/guilds/{id}")).await {
            Ok(guild) => {
                let shown = one_line(guild["name"].as_str().unwrap_or_default());
                self.good(name, format!("The bot is in {shown}."));
                Ok(guild)
            }
            Err(failure) if is(&failure, &[codes::UNKNOWN_GUILD, codes::MISSING_ACCESS]) => {
                let fix = format!(
                    "Check `chat.discord.guild` (with Developer Mode on, right-click the server's name, Copy Server ID), \
                     and invite the bot: https://discord.com/oauth2/authorize?client_id={application}&scope=bot+applications.commands&permissions={}",
                    wanted()
                );
                self.bad(name, format!("The bot is not in the server {id}."), fix);
                Err(Pointless)
            }
            Err(failure) => Err(self.unknown(name, &failure)),
        }
    }

    async fn channel(&mut self) -> Result<Value, Pointless> {
        let (name, id) = ("channel", self.settings.channel);
        let copy = "Check `chat.discord.channel`: with Developer Mode on, right-click a text channel of the server, \
                    Copy Channel ID.";
        match self.get(format!("/channels/{id}")).await {
            Ok(channel) => {
                let here = snowflake(&channel["guild_id"]) == Some(self.settings.guild);
                if !here || channel["type"].as_u64() != Some(TEXT) {
                    let what = format!("The channel {id} is no text channel of the configured server.");
                    self.bad(name, what, copy.to_owned());
                    return Err(Pointless);
                }
                self.good(name, format!("Incidents are told in #{}.", shown(&channel)));
                Ok(channel)
            }
            Err(failure) if is(&failure, &[codes::UNKNOWN_CHANNEL]) => {
                self.bad(name, format!("There is no channel {id}."), copy.to_owned());
                Err(Pointless)
            }
            Err(failure) if failure.is_forbidden() => {
                let what = format!("The bot can't see the channel {id}.");
                self.bad(name, what, allow(None, &["View Channel"]));
                Err(Pointless)
            }
            Err(failure) => Err(self.unknown(name, &failure)),
        }
    }

    async fn permissions(&mut self, guild: &Value, channel: &Value, bot: u64) -> Result<(), Pointless> {
        let name = format!("permissions in #{}", shown(channel));
        let member = match self.get(format!("/guilds/{}/members/{bot}", self.settings.guild)).await {
            Ok(member) => member,
            Err(failure) => return Err(self.unknown(&name, &failure)),
        };
        let missing = missing(guild, &member, channel, bot);
        if missing.is_empty() {
            self.good(&name, "The bot may do all that it needs to.".to_owned());
        }
        for (health, vital) in [(Health::Bad, true), (Health::Poor, false)] {
            let names: Vec<&str> = missing.iter().filter(|r| r.vital == vital).map(|r| r.name).collect();
            if !names.is_empty() {
                let what = format!("The bot lacks {}.", names.join(", "));
                self.note(health, &name, what, allow(Some(channel), &names));
            }
        }
        Ok(())
    }

    async fn operators(&mut self) -> Result<(), Pointless> {
        let (name, settings) = ("operators", self.settings);
        let copy = "with Developer Mode on, right-click a person, Copy User ID";
        if settings.operators.is_empty() {
            let what =
                "Nobody is listed as an operator, so nobody can approve or change anything.".to_owned();
            let fix = format!("List the users in `chat.discord.operators`: {copy}.");
            self.note(Health::Poor, name, what, fix);
            return Ok(());
        }
        let mut strangers = Vec::new();
        for user in &settings.operators {
            match self.get(format!("/guilds/{}/members/{user}", settings.guild)).await {
                Ok(_) => {}
                Err(failure) if is(&failure, &[codes::UNKNOWN_MEMBER, codes::UNKNOWN_USER]) => {
                    strangers.push(user.to_string())
                }
                Err(failure) => return Err(self.unknown(name, &failure)),
            }
        }
        if strangers.is_empty() {
            self.good(name, format!("All {} are in the server.", settings.operators.len()));
        } else {
            let what = format!("Not in the server: {}.", strangers.join(", "));
            let fix = format!("Correct `chat.discord.operators` ({copy}), or invite them to the server.");
            self.note(Health::Poor, name, what, fix);
        }
        Ok(())
    }

    async fn get(&self, path: String) -> Result<Value, Failure> {
        self.rest.send(&Request::get("GET examined", path.clone(), path)).await
    }

    fn note(&mut self, health: Health, name: &str, what: String, fix: String) {
        self.checks.push(Check { name: name.to_owned(), health, what, fix });
    }

    fn good(&mut self, name: &str, what: String) {
        self.note(Health::Good, name, what, String::new());
    }

    fn bad(&mut self, name: &str, what: String, fix: String) {
        self.note(Health::Bad, name, what, fix);
    }

    fn unknown(&mut self, name: &str, failure: &Failure) -> Pointless {
        let fix = "Look whether this machine reaches https://discord.com, or what `chat.discord.api` names."
            .to_owned();
        self.note(Health::Unknown, name, format!("{failure}."), fix);
        Pointless
    }
}

/// What it means that message content is not granted.
pub(super) const NO_CONTENT: &str = "Message Content Intent is off, so plain words in an incident's thread are not read; \
     slash commands, mentions, buttons and reactions work.";
/// How it is granted.
pub(super) const GRANT_CONTENT: &str = "In the Developer Portal (https://discord.com/developers/applications) open your \
     application, Bot, Privileged Gateway Intents, switch Message Content Intent on, and restart Steward.";

/// Whether Discord says one of these. Another refusal says nothing about what was asked.
fn is(failure: &Failure, said: &[u64]) -> bool {
    failure.code().is_some_and(|code| said.contains(&code))
}

fn shown(channel: &Value) -> String {
    one_line(channel["name"].as_str().unwrap_or_default())
}

/// How the bot is allowed something in the channel.
fn allow(channel: Option<&Value>, rights: &[&str]) -> String {
    let name = channel.map_or_else(|| "the channel".to_owned(), |channel| format!("#{}", shown(channel)));
    format!(
        "In Discord open {name}, Edit Channel, Permissions, add the bot's role, and allow it: {}.",
        rights.join(", ")
    )
}
