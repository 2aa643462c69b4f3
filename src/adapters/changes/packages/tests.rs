use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const CAPTURED: &str = include_str!("../../../../tests/changes/apt-history.log");
const UPGRADE: &str = include_str!("../../../../tests/changes/apt-upgrade.log");
const DPKG: &str = include_str!("../../../../tests/changes/dpkg.log");

const TZ: Tz = chrono_tz::Europe::Berlin;

fn nas() -> Target {
    Target::parse("nas").unwrap()
}

#[test]
fn each_run_of_apt_is_one_change_with_the_kernel_first() {
    let (changes, _) = parse(UPGRADE, Some(&nas()), TZ);
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].summary, "/usr/bin/unattended-upgrade: 3 upgraded, 1 installed");
    assert_eq!(changes[0].at, "2026-11-21T05:12:03Z".parse::<Timestamp>().unwrap());
    assert_eq!(
        changes[0].gist,
        [
            "linux-image-6.1.0-22-amd64 6.1.147-1 installed",
            "linux-image-amd64 6.1.140-1 → 6.1.147-1",
            "libssl3 3.0.16-1~deb12u1 → 3.0.17-1~deb12u1",
            "zfsutils-linux 2.1.11-1 → 2.1.11-1+deb12u1",
        ]
    );
    assert_eq!(
        (changes[0].kind, changes[0].baseline, &changes[0].targets),
        (ChangeKind::Package, true, &vec![nas()])
    );
    let failed =
        "apt remove nano: 1 removed, and it failed: Sub-process /usr/bin/dpkg returned an error code (1)";
    assert_eq!((changes[1].summary.as_str(), changes[1].author.as_str()), (failed, "alex"));
}

#[test]
fn a_captured_history_is_read() {
    let (changes, spans) = parse(CAPTURED, None, chrono_tz::UTC);
    assert_eq!((changes.len(), spans.len()), (3, 3));
    assert_eq!(changes[0].summary, "apt-get -qqy upgrade: 2 upgraded");
    assert_eq!(changes[0].gist[0], "libsystemd0 252.36-1~deb12u1 → 252.38-1~deb12u1");
    assert!(changes.iter().all(|change| change.gist.len() <= crate::domain::change::MAX_GIST));
}

#[test]
fn what_dpkg_did_beside_apt_is_told_and_what_it_did_for_apt_is_not_told_twice() {
    let (_, spans) = parse(CAPTURED, None, chrono_tz::UTC);
    let found = dpkg::parse(DPKG, Some(&nas()), chrono_tz::UTC, &spans);
    let told: Vec<_> =
        found.iter().map(|change| format!("{}: {}", change.summary, change.gist.join("; "))).collect();
    assert_eq!(
        told,
        [
            "dpkg: 1 installed, 1 upgraded: docker-ce 5:27.1-1 → 5:27.2-1; plexmediaserver 1.40.4 installed",
            "dpkg: 1 removed: nano 7.2-1 removed",
        ]
    );
    let alone = dpkg::parse(DPKG, None, chrono_tz::UTC, &[]);
    assert_eq!(alone.len(), 3);
}

/// Files that are there, or why not.
struct Says(BTreeMap<&'static str, Result<&'static str, &'static str>>);

#[async_trait]
impl ReadCommand for Says {
    async fn read(&self, action: Action) -> Result<Vec<u8>, String> {
        let Action::Command(command) = action;
        let said = self.0[command.argv.last().unwrap().as_str()];
        said.map(|text| text.as_bytes().to_vec()).map_err(str::to_owned)
    }
}

#[tokio::test]
async fn a_log_that_was_rotated_away_is_empty_and_one_that_may_not_be_read_is_told() {
    let source = |apt| {
        let logs = Logs { apt: vec!["apt".into()], dpkg: vec!["dpkg".into()] };
        let says = [("apt", apt), ("dpkg", Ok(DPKG))].into();
        Packages::new("nas", chrono_tz::UTC, logs, Arc::new(Says(says)))
    };
    let (since, until) = ("2026-11-21T00:00:00Z".parse().unwrap(), "2026-11-22T00:00:00Z".parse().unwrap());
    let gone = source(Err("tail: cannot open 'apt': No such file or directory"));
    assert_eq!(gone.changes(since, until, 9).await.unwrap().len(), 2);
    let denied = source(Err("tail: cannot open 'apt': Permission denied"));
    let why = denied.changes(since, until, 9).await.unwrap_err();
    assert!(why.contains("apt could not be read") && why.contains("packages = \"off\""), "{why}");
    let found = source(Ok(UPGRADE)).changes(since, until, 2).await.unwrap();
    assert_eq!(found[0].summary, "dpkg: 1 removed");
}

proptest! {
    #[test]
    fn no_log_makes_it_panic(text in "[\\PC\\n]{0,200}", lines in proptest::collection::vec(prop_oneof![
        Just("Start-Date: 2026-11-21  06:12:03"),
        Just("Start-Date: 9999999-99-99  99:99:99"),
        Just("End-Date: 2026-03-29  02:30:00"),
        Just("Upgrade: a (1"),
        Just("Upgrade: (, (, ), )"),
        Just("Install: ä:b (ö, ü, automatic), c"),
        Just("2026-11-21 10:00:00 install a <none>"),
        Just("2026-11-21 10:00:00 upgrade a <none> <none>"),
        Just(""),
    ], 0..20)) {
        let lines = lines.join("\n");
        for log in [text.as_str(), lines.as_str()] {
            let (changes, spans) = parse(log, None, TZ);
            prop_assert!(changes.iter().all(|change| !change.summary.contains('\n')));
            dpkg::parse(log, None, TZ, &spans);
        }
    }
}
