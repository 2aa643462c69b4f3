//! Telegram as a stage, in a forum and in a plain group: the adapter on the strict fake.

use std::sync::Arc;

use async_trait::async_trait;
use steward::adapters::chat::telegram::Telegram;
use steward::config::{Secret, TelegramSettings};
use steward::engine::ports::{Chat, Ears};
use tokio::sync::watch;

use super::stage::{Act, At, How, Shown, Stage, Trouble, Who};
use crate::support::telegram::{
    BASIC_GROUP, BOT_NAME, Fault, GROUP, Limits, OPERATOR, OTHER_GROUP, STRANGER, Seen, SeenTopic, Standing,
    TOKEN, View,
};
use crate::support::{FakeTelegram, HandClock};

/// What Telegram marks that shows as itself all the same, and the styles that Steward uses.
const HARMLESS: [&str; 7] = ["bold", "code", "pre", "url", "email", "hashtag", "cashtag"];

pub struct Group {
    telegram: FakeTelegram,
    clock: Arc<HandClock>,
    chat: Arc<dyn Chat>,
    forum: bool,
}

pub async fn forum() -> Arc<dyn Stage> {
    open(true).await
}

pub async fn group() -> Arc<dyn Stage> {
    open(false).await
}

async fn open(forum: bool) -> Arc<dyn Stage> {
    let clock = Arc::new(HandClock::at("2026-11-21T08:00:00Z"));
    let telegram = FakeTelegram::start(clock.clone()).await;
    telegram.forum(forum);
    let chat = connect(&telegram, &clock);
    Arc::new(Group { telegram, clock, chat, forum })
}

fn connect(telegram: &FakeTelegram, clock: &Arc<HandClock>) -> Arc<dyn Chat> {
    let operator = OPERATOR.unsigned_abs();
    let settings = TelegramSettings {
        token: Secret::known("env:TELEGRAM_TOKEN", TOKEN),
        chat: GROUP,
        operators: [operator].into(),
        on_call: [operator].into(),
        api: Some(telegram.api()),
    };
    Arc::new(Telegram::new(settings, clock.clone()).unwrap())
}

fn user(who: Who) -> i64 {
    match who {
        Who::Operator => OPERATOR,
        Who::Stranger => STRANGER,
    }
}

fn name(user: i64) -> String {
    if user == OPERATOR { "Alex".to_owned() } else { format!("the user {user}") }
}

fn shown(seen: &Seen) -> Shown {
    let buttons = seen.buttons.iter().flatten().cloned();
    let file = seen.file.as_ref().map(|file| (file.name.clone(), file.text()));
    let called: Vec<String> = seen.mentions.iter().copied().map(name).collect();
    let strange = seen.entities.iter().filter(|entity| !HARMLESS.contains(&entity.kind.as_str()));
    // Whoever is called is mentioned.
    let strange = strange.filter(|entity| entity.kind != "text_mention");
    Shown {
        id: seen.id.to_string(),
        text: seen.text.clone(),
        buttons: buttons.collect(),
        files: file.into_iter().collect(),
        called,
        loud: seen.loud,
        edited: seen.edited,
        private: false,
        marks: strange.map(|entity| entity.kind.clone()).collect(),
    }
}

fn all(messages: &[Seen]) -> Vec<Shown> {
    messages.iter().map(shown).collect()
}

fn ours(messages: Vec<Seen>) -> Vec<Seen> {
    messages.into_iter().filter(|message| message.from == "Steward").collect()
}

fn first_line_has(text: &str, word: &str) -> bool {
    format!(" {} ", text.lines().next().unwrap_or_default()).contains(&format!(" {word} "))
}

/// A root message says more in its first line than its number.
fn is_root(message: &Seen, number: u64) -> bool {
    let line = message.text.lines().next().unwrap_or_default();
    let more = line.split_once(&format!("#{number} ")).map(|(sign, _)| sign.chars().count() <= 3);
    more == Some(true)
}

fn topic_of(view: &View<'_>, number: u64) -> Option<SeenTopic> {
    let is_its = |topic: &SeenTopic| format!("{} ", topic.name).starts_with(&format!("#{number} "));
    view.topics().into_iter().rfind(is_its)
}

fn number(id: &str) -> i64 {
    id.parse().unwrap()
}

