//! The lab's four processes: what each does once it runs.
//!
//! A process reads its configuration when it starts and exits with [`EXIT_CONFIG`] if it can't. It lives as long
//! as its standard input stays open, which its supervisor holds: when that dies, so does the process.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::config::{ProxyConfig, ServiceConfig, StoreConfig, load};
use super::http::{self, Handler, Request, Response};
use super::layout::{Layout, Role};

/// The exit code for a configuration that can't be used, as in `sysexits.h` and in systemd.
pub(super) const EXIT_CONFIG: u8 = 78;

/// How long a service waits for the store, and the proxy for a service: each less than who asks it waits.
const STORE_PATIENCE: Duration = Duration::from_millis(500);
const SERVICE_PATIENCE: Duration = Duration::from_millis(1500);

/// Runs one of the lab's processes until its standard input closes.
pub(super) fn run(role: Role, layout: &Layout) -> ExitCode {
    let (listen, handler) = match prepare(role, layout) {
        Ok(prepared) => prepared,
        Err(why) => {
            tell(&format!("{role} refuses its config: {why}"));
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    match start(role, layout, listen) {
        Ok(listener) => {
            http::serve(&listener, &handler);
            ExitCode::SUCCESS
        }
        Err(why) => {
            tell(&format!("{role} can't listen on {listen}: {why}"));
            ExitCode::FAILURE
        }
    }
}

fn start(role: Role, layout: &Layout, listen: SocketAddr) -> io::Result<TcpListener> {
    std::thread::Builder::new().spawn(end_with_stdin)?;
    let listener = TcpListener::bind(listen)?;
    write_atomically(&layout.port_file(role), &listener.local_addr()?.port().to_string())?;
    Ok(listener)
}

fn prepare(role: Role, layout: &Layout) -> Result<(SocketAddr, Handler), String> {
    let path = layout.config(role);
    let (listen, handler) = match role {
        Role::Store => {
            let config: StoreConfig = load(&path)?;
            let store = Store::open(&layout.data_dir(), &config.data)?;
            let handler: Handler = Arc::new(move |request| store.answer(request));
            (config.listen, handler)
        }
        Role::Api | Role::Web => {
            let config: ServiceConfig = load(&path)?;
            let listen = config.listen;
            let handler: Handler = Arc::new(move |request| serve_count(role, &config, request));
            (listen, handler)
        }
        Role::Proxy => {
            let config: ProxyConfig = load(&path)?;
            let listen = config.listen;
            let handler: Handler = Arc::new(move |request| forward(&config, request));
            (listen, handler)
        }
    };
    if !listen.ip().is_loopback() {
        return Err(format!("{listen} is not on this machine's loopback; the lab listens nowhere else"));
    }
    Ok((listen, handler))
}

/// Values by key, written to a file with every change.
struct Store {
    path: PathBuf,
    values: Mutex<BTreeMap<String, String>>,
}

impl Store {
    fn open(folder: &Path, name: &str) -> Result<Self, String> {
        if name.is_empty() || name.contains(['/', '\0']) || name.starts_with('.') {
            return Err(format!("data = {name:?} is no file name"));
        }
        let path = folder.join(name);
        let values = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|why| format!("{name} is damaged: {why}"))?,
            Err(why) if why.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(why) => return Err(format!("{name}: {why}")),
        };
        Ok(Self { path, values: Mutex::new(values) })
    }

    /// `GET /health`, `GET /KEY`, `PUT /KEY`, and `POST /KEY`, which counts up.
    fn answer(&self, request: &Request) -> Response {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let key = request.path.trim_start_matches('/').to_owned();
        let value = match request.method.as_str() {
            "GET" if key == "health" => return Response::new(200, "ok\n"),
            "GET" => {
                return match values.get(&key) {
                    Some(value) => Response::new(200, value.clone()),
                    None => Response::new(404, "no such key\n"),
                };
            }
            "PUT" => request.body.clone(),
            "POST" => {
                let count: u64 = values.get(&key).and_then(|value| value.parse().ok()).unwrap_or(0);
                (count + 1).to_string()
            }
            _ => return Response::new(405, "GET, PUT or POST\n"),
        };
        values.insert(key, value.clone());
        let saved = serde_json::to_string(&*values)
            .map_err(io::Error::other)
            .and_then(|text| write_atomically(&self.path, &text));
        match saved {
            Ok(()) => Response::new(200, value),
            Err(why) => Response::new(507, format!("not saved: {why}\n")),
        }
    }
}

/// A service: counts its requests in the store and greets.
fn serve_count(role: Role, config: &ServiceConfig, request: &Request) -> Response {
    let (method, path) = match request.path.as_str() {
        "/health" => ("GET", "/health".to_owned()),
        _ => ("POST", format!("/{role}-requests")),
    };
    match call("store", config.store, method, &path, STORE_PATIENCE) {
        Ok(_) if request.path == "/health" => Response::new(200, "ok\n"),
        Ok(count) => Response::new(200, format!("{}: request {count}\n", config.greeting)),
        Err(why) => Response::new(503, why),
    }
}

