//! Looks whether the bot, the chat and the people are set up as they have to be.

use teloxide::payloads::{GetChat, GetWebhookInfo};
use teloxide::types::ChatId;

use serde::Deserialize;

use super::Telegram;
use super::fault::{Fault, Reason};
use super::people::{Member, Person};
use super::places::ChatInfo;
use super::poll::Webhook;
use crate::domain::card::one_line;
use crate::engine::ports::{Check, Health};

/// Where administrators are made.
const ADMINISTRATORS: &str =
    "tap the group's name, Edit (the pencil), Administrators, Add Admin, and choose the bot";

/// The bot, as it sees itself.
#[derive(Debug, Deserialize)]
struct Me {
    #[serde(flatten)]
    person: Person,
    #[serde(default)]
    can_read_all_group_messages: bool,
}

impl Telegram {
    /// Everything that can be looked at; ends where the rest is pointless.
    pub(super) async fn checks(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        let Some(me) = self.check_token(&mut checks).await else { return checks };
        self.check_webhook(&mut checks).await;
        let Some(chat) = self.check_chat(&mut checks).await else { return checks };
        if chat.kind != "private" && !self.check_bot(&mut checks, &me, &chat).await {
            return checks;
        }
        self.check_people(&mut checks).await;
        checks
    }

    async fn check_token(&self, checks: &mut Vec<Check>) -> Option<Me> {
        match self.api.me::<Me>().await {
            Ok(me) => {
                checks.push(good("token", format!("It is the token of @{}.", me.person.name())));
                Some(me)
            }
            Err(fault) if fault.is(Reason::Token) => {
                checks.push(Check {
                    name: "token".to_owned(),
                    health: Health::Bad,
                    what: "Telegram refuses the token.".to_owned(),
                    fix: format!(
                        "In Telegram write /mybots to @BotFather, choose the bot, API Token; put the token where `chat.telegram.token` points ({}), and restart Steward.",
                        self.settings.token
                    ),
                });
                None
            }
            Err(fault) => {
                checks.push(unknown("token", &fault));
                None
            }
        }
    }

    async fn check_webhook(&self, checks: &mut Vec<Check>) {
        match self.api.call::<_, Webhook>(&GetWebhookInfo::new()).await {
            Ok(webhook) if webhook.url.is_empty() => {}
            Ok(_) => checks.push(poor(
                "webhook",
                "Another program has set a webhook for the bot; Steward removes it when it starts, because it fetches what is said.",
                "If the other program is still needed, get a bot of its own for it from @BotFather (/newbot).",
            )),
            Err(fault) => checks.push(unknown("webhook", &fault)),
        }
    }

    async fn check_chat(&self, checks: &mut Vec<Check>) -> Option<ChatInfo> {
        let id = self.settings.chat;
        let asked = self.api.call::<_, ChatInfo>(&GetChat::new(ChatId(id))).await;
        let (what, fix) = match asked {
            Ok(chat) if chat.kind == "channel" => (
                format!("{id} is a channel, in which nobody can answer."),
                "Make a group, add the bot to it, and set `chat.telegram.chat` to the group's id.".to_owned(),
            ),
            Ok(chat) => {
                checks.push(good("chat", described(&chat)));
                return Some(chat);
            }
            Err(Fault::Moved(to)) => (
                format!("The group {id} has become a supergroup, with another id."),
                format!("Set `chat.telegram.chat` to {to}, and restart Steward."),
            ),
            Err(fault) if fault.is(Reason::Chat) || fault.is(Reason::Other) => (
                format!("The bot knows no chat {id}."),
                "Add the bot to the group (tap the group's name, Add Members), and set `chat.telegram.chat` to the group's id; ids of groups are negative, and those of supergroups begin with -100.".to_owned(),
            ),
            Err(fault) => {
                checks.push(unknown("chat", &fault));
                return None;
            }
        };
        checks.push(Check { name: "chat".to_owned(), health: Health::Bad, what, fix });
        None
    }

