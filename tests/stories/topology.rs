//! What needs what is learned, beside what is written: from Kubernetes, from labels, by other names.

use steward::domain::signal::{Origin, Severity, Signal, SignalState};
use steward::domain::target::{Signature, Target};

use super::support::{Bot, Lab, min, secs};

const KUBECTL: &str = "kubectl get pods,replicasets,deployments,statefulsets,daemonsets,jobs,nodes,persistentvolumeclaims,persistentvolumes,services -A -o json";
const CLUSTER: &str = include_str!("../topology/k3s.json");
const JELLYFIN: &str = "media/jellyfin-7d9f8c6b5-x2x4z";

/// A lab whose cluster `kubectl` tells of.
fn cluster(topology: &str) -> Lab {
    let lab = Lab::new("[topology]\nlearn = [\"labels\", \"kubernetes\"]\n");
    lab.write("topology.yaml", topology);
    lab.host.prints(KUBECTL, CLUSTER);
    lab
}

impl Bot<'_> {
    /// An alert fires that carries labels.
    async fn fires(&self, target: &str, labels: &[(&str, &str)]) {
        let now = self.lab.clock.time();
        let signal = Signal {
            origin: Origin::alert("prometheus", target),
            target: Target::parse(target).unwrap(),
            signature: Signature::parse("down").unwrap(),
            severity: Severity::Error,
            state: SignalState::Firing,
            summary: format!("{target} is down"),
            impact: None,
            evidence: String::new(),
            labels: labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            at: now,
            received_at: now,
        };
        self.app.handle().signals(vec![signal]).await.unwrap();
        self.settle().await;
    }

    /// The roots of what is not merged into something else, in order.
    async fn roots(&self) -> Vec<String> {
        let stored = self.stored().await;
        let live = stored.iter().filter(|incident| incident.state.is_live());
        live.map(|incident| incident.root.to_string()).collect()
    }
}

#[tokio::test]
async fn two_pods_of_one_node_that_fail_are_one_fault_under_the_node_that_kubectl_names() {
    let lab = cluster("");
    let bot = lab.start().await;
    bot.fires(JELLYFIN, &[]).await;
    bot.fires("media/sonarr-0", &[]).await;
    assert_eq!(bot.roots().await, ["n3"], "suspected, though nobody saw it fail");
    bot.fires("10.0.0.13", &[]).await;
    bot.fires("media/jellyfin", &[]).await;
    assert_eq!(bot.roots().await, ["n3"], "its address is its name, and the deployment is made of the pod");
    assert!(bot.incident(1).await.root_observed());
    let told = bot.says("topology media/sonarr-0").await;
    for line in [
        "n3  learned from kubernetes 0 s ago: the pod runs on n3",
        "10.0.0.5  learned from kubernetes 0 s ago: the pod mounts 10.0.0.5:/tank/films",
        "`media/sonarr-0: { not_depends_on: [n3] }`",
    ] {
        assert!(told.contains(line), "{line:?} is not in\n{told}");
    }
    bot.end_quietly().await;
}

#[tokio::test]
async fn a_victim_whose_labels_name_its_node_joins_the_node_that_is_reported_last() {
    let lab = Lab::new("");
    let bot = lab.start().await;
    let labels = [("namespace", "media"), ("pod", "a"), ("node", "n3")];
    bot.fires("media/a", &labels).await;
    assert_eq!(bot.roots().await, ["media/a"]);
    bot.pass(secs(5)).await;
    bot.fires("n3", &[]).await;
    assert_eq!(bot.roots().await, ["n3"]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_is_learned_and_wrong_is_overruled_in_the_topology_file() {
    let lab = cluster("targets:\n  media: { not_depends_on: [n3, 10.0.0.5] }\n");
    let bot = lab.start().await;
    bot.fires(JELLYFIN, &[]).await;
    bot.fires("media/sonarr-0", &[]).await;
    let mut roots = bot.roots().await;
    roots.sort();
    assert_eq!(roots, [JELLYFIN, "media/sonarr-0"]);
    let told = bot.says("topology media/sonarr-0").await;
    assert!(told.contains("media/sonarr-0 needs n3: overruled under media in topology.yaml"), "{told}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_edit_of_the_topology_file_keeps_what_was_learned() {
    let lab = cluster("targets: { nas: {} }");
    let bot = lab.start().await;
    lab.write("topology.yaml", "targets:\n  nas: { aliases: [10.0.0.5] }\n");
    bot.says("reload").await;
    let told = bot.says("topology 10.0.0.5").await;
    assert!(told.contains("10.0.0.5 is another name of nas"), "{told}");
    assert!(told.contains("media/sonarr-0  learned from kubernetes"), "{told}");
    bot.end_quietly().await;
}

#[tokio::test]
async fn an_alert_that_calls_a_target_by_another_name_is_about_that_target() {
    let lab = Lab::new("");
    lab.write("topology.yaml", "targets:\n  nas: { aliases: [10.0.0.5, nas.lan] }\n");
    let bot = lab.start().await;
    bot.fires("10.0.0.5/media", &[]).await;
    bot.fires("nas.lan", &[]).await;
    assert_eq!(bot.roots().await, ["nas"]);
    let members = bot.incident(1).await.members;
    let mut targets: Vec<String> = members.iter().map(|m| m.problem.target.to_string()).collect();
    targets.sort();
    assert_eq!(targets, ["nas", "nas/media"]);
    bot.end_quietly().await;
}

#[tokio::test]
async fn what_was_learned_outlives_a_crash_and_a_kubectl_that_fails_is_told_and_makes_no_incident() {
    let lab = cluster("");
    let bot = lab.start().await;
    bot.crash().await;
    lab.host.prints(KUBECTL, "");
    lab.host.complains(KUBECTL, "The connection to the server 10.0.0.11:6443 was refused");
    lab.host.command(KUBECTL, &[], 1);
    let bot = lab.start().await;
    bot.pass(min(30)).await;
    bot.expect_log("nothing of the topology could be learned; what is known stays");
    assert!(bot.stored().await.is_empty(), "no incident is made of it");
    let told = bot.says("topology").await;
    assert!(told.contains("kubernetes: can't be read now, so what it said 30 min ago stays"), "{told}");
    assert!(told.contains("The connection to the server 10.0.0.11:6443 was refused"), "{told}");
    bot.fires(JELLYFIN, &[]).await;
    bot.fires("media/sonarr-0", &[]).await;
    assert_eq!(bot.roots().await, ["n3"], "what was learned before the crash is in force");
    bot.end_quietly().await;
}
