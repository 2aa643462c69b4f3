use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::json;
use tokio::sync::watch;

use super::super::tests::{ALEX, CHAT, NEVER, Server, Still, card, message, refuse, telegram, telegram_at};
use super::super::{Telegram, locked};
use crate::domain::card::{Place, Refs};
use crate::domain::signal::Timestamp;
use crate::engine::ports::{About, Asked, Chat as _, Choice, Clock, Ears, Ended, Inbound, Kind};

/// What the platform brought, in order, as words.
#[derive(Default)]
struct Heard {
    told: Mutex<Vec<String>>,
    said: Mutex<Vec<Inbound>>,
    bookmark: Mutex<Option<String>>,
    rang: tokio::sync::Notify,
    /// The engine ends after that many things were said.
    ends_after: Option<usize>,
}

impl Heard {
    fn note(&self, what: String) {
        locked(&self.told).push(what);
        self.rang.notify_waiters();
    }

    /// Waits until something was noted; says all there is.
    async fn until(&self, what: &str) -> Vec<String> {
        let wait = async {
            loop {
                let rang = self.rang.notified();
                let told = locked(&self.told).clone();
                if told.iter().any(|line| line.contains(what)) {
                    return told;
                }
                rang.await;
            }
        };
        let found = tokio::time::timeout(std::time::Duration::from_secs(20), wait).await;
        found.unwrap_or_else(|_| panic!("{what} never came: {:?}", locked(&self.told)))
    }
}

#[async_trait]
impl Ears for Heard {
    async fn said(&self, inbound: Inbound) -> Result<(), Ended> {
        let mark = inbound.bookmark.clone().unwrap();
        *locked(&self.bookmark) = Some(mark.clone());
        let id = mark.split('@').next().unwrap().to_owned();
        locked(&self.said).push(inbound.clone());
        self.note(format!("said {id}: {}", inbound.text));
        let so_far = locked(&self.said).len();
        if self.ends_after.is_some_and(|most| so_far > most) { Err(Ended) } else { Ok(()) }
    }

    async fn bookmark(&self, _: &str) -> Option<String> {
        locked(&self.bookmark).clone()
    }

    async fn keep_bookmark(&self, _: &str, bookmark: &str) -> Result<(), Ended> {
        *locked(&self.bookmark) = Some(bookmark.to_owned());
        self.note(format!("kept {}", bookmark.split('@').next().unwrap()));
        Ok(())
    }

    async fn about(&self, _: &str, reference: &str) -> Option<About> {
        (reference == format!("{CHAT}/500")).then_some(About { incident: 3, question: Some(7) })
    }

    async fn questions(&self, _: &str) -> Vec<Asked> {
        Vec::new()
    }

    async fn complete(&self, _: Kind, _: &str) -> Vec<Choice> {
        Vec::new()
    }

    fn line(&self, _: &str, state: Result<(), String>) {
        self.note(state.map_or_else(|why| format!("cut: {why}"), |()| "works".to_owned()));
    }

    fn ignored(&self, _: &str) {
        self.note("ignored".to_owned());
    }
}

fn says(id: i64, chat: i64, text: &str) -> serde_json::Value {
    let from = json!({ "id": ALEX, "is_bot": false, "first_name": "Alex", "username": "alex" });
    let chat = json!({ "id": chat, "type": "supergroup" });
    json!({ "update_id": id, "message": {
        "message_id": id, "date": 1, "chat": chat, "from": from, "text": text
    }})
}

/// A server that has these updates, and forgets those below the offset that it is asked for.
async fn having(updates: Vec<serde_json::Value>, offsets: Arc<Mutex<Vec<Option<i64>>>>) -> Server {
    Server::start(move |method, params| {
        if method != "getUpdates" {
            return None;
        }
        let offset = params["offset"].as_i64();
        locked(&offsets).push(offset);
        assert_eq!(params["allowed_updates"], json!(["message", "callback_query", "message_reaction"]));
        let left: Vec<_> =
            updates.iter().filter(|update| update["update_id"].as_i64() >= offset).cloned().collect();
        Some((200, json!({ "ok": true, "result": left })))
    })
    .await
}

/// Listens until `what` was noted.
async fn listen(server: &Server, ears: &Arc<Heard>, what: &str) -> Vec<String> {
    listen_as(Arc::new(telegram(server)), ears, what).await
}

async fn listen_as(telegram: Arc<Telegram>, ears: &Arc<Heard>, what: &str) -> Vec<String> {
    let (end, ending) = watch::channel(false);
    let (ears, heard) = (ears.clone(), ears.clone());
    let task = tokio::spawn(async move { telegram.listen(ears, ending).await });
    let told = heard.until(what).await;
    end.send(true).unwrap();
    task.await.unwrap();
    told
}

