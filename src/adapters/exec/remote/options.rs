//! How ssh is called: nothing is left to what a user's or the system's configuration says.

use std::ffi::OsString;

use crate::config::HostSettings;

/// Every option that holds for all hosts.
const PINNED: [&str; 23] = [
    // Nobody is there to answer a question.
    "BatchMode=yes",
    "NumberOfPasswordPrompts=0",
    "PreferredAuthentications=publickey",
    // The machine's key is known beforehand, and never learned on the way.
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
    "CanonicalizeHostname=no",
    // Nothing of this machine is lent to the other.
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "Tunnel=no",
    "AddKeysToAgent=no",
    "PermitLocalCommand=no",
    // One connection for one command: it ends with it.
    "ControlMaster=no",
    "ControlPath=none",
    "ControlPersist=no",
    "RequestTTY=no",
    "EscapeChar=none",
    // A dead line is noticed within 20 s.
    "ConnectionAttempts=1",
    "TCPKeepAlive=yes",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=4",
    // Its errors, and none of its chatter, stand beside the command's own.
    "LogLevel=ERROR",
];

/// Everything between the program and the remote command, the destination last.
pub(super) fn of(host: &HostSettings) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["-F", "/dev/null", "-T", "-a", "-x"].map(OsString::from).to_vec();
    let mut option = |text: String| words.extend(["-o".to_owned(), text].map(OsString::from));
    PINNED.iter().for_each(|pinned| option((*pinned).to_owned()));
    option(format!("ConnectTimeout={}", host.connect_timeout.as_secs().max(1)));
    if let Some(file) = &host.known_hosts {
        option(format!("UserKnownHostsFile={}", file.display()));
        option("GlobalKnownHostsFile=/dev/null".to_owned());
    }
    if let Some(file) = &host.identity_file {
        option(format!("IdentityFile={}", file.display()));
        option("IdentitiesOnly=yes".to_owned());
    }
    if let Some(port) = host.port {
        option(format!("Port={port}"));
    }
    words.extend(["--".to_owned(), host.address.clone()].map(OsString::from));
    words
}