/// The proxy: `/api…` and `/web…` go to their services; it is as healthy as both of them.
fn forward(config: &ProxyConfig, request: &Request) -> Response {
    let services = [("api", config.api), ("web", config.web)];
    if request.path == "/health" {
        let faults: Vec<String> = services
            .iter()
            .filter_map(|(name, address)| call(name, *address, "GET", "/health", SERVICE_PATIENCE).err())
            .collect();
        return if faults.is_empty() {
            Response::new(200, "ok\n")
        } else {
            Response::new(503, faults.join("; "))
        };
    }
    let first = request.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let Some((name, address)) = services.iter().find(|(name, _)| *name == first) else {
        return Response::new(404, "there is /api, /web and /health\n");
    };
    match call(name, *address, &request.method, "/", SERVICE_PATIENCE) {
        Ok(body) => Response::new(200, body),
        Err(why) => Response::new(502, why),
    }
}

/// Asks a dependency; the error names it: `store: connection refused`.
fn call(
    name: &str,
    address: SocketAddr,
    method: &str,
    path: &str,
    patience: Duration,
) -> Result<String, String> {
    match http::ask(address, method, path, "", patience) {
        Ok(response) if response.status == 200 => Ok(response.body),
        Ok(response) => Err(format!("{name} answers {} ({})", response.status, response.body.trim())),
        Err(why) if why.kind() == io::ErrorKind::ConnectionRefused => {
            Err(format!("{name} refuses the connection on {address}"))
        }
        Err(why) => Err(format!("{name} does not answer on {address}: {why}")),
    }
}

/// Ends this process when standard input closes: whoever held it is gone.
fn end_with_stdin() {
    let mut buffer = [0; 64];
    while matches!(io::stdin().read(&mut buffer), Ok(n) if n > 0) {}
    std::process::exit(0);
}

fn write_atomically(path: &Path, text: &str) -> io::Result<()> {
    let next = path.with_extension("next");
    std::fs::write(&next, text)?;
    std::fs::rename(next, path)
}

fn tell(text: &str) {
    // The log is all there is; if it can't be written, nobody can be told.
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tempfile::TempDir;

    fn listen(handler: Handler) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || http::serve(&listener, &handler));
        address
    }

    /// A port that nobody listens on and nobody else gets.
    fn dead() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        // An address of loopback that the listener does not listen on.
        (listener, SocketAddr::from(([127, 0, 0, 2], address.port())))
    }

    fn get(address: SocketAddr, path: &str) -> Response {
        http::ask(address, "GET", path, "", Duration::from_secs(3)).unwrap()
    }

    fn service(store: SocketAddr) -> SocketAddr {
        let config = ServiceConfig { listen: store, store, greeting: "hello".into() };
        listen(Arc::new(move |request| serve_count(Role::Web, &config, request)))
    }

    #[test]
    fn the_store_keeps_its_values_over_a_restart() {
        let dir = TempDir::new().unwrap();
        let first = Store::open(dir.path(), "values.json").unwrap();
        let address = listen(Arc::new(move |request| first.answer(request)));
        let web = service(address);
        assert_eq!(get(web, "/").body, "hello: request 1\n");
        assert_eq!(get(web, "/").body, "hello: request 2\n");
        let second = Store::open(dir.path(), "values.json").unwrap();
        let web = service(listen(Arc::new(move |request| second.answer(request))));
        assert_eq!(get(web, "/").body, "hello: request 3\n");
    }

    #[test]
    fn health_names_the_dependency_that_failed_all_the_way_up() {
        let dir = TempDir::new().unwrap();
        let store = Store::open(dir.path(), "values.json").unwrap();
        let (_keep, nobody) = dead();
        let api = service(listen(Arc::new(move |request| store.answer(request))));
        let web = service(nobody);
        let config = ProxyConfig { listen: api, api, web };
        let proxy = listen(Arc::new(move |request| forward(&config, request)));
        assert_eq!(get(api, "/health").status, 200);
        assert_eq!(get(web, "/health").status, 503);
        let health = get(proxy, "/health");
        assert_eq!(health.status, 503);
        assert!(health.body.starts_with("web answers 503 (store refuses the connection"), "{}", health.body);
        assert!(!health.body.contains("api"), "{}", health.body);
        assert_eq!(get(proxy, "/api").body, "hello: request 1\n");
        assert_eq!(get(proxy, "/web").status, 502);
        assert_eq!(get(proxy, "/other").status, 404);
    }

    #[test]
    fn a_listen_address_beyond_loopback_is_refused() {
        let dir = TempDir::new().unwrap();
        let layout = Layout::new(dir.path());
        std::fs::create_dir_all(layout.config_dir()).unwrap();
        std::fs::write(layout.config(Role::Store), "listen = \"0.0.0.0:0\"\ndata = \"d\"\n").unwrap();
        assert!(prepare(Role::Store, &layout).is_err_and(|why| why.contains("loopback")));
    }

    #[test]
    fn garbage_on_the_wire_is_answered_or_dropped_and_the_server_lives_on() {
        let address = listen(Arc::new(|_| Response::new(200, "ok")));
        for garbage in [
            "\r\n\r\n".to_owned(),
            "x".repeat(200_000),
            "GET / HTTP/1.0\r\nContent-Length: 99999999\r\n\r\n".into(),
        ] {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let _ = stream.write_all(garbage.as_bytes());
        }
        assert_eq!(get(address, "/").status, 200);
    }
}
