use super::*;

const CLUSTER: &[u8] = include_bytes!("../../../../tests/topology/k3s.json");

fn lines(prefix: &str) -> Vec<String> {
    let facts = facts(CLUSTER, prefix).unwrap();
    facts.iter().map(|f| format!("{} {} {}", f.target, f.relation.as_str(), f.other)).collect()
}

#[test]
fn a_small_cluster_is_read_as_what_needs_what() {
    let mut lines = lines("");
    lines.sort();
    assert_eq!(
        lines,
        [
            "10.0.0.11 is n1",
            "10.0.0.13 is n3",
            "media/backup made-of media/backup-29384-w8b5n",
            "media/backup-29384-w8b5n runs-on n1",
            "media/data-sonarr-0 needs n3",
            "media/jellyfin made-of media/jellyfin-7d9f8c6b5-x2x4z",
            "media/jellyfin made-of media/jellyfin-7d9f8c6b5-x2x4z",
            "media/jellyfin-7d9f8c6b5-x2x4z made-from media/jellyfin-7d9f8c6b5",
            "media/jellyfin-7d9f8c6b5-x2x4z needs media/jellyfin-config",
            "media/jellyfin-7d9f8c6b5-x2x4z needs media/media",
            "media/jellyfin-7d9f8c6b5-x2x4z runs-on n3",
            "media/jellyfin-config needs driver.longhorn.io",
            "media/media needs 10.0.0.5",
            "media/sonarr made-of media/sonarr-0",
            "media/sonarr-0 made-from media/sonarr-65d4f",
            "media/sonarr-0 needs 10.0.0.5",
            "media/sonarr-0 needs media/data-sonarr-0",
            "media/sonarr-0 runs-on n3",
            "metallb/speaker made-of metallb/speaker-k8cgq",
            "metallb/speaker-k8cgq made-from metallb/speaker-5c8bc",
            "metallb/speaker-k8cgq runs-on n1",
            "paperless/db needs 10.0.0.5",
        ]
    );
}

#[test]
fn a_prefix_stands_before_what_is_in_a_namespace_and_before_nothing_else() {
    let lines = lines("k8s");
    assert!(lines.contains(&"k8s/media/sonarr-0 runs-on n3".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"k8s/media/media needs 10.0.0.5".to_owned()), "{lines:#?}");
}

#[test]
fn no_secret_of_a_pod_is_ever_part_of_what_is_learned() {
    let text = format!("{:?}", facts(CLUSTER, "").unwrap());
    assert!(!text.contains("not-for-anybody"));
}

#[test]
fn what_is_no_list_of_objects_is_told() {
    for text in ["", "error: no server", "{}", "[1]", &"[".repeat(100_000), "{\"items\": [{\"kind\": 7}]}"] {
        let told = facts(text.as_bytes(), "").unwrap_err();
        assert!(told.starts_with("what kubectl printed is no list"), "{told}");
    }
    assert!(
        facts(b"{\"items\": [{\"kind\": \"Pod\"}, {\"kind\": \"Thing\", \"spec\": {}}]}", "")
            .unwrap()
            .is_empty()
    );
}
