//! A real client, serenity, against the fake.

use std::sync::Arc;

use serenity::all::{
    ButtonStyle, ChannelId, Command, CommandOptionType, Context, CreateActionRow, CreateAllowedMentions,
    CreateAttachment, CreateAutocompleteResponse, CreateButton, CreateCommand, CreateCommandOption,
    CreateEmbed, CreateInteractionResponse, CreateInteractionResponseFollowup,
    CreateInteractionResponseMessage, CreateMessage, CreateThread, EditInteractionResponse, EditMessage,
    EditThread, EventHandler, GatewayIntents, GuildId, HttpBuilder, Interaction, Message, MessageId, Nonce,
    Reaction, ReactionType, UserId,
};
use serenity::async_trait;
use serenity::client::ClientBuilder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use serde_json::json;

use super::discord;
use crate::support::HandClock;
use crate::support::discord::{
    CHANNEL, FOREIGN_CHANNEL, FakeDiscord, GUILD, OPERATOR, OTHER_CHANNEL, STRANGER, TOKEN,
};

/// Tells what the client understood.
struct Ears(UnboundedSender<String>);

#[async_trait]
impl EventHandler for Ears {
    async fn guild_create(&self, _: Context, guild: serenity::all::Guild, _: Option<bool>) {
        let _ = self.0.send(format!("guild {}", guild.name));
    }

    async fn message(&self, _: Context, message: Message) {
        let _ = self.0.send(format!("{}: {}", message.author.name, message.content));
    }

    async fn reaction_add(&self, _: Context, reaction: Reaction) {
        let _ = self.0.send(format!("{} by {}", reaction.emoji, reaction.user_id.unwrap()));
    }

    async fn reaction_remove(&self, _: Context, reaction: Reaction) {
        let _ = self.0.send(format!("no more {} by {}", reaction.emoji, reaction.user_id.unwrap()));
    }

    async fn message_delete(&self, _: Context, _: ChannelId, _: MessageId, _: Option<GuildId>) {
        let _ = self.0.send("deleted".into());
    }

    async fn thread_create(&self, _: Context, thread: serenity::all::GuildChannel) {
        let _ = self.0.send(format!("thread {}", thread.name));
    }

    async fn thread_update(
        &self,
        _: Context,
        _: Option<serenity::all::GuildChannel>,
        thread: serenity::all::GuildChannel,
    ) {
        let _ = self.0.send(format!("archived {}", thread.thread_metadata.unwrap().archived));
    }

    async fn thread_delete(
        &self,
        _: Context,
        _: serenity::all::PartialGuildChannel,
        _: Option<serenity::all::GuildChannel>,
    ) {
        let _ = self.0.send("thread deleted".into());
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        answer(&context, interaction).await;
    }
}

/// What the client answers: a defer and an edit to a command, an update to a button, choices.
async fn answer(context: &Context, interaction: Interaction) {
    let http = &context.http;
    match interaction {
        Interaction::Command(command) => {
            let private = CreateInteractionResponseMessage::new().ephemeral(true);
            command.create_response(http, CreateInteractionResponse::Defer(private)).await.unwrap();
            let done = EditInteractionResponse::new().content(format!("{} done", command.data.name));
            command.edit_response(http, done).await.unwrap();
            let more = CreateInteractionResponseFollowup::new().content("and more").ephemeral(true);
            command.create_followup(http, more).await.unwrap();
        }
        Interaction::Component(press) => {
            let message = CreateInteractionResponseMessage::new()
                .content(format!("{} by {}", press.data.custom_id, press.user.name))
                .components(Vec::new());
            press.create_response(http, CreateInteractionResponse::UpdateMessage(message)).await.unwrap();
        }
        Interaction::Autocomplete(typing) => {
            let typed = typing.data.autocomplete().unwrap().value.to_owned();
            let choices = CreateAutocompleteResponse::new().add_string_choice(format!("{typed}s"), "nas");
            typing.create_response(http, CreateInteractionResponse::Autocomplete(choices)).await.unwrap();
        }
        other => panic!("what is {other:?}"),
    }
}

struct Bot {
    discord: FakeDiscord,
    clock: Arc<HandClock>,
    heard: UnboundedReceiver<String>,
    http: Arc<serenity::http::Http>,
}

impl Bot {
    async fn connect() -> Self {
        let (discord, clock) = discord().await;
        Self::connect_to(discord, clock).await
    }

