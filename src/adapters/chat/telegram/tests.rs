//! The adapter on the wire, against a server that records what it is asked and answers as it is told.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

mod refusals;

use super::*;
use crate::config::Secret;
use crate::domain::card::{Attachment, Card, Mention, Refs};
use crate::domain::ids::IncidentId;
use crate::domain::signal::{Severity, Timestamp};

const TOKEN: &str = "123456:wire-test-token-which-is-no-secret-0";
pub(super) const CHAT: i64 = -100_200;
pub(super) const ALEX: u64 = 11;

/// The status of a call that is never answered.
pub(super) const NEVER: u16 = 0;

/// What is answered to a call: `None` for the usual.
type Script = Box<dyn FnMut(&str, &Value) -> Option<(u16, Value)> + Send>;

/// Whether a failure is what it should be.
type Expected = fn(&DeliveryError) -> bool;

/// A Bot API that only knows how to answer.
#[derive(Clone)]
pub(super) struct Server {
    calls: Arc<Mutex<Vec<(String, Value)>>>,
    script: Arc<Mutex<Script>>,
    next: Arc<AtomicI64>,
    pub(super) api: String,
}

impl Server {
    pub(super) async fn start(
        script: impl FnMut(&str, &Value) -> Option<(u16, Value)> + Send + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            calls: Arc::default(),
            script: Arc::new(Mutex::new(Box::new(script))),
            next: Arc::new(AtomicI64::new(1000)),
            api: format!("http://{}", listener.local_addr().unwrap()),
        };
        let app = Router::new()
            .route("/{bot}/{method}", axum::routing::post(Self::serve))
            .with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    async fn serve(
        State(server): State<Self>,
        Path((bot, method)): Path<(String, String)>,
        request: Request,
    ) -> Response {
        assert_eq!(bot, format!("bot{TOKEN}"));
        let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
        let params = serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
        let told = locked(&server.script)(&method, &params);
        locked(&server.calls).push((method.clone(), params));
        let (status, body) = told.unwrap_or_else(|| (200, server.usual(&method)));
        if status == NEVER {
            std::future::pending::<()>().await;
        }
        (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
    }

    fn usual(&self, method: &str) -> Value {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let result = match method {
            "getMe" => {
                json!({ "id": 99, "is_bot": true, "first_name": "Steward", "username": "steward_bot" })
            }
            "getWebhookInfo" => json!({ "url": "" }),
            "getChat" => json!({ "id": CHAT, "type": "supergroup", "title": "Lab", "is_forum": true }),
            "getChatMember" => json!({ "status": "administrator", "can_manage_topics": true,
                "user": { "id": ALEX, "is_bot": false, "first_name": "Alex" } }),
            "createForumTopic" => json!({ "message_thread_id": id, "name": "x", "icon_color": 7_322_096 }),
            "sendMessage" | "sendDocument" | "editMessageText" => json!({ "message_id": id }),
            "getUpdates" => json!([]),
            _ => json!(true),
        };
        json!({ "ok": true, "result": result })
    }

    /// The calls so far, and forgets them.
    pub(super) fn take(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut locked(&self.calls))
    }

    pub(super) fn methods(&self) -> Vec<String> {
        self.take().into_iter().map(|(method, _)| method).collect()
    }

    /// The only call of a method so far.
    fn only(&self, method: &str) -> Value {
        let calls = self.take();
        let mut found = calls.iter().filter(|(name, _)| name == method);
        match (found.next(), found.next()) {
            (Some((_, params)), None) => params.clone(),
            _ => panic!("not one {method}: {calls:#?}"),
        }
    }
}

/// How Telegram refuses.
pub(super) fn refuse(code: u16, description: &str) -> Option<(u16, Value)> {
    Some((code, json!({ "ok": false, "error_code": code, "description": description })))
}

/// A clock that stands still, and on which waiting takes no time.
pub(super) struct Still;

impl Still {
    fn time() -> Timestamp {
        "2026-11-21T08:00:00Z".parse().unwrap()
    }
}

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Self::time()
    }

    async fn sleep_until(&self, _: Timestamp) {
        tokio::task::yield_now().await;
    }

    async fn sleep(&self, _: Duration) {
        tokio::task::yield_now().await;
    }
}

