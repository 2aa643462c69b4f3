//! The migration to Kubernetes, with `kubectl` from here.

use serde_json::{Value, json};

use super::copies::Copy;
use super::{ByHand, COMES_UP, COPIES, Check, Line, Migration, Old, Stage, Step, after, called, standstill};
use crate::adopt::write::{Object, Phase};
use crate::adopt::{Adoption, Options};

/// The secret with which the pod that copies reaches the old host.
const COPY_KEY: &str = "steward-copy-key";
/// What marks a volume that a migration left behind when it was taken back.
const LEFT_BEHIND: &str = "steward.dev/left-behind=true";

struct Cluster<'a> {
    namespace: String,
    objects: &'a [Object],
}

pub(super) fn draw(adoption: &Adoption, old: &Old<'_>, copies: &[Copy], options: &Options) -> Migration {
    let project = &adoption.settled.project;
    let namespace = options.namespace.clone().unwrap_or_else(|| project.name.clone());
    let cluster = Cluster { namespace, objects: &adoption.written.objects };
    let mut steps = cluster.prepare();
    steps.extend(old.quiesce());
    for copy in copies {
        steps.extend(cluster.copy(copy, old.host, options));
    }
    steps.extend(cluster.start());
    steps.extend(cluster.validate(&project.name));
    steps.extend(cluster.switch());
    let mut notes = vec![standstill(copies)];
    notes.extend(after(adoption));
    Migration {
        title: format!("Bring {} from {} into the cluster", project.name, called(old.host)),
        by_hand: cluster.by_hand(adoption, !copies.is_empty(), old.host, options),
        checks: cluster.checks(adoption, old, !copies.is_empty(), options),
        steps,
        decommission: old.decommission(),
        keep_days: options.keep_days,
        notes,
    }
}

/// How the pod that copies reaches the old host.
fn fetch_from(host: &str, options: &Options) -> String {
    options.fetch_from.clone().unwrap_or_else(|| format!("root@{host}"))
}

