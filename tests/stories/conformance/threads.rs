//! Root messages and threads.

use futures_util::future::join_all;
use steward::engine::ports::{Ears as _, Health, Threads};

use super::cards::{incident, last_word, resolved, update};
use super::room::{Room, root, thread};

pub async fn a_root_message_is_made_once_and_shows_the_present_state(room: &mut Room) {
    room.tell(root(3), &incident(3)).await;
    let first = room.root(3);
    assert!(first.text.contains("open") && first.text.contains("Jellyfin and imports"), "{first:?}");
    let was = room.stage.everything().len();
    let edit = incident(3).field("Tried", "remount: running");
    room.tell(root(3), &edit).await;
    room.tell(root(3), &resolved(3)).await;
    if room.can().edits {
        let now = room.root(3);
        assert_eq!((now.id, now.edited), (first.id, true));
        assert!(now.text.contains("resolved") && now.text.contains("remount: worked"), "{}", now.text);
        assert!(!now.text.contains("running"), "{}", now.text);
        assert_eq!((first.buttons.len(), now.buttons.len()), (usize::from(room.can().buttons), 0));
        assert_eq!(room.stage.everything().len(), was, "{}", room.stage.transcript());
    } else {
        let news = room.in_thread(3, "remount: running");
        assert!(!news.text.contains("Jellyfin"), "only the news are told: {}", news.text);
        let last = room.stage.roots(3).pop().unwrap();
        assert!(last.text.contains("resolved") && last.text.contains("remount: worked"), "{}", last.text);
    }
}

pub async fn an_edit_that_changes_nothing_is_no_failure(room: &mut Room) {
    room.tell(root(3), &incident(3)).await;
    let before = room.stage.everything().len();
    room.tell(root(3), &incident(3)).await;
    assert_eq!(room.stage.everything().len(), before, "{}", room.stage.transcript());
}

pub async fn a_thread_tells_in_the_order_of_delivery_and_only_of_its_incident(room: &mut Room) {
    for number in [3, 4] {
        room.tell(root(number), &incident(number)).await;
    }
    for step in 1..=5 {
        for number in [3, 4] {
            let text = format!("08:00:0{step} seen   step {step} of {number}");
            room.tell(thread(number), &update(number, &text)).await;
        }
    }
    for (number, other) in [(3, 4), (4, 3)] {
        let told = room.stage.thread(number);
        assert_eq!(told.len(), 5, "{}", room.stage.transcript());
        for (step, message) in (1..).zip(&told) {
            assert!(message.text.contains(&format!("step {step} of {number}")), "{told:#?}");
            assert!(!message.text.contains(&format!("of {other}")), "{told:#?}");
        }
    }
}

pub async fn many_incidents_at_once_do_not_mix(room: &mut Room) {
    let numbers: Vec<u64> = (1..=8).collect();
    // As many at once as the platform takes, as the courier does it.
    for some in numbers.chunks(room.can().at_once) {
        let story = |number: u64| {
            let room = &*room;
            async move {
                room.tell(root(number), &incident(number)).await;
                room.tell(thread(number), &update(number, &format!("first of {number}."))).await;
                room.tell(thread(number), &update(number, &format!("second of {number}."))).await;
            }
        };
        join_all(some.iter().copied().map(story)).await;
    }
    for number in numbers {
        room.root(number);
        let told: Vec<String> = room.stage.thread(number).into_iter().map(|message| message.text).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains(&format!("first of {number}.")), "{told:?}");
        assert!(told[1].contains(&format!("second of {number}.")), "{told:?}");
    }
}

pub async fn a_thread_that_is_done_is_closed_and_opens_for_what_comes_later(room: &mut Room) {
    room.tell(root(3), &incident(3)).await;
    room.tell(thread(3), &update(3, "it is broken")).await;
    let has_own = room.can().threads == Threads::Own;
    let open = |is_open: bool| has_own.then_some(is_open);
    assert_eq!(room.stage.is_open(3), open(true));
    room.tell(thread(3), &last_word(3, "it works again")).await;
    assert_eq!(room.stage.is_open(3), open(false), "{}", room.stage.transcript());
    room.in_thread(3, "it works again");
    room.tell(root(3), &resolved(3)).await;
    assert_eq!(room.stage.is_open(3), open(false), "an edit of the root message opens nothing");
    room.tell(thread(3), &update(3, "it is broken again")).await;
    assert_eq!(room.stage.is_open(3), open(true), "{}", room.stage.transcript());
    room.tell(thread(3), &last_word(3, "and it works")).await;
    assert_eq!(room.stage.is_open(3), open(false));
    for told in ["it is broken again", "and it works"] {
        room.in_thread(3, told);
    }
}

pub async fn what_a_delivery_returns_is_what_an_event_there_is_about(room: &mut Room) {
    let made = room.tell(root(3), &incident(3)).await;
    let own = made.own.expect("a root message has a name");
    let about = |name: String| {
        let ears = room.ears.clone();
        let platform = room.chat().platform();
        async move { ears.about(&platform, &name).await.map(|about| about.incident) }
    };
    assert_eq!(about(own.clone()).await, Some(3));
    let told = room.tell(thread(3), &update(3, "it is broken")).await;
    if room.can().threads == Threads::Own {
        let thread = told.thread.or(made.thread).expect("a thread of its own has a name");
        assert_eq!(about(thread.clone()).await, Some(3));
        assert_ne!(thread, own);
    }
    // What is not new need not be named, but is never named differently.
    let again = room.tell(root(3), &resolved(3)).await;
    assert!(again.own.is_none_or(|again| again == own));
}

pub async fn after_a_restart_everything_goes_on_where_it_was(room: &mut Room) {
    room.tell(root(3), &incident(3)).await;
    room.tell(thread(3), &update(3, "before")).await;
    let before = room.stage.roots(3);
    if !room.restart() {
        return;
    }
    room.tell(root(3), &resolved(3)).await;
    room.tell(thread(3), &update(3, "after")).await;
    let now = room.root(3);
    assert_eq!(now.id, before[0].id);
    assert!(now.text.contains("resolved"), "{}", now.text);
    let told: Vec<String> = room.stage.thread(3).into_iter().map(|message| message.text).collect();
    assert!(told.len() == 2 && told[0].contains("before") && told[1].contains("after"), "{told:?}");
}

pub async fn examining_finds_nothing_bad_and_says_nothing(room: &mut Room) {
    let checks = room.chat().examine().await;
    let bad: Vec<_> = checks.iter().filter(|check| check.health == Health::Bad).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert_eq!(room.stage.everything(), Vec::new());
}
