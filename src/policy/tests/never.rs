//! Rules on what a command speaks of.

use super::*;

const RULES: &str = "
never:
  - name: no-cephfs-for-sqlite
    why: SQLite on CephFS corrupts its database
    mentions: [[cephfs, ceph-fs], [jellyfin, sonarr]]
    match:
      - mount -t ceph mon:/cephfs /srv/jellyfin
    not_match:
      - mount -t ceph mon:/cephfs /srv/photos
  - name: no-unattended-reboot
    why: pve1 carries the storage
    mentions: [[reboot, poweroff, systemctl reboot], pve1]
    decision: approve
    match:
      - ssh pve1 reboot
    not_match:
      - ssh pve10 reboot
";

fn policy() -> Policy {
    with(RULES).unwrap_or_else(|problems| panic!("{}", listed(&problems)))
}

fn judged(policy: &Policy, action: &Action) -> Evaluation {
    policy.evaluate(action, &FREE)
}

#[test]
fn what_mentions_a_word_of_each_group_is_forbidden_wherever_the_words_stand() {
    let policy = policy();
    let mut in_place = Command { cwd: Some("/mnt/cephfs".into()), ..command("touch jellyfin.db") };
    let mut by_stdin = command("tee /etc/fstab");
    by_stdin.stdin = Some("mon:/ /srv/Jellyfin ceph fs=CephFS".into());
    let mut by_env = command("docker start web");
    by_env.env.insert("VOLUME".into(), "ceph-fs/sonarr".into());
    in_place.host = "pve4".into();
    for command in [in_place, by_stdin, by_env, command("sh -c 'mount -t ceph x:/cephfs /srv/jelly\"\"fin'")]
    {
        let evaluation = judged(&policy, &Action::Command(command.clone()));
        assert_eq!(evaluation.decision, Decision::Forbid, "{command:?}: {:?}", evaluation.reasons);
        assert!(evaluation.reasons.iter().any(|reason| {
            reason == "no-cephfs-for-sqlite (policy.yaml) forbids it: SQLite on CephFS corrupts its database"
        }));
    }
}

#[test]
fn whole_words_count_and_looking_is_not_meant_unless_it_is_said() {
    let policy = policy();
    let forbids = |policy: &Policy, line: &str| {
        let evaluation = judged(policy, &Action::script(line));
        evaluation.reasons.iter().any(|reason| reason.contains("no-cephfs-for-sqlite"))
    };
    assert!(!forbids(&policy, "mount -t ceph mon:/cephfs2 /srv/jellyfin"));
    assert!(!forbids(&policy, "mount -t ceph mon:/cephfs /srv/jellyfins"));
    assert!(forbids(&policy, "mount -t ceph mon:/my_cephfs-data /srv/jellyfin_config"));
    assert!(!forbids(&policy, "ls /mnt/cephfs/jellyfin"), "an agent that may not look finds nothing out");
    let reads = RULES.replacen("    match:", "    reads: true\n    match:", 1);
    assert!(forbids(&with(&reads).unwrap(), "ls /mnt/cephfs/jellyfin"));
}

#[test]
fn the_host_counts_as_mentioned_also_where_steward_itself_runs_there() {
    let reboot = |host: &str| Action::Command(Command { host: host.into(), ..command("systemctl reboot") });
    let names = |policy: &Policy, host: &str| {
        judged(policy, &reboot(host)).reasons.iter().any(|reason| reason.contains("no-unattended-reboot"))
    };
    let policy = policy();
    assert!(names(&policy, "pve1") && !names(&policy, "pve2") && !names(&policy, "local"));
    assert!(names(&policy.clone().called("pve1"), "local") && !names(&policy.called("pve2"), "local"));
}

#[test]
fn they_tighten_and_never_loosen() {
    let (bare, policy) = (shipped(), policy());
    for line in [
        "ls /",
        "systemctl restart jellyfin",
        "reboot",
        "ssh pve1 reboot",
        "zfs destroy tank",
        "nobody-knows pve1 reboot",
        "mount -t ceph mon:/cephfs /srv/jellyfin",
        "rm -rf /mnt/cephfs/jellyfin",
    ] {
        let action = Action::script(line);
        let (before, after) = (judged(&bare, &action), judged(&policy, &action));
        assert!(after.decision >= before.decision, "{line}: {} became {}", before.decision, after.decision);
        assert!(after.effect >= before.effect && after.blast_radius >= before.blast_radius, "{line}");
    }
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let told = |yaml: &str| listed(&with(yaml).unwrap_err());
    let wrong = "rules: []
never:
  - name: one
    why: because
    mentions: []
    match: [reboot]
    not_match: [ls]
  - name: two
    why: because
    mentions: [[reboot]]
    match: [ls]
    not_match: [reboot]
  - name: one
    mentions: [[x]]
    decision: allow
    match: [x]
    not_match: [y]
";
    let told_all = told(wrong);
    for part in [
        "policy.yaml:5: rule one: mentions: it is empty",
        "policy.yaml:11: rule two: match: `ls` mentions none of reboot",
        "policy.yaml:12: rule two: not_match: `reboot` is matched",
        "policy.yaml:13: rule one: why: it is missing",
        "policy.yaml:15: rule one: decision: ",
        "a rule can only tighten",
    ] {
        assert!(told_all.contains(part), "{part:?} is not in\n{told_all}");
    }
    let idle = RULES.replace("mount -t ceph mon:/cephfs /srv/jellyfin", "ls /cephfs/jellyfin");
    assert!(
        told(&idle)
            .contains("policy.yaml:6: rule no-cephfs-for-sqlite: match: `ls /cephfs/jellyfin` only reads")
    );
    let taken = RULES.replace("no-unattended-reboot", "no-cephfs-for-sqlite");
    assert!(told(&taken).contains("is the name of a rule in policy.yaml already"));
}

fn command(line: &str) -> Command {
    let Action::Command(command) = Action::script(line);
    command
}
