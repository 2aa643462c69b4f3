//! Questions: a card of their own that people answer.

use super::cards::{QUESTION, answered, incident, is_whole, last_word, question as asked, update};
use super::room::{Room, question, root, thread};

/// A question in an incident's thread.
async fn ask(room: &Room) {
    room.tell(root(3), &incident(3)).await;
    room.tell(thread(3), &update(3, "it is broken")).await;
    room.tell(question(3, 7), &asked(7)).await;
}

pub async fn a_question_shows_everything_and_both_answers(room: &mut Room) {
    ask(room).await;
    let shown = room.in_thread(3, "Approval 7: may I run clear-pool?");
    for (name, value) in QUESTION {
        assert!(shown.text.contains(name), "{name} is missing: {}", shown.text);
        assert!(is_whole(std::slice::from_ref(&shown), value), "{value} is missing: {}", shown.text);
    }
    if room.can().buttons {
        let buttons = [("Approve", "approve 7"), ("Deny", "deny 7")];
        assert_eq!(shown.buttons, buttons.map(|(label, command)| (label.to_owned(), command.to_owned())));
    } else {
        assert!(shown.text.contains("approve 7") && shown.text.contains("deny 7"), "{}", shown.text);
    }
    if let Some(reactions) = room.can().reactions {
        assert!(reactions.iter().all(|emoji| shown.text.contains(emoji)), "nobody knows: {}", shown.text);
    }
}

pub async fn an_answered_question_shows_who_decided_and_offers_nothing(room: &mut Room) {
    ask(room).await;
    let before = room.in_thread(3, "Approval 7");
    let was = room.stage.everything().len();
    room.tell(question(3, 7), &answered(7)).await;
    assert_eq!(room.stage.everything().len(), was, "{}", room.stage.transcript());
    if room.can().edits {
        let now = room.in_thread(3, "Approval 7");
        assert_eq!((&now.id, now.edited), (&before.id, true));
        assert!(
            now.text.contains("yes, by alex at 08:01:00") && now.text.contains("it worked"),
            "{}",
            now.text
        );
        assert_eq!(now.buttons, []);
        for offer in ["approve 7", "deny 7", "Expires", "reaction"] {
            assert!(!now.text.contains(offer), "{offer} is still offered: {}", now.text);
        }
    } else {
        // The thread tells who decided.
        room.tell(thread(3), &update(3, "08:01:00 person alex said yes to approval 7.")).await;
        let told = room.in_thread(3, "alex said yes");
        assert!(!told.text.contains("type:"), "{}", told.text);
    }
}

pub async fn a_question_is_brought_up_to_date_also_in_a_closed_thread(room: &mut Room) {
    ask(room).await;
    room.tell(thread(3), &last_word(3, "it works again")).await;
    let was = room.stage.is_open(3);
    room.tell(question(3, 7), &answered(7)).await;
    assert_eq!(room.stage.is_open(3), was, "an edit opens nothing for good\n{}", room.stage.transcript());
    if room.can().edits {
        assert!(room.in_thread(3, "Approval 7").text.contains("yes, by alex"));
    }
}
