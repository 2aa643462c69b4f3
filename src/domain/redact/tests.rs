use proptest::prelude::*;
use serde_json::json;

use super::*;

fn shaped(text: &str) -> String {
    Redactor::shapes().redact(text).into_owned()
}

/// Tokens are put together here, so that no scanner of this repository takes them for real ones.
fn secrets() -> Vec<(&'static str, String)> {
    let alnum = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9aB3dE5gH7jK9mN1pQ3sT5";
    let of = |len: usize| &alnum[..len];
    vec![
        ("github token", format!("ghp_{}", of(36))),
        ("github token", format!("github_pat_{}_{}", of(22), of(40))),
        ("gitlab token", format!("glpat-{}", of(20))),
        ("slack token", format!("xoxb-{}-{}", "123456789012", of(24))),
        ("slack token", format!("xapp-1-A0{}", of(20))),
        ("discord token", format!("MTA{}.{}.{}", of(23), of(6), of(27))),
        ("telegram token", format!("123456789:AA{}", of(33))),
        ("stripe key", format!("sk_live_{}", of(24))),
        ("google key", format!("AIza{}", of(35))),
        ("aws key", "AKIAIOSFODNN7EXAMPLE".to_owned()),
        ("npm token", format!("npm_{}", of(36))),
        ("pypi token", format!("pypi-{}{}", of(40), of(20))),
        ("docker token", format!("dckr_pat_{}", of(27))),
        ("tailscale key", format!("tskey-auth-{}-{}", of(12), of(20))),
        ("anthropic key", format!("sk-ant-api03-{}", of(40))),
        ("api key", format!("sk-{}", of(40))),
        ("api key", format!("sk-proj-{}", of(40))),
        ("huggingface token", format!("hf_{}", of(34))),
        ("vault token", format!("hvs.{}", of(28))),
        ("json web token", format!("eyJhbGciOiJSUzI1NiJ9.eyJ{}.{}", of(30), of(40))),
        ("age key", format!("AGE-SECRET-KEY-1{}", of(40).to_uppercase())),
        ("password hash", format!("$6$saltsalt$%{}", of(40)).replace('%', "")),
        ("password hash", format!("$2b$12${}", of(43))),
    ]
}

