use proptest::prelude::*;

use super::*;

const NAMES: [&str; 6] = ["pve4", "nas", "k8s", "jellyfin", "vm-web", "nas.lan"];

fn mask() -> Mask {
    Mask::of(NAMES)
}

#[test]
fn what_identifies_the_lab_is_replaced_and_what_a_diagnosis_needs_stays() {
    let mut mask = mask();
    for (text, masked) in [
        ("ping 10.0.0.4 from pve4", "ping ip-1 from host-1"),
        ("10.0.0.4:8080 and fe80::1%eth0", "ip-1:8080 and ip-2%eth0"),
        ("aa:bb:cc:dd:ee:ff at 12:30:45", "mac-1 at 12:30:45"),
        ("mail root@example.org", "mail mail-1"),
        ("https://cloud.example.org/x", "https://host-2/x"),
        ("vm-web_disk on NAS and nas", "host-3_disk on host-4 and host-5"),
        ("nginx.service reads /etc/nginx/nginx.conf", "nginx.service reads /etc/nginx/nginx.conf"),
        ("nas.service failed", "host-5.service failed"),
        ("a nasty surprise in version 1.2.3", "a nasty surprise in version 1.2.3"),
    ] {
        assert_eq!(mask.mask(text), masked);
        assert_eq!(mask.unmask(masked), text);
    }
}

#[test]
fn what_looks_like_a_stand_in_comes_back_as_it_was() {
    let mut mask = Mask::of(["host-1", "pve4"]);
    let text = "host-1 asks pve4 for ip-7, says HOST-2 (a ghost-3)";
    let sent = mask.mask(text);
    assert!(!sent.contains("host-1 ") && !sent.contains("pve4"), "{sent}");
    assert_eq!(mask.unmask(&sent), text);
    assert_eq!(mask.unmask("ip-99 is nobody"), "ip-99 is nobody");
}

#[test]
fn a_model_may_write_a_stand_in_as_it_begins_a_sentence() {
    let mut mask = mask();
    mask.mask("pve4");
    assert_eq!(mask.unmask("Host-1 hangs."), "pve4 hangs.");
}

#[test]
fn of_a_schema_the_words_are_masked_and_nothing_else() {
    let mut schema = serde_json::json!({ "type": "nas", "properties": { "nas": { "description": "such as pve4", "enum": ["nas"] } } });
    mask().mask_descriptions(&mut schema);
    let masked = serde_json::json!({ "type": "nas", "properties": { "nas": { "description": "such as host-1", "enum": ["host-2"] } } });
    assert_eq!(schema, masked);
}

/// Pieces that run into each other in the ways that hurt.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "pve4",
        "NAS",
        "nas.lan",
        "vm-web",
        "10.0.0.4",
        "192.168.178.255",
        "fe80::1",
        "2001:db8::8:800",
        "root@nas.lan",
        "aa:bb:cc:dd:ee:ff",
        "cloud.example.org",
        "host-1",
        "HOST-2",
        "ip-3",
        "ghost-4",
        "mail-",
        "ip",
        "-",
        "1",
        "12",
        ".",
        ":",
        "::",
        "@",
        "_",
        " ",
        "\n",
        "é",
        "ß",
        "nginx.service",
        "…",
    ];
    prop_oneof![
        4 => proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned),
        1 => "[a-z0-9.:@_-]{0,6}",
        1 => any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #[test]
    fn what_is_masked_comes_back_exactly(texts in prop::collection::vec(prop::collection::vec(piece(), 0..12), 1..4)) {
        let mut mask = mask();
        let texts: Vec<String> = texts.into_iter().map(|pieces| pieces.concat()).collect();
        let sent: Vec<String> = texts.iter().map(|text| mask.mask(text)).collect();
        for (text, sent) in texts.iter().zip(&sent) {
            prop_assert_eq!(&mask.unmask(sent), text, "sent as {}", sent);
        }
    }

    #[test]
    fn the_same_text_is_sent_the_same_way_again(pieces in prop::collection::vec(piece(), 0..12)) {
        let mut mask = mask();
        let text = pieces.concat();
        let first = mask.mask(&text);
        mask.mask("something of 10.9.9.9 and other.example.net in between");
        prop_assert_eq!(mask.mask(&text), first);
    }

    #[test]
    fn no_name_and_no_address_is_left_in_what_is_sent(
        around in prop::collection::vec("[ ,;()/=\"'_-]{1,3}", 7),
        address in any::<[u8; 4]>(), six in any::<[u16; 8]>(), user in "[a-z]{3,8}", domain in "[a-z]{3,8}\\.(org|lan|home)",
    ) {
        let [a, b, c, d] = address;
        let (four, six) = (format!("{a}.{b}.{c}.{d}"), Ipv6Addr::from(six).to_string());
        let secrets = ["pve4".to_owned(), four, "Jellyfin".to_owned(), six, format!("{user}@{domain}"), domain];
        let text: String = around.iter().zip(&secrets).map(|(gap, secret)| format!("{gap}{secret}")).collect();
        let mut mask = mask();
        let sent = mask.mask(&text);
        for secret in &secrets {
            prop_assert!(!sent.contains(secret.as_str()), "{} is left in {}", secret, sent);
        }
        prop_assert_eq!(mask.unmask(&sent), text);
    }
}
