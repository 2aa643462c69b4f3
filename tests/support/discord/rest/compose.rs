//! Putting a message together from a request: texts, files, and who is called by it.

use serde_json::Value;

use crate::support::discord::permissions::permission::MENTION_EVERYONE;
use crate::support::discord::wire::{Refusal, Upload, json_id, refuse};
use crate::support::discord::world::{File, Message, SUPPRESS_NOTIFICATIONS, World};
use crate::support::discord::{BOT, rules};

impl World {
    /// Gives a message what the request says; what it does not say stays.
    pub(super) fn compose(
        &mut self,
        message: &mut Message,
        body: &Value,
        files: &[Upload],
    ) -> Result<(), Refusal> {
        let list = |field: &str| body.get(field).map(|value| value.as_array().cloned().unwrap_or_default());
        if let Some(content) = body.get("content") {
            message.content = content.as_str().unwrap_or_default().to_owned();
            self.mention(message, &body["allowed_mentions"]);
        }
        if let Some(mut embeds) = list("embeds") {
            for embed in &mut embeds {
                embed["type"] = "rich".into();
            }
            message.embeds = embeds;
        }
        if let Some(components) = list("components") {
            message.components = components;
        }
        if let Some(flags) = body["flags"].as_u64() {
            message.flags = flags;
        }
        if let Some(listed) = list("attachments") {
            let kept: Vec<_> = listed.iter().filter_map(|file| json_id(&file["id"])).collect();
            message.files.retain(|file| kept.contains(&file.id));
        }
        for file in files {
            let id = self.new_id();
            message.files.push(File { id, name: file.name.clone(), bytes: file.bytes.clone() });
        }
        let empty = message.content.trim().is_empty()
            && message.embeds.is_empty()
            && message.components.is_empty()
            && message.files.is_empty();
        if empty { Err(refuse(50_006).breach("an empty message")) } else { Ok(()) }
    }

    /// Checks and puts together a new message.
    pub(super) fn compose_new(
        &mut self,
        form: rules::Form,
        channel: u64,
        body: &Value,
        files: &[Upload],
    ) -> Result<Message, Refusal> {
        rules::check(form, body, files, &[])?;
        let mut message = Message::new(self.new_id(), channel, BOT, self.now);
        self.compose(&mut message, body, files)?;
        self.ping(&mut message);
        Ok(message)
    }

    /// Checks and does an edit; edits call nobody.
    pub(super) fn compose_edit(
        &mut self,
        form: rules::Form,
        old: &Message,
        body: &Value,
        files: &[Upload],
    ) -> Result<Message, Refusal> {
        let kept: Vec<_> = old.files.iter().map(|file| file.id).collect();
        rules::check(form, body, files, &kept)?;
        let mut message = old.clone();
        message.edits += 1;
        message.edited = Some(self.now);
        self.compose(&mut message, body, files)?;
        message.flags |= old.flags & crate::support::discord::world::EPHEMERAL;
        Ok(message)
    }

    /// Who is mentioned: texts of embeds never count, and a message that does not limit it mentions all.
    fn mention(&self, message: &mut Message, allowed: &Value) {
        let parses = |kind: &str| {
            allowed.is_null()
                || allowed["parse"].as_array().is_some_and(|parse| parse.iter().any(|p| p == kind))
        };
        let listed = |user: u64| {
            allowed["users"].as_array().is_some_and(|users| users.iter().any(|id| json_id(id) == Some(user)))
        };
        let text = &message.content;
        let may = self.guild_of(message.channel).is_some()
            && self.permissions(message.author, message.channel) & MENTION_EVERYONE != 0;
        message.everyone =
            (text.contains("@everyone") || text.contains("@here")) && parses("everyone") && may;
        let said = |user: &u64| text.contains(&format!("<@{user}>")) || text.contains(&format!("<@!{user}>"));
        let mentioned = self.people.keys().copied().filter(said);
        message.mentions = mentioned.filter(|user| parses("users") || listed(*user)).collect();
    }

    /// Whom a new message calls.
    pub(in crate::support::discord) fn ping(&self, message: &mut Message) {
        if message.flags & SUPPRESS_NOTIFICATIONS != 0 {
            return;
        }
        if message.everyone {
            let here = !message.content.contains("@everyone");
            message.pinged.push(if here { "@here" } else { "@everyone" }.into());
        }
        for user in &message.mentions {
            message.pinged.push(format!("@{}", self.name_of(*user)));
        }
    }

    /// What a person's text mentions.
    pub(in crate::support::discord) fn mention_all(&self, message: &mut Message) {
        self.mention(message, &Value::Null);
    }
}