#[tokio::test]
async fn every_update_is_taken_in_once_and_telegram_forgets_it_only_after_that() {
    let offsets = Arc::default();
    let updates = vec![
        says(10, CHAT, "/status"),
        says(11, -5, "/status"),
        json!({ "update_id": 12, "message": { "novelty": 1 } }),
        json!({ "update_id": 13, "poll": {} }),
        says(14, CHAT, "just talk"),
        says(15, CHAT, "/help"),
        says(16, -5, "/help"),
        says(17, CHAT, "talk"),
    ];
    let server = having(updates.clone(), Arc::clone(&offsets)).await;
    let ears = Arc::new(Heard::default());
    let told = listen(&server, &ears, "kept 17").await;
    let expected = ["works", "said 10: status", "ignored", "ignored", "said 15: help", "ignored", "kept 17"];
    assert_eq!(told, expected);
    assert_eq!(locked(&offsets)[0], None);
    assert!(locked(&offsets)[1..].iter().all(|offset| *offset == Some(18)), "{offsets:?}");

    // A later Steward begins where this one ended, also with a server that has forgotten nothing.
    locked(&offsets).clear();
    locked(&ears.told).clear();
    let all = [updates, vec![says(18, CHAT, "/pause")]].concat();
    let forgets_nothing = Server::start(move |method, _| {
        (method == "getUpdates").then(|| (200, json!({ "ok": true, "result": all })))
    })
    .await;
    assert_eq!(listen(&forgets_nothing, &ears, "said 18").await, ["works", "said 18: pause"]);
}

#[tokio::test]
async fn what_the_engine_did_not_take_in_is_not_forgotten() {
    let offsets = Arc::default();
    let server = having(vec![says(10, CHAT, "/status"), says(11, CHAT, "/help")], Arc::clone(&offsets)).await;
    let ears = Arc::new(Heard { ends_after: Some(1), ..Heard::default() });
    let told = listen(&server, &ears, "said 11").await;
    assert_eq!(told, ["works", "said 10: status", "said 11: help"]);
    assert_eq!(*locked(&offsets), [None], "no later fetch tells Telegram to forget");
}

#[tokio::test]
async fn a_thumb_answers_the_question_that_it_is_on_and_an_anonymous_one_is_no_operator() {
    let reaction = |id: i64, message: i64, who: serde_json::Value, old: &[&str], new: &[&str]| {
        let list =
            |emoji: &[&str]| emoji.iter().map(|e| json!({ "type": "emoji", "emoji": e })).collect::<Vec<_>>();
        let mut body = json!({ "chat": { "id": CHAT, "type": "supergroup" }, "message_id": message, "date": 1,
            "old_reaction": list(old), "new_reaction": list(new) });
        body.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
        json!({ "update_id": id, "message_reaction": body })
    };
    let alex = || json!({ "user": { "id": ALEX, "is_bot": false, "first_name": "Alex" } });
    let group = json!({ "actor_chat": { "id": CHAT, "type": "supergroup", "title": "Lab" } });
    let updates = vec![
        reaction(10, 500, alex(), &[], &["🔥"]),
        reaction(11, 500, alex(), &["👍"], &["👍", "🔥"]),
        reaction(12, 400, alex(), &[], &["👍"]),
        reaction(13, 500, alex(), &[], &["👍"]),
        reaction(14, 500, group, &["👍"], &["👎"]),
        json!({ "update_id": 15, "message_reaction": { "chat": { "id": CHAT }, "message_id": 500 } }),
    ];
    let server = having(updates, Arc::default()).await;
    let ears = Arc::new(Heard::default());
    let told = listen(&server, &ears, "kept 15").await;
    assert_eq!(told, ["works", "said 13: approve 7", "said 14: deny 7", "kept 15"]);
    let said = locked(&ears.said).clone();
    assert!(said[0].operator && said[0].conversation == "private:11" && said[0].incident == Some(3));
    assert!(
        !said[1].operator
            && said[1].conversation == "nowhere"
            && said[1].user == "somebody anonymous from Lab",
        "{said:?}"
    );
}

