//! What holds for every line: nothing makes the judgement fall over, and no line gets more than its parts by what
//! is put around them.

use super::*;

/// Lines of every kind, with the word that they get.
const LINES: [&str; 22] = [
    "df -h",
    "systemctl status nginx",
    "systemctl restart nginx",
    "reboot",
    "zpool destroy tank",
    "rm -rf /",
    "cat /etc/shadow",
    "cat /etc/hosts",
    "cd /var/log && tail -n 5 syslog",
    "x=1",
    "true",
    "df -h | head -5",
    "echo \"$(reboot)\"",
    "for i in a b; do systemctl status $i; done",
    "$x",
    "echo x > /etc/motd",
    "sh -c 'df -h'",
    "sudo df",
    "ls /var/*",
    "case x in",
    ":(){ :|:& };:",
    "if mountpoint -q /mnt; then df; fi",
];

/// Pieces from which scripts are put together.
fn tokens() -> impl Strategy<Value = String> {
    let token = proptest::sample::select(vec![
        "df",
        "rm",
        "-rf",
        "/",
        "x=1",
        "$x",
        "\"",
        "'",
        "`",
        "$(",
        ")",
        "(",
        "{",
        "}",
        ";",
        ";;",
        "&",
        "&&",
        "|",
        "||",
        "\n",
        "if",
        "then",
        "fi",
        "for",
        "in",
        "do",
        "done",
        "case",
        "esac",
        "while",
        "function",
        "f()",
        "[[",
        "]]",
        "((",
        "))",
        "<",
        ">",
        ">>",
        "<<E\n",
        "\nE\n",
        "<<<",
        "2>&1",
        "\\",
        "$'",
        "{a,b}",
        "{1..3}",
        "*",
        "~",
        "#",
        "!",
        "eval",
        "exec",
        "sudo",
        "env",
        "sh",
        "-c",
        "cd",
        "set",
        "--",
        "timeout",
        "5",
        "find",
        "-exec",
        "{}",
        "+",
        "xargs",
        "ssh",
        "nas",
        "docker",
        "exec",
        "awk",
        "sed",
        "s/a/b/e",
        "{print}",
        "$((",
        "${x",
        ":-",
        "\u{202e}",
        "é",
        "99999999999>",
        "coproc",
        "time",
        "[",
        "]",
        "export",
        "read",
    ]);
    let gap = proptest::sample::select(vec!["", " ", " "]);
    proptest::collection::vec((token, gap), 0..24)
        .prop_map(|pieces| pieces.into_iter().map(|(token, gap)| format!("{token}{gap}")).collect())
}

