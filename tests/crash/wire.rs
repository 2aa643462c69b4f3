//! HTTP as plainly as it can be spoken: one connection that stays open, a rendered request, a status.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that requests are sent on, one after the other.
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
    line: String,
}

impl Wire {
    pub(crate) fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::with_capacity(4096, stream), line: String::new() })
    }

    /// Sends bytes, and returns the status and the body of what is answered.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        self.stream.get_mut().write_all(request)?;
        self.answer()
    }

    /// Reads one answer.
    pub(crate) fn answer(&mut self) -> io::Result<(u16, Vec<u8>)> {
        let broken = || io::Error::from(io::ErrorKind::InvalidData);
        let status =
            self.next_line()?.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
        let mut length = 0;
        loop {
            let line = self.next_line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|_| broken())?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, body))
    }

    fn next_line(&mut self) -> io::Result<&str> {
        self.line.clear();
        if self.stream.read_line(&mut self.line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(self.line.trim_end())
    }
}

/// A request that carries a body, with a token if there is one.
pub(crate) fn post(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let proof = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: steward\r\nContent-Type: application/json\r\n{proof}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}
