//! The listener: alerts in over HTTP, and how Steward is for those who look.
//!
//! Nothing is answered with "taken" before it is durable, and whatever is refused is refused before it costs much: a
//! slow head, a slow or long body, a wrong token, too many connections.

mod answer;
mod body;
mod door;
mod gate;
mod limits;
mod peers;
mod proof;
mod rate;
mod site;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use self::door::Door;
pub use self::limits::Limits;
pub use self::site::Site;
use self::site::{Shared, router};

/// The address can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error(
    "{at} can't be listened on ({why}); no alert could come in over HTTP, so nothing was started; {todo}",
    todo = self.what_to_do()
)]
pub struct BindError {
    at: SocketAddr,
    why: io::Error,
}

impl BindError {
    fn what_to_do(&self) -> &'static str {
        match self.why.kind() {
            io::ErrorKind::AddrInUse => {
                "stop what listens there (`ss -ltnp` shows it), or name another address with `run --listen` or as `listen` under [alerts]"
            }
            io::ErrorKind::AddrNotAvailable => {
                "this machine has no such address: name one that `ip address` shows, with `run --listen` or as `listen` under [alerts]"
            }
            io::ErrorKind::PermissionDenied => {
                "choose a port from 1024 on, with `run --listen` or as `listen` under [alerts]"
            }
            _ => "name another address with `run --listen` or as `listen` under [alerts]",
        }
    }
}

/// The listener.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
}

impl Server {
    /// Listens on an address; whoever connects waits until [`Server::run`]. With port 0 the system chooses one.
    ///
    /// # Errors
    /// [`BindError`], with what to do.
    pub async fn bind(at: SocketAddr, limits: Limits) -> Result<Self, BindError> {
        let failed = |why| BindError { at, why };
        let listener = TcpListener::bind(at).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, limits })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until told to end, and then no longer than what is under way may take.
    pub async fn run(self, site: Site, ending: watch::Receiver<bool>) {
        let shared = Arc::new(Shared::new(site, self.limits));
        Door::new(self.listener, router(shared), self.limits).keep(ending).await;
    }
}
