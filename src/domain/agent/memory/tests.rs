use super::*;

const WRITTEN: &str = "# Memory\n\nMy own notes.\n\n## NIC of pve4 hangs\nSeen: nic-hang on pve4, pve5\nWhy: e1000e under load\n- Fix: restart-network\n\nA word of mine.\n\n## Never SQLite on CephFS\nIt corrupts.\n";

fn lesson(title: &str, signature: Option<&str>, target: Option<&str>) -> Lesson {
    Lesson {
        title: title.to_owned(),
        signature: signature.map(str::to_owned),
        target: target.map(str::to_owned),
        why: "because".to_owned(),
        fix: "restart it".to_owned(),
        rule: None,
    }
}

const RULE: &str = "name: no-reboot\nwhy: never\npattern: [reboot]\neffect: irreversible\ndecision: forbid\nmatch: [reboot]\nnot_match: [ls]\n";

#[test]
fn what_people_wrote_is_read_with_whatever_stands_around_it() {
    let sections = parse(WRITTEN);
    assert_eq!(sections.len(), 2);
    assert_eq!(sections[0].seen.as_deref(), Some("nic-hang on pve4, pve5"));
    assert_eq!(sections[0].fix.as_deref(), Some("restart-network"));
    assert!(sections[0].text.ends_with("A word of mine."));
    assert_eq!((sections[1].title.as_str(), &sections[1].why), ("Never SQLite on CephFS", &None));
}

#[test]
fn a_new_lesson_leaves_every_byte_before_it_alone_and_can_be_read_back() {
    let new = lesson("Disk of nas\nfills up", Some("disk-fill"), Some("nas"));
    let text = with(WRITTEN, &new);
    assert!(text.starts_with(WRITTEN));
    let read = parse(&text).pop().unwrap();
    assert_eq!(read.title, "Disk of nas fills up", "a title is one line");
    assert_eq!(read.seen.as_deref(), Some("disk-fill on nas"));
    assert_eq!(read.why.as_deref(), Some("because"));
    assert_eq!(read.fix.as_deref(), Some("restart it"));
    let first = with("", &new);
    assert!(first.starts_with("# Memory\n") && parse(&first).len() == 1, "{first}");
}

#[test]
fn a_fence_that_was_left_open_does_not_swallow_the_lesson() {
    let text = with("# Memory\n\n## Mine\n```\nls", &lesson("New", None, None));
    assert_eq!(parse(&text).len(), 2, "{text}");
}

#[test]
fn the_same_problem_in_the_same_place_is_known_and_elsewhere_it_is_not() {
    let known = |signature, target| is_known(WRITTEN, &lesson("Other words", Some(signature), target));
    assert!(known("nic-hang", Some("pve4")));
    assert!(known("nic-hang", Some("pve5")));
    assert!(!known("nic-hang", Some("pve1")));
    assert!(!known("nic-hang", None));
    assert!(!known("disk-fill", Some("pve4")));
    assert!(is_known("## A\nSeen: nic-hang\n", &lesson("B", Some("nic-hang"), Some("pve9"))));
}

#[test]
fn nearly_the_same_words_are_known_whoever_wrote_them() {
    assert!(is_known(WRITTEN, &lesson("never SQLite on CephFS!", Some("sqlite-corrupt"), Some("k8s/media"))));
    assert!(is_known(WRITTEN, &lesson("Never SQLite on Ceph FS", None, None)));
    assert!(!is_known(WRITTEN, &lesson("Never Postgres on NFS", None, None)));
    assert!(!is_known("", &lesson("Anything", None, None)));
}

#[test]
fn a_search_puts_where_it_was_seen_before_what_is_merely_mentioned() {
    let memory = "## Old\nThe pve4 of old was loud.\n\n## NIC\nSeen: nic-hang on pve4\n\n## Disk\nSeen: disk-fill on nas\n";
    let found = search(memory, "what about pve4?", 5);
    assert_eq!(found, ["## NIC\nSeen: nic-hang on pve4", "## Old\nThe pve4 of old was loud."]);
    assert_eq!(search(memory, "pve4", 1).len(), 1);
    assert_eq!(search(memory, "an of on", 5), [""; 0], "small words find nothing");
}

