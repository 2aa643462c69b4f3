//! The formats that follow a source's documentation.

use super::*;

fn read(format: &str, name: &str) -> Notice {
    reading("s", format).read(&file(&format!("{format}/{name}.json")), now()).unwrap()
}

#[test]
fn every_format_by_name_is_one_and_the_mappings_that_come_along_are_without_a_fault() {
    for name in Format::NAMES {
        match Format::named(name) {
            Some(Format::Json(mapping)) => assert_eq!(mapping.faults(), [], "{name}"),
            Some(_) => {}
            None => assert_eq!(name, "json"),
        }
    }
    for (_, format) in Format::WELL_KNOWN {
        assert!(Format::named(format).is_some() && Template::named(format).is_some(), "{format}");
    }
}

#[test]
fn grafana_tells_what_fires_what_is_over_and_how_many_it_hides() {
    let notice = read("grafana", "firing");
    assert_eq!(
        all(&notice),
        [
            "Firing error nas.lan high-memory-usage alert:s#c6eadffa33fcdf37",
            "Resolved error unknown/bc97ff14869b13e3 datasource-no-data alert:s#bc97ff14869b13e3",
        ]
    );
    let signal = &notice.signals[0];
    assert_eq!(signal.summary, "Memory of nas at 97 %");
    assert!(
        signal.evidence.starts_with("The system has high memory usage\nvalues: [ var='B'"),
        "{}",
        signal.evidence
    );
    assert!(
        signal.evidence.ends_with("link: https://grafana.lan/alerting/1afz29v7z/edit"),
        "{}",
        signal.evidence
    );
    assert_eq!(signal.at.to_rfc3339(), "2026-11-21T07:51:03.157+00:00");
    assert_eq!(notice.hidden, 3);
}

#[test]
fn uptime_kuma_is_down_or_up_and_what_is_neither_is_let_pass() {
    assert_eq!(all(&read("uptime-kuma", "down")), ["Firing error Git-server http-down alert:s#29"]);
    assert_eq!(all(&read("uptime-kuma", "up")), ["Resolved error Git-server http-down alert:s#29"]);
    assert_eq!(read("uptime-kuma", "down").signals[0].summary, "Git server: getaddrinfo ENOTFOUND git.lan");
    for passing in ["pending", "test"] {
        let notice = read("uptime-kuma", passing);
        assert_eq!((notice.signals.len(), notice.ignored), (0, 1), "{passing}");
    }
}

#[test]
fn gatus_tells_of_its_endpoints_with_and_without_a_group() {
    let triggered = reading("s", "gatus").read(&file("gatus/triggered.json"), now()).unwrap();
    assert_eq!(all(&triggered), ["Firing error media/jellyfin endpoint-down alert:s#media/jellyfin"]);
    assert_eq!(triggered.signals[0].summary, "jellyfin: health check failed");
    let resolved = read("gatus", "resolved");
    assert_eq!(all(&resolved), ["Resolved error nas endpoint-down alert:s#nas"]);
}

#[test]
fn healthchecks_tells_which_check_was_missed_and_when_it_came() {
    let known = "Nightly-backup check-missed alert:s#5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";
    assert_eq!(all(&read("healthchecks", "down")), [format!("Firing error {known}")]);
    assert_eq!(all(&read("healthchecks", "up")), [format!("Resolved error {known}")]);
}

#[test]
fn openobserve_has_one_identity_for_each_of_its_alerts() {
    let notice = read("openobserve", "fired");
    let signal = &notice.signals[0];
    let Origin::Alert { fingerprint, .. } = &signal.origin else { unreachable!("an alert") };
    assert_eq!(fingerprint.len(), 32, "the blank in its name is hashed away");
    assert_eq!((signal.severity, signal.signature.as_str()), (Severity::Warning, "auth-failures"));
    assert_eq!(signal.summary, "Auth failures: 12 records in authlog");
    assert!(signal.target.is_unknown());
    let again = read("openobserve", "fired");
    assert_eq!(again.signals[0].origin, signal.origin);
}

