//! HTTP: from a request to a call, through what goes wrong, to an answer.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Multipart, Query, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::call::{Answer, Call, Fail, Raw};
use super::faults::Fault;
use super::socket::{Door, Scissors};
use super::view::Logged;
use super::world::{File, World};
use super::*;

/// Binds a port and serves it.
pub(super) async fn start(shared: Arc<Shared>) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    let router =
        Router::new().fallback(request).layer(DefaultBodyLimit::disable()).with_state(shared.clone());
    let service = router.into_make_service_with_connect_info::<Scissors>();
    let task = tokio::spawn(async move {
        let _ = axum::serve(Door { listener, shared }, service).await;
    });
    (api, task)
}

/// Serves one request, unless Telegram goes down meanwhile.
async fn request(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    let answer = tokio::select! {
        biased;
        _ = shared.wait(None, |world| world.down.then_some(())) => None,
        answer = answer(&shared, request) => answer,
    };
    answer.unwrap_or_else(|| {
        scissors.cut();
        StatusCode::IM_A_TEAPOT.into_response()
    })
}

/// The answer to a request; `None` closes the connection.
async fn answer(shared: &Shared, request: Request) -> Option<Response> {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let (token, name) = path.strip_prefix("bot").and_then(|rest| rest.split_once('/')).unwrap_or(("", ""));
    if let Some(fail) = shared.act(|world| unauthorized(world, token)) {
        return Some(reply(Err(fail)));
    }
    let Some((method, spec)) = spec::method(name) else {
        shared.act(|world| world.violation(format!("the fake knows no method `{name}`")));
        return Some(reply(Err(Fail::new(404, "Not Found"))));
    };
    let raw = read(request).await;
    let fault = shared.act(|world| world.faults.take(method));
    if matches!(fault, Some(Fault::Hang)) {
        hang(shared).await;
    }
    let refused = match &fault {
        Some(Fault::Refuse(code, description)) => Some(Fail::new(*code, *description)),
        Some(Fault::FloodWait(seconds)) => Some(Fail::too_many(*seconds)),
        _ => None,
    };
    let instead = match &fault {
        Some(Fault::CloseSocket) => Some("closed the socket"),
        Some(Fault::BrokenJson) => Some("half a JSON"),
        Some(Fault::BadGateway) => Some("502 with HTML"),
        _ => None,
    };
    let checked = raw.and_then(|raw| shared.act(|world| Call::check(world, method, &spec, raw)));
    let (params, result) = match checked {
        Err(fail) => (json!({}), Err(fail)),
        Ok(call) => {
            let params = call.shown();
            let result = match (refused, instead) {
                (Some(fail), _) => Err(fail),
                (None, Some(_)) => Ok(Value::Null),
                (None, None) => run(shared, &call).await,
            };
            (params, result)
        }
    };
    shared.act(|world| remember(world, method, params, &result, instead));
    match fault {
        Some(Fault::CloseSocket | Fault::DropAnswer) => None,
        Some(Fault::BrokenJson) => Some(text("application/json", StatusCode::OK, "{\"ok\":true,\"resu")),
        Some(Fault::BadGateway) => Some(text(
            "text/html",
            StatusCode::BAD_GATEWAY,
            "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>",
        )),
        Some(Fault::HoldAnswer) => {
            hang(shared).await;
            Some(reply(result))
        }
        _ => Some(reply(result)),
    }
}

/// Waits for [`FakeTelegram::release`].
async fn hang(shared: &Shared) {
    let before = shared.act(|world| {
        world.faults.hanging += 1;
        world.faults.releases
    });
    // The client may lose its patience first, and then this never gets further than the wait.
    let _counted = Hanging(shared);
    shared.wait(None, |world| (world.faults.releases > before).then_some(())).await;
}

struct Hanging<'a>(&'a Shared);

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        self.0.act(|world| world.faults.hanging -= 1);
    }
}

fn remember(world: &mut World, method: &'static str, params: Value, result: &Answer, instead: Option<&str>) {
    if let Err(fail) = result
        && fail.violation
    {
        world.violation(format!("{method}: {}", fail.description));
    }
    let answer = match (result, instead) {
        (_, Some(instead)) => json!(instead),
        (Ok(result), None) => result.clone(),
        (Err(fail), None) => fail.body(),
    };
    let (ok, at) = (result.is_ok() && instead.is_none(), world.now());
    world.log.push(Logged { at, method, params, ok, answer });
}

/// What a wrong token gets: of a wrong form there can be no bot, of the right one there is none.
fn unauthorized(world: &World, token: &str) -> Option<Fail> {
    let well_formed = token.split_once(':').is_some_and(|(id, secret)| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        id.parse::<u64>().is_ok() && secret.len() == 35 && secret.chars().all(fits)
    });
    match well_formed {
        false => Some(Fail::new(404, "Not Found")),
        true if token != TOKEN || world.token_revoked => Some(Fail::new(401, "Unauthorized")),
        true => None,
    }
}

