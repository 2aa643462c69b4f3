//! A refusal of one message: what becomes of it, and that nothing else waits for it.

use std::time::Duration;

use steward::domain::card::{Card, Mention, Place};
use steward::engine::ports::{Delivered, DeliveryError};

use super::super::support::discord::{BOT, CHANNEL, Fault, OTHER_CHANNEL, permission};
use super::{Wire, adapter_in, incident, pass, question, told};

const POST: &str = "POST /channels/*/messages";
const EDIT: &str = "PATCH /channels/*/messages/*";

/// An incident with a thread and a question, and what the question is called.
async fn asked() -> (Wire, Option<String>) {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
    let own = wire.question(question(), None).await.unwrap().own;
    (wire, own)
}

fn answered() -> Card {
    let mut card = question().field("Answer", "yes, by alex");
    card.actions.clear();
    card
}

#[tokio::test]
async fn what_is_refused_to_one_message_holds_no_other_up() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    for (route, status, code) in [(EDIT, 403, 50_013), (EDIT, 404, 0), (EDIT, 403, 0), (EDIT, 404, 10_004)] {
        wire.discord.next(1, route, Fault::Refused(status, code));
        let refused = wire.root(incident("stuck")).await.unwrap_err();
        assert!(
            matches!(&refused, DeliveryError::Transient { hold: None, .. }),
            "{status} {code}: {refused:?}"
        );
    }
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_refused_token_is_known_whatever_code_stands_beside_it() {
    let mut wire = Wire::new().await;
    wire.discord.next(1, POST, Fault::Refused(401, 40_001));
    let refused = wire.root(incident("open")).await.unwrap_err();
    assert!(
        matches!(&refused, DeliveryError::Transient { hold: Some(_), why } if why.contains("Reset Token")),
        "{refused:?}"
    );
    wire.discord.next(1, "PATCH /webhooks/**", Fault::Refused(401, 50_027));
    let now = wire.clock.time().timestamp_millis();
    let conversation = format!("command/{CHANNEL}/1/{BOT}/{now}/token");
    let given = wire.answer(&conversation, Card::titled("All is well")).await;
    assert_eq!(given, Ok(Delivered::default()), "an interaction's token is no bot's");
}

#[tokio::test]
async fn a_question_in_a_thread_that_is_locked_for_good_is_let_go_or_asked_again_where_it_can_be() {
    for refusal in [None, Some(Fault::Refused(400, 160_005)), Some(Fault::Refused(403, 160_005))] {
        let (mut wire, own) = asked().await;
        let thread = wire.thread().0.id;
        wire.discord.lock(thread);
        wire.discord.take_permission(permission::MANAGE_THREADS);
        if let Some(refusal) = refusal {
            for route in ["PATCH /channels/*", "POST /channels/*/messages", EDIT] {
                wire.discord.always(&route.replacen('*', &thread.to_string(), 1), refusal.clone());
            }
        }
        assert_eq!(wire.question(answered(), own.clone()).await, Ok(Delivered::default()));
        let again = wire.question(question(), own).await.unwrap();
        let [root, asked] = &wire.in_channel()[..] else { panic!("root and question") };
        assert_eq!(again.own, Some(format!("{CHANNEL}/{}", asked.id)));
        assert_eq!((asked.reply_to, asked.buttons.len()), (Some(root.id), 2));
        assert_eq!(wire.question(answered(), again.own).await, Ok(Delivered::default()));
        assert_eq!(wire.in_channel()[1].field("Answer"), "yes, by alex");
        wire.discord.nothing_wrong();
    }
}

