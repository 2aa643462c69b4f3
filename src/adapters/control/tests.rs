use std::os::unix::fs::PermissionsExt;

use tokio::sync::mpsc::UnboundedReceiver;

use super::*;
use crate::domain::card::Card;
use crate::domain::redact::Redaction;
use crate::engine::activity::Activity;
use crate::engine::message::{Envelope, Message};
use crate::engine::ports::CONTROL_SOCKET;
use crate::engine::told::Told;

/// Short enough to wait for, and longer than anything here takes.
const PATIENCE: Duration = Duration::from_millis(300);

/// A state directory with its socket open, and the engine's mailbox behind it.
struct Open {
    dir: tempfile::TempDir,
    control: Control,
    mailbox: UnboundedReceiver<Envelope>,
}

fn open() -> Open {
    let dir = tempfile::tempdir().unwrap();
    let (engine, mailbox) = Handle::new(Activity::default(), Redaction::default());
    let limits = ControlLimits { request: 1024, patience: PATIENCE, connections: 2 };
    let control = Control::open(dir.path(), engine, limits).unwrap();
    Open { dir, control, mailbox }
}

impl Open {
    async fn connect(&self) -> BufReader<UnixStream> {
        BufReader::new(UnixStream::connect(self.dir.path().join(CONTROL_SOCKET)).await.unwrap())
    }

    async fn says(&self, line: &str) -> BufReader<UnixStream> {
        let mut stream = self.connect().await;
        stream.write_all(line.as_bytes()).await.unwrap();
        stream
    }

    /// What the engine was asked next, and where the answer goes.
    async fn asked(&mut self) -> (Inbound, tokio::sync::oneshot::Sender<Told>) {
        match self.mailbox.recv().await.unwrap().message {
            Message::Asked { inbound, line } => (inbound, line),
            other => panic!("{other:?}"),
        }
    }
}

async fn answer(mut stream: BufReader<UnixStream>) -> ControlAnswer {
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

#[tokio::test]
async fn a_command_is_said_by_an_operator_who_is_the_user_that_the_system_names() {
    let mut open = open();
    let stream = open.says("{\"v\":1,\"command\":\"deny 7\\ntoo risky\"}\n").await;
    let (inbound, reply) = open.asked().await;
    let own = rustix::process::geteuid().as_raw();
    assert_eq!((inbound.text.as_str(), inbound.operator), ("deny 7 too risky", true));
    assert_eq!((inbound.platform.as_str(), inbound.user_id), ("command line", own.to_string()));
    assert!(inbound.user.ends_with(" (command line)"), "{}", inbound.user);
    reply
        .send(Told::no(Card::titled("There is no\u{1b}[2J approval 7.").line("`approvals` lists them.")))
        .unwrap();
    let told = answer(stream).await;
    assert_eq!(told, ControlAnswer::no("There is no approval 7.\n`approvals` lists them."));
}

#[tokio::test]
async fn who_says_nothing_whole_in_time_or_too_much_is_told_so_and_asks_the_engine_nothing() {
    let mut open = open();
    let (silent, half) = (open.connect().await, open.says("{\"v\":1,\"comm").await);
    for stream in [silent, half] {
        assert!(answer(stream).await.answer.contains("No whole request came within"));
    }
    let long = format!("{{\"v\":1,\"command\":\"{}\"}}\n", "x".repeat(1024));
    let told = answer(open.says(&long).await).await;
    assert_eq!(told, ControlAnswer::no("The request is longer than 1024 bytes; nothing was done."));
    assert!(open.mailbox.try_recv().is_err());
}

#[tokio::test]
async fn one_more_than_there_is_room_for_is_sent_away_and_room_comes_back() {
    let open = open();
    let (one, two) = (open.connect().await, open.connect().await);
    let told = answer(open.connect().await).await;
    assert!(!told.ok && told.answer.contains("answering 2 others"), "{told:?}");
    drop((one, two));
    loop {
        let told = answer(open.says("nonsense\n").await).await;
        if told.answer.contains("That is no request") {
            break;
        }
        assert!(told.answer.contains("others"), "{told:?}");
    }
}

#[tokio::test]
async fn whoever_is_on_the_line_when_steward_ends_is_told_that_and_the_socket_is_gone() {
    let mut open = open();
    let path = open.dir.path().join(CONTROL_SOCKET);
    let stream = open.says("{\"v\":1,\"command\":\"status\"}\n").await;
    let (_, reply) = open.asked().await;
    let remaining = open.control.close().await;
    assert!(!path.exists());
    drop(reply);
    remaining.leave().await;
    let told = answer(stream).await;
    assert!(!told.ok && told.answer.contains("Steward is ending"), "{told:?}");
}

#[tokio::test]
async fn only_a_directory_that_nobody_else_may_write_gets_a_socket_and_only_this_user_may_use_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = || Handle::new(Activity::default(), Redaction::default()).0;
    let try_it = || Control::open(dir.path(), engine(), ControlLimits::default());
    let mode = |mode| std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    for too_much in [0o770, 0o707, 0o1777] {
        mode(too_much);
        assert!(matches!(try_it(), Err(ControlError::Open(_))), "{too_much:o}");
    }
    mode(0o755);
    let path = dir.path().join(CONTROL_SOCKET);
    std::fs::write(&path, "mine").unwrap();
    assert!(matches!(try_it(), Err(ControlError::InTheWay(_))));
    assert_eq!(std::fs::read(&path).unwrap(), b"mine", "and what is no socket is left alone");
    std::fs::remove_file(&path).unwrap();

    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "a dead one stays behind");
    let _control = try_it().unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    UnixStream::connect(&path).await.unwrap();
}