impl Group {
    fn see<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        self.telegram.see(look)
    }

    fn roots_of(view: &View<'_>, number: u64) -> Vec<Seen> {
        let mut messages = ours(view.messages(GROUP));
        messages.retain(|message| message.reply_to.is_none() && is_root(message, number));
        messages
    }

    /// In a group without topics an incident's thread is what answers its root message, or names it.
    fn replies_of(view: &View<'_>, number: u64) -> Vec<Seen> {
        let roots: Vec<i64> = Self::roots_of(view, number).iter().map(|root| root.id).collect();
        let mut messages = ours(view.messages(GROUP));
        messages.retain(|message| {
            let replies = message.reply_to.is_some_and(|to| roots.contains(&to));
            let names = first_line_has(&message.text, &format!("#{number}"));
            !roots.contains(&message.id) && (replies || (message.reply_to.is_none() && names))
        });
        messages
    }

    fn thread_of(&self, view: &View<'_>, number: u64) -> Vec<Seen> {
        if !self.forum {
            return Self::replies_of(view, number);
        }
        let Some(topic) = topic_of(view, number) else { return Vec::new() };
        let mut messages = ours(view.in_topic(Some(topic.id)));
        messages.retain(|message| !is_root(message, number));
        messages
    }

    fn types(&self, who: Who, at: At, text: &str) -> Act {
        let id = match at {
            At::Place => self.telegram.says(user(who), GROUP, text),
            At::Private => self.telegram.says_in_private(user(who), text),
            At::Thread(number) if self.forum => {
                let topic = self.see(|view| topic_of(view, number)).unwrap();
                self.telegram.says_in_topic(user(who), topic.id, text)
            }
            At::Thread(number) => {
                let root = self.see(|view| Self::roots_of(view, number)).remove(0);
                self.telegram.replies(user(who), GROUP, root.id, text)
            }
        };
        let chat = if at == At::Private { user(who) } else { GROUP };
        Act { who, how: How::Message, id: format!("{chat}/{id}"), before: 0 }
    }
}

#[async_trait]
impl Stage for Group {
    fn chat(&self) -> Arc<dyn Chat> {
        self.chat.clone()
    }

    fn restarted(&self) -> Option<Arc<dyn Chat>> {
        Some(connect(&self.telegram, &self.clock))
    }

    fn clock(&self) -> Arc<HandClock> {
        self.clock.clone()
    }

    async fn listen(&self, chat: Arc<dyn Chat>, ears: Arc<dyn Ears>, ending: watch::Receiver<bool>) {
        chat.listen(ears, ending).await;
    }

    async fn left(&self) {}

    async fn ready(&self) {
        let polled = |view: &View<'_>| (!view.calls("getUpdates").is_empty()).then_some(());
        self.telegram.until("the bot fetches what is said", polled).await;
    }

    fn nothing_wrong(&self) {
        self.telegram.nothing_wrong();
    }

    fn transcript(&self) -> String {
        format!("{}\n{}", self.telegram.transcript(), self.see(|view| view.log()))
    }

    fn everything(&self) -> Vec<Shown> {
        let chats = [GROUP, OTHER_GROUP, BASIC_GROUP, OPERATOR, STRANGER];
        self.see(|view| chats.iter().flat_map(|chat| all(&ours(view.messages(*chat)))).collect())
    }

    fn place(&self) -> Vec<Shown> {
        self.see(|view| all(&ours(view.in_topic(None))))
    }

    fn roots(&self, number: u64) -> Vec<Shown> {
        self.see(|view| all(&Self::roots_of(view, number)))
    }

    fn thread(&self, number: u64) -> Vec<Shown> {
        self.see(|view| all(&self.thread_of(view, number)))
    }

    fn is_open(&self, number: u64) -> Option<bool> {
        self.see(|view| topic_of(view, number)).map(|topic| !topic.closed)
    }

    fn answers(&self, act: &Act) -> Vec<Shown> {
        let private = |chat: i64, message: &Seen| Shown { private: chat > 0, ..shown(message) };
        self.see(|view| match act.how {
            How::Message | How::Command => {
                let (chat, id) = act.id.split_once('/').unwrap();
                let (chat, id) = (number(chat), number(id));
                let topic = view.message(chat, id).and_then(|asked| asked.topic);
                let mut later = ours(view.messages(chat));
                later.retain(|message| message.id > id && message.topic == topic);
                later.iter().map(|message| private(chat, message)).collect()
            }
            How::Press => {
                let of = |popup: &&crate::support::telegram::Popup| popup.user == user(act.who);
                let popups = view.popups();
                let texts = popups.iter().skip(act.before).filter(of).filter(|popup| !popup.text.is_empty());
                let text = |text: &str| Shown { text: text.to_owned(), private: true, ..Shown::default() };
                texts.map(|popup| text(&popup.text)).collect()
            }
            How::Reaction => {
                let alone = ours(view.messages(user(act.who))).split_off(act.before);
                alone.iter().map(|message| private(user(act.who), message)).collect()
            }
        })
    }

