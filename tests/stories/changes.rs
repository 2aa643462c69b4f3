//! What changed: the thread of an incident names what may have caused it, and people can ask.

use std::path::Path;
use std::process::Command;

use chrono::DateTime;

use super::support::{Lab, min, secs};

const CLUSTER: &str =
    "kubectl get kustomizations.kustomize.toolkit.fluxcd.io,helmreleases.helm.toolkit.fluxcd.io -A -o json";
const GIT: &str = "git -c safe.directory=* -c core.fsmonitor=false -c core.hooksPath=/dev/null -c core.pager=cat -c log.showSignature=false -c log.showRoot=true -c protocol.allow=never -C";
const LOG: &str = "log --no-ext-diff --no-textconv --no-color --encoding=UTF-8";

/// The hashes of the two commits.
const OLD: &str = "3f1c0ffee0123456789abcdef0123456789abcde";
const NEW: &str = "9a8b7c6d5e4f30219a8b7c6d5e4f30219a8b7c6d";

/// A Kustomization that applied this revision at this time.
fn applied(hash: &str, at: &str) -> String {
    serde_json::json!({ "items": [{
        "kind": "Kustomization",
        "metadata": { "namespace": "flux-system", "name": "apps" },
        "status": {
            "lastAppliedRevision": format!("main@sha1:{hash}"),
            "conditions": [{ "type": "Ready", "status": "True", "lastTransitionTime": at }],
            "inventory": { "entries": [{ "id": "media_jellyfin_apps_Deployment" }] },
        },
    }]})
    .to_string()
}

/// What git says of the new commit, word for word as git prints it.
fn git_knows_the_commit(lab: &Lab) {
    let repository = lab.path().join("repo");
    std::fs::create_dir_all(&repository).unwrap();
    let (git, at) = (format!("{GIT} {}", repository.display()), seconds("2026-11-21T07:58:00Z"));
    let head = format!("{NEW} {at} HEAD -> main\n");
    let scan = "--format=%H %ct %D";
    lab.host.prints(&format!("{git} {LOG} --first-parent --max-count=2000 {scan} --"), &head);
    let range = format!("{OLD}..{NEW}");
    lab.host.prints(
        &format!("{git} {LOG} --first-parent --max-count=40 {scan} --end-of-options {range} --"),
        &head,
    );
    lab.host.prints(
        &format!("{git} {LOG} -z --name-only --no-renames --no-relative --first-parent -m --no-walk=unsorted --format=%x00%H%x00%ct%x00%an%x00%s%x00 {NEW} --"),
        &format!("\0{NEW}\0{at}\0Alex\0Bump jellyfin\0\0\napps/jellyfin/values.yaml\0"),
    );
    lab.host.prints(
        &format!("{git} {LOG} --patch --unified=3000 --no-renames --no-relative --src-prefix=a/ --dst-prefix=b/ --first-parent -m --no-walk=unsorted --format=%x00%H%x00 {NEW} --"),
        &format!("\0{NEW}\0\n\ndiff --git a/apps/jellyfin/values.yaml b/apps/jellyfin/values.yaml\nindex 1..2 100644\n--- a/apps/jellyfin/values.yaml\n+++ b/apps/jellyfin/values.yaml\n@@ -1,3 +1,3 @@\n image:\n-  tag: 10.8.13\n+  tag: 10.9.1\n password: hunter2hunter2\n"),
    );
    lab.host.prints(
        &format!("{git} remote get-url origin"),
        "https://me:hunter2hunter2@github.com/alex/lab.git\n",
    );
}

fn seconds(at: &str) -> i64 {
    DateTime::parse_from_rfc3339(at).unwrap().timestamp()
}

/// A lab on a cluster whose repository and Flux are read.
fn lab(with_repository: bool) -> Lab {
    let repository = "[[changes.git]]\nname = \"lab\"\npath = \"repo\"\ntargets = [{ pattern = \"apps/{app}/**\", targets = [\"k8s/media/{app}\"] }]\n";
    let lab = Lab::new(&format!(
        "[changes]\ndetect = false\nflux = \"on\"\n{}",
        if with_repository { repository } else { "" }
    ));
    lab.write("topology.yaml", "targets:\n  k8s/media/jellyfin:\n  nas:\n");
    lab.skill("ping", "* * * * *", &["k8s/media/jellyfin", "nas"]);
    lab.host.prints(CLUSTER, &applied(OLD, "2026-11-20T10:00:00Z"));
    lab
}

