//! Three platforms under one Steward: a person acts on one of them, and all of them have to show the same.

use serde_json::json;
use steward::store::audit::AuditRow;

use super::super::support::runbooks::usual;
use super::super::support::{Bot, FakeDiscord, FakeTelegram, Lab, discord, min, nothing_twice, telegram};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    Console,
    Discord,
    Telegram,
}

pub const PLATFORMS: [Platform; 3] = [Platform::Console, Platform::Discord, Platform::Telegram];

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Operator,
    Stranger,
}

pub struct Stage {
    pub lab: Lab,
    here: Platform,
    discord: FakeDiscord,
    telegram: FakeTelegram,
}

/// What people read of the same thing on each platform is the same.
fn alike<T: PartialEq + std::fmt::Debug>(look: impl Fn(Platform) -> T) -> T {
    let [console, discord, telegram] = PLATFORMS.map(look);
    assert_eq!(console, discord, "the console and Discord differ");
    assert_eq!(console, telegram, "the console and Telegram differ");
    console
}

/// The lines of a text that begin so.
fn lines(text: &str, begins: &[&str]) -> String {
    let wanted = |line: &&str| begins.iter().any(|begin| line.starts_with(begin));
    text.lines().filter(wanted).collect::<Vec<_>>().join("\n")
}

impl Stage {
    /// A lab on all three platforms, in which people act on this one.
    pub async fn open(here: Platform, settings: &str) -> Self {
        let lab = usual(settings);
        let (discord, telegram) = (lab.on_discord().await, lab.on_telegram(true).await);
        Self { lab, here, discord, telegram }
    }

