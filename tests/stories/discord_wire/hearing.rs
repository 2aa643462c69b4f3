//! What people type, press and react with, and how they are answered.

use std::time::Duration;

use serde_json::json;
use steward::domain::card::Card;
use steward::engine::ports::Asked;

use super::super::support::discord::{
    BOT, CHANNEL, FOREIGN_CHANNEL, Fault, OPERATOR, OTHER_CHANNEL, STRANGER,
};
use super::{Listening, Wire, incident, pass, question, told};

/// An incident with a thread and a question, and somebody who listens.
async fn listening() -> (Wire, Listening) {
    let mut wire = Wire::new().await;
    let made = wire.root(incident("open")).await.unwrap();
    let told = wire.update(told("08:00:10 seen   it is stale")).await.unwrap();
    let asked = wire.question(question(), None).await.unwrap();
    let listening = Listening::begin(&wire);
    listening.about(&made.own.unwrap(), 12, None);
    listening.about(&told.thread.unwrap(), 12, None);
    listening.about(&asked.own.unwrap(), 12, Some(7));
    listening.connected().await;
    (wire, listening)
}

fn question_of(wire: &Wire) -> u64 {
    wire.thread().1[1].id
}

#[tokio::test]
async fn what_is_said_to_steward_is_heard_with_its_incident_and_answered_where_it_was_said() {
    let (mut wire, listening) = listening().await;
    let thread = wire.thread().0.id;
    for (channel, text, heard, incident, addressed) in [
        (CHANNEL, format!("<@{BOT}> status"), "status", None, true),
        (thread, "what changed?".to_owned(), "what changed?", Some(12), false),
        (thread, format!("hey <@{BOT}> ack"), "hey   ack", Some(12), true),
    ] {
        let message = wire.discord.says(OPERATOR, channel, &text);
        let said = listening.said().await;
        assert_eq!(
            (said.text.as_str(), said.incident, said.addressed),
            (heard, incident, addressed),
            "{text}"
        );
        assert_eq!((said.user.as_str(), said.operator), ("alex", true));
        assert_eq!(said.user_id, OPERATOR.to_string());
        wire.answer(&said.conversation, Card::titled("All is well")).await.unwrap();
        let answer = wire.discord.look(|world| world.posts(channel)).pop().unwrap();
        assert_eq!((answer.reply_to, answer.title().as_str()), (Some(message), "All is well"));
        assert!(answer.pinged.is_empty(), "an answer calls nobody");
    }
    let root = wire.in_channel()[0].id;
    wire.discord.replies(OPERATOR, root, "show");
    let said = listening.said().await;
    assert_eq!((said.text.as_str(), said.incident), ("show", Some(12)));
    wire.discord.says_in_dm(OPERATOR, "status");
    let said = listening.said().await;
    assert!(said.addressed);
    wire.answer(&said.conversation, Card::titled("All is well")).await.unwrap();
    assert_eq!(wire.discord.look(|world| world.dm(OPERATOR)).pop().unwrap().title(), "All is well");
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn what_comes_from_elsewhere_is_counted_and_does_nothing() {
    let (wire, listening) = listening().await;
    wire.discord.says(OPERATOR, OTHER_CHANNEL, &format!("<@{BOT}> pause"));
    wire.discord.says(OPERATOR, FOREIGN_CHANNEL, &format!("<@{BOT}> pause"));
    wire.discord.says_in_dm(STRANGER, "pause");
    listening.until("three that are ignored", |heard| (heard.ignored == 3).then_some(())).await;
    // In the channel people talk to each other.
    wire.discord.says(OPERATOR, CHANNEL, "pause");
    wire.discord.says(OPERATOR, CHANNEL, &format!("<@{BOT}> status"));
    assert_eq!(listening.said().await.text, "status");
    assert_eq!(listening.ears.heard.lock().unwrap().ignored, 3);
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_slash_command_is_read_as_if_typed_and_a_stranger_is_refused_in_private() {
    let (mut wire, listening) = listening().await;
    wire.discord.until("the commands", |world| (!world.commands().is_empty()).then_some(())).await;
    let options = json!({ "duration": "2h", "comment": "new disk" });
    let interaction = wire.discord.slash(OPERATOR, wire.thread().0.id, "silence", &options);
    let said = listening.said().await;
    assert_eq!((said.text.as_str(), said.incident), ("silence for 2h because new disk", Some(12)));
    assert!(wire.discord.look(|world| world.acknowledged(interaction)));
    wire.answer(&said.conversation, Card::titled("Silenced")).await.unwrap();
    let answer = wire.discord.look(|world| world.answers(interaction)).pop().unwrap();
    assert_eq!((answer.title().as_str(), answer.only_for, answer.thinking), ("Silenced", None, false));

    let interaction = wire.discord.slash(STRANGER, CHANNEL, "pause", &json!({}));
    let said = listening.said().await;
    assert!(!said.operator);
    let mut long = Card::titled("That is for operators");
    long.body = (0..300).map(|n| format!("line {n} of a very long refusal")).collect();
    wire.answer(&said.conversation, long).await.unwrap();
    let answers = wire.discord.look(|world| world.answers(interaction));
    assert!(answers.len() > 1 && answers.iter().all(|answer| answer.only_for == Some(STRANGER)));
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn an_answer_that_comes_too_late_for_its_command_is_given_in_the_channel() {
    let (mut wire, listening) = listening().await;
    wire.discord.until("the commands", |world| (!world.commands().is_empty()).then_some(())).await;
    wire.discord.slash(OPERATOR, CHANNEL, "status", &json!({}));
    let said = listening.said().await;
    pass(&wire, Duration::from_secs(16 * 60));
    wire.answer(&said.conversation, Card::titled("All is well")).await.unwrap();
    assert_eq!(wire.in_channel().pop().unwrap().title(), "All is well");
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_press_that_could_not_be_acknowledged_counts_and_is_answered_to_its_author_alone() {
    let (mut wire, listening) = listening().await;
    let callback = "POST /interactions/*/*/callback";
    wire.discord.next(1, callback, Fault::Close);
    wire.discord.press(OPERATOR, question_of(&wire), "Approve");
    assert!(listening.said().await.conversation.starts_with("button/"), "the second try got through");
    wire.discord.next(2, callback, Fault::Close);
    wire.discord.press(OPERATOR, question_of(&wire), "Approve");
    let said = listening.said().await;
    assert_eq!(said.text, "approve 7");
    wire.answer(&said.conversation, Card::titled("No approval 7 waits")).await.unwrap();
    assert_eq!(wire.discord.look(|world| world.dm(OPERATOR))[0].title(), "No approval 7 waits");
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn what_is_being_typed_is_completed() {
    let (wire, listening) = listening().await;
    wire.discord.until("the commands", |world| (!world.commands().is_empty()).then_some(())).await;
    let choices = wire.discord.autocomplete(OPERATOR, CHANNEL, "silence", "target", "nas").await;
    assert_eq!(choices, [("Target".to_owned(), json!("nas/media"))]);
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_press_is_its_command_and_is_answered_so_that_only_its_author_sees_it() {
    let (mut wire, listening) = listening().await;
    let interaction = wire.discord.press(STRANGER, question_of(&wire), "Approve");
    let said = listening.said().await;
    assert_eq!((said.text.as_str(), said.incident, said.operator), ("approve 7", Some(12), false));
    assert_eq!(said.user, "mallory");
    wire.answer(&said.conversation, Card::titled("That is for operators")).await.unwrap();
    let private = wire.discord.look(|world| world.private_answers(STRANGER));
    assert_eq!(private[0].title(), "That is for operators");
    assert!(wire.discord.look(|world| world.acknowledged(interaction)));
    assert_eq!(wire.thread().1[1].buttons.len(), 2, "the question still stands");
    let root = wire.in_channel()[0].id;
    wire.discord.press(OPERATOR, root, "Acknowledge");
    let said = listening.said().await;
    assert_eq!((said.text.as_str(), said.incident, said.operator), ("ack 12", Some(12), true));
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_reaction_answers_a_question_and_its_author_is_told_alone() {
    let (mut wire, listening) = listening().await;
    wire.discord.react(OPERATOR, question_of(&wire), "👍");
    wire.discord.react(OPERATOR, wire.in_channel()[0].id, "✅");
    wire.discord.react(STRANGER, question_of(&wire), "❌");
    let said = listening.said().await;
    assert_eq!((said.text.as_str(), said.incident, said.operator), ("deny 7", Some(12), false));
    wire.answer(&said.conversation, Card::titled("That is for operators")).await.unwrap();
    assert_eq!(wire.discord.look(|world| world.dm(STRANGER))[0].title(), "That is for operators");
    wire.discord.react(OPERATOR, question_of(&wire), "✅");
    assert_eq!(listening.said().await.text, "approve 7");
    listening.end().await;
    wire.discord.nothing_wrong();
}

#[tokio::test]
async fn a_reaction_that_came_while_nobody_listened_is_found() {
    let mut wire = Wire::new().await;
    wire.root(incident("open")).await.unwrap();
    let asked = wire.question(question(), None).await.unwrap();
    let question = wire.thread().1[0].id;
    wire.discord.react(STRANGER, question, "✅");
    wire.discord.react(OPERATOR, question, "❌");
    let ears = super::FakeEars {
        asked: std::sync::Mutex::new(vec![Asked {
            approval: 7,
            incident: 12,
            own: asked.own.unwrap(),
            thread: asked.thread,
        }]),
        ..super::FakeEars::default()
    };
    let listening = Listening::with(&wire, ears);
    let said = listening.said().await;
    assert_eq!((said.text.as_str(), said.operator), ("deny 7", true));
    // The next connect finds it once more, and it is not said twice.
    wire.discord.close_gateway(4000);
    listening
        .until("the line again", |heard| (heard.lines.iter().filter(|l| l.is_ok()).count() > 1).then_some(()))
        .await;
    assert!(listening.ears.heard.lock().unwrap().said.is_empty());
    listening.end().await;
    wire.discord.nothing_wrong();
}
