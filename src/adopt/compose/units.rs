//! Sizes, durations, port ranges and paths, as compose writes them.

/// Bytes of `512m`, `1.5gb`, `2GiB`, `1024`; steps of 1024.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let factor: u64 = match text[end..].trim() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        "p" | "pb" | "pib" => 1 << 50,
        _ => return None,
    };
    scaled(&text[..end], factor)
}

/// Thousandths of `0.5`.
pub(super) fn milli(text: &str) -> Option<u64> {
    scaled(text.trim(), 1000)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "checked before"
)]
fn scaled(number: &str, factor: u64) -> Option<u64> {
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor);
    }
    let value: f64 = number.parse().ok()?;
    let value = (value * factor as f64).round();
    (value.is_finite() && (0.0..9e15).contains(&value)).then_some(value as u64)
}

/// Seconds of `1m30s`, `500ms` (at least 1), or a number of seconds.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds);
    }
    let mut total = 0.0_f64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        total += number
            * match &rest[..end] {
                "ns" => 1e-9,
                "us" | "µs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                "w" => 604_800.0,
                _ => return None,
            };
        rest = &rest[end..];
    }
    if text.is_empty() || !total.is_finite() || total > 1e12 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
    Some(total.ceil() as u64)
}

/// `80` or `3000-3005`.
pub(super) fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let port = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|port| digits && *port > 0)
    };
    let (from, to) = (port(from)?, port(to)?);
    (from <= to).then_some((from, to))
}

/// A path that was written in a file of `folder`, as seen from the project's folder: `./data` of `sub` is `./sub/data`.
/// What begins with `/` or `~` stays.
pub(super) fn rebased(folder: &str, path: &str) -> String {
    if folder.is_empty() || path.starts_with(['/', '~']) || is_windows(path) || path.contains("://") {
        return path.to_owned();
    }
    let joined = join(folder, path);
    if joined.starts_with("..") { joined } else { format!("./{joined}") }
}

/// `path` within `folder`, without `.` and without the `..` that can be told.
pub(super) fn join(folder: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if folder.starts_with('/') { "/" } else { "" };
    if parts.is_empty() { ".".to_owned() } else { format!("{root}{}", parts.join("/")) }
}

/// The folder of a file: empty where it is the same.
pub(super) fn folder_of(path: &str) -> String {
    path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

/// `C:\data` and the like.
pub(super) fn is_windows(path: &str) -> bool {
    let bytes = path.as_bytes();
    path.starts_with("\\\\")
        || matches!(bytes, [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_durations_and_ranges_are_read_as_docker_reads_them() {
        for (text, is) in [
            ("512m", Some(512 << 20)),
            ("1.5gb", Some(3 << 29)),
            ("64", Some(64)),
            ("2GiB", Some(2 << 30)),
            ("x", None),
            ("", None),
            ("1e9", None),
        ] {
            assert_eq!(bytes(text), is, "{text}");
        }
        for (text, is) in [
            ("1m30s", Some(90)),
            ("500ms", Some(1)),
            ("1h5m", Some(3900)),
            ("10", Some(10)),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), is, "{text}");
        }
        assert_eq!(milli("0.5"), Some(500));
        assert_eq!(range("3000-3005"), Some((3000, 3005)));
        for text in ["", "0", "70000", "5-1", "-", "+80", "80-"] {
            assert_eq!(range(text), None, "{text}");
        }
    }

    #[test]
    fn paths_of_other_folders_are_seen_from_the_projects() {
        for (folder, path, is) in [
            ("", "./data", "./data"),
            ("sub", "./data", "./sub/data"),
            ("sub", "../data", "./data"),
            ("../common", "data", "../common/data"),
            ("sub", "/data", "/data"),
            ("sub", "~/data", "~/data"),
        ] {
            assert_eq!(rebased(folder, path), is, "{folder} {path}");
        }
    }
}
