//! The machine that an `instance` names.

/// The machine of a scrape address or of a URL: `nas.lan:9100` → `nas.lan`, `https://git.lan:3000/health` → `git.lan`,
/// `[fe80::1]:9100` → `fe80::1`. Whatever looks like neither is given back as it is.
pub(super) fn host_of(instance: &str) -> &str {
    let instance = instance.trim();
    let authority = match instance.split_once("://") {
        // A password in a URL stays out of every target.
        Some((_, rest)) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            authority.rsplit('@').next().unwrap_or_default()
        }
        None => instance,
    };
    if let Some((address, after)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let is_port = after.is_empty() || after.strip_prefix(':').is_some_and(is_digits);
        return if is_port { address } else { authority };
    }
    match authority.rsplit_once(':') {
        // More colons than one and no brackets: an IPv6 address alone.
        Some((host, port)) if !host.is_empty() && !host.contains(':') && is_digits(port) => host,
        _ => authority,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_its_machine_without_port_scheme_path_and_password() {
        for (instance, host) in [
            ("nas.lan:9100", "nas.lan"),
            ("pve1", "pve1"),
            ("10.0.0.5:9100", "10.0.0.5"),
            ("https://git.lan:3000/health?x=1", "git.lan"),
            ("https://admin:hunter2@git.lan/health", "git.lan"),
            ("http://[fe80::1]:8080/x", "fe80::1"),
            ("[fe80::1]:9100", "fe80::1"),
            ("fe80::1", "fe80::1"),
            ("::1", "::1"),
            ("a:b", "a:b"),
            (":9100", ":9100"),
            ("", ""),
        ] {
            assert_eq!(host_of(instance), host, "{instance}");
        }
    }
}
