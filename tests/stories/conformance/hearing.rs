//! What people say, press and react with reaches the engine, and the answer reaches them.

use std::time::Duration;

use steward::domain::card::Card;
use steward::domain::command::{ChatCommand, parse};
use steward::engine::ports::{Inbound, Kind, Threads};

use super::cards::{has_words, incident, is_whole, question as asked, update, words};
use super::room::{Room, question, root, thread};
use super::stage::{Act, At, How, Shown, Who};
use super::{console, discord, telegram};

/// Says something to Steward in the way that the platform has for that.
fn asks(room: &Room, who: Who, at: At, text: &str) -> Option<Act> {
    room.stage.mentions(who, at, text).or_else(|| room.stage.says(who, at, text))
}

/// An operator asks for the state of the lab.
pub async fn somebody_asks(room: &Room) -> (Act, Inbound) {
    let act = asks(room, Who::Operator, At::Place, "status").expect("somebody can ask");
    let heard = room.heard(Some(&act)).await;
    (act, heard)
}

fn means(room: &Room, heard: &Inbound) -> ChatCommand {
    parse(&heard.text, room.stage.clock().time(), chrono_tz::Tz::UTC)
        .unwrap_or_else(|why| panic!("{:?}: {why}", heard.text))
}

/// The answer reaches who asked.
async fn reaches(room: &Room, act: &Act, heard: &Inbound) -> Vec<Shown> {
    let shown = room.answer(act, heard, &Card::titled("All is well").line("Watching: 9 skills")).await;
    assert!(is_whole(&shown, "All is well"), "no answer to {act:?}\n{}", room.stage.transcript());
    assert!(is_whole(&shown, "Watching: 9 skills"), "{shown:#?}");
    let quiet = shown.iter().all(|message| message.called.is_empty() && !message.loud);
    assert!(quiet, "{shown:#?}");
    shown
}

async fn begin(room: &Room) -> Shown {
    room.tell(root(3), &incident(3)).await;
    room.tell(thread(3), &update(3, "it is broken")).await;
    room.tell(question(3, 7), &asked(7)).await;
    room.in_thread(3, "Approval 7")
}

/// Said by the operator, to Steward.
fn is_an_operators(room: &Room, heard: &Inbound) {
    assert_eq!(heard.platform, room.chat().platform());
    assert!(heard.user.eq_ignore_ascii_case("alex"), "{heard:?}");
    assert!(!heard.user_id.is_empty() && heard.operator && heard.addressed, "{heard:?}");
}

pub async fn what_is_said_to_steward_is_heard_and_answered(room: &mut Room) {
    let listening = room.listen().await;
    let (act, heard) = somebody_asks(room).await;
    is_an_operators(room, &heard);
    assert_eq!((heard.text.as_str(), heard.incident), ("status", None));
    reaches(room, &act, &heard).await;
    let act = asks(room, Who::Operator, At::Place, "what changed since 2h on nas/media?").unwrap();
    let heard = room.heard(Some(&act)).await;
    assert_eq!(heard.text, "what changed since 2h on nas/media?");
    reaches(room, &act, &heard).await;
    listening.stop().await;
}

pub async fn a_command_is_heard_and_answered(room: &mut Room) {
    let listening = room.listen().await;
    let act = room.stage.commands(Who::Operator, At::Place, "status").unwrap();
    let heard = room.heard(Some(&act)).await;
    is_an_operators(room, &heard);
    assert_eq!(means(room, &heard), ChatCommand::Status);
    reaches(room, &act, &heard).await;
    listening.stop().await;
}