#[tokio::test]
async fn a_thread_that_discord_calls_locked_is_opened_for_the_story() {
    let (mut wire, _) = asked().await;
    let thread = wire.thread().0.id;
    wire.discord.next(1, &format!("POST /channels/{thread}/messages"), Fault::Refused(403, 160_005));
    wire.update(told("08:00:20 seen   it is still stale")).await.unwrap();
    assert_eq!((wire.thread().1.len(), wire.in_channel().len()), (3, 1));
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn what_another_application_once_posted_is_posted_anew() {
    let (mut wire, own) = asked().await;
    wire.discord.next(2, EDIT, Fault::Refused(403, 50_005));
    let root = wire.root(incident("stuck")).await.unwrap().root;
    assert_eq!(root, Some(format!("{CHANNEL}/{}", wire.in_channel()[1].id)));
    let again = wire.question(question(), own.clone()).await.unwrap().own;
    assert!(again.is_some() && again != own);
    assert_eq!(wire.thread().1.len(), 3);
    wire.discord.next(1, EDIT, Fault::Refused(403, 50_005));
    assert_eq!(wire.question(answered(), own).await, Ok(Delivered::default()));
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn in_another_channel_a_question_is_asked_again_if_the_old_one_is_closed_to_the_bot() {
    let (mut wire, own) = asked().await;
    wire.chat = adapter_in(&wire.discord, &wire.clock, OTHER_CHANNEL);
    wire.discord.overwrite(CHANNEL, BOT, 0, permission::VIEW_CHANNEL);
    assert_eq!(wire.question(answered(), own.clone()).await, Ok(Delivered::default()));
    wire.question(question(), own).await.unwrap();
    let [root] = &wire.discord.look(|world| world.posts(OTHER_CHANNEL))[..] else { panic!("a new root") };
    assert_eq!(wire.discord.look(|world| world.posts(root.id))[0].buttons.len(), 2);
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn an_answer_that_is_forbidden_is_let_go() {
    let mut wire = Wire::new().await;
    let said = wire.discord.says(super::super::support::discord::OPERATOR, CHANNEL, "status");
    wire.discord.overwrite(CHANNEL, BOT, 0, permission::SEND_MESSAGES);
    let given = wire.answer(&format!("message/{CHANNEL}/{said}"), Card::titled("All is well")).await;
    assert_eq!(given, Ok(Delivered::default()));
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn where_threads_are_closed_to_the_bot_the_story_is_told_in_the_channel() {
    for right in [permission::SEND_MESSAGES_IN_THREADS, permission::CREATE_PUBLIC_THREADS] {
        let mut wire = Wire::new().await;
        wire.root(incident("open")).await.unwrap();
        wire.discord.overwrite(CHANNEL, BOT, 0, right);
        let landed = wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
        assert_eq!((landed.root, landed.thread), (None, None));
        let [root, update] = &wire.in_channel()[..] else { panic!("root and update") };
        assert_eq!(update.reply_to, Some(root.id));
        wire.discord.overwrite(CHANNEL, BOT, 0, 0);
        wire.update(told("08:00:20 seen   it is still stale")).await.unwrap();
        assert_eq!((wire.thread().1.len(), wire.in_channel().len()), (1, 2), "and in its thread again");
        wire.discord.nothing_wrong();
    }
}

#[tokio::test]
async fn a_call_does_not_wait_for_the_thread_and_is_made_once() {
    let pause = Duration::from_secs(600);
    for has_thread in [true, false] {
        let mut wire = Wire::new().await;
        wire.root(incident("open")).await.unwrap();
        let route = if has_thread {
            wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
            format!("POST /channels/{}/messages", wire.thread().0.id)
        } else {
            "POST /channels/*/messages/*/threads".to_owned()
        };
        wire.discord.next(1, &route, Fault::RateLimited { after: pause, global: false });
        let mut card = told("08:00:20 call   it can't be repaired");
        card.mention = Mention::Here;
        let message = wire.outbound(super::thread(), card, None);
        assert_eq!(wire.deliver(&message).await, Err(DeliveryError::Limited { pause, everything: false }));
        assert_eq!(wire.in_channel()[1].content, "@here");
        pass(&wire, pause);
        wire.deliver(&message).await.unwrap();
        let [_, call] = &wire.in_channel()[..] else { panic!("root and one call") };
        assert!(call.embeds[0].description.ends_with(&format!("<#{}>", wire.thread().0.id)));
        wire.discord.nothing_wrong();
    }
}

#[tokio::test]
async fn a_thread_is_not_taken_for_kept_because_discord_did_not_say() {
    let (mut wire, _) = asked().await;
    wire.discord.threads_come_once();
    wire.discord.delete_thread(wire.thread().0.id);
    let after = Duration::from_secs(7);
    for (fault, is_limit) in [(Fault::RateLimited { after, global: false }, true), (Fault::Close, false)] {
        wire.discord.next(1, "GET /channels/*/messages/*", fault);
        let failure = wire.update(told("08:00:20 seen   it is still stale")).await.unwrap_err();
        match is_limit {
            true => assert_eq!(failure, DeliveryError::Limited { pause: after, everything: false }),
            false => assert!(matches!(failure, DeliveryError::Transient { hold: None, .. }), "{failure:?}"),
        }
        assert_eq!(wire.in_channel().len(), 1);
        pass(&wire, after);
    }
    wire.update(told("08:00:30 seen   it is still stale")).await.unwrap();
    assert_eq!(wire.in_channel().len(), 2, "a new root message");
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_new_root_message_is_kept_although_it_can_have_no_thread() {
    let (mut wire, _) = asked().await;
    wire.discord.delete_thread(wire.thread().0.id);
    wire.discord.delete_message(wire.in_channel()[0].id);
    wire.discord.always("POST /channels/*/messages/*/threads", Fault::Refused(400, 160_006));
    wire.refs.root = None;
    for told_so_far in 1..=2 {
        wire.update(told("08:00:20 seen   it is still stale")).await.unwrap();
        assert_eq!(wire.in_channel().len(), 1 + told_so_far, "one root message, and what is told");
    }
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn an_old_message_that_was_edited_too_often_holds_no_other_edit_up() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    wire.discord.next(1, EDIT, Fault::Refused(429, 30_046));
    let limited = wire.root(incident("stuck")).await.unwrap_err();
    assert!(matches!(limited, DeliveryError::Limited { everything: false, .. }), "{limited:?}");
    let lab = wire.outbound(Place::Lab, Card::titled("hello"), None);
    wire.deliver(&lab).await.unwrap();
    wire.root(incident("stuck")).await.unwrap();
    assert_eq!(wire.in_channel()[0].field("State"), "stuck");
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_thread_that_was_opened_for_an_edit_is_archived_again_although_the_edit_fails() {
    let (mut wire, own) = asked().await;
    let thread = wire.thread().0.id;
    wire.discord.archive(thread, true);
    let pause = Duration::from_secs(10);
    wire.discord.limit(EDIT, 1, pause);
    let limited = wire.question(answered(), own).await;
    assert_eq!(limited, Err(DeliveryError::Limited { pause, everything: false }));
    assert!(wire.thread().0.archived);
    wire.discord.nothing_wrong();
}
