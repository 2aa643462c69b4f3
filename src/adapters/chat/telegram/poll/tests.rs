use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::json;
use tokio::sync::watch;

use super::super::locked;
use super::super::tests::{ALEX, CHAT, Server, refuse, telegram};
use crate::engine::ports::{About, Asked, Chat as _, Choice, Ears, Ended, Inbound, Kind};

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
        if method != "GetUpdates" {
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
    let (end, ending) = watch::channel(false);
    let telegram = telegram(server);
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
        (method == "GetUpdates").then(|| (200, json!({ "ok": true, "result": all })))
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
    assert!(!said[1].operator && said[1].conversation == "nowhere" && said[1].user == "Lab", "{said:?}");
}

#[tokio::test]
async fn a_telegram_that_refuses_or_fails_is_told_of_and_tried_again() {
    let mut refusals = vec![
        refuse(409, "Conflict: terminated by other getUpdates request"),
        Some((502, json!("bad gateway"))),
        refuse(401, "Unauthorized"),
    ];
    let server = Server::start(move |method, _| match method {
        "GetMe" if refusals.len() == 3 => refusals.pop().unwrap(),
        "GetUpdates" => refusals.pop().unwrap_or(None),
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
