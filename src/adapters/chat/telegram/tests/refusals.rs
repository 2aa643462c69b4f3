//! What Telegram, or a server that stands for it, refuses or leaves out: it costs what it has to and nothing else.

use super::*;

fn texts(calls: &[(String, Value)]) -> Vec<&str> {
    let sent = calls.iter().filter(|(method, _)| method == "sendMessage");
    sent.map(|(_, params)| params["text"].as_str().unwrap_or_default()).collect()
}

fn answer_to(conversation: String, card: Card) -> Outbound {
    message(1, Place::Answer { conversation }, card, Refs::default())
}

#[tokio::test]
async fn a_file_that_may_not_be_sent_is_begun_as_text_and_holds_nothing_up() {
    for refusal in [
        refuse(400, "Bad Request: not enough rights to send documents to the chat"),
        refuse(403, "Forbidden: CHAT_SEND_DOCS_FORBIDDEN"),
        refuse(404, "Not Found"),
    ] {
        let server =
            Server::start(move |method, _| if method == "sendDocument" { refusal.clone() } else { None })
                .await;
        let telegram = telegram(&server);
        let mut told = card("#12");
        told.attachments = vec![Attachment { name: "journal.txt".into(), text: "evidence\n".repeat(500) }];
        let delivered = telegram.deliver(&message(1, thread(), told, refs(4, Some(5)))).await.unwrap();
        assert!(delivered.own.is_some());
        let calls = server.take();
        let texts = texts(&calls);
        assert_eq!(texts.len(), 2, "{calls:#?}");
        assert!(
            texts[1].starts_with("journal.txt\nevidence\n") && texts[1].contains("may not send files"),
            "{texts:?}"
        );
        assert!(text::units(texts[1]) <= text::LONGEST);
    }
}

#[tokio::test]
async fn where_not_even_text_may_be_sent_everything_waits_for_a_person() {
    let server = Server::start(|method, _| match method {
        "sendDocument" => refuse(400, "Bad Request: not enough rights to send documents to the chat"),
        "sendMessage" => refuse(400, "Bad Request: not enough rights to send text messages to the chat"),
        _ => None,
    })
    .await;
    let error =
        telegram(&server).deliver(&message(1, thread(), card("#12"), refs(4, Some(5)))).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Transient { hold: Some(_), .. }), "{error}");
}

#[tokio::test]
async fn a_server_without_what_is_optional_is_used_as_a_group_without_topics() {
    let server = Server::start(|method, _| match method {
        "sendMessage" | "editMessageText" => None,
        _ => refuse(404, "Not Found: method not found"),
    })
    .await;
    let telegram = telegram(&server);
    let made = telegram.deliver(&message(1, root(), card("#12"), Refs::default())).await.unwrap();
    assert!(made.root.is_some() && made.thread.is_none());
    let over = Card { done: true, ..card("#12 over") };
    telegram.deliver(&message(2, thread(), over, made)).await.unwrap();
    // A topic of earlier days, which can be neither opened nor closed.
    let over = Card { done: true, ..card("#13 over") };
    for card in [card("#13"), over] {
        telegram.deliver(&message(3, thread(), card, refs(4, Some(5)))).await.unwrap();
    }
    let calls = server.take();
    assert_eq!(texts(&calls).len(), 4, "{calls:#?}");
}

#[tokio::test]
async fn a_chat_that_can_not_be_looked_at_is_written_to_all_the_same() {
    let mut is_mended = false;
    let server = Server::start(move |method, params| {
        is_mended = is_mended || params["text"].as_str().is_some_and(|text| text.contains("mended"));
        (method == "getChat" && !is_mended).then(|| (500, json!("no")))
    })
    .await;
    let telegram = telegram(&server);
    let first = message(1, root(), card("#12"), Refs::default());
    let mut tries = 1;
    while telegram.deliver(&first).await.is_err() {
        tries += 1;
        assert!(tries < 10, "it stays mute");
    }
    assert!(tries > 1, "a single failure does not cost the topic");
    telegram.deliver(&message(2, root(), card("mended"), Refs::default())).await.unwrap();
    let made = telegram.deliver(&message(3, root(), card("#14"), Refs::default())).await.unwrap();
    assert!(made.thread.is_some(), "it was looked at again");
}

