//! One bad alert does not take the others with it.

use super::*;

fn faults(notice: &Notice) -> Vec<(&str, &str)> {
    notice.faults.iter().map(|fault| (fault.why.as_str(), fault.body.as_str())).collect()
}

#[test]
fn what_is_wrong_with_one_alert_is_told_and_the_others_are_taken() {
    let webhook = br#"{"version":"4","truncatedAlerts":3,"alerts":[
        {"status":"firing","labels":{"alertname":"A","node":"nas"},"fingerprint":"a"},
        {"status":"odd","labels":{"alertname":"B"}},
        {"status":"resolved","labels":{"alertname":"C","node":"nas"},"fingerprint":"c"}]}"#;
    let read = reading("am", "alertmanager").read(webhook, now()).unwrap();
    assert_eq!(all(&read), ["Firing error nas a alert:am#a", "Resolved error nas c alert:am#c"]);
    assert_eq!(
        faults(&read),
        [(
            r#"alert 2: its `status` is "odd"; it is "firing" or "resolved""#,
            r#"{"status":"odd","labels":{"alertname":"B"}}"#
        )]
    );
    assert_eq!(read.hidden, 3);

    let api = br#"[{"labels":{"alertname":"A","node":"nas"}},{"labels":{}},
        {"labels":{"alertname":"C","node":"nas"},"endsAt":"yesterday"}]"#;
    let read = reading("p", "alertmanager-api").read(api, now()).unwrap();
    assert_eq!(read.signals.len(), 1);
    let whys: Vec<&str> = read.faults.iter().map(|fault| fault.why.as_str()).collect();
    assert!(whys[0].starts_with("alert 2: it has no labels"), "{whys:?}");
    assert!(whys[1].starts_with("alert 3: its `endsAt` is \"yesterday\""), "{whys:?}");

    let grafana = br#"{"alerts":[{"status":"melting","labels":{"alertname":"A"}},
        {"status":"firing","labels":{"alertname":"B","node":"nas"},"fingerprint":"b"}]}"#;
    let read = reading("g", "grafana").read(grafana, now()).unwrap();
    assert_eq!((read.signals.len(), read.faults.len()), (1, 1), "{read:?}");
    assert!(read.faults[0].why.starts_with("alert 1: it is in the state \"melting\""), "{read:?}");
}