#[test]
fn well_known_tokens_are_taken_out_wherever_they_stand_and_named() {
    for (kind, secret) in secrets() {
        let gone = format!("[redacted: {kind}]");
        for (text, clean) in [
            (secret.clone(), gone.clone()),
            (format!("it says {secret} here"), format!("it says {gone} here")),
            (format!("(\"{secret}\")"), format!("(\"{gone}\")")),
            (format!("a\n{secret}\nb"), format!("a\n{gone}\nb")),
            // A line break as JSON writes it.
            (format!(r#"{{"text":"a\n{secret}\nb"}}"#), format!(r#"{{"text":"a\n{gone}\nb"}}"#)),
        ] {
            assert_eq!(shaped(&text), clean, "{kind}");
        }
        assert!(Redactor::shapes().holds_secret(&format!("x={secret};")), "{kind}");
    }
}

#[test]
fn what_is_told_by_the_name_before_it_is_taken_out_and_the_name_stays() {
    for (text, clean) in [
        ("password=hunter2x", "password=[redacted: password]"),
        ("PASSWORD: Hunter2x", "PASSWORD: [redacted: password]"),
        ("  db_password: correcthorse", "  db_password: [redacted: password]"),
        (r#"{"token": "abc def", "n": 1}"#, r#"{"token": "[redacted: token]", "n": 1}"#),
        (r#"{"a":"{\"token\":\"abcd\",\"n\":1}"}"#, r#"{"a":"{\"token\":\"[redacted: token]\",\"n\":1}"}"#),
        (r#""password": "a\"b c", "x""#, r#""password": "[redacted: password]", "x""#),
        ("export API_KEY='a b c d'", "export API_KEY='[redacted: secret]'"),
        ("MYSQL_ROOT_PASSWORD=Tr0ub4dor&3", "MYSQL_ROOT_PASSWORD=[redacted: password]"),
        ("mysql --password s3cr3t -u root", "mysql --password [redacted: password] -u root"),
        ("mysql --password=s3cr3t -u root", "mysql --password=[redacted: password] -u root"),
        (r#"["mysql","--password","s3cr3t"]"#, r#"["mysql","--password","[redacted: password]"]"#),
        ("GET /?api_key=12345&x=1", "GET /?api_key=[redacted: secret]&x=1"),
        ("no such token: 7f3kq9 for ada", "no such token: [redacted: token] for ada"),
        ("(client_secret=abcd1234)", "(client_secret=[redacted: secret])"),
        (
            "\u{1b}[3mtoken\u{1b}[0m\u{1b}[2m=\u{1b}[0mabcd1234 x",
            "\u{1b}[3mtoken\u{1b}[0m\u{1b}[2m=\u{1b}[0m[redacted: token] x",
        ),
        ("postgres://ada:s3cr3t@db/x", "postgres://ada:[redacted: password]@db/x"),
        ("redis://:p@ss@cache:6379", "redis://:[redacted: password]@cache:6379"),
        ("Authorization: Bearer abcdefgh", "Authorization: Bearer [redacted: authorization]"),
        ("'Authorization': 'Basic YWRhOng='", "'Authorization': 'Basic [redacted: authorization]'"),
        ("-H 'PRIVATE-TOKEN: 0123abcd'", "-H 'PRIVATE-TOKEN: [redacted: token]'"),
        ("Set-Cookie: sid=0123abcd; Path=/", "Set-Cookie: [redacted: cookie]"),
        (
            "PrivateKey = 4GgaQCy68nzNsUE5aJ9fuLzHhB65tAlwbmA72MWnOm8=",
            "PrivateKey = [redacted: wireguard key]",
        ),
        ("curl -s -u ada:s3cr3t https://x", "curl -s -u ada:[redacted: password] https://x"),
        ("sshpass -p s3cr3t ssh nas", "sshpass -p [redacted: password] ssh nas"),
        ("machine x login ada password s3cr3t", "machine x login ada password [redacted: password]"),
    ] {
        assert_eq!(shaped(text), clean);
    }
}

#[test]
fn what_is_obviously_no_secret_stays() {
    for text in [
        "password=",
        "password=***",
        "password: \"\"",
        "password=********",
        "token=true",
        "secret: false",
        "password = null",
        "password=$DB_PASSWORD",
        "password=${DB_PASSWORD}",
        "password: <your password>",
        "token: {{ token }}",
        "password_file=/run/secrets/db",
        "secret=/run/secrets/db_password",
        "token = \"env:DISCORD_TOKEN\"",
        "token = \"file:secrets/token\"",
        "PWD=/root/somewhere",
        "passwd:         files systemd",
        "invalid token: unexpected end of input",
        "the secret: it rains",
        "max_tokens=4096",
        "Token::Value",
        "secretName: jellyfin-tls",
        "Password: incorrect, try again",
        "GET /?t=‹TOKEN› failed",
        "private key: (hidden)",
        "peer: 4GgaQCy68nzNsUE5aJ9fuLzHhB65tAlwbmA72MWnOm8=",
        "http://[::1]:8080/a@b",
        "see http://nas:8080/x and mail ada@example.org",
        "pass: 3, fail: 2",
        "disk-usage-of-a-very-long-name",
        "Basic authentication is required",
        "a bearer token is missing",
    ] {
        assert_eq!(shaped(text), text);
    }
}

#[test]
fn digests_ids_keys_that_are_public_and_the_text_of_incidents_stay() {
    for text in [
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "jellyfin/jellyfin@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad (HEAD -> main)",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "b1946ac92492d2347c6235b4d2611184",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMoNpF7UBFrQV2NYXtXZK3GVMBF2R7Cj5VHgP0ZcD5Zg ada@nas",
        "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDxfaXlMGSfZZ2zSDo",
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudw9fp8q3ls0kx",
        "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUJ\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n-----END PUBLIC KEY-----",
        "UUID=0a3407de-014b-458b-b5c1-848e92a327a3 /mnt/media ext4 defaults 0 2",
        "10.0.0.5:8006 52:54:00:12:34:56 fe80::5054:ff:fe12:3456%eth0",
        "I ran `systemctl restart nginx.service` (it ended with exit code 1: Job for nginx.service failed)",
        "nas/media: /mnt/media is stale on 3 nodes; the repair `mounts-remount` waits for `approve 7`",
        "Nov 21 15:09:44 pve4 kernel: e1000e 0000:00:1f.6 eno1: Detected Hardware Unit Hang",
        "mnt-media.mount loaded failed failed /mnt/media",
        "pod/jellyfin-7d9c5b8f6d-x2k4q CrashLoopBackOff",
    ] {
        assert_eq!(shaped(text), text);
        assert!(!Redactor::shapes().holds_secret(text), "{text}");
    }
}

const BODY: &str = "b3BlbnNzaC1rZXktdjEBAAAABG5vbmUAAAAEbm9uZQAA";

#[test]
fn a_private_key_goes_as_a_whole_and_the_lines_around_it_stay() {
    let kinds = ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "];
    for kind in kinds {
        let key = format!(
            "-----BEGIN {kind}PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{BODY}\n{BODY}\nAAAA==\n-----END {kind}PRIVATE KEY-----"
        );
        assert_eq!(shaped(&format!("before\n{key}\nafter")), "before\n[redacted: private key]\nafter");
        let quoted = key.replace('\n', "\n> | ");
        assert_eq!(
            shaped(&format!("> | before\n> | {quoted}\nafter")),
            "> | before\n> | [redacted: private key]\nafter"
        );
        let json = json!({ "a": format!("x {key} y") }).to_string();
        assert_eq!(shaped(&json), json!({ "a": "x [redacted: private key] y" }).to_string());
    }
    let pgp = format!(
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{BODY}\n=ab12\n-----END PGP PRIVATE KEY BLOCK-----"
    );
    assert_eq!(shaped(&pgp), "[redacted: private key]");
}

#[test]
fn of_a_private_key_that_was_cut_off_nothing_is_left_either() {
    let begin = "-----BEGIN RSA PRIVATE KEY-----";
    let end = "-----END RSA PRIVATE KEY-----";
    assert_eq!(
        shaped(&format!("{begin}\n{BODY}\n{BODY}\nall is well")),
        "[redacted: private key]\nall is well"
    );
    assert_eq!(
        shaped(&format!("all is well\n{BODY}\n{BODY}\nAAAA\n{end}\nok")),
        "all is well\n[redacted: private key]\nok"
    );
    assert_eq!(
        shaped(&format!("{begin}\n{BODY}\nthen\n{begin}\n{BODY}\n{end}.")),
        "[redacted: private key]\nthen\n[redacted: private key]."
    );
    let json = json!({ "a": format!("{begin}\n{BODY}\n{BODY}"), "b": "all is well" }).to_string();
    assert_eq!(shaped(&json), json!({ "a": "[redacted: private key]", "b": "all is well" }).to_string());
    assert_eq!(
        shaped(&format!("the line {begin} begins a key")),
        "the line [redacted: private key] begins a key"
    );
}

#[test]
fn known_values_are_found_as_they_are_encoded_and_escaped() {
    let value = "p@ss w/\"rd?€7";
    let redactor = Redactor::new([value.to_owned(), "short".to_owned()]);
    for form in [
        value,
        "p%40ss%20w%2F%22rd%3F%E2%82%AC7",
        "p%40ss+w%2f%22rd%3f%e2%82%ac7",
        r#"p@ss w/\"rd?€7"#,
        r#"p@ss w\/\"rd?\u20ac7"#,
        "cEBzcyB3LyJyZD_igqw3",
        "cEBzcyB3LyJyZD/igqw3Cg==",
    ] {
        assert_eq!(redactor.redact(&format!("a {form} b")), "a [redacted: configured secret] b", "{form}");
    }
    assert_eq!(redactor.redact("a short word"), "a short word");
    assert!(!format!("{redactor:?}").contains("p@ss"));
}

#[test]
fn a_known_key_of_several_lines_is_found_line_by_line_too() {
    let redactor = Redactor::new([format!("head\n{BODY}\n{}\n", BODY.to_lowercase())]);
    assert_eq!(redactor.redact(&format!("1: {BODY}")), "1: [redacted: configured secret]");
    assert_eq!(
        redactor.redact(&format!("a\\n{}\\nb", BODY.to_lowercase())),
        "a\\n[redacted: configured secret]\\nb"
    );
}

#[test]
fn what_is_learned_is_known_to_all_who_share_it_and_nothing_is_forgotten() {
    let (one, other) = {
        let one = Redaction::default();
        (one.clone(), one)
    };
    assert_eq!(one.redact("correct-horse"), "correct-horse");
    other.learn(["correct-horse".to_owned()]);
    other.learn(["battery-staple".to_owned()]);
    assert_eq!(
        one.redact("correct-horse battery-staple"),
        "[redacted: configured secret] [redacted: configured secret]"
    );
}

#[test]
fn json_and_labels_lose_what_their_names_tell() {
    let mut value =
        json!({ "a": [{ "password": "hunter2x", "user": "ada" }], "note": "token=abcd1234", "n": 3 });
    Redactor::shapes().json(&mut value);
    let clean = json!({ "a": [{ "password": "[redacted: password]", "user": "ada" }], "note": "token=[redacted: token]", "n": 3 });
    assert_eq!(value, clean);
}

#[test]
fn a_value_that_is_a_word_of_the_replacement_does_no_harm() {
    let redactor = Redactor::new(["redacted".to_owned(), "configured secret".to_owned()]);
    let once = redactor.redact("redacted: configured secret").into_owned();
    assert_eq!(once, "[redacted: configured secret]: [redacted: configured secret]");
    assert_eq!(redactor.redact(&once), once);
}

fn piece() -> impl Strategy<Value = String> {
    let tokens: Vec<String> = secrets().into_iter().map(|(_, secret)| secret).collect();
    let parts = [
        "password=",
        "token: ",
        "\"secret\": \"",
        "--password ",
        "\n",
        " ",
        "\"",
        "'",
        "=",
        ":",
        "@",
        "https://u:",
        "\\n",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        BODY,
        "hunter2x",
        "[redacted: ",
        "[redacted: password]",
        "]",
        "Bearer ",
        "é",
        "a",
        "Cookie: a=",
        "word",
        "${",
        "known-value",
    ];
    prop_oneof![
        proptest::sample::select(tokens),
        proptest::sample::select(parts.map(str::to_owned).to_vec()),
        "[ -~]{0,12}",
    ]
}

proptest! {
    #[test]
    fn redacting_twice_changes_nothing_more(pieces in proptest::collection::vec(piece(), 0..14)) {
        let redactor = Redactor::new(["known-value".to_owned()]);
        let once = redactor.redact(&pieces.concat()).into_owned();
        prop_assert_eq!(redactor.redact(&once), once.as_str());
        prop_assert!(!redactor.holds_secret(&once));
    }

    #[test]
    fn no_token_survives_between_other_words(
        before in "([ -~\\n]{0,40}[ \\n(,;])?", after in "([ \\n),;][ -~\\n]{0,40})?", which in 0..23_usize
    ) {
        let (_, secret) = secrets().swap_remove(which);
        let clean = shaped(&format!("{before}{secret}{after}"));
        prop_assert!(!clean.contains(&secret), "{}", clean);
    }

    #[test]
    fn lines_without_a_secret_stay_as_they_are(lines in proptest::collection::vec("[a-z0-9 .,/-]{0,30}", 0..6)) {
        let text = lines.join("\n");
        prop_assert_eq!(shaped(&text), text);
    }

    #[test]
    fn digests_and_ids_stay(hex in "[0-9a-f]{12,128}", upper in "[0-7][0-9A-HJKMNP-TV-Z]{25}") {
        for text in [format!("sha256:{hex}"), hex.clone(), upper.clone(), format!("digest={hex} id={upper}")] {
            prop_assert_eq!(shaped(&text), text);
        }
    }
}
