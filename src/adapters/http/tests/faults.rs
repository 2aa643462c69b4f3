//! Slow, large, deep, many: refused cheaply, while good requests get through.

use super::*;

/// Limits short enough to be waited for.
fn short() -> Limits {
    let moment = Duration::from_millis(150);
    Limits { head: moment, body: moment, ..Limits::default() }
}

async fn good(house: &House) {
    assert_eq!(house.post("/alerts/good", "", ALERT).await.status, 200);
}

#[tokio::test]
async fn a_head_that_comes_a_byte_at_a_time_is_cut_off() {
    let house = House::with([source("good", Proof::None)], short()).await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = house.connect().await;
        stream.write_all(b"POST /alerts/good HTTP/1.1\r\nX-A").await.unwrap();
        slow.push(stream);
    }
    good(&house).await;
    for mut stream in slow {
        assert_eq!(rest(&mut stream).await, "", "closed without a word");
    }
    good(&house).await;
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_is_closed() {
    let house = House::with([], short()).await;
    let mut stream = house.connect().await;
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_waited_for_no_longer_than_it_may_take() {
    let house = House::with([source("good", Proof::None)], short()).await;
    let mut stream = house.connect().await;
    stream
        .write_all(b"POST /alerts/good HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n[{")
        .await
        .unwrap();
    good(&house).await;
    let answer = Answer::of(&rest(&mut stream).await);
    assert_eq!(answer.status, 503, "Alertmanager sends nothing again after a 408: {answer:?}");
    assert!(answer.head.contains("retry-after: 1"), "{answer:?}");
    assert!(house.rejected().is_empty());
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_by_its_length_alone() {
    let house = House::open([source("good", Proof::None)]).await;
    let head = "POST /alerts/good HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n";
    let answer = house.say(head).await;
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("65536 bytes") && answer.body.contains("max_body"), "{answer:?}");
}

#[tokio::test]
async fn a_body_of_no_declared_length_is_read_up_to_the_limit_and_no_further() {
    let house = House::open([source("good", Proof::None)]).await;
    let mut stream = house.connect().await;
    stream
        .write_all(b"POST /alerts/good HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await
        .unwrap();
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    // More than the limit, and never an end.
    for _ in 0..5 {
        let _ = stream.write_all(chunk.as_bytes()).await;
    }
    let answer = Answer::of(&rest(&mut stream).await);
    assert_eq!(answer.status, 413);
    good(&house).await;
}

#[tokio::test]
async fn bodies_together_take_no_more_memory_than_they_may() {
    let limits = Limits { bodies: 1000, ..Limits::default() };
    let house = House::with([source("good", Proof::None)], limits).await;
    assert_eq!(house.post("/alerts/good", "", &"x".repeat(2000)).await.status, 503);
    good(&house).await;
    assert!(house.rejected().is_empty());
}

#[tokio::test]
async fn heads_that_are_too_long_or_have_too_many_lines_are_refused() {
    let house = House::open([source("good", Proof::None)]).await;
    let long = format!("X-A: {}\r\n", "x".repeat(20_000));
    let many: String = (0..200).map(|n| format!("X-{n}: y\r\n")).collect();
    for headers in [long, many] {
        assert_eq!(house.post("/alerts/good", &headers, ALERT).await.status, 431);
    }
    assert!(house.taken().is_empty());
}

#[tokio::test]
async fn deep_json_is_refused_and_heaps_of_labels_are_cut_and_both_harm_nothing() {
    let house = House::open([source("good", Proof::None)]).await;
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let in_label = format!("[{{\"labels\":{{\"a\":{}1{}}}}}]", "[".repeat(20_000), "]".repeat(20_000));
    let labels: Vec<String> = (0..2000).map(|n| format!("\"l{n}\":\"x\"")).collect();
    let bomb = format!("[{{\"labels\":{{\"alertname\":\"A\",{}}}}}]", labels.join(","));
    for body in [deep, in_label] {
        let answer = house.post("/alerts/good", "", &body).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert_eq!(house.rejected().len(), 2);
    assert_eq!(house.post("/alerts/good", "", &bomb).await.status, 200);
    assert_eq!(house.intake.accepted.lock().unwrap()[0].signals[0].labels.len(), 64);
    good(&house).await;
}

#[tokio::test]
async fn whoever_comes_when_every_place_is_taken_is_told_to_come_again() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let house = House::with([source("good", Proof::None)], limits).await;
    let mut inside = Vec::new();
    for _ in 0..2 {
        let mut stream = house.connect().await;
        let first = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all(first.as_bytes()).await.unwrap();
        let mut begun = [0; 15];
        stream.read_exact(&mut begun).await.unwrap();
        assert_eq!(&begun, b"HTTP/1.1 200 OK");
        inside.push(stream);
    }
    let answer = house.post("/alerts/good", "", ALERT).await;
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: 1"), "{answer:?}");
    let length = answer.head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), answer.body.len());
    assert!(house.taken().is_empty());
    drop(inside);
    while house.post("/alerts/good", "", ALERT).await.status != 200 {}
}

#[tokio::test]
async fn a_source_that_sends_too_often_waits_and_the_others_do_not() {
    let (name, talker) = source("talker", Proof::None);
    let talker = (name, AlertSource { rate: 3, ..talker });
    let house = House::open([talker, source("good", Proof::None)]).await;
    for _ in 0..3 {
        assert_eq!(house.post("/alerts/talker", "", ALERT).await.status, 200);
    }
    let answer = house.post("/alerts/talker", "", ALERT).await;
    assert_eq!(answer.status, 503, "Alertmanager sends nothing again after a 429: {answer:?}");
    assert!(answer.head.contains("retry-after: 20") && answer.body.contains("rate"), "{answer:?}");
    let text = house.get("/metrics").await.body;
    let counted = "steward_http_requests_total{source=\"talker\",outcome=\"too_often\"} 1\n";
    assert!(text.contains(counted), "{text}");
    good(&house).await;
    house.pass(20);
    assert_eq!(house.post("/alerts/talker", "", ALERT).await.status, 200);
    assert_eq!(house.post("/alerts/talker", "", ALERT).await.status, 503);
}

#[tokio::test]
async fn whoever_has_no_token_uses_up_nothing_of_what_the_source_may_send() {
    let (name, quiet) = source("quiet", token("right"));
    let house = House::open([(name, AlertSource { rate: 1, ..quiet })]).await;
    for _ in 0..5 {
        assert_eq!(house.post("/alerts/quiet", "Authorization: Bearer wrong\r\n", ALERT).await.status, 401);
    }
    assert_eq!(house.post("/alerts/quiet", "Authorization: Bearer right\r\n", ALERT).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_packed_is_not_unpacked() {
    let house = House::open([source("good", Proof::None)]).await;
    let answer = house.post("/alerts/good", "Content-Encoding: gzip\r\n", ALERT).await;
    assert_eq!(answer.status, 415);
    assert!(answer.body.contains("(gzip)"), "{answer:?}");
    assert_eq!(house.post("/alerts/good", "Content-Encoding: identity\r\n", ALERT).await.status, 200);
}
