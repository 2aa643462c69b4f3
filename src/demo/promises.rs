//! What the tour promises, checked on what was shown.

use super::witness::Seen;

/// One promise, and whether it was kept.
pub(super) struct Promise {
    pub(super) what: &'static str,
    pub(super) kept: bool,
}

/// The promises of the whole tour. `config` is the incident of the bad commit, `store` those of the killed store.
pub(super) fn promises(
    seen: &Seen,
    config: Option<u64>,
    store: &[u64],
    commit: &str,
    left_behind: bool,
) -> Vec<Promise> {
    let promise = |what, kept| Promise { what, kept };
    let config = config.unwrap_or(0);
    let short = commit.get(..12).unwrap_or(commit);
    let root = |number: u64| seen.field(number, "Root");
    let incidents = seen.roots.len();
    let answered = seen.answers.iter().any(|card| card.body.iter().any(|line| line.contains(short)));
    vec![
        promise(
            "one incident thread per fault",
            incidents == 1 + store.len() && seen.threads.len() == incidents,
        ),
        promise(
            "the bad commit took a service down, which is the suspected root",
            root(config).starts_with("lab/api"),
        ),
        promise(
            "its dependants are symptoms in the same thread",
            seen.field(config, "Symptoms").contains("lab/proxy"),
        ),
        promise("the commit is the suspect", seen.field(config, "Suspect change").contains(short)),
        promise(
            "a runbook reverted it, and the check that found it passes",
            seen.field(config, "Tried").contains("worked"),
        ),
        promise("that incident is resolved", seen.is_over(config)),
        promise(
            "the store was killed three times, and was the suspected root each time",
            store.len() == 3 && store.iter().all(|n| root(*n).starts_with("lab/store")),
        ),
        promise(
            "each time it was started again and verified",
            store.iter().all(|n| seen.field(*n, "Tried").contains("worked") && seen.is_over(*n)),
        ),
        promise(
            "at the third within the hour people were called, and only then",
            seen.called.as_slice() == store.get(2..).unwrap_or_default(),
        ),
        promise("\"what changed?\" was answered with the commit", answered),
        promise("nothing was left behind", !left_behind),
    ]
}

/// Whether an incident of the tour has come to its end in its own thread.
pub(super) fn is_told_to_the_end(seen: &Seen, number: u64) -> bool {
    seen.is_over(number) && seen.thread(number).contains("Resolved")
}
