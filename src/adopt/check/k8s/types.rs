//! Whether a document fits the type of its kind: every field is one of it, in its place, and none that is needed lacks.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Service};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Document;
use crate::adopt::Fault;

pub(super) fn check(document: &Document, faults: &mut Vec<Fault>) {
    let fits = match (document.text("/apiVersion"), document.kind.as_str()) {
        ("v1", "Namespace") => fits::<Namespace>,
        ("v1", "PersistentVolumeClaim") => fits::<PersistentVolumeClaim>,
        ("v1", "ConfigMap") => fits::<ConfigMap>,
        ("v1", "Service") => fits::<Service>,
        ("apps/v1", "Deployment") => fits::<Deployment>,
        ("apps/v1", "StatefulSet") => fits::<StatefulSet>,
        ("apps/v1", "DaemonSet") => fits::<DaemonSet>,
        ("batch/v1", "Job") => fits::<Job>,
        ("batch/v1", "CronJob") => fits::<CronJob>,
        ("networking.k8s.io/v1", "Ingress") => fits::<Ingress>,
        ("networking.k8s.io/v1", "NetworkPolicy") => fits::<NetworkPolicy>,
        ("gateway.networking.k8s.io/v1", "HTTPRoute") => fits::<HttpRoute>,
        (version, kind) => {
            faults.push(document.fault("kind", format!("{kind} of {version} is no kind that is written")));
            return;
        }
    };
    fits(document, faults);
}

fn fits<T: DeserializeOwned + Serialize>(document: &Document, faults: &mut Vec<Fault>) {
    let typed: T = match serde_json::from_value(document.value.clone()) {
        Ok(typed) => typed,
        Err(why) => {
            faults.push(document.fault("kind", format!("does not fit its type: {why}")));
            return;
        }
    };
    match serde_json::to_value(&typed) {
        Ok(back) => compare(document, &document.value, &back, &mut String::new(), faults),
        Err(why) => faults.push(document.fault("kind", format!("does not fit its type: {why}"))),
    }
}

/// What the type doesn't know is gone when it comes back, and what it needs is there though nobody wrote it.
fn compare(document: &Document, written: &Value, back: &Value, path: &mut String, faults: &mut Vec<Fault>) {
    let mut within = |key: &str, of: &mut dyn FnMut(&mut String)| {
        let length = path.len();
        if !path.is_empty() && !key.starts_with('[') {
            path.push('.');
        }
        path.push_str(key);
        of(path);
        path.truncate(length);
    };
    match (written, back) {
        (Value::Object(written), Value::Object(back)) => {
            for (key, value) in written {
                within(key, &mut |path| match back.get(key) {
                    Some(back) => compare(document, value, back, path, faults),
                    None => faults.push(document.fault(path.as_str(), "is no field there")),
                });
            }
            for key in back.keys().filter(|key| !written.contains_key(*key)) {
                within(key, &mut |path| faults.push(document.fault(path.as_str(), "is missing")));
            }
        }
        (Value::Array(written), Value::Array(back)) if written.len() == back.len() => {
            for (at, (written, back)) in written.iter().zip(back).enumerate() {
                within(&format!("[{at}]"), &mut |path| compare(document, written, back, path, faults));
            }
        }
        _ if written == back => {}
        _ => faults.push(document.fault(path.as_str(), "is no value for that field")),
    }
}

/// A route of the gateway API, as far as one is written: that API is no part of the types above.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct HttpRoute {
    api_version: String,
    kind: String,
    metadata: ObjectMeta,
    spec: RouteSpec,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RouteSpec {
    parent_refs: Vec<ParentRef>,
    hostnames: Vec<String>,
    rules: Vec<RouteRule>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParentRef {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RouteRule {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    matches: Vec<RouteMatch>,
    backend_refs: Vec<BackendRef>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteMatch {
    path: PathMatch,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PathMatch {
    #[serde(rename = "type")]
    kind: PathKind,
    value: String,
}

#[derive(Serialize, Deserialize)]
enum PathKind {
    Exact,
    PathPrefix,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackendRef {
    name: String,
    port: u16,
}