    async fn connect_to(discord: FakeDiscord, clock: Arc<HandClock>) -> Self {
        let (ears, heard) = unbounded_channel();
        let mut http = HttpBuilder::new(TOKEN).proxy(discord.api()).ratelimiter_disabled(true).build();
        http.default_allowed_mentions = Some(CreateAllowedMentions::new());
        http.set_application_id(crate::support::discord::BOT.into());
        let intents = GatewayIntents::non_privileged() | GatewayIntents::MESSAGE_CONTENT;
        let mut client = ClientBuilder::new_with_http(http, intents).event_handler(Ears(ears)).await.unwrap();
        let http = client.http.clone();
        tokio::spawn(async move { client.start().await });
        let mut bot = Self { discord, clock, heard, http };
        bot.hears("guild Homelab").await;
        bot
    }

    /// The next thing that the client understood.
    async fn hears(&mut self, what: &str) {
        let patience = std::time::Duration::from_secs(20);
        let heard = tokio::time::timeout(patience, self.heard.recv()).await;
        let heard = heard.unwrap_or_else(|_| panic!("never heard {what}\n{}", self.discord.everything()));
        assert_eq!(heard.as_deref(), Some(what));
    }
}

fn approval() -> CreateMessage {
    let card = CreateEmbed::new().title("web is down").field("Severity", "error", true).color(0xE7_4C3C);
    let buttons = vec![
        CreateButton::new("yes").label("Approve").style(ButtonStyle::Success),
        CreateButton::new_link("https://example.org").label("Docs"),
    ];
    CreateMessage::new()
        .embed(card)
        .components(vec![CreateActionRow::Buttons(buttons)])
        .nonce(Nonce::String("1".into()))
        .enforce_nonce(true)
}

#[tokio::test]
async fn a_real_client_lives_through_an_incident() {
    let mut bot = Bot::connect().await;
    let channel = ChannelId::new(CHANNEL);
    let mut root = channel.send_message(&bot.http, approval()).await.unwrap();
    bot.hears("Steward: ").await;
    let again = channel.send_message(&bot.http, approval()).await.unwrap();
    assert_eq!(again.id, root.id, "the same nonce is the same message");
    let seen = bot.discord.look(|world| world.message_seen(root.id.get())).unwrap();
    assert_eq!((seen.title().as_str(), seen.field("Severity").as_str()), ("web is down", "error"));
    assert!(seen.button("Approve").is_some_and(|button| !button.disabled && button.style == 3));
    let card = CreateEmbed::new().title("web is well").color(0x2E_CC71);
    root.edit(&bot.http, EditMessage::new().embed(card)).await.unwrap();
    let thread =
        channel.create_thread_from_message(&bot.http, root.id, CreateThread::new("#1 web")).await.unwrap();
    bot.hears("thread #1 web").await;
    let log = CreateAttachment::bytes("one\ntwo\n", "log.txt");
    let update = CreateMessage::new().content("restarted <@1333333333333333401>").add_file(log);
    let told = thread.send_message(&bot.http, update).await.unwrap();
    bot.hears("Steward: restarted <@1333333333333333401>").await;
    told.react(&bot.http, ReactionType::Unicode("✅".into())).await.unwrap();
    bot.hears("✅ by 1424242424242424242").await;
    bot.discord.react(OPERATOR, told.id.get(), "✅");
    bot.hears("✅ by 1333333333333333401").await;
    let reacted =
        told.reaction_users(&bot.http, ReactionType::Unicode("✅".into()), None, None).await.unwrap();
    assert_eq!(reacted.len(), 2);
    let press = bot.discord.press(OPERATOR, root.id.get(), "Approve");
    bot.discord.until("the press to be answered", |world| world.acknowledged(press).then_some(())).await;
    thread.id.edit_thread(&bot.http, EditThread::new().archived(true)).await.unwrap();
    bot.hears("archived true").await;
    let transcript = bot.discord.transcript(CHANNEL);
    assert_eq!(
        transcript,
        "#ops\nSteward:\n  yes by alex\n  ┃ web is well (#2ecc71)\n  🧵 #1 web (archived)\n    Steward:\n      \
         restarted @alex\n      📎 log.txt (2 lines)\n      ✅ Steward, alex\n"
    );
    bot.discord.nothing_wrong();
}

