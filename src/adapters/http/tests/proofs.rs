//! Who may send what.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::*;

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

#[tokio::test]
async fn only_the_sources_own_token_opens_it() {
    let house = House::open([source("cluster", token("right")), source("nas", token("other"))]).await;
    assert_eq!(house.post("/alerts/cluster", &bearer("right"), ALERT).await.status, 200);
    let as_password = "Authorization: Basic c3Rld2FyZDpyaWdodA==\r\n"; // steward:right
    assert_eq!(house.post("/alerts/cluster", as_password, ALERT).await.status, 200);
    for headers in
        ["", &bearer("wrong"), &bearer("other"), &bearer("righ"), &bearer("right2"), "X-Token: right\r\n"]
    {
        let answer = house.post("/alerts/cluster", headers, ALERT).await;
        assert_eq!(answer.status, 401, "{headers}");
        assert!(answer.head.contains("www-authenticate: bearer"), "{answer:?}");
        assert!(answer.body.contains("Authorization: Bearer TOKEN"), "{answer:?}");
        assert!(!answer.body.contains("right") && !answer.body.contains("other"), "{answer:?}");
    }
    assert_eq!(
        house.post("/alerts/cluster?token=right", "", ALERT).await.status,
        401,
        "in logs, tokens leak"
    );
    assert_eq!(house.taken(), ["cluster", "cluster"]);
}

#[tokio::test]
async fn whoever_has_no_token_is_refused_before_the_body_is_read() {
    let house = House::open([source("cluster", token("right"))]).await;
    // Not a byte of the body is ever sent.
    let head = "POST /alerts/cluster HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n";
    assert_eq!(house.say(head).await.status, 401);
}

#[tokio::test]
async fn whoever_has_no_token_does_not_learn_which_sources_there_are() {
    let house = House::open([source("cluster", token("right"))]).await;
    let there = house.post("/alerts/cluster", "", ALERT).await;
    let not_there = house.post("/alerts/clutter", "", ALERT).await;
    assert_eq!((there.status, not_there.status), (401, 401));
    assert_eq!(there.body, not_there.body.replace("clutter", "cluster"));
    // Whoever belongs here is helped.
    let answer = house.post("/alerts/clutter", &bearer("right"), ALERT).await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("there is no source `clutter`"), "{answer:?}");
}

#[tokio::test]
async fn where_no_source_has_a_token_a_wrong_name_is_told_as_one() {
    let house = House::open([source("cluster", Proof::None)]).await;
    assert_eq!(house.post("/alerts/clutter", "", ALERT).await.status, 404);
}

#[tokio::test]
async fn a_signature_opens_for_the_body_that_it_signs() {
    let proof = Proof::Hmac { header: "X-Signature".into(), key: Secret::known("env:KEY", "key") };
    let house = House::open([source("forge", proof), source("nas", token("key"))]).await;
    let mut mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
    mac.update(ALERT.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let signed = format!("X-Signature: sha256={hex}\r\n");
    assert_eq!(house.post("/alerts/forge", &signed, ALERT).await.status, 200);
    let other = ALERT.replace("DiskFull", "DiskFine");
    for (headers, body) in [
        (signed.as_str(), other.as_str()),
        ("", ALERT),
        (&bearer("key"), ALERT),
        ("X-Signature: sha256=\r\n", ALERT),
    ] {
        assert_eq!(house.post("/alerts/forge", headers, body).await.status, 401, "{headers}");
    }
    assert_eq!(house.taken(), ["forge"]);
    assert!(house.rejected().is_empty(), "what nobody vouches for is not kept");
}

#[tokio::test]
async fn a_page_in_a_browser_can_not_send_alerts_to_a_source_without_a_token() {
    let house = House::open([source("open", Proof::None), source("closed", token("right"))]).await;
    let origin = "Origin: https://evil.example\r\nContent-Type: text/plain\r\n";
    assert_eq!(house.post("/alerts/open", origin, ALERT).await.status, 403);
    assert_eq!(
        house.post("/alerts/closed", &format!("{origin}{}", bearer("right")), ALERT).await.status,
        200
    );
    assert_eq!(house.taken(), ["closed"]);
}
