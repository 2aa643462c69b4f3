//! Whoever wants to harm Steward over its port: refused, at little cost, and nobody else suffers from it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::load::webhook;
use super::site::{API_TOKEN, Site, WEBHOOK_TOKEN};
use super::wire::{self, Wire};

const MIB: usize = 1024 * 1024;
/// How much more memory than before all of it may ever cost: the bodies that may be in memory at once are 64 MiB.
const BOUND: usize = 96 * MIB;
/// How often everything is tried, some of it at once.
const ROUNDS: usize = 20;

#[test]
fn a_hostile_session_costs_little_and_the_next_good_alert_is_taken() {
    let site = Site::new(None);
    let mut life = site.live();
    assert_eq!(site.post_webhook(&webhook(&[("before".to_owned(), 1)].into())).0, 200);
    let before = life.most_memory();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..ROUNDS / 4).for_each(|_| attack(&site)));
        }
    });
    let cost = usize::try_from(life.most_memory() - before).unwrap() * 1024;
    assert!(cost < BOUND, "it held {} MiB more", cost / MIB);
    assert_eq!(site.post_webhook(&webhook(&[("after".to_owned(), 1)].into())).0, 200);
    site.wait("the good alert's incident", &mut life, || {
        site.incidents().iter().any(|incident| incident["root"] == "after").then_some(())
    });
    let told = site.log();
    assert!(!told.contains(WEBHOOK_TOKEN) && !told.contains(API_TOKEN), "a token was logged");
    assert!(!told.contains("panicked"), "{}", super::tail(&told));
    assert!(life.end(), "it did not end well when it was asked to");
}

/// One round of it. What is answered matters where something is.
fn attack(site: &Site) {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let labels: String = (0..20_000).map(|n| format!("\"label{n}\":\"{n}\",")).collect();
    let bomb =
        format!(r#"{{"version":"4","alerts":[{{"status":"firing","labels":{{{labels}"alertname":"A"}}}}]}}"#);
    let long = "x".repeat(10 * MIB);
    for (what, body, status) in [
        ("no JSON", "\0\u{feff}{{{", 400),
        ("deep JSON", deep.as_str(), 400),
        // It is taken with a few dozen of its labels.
        ("a label bomb", bomb.as_str(), 200),
        ("an alert without anything", r#"{"version":"4","alerts":[{}]}"#, 400),
    ] {
        let request = wire::post("/alerts/alertmanager", Some(WEBHOOK_TOKEN), body);
        let (answered, words) = Wire::connect(site.address()).unwrap().ask(&request).unwrap();
        assert_eq!(answered, status, "{what}: {}", String::from_utf8_lossy(&words));
    }
    for (what, path, token, status) in [
        ("no token", "/alerts/alertmanager", None, 401),
        ("a wrong token", "/alerts/alertmanager", Some("the-token-of-the-webhooK"), 401),
        ("another source's token", "/alerts/alertmanager", Some(API_TOKEN), 401),
        ("a source that is not there", "/alerts/nobody", Some("guess"), 401),
        ("no page", "/../../etc/passwd", Some(WEBHOOK_TOKEN), 404),
    ] {
        let request = wire::post(path, token, &webhook(&[("forged".to_owned(), 1)].into()));
        assert_eq!(Wire::connect(site.address()).unwrap().ask(&request).unwrap().0, status, "{what}");
    }
    let declared = wire::post("/alerts/alertmanager", Some(WEBHOOK_TOKEN), &long);
    assert!(refused(site, &declared, 413), "a body of 10 MiB");
    let mut chunked = format!(
        "POST /alerts/alertmanager HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {WEBHOOK_TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    (0..160).for_each(|_| chunked.push_str(&format!("10000\r\n{}\r\n", &long[..65536])));
    assert!(refused(site, chunked.as_bytes(), 413), "a body of 10 MiB that does not say how long it is");
    let head = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", &long[..MIB]);
    assert!(refused(site, head.as_bytes(), 431), "a head of 1 MiB");
    let lines: String = (0..5000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    assert!(
        refused(site, format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{lines}\r\n").as_bytes(), 431),
        "5000 lines of head"
    );
    refused(site, &garbage(), 400);
    // Half a request, and then nobody there any more.
    for half in
        ["POST /alerts/alert", "POST /alerts/alertmanager HTTP/1.1\r\nContent-Length: 1000\r\n\r\n{\"ver"]
    {
        TcpStream::connect(site.address()).unwrap().write_all(half.as_bytes()).unwrap();
    }
}

/// Sends something that need not be read to its end; whether it was answered with that status, or hung up on.
fn refused(site: &Site, bytes: &[u8], status: u16) -> bool {
    let mut stream = TcpStream::connect(site.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut reader = stream.try_clone().unwrap();
    let answer = std::thread::scope(|scope| {
        let read = scope.spawn(move || {
            let mut answer = [0; 12];
            reader.read_exact(&mut answer).map(|()| String::from_utf8_lossy(&answer).into_owned())
        });
        // It may hang up long before the end.
        let _ = stream.write_all(bytes);
        read.join().unwrap()
    });
    answer.map_or(true, |answer| answer == format!("HTTP/1.1 {status}"))
}

/// Bytes that look random and are the same each time.
fn garbage() -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..100_000).map(next).collect()
}