pub async fn words_in_a_thread_are_about_its_incident(room: &mut Room) {
    begin(room).await;
    let listening = room.listen().await;
    if room.can().threads == Threads::Inline {
        // There is no thread to type in: the number is named.
        assert_eq!(room.stage.says(Who::Operator, At::Thread(3), "show"), None);
        let act = room.stage.says(Who::Operator, At::Place, "show 3");
        let heard = room.heard(act.as_ref()).await;
        assert_eq!(means(room, &heard), ChatCommand::Show { incident: Some(3) });
        return;
    }
    let act = room.stage.says(Who::Operator, At::Thread(3), "what changed?").unwrap();
    let heard = room.heard(Some(&act)).await;
    assert_eq!((heard.text.as_str(), heard.incident), ("what changed?", Some(3)));
    assert!(heard.operator && !heard.addressed, "it may be meant for others: {heard:?}");
    reaches(room, &act, &heard).await;
    let act = room.stage.mentions(Who::Operator, At::Thread(3), "silence for 2h").unwrap();
    let heard = room.heard(Some(&act)).await;
    is_an_operators(room, &heard);
    assert_eq!((heard.text.as_str(), heard.incident), ("silence for 2h", Some(3)));
    reaches(room, &act, &heard).await;
    let act = room.stage.commands(Who::Operator, At::Thread(3), "ack").unwrap();
    let heard = room.heard(Some(&act)).await;
    is_an_operators(room, &heard);
    assert_eq!((means(room, &heard), heard.incident), (ChatCommand::Ack { incident: None }, Some(3)));
    reaches(room, &act, &heard).await;
    listening.stop().await;
}

pub async fn words_alone_with_steward_are_heard_and_answered(room: &mut Room) {
    let listening = room.listen().await;
    let Some(act) = room.stage.says(Who::Operator, At::Private, "status") else { return };
    let heard = room.heard(Some(&act)).await;
    is_an_operators(room, &heard);
    assert_eq!((heard.text.as_str(), heard.incident), ("status", None));
    let shown = reaches(room, &act, &heard).await;
    assert!(shown.iter().all(|message| message.private), "{shown:#?}");
    assert_eq!(room.stage.place(), Vec::new());
    listening.stop().await;
}

pub async fn a_stranger_is_no_operator(room: &mut Room) {
    begin(room).await;
    let listening = room.listen().await;
    for at in [At::Place, At::Thread(3)] {
        let Some(act) = room.stage.mentions(Who::Stranger, at, "approve 7") else { return };
        let heard = room.heard(Some(&act)).await;
        assert!(!heard.operator && heard.user.eq_ignore_ascii_case("mallory"), "{heard:?}");
        assert_eq!(heard.text, "approve 7");
        reaches(room, &act, &heard).await;
    }
    listening.stop().await;
}

pub async fn other_places_are_ignored_and_counted(room: &mut Room) {
    let listening = room.listen().await;
    let said = room.stage.says_elsewhere("approve 7");
    room.ears.until("that it is ignored", |heard| (heard.ignored >= said).then_some(())).await;
    room.ears.look(|heard| assert_eq!((heard.ignored, &heard.said), (said, &Vec::new())));
    // And what counts still counts.
    somebody_asks(room).await;
    assert_eq!(room.stage.everything(), Vec::new());
    listening.stop().await;
}

pub async fn a_press_is_acknowledged_heard_and_answered_privately(room: &mut Room) {
    let asked = begin(room).await;
    let listening = room.listen().await;
    let Some(act) = room.stage.presses(Who::Operator, &asked, "Approve") else {
        assert!(!room.can().buttons);
        return;
    };
    let heard = room.heard(Some(&act)).await;
    is_an_operators(room, &heard);
    assert_eq!((heard.text.as_str(), heard.incident), ("approve 7", Some(3)));
    let place = room.stage.everything().len();
    let shown = reaches(room, &act, &heard).await;
    assert!(room.stage.is_acknowledged(&act), "the button spins on\n{}", room.stage.transcript());
    if room.can().private_answers {
        assert!(shown.iter().all(|message| message.private), "{shown:#?}");
        let everybodys = room.stage.everything().iter().filter(|message| !message.private).count();
        assert_eq!(everybodys, place, "{}", room.stage.transcript());
    }
    listening.stop().await;
}

