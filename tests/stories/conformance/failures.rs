//! What goes wrong over there, and what the outbox is told about it.

use std::time::Duration;

use futures_util::future::join_all;
use steward::domain::card::{Card, Place};
use steward::engine::ports::DeliveryError;

use super::cards::{incident, question as asked, resolved, update};
use super::hearing::somebody_asks;
use super::room::{Room, answer, question, root, thread};
use super::stage::{Act, At, Trouble, Who};
use super::{console, discord, telegram};

/// What is delivered, each in another way: a root message that is made, one that is edited, an update, a question, a
/// notice.
fn everything() -> [(Place, Card); 5] {
    [
        (root(4), incident(4)),
        (root(3), resolved(3)),
        (thread(3), update(3, "it is broken")),
        (question(3, 7), asked(7)),
        (Place::Lab, Card::titled("Steward was started")),
    ]
}

async fn begin(room: &Room) {
    room.tell(root(3), &incident(3)).await;
    room.tell(thread(3), &update(3, "it began")).await;
}

pub async fn what_fails_over_there_is_tried_again(room: &mut Room) {
    begin(room).await;
    for trouble in [Trouble::Error, Trouble::Garbage, Trouble::Closed] {
        if !room.stage.misbehaves(trouble, false) {
            continue;
        }
        for (place, card) in everything() {
            let what = format!("{trouble:?} at {place:?}");
            let failure = room.try_tell(place, &card).await.expect_err(&what);
            let DeliveryError::Transient { why, .. } = failure else { panic!("{what}: {failure:?}") };
            assert!(!why.is_empty(), "{what}");
        }
        room.stage.behaves();
        // A terminal that broke stays broken.
        if room.stage.restarted().is_some() {
            for (place, card) in everything() {
                room.tell_with_patience(place, &card).await;
            }
        }
    }
}

#[tokio::test]
async fn a_platform_that_never_answers_is_left_alone_after_a_while() {
    let stages =
        [console::open().await, discord::open().await, telegram::forum().await, telegram::group().await];
    // Together, because it is the adapter's own patience that is waited for.
    join_all(stages.map(|stage| async {
        let room = Room::on(stage);
        begin(&room).await;
        if room.stage.misbehaves(Trouble::Hang, false) {
            let failure = room.try_tell(thread(3), &update(3, "it is broken")).await.unwrap_err();
            let DeliveryError::Transient { hold, .. } = &failure else { panic!("{failure:?}") };
            assert!(hold.is_none_or(|hold| hold <= Duration::from_secs(60)), "{failure:?}");
            room.stage.behaves();
            room.tell_with_patience(thread(3), &update(3, "it is broken")).await;
        }
        room.stage.nothing_wrong();
    }))
    .await;
}

pub async fn a_platform_that_wants_a_pause_gets_the_pause_it_wants(room: &mut Room) {
    begin(room).await;
    let wanted = Duration::from_secs(7);
    for (place, card) in everything() {
        if !room.stage.misbehaves(Trouble::Limited(wanted), false) {
            return;
        }
        let what = format!("{place:?}");
        let limited = room.try_tell(place.clone(), &card).await.expect_err(&what);
        let DeliveryError::Limited { pause, .. } = limited else { panic!("{what}: {limited:?}") };
        assert_eq!(pause, wanted, "{what}");
        room.stage.behaves();
        room.pass(pause);
        room.tell(place, &card).await;
    }
}

/// A failure that a person has to mend: it waits, and says what to do without giving a secret away.
fn has_to_be_mended(what: &str, failure: &DeliveryError, secret: Option<&str>) {
    let DeliveryError::Transient { why, hold } = failure else { panic!("{what}: {failure:?}") };
    assert!(hold.is_some_and(|hold| hold >= Duration::from_secs(30)), "{what}: {failure:?}");
    assert!(why.len() > 60 && why.contains(' '), "{what} says nothing: {why}");
    let secret = secret.unwrap_or("no secret");
    let parts = [secret, secret.split([':', '.']).next_back().unwrap_or(secret)];
    assert!(!parts.iter().any(|part| format!("{failure:?}{failure}").contains(part)), "{what} tells: {why}");
}

pub async fn a_token_that_is_refused_is_a_clear_message_and_waits(room: &mut Room) {
    begin(room).await;
    let Some(token) = room.stage.refuses_token() else { return };
    for (place, card) in everything() {
        let what = format!("{place:?}");
        let failure = room.try_tell(place, &card).await.expect_err(&what);
        has_to_be_mended(&what, &failure, Some(token));
        assert!(failure.to_string().contains("token"), "{what}: {failure}");
    }
}

pub async fn a_place_that_is_gone_is_a_clear_message_and_waits(room: &mut Room) {
    begin(room).await;
    if !room.stage.loses_place() {
        return;
    }
    for (place, card) in everything() {
        let what = format!("{place:?}");
        let failure = room.try_tell(place, &card).await.expect_err(&what);
        has_to_be_mended(&what, &failure, None);
        let names_it = failure.to_string().contains("channel") || failure.to_string().contains("chat");
        assert!(names_it, "{what}: {failure}");
    }
}

pub async fn an_answer_to_nobody_is_let_go(room: &mut Room) {
    let lets_go = |told: Result<_, DeliveryError>, what: &str| {
        assert!(matches!(told, Ok(_) | Err(DeliveryError::Permanent { .. })), "{what}: {told:?}");
    };
    let sorry = Card::titled("Only operators may do that.");
    let nonsense = Place::Answer { conversation: "nobody at all".to_owned() };
    lets_go(room.try_tell(nonsense, &sorry).await, "a conversation that is none");
    begin(room).await;
    room.tell(question(3, 7), &asked(7)).await;
    let asked = room.in_thread(3, "Approval 7");
    let listening = room.listen().await;
    if let Some(act) = room.can().reactions.and_then(|[yes, _]| room.stage.reacts(Who::Operator, &asked, yes))
    {
        let heard = room.heard(Some(&act)).await;
        if room.stage.shuts_the_door() {
            lets_go(room.try_tell(answer(&heard), &sorry).await, "somebody who takes no messages");
        }
    }
    let ways: [&dyn Fn() -> Option<Act>; 2] =
        [&|| room.stage.presses(Who::Operator, &asked, "Deny"), &|| {
            room.stage.commands(Who::Operator, At::Place, "status")
        }];
    for way in ways {
        let Some(act) = way() else { continue };
        let heard = room.heard(Some(&act)).await;
        if room.stage.expires(&act) {
            lets_go(room.try_tell(answer(&heard), &sorry).await, "too late");
        }
    }
    let (_, heard) = somebody_asks(room).await;
    room.tell(answer(&heard), &sorry).await;
    listening.stop().await;
}
