//! Blanket deletion in Kubernetes: a namespace with all that is in it, or all of a kind.

/// Why this command must never run, if so.
pub(super) fn forbids(name: &str, argv: &[String]) -> Option<String> {
    if !matches!(name, "kubectl" | "oc" | "k3s" | "microk8s") {
        return None;
    }
    let after = argv.iter().position(|word| word == "delete")? + 1;
    let blanket = argv.iter().any(|word| {
        matches!(word.as_str(), "-A" | "--all" | "--all-namespaces")
            || (word.starts_with("--all=") || word.starts_with("--all-namespaces="))
                && !word.ends_with("=false")
    });
    let namespace = argv[after..].iter().filter(|word| !word.starts_with('-')).any(|word| {
        let kinds = word.split('/').next().unwrap_or(word);
        kinds.split(',').any(|kind| matches!(kind, "ns" | "namespace" | "namespaces"))
    });
    (blanket || namespace).then(|| {
        "it deletes a whole namespace, or everything of a kind; name the objects one by one".to_owned()
    })
}
