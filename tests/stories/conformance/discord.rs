//! Discord as a stage: the adapter on the strict fake.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use steward::adapters::chat::discord::Discord;
use steward::config::{DiscordSettings, Secret};
use steward::engine::ports::{Chat, Ears};
use tokio::sync::watch;

use super::stage::{Act, At, How, Shown, Stage, Trouble, Who};
use crate::support::discord::view::{Seen, Thread};
use crate::support::discord::{
    BOT, CHANNEL, FOREIGN_CHANNEL, Fault, GUILD, OPERATOR, OTHER_CHANNEL, STRANGER, TOKEN, World,
};
use crate::support::{FakeDiscord, HandClock};

pub struct Guild {
    discord: FakeDiscord,
    clock: Arc<HandClock>,
    chat: Arc<dyn Chat>,
}

pub async fn open() -> Arc<dyn Stage> {
    let clock = Arc::new(HandClock::at("2026-11-21T08:00:00Z"));
    let discord = FakeDiscord::start(clock.clone()).await;
    let chat = connect(&discord, &clock);
    Arc::new(Guild { discord, clock, chat })
}

fn connect(discord: &FakeDiscord, clock: &Arc<HandClock>) -> Arc<dyn Chat> {
    let settings = DiscordSettings {
        token: Secret::known("env:DISCORD_TOKEN", TOKEN),
        guild: GUILD,
        channel: CHANNEL,
        operators: [OPERATOR].into(),
        api: Some(discord.api()),
    };
    Arc::new(Discord::new(settings, clock.clone()).unwrap())
}

fn user(who: Who) -> u64 {
    match who {
        Who::Operator => OPERATOR,
        Who::Stranger => STRANGER,
    }
}

/// A message as it is read.
fn shown(world: &World, seen: &Seen) -> Shown {
    let mut parts = vec![world.shown(&seen.content)];
    for embed in &seen.embeds {
        parts.push(world.shown(&embed.title));
        parts.push(world.shown(&embed.description));
        for (name, value) in &embed.fields {
            parts.push(format!("{}: {}", world.shown(name), world.shown(value)));
        }
        parts.push(embed.footer.clone());
    }
    parts.retain(|part| !part.is_empty());
    let buttons = seen.buttons.iter().filter(|button| !button.disabled);
    Shown {
        id: seen.id.to_string(),
        text: parts.join("\n"),
        buttons: buttons.map(|button| (button.label.clone(), button.custom_id.clone())).collect(),
        files: seen.files.iter().map(|file| (file.name.clone(), file.text.clone())).collect(),
        called: seen.pinged.clone(),
        loud: !seen.pinged.is_empty(),
        edited: seen.edits > 0,
        private: seen.only_for.is_some() || world.dm(OPERATOR).iter().any(|message| message.id == seen.id),
        // Any other text that Discord took for markup reads differently.
        marks: (seen.mentions_everyone && seen.pinged.is_empty())
            .then(|| "a silent @here".to_owned())
            .into_iter()
            .collect(),
    }
}

fn all(world: &World, messages: &[Seen]) -> Vec<Shown> {
    messages.iter().map(|seen| shown(world, seen)).collect()
}

/// The thread of an incident, the latest if there were several.
fn thread_of(world: &World, number: u64) -> Option<Thread> {
    let is_its = |thread: &Thread| format!("{} ", thread.name).starts_with(&format!("#{number} "));
    world.threads(CHANNEL).into_iter().rfind(is_its)
}

fn number(id: &str) -> u64 {
    id.parse().unwrap()
}

impl Guild {
    fn see<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.discord.look(look)
    }

    fn channel(&self, at: At) -> u64 {
        match at {
            At::Place | At::Private => CHANNEL,
            At::Thread(number) => self.see(|world| thread_of(world, number)).unwrap().id,
        }
    }

    fn types(&self, who: Who, at: At, text: &str) -> Act {
        let id = match at {
            At::Private => self.discord.says_in_dm(user(who), text),
            at => self.discord.says(user(who), self.channel(at), text),
        };
        Act { who, how: How::Message, id: id.to_string(), before: 0 }
    }
}

#[async_trait]
impl Stage for Guild {
    fn chat(&self) -> Arc<dyn Chat> {
        self.chat.clone()
    }

    fn restarted(&self) -> Option<Arc<dyn Chat>> {
        Some(connect(&self.discord, &self.clock))
    }

    fn clock(&self) -> Arc<HandClock> {
        self.clock.clone()
    }

    async fn listen(&self, chat: Arc<dyn Chat>, ears: Arc<dyn Ears>, ending: watch::Receiver<bool>) {
        chat.listen(ears, ending).await;
    }

    async fn left(&self) {
        self.discord.until("the end of the connection", |world| (!world.connected()).then_some(())).await;
    }

    async fn ready(&self) {
        let registered = |world: &World| (world.connected() && !world.commands().is_empty()).then_some(());
        self.discord.until("the commands are registered", registered).await;
    }

    fn nothing_wrong(&self) {
        self.discord.nothing_wrong();
    }

    fn transcript(&self) -> String {
        self.discord.everything()
    }

    fn everything(&self) -> Vec<Shown> {
        self.see(|world| {
            let threads = world.threads(CHANNEL).into_iter().map(|thread| thread.id);
            let mut messages: Vec<Seen> =
                [CHANNEL].into_iter().chain(threads).flat_map(|id| world.messages(id)).collect();
            messages.extend(world.dm(OPERATOR));
            messages.retain(|message| message.by_bot);
            all(world, &messages)
        })
    }