#[test]
fn a_rule_gets_a_block_of_its_own_or_joins_the_one_that_is_there() {
    let (made, block) = with_rules("# Soul\n\nBe kind.", RULE).unwrap();
    assert!(
        made.starts_with("# Soul\n\nBe kind.\n\n```yaml policy\nrules:\n  - name: no-reboot\n"),
        "{made}"
    );
    assert!(made.ends_with("```\n") && block.starts_with("rules:\n"));
    let (both, block) =
        with_rules(&format!("{made}\nAnd be brief.\n"), &RULE.replace("no-reboot", "other")).unwrap();
    assert!(both.ends_with("```\n\nAnd be brief.\n"), "{both}");
    let read: serde_yaml::Value = serde_yaml::from_str(&block).unwrap();
    assert_eq!(read["rules"].as_sequence().map(Vec::len), Some(2), "{block}");
    assert_eq!(read["rules"][1]["name"], "other");
}

#[test]
fn a_block_without_rules_is_filled_and_keeps_its_comments() {
    let (text, block) = with_rules("```yaml policy\n# mine\nrules: []\n```\n", RULE).unwrap();
    assert!(text.starts_with("```yaml policy\n# mine\nrules:\n  - name: no-reboot"), "{text}");
    assert!(serde_yaml::from_str::<serde_yaml::Value>(&block).is_ok());
}

#[test]
fn what_goes_by_the_words_of_a_command_stands_under_never_and_each_list_grows_at_its_end() {
    let never = "name: no-sqlite-on-cephfs\nwhy: it breaks\nmentions: [[cephfs], [sqlite]]\n";
    let (soul, block) = with_rules("# Soul\n", never).unwrap();
    assert!(block.starts_with("never:\n  - name: no-sqlite-on-cephfs\n"), "{block}");
    let (soul, _) = with_rules(&soul, RULE).unwrap();
    let (soul, _) = with_rules(&soul, &format!("never:\n- {}", never.replace('\n', "\n  "))).unwrap();
    let mine = "# mine\nnever:\n- name: a\n\n# and these\nrules:\n- name: b\n";
    let (_, both) = with_rules(&format!("```yaml policy\n{mine}```\n"), never).unwrap();
    assert!(both.starts_with("# mine\nnever:\n- name: a\n- name: no-sqlite-on-cephfs\n"), "{both}");
    assert!(both.ends_with("\n\n# and these\nrules:\n- name: b\n"), "{both}");
    let (_, block) = with_rules(&soul, &RULE.replace("no-reboot", "other")).unwrap();
    let read: serde_yaml::Value = serde_yaml::from_str(&block).unwrap();
    assert_eq!(read["rules"].as_sequence().map(Vec::len), Some(2), "{block}");
    assert_eq!(read["never"].as_sequence().map(Vec::len), Some(2), "{block}");
    assert_eq!(read["rules"][1]["name"], "other");
}

#[test]
fn what_is_no_rule_is_refused() {
    for bad in ["", "reboot", "rules: no", "rules: []", "rules: [a]\nmore: 1", "a: [", "[]"] {
        assert!(with_rules("", bad).is_err(), "{bad:?}");
    }
    assert!(with_rules("```yaml policy\nrules:\n", RULE).is_err(), "a block without an end");
}

#[test]
fn the_key_of_a_lesson_stays_when_its_words_change_and_a_rule_makes_another() {
    let one = Keepsake::Lesson(lesson("A", Some("nic-hang"), Some("pve4")));
    let other = Keepsake::Lesson(lesson("B", Some("nic-hang"), Some("pve4")));
    assert_eq!(one.key(), other.key());
    let ruled = Lesson { rule: Some(RULE.to_owned()), ..lesson("A", Some("nic-hang"), Some("pve4")) };
    assert_ne!(one.key(), Keepsake::Lesson(ruled).key());
}