    /// The bot's own part in the group. `false`: it has none.
    async fn check_bot(&self, checks: &mut Vec<Check>, me: &Me, chat: &ChatInfo) -> bool {
        match self.people.member(me.person.id).await {
            Ok(member) if !member.is_there() => {
                checks.push(Check {
                    name: "membership".to_owned(),
                    health: Health::Bad,
                    what: "The bot is not in the group.".to_owned(),
                    fix: "Add it: tap the group's name, Add Members, and search for the bot's name."
                        .to_owned(),
                });
                false
            }
            Ok(member) if !member.may_write() => {
                checks.push(Check {
                    name: "rights".to_owned(),
                    health: Health::Bad,
                    what: "The bot may not write in the group.".to_owned(),
                    fix: format!("Make it an administrator: {ADMINISTRATORS}."),
                });
                false
            }
            Ok(member) => {
                checks.push(rights(&member, chat));
                checks.extend(privacy(&member, me));
                true
            }
            Err(fault) => {
                checks.push(unknown("rights", &fault));
                true
            }
        }
    }

    async fn check_people(&self, checks: &mut Vec<Check>) {
        let settings = &self.settings;
        if settings.operators.is_empty() {
            checks.push(poor(
                "operators",
                "Nobody is listed, so nobody can approve or change anything.",
                "Add your user id to `chat.telegram.operators`; @userinfobot tells it to you.",
            ));
        }
        if settings.on_call.is_empty() {
            checks.push(poor(
                "on call",
                "Nobody is listed, so a call is loud and mentions nobody.",
                "Add user ids to `chat.telegram.on_call`.",
            ));
        }
        let mut names = Vec::new();
        for user in settings.operators.union(&settings.on_call) {
            let name = format!("user {user}");
            match self.people.member(*user).await {
                Ok(member) if member.is_there() => names.push(member.user.name()),
                Ok(_) => checks.push(absent(&name)),
                Err(fault @ Fault::Refused(..)) if !fault.is(Reason::Token) => checks.push(absent(&name)),
                Err(fault) => checks.push(unknown(&name, &fault)),
            }
        }
        if !names.is_empty() {
            checks.push(good("people", format!("In the chat: {}.", names.join(", "))));
        }
    }
}

fn described(chat: &ChatInfo) -> String {
    let title = chat.title.as_deref().map(|title| format!(" \"{}\"", one_line(title))).unwrap_or_default();
    match (chat.kind.as_str(), chat.is_forum) {
        (_, true) => format!("The group{title} has topics: each incident gets one."),
        ("private", _) => {
            "It is a private chat: incidents are told as replies to their first message.".to_owned()
        }
        _ => format!(
            "The group{title} has no topics: incidents are told as replies to their first message; for topics tap the group's name, Edit, Topics."
        ),
    }
}

fn rights(member: &Member, chat: &ChatInfo) -> Check {
    if !member.is_administrator() {
        let topics = if chat.is_forum { " and can't make topics" } else { "" };
        return poor(
            "rights",
            format!(
                "The bot is no administrator, so it sees no reactions{topics}; buttons and commands work."
            ),
            format!("Make it an administrator: {ADMINISTRATORS}."),
        );
    }
    if chat.is_forum && !member.may_manage_topics() {
        return poor(
            "rights",
            "The bot may not manage topics, so incidents are told as replies.",
            "Tap the group's name, Edit, Administrators, the bot, and turn on Manage Topics.",
        );
    }
    good("rights", "The bot is an administrator and sees reactions.".to_owned())
}

fn privacy(member: &Member, me: &Me) -> Option<Check> {
    let is_deaf = !me.can_read_all_group_messages && !member.is_administrator();
    is_deaf.then(|| {
        poor(
            "privacy mode",
            "The bot does not see plain words in the group, only commands, mentions and replies.",
            "Make it an administrator, or write /setprivacy to @BotFather, choose the bot, Disable, and then remove the bot from the group and add it again.",
        )
    })
}

fn absent(name: &str) -> Check {
    poor(
        name,
        format!("There is no {name} in the chat."),
        "Invite them, or correct the id in `chat.telegram.operators` or `chat.telegram.on_call`; @userinfobot tells people theirs.",
    )
}

fn good(name: &str, what: String) -> Check {
    Check { name: name.to_owned(), health: Health::Good, what, fix: String::new() }
}

fn poor(name: &str, what: impl Into<String>, fix: impl Into<String>) -> Check {
    Check { name: name.to_owned(), health: Health::Poor, what: what.into(), fix: fix.into() }
}

fn unknown(name: &str, fault: &Fault) -> Check {
    let fix = match fault {
        Fault::Unreachable(_) | Fault::Silent => {
            "Look whether this machine reaches api.telegram.org, or what `chat.telegram.api` names."
        }
        _ => "Try again in a while.",
    };
    Check {
        name: name.to_owned(),
        health: Health::Unknown,
        what: sentence(&fault.to_string()),
        fix: fix.to_owned(),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}
