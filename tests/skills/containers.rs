//! `container-health`.

use crate::bench::Bench;

/// A docker whose list of containers is this output.
pub(crate) fn docker(ps: &str) -> Bench {
    Bench::new("container-health").stub(
        "docker",
        &format!(
            r#"case $* in
  --version) echo 'Docker version 28.1.1, build 4eba377';;
  ps*) cat $F/containers/{ps};;
  inspect*RestartPolicy*traefik) echo always;;
  inspect*RestartPolicy*vaultwarden) echo unless-stopped;;
  inspect*RestartPolicy*oneoff) echo no;;
  inspect*RestartPolicy*migrate) echo on-failure;;
  logs*) cat $F/containers/logs.txt >&2;;
esac"#
        ),
    )
}

/// A podman whose list of containers is this output, and no docker.
pub(crate) fn podman(ps: &str) -> Bench {
    let podman = format!(
        "case $1 in ps) cat $F/containers/{ps};; inspect) echo always;; logs) cat $F/containers/logs.txt;; esac"
    );
    Bench::new("container-health").stub("podman", &podman)
}

#[test]
fn healthy_containers_are_ok_one_by_one() {
    let report = docker("docker-ps-well.txt").run();
    assert_eq!(report.targets(), ["container/jellyfin", "container/nextcloud-db"]);
    report.about("container/jellyfin").says("OK", "", "Up 3 days (healthy)");
    report.measures(r#"container_ok{runtime="docker",name="jellyfin"} 1"#);
}

#[test]
fn each_kind_of_trouble_has_its_own_signature() {
    let report = docker("docker-ps.txt").run();
    let sick = report.about("container/immich_server");
    sick.says("PROBLEM", "container-unhealthy", "immich_server runs, but its health check fails");
    assert_eq!((sick.label("container"), sick.label("runtime")), ("immich_server", "docker"));
    report.measures(r#"container_ok{runtime="docker",name="immich_server"} 0"#);
    report.about("container/paperless").says("PROBLEM", "container-restarting", "crashes again and again");
    report.about("container/traefik").says(
        "PROBLEM",
        "container-exited",
        "exit code 1 and was not started again",
    );
}

#[test]
fn a_container_that_somebody_may_have_stopped_is_action_only() {
    let report = docker("docker-ps.txt").run();
    report.about("container/vaultwarden").says(
        "ACTION",
        "container-exited",
        "restart policy is unless-stopped",
    );
}

#[test]
fn a_container_that_is_meant_to_end_or_has_just_begun_is_ok() {
    let report = docker("docker-ps.txt").run();
    for name in ["migrate", "oneoff", "starting", "old"] {
        assert!(report.about(&format!("container/{name}")).is_ok(), "{name}");
    }
}

#[test]
fn container_logs_are_evidence_and_can_forge_nothing() {
    let report = docker("docker-ps.txt").run();
    let sick = report.about("container/immich_server");
    sick.says("PROBLEM", "container-unhealthy", "").shows("STATUS:OK\n").shows("ECONNREFUSED");
}

#[test]
fn podman_is_asked_too_and_named_as_the_runtime() {
    let podman = "case $1 in ps) cat $F/containers/podman-ps.txt;; inspect) echo always;; esac";
    let report = docker("docker-ps-well.txt").stub("podman", podman).run();
    assert_eq!(
        report.about("container/homeassistant").says("PROBLEM", "container-unhealthy", "").label("runtime"),
        "podman"
    );
    report.about("container/mosquitto").says("ACTION", "container-exited", "is stopped");
    assert!(report.about("container/jellyfin").is_ok());
}

#[test]
fn podmans_stand_in_for_docker_is_not_counted_twice() {
    let podman = "case $1 in --version) echo 'podman version 5.2.2';; ps) cat $F/containers/podman-ps.txt;; inspect) echo always;; esac";
    let report = Bench::new("container-health").stub("docker", podman).stub("podman", podman).run();
    assert_eq!(report.findings.len(), 3);
    assert_eq!(report.about("container/homeassistant").label("runtime"), "podman");
}

#[test]
fn no_containers_at_all_is_ok_and_ignored_ones_are_left_out() {
    Bench::new("container-health").stub("docker", "").run().only().says("OK", "", "docker has no containers");
    let report = docker("docker-ps-well.txt").set("IGNORE", "jellyfin other").run();
    assert_eq!(report.targets(), ["container/nextcloud-db"]);
}

#[test]
fn a_missing_silent_or_closed_runtime_is_unknown() {
    Bench::new("container-health").run().only().says("UNKNOWN", "", "neither docker nor podman");
    let answers = |file: &str| {
        Bench::new("container-health").stub("docker", &format!("cat $F/containers/{file} >&2; exit 1"))
    };
    answers("docker-denied.txt").run().only().says("UNKNOWN", "", "add its user to the group docker");
    answers("docker-down.txt").run().only().says("UNKNOWN", "", "Is the docker daemon running?");
    let hung = Bench::new("container-health").stub("docker", "").stub("timeout", "exit 124");
    hung.run().only().says("UNKNOWN", "", "did not answer within 20 seconds");
}
