use proptest::prelude::*;

use super::*;

/// A patch as git prints it with much context, made from two versions of a file.
fn patch(path: &str, before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut body = String::new();
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old[same..].iter().rev().zip(new[same..].iter().rev()).take_while(|(a, b)| a == b).count();
    old[..same].iter().for_each(|line| body.push_str(&format!(" {line}\n")));
    old[same..old.len() - tail].iter().for_each(|line| body.push_str(&format!("-{line}\n")));
    new[same..new.len() - tail].iter().for_each(|line| body.push_str(&format!("+{line}\n")));
    old[old.len() - tail..].iter().for_each(|line| body.push_str(&format!(" {line}\n")));
    let head = format!("diff --git a/{path} b/{path}\nindex 1..2 100644\n--- a/{path}\n+++ b/{path}\n");
    format!("{head}@@ -1,{} +1,{} @@\n{body}", old.len(), new.len())
}

fn lines_of(path: &str, before: &str, after: &str) -> Vec<String> {
    gist(&patch(path, before, after)).lines
}

#[test]
fn a_changed_key_is_told_with_its_old_and_its_new_value() {
    let before = "# jellyfin\nimage:\n  repository: jellyfin/jellyfin\n  tag: 10.8.13\nreplicas: 1\n";
    let after = before.replace("10.8.13", "10.9.1");
    assert_eq!(
        lines_of("apps/jellyfin/values.yaml", before, &after),
        ["jellyfin/values.yaml: image.tag 10.8.13 → 10.9.1"]
    );
    assert_eq!(lines_of("a.toml", "[web]\nport = 80\n", "[web]\nport = 81\n"), ["a.toml: web.port 80 → 81"]);
    assert_eq!(
        lines_of("a.json", "{\n\"a\": {\"b\": 1}\n}\n", "{\n\"a\": {\"b\": 2}\n}\n"),
        ["a.json: a.b 1 → 2"]
    );
    assert_eq!(
        lines_of("x.nix", "a = 1;\nversion = \"1.2\";\n", "a = 1;\nversion = \"1.3\";\n"),
        ["x.nix: version 1.2 → 1.3"]
    );
}

#[test]
fn an_image_in_a_list_is_found_by_its_containers_name() {
    let before = "kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.26\n";
    let after = before.replace("1.26", "1.27");
    assert_eq!(
        lines_of("web.yaml", before, &after),
        ["web.yaml: spec.template.spec.containers[web].image nginx 1.26 → 1.27"]
    );
}

#[test]
fn documents_of_one_file_are_told_apart_by_what_they_are() {
    let one = "kind: Service\nmetadata:\n  name: web\nport: 80\n---\nkind: Deployment\nmetadata:\n  name: web\nreplicas: 1\n";
    let two = one.replace("replicas: 1", "replicas: 3");
    let found = gist(&patch("web.yaml", one, &two));
    assert_eq!(found.lines, ["web.yaml: Deployment/web.replicas 1 → 3"]);
    assert!(found.baseline);
}

#[test]
fn a_change_of_comments_says_so_and_shifts_no_baseline() {
    let found = gist(&patch("a.yaml", "# old\na: 1\n", "# new\na: 1\n"));
    assert_eq!(found.lines, ["a.yaml: comments or layout only"]);
    assert!(!found.baseline);
    assert!(!gist(&patch("a.yaml", "title: a\n", "title: b\n")).baseline);
}

#[test]
fn what_has_no_keys_is_counted_in_lines() {
    assert_eq!(lines_of("run.sh", "a\nb\nc\n", "a\nx\ny\nc\n"), ["run.sh: 2 lines"]);
    assert_eq!(lines_of("broken.yaml", "a: [\nb\n", "a: [\nc: {{ x }}\nd\n"), ["broken.yaml: 2 lines"]);
    let new = "diff --git a/n.yaml b/n.yaml\nnew file mode 100644\n--- /dev/null\n+++ b/n.yaml\n@@ -0,0 +1,2 @@\n+a: 1\n+b: 2\n";
    assert_eq!(gist(new).lines, ["n.yaml: new, 2 lines"]);
    let gone = "diff --git a/n.yaml b/n.yaml\ndeleted file mode 100644\n--- a/n.yaml\n+++ /dev/null\n@@ -1 +0,0 @@\n-a: 1\n";
    assert_eq!(gist(gone).lines, ["n.yaml: removed"]);
    let image = "diff --git a/x.png b/x.png\nindex 1..2 100644\nBinary files a/x.png and b/x.png differ\n";
    assert_eq!(gist(image).lines, ["x.png: another content"]);
}