#[tokio::test]
async fn a_topic_that_can_not_be_closed_holds_up_nothing_for_ever_and_doubles_nothing() {
    let server = Server::start(|method, _| (method == "closeForumTopic").then(|| (502, json!("no")))).await;
    let telegram = telegram(&server);
    let over = message(1, thread(), Card { done: true, ..card("#12 over") }, refs(4, Some(5)));
    let mut tries = 1;
    while telegram.deliver(&over).await.is_err() {
        tries += 1;
        assert!(tries < 10, "it is tried for ever");
    }
    assert!(tries > 1, "what fails by itself is tried again");
    assert_eq!(texts(&server.take()).len(), 1);
}

#[tokio::test]
async fn an_answer_in_a_closed_topic_comes_once_also_if_the_topic_can_not_be_closed_again() {
    let mut is_closed = true;
    let server = Server::start(move |method, _| match method {
        "sendMessage" if is_closed => refuse(400, "Bad Request: TOPIC_CLOSED"),
        "reopenForumTopic" => {
            is_closed = false;
            None
        }
        "closeForumTopic" => Some((502, json!("no"))),
        _ => None,
    })
    .await;
    let telegram = telegram(&server);
    let answered = telegram.deliver(&answer_to(format!("chat:{CHAT}:3:5"), card("All is well"))).await;
    assert_eq!(answered, Ok(Delivered::default()));
    assert_eq!(server.methods(), ["sendMessage", "reopenForumTopic", "sendMessage", "closeForumTopic"]);
}

#[tokio::test]
async fn an_answer_of_several_messages_goes_on_where_it_was_when_the_topic_can_not_be_opened() {
    let mut sent = 0;
    let mut fails = 1;
    let server = Server::start(move |method, _| match method {
        "sendMessage" => {
            sent += 1;
            if sent == 2 { refuse(400, "Bad Request: TOPIC_CLOSED") } else { None }
        }
        "reopenForumTopic" if fails > 0 => {
            fails -= 1;
            Some((502, json!("no")))
        }
        _ => None,
    })
    .await;
    let telegram = telegram(&server);
    let mut long = card("Incidents");
    long.body = (0..200).map(|n| format!("line {n} of a long story")).collect();
    let answer = answer_to(format!("chat:{CHAT}:3:5"), long);
    telegram.deliver(&answer).await.unwrap_err();
    telegram.deliver(&answer).await.unwrap();
    let calls = server.take();
    let first = texts(&calls).iter().filter(|text| text.contains("line 0 of")).count();
    assert_eq!(first, 1, "{calls:#?}");
}

#[tokio::test]
async fn what_was_taken_without_a_number_is_not_sent_again() {
    let server = Server::start(|method, _| match method {
        "sendMessage" | "createForumTopic" => {
            Some((200, json!({ "ok": true, "result": { "message_id": "?" } })))
        }
        _ => None,
    })
    .await;
    let telegram = telegram(&server);
    for place in [root(), thread(), Place::Lab] {
        let delivered = telegram.deliver(&message(1, place, card("#12"), Refs::default())).await;
        assert_eq!(delivered, Ok(Delivered::default()));
        assert_eq!(texts(&server.take()).len(), 1);
    }
}

#[tokio::test]
async fn a_press_that_worked_is_answered_in_passing_and_one_that_did_not_has_to_be_read() {
    let server = Server::start(|_, _| None).await;
    let telegram = telegram(&server);
    let worked = Card {
        done: true,
        ..Card::titled("Approved by alex, and it runs right now on every host").line("more")
    };
    for (card, alert) in [(worked, false), (Card::titled("No."), true)] {
        telegram.deliver(&answer_to("press:42".into(), card)).await.unwrap();
        assert_eq!(server.only("answerCallbackQuery")["show_alert"], alert);
    }
}

#[tokio::test]
async fn who_hides_behind_the_group_learns_how_to_be_seen() {
    let server = Server::start(|_, _| None).await;
    let refusal = Card::titled("That is for operators").line("Lab is not listed");
    telegram(&server).deliver(&answer_to(format!("hidden:{CHAT}:3"), refusal)).await.unwrap();
    let told = server.only("sendMessage");
    let text = told["text"].as_str().unwrap();
    assert!(text.contains("Remain Anonymous off") && !text.contains("not listed"), "{text}");
    assert_eq!(told["reply_parameters"]["message_id"], 3);
}