pub async fn a_press_on_a_root_message_is_about_its_incident(room: &mut Room) {
    begin(room).await;
    room.tell(root(4), &incident(4)).await;
    let listening = room.listen().await;
    let shown = room.root(4);
    let Some(act) = room.stage.presses(Who::Operator, &shown, "Acknowledge") else {
        assert!(shown.text.contains("ack 4"), "nobody knows what to type: {}", shown.text);
        return;
    };
    let heard = room.heard(Some(&act)).await;
    assert_eq!((heard.text.as_str(), heard.incident), ("ack 4", Some(4)));
    reaches(room, &act, &heard).await;
    listening.stop().await;
}

pub async fn an_answer_finds_its_way_also_after_a_restart(room: &mut Room) {
    let asked = begin(room).await;
    let listening = room.listen().await;
    let ways: [&dyn Fn() -> Option<Act>; 3] = [
        &|| asks(room, Who::Operator, At::Place, "status"),
        &|| room.stage.commands(Who::Operator, At::Place, "status"),
        &|| room.stage.presses(Who::Operator, &asked, "Deny"),
    ];
    let mut waiting = Vec::new();
    for way in ways {
        if let Some(act) = way() {
            let heard = room.heard(Some(&act)).await;
            waiting.push((act, heard));
        }
    }
    listening.stop().await;
    room.restart();
    for (act, heard) in &waiting {
        reaches(room, act, heard).await;
    }
}

pub async fn a_strangers_press_is_heard_as_a_strangers(room: &mut Room) {
    let asked = begin(room).await;
    let listening = room.listen().await;
    let Some(act) = room.stage.presses(Who::Stranger, &asked, "Approve") else { return };
    let heard = room.heard(Some(&act)).await;
    assert!(!heard.operator && heard.user.eq_ignore_ascii_case("mallory"), "{heard:?}");
    let shown = reaches(room, &act, &heard).await;
    assert!(room.stage.is_acknowledged(&act));
    assert_eq!(shown.iter().all(|message| message.private), room.can().private_answers, "{shown:#?}");
    assert_eq!(room.in_thread(3, "Approval 7"), asked, "a stranger's press changes nothing");
    listening.stop().await;
}

pub async fn a_reaction_answers_a_question(room: &mut Room) {
    let asked = begin(room).await;
    let listening = room.listen().await;
    let Some([yes, no]) = room.can().reactions else {
        assert_eq!(room.stage.reacts(Who::Operator, &asked, "👍"), None);
        return;
    };
    for (who, emoji, text) in
        [(Who::Operator, yes, "approve 7"), (Who::Stranger, yes, "approve 7"), (Who::Stranger, no, "deny 7")]
    {
        let act = room.stage.reacts(who, &asked, emoji).unwrap();
        let heard = room.heard(Some(&act)).await;
        assert_eq!((heard.text.as_str(), heard.incident), (text, Some(3)), "{heard:?}");
        assert_eq!((heard.operator, heard.addressed), (who == Who::Operator, true), "{heard:?}");
        if who == Who::Operator {
            is_an_operators(room, &heard);
            // Who may start a conversation with them the platform decides; it must not get in the way.
            room.stage.says(who, At::Private, "status");
            room.heard(Some(&act)).await;
            let told = room.answer(&act, &heard, &Card::titled("It can't be approved any more.")).await;
            assert!(is_whole(&told, "It can't be approved any more."), "{}", room.stage.transcript());
            assert!(told.iter().all(|message| message.private), "{told:#?}");
        }
    }
    listening.stop().await;
}

pub async fn a_reaction_elsewhere_is_no_answer(room: &mut Room) {
    begin(room).await;
    let listening = room.listen().await;
    let Some([yes, _]) = room.can().reactions else { return };
    let update = room.in_thread(3, "it is broken");
    let root = room.root(3);
    room.stage.reacts(Who::Operator, &update, yes).unwrap();
    room.stage.reacts(Who::Operator, &root, yes).unwrap();
    room.stage.reacts(Who::Operator, &room.in_thread(3, "Approval 7"), "🎉").unwrap();
    let (_, heard) = somebody_asks(room).await;
    assert_eq!(heard.text, "status", "a reaction was taken for an answer");
    listening.stop().await;
    room.ears.look(|heard| assert_eq!(heard.said, Vec::new()));
}