#[tokio::test]
async fn a_telegram_that_refuses_or_fails_is_told_of_and_tried_again() {
    let mut refusals = vec![
        refuse(409, "Conflict: terminated by other getUpdates request"),
        Some((502, json!("bad gateway"))),
        refuse(401, "Unauthorized"),
    ];
    let server = Server::start(move |method, _| match method {
        "getMe" if refusals.len() == 3 => refusals.pop().unwrap(),
        "getUpdates" => refusals.pop().unwrap_or(None),
        _ => None,
    })
    .await;
    let ears = Arc::new(Heard::default());
    let (end, ending) = watch::channel(false);
    let (bot, heard) = (telegram(&server), ears.clone());
    let task = tokio::spawn(async move { bot.listen(heard, ending).await });
    ears.until("another program").await;
    while locked(&ears.told).len() < 5 {
        tokio::task::yield_now().await;
    }
    let told = locked(&ears.told).clone();
    for (line, part) in told.iter().zip([
        "cut: Telegram refuses the bot's token",
        "works",
        "cut: Telegram fails (HTTP 502)",
        "cut: another program reads",
        "works",
    ]) {
        assert!(line.starts_with(part), "{told:#?}");
    }
    end.send(true).unwrap();
    task.await.unwrap();
}

#[tokio::test]
async fn the_mark_of_another_bot_hides_nothing_and_an_early_one_still_counts() {
    let at = Still.now().timestamp();
    for (kept, expected) in [
        (format!("10@{at}@98"), vec!["works", "said 10: status", "said 11: help"]),
        (format!("10@{at}@99"), vec!["works", "said 11: help"]),
        (format!("10@{at}"), vec!["works", "said 11: help"]),
    ] {
        let updates = vec![says(10, CHAT, "/status"), says(11, CHAT, "/help")];
        let server = having(updates, Arc::default()).await;
        let ears = Arc::new(Heard { bookmark: Mutex::new(Some(kept)), ..Heard::default() });
        assert_eq!(listen(&server, &ears, "said 11").await, expected);
        assert_eq!(*locked(&ears.bookmark), Some(format!("11@{at}@99")));
    }
}

#[tokio::test]
async fn updates_in_the_wrong_order_are_all_taken_in() {
    let updates = vec![says(12, CHAT, "/help"), says(10, CHAT, "/status"), says(11, CHAT, "/pause")];
    let server = having(updates, Arc::default()).await;
    let told = listen(&server, &Arc::new(Heard::default()), "said 12").await;
    assert_eq!(told, ["works", "said 10: status", "said 11: pause", "said 12: help"]);
}

#[tokio::test]
async fn nothing_but_the_token_keeps_people_from_being_heard() {
    for refusal in [
        refuse(404, "Not Found"),
        refuse(429, "Too Many Requests: retry after 3000"),
        Some((502, json!("bad gateway"))),
        Some((200, json!({ "ok": true, "result": 5 }))),
    ] {
        let server = Server::start(move |method, params| match method {
            "getMe" => None,
            "getUpdates" if params["offset"].is_null() => {
                Some((200, json!({ "ok": true, "result": [says(10, CHAT, "/status")] })))
            }
            "getUpdates" => None,
            _ => refusal.clone(),
        })
        .await;
        let told = listen(&server, &Arc::new(Heard::default()), "said 10").await;
        assert_eq!(told, ["works", "said 10: status"]);
    }
    let nobody =
        Server::start(|method, _| (method == "getMe").then(|| refuse(404, "Not Found")).flatten()).await;
    let told = listen(&nobody, &Arc::new(Heard::default()), "cut").await;
    assert!(told[0].contains("refuses the bot's token"), "{told:?}");
}

/// A clock on which no wait ever ends.
struct Stopped;

