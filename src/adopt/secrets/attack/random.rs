use proptest::prelude::*;

use super::*;

/// Names as anybody could choose them, telling ones among them.
fn name() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "DB",
        "PASSWORD",
        "TOKEN",
        "SECRET",
        "KEY",
        "API",
        "ACCESS",
        "AUTH",
        "URL",
        "MAX",
        "USER",
        "PASS",
        "PRIVATE",
        "CREDENTIAL",
        "pwd",
        "x",
        "ENABLED",
        "COOKIE",
        "Authorization",
        "login",
        "NO",
        "1",
        "PUBLIC",
        "sign",
        "WEBHOOK",
    ]);
    (prop::collection::vec(word, 1..4), prop::sample::select(vec!["_", "", "-", "."]))
        .prop_map(|(words, join)| words.join(join))
}

/// Values as they come: words, numbers, references, paths, whatever stands next to secrets.
fn value() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(vec![
        "always",
        "optional",
        "4096",
        "/data/My Files/x",
        "${FOO}",
        "$FOO",
        "$(FOO)",
        "{{ x }}",
        "admin",
        "a:b",
        "password: yes",
        "token=abc",
        "--password x1y2",
        "vault:a/b",
        "./x/y",
        "\"quoted\"",
        "a\nb: token: abcd",
        "login me password now",
        "curl -u me:you x",
        "sha256:abcdef",
        "<none>",
        "%(x)s",
        "Bearer token",
        "äöü",
        "a\\b",
        "'",
        "x // y",
        "authorization: basic",
        "cookie: a=bcdef",
        "http://h:80/p?token=abcd",
        "redis://:x@h",
        "enabled",
        "-1",
        "1e5",
        "yes",
        "~",
        "|",
        "# x",
        "[redacted: token]",
    ]);
    prop_oneof![
        3 => plain.clone().prop_map(str::to_owned),
        1 => (plain.clone(), plain).prop_map(|(a, b)| format!("{a} {b}")),
        1 => "[ -~äß\\n]{0,24}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_never_held_back_by_the_last_check(
        env in prop::collection::vec((name(), value()), 0..5),
        labels in prop::collection::vec((name(), value()), 0..3),
        command in prop::collection::vec(prop_oneof![value(), name().prop_map(|name| format!("--{}", name.to_lowercase()))], 0..5),
        health in prop::option::of(value()),
        config in prop::option::of(value()),
    ) {
        let given = Given { env, labels, command, health, config, ..Given::default() };
        for project in given.read() {
            if let Err(faults) = outputs(&project) {
                prop_assert!(false, "{faults:?}");
            }
        }
    }
}