fn judge(policy: &Policy, script: &str) -> Evaluation {
    policy.evaluate(&Action::script(script), &FREE)
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A word in other quotes that mean the same.
fn dressed(word: &str, dress: usize) -> String {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/.-_".contains(c)) && !word.is_empty();
    match dress {
        1 if plain => format!("\"{word}\""),
        2 if plain => format!("'{}'{}", &word[..1], &word[1..]),
        3 if plain && !word.starts_with('-') => format!("\\{word}"),
        4 if plain => format!("$'\\x{:02x}'{}", word.as_bytes()[0], &word[1..]),
        5 if plain => format!("\"\"{word}''"),
        _ => word.to_owned(),
    }
}

#[test]
fn a_wrapper_permits_nothing_that_its_command_would_not_get() {
    let policy = shipped();
    for line in LINES {
        let bare = judge(&policy, line).decision;
        let quoted = single_quoted(line);
        for wrapped in [
            format!("bash -c {quoted}"),
            format!("sh -c {quoted}"),
            format!("sudo -n bash -c {quoted}"),
            format!("timeout 5 bash -c {quoted}"),
            format!("nice -n 5 env LC_ALL=C bash -c {quoted}"),
            format!("ssh nas {quoted}"),
            format!("docker exec web sh -c {quoted}"),
            format!("kubectl exec pod -- sh -c {quoted}"),
            format!("eval {quoted}"),
            format!("( {line}\n)"),
            format!("{{ {line}\n}}"),
            format!("if true; then {line}\nfi"),
            format!("echo \"$({line}\n)\""),
            format!("find /x -exec bash -c {quoted} \\;"),
            format!("xargs bash -c {quoted}"),
            format!("watch -x bash -c {quoted}"),
            format!("f() {{ {line}\n}}; f"),
            format!("bash <<< {quoted}"),
        ] {
            let decision = judge(&policy, &wrapped).decision;
            assert!(decision >= bare, "{line:?} is {bare} and {wrapped:?} is {decision}");
        }
    }
}

#[test]
fn a_wrapper_in_plain_sight_changes_nothing() {
    let policy = shipped();
    for line in ["df -h", "systemctl restart nginx", "reboot", "zpool destroy tank"] {
        let bare = judge(&policy, line).decision;
        for wrapper in [
            "sudo",
            "sudo -n -u root",
            "doas",
            "timeout 5",
            "nice",
            "nice -n 19 ionice -c3",
            "nohup",
            "setsid -w",
            "stdbuf -oL",
            "time",
            "command",
            "exec",
            "env",
            "env LC_ALL=C",
            "nsenter -t 1 -m -u --",
            "busybox",
            "ssh nas",
            "ssh -p 22 -o BatchMode=yes root@nas --",
            "docker exec -it web",
            "docker compose -f /x exec -T web",
            "kubectl -n a exec -it pod -c b --",
            "pct exec 100 --",
            "lxc exec web --",
            "watch -n 5",
            "flock -n /run/lock/x",
            "su -",
            "unshare -n",
            "taskset -c 0",
            "chrt -i 0",
            "runuser -u a --",
            "ip netns exec blue",
            "k3s kubectl exec p --",
        ] {
            let wrapped =
                if wrapper == "su -" { format!("su - -c '{line}'") } else { format!("{wrapper} {line}") };
            assert_eq!(judge(&policy, &wrapped).decision, bare, "{wrapped}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_judgement_panic(text in "\\PC{0,60}|[ -~\\n]{0,200}") {
        segments::of_script(&text);
    }

    #[test]
    fn no_script_put_together_of_pieces_makes_the_judgement_panic(script in tokens()) {
        segments::of_script(&script);
        segments::of_argv(&script.split(' ').map(str::to_owned).collect::<Vec<_>>());
    }

    #[test]
    fn no_segment_more_makes_a_line_more_permitted(
        line in proptest::sample::select(LINES.to_vec()),
        more in proptest::sample::select(LINES.to_vec()),
        joint in proptest::sample::select(vec![" ; ", " && ", " || ", " | ", "\n", " & "]),
    ) {
        let policy = policy();
        let first = judge(policy, line).decision;
        let both = judge(policy, &format!("{line}{joint}{more}")).decision;
        prop_assert!(both >= first, "{} is {}, and with {:?} behind it {}", line, first, more, both);
        let before = judge(policy, &format!("{more}{joint}{line}")).decision;
        prop_assert!(before >= first, "{} is {}, and with {:?} before it {}", line, first, more, before);
    }

    #[test]
    fn quotes_change_nothing(
        line in proptest::sample::select(vec!["df -h", "systemctl restart nginx", "reboot", "zpool destroy tank", "rm -rf /etc", "cat /etc/shadow"]),
        dresses in proptest::collection::vec(0usize..6, 4),
    ) {
        let policy = policy();
        let plain = judge(policy, line);
        let words = line.split(' ').zip(dresses).map(|(word, dress)| dressed(word, dress));
        let script = words.collect::<Vec<_>>().join(" ");
        prop_assert_eq!(judge(policy, &script).decision, plain.decision, "{}", script);
    }
}

/// Reading the shipped rules takes longer than all the judging.
fn policy() -> &'static Policy {
    static SHIPPED: std::sync::OnceLock<Policy> = std::sync::OnceLock::new();
    SHIPPED.get_or_init(shipped)
}