#[test]
fn a_failed_unit_is_the_same_problem_that_the_skill_reports() {
    let notice = read("systemd", "failed");
    assert_eq!(all(&notice), ["Firing error nas/unit/nginx.service unit-failed alert:s#nas/nginx.service"]);
    let signal = &notice.signals[0];
    assert_eq!(signal.summary, "nginx.service has failed (exit-code): A web server");
    assert_eq!((signal.labels["unit"].as_str(), signal.labels["kind"].as_str()), ("nginx.service", "daemon"));
    assert_eq!(signal.evidence, "line one\nline two");
}

#[test]
fn a_deployment_and_each_commit_of_a_push_is_a_change() {
    let notice = read("deployment", "deployment");
    let [change] = notice.changes.as_slice() else { unreachable!("one change") };
    assert_eq!((change.id.as_str(), change.source.as_str()), ("build-4711", "deploy:s"));
    let targets: Vec<_> = change.targets.iter().map(|target| target.as_str()).collect();
    assert_eq!(targets, ["k8s/media/jellyfin", "media/jellyfin"]);
    assert!(notice.signals.is_empty());

    let push = read("deployment", "push");
    let [change] = push.changes.as_slice() else { unreachable!("one commit") };
    assert!(change.summary.starts_with("Raise the memory limit (pushed to main)"), "{}", change.summary);
    assert_eq!((change.author.as_str(), change.targets[0].as_str()), ("Ada", "homelab"));
    assert_eq!((change.files.as_slice(), change.files_total), (&["apps/jellyfin.yaml".to_owned()][..], 1));

    let nothing = reading("s", "deployment").read(br#"{"summary":"x"}"#, now()).unwrap_err();
    assert!(nothing.0.contains("says no `target`"), "{nothing}");
}

#[test]
fn a_mapping_reads_any_json_and_refuses_a_state_that_it_does_not_know() {
    let text = r#"
        each = "jobs"
        name = "{kind} failed"
        target = ["{server}/{name}", "name"]
        severity = "level"
        labels = "tags"
        hidden = "$.more"
        state = { path = "result", firing = ["failed", 1], resolved = ["ok", true], ignored = ["running", ""] }
        label = { site = "$.site" }
    "#;
    let mapping: Mapping = toml::from_str(text).unwrap();
    let json = Reading::new("jobs", Format::Json(mapping.into()));
    let body = br#"{"site":"home","more":"4","jobs":[
        {"kind":"Backup","server":"nas","name":"media files","result":"FAILED","level":"p1","tags":{"a":1,"b":[1,2],"c":{}}},
        {"kind":"Sync","name":"photos","result":true},
        {"kind":"Sync","name":"music","result":"running"},
        {"kind":"Sync","name":"music"}]}"#;
    let notice = json.read(body, now()).unwrap();
    let told: Vec<String> =
        all(&notice).iter().map(|line| line.split('#').next().unwrap().to_owned()).collect();
    assert_eq!(
        told,
        [
            "Firing critical nas/media-files backup-failed alert:jobs",
            "Resolved error photos sync-failed alert:jobs",
        ]
    );
    let labels: Vec<_> =
        notice.signals[0].labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(labels, ["a=1", "b=1, 2", "site=home"]);
    assert_eq!((notice.hidden, notice.ignored), (4, 2));
    assert_eq!(json.read(body, now()).unwrap(), notice, "the same body is the same alerts");

    let odd = json.read(br#"{"jobs":[{"name":"a","result":"exploded"}]}"#, now()).unwrap_err().0;
    assert_eq!(odd, "alert 1: it is in the state \"exploded\"; known are failed, 1, ok, true");
    let none = json.read(br#"{"job":[]}"#, now()).unwrap_err().0;
    assert_eq!(none, "there is no list of alerts at `jobs`");
}

#[test]
fn too_many_alerts_in_one_body_are_refused() {
    let one = r#"{"labels":{"a":"b"}}"#;
    let many = format!("[{}{one}]", format!("{one},").repeat(MAX_ALERTS));
    let error = reading("p", "alertmanager-api").read(many.as_bytes(), now()).unwrap_err().0;
    assert_eq!(error, "it has 10001 alerts; 10000 at most");
}