#[test]
fn a_secret_is_never_shown_whatever_its_key_is_called() {
    let secret = "hunter2hunter2";
    for (path, before) in [
        ("a.yaml", "db:\n  password: old-value\n"),
        ("a.yaml", "env:\n  - name: DB_PASSWORD\n    value: old-value\n"),
        ("a.yaml", "kind: Secret\nstringData:\n  a: old-value\n"),
        ("a.yaml", "url: postgres://app:old-value@db/app\n"),
        ("a.toml", "api_token = \"old-value\"\n"),
        (".env", "SMTP_PASS=old-value\n"),
        ("a.nix", "wifiPsk = \"old-value\";\n"),
    ] {
        let after = before.replace("old-value", secret);
        let found = lines_of(path, before, &after).join("\n");
        assert!(!found.contains(secret) && !found.contains("old-value"), "{path}: {found}");
        assert!(found.contains("changed (not shown)"), "{path}: {found}");
    }
}

#[test]
fn a_bomb_of_aliases_is_counted_and_not_unfolded() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (name, of) in
        ["b", "c", "d", "e", "f", "g", "h", "i"].iter().zip(["a", "b", "c", "d", "e", "f", "g", "h"])
    {
        bomb.push_str(&format!(
            "{name}: &{name} [*{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}, *{of}]\n"
        ));
    }
    let found = lines_of("bomb.yaml", &bomb, &format!("{bomb}z: 1\ny: 2\n"));
    assert_eq!(found, ["bomb.yaml: 2 lines"]);
}

#[test]
fn a_file_of_which_only_a_part_is_there_is_counted() {
    let head = "diff --git a/a.yaml b/a.yaml\n--- a/a.yaml\n+++ b/a.yaml\n";
    let middle = format!("{head}@@ -90,2 +90,3 @@\n   deep: 1\n-  b: 1\n+  b: 2\n+  c: 3\n");
    assert_eq!(gist(&middle).lines, ["a.yaml: 2 lines"]);
    let cut = format!("{head}@@ -1,9 +1,9 @@\n-a: 1\n+a: 2\n+b");
    assert_eq!(gist(&cut).lines, ["a.yaml: 2 lines"]);
}

#[test]
fn a_huge_commit_is_told_in_a_few_lines() {
    let many: String = (0..500).map(|i| patch(&format!("d{i}/a.yaml"), "a: 1\n", "a: 2\n")).collect();
    let found = gist(&many);
    assert_eq!(found.lines.len(), MAX_FILES + 1);
    assert_eq!(found.lines[MAX_FILES], "and 470 more files");
    let keys = |value: u8| (0..100).map(|i| format!("k{i}: {value}\n")).collect::<String>();
    let found = lines_of("a.yaml", &keys(1), &keys(2));
    assert_eq!((found.len(), found[MAX_KEYS].as_str()), (MAX_KEYS + 1, "a.yaml: 95 more keys"));
}

proptest! {
    #[test]
    fn no_patch_makes_it_panic_or_talk_too_much(
        lines in proptest::collection::vec(prop_oneof![
            Just("diff --git a/a.yaml b/a.yaml".to_owned()),
            Just("+++ b/a.yaml".to_owned()),
            Just("@@ -1,3 +1,3 @@".to_owned()),
            Just("@@ -1,99999999999999999999 +1 @@".to_owned()),
            Just("@@ -0,0 +18446744073709551615,18446744073709551615 @@ x".to_owned()),
            Just("+a: &x [*x]".to_owned()),
            Just("-a: 1".to_owned()),
            "[-+ \\\\][a-z: \u{0}-\u{1f}äöü→{}\\[\\]*&!]{0,12}",
        ], 0..60)
    ) {
        let found = gist(&lines.join("\n"));
        prop_assert!(found.lines.len() <= (MAX_KEYS + 1) * MAX_FILES + 1);
        prop_assert!(found.lines.iter().all(|line| line.chars().count() <= MAX_LINE + 1));
        prop_assert!(found.lines.iter().all(|line| !line.chars().any(char::is_control)));
    }
}