#[tokio::test]
async fn a_commit_bumps_an_image_flux_applies_it_the_pod_crashes_and_the_thread_names_commit_gist_and_why() {
    let lab = lab(true);
    git_knows_the_commit(&lab);
    let bot = lab.start().await;
    lab.host.prints(CLUSTER, &applied(NEW, "2026-11-21T08:00:30Z"));
    bot.pass(secs(59)).await;
    lab.host.break_("k8s/media/jellyfin", "crashloop");
    bot.pass(min(2)).await;
    let suspect = lab.chat.field(1, "Suspect change");
    for part in [
        "Kustomization flux-system/apps is at main@sha1:9a8b7c6d5e4f: \"Bump jellyfin\" by Alex",
        "(flux): touched k8s/media/jellyfin 30 s before it broke",
        "jellyfin/values.yaml: image.tag 10.8.13 → 10.9.1",
        "https://github.com/alex/lab/commit/9a8b7c6d5e4f30219a8b7c6d5e4f30219a8b7c6d",
    ] {
        assert!(suspect.contains(part), "{part:?} is not in:\n{suspect}");
    }
    let thread = lab.chat.thread(1);
    assert_eq!(thread.matches("Suspect change").count(), 1, "{thread}");
    for part in ["Bump jellyfin", "image.tag 10.8.13 → 10.9.1", "(1 more: ask `what changed?`)"] {
        assert!(thread.contains(part), "{part:?} is not in:\n{thread}");
    }
    assert!(!thread.contains("hunter2") && !suspect.contains("hunter2"));

    let before = bot.says_in_thread(1, "what changed before this broke?").await;
    assert!(before.starts_with("Before #1 (k8s/media/jellyfin)"), "{before}");
    assert!(
        before.contains("\"Bump jellyfin\" by Alex (git:lab 9a8b7c6d5e4f): touched k8s/media/jellyfin"),
        "{before}"
    );
    let on_nas = bot.says_in_thread(1, "what changed on nas since yesterday?").await;
    assert_eq!(on_nas, "Nothing that I know of changed on nas since 2026-11-20 00:00");
    let all = bot.says("what changed?").await;
    assert!(all.contains("(flux) [k8s/flux-system/apps, k8s/media/jellyfin]"), "{all}");
    lab.chat.thread(1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn the_first_look_is_what_the_next_ones_are_compared_with_over_a_restart_too() {
    let lab = lab(false);
    let bot = lab.start().await;
    bot.pass(min(5)).await;
    assert!(bot.says("what changed?").await.starts_with("Nothing that I know of changed since"));
    bot.stop().await;
    lab.host.prints(CLUSTER, &applied(NEW, "2026-11-21T08:04:00Z"));
    let bot = lab.start().await;
    let found = bot.says("what changed since 1h?").await;
    assert!(found.contains("Kustomization flux-system/apps is at main@sha1:9a8b7c6d5e4f"), "{found}");
    assert!(found.contains("revision: main@sha1:3f1c0ffee012 → main@sha1:9a8b7c6d5e4f"), "{found}");
    bot.pass(min(10)).await;
    let again = bot.says("what changed since 1h?").await;
    assert_eq!(again.matches("flux-system/apps is at").count(), 1, "{again}");
    bot.end().await;
}

#[tokio::test]
async fn a_source_that_cannot_be_asked_is_told_once_in_the_answer() {
    let lab = lab(false);
    lab.host.command(CLUSTER, &[], 1);
    lab.host.complains(CLUSTER, "The connection to the server 10.0.0.1:6443 was refused");
    let bot = lab.start().await;
    bot.expect_log("a source of changes could not be asked");
    let answer = bot.says("what changed?").await;
    let told = "Could not ask flux: the cluster could not be asked; its changes are unknown.";
    assert_eq!(answer.matches(told).count(), 1, "{answer}");
    assert!(answer.contains("10.0.0.1:6443 was refused"), "{answer}");
    bot.end().await;
}

#[tokio::test]
async fn a_cluster_that_hangs_delays_no_incident_and_what_it_knows_is_told_when_it_comes() {
    let lab = lab(false);
    let bot = lab.start().await;
    lab.host.prints(CLUSTER, &applied(NEW, "2026-11-21T08:00:30Z"));
    lab.host.hang(CLUSTER);
    lab.host.break_("k8s/media/jellyfin", "crashloop");
    bot.pass(min(1) + secs(15)).await;
    let thread = lab.chat.thread(1);
    assert!(thread.contains("08:01:00 seen") && !thread.contains("Suspect change"), "{thread}");
    bot.expect_log("a source of changes is slow to answer");
    lab.host.release();
    bot.pass(min(1)).await;
    let suspect = lab.chat.field(1, "Suspect change");
    assert!(suspect.contains("flux-system/apps is at main@sha1:9a8b7c6d5e4f"), "{suspect}");
    assert_eq!(lab.chat.thread(1).matches("Suspect change").count(), 1);
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_git_is_asked_in_these_stories_is_what_git_understands() {
    // The stories answer for git; here the real one is asked the same.
    let folder = tempfile::tempdir().unwrap();
    let git = |words: &str| run(folder.path(), words);
    git("init -q --initial-branch=main .");
    std::fs::write(folder.path().join("a.yaml"), "tag: 1\n").unwrap();
    git("add .");
    git("commit -q -m first");
    let hash = git("rev-parse HEAD");
    let log = git(&format!(
        "{LOG} --patch --unified=3000 --no-renames --no-relative --src-prefix=a/ --dst-prefix=b/ --first-parent -m --no-walk=unsorted --format=%x00%H%x00 {} --",
        hash.trim()
    ));
    assert!(
        log.starts_with(&format!("\0{}\0\n\ndiff --git a/a.yaml b/a.yaml\nnew file", hash.trim())),
        "{log:?}"
    );
}

fn run(folder: &Path, words: &str) -> String {
    let who = ["-c", "user.name=Alex", "-c", "user.email=alex@lab.example", "-c", "commit.gpgsign=false"];
    let output = Command::new("git").args(who).args(words.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
