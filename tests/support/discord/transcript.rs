//! A channel with its threads as a person reads it, for snapshots: no ids, a stable order.

use std::sync::LazyLock;

use chrono::DateTime;
use regex::{Captures, Regex};

use super::markdown::displayed;
use super::view::{Embed, Seen};
use super::world::World;

/// Links within Discord, which have ids in them.
static LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"https://(?:\w+\.)?discord\.com/channels/([\d@me/]+)").unwrap());

impl World {
    /// The messages of a channel, each with the thread that started from it.
    pub fn transcript(&self, channel: u64) -> String {
        let name = self.channels.get(&channel).map_or("(deleted)", |channel| &channel.name);
        let mut lines = vec![format!("#{name}")];
        self.tell_messages(channel, 0, &mut lines);
        let orphans = self
            .threads(channel)
            .into_iter()
            .filter(|thread| self.message(thread.id).is_none_or(|m| m.channel != channel));
        for thread in orphans {
            self.tell_thread(thread.id, 0, &mut lines);
        }
        lines.join("\n") + "\n"
    }

    fn tell_messages(&self, channel: u64, depth: usize, lines: &mut Vec<String>) {
        for message in self.messages(channel) {
            let told = self.tell_message(&message);
            lines.extend(
                told.iter().map(|line| format!("{}{line}", "  ".repeat(depth)).trim_end().to_owned()),
            );
            if depth == 0 && self.thread_of(message.id).is_some() {
                self.tell_thread(message.id, 1, lines);
            }
        }
    }

    fn tell_thread(&self, id: u64, depth: usize, lines: &mut Vec<String>) {
        let Some(thread) = self.thread_of(id) else { return };
        let state = match (thread.archived, thread.locked) {
            (true, true) => " (archived and locked)",
            (true, false) => " (archived)",
            (false, true) => " (locked)",
            (false, false) => "",
        };
        lines.push(format!("{}🧵 {}{state}", "  ".repeat(depth), thread.name));
        self.tell_messages(id, depth + 1, lines);
    }

    fn tell_message(&self, message: &Seen) -> Vec<String> {
        let mut head = message.author.clone();
        if let Some(to) = message.reply_to {
            let to = self.message(to).map_or("a deleted message", |to| self.name_of(to.author));
            head += &format!(" to {to}");
        }
        if let Some(user) = message.only_for {
            head += &format!(" (only {} sees this)", self.name_of(user));
        }
        if message.thinking {
            return vec![format!("{head} is thinking…")];
        }
        let mut body: Vec<String> = self.shown(&message.content).lines().map(str::to_owned).collect();
        message.embeds.iter().for_each(|embed| body.extend(self.tell_embed(embed)));
        body.extend(
            message.files.iter().map(|f| format!("📎 {} ({} lines)", f.name, f.text.lines().count())),
        );
        if !message.buttons.is_empty() {
            body.push(message.buttons.iter().map(tell_button).collect::<Vec<_>>().join(" "));
        }
        let names =
            |users: &[u64]| users.iter().map(|user| self.name_of(*user)).collect::<Vec<_>>().join(", ");
        body.extend(message.reactions.iter().map(|(emoji, users)| format!("{emoji} {}", names(users))));
        if !message.pinged.is_empty() {
            head += &format!(" → {}", message.pinged.join(" "));
        }
        let mut lines = vec![head + ":"];
        lines.extend(body.into_iter().map(|line| format!("  {line}")));
        lines
    }

    fn tell_embed(&self, embed: &Embed) -> Vec<String> {
        let mut texts = Vec::new();
        let color = embed.color.map(|color| format!(" (#{color:06x})")).unwrap_or_default();
        texts.push(format!("{}{color}", self.shown(&embed.title)));
        if !embed.description.is_empty() {
            texts.push(self.shown(&embed.description));
        }
        for (name, value) in &embed.fields {
            let value = self.shown(value);
            let value = if value.contains('\n') { format!("\n{value}").replace('\n', "\n  ") } else { value };
            let space = if value.starts_with('\n') { "" } else { " " };
            texts.push(format!("{}:{space}{value}", self.shown(name)));
        }
        if !embed.footer.is_empty() {
            texts.push(format!("— {}", embed.footer));
        }
        let text = texts.join("\n");
        text.lines().map(|line| format!("┃ {line}")).collect()
    }

    /// A text as it is read, with names for mentions, and times as UTC.
    pub fn shown(&self, text: &str) -> String {
        let named = LINK.replace_all(text, |found: &Captures<'_>| self.link(found));
        displayed(&named, &|tag| self.tag(tag))
    }

    /// `<@1>`, `<#1>`, `<t:1:R>` and the like.
    fn tag(&self, tag: &str) -> String {
        let inner = tag.trim_matches(['<', '>']);
        let number = |prefix: &str| inner.strip_prefix(prefix)?.parse::<u64>().ok();
        if let Some(user) = number("@").or_else(|| number("@!")) {
            return format!("@{}", self.name_of(user));
        }
        if let Some(channel) = number("#") {
            return format!("#{}", self.channels.get(&channel).map_or("deleted", |channel| &channel.name));
        }
        let seconds = inner.strip_prefix("t:").and_then(|time| time.split(':').next()?.parse().ok());
        match seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)) {
            Some(time) => time.format("%F %H:%M").to_string(),
            None => format!("[{}]", inner.trim_matches(|c: char| !c.is_alphabetic())),
        }
    }

    /// A link to a channel or to a message in it.
    fn link(&self, found: &Captures<'_>) -> String {
        let mut ids = found[1].split('/').skip(1);
        let channel = ids.next().and_then(|id| id.parse().ok()).and_then(|id| self.channels.get(&id));
        let name = channel.map_or("deleted", |channel| &channel.name);
        if ids.next().is_some() {
            format!("https://discord/{name}/message")
        } else {
            format!("https://discord/{name}")
        }
    }
}

fn tell_button(button: &super::view::Button) -> String {
    match (button.disabled, button.style) {
        (true, _) => format!("({})", button.label),
        (false, 5) => format!("[{} ↗]", button.label),
        (false, _) => format!("[{}]", button.label),
    }
}
