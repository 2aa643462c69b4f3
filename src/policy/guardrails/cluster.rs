//! Blanket deletion in a cluster: a namespace with all that is in it, all of a kind, or a kind itself.

use super::seen::Seen;
use crate::policy::segment::Word;

/// Why this command must never run, if so.
pub(super) fn forbids(seen: Seen<'_>) -> Option<String> {
    let is = match seen.name {
        "kubectl" | "oc" => kubectl(seen),
        "k3s" | "k0s" | "microk8s" | "minikube" => return forbids(seen.inner()?),
        "curl" | "wget" | "http" | "xh" => {
            let deletes = seen.texts().any(|word| {
                let word = word
                    .trim_start_matches("-X")
                    .trim_start_matches("--request=")
                    .trim_start_matches("--method=");
                word.eq_ignore_ascii_case("delete")
            });
            deletes && seen.texts().any(|url| url.contains("/api/v1/") || url.contains("/apis/"))
        }
        "nomad" => seen.pair(&["namespace"], &["delete"]),
        "etcdctl" => {
            let keys =
                |text: &str| text.is_empty() || text == "/" || text == "\0" || text.starts_with("/registry");
            seen.any(&["del"]) && seen.has(&["--prefix", "--from-key"]) && seen.texts().any(keys)
        }
        _ => false,
    };
    is.then(|| {
        "it deletes a whole namespace, a kind, or everything of a kind; name the objects one by one"
            .to_owned()
    })
}

/// Deletion of what nobody reads from the command: by a label, from a folder or an address, or of names that another
/// command gives.
pub(super) fn deletes_unnamed(seen: Seen<'_>) -> bool {
    if !["kubectl", "oc"].contains(&seen.name) || !seen.any(&["delete"]) || deleted_kinds(seen).is_empty() {
        return false;
    }
    let given = seen.words.iter().any(|word| matches!(word, Word::Unknown(_)));
    let known = seen.plain().skip_while(|word| *word != "delete").nth(1).is_some();
    if given || !known && !seen.has(&["-f", "--filename"]) {
        return true;
    }
    let address = seen.texts().any(|word| word.contains("://"));
    address || seen.has(&["-k", "--kustomize"]) || seen.has(&["-l", "--selector"])
}

fn kubectl(seen: Seen<'_>) -> bool {
    if seen.any(&["apply"]) && seen.has(&["--prune"]) && seen.has(&["--all"]) {
        return true;
    }
    let none_selected = seen
        .texts()
        .zip(seen.texts().skip(1))
        .any(|(flag, value)| ["-l", "--selector"].contains(&flag) && value.is_empty());
    if seen.any(&["delete"]) && (none_selected || seen.any(&["--selector=", "-l="])) {
        return true;
    }
    const BLANKET: [&str; 8] =
        ["ns", "namespace", "namespaces", "project", "projects", "crd", "crds", "customresourcedefinition"];
    let kinds = deleted_kinds(seen);
    if kinds.is_empty() {
        return false;
    }
    let all = seen.texts().any(|word| {
        let (flag, value) = word.split_once('=').unwrap_or((word, "true"));
        matches!(flag, "-A" | "--all" | "--all-namespaces") && value != "false"
    });
    let raw = seen.texts().any(|word| word.starts_with("--raw"));
    all || raw
        || kinds.iter().any(|kind| BLANKET.contains(&kind.as_str()) || kind == "customresourcedefinitions")
}

/// The kinds that a `kubectl delete` speaks of, and every other word of it: the first of them says a kind, but flags take
/// values. Empty for anything else, and for a rehearsal.
pub(super) fn deleted_kinds(seen: Seen<'_>) -> Vec<String> {
    let words: Vec<&str> = seen.texts().collect();
    let rehearses = words.iter().enumerate().any(|(i, word)| {
        let apart =
            *word == "--dry-run" && words.get(i + 1).is_some_and(|next| ["client", "server"].contains(next));
        apart || ["--dry-run=client", "--dry-run=server"].contains(word)
    });
    let Some(at) = words.iter().position(|word| *word == "delete").filter(|_| !rehearses) else {
        return Vec::new();
    };
    let kinds = words[at..].iter().filter(|word| !word.starts_with('-')).flat_map(|word| {
        let kinds = word.split('/').next().unwrap_or(word);
        kinds.split(',').map(|kind| kind.split('.').next().unwrap_or(kind).to_lowercase())
    });
    kinds.collect()
}