#[tokio::test]
async fn slash_commands_complete_defer_and_follow_up() {
    let bot = Bot::connect().await;
    let target = CreateCommandOption::new(CommandOptionType::String, "target", "What is it about?")
        .required(true)
        .set_autocomplete(true);
    let show =
        CreateCommandOption::new(CommandOptionType::SubCommand, "show", "Show one").add_sub_option(target);
    let incident = CreateCommand::new("incident").description("Incidents").add_option(show);
    let ping = CreateCommand::new("ping").description("Is anybody there?");
    GuildId::new(GUILD).set_commands(&bot.http, vec![incident]).await.unwrap();
    Command::set_global_commands(&bot.http, vec![ping]).await.unwrap();
    assert_eq!(bot.discord.look(|world| world.commands()), ["incident", "ping"]);
    let offered = bot.discord.autocomplete(OPERATOR, CHANNEL, "incident show", "target", "na").await;
    assert_eq!(offered, [("nas".to_owned(), json!("nas"))]);
    let used = bot.discord.slash(OPERATOR, CHANNEL, "incident show", &json!({"target": "nas"}));
    let answer = bot.discord.answer(used).await;
    assert_eq!((answer.content.as_str(), answer.only_for), ("incident done", Some(OPERATOR)));
    bot.discord.until("the follow-up", |world| (world.answers(used).len() == 2).then_some(())).await;
    let private = bot.discord.look(|world| world.private_answers(OPERATOR));
    assert_eq!(
        private.iter().map(|seen| seen.content.as_str()).collect::<Vec<_>>(),
        ["incident done", "and more"]
    );
    assert!(bot.discord.look(|world| world.posts(CHANNEL)).is_empty(), "nobody else sees them");
    bot.discord.nothing_wrong();
}

#[tokio::test]
async fn a_client_hears_what_people_do_in_every_place() {
    let mut bot = Bot::connect().await;
    let discord = bot.discord.clone();
    let said = discord.says(STRANGER, OTHER_CHANNEL, "hello");
    bot.hears("mallory: hello").await;
    discord.replies(OPERATOR, said, "hi");
    bot.hears("alex: hi").await;
    discord.says(STRANGER, FOREIGN_CHANNEL, "from afar");
    bot.hears("mallory: from afar").await;
    discord.says_in_dm(OPERATOR, "psst");
    bot.hears("alex: psst").await;
    let dm = UserId::new(OPERATOR).create_dm_channel(&bot.http).await.unwrap();
    dm.say(&bot.http, "yes?").await.unwrap();
    bot.hears("Steward: yes?").await;
    assert_eq!(discord.dm(OPERATOR).len(), 2);
    discord.react(STRANGER, said, "👍");
    bot.hears("👍 by 1333333333333333502").await;
    discord.unreact(STRANGER, said, "👍");
    bot.hears("no more 👍 by 1333333333333333502").await;
    discord.delete_message(said);
    bot.hears("deleted").await;
    let root = ChannelId::new(CHANNEL).say(&bot.http, "root").await.unwrap();
    bot.hears("Steward: root").await;
    let thread = CreateThread::new("talk");
    let thread =
        ChannelId::new(CHANNEL).create_thread_from_message(&bot.http, root.id, thread).await.unwrap();
    bot.hears("thread talk").await;
    discord.archive(thread.id.get(), true);
    bot.hears("archived true").await;
    discord.says(OPERATOR, thread.id.get(), "wait");
    bot.hears("archived false").await;
    bot.hears("alex: wait").await;
    discord.lock(thread.id.get());
    bot.hears("archived true").await;
    discord.delete_thread(thread.id.get());
    bot.hears("thread deleted").await;
    discord.nothing_wrong();
}

#[tokio::test]
async fn a_dropped_socket_is_resumed_and_nothing_is_missed() {
    let mut bot = Bot::connect().await;
    let said = bot.discord.says(OPERATOR, CHANNEL, "before");
    bot.hears("alex: before").await;
    for (resumed, fault) in
        [FakeDiscord::drop_socket, FakeDiscord::ask_to_reconnect, |d: &FakeDiscord| d.close_gateway(4000)]
            .into_iter()
            .enumerate()
    {
        fault(&bot.discord);
        bot.discord.react(OPERATOR, said, ["👍", "👎", "✅"][resumed]);
        bot.hears(&format!("{} by {OPERATOR}", ["👍", "👎", "✅"][resumed])).await;
        assert_eq!(bot.discord.sessions(), (1, resumed + 1));
    }
    bot.discord.nothing_wrong();
}

#[tokio::test]
async fn a_client_sends_heartbeats_as_often_as_it_is_asked_to() {
    let (discord, clock) = discord().await;
    discord.heartbeat_every(20);
    let bot = Bot::connect_to(discord, clock).await;
    bot.discord.until("a heartbeat", |world| (world.heartbeats() > 0).then_some(())).await;
    bot.discord.connected().await;
    assert_eq!(bot.discord.sessions(), (1, 0));
    bot.discord.nothing_wrong();
    assert_eq!(bot.clock.time().to_rfc3339(), "2026-11-21T08:00:00+00:00", "the story's clock stood still");
}
