//! `[hosts]`: addresses looked at, keys found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Check, Trail, below, keys};
use crate::config::raw::RawHost;
use crate::config::settings::HostSettings;

impl Check<'_> {
    pub(super) fn hosts(&mut self, raw: BTreeMap<String, RawHost>) -> BTreeMap<String, HostSettings> {
        raw.into_iter().map(|(name, raw)| (name.clone(), self.other_host(&name, raw))).collect()
    }

    fn other_host(&mut self, name: &str, raw: RawHost) -> HostSettings {
        let place = keys(["hosts", name]);
        if name == "local" {
            let hint = "`local` is this machine, which needs no section; give the other one its own name";
            self.report(&place, "can't be the name of another machine", Some(hint.to_owned()));
        } else if !is_name(name) {
            let hint = "write 1 to 64 of a-z, A-Z, 0-9, `.`, `-` and `_`, as in `pve4`".to_owned();
            self.report(&place, format!("{name:?} is no name for a machine"), Some(hint));
        }
        if let Err((what, hint)) = check_address(&raw.address) {
            self.report(&below(&place, "address"), what, Some(hint));
        }
        if raw.port == Some(0) {
            let hint = "write 1 to 65535, or leave the key out".to_owned();
            self.report(&below(&place, "port"), "0 is no port", Some(hint));
        }
        HostSettings {
            address: raw.address,
            port: raw.port,
            identity_file: raw
                .identity_file
                .map(|file| self.file_for_ssh(&file, &below(&place, "identity_file"))),
            known_hosts: raw.known_hosts.map(|file| self.file_for_ssh(&file, &below(&place, "known_hosts"))),
            connections: raw.connections,
            connect_timeout: Duration::from_secs(raw.connect_timeout.as_secs().max(1)),
        }
    }

    /// A file that ssh reads. Not watched: it is read anew at each connection.
    fn file_for_ssh(&mut self, written: &Path, place: &Trail) -> PathBuf {
        let path = self.around.folder.join(written);
        let shown = path.display().to_string();
        if written.starts_with("~") {
            let hint = "write the whole path, beginning with a slash".to_owned();
            self.report(place, "`~` means nothing here", Some(hint));
        } else if shown.contains(|c: char| c.is_whitespace() || c.is_control() || "%\"'$\\".contains(c)) {
            let hint = "put it where the path has no white space and none of % $ \" ' \\".to_owned();
            self.report(place, format!("ssh would read the path {shown:?} as something else"), Some(hint));
        } else if !path.is_file() {
            let what = format!("there is no file {shown}");
            self.report(
                place,
                what,
                Some("create it, or leave the key out to have ssh look itself".to_owned()),
            );
        }
        path
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain)
}

/// Whether ssh takes an address for a place and nothing else: not for an option, a URL or a port.
fn check_address(address: &str) -> Result<(), (String, String)> {
    let usual = || "write `user@host` or `host`, as in \"root@pve4.lan\"".to_owned();
    let (user, host) = match address.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, address),
    };
    if let Some((name, port)) = host.split_once(':').filter(|(_, rest)| !rest.contains(':')) {
        let hint = format!("write the host alone ({name:?}), and `port = {port}` below it");
        return Err((format!("{address:?} holds a port"), hint));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let good_host = host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == ':')
        && host.chars().all(|c| plain(c) || c == ':');
    let good_user = user.is_none_or(|user| {
        user.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && user.chars().all(plain)
    });
    if good_host && good_user {
        Ok(())
    } else {
        Err((format!("{address:?} is no address of a machine"), usual()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_place_and_never_an_option_a_url_or_a_port() {
        for good in ["pve4", "root@pve4.lan", "192.168.1.4", "root@fe80::1", "_svc.x@nas_1"] {
            assert_eq!(check_address(good), Ok(()), "{good}");
        }
        let bad =
            ["", "-oProxyCommand=x", "root@", "@pve4", "root@-x", "-x@pve4", "ssh://pve4", "a b", "pve4;x"];
        for bad in bad {
            assert!(check_address(bad).is_err(), "{bad}");
        }
        let (_, hint) = check_address("root@pve4:2222").unwrap_err();
        assert!(hint.contains("`port = 2222`"), "{hint}");
    }
}
