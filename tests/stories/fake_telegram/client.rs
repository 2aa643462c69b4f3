//! teloxide as the client.

use teloxide::ApiError;
use teloxide::RequestError;
use teloxide::net::default_reqwest_settings;
use teloxide::prelude::*;
use teloxide::types::{
    AllowedUpdate, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, ParseMode,
    ReactionType, ReplyParameters, UpdateKind,
};

use super::Raw;
use crate::support::telegram::{BOT, BOT_NAME, GROUP, OPERATOR, TOKEN};

fn bot(raw: &Raw) -> Bot {
    let http = default_reqwest_settings().build().unwrap();
    Bot::with_client(TOKEN, http).set_api_url(raw.telegram.api().parse().unwrap())
}

#[tokio::test]
async fn a_real_client_sends_edits_hears_presses_and_reactions_and_reads_its_chat() {
    let raw = Raw::start().await;
    let (telegram, bot) = (raw.telegram.clone(), bot(&raw));
    let me = bot.get_me().await.unwrap();
    assert_eq!((me.username(), me.id.0), (BOT_NAME, BOT.unsigned_abs()));
    assert!(bot.get_webhook_info().await.unwrap().url.is_none());
    let chat = bot.get_chat(ChatId(GROUP)).await.unwrap();
    assert!(chat.is_supergroup());
    let member = bot.get_chat_member(ChatId(GROUP), me.id).await.unwrap();
    assert!(member.is_administrator());
    assert_eq!(bot.get_chat_administrators(ChatId(GROUP)).await.unwrap().len(), 2);
    bot.set_my_commands([BotCommand::new("status", "How things are")]).await.unwrap();
    assert_eq!(bot.get_my_commands().await.unwrap().len(), 1);
    bot.delete_my_commands().await.unwrap();
    assert!(telegram.see(|view| view.commands()).is_empty());

    let key = InlineKeyboardButton::callback("Approve", "yes:1");
    let sent = bot
        .send_message(ChatId(GROUP), "<b>nas</b> is down &amp; out")
        .parse_mode(ParseMode::Html)
        .disable_notification(true)
        .reply_markup(InlineKeyboardMarkup::new([[key]]))
        .await
        .unwrap();
    assert_eq!(sent.text(), Some("nas is down & out"));
    bot.get_updates()
        .allowed_updates([
            AllowedUpdate::Message,
            AllowedUpdate::CallbackQuery,
            AllowedUpdate::MessageReaction,
        ])
        .await
        .unwrap();
    let id = i64::from(sent.id.0);
    let press = telegram.press(OPERATOR, GROUP, id, "Approve");
    telegram.react(OPERATOR, GROUP, id, &["👍"]);
    let updates = bot.get_updates().await.unwrap();
    let [UpdateKind::CallbackQuery(query), UpdateKind::MessageReaction(reaction)] =
        [&updates[0].kind, &updates[1].kind]
    else {
        panic!("{updates:?}")
    };
    assert_eq!(query.data.as_deref(), Some("yes:1"));
    assert_eq!(reaction.new_reaction, [ReactionType::Emoji { emoji: "👍".into() }]);
    bot.answer_callback_query(query.id.clone()).text("Approved").await.unwrap();
    assert!(telegram.see(|view| view.is_answered(&press)));
    bot.edit_message_text(ChatId(GROUP), sent.id, "nas is back").await.unwrap();
    let again = bot.edit_message_text(ChatId(GROUP), sent.id, "nas is back").await;
    assert!(matches!(again, Err(RequestError::Api(ApiError::MessageNotModified))), "{again:?}");
    bot.get_updates().offset(updates[1].id.as_offset()).await.unwrap();
    telegram.handled().await;
    shows(
        &telegram.transcript(),
        "=== Homelab ===\nSteward (edited):\n    nas is back\n    👍 Alex\n    » Alex sees: Approved\n",
    );
    telegram.nothing_wrong();
}

/// The transcript is this.
fn shows(found: &str, wanted: &str) {
    assert_eq!(found, wanted, "\n{found}");
}

#[tokio::test]
async fn a_real_client_uses_topics_answers_and_files() {
    let raw = Raw::start().await;
    let (telegram, bot) = (raw.telegram.clone(), bot(&raw));
    telegram.forum(true);
    let topic = bot.create_forum_topic(ChatId(GROUP), "#7 nas").await.unwrap();
    let sent =
        bot.send_message(ChatId(GROUP), "it stands still").message_thread_id(topic.thread_id).await.unwrap();
    assert_eq!(sent.thread_id, Some(topic.thread_id));
    assert!(sent.is_topic_message);
    let file = InputFile::memory("line 1\nline 2\n").file_name("log.txt");
    bot.send_document(ChatId(GROUP), file)
        .message_thread_id(topic.thread_id)
        .caption("the log")
        .reply_parameters(ReplyParameters::new(sent.id))
        .await
        .unwrap();
    bot.edit_forum_topic(ChatId(GROUP), topic.thread_id).name("#7 nas, resolved").await.unwrap();
    bot.close_forum_topic(ChatId(GROUP), topic.thread_id).await.unwrap();
    let topics = telegram.see(|view| view.topics());
    assert_eq!((topics.len(), topics[0].closed), (1, true));
    let seen = telegram.see(|view| view.in_topic(Some(topics[0].id)));
    assert_eq!(seen[1].file.as_ref().map(|file| file.text()).as_deref(), Some("line 1\nline 2\n"));
    let told = "\
=== Homelab / #7 nas, resolved (closed) ===
--- Steward opened the topic \"#7 nas\"
Steward 🔔:
    it stands still
Steward 🔔:
    ↩ it stands still
    📎 log.txt
    the log
--- Steward renamed the topic to \"#7 nas, resolved\"
--- Steward closed the topic
";
    shows(&telegram.transcript(), told);
    // The bot is told of what it did to its topics itself.
    let updates = bot.get_updates().await.unwrap();
    assert_eq!(updates.len(), 3, "{updates:?}");
    bot.reopen_forum_topic(ChatId(GROUP), topic.thread_id).await.unwrap();
    bot.delete_forum_topic(ChatId(GROUP), topic.thread_id).await.unwrap();
    assert_eq!(telegram.transcript(), "");
    let gone = bot.send_message(ChatId(GROUP), "?").message_thread_id(topic.thread_id).await;
    assert!(gone.unwrap_err().to_string().contains("message thread not found"));
    telegram.nothing_wrong();
}
