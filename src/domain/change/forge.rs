//! Where a commit can be read, if its repository's address tells which forge it is on.

/// The page of a commit, for a remote address in any of git's forms (`https://…`, `ssh://…`, `git@host:path`).
/// `None` where the forge is not known by its host's name. What the address holds of users and passwords is left out.
#[must_use]
pub fn commit_url(remote: &str, hash: &str) -> Option<String> {
    let (host, path) = place(remote)?;
    let page = page(&host)?;
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/+".contains(&b));
    let known =
        !path.is_empty() && plain(&path) && !hash.is_empty() && hash.bytes().all(|b| b.is_ascii_hexdigit());
    known.then(|| format!("https://{host}/{path}/{page}/{hash}"))
}

/// An address without the user and password that may stand in it.
#[must_use]
pub fn without_credentials(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let path = path.split(['?', '#']).next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => address.rsplit_once('@').map_or(address, |(_, place)| place).to_owned(),
    }
}

/// The host and the repository's path on it.
fn place(remote: &str) -> Option<(String, String)> {
    let clean = without_credentials(remote.trim());
    let (host, path) = match clean.split_once("://") {
        Some(("http" | "https" | "ssh" | "git" | "git+ssh", rest)) => {
            let (authority, path) = rest.split_once('/')?;
            // The port of ssh is not that of the web pages.
            (authority.split(':').next()?.to_owned(), path.to_owned())
        }
        Some(_) => return None,
        None => {
            let (host, path) = clean.split_once(':')?;
            (host.to_owned(), path.to_owned())
        }
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).to_owned();
    let host = host.to_ascii_lowercase();
    let is_host = host.contains('.') && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    is_host.then_some((host, path))
}

/// The part of a commit's address that stands between the repository and the hash.
fn page(host: &str) -> Option<&'static str> {
    let labels: Vec<&str> = host.split('.').collect();
    let named = |name: &str| labels.contains(&name);
    if named("gitlab") {
        Some("-/commit")
    } else if named("bitbucket") {
        Some("commits")
    } else if ["github", "gitea", "forgejo", "codeberg"].into_iter().any(named) {
        Some("commit")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_commit_is_linked_on_the_forges_that_are_known_whatever_form_the_address_has() {
        for (remote, page) in [
            ("https://github.com/alex/lab.git", "https://github.com/alex/lab/commit/3f1c"),
            ("git@github.com:alex/lab.git", "https://github.com/alex/lab/commit/3f1c"),
            ("ssh://git@gitlab.com:2222/group/sub/lab", "https://gitlab.com/group/sub/lab/-/commit/3f1c"),
            ("https://gitea.home.example/me/lab/", "https://gitea.home.example/me/lab/commit/3f1c"),
            ("ssh://git@forgejo.home.example/me/lab.git", "https://forgejo.home.example/me/lab/commit/3f1c"),
            ("https://codeberg.org/me/lab", "https://codeberg.org/me/lab/commit/3f1c"),
            ("git@bitbucket.org:me/lab.git", "https://bitbucket.org/me/lab/commits/3f1c"),
        ] {
            assert_eq!(commit_url(remote, "3f1c").as_deref(), Some(page), "{remote}");
        }
    }

    #[test]
    fn what_is_not_a_known_forge_gets_no_link() {
        for remote in [
            "",
            "/srv/git/lab.git",
            "file:///srv/lab",
            "https://git.home.example/me/lab",
            "../lab",
            "C:/lab",
            "https://github.com",
        ] {
            assert_eq!(commit_url(remote, "3f1c"), None, "{remote}");
        }
        assert_eq!(commit_url("https://github.com/a/b", "HEAD~1"), None);
        assert_eq!(commit_url("https://github.com/a/b\n[x](http://evil)", "3f1c"), None);
    }

    proptest! {
        #[test]
        fn a_password_in_the_address_is_never_in_the_link(user in "[a-z@:]{0,6}", password in "[A-Z0-9@:]{8,16}") {
            let remote = format!("https://{user}:{password}@github.com/alex/lab.git");
            prop_assert_eq!(commit_url(&remote, "3f1c"), Some("https://github.com/alex/lab/commit/3f1c".to_owned()));
            prop_assert!(!without_credentials(&remote).contains(&password));
        }
    }
}
