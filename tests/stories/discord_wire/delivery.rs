//! What people see of an incident, and what becomes of it when somebody deletes a part.

use std::time::Duration;

use steward::domain::card::{Card, Mention, Place};
use steward::engine::ports::{Delivered, DeliveryError};

use super::super::support::discord::{BOT, CHANNEL, Fault, OTHER_CHANNEL, permission};
use super::{Wire, adapter_in, incident, pass, question, told};

#[tokio::test]
async fn a_root_message_is_edited_in_place_and_made_anew_if_somebody_deleted_it() {
    let mut wire = Wire::new().await;
    let made = wire.root(incident("open")).await.unwrap();
    let id = wire.in_channel()[0].id;
    assert_eq!(made.own.as_deref(), Some(format!("{CHANNEL}/{id}").as_str()));
    assert_eq!(wire.root(incident("stuck")).await, Ok(Delivered::default()));
    let [only] = &wire.in_channel()[..] else { panic!("one message") };
    assert_eq!((only.id, only.field("State").as_str(), only.edits), (id, "stuck", 1));
    assert_eq!(only.buttons[0].custom_id, "ack 12");
    wire.discord.delete_message(id);
    let anew = wire.root(incident("open")).await.unwrap();
    assert_eq!(anew.root.as_deref(), Some(format!("{CHANNEL}/{}", wire.in_channel()[0].id).as_str()));
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn the_story_is_told_in_order_in_a_thread_of_the_root_message_which_is_archived_at_its_end() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    let first = wire.update(told("08:00:10 seen   mount_a is *stale*")).await.unwrap();
    let (thread, posts) = wire.thread();
    assert_eq!(thread.name, "#12 nas/media: mount_a is *stale*");
    assert_eq!(first.thread.as_deref(), Some(thread.id.to_string().as_str()));
    assert_eq!(first.own.as_deref(), Some(format!("{}/{}", thread.id, posts[0].id).as_str()));
    let asked = wire.question(question(), None).await.unwrap();
    let mut end = told("08:01:00 good   it worked");
    end.done = true;
    wire.update(end).await.unwrap();
    let (thread, posts) = wire.thread();
    assert!(thread.archived);
    assert_eq!(posts.len(), 3);
    assert_eq!(posts[1].embeds[0].footer, "✅ or ❌ as a reaction is an answer too.");
    // A message in an archived thread can only be edited while the thread is open.
    let mut answered = question().field("Answer", "yes, by alex");
    answered.actions.clear();
    wire.question(answered, asked.own).await.unwrap();
    let (thread, posts) = wire.thread();
    assert!(thread.archived);
    assert_eq!((posts[1].field("Answer").as_str(), posts[1].buttons.len()), ("yes, by alex", 0));
    assert!(posts.iter().all(|post| post.pinged.is_empty() && post.content.is_empty()));
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_thread_is_named_after_the_root_message_also_by_a_steward_that_did_not_post_it() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    wire.restart();
    wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
    assert_eq!(wire.thread().0.name, "#12 nas/media: mount_a is *stale*");
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_call_reaches_everybody_from_the_channel_and_says_where_the_story_is() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    let mut card = told("08:00:10 call   @everyone look at <@1>");
    card.mention = Mention::Here;
    wire.update(card).await.unwrap();
    let (thread, posts) = wire.thread();
    assert!(posts[0].pinged.is_empty() && posts[0].content.is_empty());
    let [root, call] = &wire.in_channel()[..] else { panic!("root and call") };
    assert_eq!((call.content.as_str(), call.pinged.as_slice()), ("@here", &["@here".to_owned()][..]));
    assert_eq!(call.reply_to, Some(root.id));
    let text = &call.embeds[0].description;
    assert!(text.contains("#12 nas/media") && text.ends_with(&format!("<#{}>", thread.id)), "{text}");
    let mut notice = Card::titled("telegram is cut off");
    notice.mention = Mention::Here;
    let notice = wire.outbound(Place::Lab, notice, None);
    wire.deliver(&notice).await.unwrap();
    let notice = wire.in_channel().pop().unwrap();
    assert_eq!((notice.content.as_str(), notice.title().as_str()), ("@here", "telegram is cut off"));
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_thread_that_somebody_deleted_is_made_anew_from_its_root_message() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
    wire.discord.delete_thread(wire.thread().0.id);
    wire.update(told("08:00:20 seen   it is stale again")).await.unwrap();
    let (_, posts) = wire.thread();
    assert_eq!(posts.len(), 1);
    assert_eq!(wire.in_channel().len(), 1, "the root message is still the one");
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn where_discord_gives_no_second_thread_the_incident_moves_to_a_new_root_message() {
    let mut wire = Wire::new().await;
    wire.discord.threads_come_once();
    wire.root(incident("open")).await.unwrap();
    wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
    wire.discord.delete_thread(wire.thread().0.id);
    let moved = wire.update(told("08:00:20 seen   it is stale again")).await.unwrap();
    let [old, new] = &wire.in_channel()[..] else { panic!("two roots") };
    let (thread, posts) = wire.thread();
    assert_eq!((thread.id, posts.len()), (new.id, 1));
    assert_eq!(new.field("State"), "open", "it looks as the old one did");
    assert_eq!(moved.root.as_deref(), Some(format!("{CHANNEL}/{}", new.id).as_str()));
    assert!(old.buttons.is_empty() && old.embeds[0].description.contains(&format!("<#{}>", thread.id)));
    wire.root(incident("stuck")).await.unwrap();
    assert_eq!(wire.in_channel()[1].field("State"), "stuck");
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn with_root_message_and_thread_gone_the_story_goes_on_from_a_new_one() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
    wire.discord.delete_thread(wire.thread().0.id);
    wire.discord.delete_message(wire.in_channel()[0].id);
    wire.restart();
    wire.update(told("08:00:20 seen   it is stale again")).await.unwrap();
    assert_eq!(wire.in_channel().len(), 1);
    assert_eq!(wire.thread().1.len(), 1);
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_thread_that_was_locked_is_opened_and_if_that_is_forbidden_the_story_goes_on_in_the_channel() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
    wire.discord.lock(wire.thread().0.id);
    wire.update(told("08:00:20 seen   it is still stale")).await.unwrap();
    assert_eq!(wire.thread().1.len(), 2);
    wire.discord.lock(wire.thread().0.id);
    wire.discord.take_permission(permission::MANAGE_THREADS);
    wire.update(told("08:00:30 seen   it is still stale")).await.unwrap();
    let [root, update] = &wire.in_channel()[..] else { panic!("root and update") };
    assert_eq!(update.reply_to, Some(root.id));
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn in_another_channel_a_live_incident_begins_anew_if_the_old_one_is_closed_to_the_bot() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
    wire.chat = adapter_in(&wire.discord, &wire.clock, OTHER_CHANNEL);
    wire.discord.overwrite(CHANNEL, BOT, 0, permission::VIEW_CHANNEL);
    wire.update(told("08:00:20 seen   it is still stale")).await.unwrap();
    wire.root(incident("stuck")).await.unwrap();
    let posts = wire.discord.look(|world| world.posts(OTHER_CHANNEL));
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].field("State"), "stuck");
    assert_eq!(wire.discord.look(|world| world.posts(posts[0].id)).len(), 1, "the update is in its thread");
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn an_update_without_a_root_message_is_told_in_the_channel() {
    let mut wire = Wire::new().await;
    let landed = wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
    assert_eq!((landed.thread, landed.root), (None, None));
    assert_eq!(wire.in_channel().len(), 1);
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_question_that_somebody_deleted_is_asked_again_while_it_can_be_answered() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    let own = wire.question(question(), None).await.unwrap().own;
    wire.discord.delete_message(wire.thread().1[0].id);
    let again = wire.question(question(), own.clone()).await.unwrap().own;
    assert!(again.is_some() && again != own);
    wire.discord.delete_message(wire.thread().1[0].id);
    let mut answered = question();
    answered.actions.clear();
    assert_eq!(wire.question(answered, again).await, Ok(Delivered::default()));
    assert_eq!(wire.thread().1.len(), 0, "what is answered need not be asked");
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn what_was_posted_before_the_connection_broke_is_not_posted_again_and_is_brought_up_to_date() {
    let mut wire = Wire::new().await;
    wire.discord.next(1, "POST /channels/*/messages", Fault::DoThenClose);
    let message = wire.outbound(super::root(), incident("open"), None);
    assert!(wire.deliver(&message).await.is_err());
    wire.restart();
    // While it waited, a newer version took its place in the outbox.
    let newer = steward::engine::ports::Outbound { card: incident("stuck"), ..message };
    let made = wire.deliver(&newer).await.unwrap();
    let [only] = &wire.in_channel()[..] else { panic!("one message") };
    assert_eq!(only.field("State"), "stuck");
    assert_eq!(made.root, Some(format!("{CHANNEL}/{}", only.id)));
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_long_update_that_broke_off_goes_on_where_it_was() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    let mut card = Card::titled("#12");
    card.body = (0..300).map(|n| format!("line {n} of a very long story")).collect();
    let message = wire.outbound(super::thread(), card, None);
    // Discord tells doubles for a few minutes, and these pauses are longer.
    let pause = Duration::from_secs(600);
    wire.discord.limit("POST /channels/*/messages", 1, pause);
    let mut pauses = 0;
    while let Err(failure) = wire.deliver(&message).await {
        assert_eq!(failure, DeliveryError::Limited { pause, everything: false });
        pass(&wire, pause);
        pauses += 1;
    }
    assert!(pauses > 0);
    let (_, posts) = wire.thread();
    assert!(posts.len() > 1);
    let all: Vec<String> = posts.iter().map(|post| post.embeds[0].description.clone()).collect();
    let expected: Vec<String> = (0..300).map(|n| format!("line {n} of a very long story")).collect();
    assert_eq!(all.join("\n").lines().collect::<Vec<_>>(), expected);
    wire.discord.nothing_wrong();
}