pub(super) fn telegram(server: &Server) -> Telegram {
    telegram_at(server, Arc::new(Still))
}

pub(super) fn telegram_at(server: &Server, clock: Arc<dyn Clock>) -> Telegram {
    let settings = TelegramSettings {
        token: Secret::known("env:TOKEN", TOKEN),
        chat: CHAT,
        operators: BTreeSet::from([ALEX]),
        on_call: BTreeSet::from([ALEX]),
        api: Some(server.api.clone()),
    };
    Telegram::new(settings, clock).unwrap()
}

fn incident() -> IncidentId {
    "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap()
}

pub(super) fn root() -> Place {
    Place::Root { incident: incident(), number: 12 }
}

pub(super) fn thread() -> Place {
    Place::Thread { incident: incident(), number: 12 }
}

fn question() -> Place {
    Place::Question { incident: incident(), number: 12, approval: 7 }
}

pub(super) fn message(id: i64, place: Place, card: Card, refs: Refs) -> Outbound {
    Outbound { id, written_at: Still::time(), place, card, refs }
}

pub(super) fn card(title: &str) -> Card {
    Card::titled(title).severity(Severity::Error)
}

fn asking() -> Card {
    card("Approval 7").action("Approve", "approve 7").action("Deny", "deny 7")
}

pub(super) fn refs(root: i32, topic: Option<i32>) -> Refs {
    Refs {
        root: Some(format!("{CHAT}/{root}")),
        thread: topic.map(|topic| format!("{CHAT}/topic:{topic}")),
        own: None,
    }
}

fn own(message: i32, of: Refs) -> Refs {
    Refs { own: Some(format!("{CHAT}/{message}")), ..of }
}

#[tokio::test]
async fn in_a_forum_an_incident_gets_a_topic_of_its_own_which_is_closed_at_the_end() {
    let server = Server::start(|_, _| None).await;
    let telegram = telegram(&server);
    assert_eq!(telegram.capabilities().threads, Threads::Replies, "nothing is known yet");
    let made = telegram.deliver(&message(1, root(), card("#12 nas: down"), Refs::default())).await.unwrap();
    let calls = server.take();
    assert_eq!(calls[1].0, "createForumTopic");
    assert_eq!(calls[1].1["name"], "#12 nas: down");
    let topic = calls[2].1["message_thread_id"].clone();
    assert_eq!(made.thread, Some(format!("{CHAT}/topic:{topic}")));
    assert!(made.root.is_some() && made.root == made.own);
    assert_eq!(telegram.capabilities().threads, Threads::Own);

    telegram.deliver(&message(2, thread(), card("#12"), made.clone())).await.unwrap();
    let update = server.only("sendMessage");
    assert_eq!(update["message_thread_id"], topic);
    assert!(update.get("reply_parameters").is_none(), "{update}");

    let over = Card { done: true, ..card("#12") };
    telegram.deliver(&message(3, thread(), over.clone(), made.clone())).await.unwrap();
    assert_eq!(server.methods(), ["sendMessage", "closeForumTopic"]);
    telegram.deliver(&message(4, thread(), over, made.clone())).await.unwrap();
    assert_eq!(server.methods(), ["sendMessage"], "it is closed already");
    telegram.deliver(&message(5, thread(), card("#12 again"), made)).await.unwrap();
    assert_eq!(server.methods(), ["reopenForumTopic", "sendMessage"]);
}

#[tokio::test]
async fn without_topics_an_update_is_a_reply_to_the_root_which_may_be_gone() {
    let no_forum = |method: &str, _: &Value| {
        let chat = json!({ "ok": true, "result": { "id": CHAT, "type": "supergroup" } });
        (method == "getChat").then_some((200, chat))
    };
    let server = Server::start(no_forum).await;
    let telegram = telegram(&server);
    let made = telegram.deliver(&message(1, root(), card("#12 nas: down"), Refs::default())).await.unwrap();
    assert_eq!(made.thread, None);
    assert_eq!(server.methods(), ["getChat", "sendMessage"]);
    telegram.deliver(&message(2, thread(), card("#12"), made.clone())).await.unwrap();
    let reply = server.only("sendMessage");
    let id: i64 = made.root.unwrap().rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(reply["reply_parameters"], json!({ "message_id": id, "allow_sending_without_reply": true }));
    assert!(reply.get("message_thread_id").is_none());
}