impl Cluster<'_> {
    fn kubectl(&self, words: &[&str]) -> Line {
        let place = ["kubectl", "--namespace", self.namespace.as_str()];
        Line::here(&[&place, words].concat())
    }

    fn of(&self, fits: impl Fn(&Object) -> bool) -> Vec<&Object> {
        self.objects.iter().filter(|object| fits(object)).collect()
    }

    fn names(objects: &[&Object], kind: &str) -> Vec<String> {
        objects.iter().filter(|object| object.kind == kind).map(|object| object.name.clone()).collect()
    }

    /// Namespace first, by a person: the secrets need it.
    fn by_hand(&self, adoption: &Adoption, copies: bool, host: &str, options: &Options) -> Vec<ByHand> {
        let mut by_hand = Vec::new();
        let namespace = &self.namespace;
        let secrets = &adoption.written.secrets;
        let configs = &adoption.written.configs;
        if !secrets.is_empty() || !configs.is_empty() || copies {
            by_hand.push(ByHand {
                what: "The namespace".to_owned(),
                command: format!(
                    "kubectl create namespace {namespace} --dry-run=client -o yaml | kubectl apply -f -"
                ),
            });
        }
        for secret in secrets {
            let place = secret.run_on.as_deref().map(|place| format!(", {place}")).unwrap_or_default();
            by_hand.push(ByHand {
                what: format!(
                    "The secret {} ({}){place}; no value is shown",
                    secret.name,
                    secret.keys.join(", ")
                ),
                command: secret.command.clone(),
            });
        }
        for config in configs {
            let place = config.run_on.as_deref().map(|place| format!(", {place}")).unwrap_or_default();
            by_hand.push(ByHand {
                what: format!(
                    "The configuration {} ({}){place}: its text is not known here",
                    config.name,
                    config.key.as_deref().unwrap_or("a folder")
                ),
                command: config.command.clone(),
            });
        }
        if copies {
            let from = fetch_from(host, options);
            let address = from.rsplit('@').next().unwrap_or(host);
            by_hand.push(ByHand {
                what: format!("A key with which the pod that copies may read on {}; remove it there afterwards", called(host)),
                command: format!(
                    "ssh-keygen -q -t ed25519 -N \'\' -C {COPY_KEY} -f {COPY_KEY}\n\
                     ssh-copy-id -i {COPY_KEY}.pub {from}\n\
                     ssh-keyscan -t ed25519 {address} > {COPY_KEY}.known_hosts   # compare it: ssh-keygen -lf {COPY_KEY}.known_hosts\n\
                     kubectl --namespace {namespace} create secret generic {COPY_KEY} --from-file=id={COPY_KEY} \
                     --from-file=known_hosts={COPY_KEY}.known_hosts && rm {COPY_KEY}"
                ),
            });
        }
        by_hand
    }

    fn checks(&self, adoption: &Adoption, old: &Old<'_>, copies: bool, options: &Options) -> Vec<Check> {
        let mut checks = vec![
            Check {
                name: "cluster-answers".into(),
                command: Line::here(&["kubectl", "get", "--raw", "/readyz"]),
            },
            Check {
                name: "may-create".into(),
                command: self.kubectl(&["auth", "can-i", "create", "deployments"]),
            },
        ];
        if let Some(class) = &options.storage_class {
            let command = Line::here(&["kubectl", "get", "storageclass", class]);
            checks.push(Check { name: "storage-class-is-there".into(), command });
        }
        let needed = adoption.written.secrets.iter().map(|secret| secret.name.as_str());
        for secret in needed.chain(copies.then_some(COPY_KEY)) {
            let command = self.kubectl(&["get", "secret", secret, "--output=name"]);
            checks.push(Check { name: format!("secret-{secret}-is-there"), command });
        }
        for config in &adoption.written.configs {
            let command = self.kubectl(&["get", "configmap", &config.name]);
            checks.push(Check { name: format!("configuration-{}-is-there", config.name), command });
        }
        // What the cluster would say to all of it. It can only say so of a namespace that is there already.
        let written = &adoption.written;
        let there = copies || !written.secrets.is_empty() || !written.configs.is_empty();
        let how = if there { "--dry-run=server" } else { "--dry-run=client" };
        let all = text(&self.of(|object| object.kind != "Namespace"));
        let rehearse = Line::here(&["kubectl", "apply", how, "--filename=-"]).reads(all);
        checks.push(Check { name: "cluster-takes-it".into(), command: rehearse });
        checks.push(old.check());
        checks
    }

    /// Everything that can be done while the old one still works.
    fn prepare(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let space = self.of(|object| object.kind == "Namespace");
        if !space.is_empty() {
            let there = Line::here(&["kubectl", "get", "namespace", &self.namespace]);
            // It may be an older one, with other things in it: it stays, whatever happens.
            steps.push(
                Step::new("namespace", Stage::Prepare, apply(&space)).verify(there.clone()).undo(there),
            );
        }
        let base = self.of(|object| object.phase == Phase::Base && object.kind != "Namespace");
        let (volumes, rest): (Vec<&Object>, Vec<&Object>) =
            base.into_iter().partition(|object| object.kind == "PersistentVolumeClaim");
        if !volumes.is_empty() {
            let names = Self::names(&volumes, "PersistentVolumeClaim");
            let get = self.kubectl(&["get", "persistentvolumeclaim"]).and(names.clone());
            // A volume may hold data by then, so none is ever deleted: it is marked for people.
            let mark = self.kubectl(&["annotate", "persistentvolumeclaim"]).and(names);
            let mark = mark.and([LEFT_BEHIND.to_owned(), "--overwrite".to_owned()]);
            steps.push(Step::new("volumes", Stage::Prepare, apply(&volumes)).verify(get).undo(mark));
        }
        steps.extend(self.step("configuration", Stage::Prepare, &rest));
        let around = self.of(|object| object.phase == Phase::Workload && !is_workload(object));
        steps.extend(self.step("services", Stage::Prepare, &around));
        steps
    }

    /// A step that creates these, and whose way back deletes them by name.
    fn step(&self, name: &str, stage: Stage, objects: &[&Object]) -> Option<Step> {
        let named: Vec<String> =
            objects.iter().map(|object| format!("{}/{}", object.kind.to_lowercase(), object.name)).collect();
        (!objects.is_empty()).then(|| {
            let get = self.kubectl(&["get"]).and(named.clone());
            let delete = self.kubectl(&["delete", "--ignore-not-found"]).and(named);
            Step::new(name, stage, apply(objects)).verify(get).undo(delete)
        })
    }

    /// Copies one volume and compares it, in a pod that reaches both.
    fn copy(&self, copy: &Copy, host: &str, options: &Options) -> Vec<Step> {
        let name = short(&format!("copy-{}", copy.claim.name));
        let job = copy_job(&name, &self.namespace, copy, &fetch_from(host, options), &options.copy_image);
        let text = serde_yaml::to_string(&job).unwrap_or_default();
        let named = format!("job/{name}");
        let delete = self.kubectl(&["delete", "--ignore-not-found", &named]);
        let start = Step::new(
            name.clone(),
            Stage::Copy,
            Line::here(&["kubectl", "apply", "--filename=-"]).reads(text),
        )
        .verify(self.kubectl(&["get", &named]))
        .undo(delete);
        let follow = self.kubectl(&["logs", "--follow", "--pod-running-timeout=20m", &named]);
        let done = self.kubectl(&["wait", "--for=condition=complete", "--timeout=5m", &named]);
        let watch = Step::new(format!("compare-{}", copy.claim.name), Stage::Copy, follow).verify(done);
        vec![start, watch.within(COPIES)]
    }

    fn start(&self) -> Vec<Step> {
        let up = |object: &Object| {
            let named = format!("{}/{}", object.kind.to_lowercase(), object.name);
            let ready = match object.kind.as_str() {
                "Job" => self.kubectl(&["wait", "--for=condition=complete", "--timeout=10m", &named]),
                _ => self.kubectl(&["rollout", "status", "--timeout=10m", &named]),
            };
            // Created and not applied: what is there already under this name is somebody else's.
            let create = Line::here(&["kubectl", "create", "--filename=-"]).reads(object.text.clone());
            Step::new(format!("start-{}", object.name), Stage::Start, create)
                .verify(ready)
                .undo(self.kubectl(&["delete", "--ignore-not-found", &named]))
                .within(COMES_UP)
        };
        self.of(is_workload).into_iter().map(up).collect()
    }

    /// That all are up at once. What has ended well by then was awaited when it was started.
    fn validate(&self, project: &str) -> Option<Step> {
        let lasting = self.of(|object| is_workload(object) && object.kind != "Job");
        let selector = format!("--selector=app.kubernetes.io/part-of={project}");
        let all = self.kubectl(&["wait", "--for=condition=Ready", "--timeout=10m", "pod", &selector]);
        (!lasting.is_empty()).then(|| Step::new("all-are-ready", Stage::Validate, all).within(COMES_UP))
    }

    fn switch(&self) -> Option<Step> {
        self.step("switch-traffic", Stage::Switch, &self.of(|object| object.phase == Phase::Route))
    }
}