    fn place(&self) -> Vec<Shown> {
        self.see(|world| all(world, &world.posts(CHANNEL)))
    }

    fn roots(&self, number: u64) -> Vec<Shown> {
        let title = format!("#{number} ");
        self.see(|world| {
            let mut posts = world.posts(CHANNEL);
            posts.retain(|post| world.shown(&post.title()).starts_with(&title));
            all(world, &posts)
        })
    }

    fn thread(&self, number: u64) -> Vec<Shown> {
        let posts =
            |world: &World| thread_of(world, number).map(|thread| all(world, &world.posts(thread.id)));
        self.see(posts).unwrap_or_default()
    }

    fn is_open(&self, number: u64) -> Option<bool> {
        self.see(|world| thread_of(world, number)).map(|thread| !thread.archived)
    }

    fn answers(&self, act: &Act) -> Vec<Shown> {
        let id = number(&act.id);
        self.see(|world| match act.how {
            How::Message => {
                let Some(asked) = world.message_seen(id) else { return Vec::new() };
                let mut later = world.messages(asked.channel);
                later.retain(|message| message.by_bot && message.id > id);
                all(world, &later)
            }
            How::Command | How::Press => all(world, &world.answers(id)),
            How::Reaction => {
                let mut dm = world.dm(user(act.who));
                dm.retain(|message| message.by_bot);
                all(world, &dm).split_off(act.before)
            }
        })
    }

    fn on_call(&self) -> Vec<String> {
        vec!["@here".to_owned()]
    }

    fn says(&self, who: Who, at: At, text: &str) -> Option<Act> {
        Some(self.types(who, at, text))
    }

    fn mentions(&self, who: Who, at: At, text: &str) -> Option<Act> {
        Some(self.types(who, at, &format!("<@{BOT}> {text}")))
    }

    fn commands(&self, who: Who, at: At, name: &str) -> Option<Act> {
        let id = self.discord.slash(user(who), self.channel(at), name, &json!({}));
        Some(Act { who, how: How::Command, id: id.to_string(), before: 0 })
    }

    async fn completes(&self, typed: &str) -> Option<Vec<String>> {
        let offered = self.discord.autocomplete(OPERATOR, CHANNEL, "show", "incident", typed).await;
        Some(offered.into_iter().map(|(name, _)| name).collect())
    }

    fn presses(&self, who: Who, message: &Shown, label: &str) -> Option<Act> {
        let id = self.discord.press(user(who), number(&message.id), label);
        Some(Act { who, how: How::Press, id: id.to_string(), before: 0 })
    }

    fn reacts(&self, who: Who, message: &Shown, emoji: &str) -> Option<Act> {
        let before = self.discord.dm(user(who)).iter().filter(|message| message.by_bot).count();
        self.discord.react(user(who), number(&message.id), emoji);
        Some(Act { who, how: How::Reaction, id: message.id.clone(), before })
    }

    fn is_acknowledged(&self, act: &Act) -> bool {
        self.see(|world| world.acknowledged(number(&act.id)))
    }

    fn says_elsewhere(&self, text: &str) -> usize {
        let mention = format!("<@{BOT}> {text}");
        self.discord.says(OPERATOR, FOREIGN_CHANNEL, &mention);
        self.discord.says(OPERATOR, OTHER_CHANNEL, &mention);
        self.discord.says_in_dm(STRANGER, text);
        3
    }

    fn deletes(&self, message: &Shown) -> bool {
        self.discord.delete_message(number(&message.id));
        true
    }

    fn deletes_thread(&self, number: u64) -> bool {
        let Some(thread) = self.see(|world| thread_of(world, number)) else { return false };
        self.discord.delete_thread(thread.id);
        true
    }

    fn takes_back(&self, act: &Act) -> bool {
        let is_message = act.how == How::Message;
        if is_message {
            self.discord.delete_message(number(&act.id));
        }
        is_message
    }

    fn shuts_the_door(&self) -> bool {
        self.discord.refuse_dms(OPERATOR);
        true
    }

    fn expires(&self, act: &Act) -> bool {
        let end = self.clock.time() + Duration::from_secs(16 * 60);
        while self.clock.step(end) {}
        matches!(act.how, How::Command | How::Press)
    }

    fn misbehaves(&self, trouble: Trouble, once: bool) -> bool {
        let fault = match trouble {
            Trouble::Error => Fault::Status(503),
            Trouble::Garbage => Fault::Garbage,
            Trouble::Closed => Fault::Close,
            Trouble::LostAnswer => Fault::DoThenClose,
            Trouble::Hang => Fault::Hang,
            Trouble::Limited(after) => Fault::RateLimited { after, global: false },
        };
        if once {
            self.discord.next(1, "POST /channels/*/messages", fault);
        } else {
            self.discord.always("* /**", fault);
        }
        true
    }

    fn talks_nonsense(&self) -> bool {
        self.discord.send_unknown_event();
        self.discord.send_garbage();
        true
    }

    fn is_slow(&self) -> bool {
        self.discord.limit_channel_messages(1, Duration::from_secs(60));
        true
    }

    fn behaves(&self) {
        self.discord.well_behaved();
    }

    fn is_down(&self, down: bool) -> bool {
        if down {
            self.discord.go_down()
        } else {
            self.discord.come_back()
        }
        true
    }

    fn refuses_token(&self) -> Option<&'static str> {
        self.discord.change_token("another token");
        Some(TOKEN)
    }

    fn loses_place(&self) -> bool {
        self.discord.delete_channel(CHANNEL);
        true
    }
}