#[test]
fn an_alert_of_another_shape_does_not_take_the_others_with_it() {
    for (format, body) in [
        ("alertmanager-api", r#"[{"labels":{"alertname":"A","node":"nas"}},{"labels":{"a":1}},7]"#),
        (
            "alertmanager",
            r#"{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A","node":"nas"}},{"labels":{"a":1}},7]}"#,
        ),
    ] {
        let read = reading("s", format).read(body.as_bytes(), now()).unwrap();
        assert_eq!((read.signals.len(), read.signals[0].target.as_str()), (1, "nas"), "{format}");
        let [one, two] = read.faults.as_slice() else { panic!("{read:?}") };
        assert!(one.why.starts_with("alert 2: it has another shape than an alert: "), "{one:?}");
        assert_eq!((one.body.as_str(), two.body.as_str()), (r#"{"labels":{"a":1}}"#, "7"));
        let same = reading("s", format).read(body.replace(r#",{"labels":{"a":1}},7"#, "").as_bytes(), now());
        assert_eq!(same.unwrap().signals, read.signals, "read one by one they are the same alerts");
    }
}

#[test]
fn a_body_of_which_nothing_is_understood_is_refused_as_a_whole() {
    let error = reading("p", "alertmanager-api").read(br#"[{"labels":{}},{"labels":{}}]"#, now());
    assert!(error.unwrap_err().0.starts_with("alert 1: it has no labels"));
    let nothing = reading("p", "alertmanager-api").read(b"[]", now()).unwrap();
    assert_eq!(nothing, Notice::default(), "an empty list is understood");
}

#[test]
fn many_faults_become_one_record_of_bounded_size() {
    let good = r#"{"labels":{"alertname":"A","node":"nas"}}"#;
    let bad = format!(r#"{{"labels":{{}},"annotations":{{"a":"{}"}}}}"#, "x".repeat(2000));
    let body = format!("[{good}{}]", format!(",{bad}").repeat(50));
    let read = reading("p", "alertmanager-api").read(body.as_bytes(), now()).unwrap();
    let told = read.faults_told().unwrap();
    assert_eq!(told.count, 50);
    assert_eq!(told.first, "alert 2: it has no labels, so nothing tells it from others");
    assert!(told.why.starts_with("50 of 51 alerts were not understood, the rest was taken in: alert 2: "));
    assert!(told.why.contains("alert 21: ") && told.why.ends_with("; and 30 more"), "{}", told.why);
    assert!(told.body.starts_with(&bad[..20]) || told.body.starts_with(r#"{"annotations""#));
    assert!(told.body.len() <= 16 * 1024 && told.body.len() > 15 * 1024);
    assert_eq!(Notice::default().faults_told(), None);
}

#[test]
fn too_many_labels_cost_labels_and_not_the_alert() {
    let many: String = (0..70).map(|n| format!(r#","a{n:02}":"x""#)).collect();
    let body = format!(
        r#"[{{"labels":{{"alertname":"DiskFull","severity":"page","namespace":"media","pod":"jellyfin-0","zone":"attic"{many}}},"annotations":{{"description":"93 %"}}}}]"#
    );
    let read = reading("p", "alertmanager-api").read(body.as_bytes(), now()).unwrap();
    let signal = &read.signals[0];
    assert_eq!((read.faults.len(), signal.labels.len()), (0, 64));
    assert_eq!((signal.target.as_str(), signal.severity), ("media/jellyfin-0", Severity::Critical));
    for needed in ["alertname", "severity", "namespace", "pod"] {
        assert!(signal.labels.contains_key(needed), "{needed}: {:?}", signal.labels);
    }
    assert!(signal.labels.contains_key("a59") && !signal.labels.contains_key("a60"));
    assert_eq!(signal.evidence, "93 %\n[… 11 more labels are not kept: 64 at most]");
    // A label of the operator's own way is needed as well.
    let targets = vec![LabelPath::parse("room/{zone}").unwrap()];
    let naming = Naming { targets, ..Naming::default() };
    let own = Reading { naming, ..reading("p", "alertmanager-api") };
    let signal = own.read(body.as_bytes(), now()).unwrap().signals.remove(0);
    assert_eq!((signal.target.as_str(), signal.labels["zone"].as_str()), ("room/attic", "attic"));
}

#[test]
fn an_alert_from_outside_never_has_a_target_of_stewards_own() {
    let one = |reading: &Reading, labels: &str| {
        let body = format!(r#"[{{"labels":{{"alertname":"X",{labels}}},"fingerprint":"f"}}]"#);
        reading.read(body.as_bytes(), now()).unwrap().signals.remove(0).target.to_string()
    };
    let api = reading("p", "alertmanager-api");
    for (labels, expected) in [
        (r#""target":"steward/source/p","instance":"nas:9100""#, "nas"),
        (r#""target":"storm""#, "unknown/f"),
        (r#""namespace":"steward","pod":"steward-0","node":"k8s1""#, "k8s1"),
        (r#""instance":"storm:9100","job":"steward""#, "unknown/f"),
        (r#""target":"stewards/x""#, "stewards/x"),
    ] {
        assert_eq!(one(&api, labels), expected, "{labels}");
    }
    let prefix = Some(crate::domain::target::Target::parse("k8s").unwrap());
    let below = Reading { naming: Naming { prefix, ..Naming::default() }, ..api };
    assert_eq!(one(&below, r#""namespace":"steward","pod":"steward-0""#), "k8s/steward/steward-0");

    let mapping: Mapping = toml::from_str("target = \"where\"\nfingerprint = \"id\"").unwrap();
    let json = Reading::new("own", Format::Json(mapping.into()));
    let read = json.read(br#"{"where":"steward/skill/disk","id":"7"}"#, now()).unwrap();
    assert_eq!(read.signals[0].target.as_str(), "unknown/7");
}