    /// Starts Steward, and waits until it hears what people do.
    pub async fn start(&self) -> Bot<'_> {
        let (sessions, _) = self.discord.sessions();
        let polls = self.telegram.see(|view| view.polls());
        let bot = self.lab.start().await;
        let begun =
            |world: &discord::World| (world.connected() && world.sessions().0 > sessions).then_some(());
        self.discord.until("a new session", begun).await;
        self.telegram.until("Steward asks for updates", |view| (view.polls() > polls).then_some(())).await;
        bot.settle().await;
        bot
    }

    /// A Steward that has asked what it may do about this.
    pub async fn asked(&self, target: &str, signature: &str) -> Bot<'_> {
        let bot = self.start().await;
        self.lab.host.break_(target, signature);
        bot.pass(min(6)).await;
        self.waits(1);
        assert_eq!(self.lab.host.ran(), [""; 0], "nothing runs without a yes");
        bot
    }

    /// Somebody presses buttons of a question, one right after the other; what they are told, and nobody else.
    pub async fn presses<const N: usize>(
        &self,
        bot: &Bot<'_>,
        who: Who,
        approval: u64,
        labels: [&str; N],
    ) -> [String; N] {
        let operator = who == Who::Operator;
        match self.here {
            Platform::Console => {
                let buttons = self.lab.chat.buttons(approval);
                let user = if operator { "alex" } else { "mallory" };
                let mut told = [const { String::new() }; N];
                for (told, label) in told.iter_mut().zip(labels) {
                    let (_, command) = buttons.iter().find(|(text, _)| text == label).unwrap();
                    *told = bot.presses(user, operator, self.lab.chat.asked_for(approval), command).await;
                }
                told
            }
            Platform::Discord => {
                let user = if operator { discord::OPERATOR } else { discord::STRANGER };
                let card = self.discord.question(approval).id;
                let presses = labels.map(|label| self.discord.press(user, card, label));
                let mut told = [const { String::new() }; N];
                for (told, press) in told.iter_mut().zip(presses) {
                    let answer = self.discord.answer(press).await;
                    assert_eq!(answer.only_for, Some(user), "{answer:?}");
                    *told = self.discord.look(|world| world.words(&answer));
                }
                bot.settle().await;
                told
            }
            Platform::Telegram => {
                let user = if operator { telegram::OPERATOR } else { telegram::STRANGER };
                let card = self.telegram.question(approval).id;
                let before = self.telegram.see(|view| view.popups().len());
                for label in labels {
                    self.telegram.press(user, telegram::GROUP, card, label);
                }
                let told = self.popups(user, before, N).await;
                bot.settle().await;
                told.try_into().unwrap()
            }
        }
    }

    /// What this person was shown after so many earlier pop-ups, once it is so much.
    async fn popups(&self, user: i64, before: usize, enough: usize) -> Vec<String> {
        let shown = |view: &telegram::View<'_>| {
            let popups = view.popups().split_off(before).into_iter();
            let texts: Vec<_> = popups.filter(|popup| popup.user == user).map(|popup| popup.text).collect();
            (texts.len() >= enough).then_some(texts)
        };
        self.telegram.until("an answer to each press", shown).await
    }

    /// The operator says yes here.
    pub async fn approves(&self, bot: &Bot<'_>, approval: u64) {
        let [told] = self.presses(bot, Who::Operator, approval, ["Approve"]).await;
        assert!(told.starts_with("Approved by alex: "), "{told}");
    }

    /// On every platform the operator answers a question that is over; nothing comes of it but that they are told.
    pub async fn is_over(&self, bot: &Bot<'_>, approval: u64) {
        let answer = format!("approve {approval}");
        let on_console = bot.presses("alex", true, self.lab.chat.asked_for(approval), &answer).await;
        let option = json!({ "approval": approval.to_string() });
        let slash = self.discord.slash(discord::OPERATOR, discord::CHANNEL, "approve", &option);
        let on_discord = self.discord.answer(slash).await;
        let (before, card) =
            (self.telegram.see(|view| view.popups().len()), self.telegram.question(approval).id);
        self.telegram.press_on_inaccessible(telegram::OPERATOR, telegram::GROUP, card, &answer);
        let on_telegram = self.popups(telegram::OPERATOR, before, 1).await.remove(0);
        bot.settle().await;
        for told in [on_console, self.discord.look(|world| world.words(&on_discord)), on_telegram] {
            assert!(told.starts_with(&format!("No approval {approval} waits")), "{told}");
        }
    }

    /// The card of a question as it stands, and the labels of its buttons.
    fn card(&self, on: Platform, approval: u64) -> (String, Vec<String>) {
        match on {
            Platform::Console => {
                let buttons = self.lab.chat.buttons(approval).into_iter().map(|(label, _)| label);
                (self.lab.chat.question(approval), buttons.collect())
            }
            Platform::Discord => {
                let card = self.discord.question(approval);
                let buttons = card.buttons.iter().map(|button| button.label.clone()).collect();
                (self.discord.look(|world| world.words(&card)), buttons)
            }
            Platform::Telegram => {
                let card = self.telegram.question(approval);
                let buttons = card.buttons.into_iter().flatten().map(|(label, _)| label);
                (card.text, buttons.collect())
            }
        }
    }

    /// The question still waits, wherever people look.
    pub fn waits(&self, approval: u64) {
        let (fate, buttons) = alike(|on| {
            let (text, buttons) = self.card(on, approval);
            (lines(&text, &["Answer: ", "Result: "]), buttons)
        });
        assert_eq!((fate.as_str(), buttons.join(" ").as_str()), ("", "Approve Deny"));
    }

    /// What the card says of the answer and of what became of it; nobody can press anything on it any more.
    pub fn decision(&self, approval: u64) -> String {
        let (fate, buttons) = alike(|on| {
            let (text, buttons) = self.card(on, approval);
            (lines(&text, &["Answer: ", "Result: "]), buttons)
        });
        assert_eq!(buttons, [""; 0], "{fate}");
        fate
    }

    /// An incident's state as it is stored and shown.
    pub async fn state(&self, bot: &Bot<'_>, number: u64) -> String {
        let start = format!("#{number} ");
        let roots = |world: &discord::World| {
            let mut posts = world.posts(discord::CHANNEL);
            posts.retain(|post| world.shown(&post.title()).starts_with(&start));
            posts.iter().map(|post| world.words(post)).collect::<Vec<_>>().join("\n")
        };
        let shown = alike(|on| {
            let root = match on {
                Platform::Console => self.lab.chat.root(number),
                Platform::Discord => self.discord.look(roots),
                Platform::Telegram => self.messages(on, number).join("\n"),
            };
            lines(&root, &["State: "])
        });
        let stored = bot.incident(number).await.state;
        assert!(shown.starts_with(&format!("State: {}", stored.as_str())), "{shown} and {stored:?}");
        shown.replacen("State: ", "", 1)
    }

    /// What Steward said in the place of an incident; on Telegram its root message is there too.
    fn messages(&self, on: Platform, number: u64) -> Vec<String> {
        let start = format!("#{number} ");
        match on {
            Platform::Console => self.lab.chat.messages(number),
            Platform::Discord => self.discord.look(|world| {
                let thread = world.threads(discord::CHANNEL).into_iter().find(|t| t.name.starts_with(&start));
                world.posts(thread.unwrap().id).iter().map(|post| world.words(post)).collect()
            }),
            Platform::Telegram => self.telegram.see(|view| {
                let topic = view.topics().into_iter().find(|topic| topic.name.starts_with(&start)).unwrap();
                let said = view.in_topic(Some(topic.id)).into_iter().filter(|said| said.from == "Steward");
                said.map(|said| said.text).collect()
            }),
        }
    }

    /// Each of these is read in an incident's thread once, in this order, and so on every platform; nothing is told
    /// twice.
    pub fn read(&self, number: u64, parts: &[&str]) {
        for on in PLATFORMS {
            let mut said = self.messages(on, number);
            said.retain(|text| !text.lines().any(|line| line.starts_with("State: ")));
            said.retain(|text| !text.lines().next().is_some_and(|title| title.contains(": may I run ")));
            let said = said.join("\n").replace('`', "");
            let found: Vec<_> = parts.iter().map(|part| said.find(part).ok_or(part)).collect();
            assert!(found.iter().all(Result::is_ok) && found.is_sorted(), "{on:?}: {found:?}\n{said}");
            parts.iter().for_each(|part| assert_eq!(said.matches(part).count(), 1, "{on:?}: {part}\n{said}"));
            nothing_twice(&said);
        }
    }

    /// How often people were called, by each platform.
    pub fn calls(&self) -> usize {
        alike(|on| match on {
            Platform::Console => self.lab.chat.calls(),
            Platform::Discord => self.discord.look(|world| {
                let threads = world.threads(discord::CHANNEL).into_iter().map(|thread| thread.id);
                let posts = threads.chain([discord::CHANNEL]).flat_map(|place| world.posts(place));
                posts.filter(|post| !post.pinged.is_empty()).count()
            }),
            Platform::Telegram => {
                let said = self.telegram.messages(telegram::GROUP);
                said.iter().filter(|said| !said.mentions.is_empty()).count()
            }
        })
    }

    /// Ends the story: nothing is left over, and this is all that the audit trail has to say of what was decided,
    /// permitted, run and refused.
    pub async fn end(&self, bot: Bot<'_>, trail: &[Vec<String>]) {
        let told: Vec<String> = bot.trail().await.iter().map(line).collect();
        assert_eq!(told, trail.concat(), "the audit trail says\n{}", told.join("\n"));
        bot.end().await;
    }
}

/// A line of the audit trail: what, about what, how it ended, and who.
fn line(row: &AuditRow) -> String {
    let field = |name: &str| match &row.body[name] {
        serde_json::Value::Null => None,
        value => Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
    };
    let who = row.who.as_ref().map(|who| format!("by {who}"));
    let about = ["decision", "approval", "command", "exit", "text"].map(field).into_iter().flatten();
    let parts = [row.kind.clone(), row.what.clone()].into_iter().chain(about).chain(who);
    parts.collect::<Vec<_>>().join(" ")
}
