//! As much of HTTP/1.0 as the lab speaks on loopback: one request and one answer per connection.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// The largest head and the largest body taken, in bytes each.
const MAX_PART: u64 = 64 * 1024;
/// How long a server waits for the other side.
const SERVER_PATIENCE: Duration = Duration::from_secs(5);

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: String,
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Response {
    pub(super) fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, body: body.into() }
    }
}

/// What answers requests, from any number of threads at once.
pub(super) type Handler = Arc<dyn Fn(&Request) -> Response + Send + Sync>;

/// Answers one connection after the other, each in its own thread, until the process ends.
pub(super) fn serve(listener: &TcpListener, handler: &Handler) {
    for stream in listener.incoming().flatten() {
        let handler = Arc::clone(handler);
        let answer = move || {
            // The client is told by the closed connection; there is nobody else to tell.
            let _ = answer(stream, &handler);
        };
        // No thread to be had: dropping the connection is the answer.
        let _ = std::thread::Builder::new().spawn(answer);
    }
}

fn answer(stream: TcpStream, handler: &Handler) -> io::Result<()> {
    stream.set_read_timeout(Some(SERVER_PATIENCE))?;
    stream.set_write_timeout(Some(SERVER_PATIENCE))?;
    let (first, body) = read_message(&stream)?;
    let mut words = first.split(' ');
    let response = match (words.next(), words.next()) {
        (Some(method), Some(path)) => {
            handler(&Request { method: method.to_owned(), path: path.to_owned(), body })
        }
        _ => Response::new(400, "this is no request\n"),
    };
    let head = format!("HTTP/1.0 {} .\r\nContent-Length: {}\r\n\r\n", response.status, response.body.len());
    (&stream).write_all(format!("{head}{}", response.body).as_bytes())
}

/// Asks a server. The connection, every read and every write may take as long as `patience`.
pub(super) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    body: &str,
    patience: Duration,
) -> io::Result<Response> {
    let stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    let head = format!("{method} {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n", body.len());
    (&stream).write_all(format!("{head}{body}").as_bytes())?;
    let (first, body) = read_message(&stream)?;
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer"))?;
    Ok(Response { status, body })
}

/// The first line and the body.
fn read_message(stream: &TcpStream) -> io::Result<(String, String)> {
    let mut reader = BufReader::new(stream.take(2 * MAX_PART));
    let mut first = String::new();
    let mut length = 0_u64;
    let mut head_size = reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        let size = reader.read_line(&mut line)?;
        head_size += size;
        if size == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    if length > MAX_PART || head_size as u64 > MAX_PART {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "too large"));
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok((first.trim_end().to_owned(), String::from_utf8_lossy(&body).into_owned()))
}
