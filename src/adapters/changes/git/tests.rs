use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::domain::target::Target;

/// Runs the real thing, without policy or runner.
struct Direct;

#[async_trait]
impl ReadCommand for Direct {
    async fn read(&self, action: Action) -> Result<Vec<u8>, String> {
        let Action::Command(command) = action;
        let output = tokio::process::Command::new(&command.argv[0])
            .args(&command.argv[1..])
            .envs(&command.env)
            .output()
            .await
            .map_err(|why| format!("git was not found on local: {why}"))?;
        match output.status.success() {
            true => Ok(output.stdout),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

/// A repository with a person in it who commits at given seconds.
struct Repo(TempDir);

impl Repo {
    fn empty() -> Self {
        let repo = Self(TempDir::new().unwrap());
        repo.git(["init", "--quiet", "--initial-branch=main"], 0);
        repo
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>, at: i64) -> String {
        let Action::Command(hardened) = hardened_git(self.path(), Vec::new());
        let output = Command::new("git")
            .current_dir(self.path())
            .args(["-c", "user.name=Alex", "-c", "user.email=alex@lab.example", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .envs(hardened.env)
            .env("GIT_COMMITTER_DATE", format!("@{at} +0200"))
            .env("GIT_AUTHOR_DATE", "@1000000 +0000")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn write(&self, name: impl AsRef<Path>, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn commit(&self, name: &str, message: &str, at: i64) {
        self.write(name, message);
        self.git(["add", "--all"], at);
        self.git(["commit", "--quiet", "-m", message], at);
    }
}

fn source(path: &Path, branch: Option<&str>) -> GitChanges {
    let rules = vec![
        PathRule::parse("apps/{name}/**", &["k8s/apps/{name}".to_owned()]).unwrap(),
        PathRule::parse("**/nas.nix", &["nas".to_owned()]).unwrap(),
    ];
    GitChanges::new("lab", path.to_owned(), branch.map(str::to_owned), rules, Arc::new(Direct))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(seconds, 0).unwrap()
}

async fn read(path: &Path, since: i64, until: i64) -> Vec<Change> {
    source(path, None).changes(at(since), at(until), 100).await.unwrap()
}

fn summaries(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| change.summary.as_str()).collect()
}

fn targets(names: &[&str]) -> Vec<Target> {
    names.iter().map(|name| Target::parse(name).unwrap()).collect()
}

#[tokio::test]
async fn the_commits_of_the_window_are_listed_newest_first_with_what_they_touched() {
    let repo = Repo::empty();
    repo.commit("README.md", "too old", 2_000_000);
    repo.commit("apps/jellyfin/values.yaml", "Raise the memory", 3_000_000);
    repo.commit("hosts/nas.nix", "Move the export", 3_000_500);
    repo.commit("notes", "too new", 4_000_000);
    let changes = read(repo.path(), 3_000_000, 3_500_000).await;
    assert_eq!(summaries(&changes), ["Move the export", "Raise the memory"]);
    assert_eq!(changes[0].targets, targets(&["nas"]));
    assert_eq!(changes[1].targets, targets(&["k8s/apps/jellyfin"]));
    assert_eq!(changes[1].files, ["apps/jellyfin/values.yaml"]);
    assert_eq!((changes[1].author.as_str(), changes[1].at), ("Alex", at(3_000_000)));
    assert_eq!(changes[0].id, repo.git(["rev-parse", "HEAD~1"], 0));
    assert_eq!(changes[0].source, "git:lab");
    let latest = source(repo.path(), None).changes(at(0), at(9_000_000), 1).await.unwrap();
    assert_eq!(summaries(&latest), ["too new"]);
}

#[tokio::test]
async fn a_commit_with_a_wrong_date_hides_none_behind_it() {
    let repo = Repo::empty();
    repo.commit("a", "first", 5_000_000);
    for (i, date) in [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 9_000_000].into_iter().enumerate() {
        repo.commit("b", &format!("wrong clock {i}"), date);
    }
    repo.commit("c", "last", 5_000_100);
    assert_eq!(summaries(&read(repo.path(), 4_999_000, 5_001_000).await), ["last", "first"]);
}

#[tokio::test]
async fn a_merge_is_one_change_at_the_time_it_came_in_with_all_it_brought() {
    let repo = Repo::empty();
    repo.commit("README.md", "start", 2_000_000);
    repo.git(["switch", "--quiet", "-c", "side"], 0);
    repo.commit("apps/a/x", "on the side 1", 2_100_000);
    repo.commit("apps/b/x", "on the side 2", 2_200_000);
    repo.git(["switch", "--quiet", "main"], 0);
    repo.git(["merge", "--quiet", "--no-ff", "-m", "Merge side", "side"], 3_000_000);
    let changes = read(repo.path(), 2_050_000, 4_000_000).await;
    assert_eq!(summaries(&changes), ["Merge side"]);
    assert_eq!(changes[0].targets, targets(&["k8s/apps/a", "k8s/apps/b"]));
}

#[tokio::test]
async fn a_rename_touches_both_of_its_names_and_an_empty_commit_none() {
    let repo = Repo::empty();
    repo.commit("apps/old/values.yaml", "a text that is long enough to be seen as renamed", 2_000_000);
    repo.git(["mv", "apps/old", "apps/new"], 0);
    repo.git(["commit", "--quiet", "-m", "Rename"], 2_000_100);
    repo.git(["commit", "--quiet", "--allow-empty", "-m", "Nothing"], 2_000_200);
    let changes = read(repo.path(), 2_000_050, 3_000_000).await;
    assert_eq!(summaries(&changes), ["Nothing", "Rename"]);
    assert_eq!(changes[0].files_total, 0);
    assert_eq!(changes[1].targets, targets(&["k8s/apps/new", "k8s/apps/old"]));
}

#[tokio::test]
async fn odd_names_and_foreign_letters_are_kept_apart_and_readable() {
    let repo = Repo::empty();
    repo.write("apps/a/ä \"quoted\"\nand broken", "1");
    repo.write("\nfirst", "1");
    repo.write(Path::new(OsStr::from_bytes(b"latin-\xe4")), "1");
    repo.git(["add", "--all"], 0);
    let message = OsStr::from_bytes(b"gr\xfc\xdfe \x1b[31mred");
    let author = OsStr::from_bytes(b"--author=J\xf6rg <j@lab.example>");
    repo.git([OsStr::new("commit"), "--quiet".as_ref(), author, "-m".as_ref(), message], 2_000_000);
    let changes = read(repo.path(), 0, 3_000_000).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].files_total, 3);
    assert_eq!(changes[0].targets, targets(&["k8s/apps/a"]));
    let shown = format!("{} {} {:?}", changes[0].author, changes[0].summary, changes[0].files);
    assert!(!shown.contains('\u{1b}') && !shown.contains("\\n"), "{shown}");
    assert!(changes[0].author.starts_with('J') && changes[0].author.ends_with("rg"), "{shown}");
}

#[tokio::test]
async fn a_shallow_clone_does_not_blame_its_first_commit_for_every_file() {
    let repo = Repo::empty();
    repo.commit("apps/a/x", "one", 2_000_000);
    repo.commit("apps/b/x", "two", 2_000_100);
    repo.commit("apps/c/x", "three", 2_000_200);
    let clone = TempDir::new().unwrap();
    let url = format!("file://{}", repo.path().display());
    let into = clone.path().display().to_string();
    repo.git(["clone", "--quiet", "--depth=2", &url, &into], 0);
    let changes = read(clone.path(), 0, 3_000_000).await;
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].targets, targets(&["k8s/apps/c"]));
    assert!(changes[1].targets.is_empty() && changes[1].files_total == 0);
    assert!(changes[1].summary.contains("shallow"), "{}", changes[1].summary);
}

#[tokio::test]
async fn the_first_commit_of_all_lists_its_files_whatever_the_repository_is_set_to() {
    let repo = Repo::empty();
    repo.git(["config", "log.showRoot", "false"], 0);
    repo.git(["config", "diff.relative", "true"], 0);
    repo.commit("apps/a/x", "start", 2_000_000);
    assert_eq!(read(repo.path(), 0, 3_000_000).await[0].targets, targets(&["k8s/apps/a"]));
    assert_eq!(read(&repo.path().join("apps"), 0, 3_000_000).await[0].files, ["apps/a/x"]);
}

#[tokio::test]
async fn nothing_that_a_repository_configures_is_run() {
    let repo = Repo::empty();
    repo.commit("f.txt", "start", 2_000_000);
    let trap = repo.path().join("trap");
    let script = repo.path().join("trap.sh");
    std::fs::write(&script, format!("#!/bin/sh\ntouch '{}'\ncat\n", trap.display())).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, mode).unwrap();
    let script = script.display().to_string();
    for key in
        ["diff.external", "core.fsmonitor", "core.pager", "gpg.program", "diff.x.textconv", "diff.x.command"]
    {
        repo.git(["config", key, &script], 0);
    }
    repo.git(["config", "log.showSignature", "true"], 0);
    repo.write(".git/info/attributes", "*.txt diff=x\n");
    // A commit that claims to be signed, so that there is something to check.
    let tree = repo.git(["rev-parse", "HEAD^{tree}"], 0);
    let who = "Alex <alex@lab.example> 2000100 +0000";
    let signed = format!(
        "tree {tree}\nauthor {who}\ncommitter {who}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nsigned\n"
    );
    repo.write("signed", &signed);
    let commit = repo.git(["hash-object", "-t", "commit", "-w", "signed"], 0);
    repo.git(["update-ref", "HEAD", &commit], 0);
    assert!(!trap.exists(), "the set-up itself sprang the trap");
    assert_eq!(summaries(&read(repo.path(), 0, 3_000_000).await), ["signed"]);
    assert!(!trap.exists(), "reading ran a program that the repository named");
}

#[tokio::test]
async fn a_branch_is_read_by_its_name_and_never_taken_for_an_option() {
    let repo = Repo::empty();
    repo.commit("a", "on main", 2_000_000);
    repo.git(["switch", "--quiet", "-c", "production"], 0);
    repo.commit("b", "on production", 2_000_100);
    repo.git(["switch", "--quiet", "main"], 0);
    let changes = source(repo.path(), Some("production")).changes(at(0), at(3_000_000), 9).await.unwrap();
    assert_eq!(summaries(&changes), ["on production", "on main"]);
    let stolen = repo.path().join("stolen");
    let option = format!("--output={}", stolen.display());
    assert!(source(repo.path(), Some(&option)).changes(at(0), at(3_000_000), 9).await.is_err());
    assert!(!stolen.exists());
}

#[tokio::test]
async fn a_repository_without_commits_has_no_changes() {
    assert!(read(Repo::empty().path(), 0, 3_000_000).await.is_empty());
}

#[tokio::test]
async fn what_is_missing_is_named_with_what_to_do() {
    let plain = TempDir::new().unwrap();
    let repo = Repo::empty();
    repo.commit("a", "a", 2_000_000);
    for (path, branch, word) in [
        (plain.path().to_owned(), None, "not a git repository"),
        (plain.path().join("gone"), None, "can't be opened"),
        (repo.path().join("a"), None, "not a directory"),
        (repo.path().to_owned(), Some("nope"), "no branch \"nope\""),
    ] {
        let why = source(&path, branch).changes(at(0), at(3_000_000), 9).await.unwrap_err();
        assert!(why.contains(word) && why.starts_with("git:lab: "), "{why}");
        assert!(why.contains("Correct its"), "{why}");
    }
}

#[tokio::test]
async fn a_commit_has_the_gist_of_its_diff_and_a_link_without_the_remotes_password() {
    let repo = Repo::empty();
    repo.commit(
        "apps/web/values.yaml",
        "image:\n  tag: '1.26'\ndb:\n  password: hunter2hunter2\n",
        1_000_000,
    );
    repo.write("apps/web/values.yaml", "image:\n  tag: '1.27'\ndb:\n  password: opensesame999\n");
    repo.write("README.md", "one\n");
    repo.git(["add", "--all"], 2_000_000);
    repo.git(["commit", "--quiet", "-m", "Bump"], 2_000_000);
    repo.git(["remote", "add", "origin", "https://me:hunter2hunter2@github.com/alex/lab.git"], 0);
    let changes = read(repo.path(), 0, 9_000_000).await;
    assert_eq!(
        changes[0].gist,
        [
            "README.md: new, 1 line",
            "web/values.yaml: db.password changed (not shown)",
            "web/values.yaml: image.tag 1.26 → 1.27"
        ]
    );
    assert!(changes[0].baseline);
    assert_eq!(changes[0].url, Some(format!("https://github.com/alex/lab/commit/{}", changes[0].id)));
    let all = serde_json::to_string(&changes[0]).unwrap();
    assert!(!all.contains("hunter2") && !all.contains("opensesame"), "{all}");
    assert_eq!(
        (changes[1].gist.clone(), changes[1].baseline),
        (vec!["web/values.yaml: new, 4 lines".to_owned()], false)
    );
}

#[tokio::test]
async fn a_repository_without_a_remote_has_no_links_and_a_merge_has_the_gist_of_all_it_brought() {
    let repo = Repo::empty();
    repo.commit("a.yaml", "replicas: 1\n", 1_000_000);
    repo.git(["switch", "--quiet", "-c", "topic"], 0);
    repo.write("a.yaml", "replicas: 2\n");
    repo.git(["commit", "--quiet", "-am", "two"], 2_000_000);
    repo.git(["switch", "--quiet", "main"], 0);
    repo.git(["merge", "--quiet", "--no-ff", "-m", "Merge topic", "topic"], 3_000_000);
    let changes = read(repo.path(), 2_500_000, 9_000_000).await;
    assert_eq!(summaries(&changes), ["Merge topic"]);
    assert_eq!(changes[0].gist, ["a.yaml: replicas 1 → 2"]);
    assert_eq!(changes[0].url, None);
}

#[tokio::test]
async fn what_lies_between_two_revisions_is_what_came_after_the_first_up_to_the_second() {
    let repo = Repo::empty();
    for (i, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        repo.commit(name, name, 1_000_000 + i as i64);
    }
    let hash = |back: u8| repo.git(["rev-parse".to_owned(), format!("HEAD~{back}")], 0);
    let source = source(repo.path(), None);
    assert_eq!(summaries(&source.between(&hash(3), &hash(1)).await.unwrap()), ["c", "b"]);
    assert!(source.between(&hash(1), &hash(1)).await.unwrap().is_empty());
    assert!(source.between(&hash(1), &hash(3)).await.unwrap().is_empty());
    assert!(source.between(&"a".repeat(40), &hash(1)).await.is_err());
}

#[test]
fn the_shipped_rules_let_every_reader_read() {
    let policy = crate::policy::Policy::shipped().unwrap();
    let repository = source(Path::new("/srv/homelab"), Some("main"));
    let (hash, long) = ("3f1c0ffee0123456789abcdef0123456789abcde", "a".repeat(64));
    let range = repository.log(vec![
        "--first-parent".into(),
        SCAN_FORMAT.into(),
        "--end-of-options".into(),
        format!("{hash}..{hash}"),
    ]);
    for action in [
        repository.scan_action(),
        repository.detail_action([hash].into_iter()),
        repository.patch_action(&[hash; PATCHES]),
        range,
        repository.git(["remote", "get-url", "origin"].map(str::to_owned).to_vec()),
        super::super::flux::action(super::super::flux::BOTH),
        super::super::flux::action(super::super::flux::KUSTOMIZATIONS),
        super::super::kubernetes::action(),
        super::super::docker::list_action(),
        super::super::docker::inspect_action(&vec![long; 20]),
        super::super::packages::action("/var/log/apt/history.log.1"),
        super::super::packages::action("/var/log/dpkg.log"),
        super::super::reboots::action(),
    ] {
        let judged = policy.evaluate(&action, &crate::policy::Facts::plain());
        assert_eq!(judged.decision, crate::policy::Decision::Allow, "{action}: {:?}", judged.reasons);
    }
}
