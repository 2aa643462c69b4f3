//! What is written passes, and each kind of damage is found.

use super::*;
use crate::adopt::Object;
use crate::adopt::write::k8s::tests::{paperless, write};

fn faults(written: &Written) -> Vec<String> {
    let faults = crate::adopt::check::check(&paperless(), written, &Options::default());
    faults.iter().map(ToString::to_string).collect()
}

/// What is found when `from` becomes `to` in the object.
fn damaged(object: &str, from: &str, to: &str) -> Vec<String> {
    let mut written = write(&paperless());
    let name = |object: &Object| format!("{}/{}", object.kind, object.name);
    let found = written.objects.iter_mut().find(|other| name(other) == object).expect("there is one");
    assert!(found.text.contains(from), "{from} in {}", found.text);
    found.text = found.text.replacen(from, to, 1);
    faults(&written)
}

#[test]
fn what_is_written_passes() {
    assert_eq!(faults(&write(&paperless())), Vec::<String>::new());
}

#[test]
fn damage_is_found() {
    for (object, from, to, told) in [
        ("StatefulSet/web", "spec:", "spec: [", "can't be read back"),
        ("StatefulSet/web", "  serviceName: web\n", "  serviceName: web\n  serviceName: web\n", "duplicate"),
        ("StatefulSet/web", "  serviceName: web", "  serviceNam: web", "serviceNam: is no field there"),
        ("StatefulSet/web", "serviceName: web", "serviceName: wob", "is no Service"),
        ("StatefulSet/web", "runAsUser: 1000", "runAsUsr: 1000", "runAsUsr: is no field there"),
        ("StatefulSet/web", "runAsUser: 1000", "runAsUser: me", "does not fit its type"),
        ("StatefulSet/web", "replicas: 1", "replicas: \"1\"", "does not fit its type"),
        ("StatefulSet/web", "memory: 1Gi", "memory: 1 GB", "memory is no amount"),
        ("StatefulSet/web", "kind: StatefulSet", "kind: StatefulSets", "is not the object"),
        ("StatefulSet/web", "claimName: data", "claimName: other", "what data names is not there"),
        (
            "StatefulSet/web",
            "- name: data\n          mountPath",
            "- name: dat\n          mountPath",
            "is not in a volume",
        ),
        ("StatefulSet/web", "subPath: my_x.conf", "subPath: x", "/etc/x.conf is not in a volume"),
        ("StatefulSet/web", "subPath: my_x.conf", "subPath: ../x", "/etc/x.conf is not in a volume"),
        ("StatefulSet/web", "mountPath: /etc/x.conf", "mountPath: /usr/src/paperless/data", "is there twice"),
        ("StatefulSet/web", "key: PAPERLESS_SECRET_KEY", "key: OTHER", "is of no Secret"),
        (
            "StatefulSet/web",
            "configMapRef:\n            name: web",
            "configMapRef:\n            name: x",
            "names what is not",
        ),
        ("StatefulSet/web", "port: http", "port: htp", "asks a port"),
        ("StatefulSet/web", "containerPort: 8000", "containerPort: 80000", "is no port"),
        (
            "StatefulSet/web",
            "  - name: web\n        image: ",
            "  - name: Web\n        image: ",
            "no name for a container",
        ),
        ("Deployment/broker", "$(REDIS_PASSWORD)", "$(OTHER)", "$(OTHER) is no variable"),
        ("Deployment/broker", "  name: broker", "  name: Broker", "is not the object"),
        (
            "Deployment/broker",
            "instance: paperless\n  template",
            "instance: paper\n  template",
            "is not on its pods",
        ),
        (
            "Deployment/broker",
            "  selector:\n    matchLabels:\n      app.kubernetes.io/name: broker\n      app.kubernetes.io/instance: paperless\n",
            "",
            "spec.selector: is missing",
        ),
        (
            "Service/web",
            "selector:\n    app.kubernetes.io/name: web",
            "selector:\n    app.kubernetes.io/name: x",
            "finds 0 workloads",
        ),
        (
            "Service/web",
            "    app.kubernetes.io/name: web\n    app.kubernetes.io/instance: paperless\n  ports",
            "    app.kubernetes.io/instance: paperless\n  ports",
            "finds 2 workloads",
        ),
        ("Service/web", "targetPort: http", "targetPort: 8001", "leads to no port"),
        ("Service/web", "- name: http", "- name: a-name-too-long-for-one", "is no name for a port"),
        ("Service/web", "port: 8000", "port: 0", "is none"),
        ("Ingress/web", "name: http", "name: other", "is no Service with that port"),
        ("Ingress/web", "host: paperless.example.org", "host: paper_less", "is no host"),
        ("ConfigMap/web", "part-of: paperless", "part-of: \"-a-\"", "is no label"),
        ("ConfigMap/web", "PAPERLESS_OCR:", "\"a b\":", "is no key"),
        ("ConfigMap/web", "\"on\"", "true", "does not fit its type"),
        ("PersistentVolumeClaim/data", "storage: 10Gi", "storage: much", "storage is no amount"),
        ("Namespace/paperless", "apiVersion: v1", "apiVersion: v2", "is no kind that is written"),
    ] {
        let found = damaged(object, from, to);
        assert!(found.iter().any(|fault| fault.contains(told)), "{object}: {from} -> {to}: {found:#?}");
    }
}

#[test]
fn a_secret_is_found_and_not_shown() {
    let token = format!("{}_{}", "ghp", "a1B2".repeat(9));
    let found = damaged("ConfigMap/web", "redis://broker:6379", &token);
    assert_eq!(found, ["ConfigMap/web:13: holds what looks like a secret"]);
}

#[test]
fn an_object_that_is_there_twice_or_lacks_is_found() {
    let mut written = write(&paperless());
    written.objects.push(written.objects[1].clone());
    assert_eq!(faults(&written), ["PersistentVolumeClaim/data: metadata.name: is there twice"]);
    let mut written = write(&paperless());
    written.secrets.clear();
    written.configs.clear();
    written.objects.retain(|object| object.kind != "PersistentVolumeClaim" && object.kind != "ConfigMap");
    let found = faults(&written).join("\n");
    for told in
        ["PAPERLESS_SECRET_KEY: is of no Secret", "what data names", "envFrom", "what web-my-x-conf names"]
    {
        assert!(found.contains(told), "{told}: {found}");
    }
}