/// Runs a method.
async fn run(shared: &Shared, call: &Call) -> Answer {
    if call.method == "getUpdates" {
        return polling::get_updates(shared, call).await;
    }
    shared.act(|world| {
        world.flood(call)?;
        match call.method {
            "getMe" => chats::get_me(world),
            "getWebhookInfo" => polling::get_webhook_info(world),
            "deleteWebhook" => polling::delete_webhook(world, call),
            "getChat" => chats::get_chat(world, call),
            "getChatMember" => chats::get_chat_member(world, call),
            "getChatAdministrators" => chats::get_chat_administrators(world, call),
            "setMyCommands" => chats::set_my_commands(world, call),
            "getMyCommands" => chats::get_my_commands(world, call),
            "deleteMyCommands" => chats::delete_my_commands(world, call),
            "sendMessage" => sending::message(world, call),
            "sendDocument" | "sendPhoto" => sending::file(world, call),
            "sendChatAction" => world.reachable(call).map(|_| json!(true)),
            "editMessageText" => editing::text(world, call),
            "editMessageCaption" => editing::caption(world, call),
            "editMessageReplyMarkup" => editing::reply_markup(world, call),
            "deleteMessage" => editing::delete(world, call),
            "pinChatMessage" => editing::pin(world, call),
            "unpinChatMessage" => editing::unpin(world, call),
            "createForumTopic" => topics::create(world, call),
            "editForumTopic" => topics::rename(world, call),
            "closeForumTopic" => topics::close(world, call, true),
            "reopenForumTopic" => topics::close(world, call, false),
            "deleteForumTopic" => topics::delete(world, call),
            "answerCallbackQuery" => callbacks::answer(world, call),
            "setMessageReaction" => reactions::set(world, call),
            other => panic!("`{other}` is documented, and nobody wrote it"),
        }
    })
}

fn reply(result: Answer) -> Response {
    let (code, body) = match result {
        Ok(result) => (StatusCode::OK, json!({ "ok": true, "result": result })),
        Err(fail) => (StatusCode::from_u16(fail.code).unwrap(), fail.body()),
    };
    text("application/json", code, &body.to_string())
}

fn text(kind: &'static str, code: StatusCode, body: &str) -> Response {
    (code, [(header::CONTENT_TYPE, kind)], body.to_owned()).into_response()
}

/// The four ways to pass parameters: in the query, as a form, as JSON, or as a multipart form.
async fn read(request: Request) -> Result<Raw, Fail> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let mut raw = form(request.uri())?;
    if kind.starts_with("multipart/form-data") {
        return multipart(request, raw).await;
    }
    let body = Bytes::from_request(request, &()).await.map_err(|_| Fail::wrong("the body is cut off"))?;
    if kind.starts_with("application/json") && !body.is_empty() {
        let json = serde_json::from_slice::<Map<String, Value>>(&body);
        raw.params.extend(json.map_err(|_| Fail::wrong("can't parse JSON object"))?);
        raw.from_form = false;
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        let query = format!("/?{}", String::from_utf8_lossy(&body));
        raw.params.extend(form(&query.parse().map_err(|_| Fail::wrong("can't parse the form"))?)?.params);
    } else if !body.is_empty() {
        return Err(Fail::wrong(&format!("unsupported content type `{kind}`")));
    }
    Ok(raw)
}

fn form(uri: &Uri) -> Result<Raw, Fail> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let Query(pairs) = pairs.map_err(|_| Fail::wrong("can't parse the query"))?;
    let params: Map<_, _> = pairs.into_iter().map(|(name, value)| (name, json!(value))).collect();
    Ok(Raw { params, from_form: true, ..Raw::default() })
}

async fn multipart(request: Request, mut raw: Raw) -> Result<Raw, Fail> {
    let broken = |_| Fail::wrong("can't parse the multipart form");
    let parts = Multipart::from_request(request, &()).await;
    let mut parts = parts.map_err(|_| Fail::wrong("can't parse the multipart form"))?;
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let content = part.bytes().await.map_err(broken)?;
        if content.len() > sending::MAX_FILE {
            return Err(Fail { violation: true, ..Fail::new(413, "Request Entity Too Large") });
        }
        if let Some(file) = file {
            raw.files.insert(name, File { name: file, content: content.to_vec() });
        } else {
            let text = String::from_utf8(content.to_vec());
            raw.params
                .insert(name, json!(text.map_err(|_| Fail::wrong("strings must be encoded in UTF-8"))?));
        }
    }
    Ok(raw)
}
