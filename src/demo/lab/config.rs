//! The lab's own configuration: what the files in its git repository say, and how one of them goes wrong.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::layout::Role;

/// What `store.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreConfig {
    pub(super) listen: SocketAddr,
    /// The file's name in the store's folder.
    pub(super) data: String,
}

/// What `api.toml` and `web.toml` say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceConfig {
    pub(super) listen: SocketAddr,
    pub(super) store: SocketAddr,
    pub(super) greeting: String,
}

/// What `proxy.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProxyConfig {
    pub(super) listen: SocketAddr,
    pub(super) api: SocketAddr,
    pub(super) web: SocketAddr,
}

/// Reads a configuration file; the error is one line with the file's name, the line and the fault.
pub(super) fn load<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = std::fs::read_to_string(path).map_err(|why| format!("{name}: {why}"))?;
    toml::from_str(&text).map_err(|why: toml::de::Error| {
        let line = why
            .span()
            .map_or(1, |span| text.as_bytes()[..span.start.min(text.len())].split(|b| *b == b'\n').count());
        format!("{name} line {line}: {}", why.message().replace('\n', " "))
    })
}

/// A free port for each process, in the order of [`Role::ALL`].
///
/// Below the range that the kernel takes for outgoing connections: a port from that range could be taken by a
/// stranger while its owner is down, which in this lab happens on purpose.
pub(super) fn free_ports(seed: u16) -> Option<[u16; 4]> {
    let mut found = Vec::new();
    for offset in 0..10_000 {
        let port = 20_000 + (seed % 10_000 + offset) % 10_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            found.push(port);
        }
        if let Ok(ports) = <[u16; 4]>::try_from(found.as_slice()) {
            return Some(ports);
        }
    }
    None
}

/// What a process's file says in the beginning.
pub(super) fn initial(role: Role, ports: [u16; 4]) -> String {
    let [store, api, web, proxy] = ports;
    match role {
        Role::Store => format!("listen = \"127.0.0.1:{store}\"\ndata = \"values.json\"\n"),
        Role::Api => {
            format!("listen = \"127.0.0.1:{api}\"\nstore = \"127.0.0.1:{store}\"\ngreeting = \"api\"\n")
        }
        Role::Web => {
            format!("listen = \"127.0.0.1:{web}\"\nstore = \"127.0.0.1:{store}\"\ngreeting = \"hello\"\n")
        }
        Role::Proxy => {
            format!("listen = \"127.0.0.1:{proxy}\"\napi = \"127.0.0.1:{api}\"\nweb = \"127.0.0.1:{web}\"\n")
        }
    }
}

/// The text with a typo of the kind that people make: two letters of a key changed places.
pub(super) fn with_typo(role: Role, text: &str) -> String {
    let (right, wrong) = match role {
        Role::Store => ("data =", "daat ="),
        Role::Api | Role::Web => ("store =", "stroe ="),
        Role::Proxy => ("api =", "aip ="),
    };
    text.replace(right, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: [u16; 4] = [20_001, 20_002, 20_003, 20_004];

    fn read(role: Role, text: &str) -> Result<(), String> {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join(format!("{role}.toml"));
        std::fs::write(&path, text).unwrap();
        match role {
            Role::Store => load::<StoreConfig>(&path).map(drop),
            Role::Api | Role::Web => load::<ServiceConfig>(&path).map(drop),
            Role::Proxy => load::<ProxyConfig>(&path).map(drop),
        }
    }

    #[test]
    fn each_file_is_good_in_the_beginning_and_refused_in_one_line_once_it_has_the_typo() {
        for role in Role::ALL {
            let good = initial(role, PORTS);
            assert_eq!(read(role, &good), Ok(()));
            let why = read(role, &with_typo(role, &good)).unwrap_err();
            assert!(why.starts_with(&format!("{role}.toml line 2: unknown field")), "{why}");
            assert_eq!(why.lines().count(), 1);
        }
    }

    #[test]
    fn four_free_ports_are_four_different_ones() {
        let mut ports = free_ports(9_998).unwrap();
        ports.sort_unstable();
        assert!(ports.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(ports.iter().all(|port| (20_000..30_000).contains(port)));
    }
}
