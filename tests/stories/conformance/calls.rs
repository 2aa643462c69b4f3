//! Calling people: exactly those who are on call, and nothing else makes a sound.

use steward::domain::card::{Card, Place};

use super::cards::{
    HOSTILE, calling, incident, is_whole, last_word, question as asked, resolved, update, with_file,
};
use super::room::{Room, question, root, thread};
use super::stage::Shown;

/// Who was called by these, and how many of them made a sound.
fn sounds(shown: &[Shown]) -> (Vec<String>, usize) {
    let called = shown.iter().flat_map(|message| message.called.clone()).collect();
    (called, shown.iter().filter(|message| message.loud).count())
}

pub async fn what_does_not_call_is_quiet(room: &mut Room) {
    room.tell(root(3), &incident(3)).await;
    room.tell(thread(3), &with_file(update(3, "it is broken"), "log.txt", &"a line\n".repeat(50))).await;
    room.tell(question(3, 7), &asked(7)).await;
    room.tell(Place::Lab, &Card::titled("Steward was started")).await;
    room.tell(thread(3), &last_word(3, "it works")).await;
    room.tell(root(3), &resolved(3)).await;
    let shown = room.stage.everything();
    assert_eq!(sounds(&shown), (vec![], 0), "{}", room.stage.transcript());
    assert!(shown.iter().all(|message| message.marks.is_empty()), "{shown:#?}");
}

pub async fn a_call_calls_exactly_who_is_on_call_and_once(room: &mut Room) {
    room.tell(root(3), &incident(3)).await;
    let before = room.stage.everything().len();
    let card = calling(update(3, "08:00:00 call   it needs a person"));
    let message = room.message(thread(3), &card);
    room.deliver(&message).await.unwrap();
    assert_eq!(sounds(&room.stage.everything()), (room.stage.on_call(), 1), "{}", room.stage.transcript());
    room.in_thread(3, "it needs a person");
    assert!(room.stage.everything().len() > before);
    // What comes after a call is quiet again, and so is an edit.
    room.tell(thread(3), &update(3, "somebody is on it")).await;
    room.tell(root(3), &resolved(3)).await;
    assert_eq!(sounds(&room.stage.everything()), (room.stage.on_call(), 1), "{}", room.stage.transcript());
}

pub async fn a_notice_that_calls_does_so_as_well(room: &mut Room) {
    let card = calling(Card::titled("Nothing can be repaired").line("The policy can't be read."));
    let shown = room.news(Place::Lab, &card).await;
    assert_eq!(sounds(&shown), (room.stage.on_call(), 1), "{shown:#?}");
    assert!(is_whole(&shown, "The policy can't be read."), "{shown:#?}");
}

pub async fn a_call_reads_as_itself_and_mentions_nobody_else(room: &mut Room) {
    room.tell(root(3), &Card::titled("#3 @everyone <@1333333333333333401> @mallory")).await;
    for line in HOSTILE {
        let shown = room.news(thread(3), &calling(update(3, line))).await;
        assert_eq!(sounds(&shown), (room.stage.on_call(), 1), "{line:?}: {shown:#?}");
        assert!(shown.iter().all(|message| message.marks.is_empty()), "{line:?}: {shown:#?}");
        let clean = Card::titled(*line).cleaned().title;
        assert!(is_whole(&shown, &clean), "{clean:?}: {shown:#?}");
    }
}