    fn on_call(&self) -> Vec<String> {
        vec!["Alex".to_owned()]
    }

    fn says(&self, who: Who, at: At, text: &str) -> Option<Act> {
        Some(self.types(who, at, text))
    }

    fn mentions(&self, who: Who, at: At, text: &str) -> Option<Act> {
        Some(self.types(who, at, &format!("@{BOT_NAME} {text}")))
    }

    fn commands(&self, who: Who, at: At, name: &str) -> Option<Act> {
        let act = self.types(who, at, &format!("/{name}@{BOT_NAME}"));
        Some(Act { how: How::Command, ..act })
    }

    async fn completes(&self, _: &str) -> Option<Vec<String>> {
        None
    }

    fn presses(&self, who: Who, message: &Shown, label: &str) -> Option<Act> {
        let before = self.see(|view| view.popups().len());
        let id = self.telegram.press(user(who), GROUP, number(&message.id), label);
        Some(Act { who, how: How::Press, id, before })
    }

    fn reacts(&self, who: Who, message: &Shown, emoji: &str) -> Option<Act> {
        let before = ours(self.telegram.messages(user(who))).len();
        self.telegram.react(user(who), GROUP, number(&message.id), &[emoji]);
        Some(Act { who, how: How::Reaction, id: message.id.clone(), before })
    }

    fn is_acknowledged(&self, act: &Act) -> bool {
        self.see(|view| view.is_answered(&act.id))
    }

    fn says_elsewhere(&self, text: &str) -> usize {
        let mention = format!("@{BOT_NAME} {text}");
        self.telegram.says(OPERATOR, OTHER_GROUP, &format!("/status@{BOT_NAME}"));
        self.telegram.says(OPERATOR, BASIC_GROUP, &format!("/status@{BOT_NAME}"));
        self.telegram.says_in_private(STRANGER, &mention);
        3
    }

    fn deletes(&self, message: &Shown) -> bool {
        self.telegram.delete_message(GROUP, number(&message.id));
        true
    }

    fn deletes_thread(&self, number: u64) -> bool {
        let topic = self.see(|view| topic_of(view, number));
        topic.map(|topic| self.telegram.delete_topic(topic.id)).is_some()
    }

    fn takes_back(&self, act: &Act) -> bool {
        let Some((chat, id)) = act.id.split_once('/') else { return false };
        self.telegram.delete_message(number(chat), number(id));
        true
    }

    fn shuts_the_door(&self) -> bool {
        self.telegram.blocks(OPERATOR, true);
        true
    }

    fn expires(&self, act: &Act) -> bool {
        self.telegram.expire_presses();
        act.how == How::Press
    }

    fn misbehaves(&self, trouble: Trouble, once: bool) -> bool {
        let fault = match trouble {
            Trouble::Error => Fault::BadGateway,
            Trouble::Garbage => Fault::BrokenJson,
            Trouble::Closed => Fault::CloseSocket,
            Trouble::LostAnswer => Fault::DropAnswer,
            Trouble::Hang => Fault::Hang,
            Trouble::Limited(pause) => Fault::FloodWait(pause.as_secs()),
        };
        if once {
            self.telegram.fail_next("sendMessage", 1, fault);
        } else {
            self.telegram.fail_all("*", fault);
        }
        true
    }

    fn talks_nonsense(&self) -> bool {
        self.telegram.update_of_unknown_kind();
        self.telegram.update_without_fields();
        true
    }

    fn is_slow(&self) -> bool {
        self.telegram.limit(Limits { group_per_minute: 1, overall_per_second: 30 });
        true
    }

    fn behaves(&self) {
        self.telegram.work_again();
        self.telegram.release();
    }

    fn is_down(&self, down: bool) -> bool {
        if down {
            self.telegram.go_down()
        } else {
            self.telegram.come_back()
        }
        true
    }

    fn refuses_token(&self) -> Option<&'static str> {
        self.telegram.revoke_token();
        Some(TOKEN)
    }

    fn loses_place(&self) -> bool {
        self.telegram.bot_is(GROUP, Standing::Kicked);
        true
    }
}
