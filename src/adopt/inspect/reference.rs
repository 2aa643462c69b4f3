//! An image's reference: `registry:port/repository:tag@digest`.

/// One reference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reference {
    /// Registry and repository; empty where only an id was given.
    pub(super) name: String,
    pub(super) tag: Option<String>,
    /// `sha256:…`
    pub(super) digest: Option<String>,
}

/// Takes a reference apart.
pub(super) fn parse(text: &str) -> Reference {
    let text = text.trim().trim_start_matches("docker://");
    if is_id(text) {
        return Reference::default();
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.to_owned())),
        None => (text, None),
    };
    let from = rest.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match rest[from..].rfind(':') {
        Some(colon) => (&rest[..from + colon], Some(rest[from + colon + 1..].to_owned())),
        None => (rest, None),
    };
    let known = |text: &String| !text.is_empty() && text != "<none>";
    let name = if name == "<none>" { String::new() } else { name.to_owned() };
    Reference { name, tag: tag.filter(known), digest: digest.filter(known) }
}

/// Whether a text is an id of an image or container: hexadecimal, with or without `sha256:`.
pub(super) fn is_id(text: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    match text.strip_prefix("sha256:") {
        Some(rest) => hex(rest),
        None => matches!(text.len(), 12 | 64) && hex(text),
    }
}

impl Reference {
    /// Whether both name the same repository, however it is written.
    pub(super) fn same_name(&self, other: &Self) -> bool {
        !self.name.is_empty() && self.full() == other.full()
    }

    /// The tag that is meant.
    pub(super) fn tag_or_latest(&self) -> &str {
        self.tag.as_deref().unwrap_or("latest")
    }

    /// The last part of the name: `postgres`.
    pub(super) fn last(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    fn full(&self) -> String {
        let name = self.name.trim_start_matches("index.docker.io/").trim_start_matches("docker.io/");
        name.trim_start_matches("library/").to_owned()
    }
}
