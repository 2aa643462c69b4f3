//! Listening: it begins, survives and ends.

use std::time::Duration;

use super::cards::{incident, update};
use super::ears::HANG;
use super::hearing::somebody_asks;
use super::room::{Listening, Room, root, thread};

/// How long whoever waits by the clock is given, in real time, to do what they woke up for.
const BREATH: Duration = Duration::from_millis(100);

/// Waits, by the clock and in truth, until the line is as wanted.
async fn until_line(room: &Room, listening: &Listening, is_up: bool) -> Result<(), String> {
    let last = |heard: &super::ears::Heard| heard.lines.last().filter(|line| line.is_ok() == is_up).cloned();
    let patience = async {
        loop {
            let told = room.ears.until("how the line is", last);
            match tokio::time::timeout(BREATH, told).await {
                Ok(line) => return line,
                Err(_) => room.pass(Duration::from_secs(60)),
            }
            assert!(!listening.is_over(), "it ended by itself");
        }
    };
    tokio::time::timeout(HANG * 2, patience).await.unwrap_or_else(|_| {
        let lines = room.ears.look(|heard| heard.lines.clone());
        panic!("the line is never told to be up: {is_up}; {lines:#?}\n{}", room.stage.transcript())
    })
}

pub async fn listening_ends_promptly(room: &mut Room) {
    let listening = room.listen().await;
    listening.stop().await;
    // Also before it has begun.
    room.begin_to_listen().stop().await;
}

pub async fn listening_survives_a_platform_that_is_down_at_the_start(room: &mut Room) {
    if !room.stage.is_down(true) {
        return;
    }
    let listening = room.begin_to_listen();
    let why = until_line(room, &listening, false).await.unwrap_err();
    assert!(!why.is_empty());
    room.stage.is_down(false);
    until_line(room, &listening, true).await.unwrap();
    room.stage.ready().await;
    somebody_asks(room).await;
    room.stage.is_down(true);
    listening.stop().await;
    room.stage.is_down(false);
}

pub async fn listening_survives_a_platform_that_goes_away(room: &mut Room) {
    let listening = room.listen().await;
    somebody_asks(room).await;
    if !room.stage.is_down(true) {
        return;
    }
    until_line(room, &listening, false).await.unwrap_err();
    // What is to be told meanwhile can't be told, and is told afterwards.
    let failed = room.try_tell(root(3), &incident(3)).await.unwrap_err();
    assert!(matches!(failed, steward::engine::ports::DeliveryError::Transient { .. }), "{failed:?}");
    room.stage.is_down(false);
    until_line(room, &listening, true).await.unwrap();
    room.stage.ready().await;
    somebody_asks(room).await;
    room.tell(root(3), &incident(3)).await;
    room.tell(thread(3), &update(3, "it is broken")).await;
    listening.stop().await;
}

pub async fn listening_survives_nonsense(room: &mut Room) {
    let listening = room.listen().await;
    somebody_asks(room).await;
    if !room.stage.talks_nonsense() {
        return;
    }
    // Nonsense may cost the connection, but not for long.
    let patience = async {
        while tokio::time::timeout(BREATH, room.stage.ready()).await.is_err() {
            room.pass(Duration::from_secs(60));
        }
        somebody_asks(room).await;
    };
    patience.await;
    assert!(!listening.is_over());
    listening.stop().await;
}

pub async fn a_token_that_is_refused_is_told_without_the_token_and_listening_goes_on(room: &mut Room) {
    let Some(token) = room.stage.refuses_token() else { return };
    let listening = room.begin_to_listen();
    let why = until_line(room, &listening, false).await.unwrap_err();
    assert!(why.contains("token") && why.len() > 60, "nobody knows what to do: {why}");
    assert!(!why.contains(token), "{why}");
    room.pass(Duration::from_secs(3600));
    assert!(!listening.is_over(), "it gave up");
    let told = room.ears.look(|heard| heard.lines.clone());
    assert!(!told.iter().any(Result::is_ok), "{told:?}");
    listening.stop().await;
}

pub async fn nothing_is_heard_twice_over_a_restart(room: &mut Room) {
    let listening = room.listen().await;
    room.ears.dies(true);
    somebody_asks(room).await;
    listening.die().await;
    room.ears.dies(false);
    if !room.restart() {
        return;
    }
    let listening = room.listen().await;
    let act = room.stage.mentions(super::stage::Who::Operator, super::stage::At::Place, "incidents");
    let heard = room.heard(act.as_ref()).await;
    assert_eq!(heard.text, "incidents", "what was heard is heard again");
    listening.stop().await;
}
