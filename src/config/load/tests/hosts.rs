use std::time::Duration;

use super::*;
use crate::config::HostSettings;

#[test]
fn another_machine_is_read_with_its_key_and_runbooks_may_name_it() {
    let on_pve4 = RUNBOOK.replace("run: [b]", "run: { host: pve4, argv: [b] }").replace("NAME", "fix");
    let lab = Lab::new(&[
        (
            "config.toml",
            "[hosts.pve4]\naddress = \"root@pve4.lan\"\nport = 2222\nidentity_file = \"key\"\n[hosts.nas]\naddress = \"nas\"\nconnections = 1\nconnect_timeout = \"3s\"\n",
        ),
        ("key", "secret"),
        ("skills/probe", SKILL),
        ("runbooks/fix.yaml", &on_pve4),
    ]);
    let loaded = lab.load().unwrap();
    let hosts = &loaded.config.hosts;
    let pve4 = HostSettings {
        address: "root@pve4.lan".into(),
        port: Some(2222),
        identity_file: Some(std::path::absolute(lab.0.path().join("key")).unwrap()),
        known_hosts: None,
        connections: 2,
        connect_timeout: Duration::from_secs(10),
    };
    assert_eq!(hosts["pve4"], pve4);
    assert_eq!((hosts["nas"].connections, hosts["nas"].connect_timeout), (1, Duration::from_secs(3)));
    assert!(loaded.runbooks.contains_key("fix"));
}

#[test]
fn what_is_wrong_with_a_machine_or_a_user_is_told_at_its_line() {
    let on_pve5 = RUNBOOK.replace("run: [b]", "run: { host: pve5, argv: [b] }").replace("NAME", "fix");
    let lab = Lab::new(&[
        (
            "config.toml",
            "[hosts.pve4]\naddress = \"-oProxyCommand=evil\"\nidentity_file = \"~/.ssh/id\"\nknown_hosts = \"nowhere\"\n[hosts.local]\naddress = \"x:22\"\n[exec]\nsandbox = \"on\"\nuser = \"no-such-user\"\n",
        ),
        ("skills/probe", SKILL),
        ("runbooks/fix.yaml", &on_pve5),
    ]);
    let problems = lab.load().unwrap_err();
    let expected = [
        "config.toml:8: [exec] sandbox: \"on\" is no choice here; there is `auto`, `off`, `required`",
        "config.toml:9: [exec] user: there is no user \"no-such-user\" in /etc/passwd; create one",
        "config.toml:5: [hosts] local: can't be the name of another machine; ",
        "config.toml:6: [hosts.local] address: \"x:22\" holds a port; write the host alone (\"x\"), and `port = 22` below it",
        "config.toml:2: [hosts.pve4] address: \"-oProxyCommand=evil\" is no address of a machine; ",
        "config.toml:3: [hosts.pve4] identity_file: `~` means nothing here; ",
        "config.toml:4: [hosts.pve4] known_hosts: there is no file ",
        "runbooks/fix.yaml:4: steps[0].run.host: there is no host `pve5`; did you mean `pve4`?",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}\nnot {expected}");
    }
}
