use proptest::prelude::*;

use super::*;

const BEFORE: &[u8] = include_bytes!("../../../../tests/changes/flux-before.json");
const AFTER: &[u8] = include_bytes!("../../../../tests/changes/flux-after.json");
const FAILING: &[u8] = include_bytes!("../../../../tests/changes/flux-failing.json");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

struct Says(&'static [u8]);

#[async_trait]
impl ReadCommand for Says {
    async fn read(&self, _: Action) -> Result<Vec<u8>, String> {
        Ok(self.0.to_vec())
    }
}

async fn told(after: &'static [u8]) -> Vec<Change> {
    let source = |output| Reconciliations::new(Arc::new(Says(output)), Vec::new());
    let first = source(BEFORE).look(None, at("2026-11-21T08:00:00Z")).await.unwrap();
    assert!(first.changes.is_empty(), "the first look told something");
    let before = Seen { at: at("2026-11-21T08:00:00Z"), snapshot: first.snapshot };
    source(after).look(Some(&before), at("2026-11-21T08:02:00Z")).await.unwrap().changes
}

fn lines(changes: &[Change]) -> Vec<String> {
    let line = |change: &Change| {
        let gist = change.gist.join("; ");
        format!("{} {} {}: {gist}", change.at.format("%H:%M:%S"), change.kind.as_str(), change.summary)
    };
    changes.iter().map(line).collect()
}

#[tokio::test]
async fn new_revisions_are_told_with_the_time_at_which_they_were_applied() {
    let changes = told(AFTER).await;
    assert_eq!(
        lines(&changes),
        [
            "08:01:00 reconcile Helm release flux-system/ingress-nginx is at chart 4.11.3: app: 1.11.2 → 1.11.3; chart: 4.11.2 → 4.11.3",
            "08:01:30 reconcile Kustomization flux-system/apps is at main@sha1:9a8b7c6d5e4f: revision: main@sha1:3f1c0ffee012 → main@sha1:9a8b7c6d5e4f",
        ]
    );
    let targets = |change: &Change| change.targets.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(targets(&changes[0]), ["k8s/ingress/nginx"]);
    assert_eq!(targets(&changes[1]), ["k8s/flux-system/apps", "k8s/media/jellyfin", "k8s/media/sonarr"]);
    assert!(changes.iter().all(|change| change.baseline));
    assert!(told(BEFORE).await.is_empty());
}

#[tokio::test]
async fn a_revision_that_cannot_be_reached_is_told_with_the_reason_and_shifts_no_baseline() {
    let changes = told(FAILING).await;
    let (line, head) = (
        &lines(&changes)[0],
        "08:01:30 reconcile Kustomization flux-system/apps tries main@sha1:9a8b7c6d5e4f, and it fails: health check failed after 30s",
    );
    assert!(line.starts_with(head), "{line}");
    assert!(!changes[0].baseline);
}

#[tokio::test]
async fn nothing_of_a_releases_values_is_kept() {
    let look =
        Reconciliations::new(Arc::new(Says(AFTER)), Vec::new()).look(None, at("2026-11-21T08:00:00Z")).await;
    assert!(!serde_json::to_string(&look.unwrap().snapshot).unwrap().contains("never-read"));
}

/// A cluster that knows some kinds.
struct Knows(&'static [&'static str]);

#[async_trait]
impl ReadCommand for Knows {
    async fn read(&self, action: Action) -> Result<Vec<u8>, String> {
        let Action::Command(command) = action;
        match command.argv[2].split(',').all(|kind| self.0.contains(&kind)) {
            true => Ok(BEFORE.to_vec()),
            false => Err("Code(1): error: the server doesn't have a resource type \"helmreleases\"".into()),
        }
    }
}

#[tokio::test]
async fn a_cluster_without_flux_is_no_fault_but_one_whose_flux_is_gone_is() {
    let now = at("2026-11-21T08:00:00Z");
    let kustomize = Reconciliations::new(Arc::new(Knows(&[KUSTOMIZATIONS])), Vec::new());
    assert_eq!(kustomize.look(None, now).await.unwrap().snapshot, parse(BEFORE).unwrap().0);
    let none = Reconciliations::new(Arc::new(Knows(&[])), Vec::new());
    assert_eq!(none.look(None, now).await, Ok(Look::default()));
    let before = Seen { at: now, snapshot: parse(BEFORE).unwrap().0 };
    assert!(none.look(Some(&before), now).await.unwrap_err().contains("does not know what was asked for"));
}

#[test]
fn the_commit_of_a_revision_is_found_in_every_form_that_flux_writes() {
    let hash = "3f1c0ffee0123456789abcdef0123456789abcde";
    for (revision, found) in [
        (format!("main@sha1:{hash}"), Some(hash)),
        (format!("main/{hash}"), Some(hash)),
        (format!("feature/x@sha1:{hash}"), Some(hash)),
        (format!("latest@sha256:{}", "a".repeat(64)), None),
        ("6.5.4".to_owned(), None),
        (String::new(), None),
    ] {
        assert_eq!(commit(&revision).as_deref(), found, "{revision}");
    }
}

proptest! {
    #[test]
    fn no_objects_make_it_panic(text in "[\\PC]{0,50}", hash in "[0-9a-f:/@]{0,80}") {
        let item = |kind: &str| serde_json::json!({
            "kind": kind, "metadata": { "name": text, "namespace": hash },
            "spec": { "targetNamespace": text },
            "status": {
                "lastAppliedRevision": hash, "lastAttemptedRevision": text, "history": [text],
                "inventory": { "entries": [ { "id": text }, { "id": "a_b_c" }, 1 ] },
                "conditions": [ { "type": "Ready", "status": "False", "message": text } ],
            },
        });
        let list = serde_json::json!({ "items": [item("Kustomization"), item("HelmRelease")] }).to_string();
        let (snapshot, objects) = parse(list.as_bytes()).unwrap();
        let empty = Snapshot::default();
        for difference in empty.differences(&snapshot).into_iter().chain(snapshot.differences(&empty)) {
            tell(&difference, objects.first(), at("2026-11-21T08:00:00Z"), at("2026-11-21T08:00:00Z"));
            commits(&difference);
        }
        shown(Some(&hash));
    }
}
