//! A message may be delivered twice: nobody knows whether it arrived whose answer got lost.

use std::time::Duration;

use steward::domain::card::{Card, Place};
use steward::engine::ports::{DeliveryError, Outbound};

use super::cards::{incident, read, resolved, update, words};
use super::room::{Room, root, thread};
use super::stage::Trouble;

/// How often a text may be there.
fn copies(room: &Room, is_there: usize, text: &str) {
    let is_fine = if room.can().drops_doubles { is_there == 1 } else { (1..=2).contains(&is_there) };
    assert!(is_fine, "{text:?} is there {is_there} times\n{}", room.stage.transcript());
}

fn in_thread(room: &Room, text: &str) -> usize {
    room.stage.thread(3).iter().filter(|message| message.text.contains(text)).count()
}

pub async fn the_same_message_twice_is_one_where_doubles_are_dropped(room: &mut Room) {
    room.tell(root(3), &incident(3)).await;
    for (place, text) in [(thread(3), "it is broken"), (Place::Lab, "started")] {
        let message = room.message(place, &update(3, text));
        room.deliver(&message).await.unwrap();
        room.deliver(&message).await.unwrap();
    }
    copies(room, in_thread(room, "it is broken"), "the update");
    let notices = room.stage.place().iter().filter(|message| message.text.contains("started")).count();
    copies(room, notices, "the notice");
}

/// The next message is done, but nobody hears of it; `None` where there is no such thing.
async fn loses_an_answer(room: &Room, place: Place, card: &Card) -> Option<Outbound> {
    if !room.stage.misbehaves(Trouble::LostAnswer, true) {
        return None;
    }
    let message = room.message(place, card);
    let lost = room.deliver(&message).await.unwrap_err();
    assert!(matches!(lost, DeliveryError::Transient { hold: None, .. }), "{lost:?}");
    Some(message)
}

pub async fn a_message_whose_answer_got_lost_is_neither_lost_nor_doubled_where_doubles_are_dropped(
    room: &mut Room,
) {
    let Some(message) = loses_an_answer(room, root(3), &incident(3)).await else { return };
    let made = room.deliver(&message).await.unwrap();
    assert!(made.own.is_some(), "a root message that is found again has a name");
    copies(room, room.stage.roots(3).len(), "the root message");
    room.tell(thread(3), &update(3, "it is broken")).await;
    let again = loses_an_answer(room, thread(3), &update(3, "it needs a person")).await.unwrap();
    room.deliver(&again).await.unwrap();
    copies(room, in_thread(room, "it needs a person"), "the update");
}

pub async fn a_message_whose_answer_got_lost_before_a_restart_is_there_once_where_doubles_are_dropped(
    room: &mut Room,
) {
    room.tell(root(3), &incident(3)).await;
    room.tell(thread(3), &update(3, "it is broken")).await;
    let Some(message) = loses_an_answer(room, thread(3), &update(3, "it needs a person")).await else {
        return;
    };
    assert!(room.restart());
    room.deliver(&message).await.unwrap();
    copies(room, in_thread(room, "it needs a person"), "the update");
}

pub async fn a_message_that_was_replaced_while_it_was_on_its_way_shows_the_newest(room: &mut Room) {
    let Some(message) = loses_an_answer(room, root(3), &incident(3)).await else { return };
    let newest = Outbound { card: resolved(3), ..message };
    room.deliver(&newest).await.unwrap();
    let shown = room.stage.roots(3);
    copies(room, shown.len(), "the root message");
    assert!(shown.iter().any(|root| root.text.contains("resolved")), "{shown:#?}");
    let Some(message) = loses_an_answer(room, root(4), &incident(4)).await else { return };
    room.restart();
    room.deliver(&Outbound { card: resolved(4), ..message }).await.unwrap();
    let shown = room.stage.roots(4);
    copies(room, shown.len(), "the root message");
    assert!(shown.iter().any(|root| root.text.contains("resolved")), "{shown:#?}");
}

pub async fn a_long_message_that_is_interrupted_goes_on_where_it_was(room: &mut Room) {
    room.tell(root(3), &incident(3)).await;
    room.tell(thread(3), &update(3, "it is broken")).await;
    if !room.stage.is_slow() {
        return;
    }
    room.pass(Duration::from_secs(120));
    let text = words('w', 9000);
    room.tell_with_patience(thread(3), &update(3, &text)).await;
    let shown = read(&room.stage.thread(3));
    for word in text.split(' ') {
        let times = shown.matches(word).count();
        assert_eq!(times, 1, "{word} is there {times} times\n{}", room.stage.transcript());
    }
}
