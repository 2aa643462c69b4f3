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
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_never_held_back_by_the_last_check(
        env in prop::collection::vec((name(), value()), 0..5),
        labels in prop::collection::vec((name(), value()), 0..3),
        command in prop::collection::vec(prop_oneof![value(), name().prop_map(|name| format!("--{}", name.to_lowercase()))], 0..5),
        health in prop::option::of(value()),
        config in prop::option::of(value()),
        kind in prop::sample::select(KINDS.to_vec()),
    ) {
        let given = Given { env, labels, command, health, config, ..Given::default() };
        for project in given.read() {
            if let Err(faults) = outputs(&project, &[kind]) {
                prop_assert!(false, "{faults:?}");
            }
        }
    }
}

/// What nobody could take for something else: every secret has it in it.
const CORE: &str = "zq73914";

fn secret() -> impl Strategy<Value = String> {
    let around = prop_oneof![
        "[a-zA-Z0-9]{0,20}",
        "[!-~]{1,12}",
        "[ -~äß日]{1,12}",
        "[a-f0-9]{16}",
        "[a-z ]{5}\n[A-Za-z+/]{8}"
    ];
    (around, any::<bool>()).prop_map(|(around, front)| {
        // Spaces around a value belong to no value.
        let secret = if front { format!("{CORE}{around}x") } else { format!("x{around}{CORE}") };
        secret.replace('`', "x")
    })
}

/// A container in which this secret stands in one telling place, and in some that tell nothing.
fn planted(secret: &str, telling: usize, others: &[usize]) -> Given {
    let mut given = Given::default();
    let plain: String = secret.chars().filter(char::is_ascii_alphanumeric).collect();
    match telling {
        0 => given.env.push(("POSTGRES_PASSWORD".into(), secret.to_owned())),
        1 => given.env.push(("app.clientSecret".into(), secret.to_owned())),
        2 => given.command.extend(["--api-key".to_owned(), secret.to_owned()]),
        3 => given.command.push(format!("--token={secret}")),
        4 => given.env.push(("DB".into(), format!("postgres://u:{plain}@db/x"))),
        5 => given.labels.push(("homepage.widget.password".into(), secret.to_owned())),
        6 => given.env.push(("SETTINGS".into(), format!("Host=db;Password={plain};Port=1"))),
        7 => given.health = Some(format!("mysqladmin ping -p{plain}")),
        8 => given.config = Some(format!("a: b\npassword: {plain}\n")),
        _ => given.build = Some(("NPM_TOKEN".into(), secret.to_owned())),
    }
    // Where only a part of it was told, only that can be found elsewhere; a file and a build tell nothing at all.
    let secret = match telling {
        4 | 6 | 7 => plain.as_str(),
        8 | 9 => return given,
        _ => secret,
    };
    for other in others {
        match other {
            0 => given.env.push(("MESSAGE".into(), format!("use {secret} here"))),
            1 => given.command.push(format!("--x={secret}")),
            2 => given.command.push(secret.to_owned()),
            3 => given.labels.push(("com.example.note".into(), format!("see {secret}"))),
            4 if telling != 7 => given.health = Some(format!("probe {secret} || exit 1")),
            5 => given.config = Some(format!("say: it is {secret} today\n")),
            6 => given.options.push(("device".into(), format!(":/x/{secret}"))),
            7 if secret == plain => given.hosts.push(format!("h{secret}.lan:10.0.0.1")),
            _ => given.env.push(("PLAIN".into(), secret.to_owned())),
        }
    }
    given
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_secret_that_one_place_tells_of_is_in_no_output(
        secret in secret(),
        telling in 0_usize..10,
        others in prop::collection::vec(0_usize..9, 0..4),
        kind in prop::sample::select(KINDS.to_vec()),
    ) {
        let given = planted(&secret, telling, &others);
        for project in given.read() {
            let text = outputs(&project, &[kind]).map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
            prop_assert!(!text.contains(CORE), "{:?}: {}", project.origin, around(&text, CORE));
        }
    }
}