#[async_trait]
impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Still.now()
    }

    async fn sleep_until(&self, _: Timestamp) {
        std::future::pending().await
    }

    async fn sleep(&self, _: std::time::Duration) {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_message_that_gets_through_shows_that_people_can_be_heard_again() {
    let mut fails = 1;
    let server = Server::start(move |method, _| {
        let now = method == "getUpdates" && fails > 0;
        fails -= i32::from(now);
        now.then(|| (502, json!("bad gateway")))
    })
    .await;
    let (bot, ears) = (Arc::new(telegram_at(&server, Arc::new(Stopped))), Arc::new(Heard::default()));
    let (end, ending) = watch::channel(false);
    let (listening, heard) = (bot.clone(), ears.clone());
    let task = tokio::spawn(async move { listening.listen(heard, ending).await });
    ears.until("cut").await;
    while locked(&ears.told).len() < 3 {
        bot.deliver(&message(1, Place::Lab, card("news"), Refs::default())).await.unwrap();
    }
    assert_eq!(locked(&ears.told)[2], "works");
    end.send(true).unwrap();
    task.await.unwrap();
}

#[tokio::test]
async fn what_hangs_on_its_way_out_keeps_nobody_from_being_heard_whom_it_can_not_concern() {
    let reply = |id: i64, to: i64, author: i64| {
        let mut update = says(id, CHAT, "thanks");
        let from = json!({ "id": author, "is_bot": author == 99, "first_name": "x" });
        update["message"]["reply_to_message"] = json!({ "message_id": to, "from": from });
        update
    };
    let reaction = json!({ "update_id": 12, "message_reaction": { "chat": { "id": CHAT }, "message_id": 333, "date": 1,
        "user": { "id": ALEX, "is_bot": false, "first_name": "Alex" }, "old_reaction": [],
        "new_reaction": [{ "type": "emoji", "emoji": "👍" }] } });
    let updates = vec![reply(10, 331, 77), reply(11, 332, 77), reaction, says(13, CHAT, "/status")];
    let hangs = Server::start({
        let updates = updates.clone();
        move |method, params| match method {
            "sendMessage" => Some((NEVER, json!(null))),
            "getUpdates" if params["offset"].is_null() => {
                Some((200, json!({ "ok": true, "result": updates })))
            }
            _ => None,
        }
    })
    .await;
    let (bot, ears) = (Arc::new(telegram(&hangs)), Arc::new(Heard::default()));
    let sending = bot.clone();
    let answer = Place::Answer { conversation: format!("chat:{CHAT}:3") };
    let stuck =
        tokio::spawn(async move { sending.deliver(&message(1, answer, card("x"), Refs::default())).await });
    while !hangs.take().iter().any(|(method, _)| method == "sendMessage") {
        tokio::task::yield_now().await;
    }
    let begun = std::time::Instant::now();
    listen_as(bot, &ears, "said 13").await;
    assert!(begun.elapsed().as_secs() < 10, "it took {:?}", begun.elapsed());
    stuck.abort();
}

#[tokio::test]
async fn who_answers_a_new_message_before_it_is_known_to_be_sent_is_understood() {
    let mut update = says(10, CHAT, "show");
    update["message"]["reply_to_message"] =
        json!({ "message_id": 1000, "from": { "id": 99, "is_bot": true, "first_name": "S" } });
    let reaction = json!({ "update_id": 10, "message_reaction": { "chat": { "id": CHAT }, "message_id": 1000, "date": 1,
        "user": { "id": ALEX, "is_bot": false, "first_name": "Alex" }, "old_reaction": [],
        "new_reaction": [{ "type": "emoji", "emoji": "👍" }] } });
    for update in [update, reaction] {
        let is_vote = update.get("message_reaction").is_some();
        let server = Server::start(move |method, params| match method {
            "getUpdates" if params["offset"].is_null() => {
                Some((200, json!({ "ok": true, "result": [update] })))
            }
            "sendMessage" => Some((200, json!({ "ok": true, "result": { "message_id": 1000 } }))),
            _ => None,
        })
        .await;
        let (bot, ears) = (Arc::new(telegram(&server)), Arc::new(Heard::default()));
        // It is under way while the update is taken in: the other side has it, and Steward does not know it yet.
        let held = bot.sending.lock().await;
        bot.making.store(true, std::sync::atomic::Ordering::SeqCst);
        let later = async {
            while !server.take().iter().any(|(method, _)| method == "getUpdates") {
                tokio::task::yield_now().await;
            }
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            let about = About { incident: 12, question: Some(7) };
            bot.memory.sent(format!("{CHAT}/1000"), about);
            drop(held);
        };
        let (told, ()) = tokio::join!(listen_as(bot.clone(), &ears, "said 10"), later);
        assert_eq!(told[1], if is_vote { "said 10: approve 7" } else { "said 10: show" });
        assert_eq!(locked(&ears.said)[0].incident, Some(12));
    }
}

/// What a log is written on.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Paper {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        locked(&self.0).extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_chat_elsewhere_is_named_once_in_the_log_and_not_all_of_a_flood() {
    let log = Paper::default();
    let subscriber = tracing_subscriber::fmt().with_writer(Mutex::new(log.clone())).finish();
    // With a single one, a test beside this that has none could decide that these lines interest nobody.
    let _another = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let _guard = tracing::subscriber::set_default(subscriber);
    let chats = (1..=30).flat_map(|n| [-5000 - n, -5000 - n]);
    let updates = chats.zip(10..).map(|(chat, id)| says(id, chat, "my password is hunter2")).collect();
    let server = having(updates, Arc::default()).await;
    listen(&server, &Arc::new(Heard::default()), "kept 69").await;
    let log = String::from_utf8(locked(&log.0).clone()).unwrap();
    assert_eq!(log.matches("a message came from the chat -5001,").count(), 1, "{log}");
    assert_eq!(log.matches("which is not `[chat.telegram] chat`").count(), 20, "{log}");
    assert!(!log.contains("hunter2") && !log.to_lowercase().contains("alex"), "{log}");
}