pub async fn a_reaction_while_steward_was_away_is_found_once(room: &mut Room) {
    let asked = begin(room).await;
    let Some([yes, _]) = room.can().reactions else { return };
    // Only what was asked for once is kept for whoever is away.
    room.listen().await.stop().await;
    room.stage.reacts(Who::Operator, &asked, yes).unwrap();
    room.restart();
    let listening = room.listen().await;
    let heard = room.ears.next().await;
    assert_eq!((heard.text.as_str(), heard.incident, heard.operator), ("approve 7", Some(3), true));
    room.ears.answered(7);
    listening.stop().await;
    room.restart();
    let listening = room.listen().await;
    let (_, heard) = somebody_asks(room).await;
    assert_eq!(heard.text, "status", "the reaction was found twice");
    listening.stop().await;
}

pub async fn what_is_typed_is_completed(room: &mut Room) {
    let listening = room.listen().await;
    let Some(offered) = room.stage.completes("nas").await else { return };
    assert_eq!(offered.len(), 25);
    assert!(offered[2].starts_with("3 nas/media"), "{offered:?}");
    let asked = room.ears.look(|heard| heard.completed.clone());
    assert_eq!(asked, [(Kind::Incident, "nas".to_owned())]);
    listening.stop().await;
}

pub async fn a_long_answer_arrives_whole(room: &mut Room) {
    begin(room).await;
    let listening = room.listen().await;
    let text = words('a', 9000);
    let ways: [&dyn Fn() -> Option<Act>; 2] = [&|| asks(room, Who::Operator, At::Place, "status"), &|| {
        room.stage.commands(Who::Operator, At::Place, "status")
    }];
    for way in ways {
        let act = way().unwrap();
        let heard = room.heard(Some(&act)).await;
        let shown = room.answer(&act, &heard, &Card::titled("Much").line(&text)).await;
        assert!(has_words(&shown, &text), "to {:?}\n{}", act.how, room.stage.transcript());
    }
    if let Some(act) = room.stage.presses(Who::Operator, &room.in_thread(3, "Approval 7"), "Deny") {
        let heard = room.heard(Some(&act)).await;
        let shown = room.answer(&act, &heard, &Card::titled("Much").line(&text)).await;
        let says_so = shown.iter().any(|message| message.text.contains('…'));
        assert!(has_words(&shown, &text) || says_so, "{shown:#?}");
        assert_eq!(act.how, How::Press);
    }
    room.pass(Duration::ZERO);
    listening.stop().await;
}

/// On several threads, as in production.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_said_in_a_row_is_heard_in_order_on_every_platform() {
    let stages =
        [console::open().await, discord::open().await, telegram::forum().await, telegram::group().await];
    let mut wrong = Vec::new();
    for stage in stages {
        let room = Room::on(stage);
        begin(&room).await;
        let listening = room.listen().await;
        for n in 0..100 {
            let at = if n % 2 == 0 { At::Place } else { At::Thread(3) };
            let text = format!("show {n}");
            let said = asks(&room, Who::Operator, at, &text);
            assert!(said.or_else(|| asks(&room, Who::Operator, At::Place, &text)).is_some());
        }
        let mut heard = Vec::new();
        for _ in 0..100 {
            heard.push(room.ears.next().await.text);
        }
        if heard != (0..100).map(|n| format!("show {n}")).collect::<Vec<_>>() {
            wrong.push((room.chat().platform(), heard));
        }
        listening.stop().await;
        room.stage.nothing_wrong();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

pub async fn hostile_words_are_heard_as_they_were_said(room: &mut Room) {
    let listening = room.listen().await;
    for text in [
        "silence nas/media for 2h because *it* is `known` <b>&amp; 🚀",
        "deny 7 because root@nas_1 _said_ so",
        "show 3 👩‍👩‍👧 @mallory",
    ] {
        let act = asks(room, Who::Operator, At::Place, text).unwrap();
        let heard = room.heard(Some(&act)).await;
        let words: Vec<&str> = heard.text.split_whitespace().collect();
        assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
    }
    listening.stop().await;
}
