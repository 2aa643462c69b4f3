//! The websocket of the gateway: carries what the session says to the client and back.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio::sync::mpsc;

use super::Inner;
use super::session::Order;

/// Talks with one client until either side ends it.
pub(super) async fn talk(mut socket: WebSocket, query: String, inner: Arc<Inner>) {
    let (orders, mut ordered) = mpsc::unbounded_channel();
    let number = inner.change(|world| {
        world.log.push(format!("gateway connected ?{query}"));
        for part in query.split('&').filter(|part| !matches!(*part, "v=10" | "encoding=json")) {
            world.violations.push(format!("gateway: {part:?} in the address (or the fake does not know it)"));
        }
        if !query.split('&').any(|part| part == "v=10") {
            world.violations.push("gateway: no v=10 in the address".into());
        }
        world.gateway.arrives(orders)
    });
    let mut end = "the socket broke".to_owned();
    let mut for_good = false;
    loop {
        let heard = tokio::select! {
            biased;
            order = ordered.recv() => {
                match obey(&mut socket, order).await {
                    None => continue,
                    Some(how) => {
                        end = how;
                        break;
                    }
                }
            }
            heard = socket.recv() => heard,
        };
        match heard {
            Some(Ok(Message::Text(text))) => inner.change(|world| world.hears(number, &text, inner.port)),
            Some(Ok(Message::Binary(_))) => inner.change(|world| world.hears(number, "", inner.port)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(frame))) => {
                end = format!("the client closed with {:?}", frame.as_ref().map(|frame| frame.code));
                for_good = frame.is_some_and(|frame| matches!(frame.code, 1000 | 1001));
                break;
            }
            Some(Err(_)) | None => break,
        }
    }
    inner.change(|world| {
        world.log.push(format!("gateway disconnected: {end}"));
        world.gateway.leaves(number, for_good);
    });
}

/// Does what the session wants; how the connection ended, if it did.
async fn obey(socket: &mut WebSocket, order: Option<Order>) -> Option<String> {
    match order {
        Some(Order::Send(text)) => {
            let sent = socket.send(Message::Text(text.into())).await;
            sent.err().map(|error| format!("the client is gone: {error}"))
        }
        Some(Order::Close(code, why)) => {
            // Whether it hears of it does not matter: it is over.
            let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: why.into() }))).await;
            Some(format!("closed with {code}"))
        }
        Some(Order::Drop) | None => Some("dropped".into()),
    }
}