#[tokio::test]
async fn where_the_bot_may_not_make_topics_it_goes_on_with_replies() {
    let no_right = |method: &str, _: &Value| match method {
        "createForumTopic" => refuse(400, "Bad Request: not enough rights to create a topic"),
        _ => None,
    };
    let server = Server::start(no_right).await;
    let telegram = telegram(&server);
    let made = telegram.deliver(&message(1, root(), card("#12"), Refs::default())).await.unwrap();
    assert!(made.root.is_some() && made.thread.is_none());
    telegram.deliver(&message(2, thread(), card("#12"), made)).await.unwrap();
    let calls = server.take();
    assert!(calls.last().unwrap().1.get("reply_parameters").is_some(), "{calls:#?}");
}

#[tokio::test]
async fn a_topic_that_somebody_deleted_is_made_anew_with_its_root_message() {
    let gone = |method: &str, params: &Value| match method {
        "sendMessage" if params["message_thread_id"] == 5 => {
            refuse(400, "Bad Request: message thread not found")
        }
        _ => None,
    };
    let server = Server::start(gone).await;
    let telegram = telegram(&server);
    telegram.deliver(&message(1, root(), card("#12 nas: down"), own(4, refs(4, Some(5))))).await.unwrap();
    assert_eq!(server.methods(), ["editMessageText"]);
    let anew = telegram.deliver(&message(2, thread(), card("#12 news"), refs(4, Some(5)))).await.unwrap();
    let calls = server.take();
    let sent: Vec<&Value> = calls.iter().filter(|(m, _)| m == "sendMessage").map(|(_, p)| p).collect();
    assert!(sent[1]["text"].as_str().unwrap().contains("nas: down"), "the root comes first: {calls:#?}");
    assert!(sent[2]["text"].as_str().unwrap().contains("news"), "{calls:#?}");
    assert_eq!(sent[1]["message_thread_id"], sent[2]["message_thread_id"]);
    assert_eq!(anew.thread, Some(format!("{CHAT}/topic:{}", sent[2]["message_thread_id"])));
    assert!(anew.root.is_some() && anew.own.is_some() && anew.root != anew.own);
}

#[tokio::test]
async fn a_message_that_says_that_already_is_fine_and_one_that_is_gone_is_posted_anew() {
    let answers = |method: &str, params: &Value| match (method, params["message_id"].as_i64()) {
        ("editMessageText", Some(4)) => refuse(400, "Bad Request: message is not modified: the same"),
        ("editMessageText", Some(6)) => refuse(400, "Bad Request: message to edit not found"),
        _ => None,
    };
    let server = Server::start(answers).await;
    let telegram = telegram(&server);
    telegram.deliver(&message(1, root(), card("#12"), own(4, refs(4, Some(5))))).await.unwrap();
    assert_eq!(server.methods(), ["editMessageText"]);
    let anew = telegram.deliver(&message(2, root(), card("#12"), own(6, refs(6, Some(5))))).await.unwrap();
    assert!(server.methods().ends_with(&["sendMessage".to_owned()]));
    assert!(anew.root.is_some_and(|root| root != format!("{CHAT}/6")));
}

#[tokio::test]
async fn a_question_loses_its_buttons_once_it_is_answered() {
    let server = Server::start(|_, _| None).await;
    let telegram = telegram(&server);
    let asked = telegram.deliver(&message(1, question(), asking(), refs(4, Some(5)))).await.unwrap();
    let sent = server.only("sendMessage");
    assert_eq!(sent["reply_markup"]["inline_keyboard"][0][1]["callback_data"], "deny 7");
    assert!(sent["text"].as_str().unwrap().contains("👍 or 👎"), "{sent}");
    let answered = Card { done: true, ..card("Approval 7").field("Answer", "yes, by alex") };
    telegram
        .deliver(&message(2, question(), answered, Refs { own: asked.own, ..refs(4, Some(5)) }))
        .await
        .unwrap();
    let edit = server.only("editMessageText");
    assert!(edit.get("reply_markup").is_none() && !edit["text"].as_str().unwrap().contains('👍'), "{edit}");
}

