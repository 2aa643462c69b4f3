//! Where connections come in: so many at once, none for ever, each with its limits.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::{TowerToHyperService, TowerToHyperServiceFuture};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::Limits;
use super::peers::{Counted, Peers};
use super::site::Peer;
use crate::engine::activity::told;

/// The pause after the system gave no connection, which it will not do at once again.
const BREATH: Duration = Duration::from_millis(100);
/// How many that are sent away may still hear why at once, and for how long.
const SENT_AWAY: usize = 32;
const HEARING: Duration = Duration::from_secs(1);
/// What those hear who come when there is no place.
const FULL: &str = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"error\":\"too many connections at once\",\"what_to_do\":\"send it again later; nothing of it was kept\"}\n";

/// The listening socket and those who came through it.
pub(super) struct Door {
    listener: TcpListener,
    router: TowerToHyperService<Router>,
    limits: Limits,
    places: Arc<Semaphore>,
    peers: Peers,
    benches: Arc<Semaphore>,
}

impl Door {
    pub(super) fn new(listener: TcpListener, router: Router, limits: Limits) -> Self {
        Self {
            listener,
            router: TowerToHyperService::new(router),
            limits,
            places: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            peers: Peers::new((limits.connections / 2).max(1)),
            benches: Arc::new(Semaphore::new(SENT_AWAY)),
        }
    }

    /// Lets in until told to end; then waits, not for long, until those who are inside have their answers.
    pub(super) async fn keep(self, mut ending: watch::Receiver<bool>) {
        let mut guests = JoinSet::new();
        loop {
            tokio::select! {
                () = told(&mut ending) => break,
                Some(_) = guests.join_next() => {}
                came = self.listener.accept() => match came {
                    Ok((stream, peer)) => self.receive(stream, peer, &mut guests, &ending),
                    Err(error) => {
                        tracing::warn!(%error, "a connection to the alert listener failed");
                        tokio::time::sleep(BREATH).await;
                    }
                },
            }
        }
        drop(self.listener);
        let all = async { while guests.join_next().await.is_some() {} };
        if tokio::time::timeout(self.limits.parting, all).await.is_err() {
            tracing::warn!("some requests were cut off at the end; what they carried was not acknowledged");
        }
    }

    fn receive(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        guests: &mut JoinSet<()>,
        ending: &watch::Receiver<bool>,
    ) {
        let place = self.places.clone().try_acquire_owned().ok();
        let Some(place) = place.and_then(|place| Some((place, self.peers.enter(peer.ip())?))) else {
            if let Ok(bench) = self.benches.clone().try_acquire_owned() {
                guests.spawn(send_away(stream, bench));
            }
            return;
        };
        // A batch is answered in one piece; waiting to fill a packet would only delay it.
        let _ = stream.set_nodelay(true);
        let guest = Guest { router: self.router.clone(), peer };
        guests.spawn(attend(stream, guest, self.limits, place, ending.clone()));
    }
}

/// Tells somebody that there is no place, without asking what they want.
async fn send_away(mut stream: TcpStream, _bench: OwnedSemaphorePermit) {
    let hearing = async {
        stream.write_all(FULL.as_bytes()).await?;
        stream.shutdown().await?;
        // Closed with something unread, the connection would be reset and the answer lost.
        let mut unread = [0; 4096];
        while stream.read(&mut unread).await? > 0 {}
        std::io::Result::Ok(())
    };
    let _ = tokio::time::timeout(HEARING, hearing).await;
}

/// Serves one connection.
async fn attend(
    stream: TcpStream,
    guest: Guest,
    limits: Limits,
    _place: (OwnedSemaphorePermit, Counted),
    mut ending: watch::Receiver<bool>,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(limits.headers)
        .max_header_size(limits.head_bytes)
        // What hyper reads ahead of a body; it takes no less.
        .max_buf_size(limits.head_bytes.max(64 * 1024));
    let connection = http.serve_connection(TokioIo::new(stream), guest);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = told(&mut ending) => {}
        () = tokio::time::sleep(limits.life) => {}
    }
    connection.as_mut().graceful_shutdown();
    // What is under way is finished: reading a body and answering it each have their time.
    let _ = tokio::time::timeout(limits.body + limits.request, connection).await;
}

/// Whoever is connected, as hyper wants to hand over their requests.
struct Guest {
    router: TowerToHyperService<Router>,
    peer: SocketAddr,
}

impl hyper::service::Service<Request<Incoming>> for Guest {
    type Response = Response;
    type Error = Infallible;
    type Future = TowerToHyperServiceFuture<Router, Request<Incoming>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(Peer(self.peer));
        self.router.call(request)
    }
}
