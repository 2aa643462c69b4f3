//! What a person deletes is made anew or let go, and never stops the story.

use steward::engine::ports::{Ears as _, Threads};

use super::cards::{answered, incident, question as asked, resolved, update};
use super::room::{Room, answer, question, root, thread};
use super::stage::{At, Who};

async fn begin(room: &Room) {
    room.tell(root(3), &incident(3)).await;
    room.tell(thread(3), &update(3, "it is broken")).await;
}

async fn is_about(room: &Room, name: &str) -> Option<u64> {
    room.ears.about(&room.chat().platform(), name).await.map(|about| about.incident)
}

pub async fn a_root_message_that_was_deleted_is_made_anew(room: &mut Room) {
    begin(room).await;
    let old = room.stage.roots(3).remove(0);
    if !room.stage.deletes(&old) {
        return;
    }
    let made = room.tell(root(3), &resolved(3)).await;
    let new = room.root(3);
    assert!(new.text.contains("resolved"), "{}", new.text);
    let own = made.own.expect("what is made anew has a new name");
    assert_eq!(is_about(room, &own).await, Some(3));
    room.tell(root(3), &resolved(3).field("Next", "nothing")).await;
    let edited = room.root(3);
    assert_eq!((edited.id, edited.edited), (new.id, true));
    room.tell(thread(3), &update(3, "it goes on")).await;
    room.in_thread(3, "it goes on");
}

pub async fn a_thread_goes_on_when_its_root_message_was_deleted(room: &mut Room) {
    begin(room).await;
    let old = room.stage.roots(3).remove(0);
    if !room.stage.deletes(&old) {
        return;
    }
    room.tell(thread(3), &update(3, "it goes on")).await;
    room.in_thread(3, "it goes on");
    room.tell(thread(3), &update(3, "and on")).await;
    room.in_thread(3, "and on");
}

pub async fn a_thread_that_was_deleted_is_made_anew(room: &mut Room) {
    begin(room).await;
    if !room.stage.deletes_thread(3) {
        assert_ne!(room.can().threads, Threads::Own, "what has a place of its own can be deleted");
        return;
    }
    let told = room.tell(thread(3), &update(3, "it goes on")).await;
    room.in_thread(3, "it goes on");
    let name = told.thread.expect("a thread that is made anew has a new name");
    assert_eq!(is_about(room, &name).await, Some(3));
    room.tell(thread(3), &update(3, "and on")).await;
    room.tell(root(3), &resolved(3)).await;
    room.tell(question(3, 7), &asked(7)).await;
    assert_eq!(room.stage.thread(3).len(), 3, "{}", room.stage.transcript());
    let root = room.root(3);
    assert!(root.text.contains("resolved"), "{}", root.text);
    // Somebody who deletes it again gets the same again.
    assert!(room.stage.deletes_thread(3));
    room.tell(question(3, 8), &asked(8)).await;
    room.in_thread(3, "Approval 8");
    assert!(room.stage.deletes_thread(3));
    room.tell(super::room::root(3), &incident(3)).await;
    assert!(room.root(3).text.contains("open"));
    room.tell(thread(3), &update(3, "still here")).await;
    room.in_thread(3, "still here");
}

pub async fn a_question_that_was_deleted_is_asked_again_while_it_waits_and_let_go_afterwards(
    room: &mut Room,
) {
    begin(room).await;
    room.tell(question(3, 7), &asked(7)).await;
    if !room.stage.deletes(&room.in_thread(3, "Approval 7")) {
        return;
    }
    let made = room.tell(question(3, 7), &asked(7).field("Note", "it still waits")).await;
    let again = room.in_thread(3, "Approval 7");
    assert!(!again.buttons.is_empty());
    assert_eq!(is_about(room, &made.own.expect("it has a new name")).await, Some(3));
    room.tell(question(3, 7), &answered(7)).await;
    assert!(room.in_thread(3, "Approval 7").text.contains("yes, by alex"));
    assert!(room.stage.deletes(&room.in_thread(3, "Approval 7")));
    room.tell(question(3, 7), &answered(7).field("Note", "for the record")).await;
    let left = room.stage.thread(3);
    assert!(
        !left.iter().any(|message| message.text.contains("Approval 7")),
        "nobody waits for it: {left:#?}"
    );
}

pub async fn an_answer_in_a_thread_that_was_deleted_is_let_go(room: &mut Room) {
    begin(room).await;
    if room.can().threads != Threads::Own {
        return;
    }
    let listening = room.listen().await;
    let act = room.stage.mentions(Who::Operator, At::Thread(3), "show");
    let heard = room.heard(act.as_ref()).await;
    assert!(room.stage.deletes_thread(3));
    let told = room.try_tell(answer(&heard), &incident(3)).await;
    assert!(!matches!(told, Err(steward::engine::ports::DeliveryError::Transient { .. })), "{told:?}");
    listening.stop().await;
}

pub async fn an_answer_to_words_that_were_deleted_is_let_go(room: &mut Room) {
    begin(room).await;
    let listening = room.listen().await;
    let Some(act) = room.stage.mentions(Who::Operator, At::Place, "status") else { return };
    let heard = room.heard(Some(&act)).await;
    assert!(room.stage.takes_back(&act));
    room.tell(answer(&heard), &steward::domain::card::Card::titled("All is well")).await;
    listening.stop().await;
}
