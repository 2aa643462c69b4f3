//! What is known of images that homelabs run: what they say by themselves, where they keep `SQLite`, how they are asked
//! whether they are well. Only for what an input doesn't tell.

mod table;

use super::project::{Image, Protocol};

/// What is known of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Repositories, without a registry: `linuxserver/sonarr`, `postgres`.
    pub images: &'static [&'static str],
    /// What it listens on by itself.
    pub ports: &'static [KnownPort],
    /// The port and path of a page that answers when it is well, without a login.
    pub health: Option<(u16, &'static str)>,
    /// The folder in which it keeps `SQLite` by itself.
    pub sqlite: Option<&'static str>,
    /// Whether it is a database: its files don't belong on network storage, and it has to be stopped before a copy.
    pub database: bool,
    /// The user that the image runs as, where that is not root.
    pub uid: Option<u32>,
    /// Why it needs the host's network, if it does.
    pub host_network: Option<&'static str>,
    /// What it does in a cluster instead of using the Docker socket.
    pub without_socket: Option<&'static str>,
    /// Why it needs all rights, if it does.
    pub privileged: Option<&'static str>,
}

/// A port that an image listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownPort {
    /// What it is for: `http`, `dns`. A label of 15 characters at most.
    pub name: &'static str,
    /// The port.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
}

/// Why what measures a whole host needs it.
pub(in crate::adopt) const METRICS: &str = table::METRICS;

/// What is known of the image of that name, whatever its registry.
#[must_use]
pub fn of(image: &str) -> Option<&'static Known> {
    let image = image.to_ascii_lowercase();
    let is_it = |known: &str| {
        image.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    // `linuxserver/mariadb` is more than `mariadb`.
    table::KNOWN
        .iter()
        .filter_map(|row| {
            let longest = row.images.iter().filter(|known| is_it(known)).map(|known| known.len()).max()?;
            Some((longest, row))
        })
        .max_by_key(|(length, _)| *length)
        .map(|(_, row)| row)
}

/// What is known of an image with its tag: PHP's process manager speaks no HTTP, whatever else the image is.
#[must_use]
pub fn of_image(image: &Image) -> Option<&'static Known> {
    let mut words = image.tag.as_deref().unwrap_or_default().split(['-', '.', '_']);
    if words.any(|word| word == "fpm") { Some(&table::FPM) } else { of(&image.name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phps_process_manager_is_not_asked_by_http() {
        for (name, tag) in [("nextcloud", "fpm-alpine"), ("wordpress", "6.8-php8.3-fpm"), ("php", "8.3-fpm")]
        {
            let image = Image { name: name.into(), tag: Some(tag.into()), ..Image::default() };
            let known = of_image(&image).unwrap();
            assert_eq!((known.ports[0].port, known.health), (9000, None), "{name}:{tag}");
        }
        let web = Image { name: "nextcloud".into(), tag: Some("31-apache".into()), ..Image::default() };
        assert_eq!(of_image(&web), of("nextcloud"));
    }

    #[test]
    fn an_image_is_known_whatever_its_registry() {
        for image in ["postgres", "docker.io/library/postgres", "registry.lan:5000/mirror/postgres"] {
            assert_eq!(of(image).map(|known| known.ports[0].port), Some(5432), "{image}");
        }
        assert_eq!(of("lscr.io/linuxserver/sonarr").and_then(|known| known.sqlite), Some("/config"));
        assert_eq!(of("me/notpostgres"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn every_row_can_be_used() {
        for row in table::KNOWN {
            for port in row.ports {
                assert!(port.name.len() <= 15 && port.port > 0, "{row:?}");
            }
            if let Some((port, path)) = row.health {
                assert!(path.starts_with('/') && row.ports.iter().any(|known| known.port == port), "{row:?}");
            }
            assert!(row.images.iter().all(|image| image.to_ascii_lowercase() == *image), "{row:?}");
        }
    }
}