fn is_workload(object: &Object) -> bool {
    ["Deployment", "StatefulSet", "DaemonSet", "Job"].contains(&object.kind.as_str())
}

fn apply(objects: &[&Object]) -> Line {
    Line::here(&["kubectl", "apply", "--filename=-"]).reads(text(objects))
}

fn text(objects: &[&Object]) -> String {
    objects.iter().map(|object| object.text.as_str()).collect::<Vec<_>>().join("---\n")
}

/// A name that fits where 63 characters do, with room for what the cluster adds.
fn short(name: &str) -> String {
    name.chars().take(52).collect::<String>().trim_end_matches('-').to_owned()
}

/// A pod that fetches the data over ssh, with owners and times, and then compares every byte.
fn copy_job(name: &str, namespace: &str, copy: &Copy, from: &str, image: &str) -> Value {
    let quote = |text: &str| shell_words::quote(text).into_owned();
    let (source, exclude) = match copy.part {
        true => (format!("{from}:{}", copy.from), ""),
        false => (format!("{from}:{}/", copy.from), " --exclude=/lost+found"),
    };
    let script = format!(
        "ssh='ssh -i /key/id -o UserKnownHostsFile=/key/known_hosts -o StrictHostKeyChecking=yes'\n\
         # A sign of life each minute, for whoever follows.\n\
         while sleep 60 >/dev/null 2>&1; do date; done & beat=$!\n\
         trap 'kill $beat' EXIT\n\
         rsync -aH --numeric-ids --stats -e \"$ssh\" {source} /to/\n\
         # Once more, by content: nothing may be different.\n\
         different=$(rsync -aHn --checksum --delete{exclude} --itemize-changes -e \"$ssh\" {source} /to/ | grep -v '^\\.d' || true)\n\
         if [ -n \"$different\" ]; then echo \"these are different:\"; echo \"$different\" | head -n 20; exit 1; fi\n\
         echo \"copied, and every byte compared\"\n",
        source = quote(&source),
    );
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": { "app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "steward" },
        },
        "spec": {
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": 604_800,
            "template": {
                "metadata": { "labels": { "app.kubernetes.io/name": name } },
                "spec": {
                    "restartPolicy": "Never",
                    "automountServiceAccountToken": false,
                    "containers": [{
                        "name": "copy",
                        "image": image,
                        "command": ["sh", "-ec", script],
                        "volumeMounts": [
                            { "name": "to", "mountPath": "/to" },
                            { "name": "key", "mountPath": "/key", "readOnly": true },
                        ],
                    }],
                    "volumes": [
                        { "name": "to", "persistentVolumeClaim": { "claimName": copy.claim.name } },
                        { "name": "key", "secret": { "secretName": COPY_KEY, "defaultMode": 0o400 } },
                    ],
                },
            },
        },
    })
}
