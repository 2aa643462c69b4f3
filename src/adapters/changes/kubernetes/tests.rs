use proptest::prelude::*;

use super::*;

const BEFORE: &[u8] = include_bytes!("../../../../tests/changes/workloads-before.json");
const AFTER: &[u8] = include_bytes!("../../../../tests/changes/workloads-after.json");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn told() -> Vec<Change> {
    let before = Seen { at: at("2026-11-21T08:00:00Z"), snapshot: parse(BEFORE).unwrap().0 };
    let (after, times) = parse(AFTER).unwrap();
    compare(&before, &after, &times, at("2026-11-21T08:02:00Z"))
}

#[test]
fn what_became_different_is_told_with_its_kind_its_gist_and_the_time_that_it_says_itself() {
    let lines: Vec<String> = told()
        .iter()
        .map(|change| {
            let gist = change.gist.join("; ");
            format!("{} {} {}: {gist}", change.at.format("%H:%M:%S"), change.kind.as_str(), change.summary)
        })
        .collect();
    assert_eq!(
        lines,
        [
            "08:00:00 rollout daemonset kube-system/node-exporter has a new specification: generation 1 → 2",
            "08:01:12 image deployment media/jellyfin runs another image: image of jellyfin: jellyfin/jellyfin 10.8.13 → 10.9.1",
            "08:00:00 inventory deployment media/new is new: image of new: new:sha256:bbbbbbbbbbbb",
            "08:00:00 inventory deployment media/old is gone: ",
            "08:00:59 rollout deployment media/sonarr was restarted by hand: ",
            "08:00:00 scale statefulset db/postgres was given another size: memory limits of postgres: 512Mi → 1Gi; replicas: 1 → 3",
        ]
    );
    assert!(told().iter().all(|change| change.baseline));
    let targets: Vec<String> = told().iter().map(|change| change.targets[0].to_string()).collect();
    assert_eq!(targets[1], "k8s/media/jellyfin");
}

#[test]
fn nothing_of_an_environment_is_kept() {
    let kept = serde_json::to_string(&parse(AFTER).unwrap().0).unwrap();
    assert!(!kept.contains("never-read") && !kept.contains("DB_PASSWORD"), "{kept}");
}

#[test]
fn what_is_no_list_of_objects_is_told_as_that() {
    for output in [&b""[..], b"No resources found", b"{\"items\": 1}", b"[]", &AFTER[..AFTER.len() / 2]] {
        let why = parse(output).unwrap_err();
        assert!(why.starts_with("kubernetes: what kubectl printed can't be read"), "{why}");
    }
    assert!(parse(b"{\"items\": []}").unwrap().0.0.is_empty());
}

proptest! {
    #[test]
    fn no_objects_make_it_panic(text in "[\\PC]{0,20}", number in any::<f64>(), cut in 0_usize..2000) {
        let item = serde_json::json!({
            "kind": text, "metadata": { "name": text, "namespace": text, "generation": number },
            "spec": { "replicas": text, "template": { "spec": { "containers": [ { "name": text, "image": text }, number ] } } },
            "status": { "conditions": [ { "type": "Progressing", "lastUpdateTime": text } ] },
        });
        let list = serde_json::json!({ "items": [item, text, number, null] }).to_string();
        let (snapshot, times) = parse(list.as_bytes()).unwrap();
        let before = Seen { at: at("2026-11-21T08:00:00Z"), snapshot: Snapshot::default() };
        let changes = compare(&before, &snapshot, &times, at("2026-11-21T08:02:00Z"));
        prop_assert!(changes.iter().all(|change| !change.summary.chars().any(char::is_control)));
        let _ = parse(list.as_bytes().get(..cut).unwrap_or_default());
    }
}