#[tokio::test]
async fn a_question_that_somebody_deleted_is_asked_again_as_long_as_it_waits() {
    let gone = |method: &str, _: &Value| match method {
        "editMessageText" => refuse(400, "Bad Request: message to edit not found"),
        _ => None,
    };
    let server = Server::start(gone).await;
    let telegram = telegram(&server);
    let waits = telegram.deliver(&message(1, question(), asking(), own(6, refs(4, Some(5))))).await.unwrap();
    assert!(waits.own.is_some());
    server.take();
    let over = message(2, question(), card("Approval 7"), own(6, refs(4, Some(5))));
    assert_eq!(telegram.deliver(&over).await, Ok(Delivered::default()));
    assert_eq!(server.methods(), ["editMessageText"]);
}

#[tokio::test]
async fn a_failure_in_the_middle_of_a_message_doubles_nothing() {
    let mut fails = 1;
    let fail_once = move |method: &str, _: &Value| {
        let now = method == "sendDocument" && fails > 0;
        fails -= i32::from(now);
        now.then(|| (502, json!("bad gateway")))
    };
    let server = Server::start(fail_once).await;
    let telegram = telegram(&server);
    let mut long = card("#12");
    long.body = (0..300).map(|n| format!("line {n} of a long story")).collect();
    long.attachments = vec![Attachment { name: "nas/media x.txt".into(), text: "evidence\n".repeat(50) }];
    let message = message(1, thread(), long, refs(4, Some(5)));
    let error = telegram.deliver(&message).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Transient { hold: None, .. }), "{error}");
    let first = server.take().iter().filter(|(method, _)| method == "sendMessage").count();
    assert!(first > 1, "the text takes several messages");
    let delivered = telegram.deliver(&message).await.unwrap();
    let calls = server.take();
    assert_eq!(calls.len(), 1, "{calls:#?}");
    let form = calls[0].1.as_str().unwrap();
    assert!(form.contains("filename=\"nas-media-x.txt\"") && form.contains("evidence"), "{form}");
    assert_eq!(delivered.own, Some(format!("{CHAT}/1002")), "what is known of it is its first message");
}

#[tokio::test]
async fn a_call_is_loud_and_mentions_who_is_on_call_and_nothing_else_is() {
    let server = Server::start(|_, _| None).await;
    let telegram = telegram(&server);
    let call = Card { mention: Mention::Here, ..card("#12") };
    telegram.deliver(&message(1, thread(), call, refs(4, Some(5)))).await.unwrap();
    let sent = server.only("sendMessage");
    assert_eq!(sent["disable_notification"], false);
    let mention = &sent["entities"][0];
    assert_eq!((&mention["type"], &mention["user"]["id"]), (&json!("text_mention"), &json!(ALEX)));
    assert!(sent["text"].as_str().unwrap().starts_with("📣 Alex\n"), "{sent}");
    telegram.deliver(&message(2, Place::Lab, card("news"), Refs::default())).await.unwrap();
    assert_eq!(server.only("sendMessage")["disable_notification"], true);
}

