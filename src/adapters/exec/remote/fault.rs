//! What ssh says when it can't connect, in words for people.

/// What is wrong, and what to do, by what ssh says. All of it is said before anything can run over there.
const FAULTS: [(&str, &str); 14] = [
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its key is another than the known one; find out why before you replace it in known_hosts",
    ),
    (
        "Host key verification failed",
        "its key is not known; connect to it once by hand, compare its fingerprint, and let it be kept in known_hosts",
    ),
    (
        "host key is known for",
        "its key is not known; connect to it once by hand, compare its fingerprint, and let it be kept in known_hosts",
    ),
    (
        "UNPROTECTED PRIVATE KEY FILE",
        "the private key can be read by others, so ssh won't use it; `chmod 600` it",
    ),
    (
        "Permission denied",
        "it does not take Steward's key; add the public key to authorized_keys of that user there",
    ),
    (
        "Too many authentication failures",
        "it does not take Steward's key; name the right one as `identity_file`",
    ),
    (
        "Could not resolve hostname",
        "it can't be reached: nobody knows that name; look at its `address` and at the DNS",
    ),
    (
        "Connection refused",
        "it can't be reached: nobody listens there; see that sshd runs, and look at the `port`",
    ),
    ("No route to host", "it can't be reached; see that it is up and on the network"),
    ("Network is unreachable", "it can't be reached; see that this machine is on the network"),
    ("Connection timed out", "it can't be reached: it does not answer; see that it is up and on the network"),
    ("Operation timed out", "it can't be reached: it does not answer; see that it is up and on the network"),
    (
        "during banner exchange",
        "it can't be reached: it does not answer as sshd does; look at its `address` and `port`",
    ),
    ("kex_exchange_identification", "it ended the connection at once; look at its sshd's log"),
];

/// Whether ssh names a fault after which nothing can have run.
pub(super) fn is_before_login(stderr: &[u8]) -> bool {
    known(&String::from_utf8_lossy(stderr)).is_some()
}

/// What is wrong with `host`, and what to do.
pub(super) fn sentence(host: &str, stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let said = text.lines().map(str::trim).rfind(|line| !line.is_empty() && !line.starts_with('@'));
    match (known(&text), said) {
        (Some(sentence), Some(said)) => format!("{host}: {sentence} (ssh says: {said})"),
        (Some(sentence), None) => format!("{host}: {sentence}"),
        (None, Some(said)) => format!("{host} did not let it begin: {said}"),
        (None, None) => format!("the connection to {host} ended before it began, and nobody says why"),
    }
}

fn known(text: &str) -> Option<&'static str> {
    FAULTS.iter().find(|(said, _)| text.contains(said)).map(|(_, sentence)| *sentence)
}