#[tokio::test]
async fn every_failure_says_what_it_is_and_none_shows_the_token() {
    let refusals: [(u16, Value, Expected); 6] = [
        (502, json!("bad"), |e| matches!(e, DeliveryError::Transient { hold: None, .. })),
        (200, json!("nonsense"), |e| matches!(e, DeliveryError::Transient { hold: None, .. })),
        (
            429,
            json!({ "ok": false, "error_code": 429, "description": "x", "parameters": { "retry_after": 3 } }),
            |e| matches!(e, DeliveryError::Limited { pause, everything: true } if pause.as_secs() == 3),
        ),
        (
            401,
            json!({ "ok": false, "error_code": 401, "description": "Unauthorized" }),
            |e| matches!(e, DeliveryError::Transient { hold: Some(_), why } if why.contains("@BotFather")),
        ),
        (
            400,
            json!({ "ok": false, "error_code": 400, "description": format!("Bad Request: chat not found /bot{TOKEN}/") }),
            |e| matches!(e, DeliveryError::Transient { hold: Some(_), why } if why.contains("<token>")),
        ),
        (400, json!({ "ok": false, "error_code": 400, "description": "Bad Request: text is bad" }), |e| {
            matches!(e, DeliveryError::Permanent { .. })
        }),
    ];
    for (status, body, expected) in refusals {
        let answer = (status, body);
        let server = Server::start(move |_, _| Some(answer.clone())).await;
        let error =
            telegram(&server).deliver(&message(1, Place::Lab, card("x"), Refs::default())).await.unwrap_err();
        assert!(expected(&error), "{status}: {error}");
        assert!(!format!("{error} {error:?}").contains(TOKEN), "{error:?}");
    }
    let nobody = Server { api: "http://127.0.0.1:1".into(), ..Server::start(|_, _| None).await };
    let error =
        telegram(&nobody).deliver(&message(1, Place::Lab, card("x"), Refs::default())).await.unwrap_err();
    assert!(error.to_string().contains("can't be reached"), "{error}");
    assert!(!format!("{error:?}").contains(TOKEN), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_nobody_can_read_any_more_is_let_go() {
    let refusing = |method: &str, params: &Value| match (method, params["chat_id"].as_i64()) {
        ("answerCallbackQuery", _) => {
            refuse(400, "Bad Request: query is too old and response timeout expired")
        }
        (_, Some(11)) => refuse(403, "Forbidden: bot can't initiate conversation with a user"),
        _ => refuse(400, "Bad Request: message thread not found"),
    };
    let server = Server::start(refusing).await;
    let telegram = telegram(&server);
    let conversations = ["press:1", "private:11", "nowhere", &format!("chat:{CHAT}:3:5")].map(str::to_owned);
    for conversation in conversations {
        let place = Place::Answer { conversation: conversation.clone() };
        let answered = telegram.deliver(&message(1, place, card("yes"), Refs::default())).await;
        assert_eq!(answered, Ok(Delivered::default()), "{conversation}");
    }
    let place = Place::Answer { conversation: "console".into() };
    let answered = telegram.deliver(&message(1, place, card("yes"), Refs::default())).await;
    assert!(matches!(answered, Err(DeliveryError::Permanent { .. })));
}

#[tokio::test]
async fn an_answer_goes_where_the_question_was_asked_and_a_press_is_answered_to_its_author() {
    let server = Server::start(|_, _| None).await;
    let telegram = telegram(&server);
    let place = Place::Answer { conversation: format!("chat:{CHAT}:3:5") };
    telegram.deliver(&message(1, place, card("All is well"), Refs::default())).await.unwrap();
    let sent = server.only("sendMessage");
    assert_eq!((&sent["message_thread_id"], &sent["reply_parameters"]["message_id"]), (&json!(5), &json!(3)));
    let place = Place::Answer { conversation: "press:42".into() };
    let refusal = Card::titled("That is for operators").line("x".repeat(300));
    telegram.deliver(&message(2, place, refusal, Refs::default())).await.unwrap();
    let popup = server.only("answerCallbackQuery");
    assert_eq!((&popup["callback_query_id"], &popup["show_alert"]), (&json!("42"), &json!(true)));
    assert_eq!(popup["text"].as_str().unwrap().encode_utf16().count(), 200);
}

#[tokio::test]
async fn examining_says_what_is_wrong_and_where_to_tap_and_stops_where_the_rest_is_pointless() {
    let revoked = Server::start(|_, _| refuse(401, "Unauthorized")).await;
    let checks = telegram(&revoked).examine().await;
    assert_eq!(checks.len(), 1);
    assert!(checks[0].health == crate::engine::ports::Health::Bad && checks[0].fix.contains("@BotFather"));

    let plain_member = |method: &str, params: &Value| match method {
        "getChatMember" => {
            let user = params["user_id"].as_u64().unwrap();
            let status = if user == 99 { "member" } else { "left" };
            let member =
                json!({ "status": status, "user": { "id": user, "is_bot": user == 99, "first_name": "x" } });
            Some((200, json!({ "ok": true, "result": member })))
        }
        _ => None,
    };
    let server = Server::start(plain_member).await;
    let checks = telegram(&server).examine().await;
    let poor: Vec<&str> = checks
        .iter()
        .filter(|check| check.health == crate::engine::ports::Health::Poor && !check.fix.is_empty())
        .map(|check| check.name.as_str())
        .collect();
    assert_eq!(poor, ["rights", "privacy mode", "user 11"], "{checks:#?}");
}
