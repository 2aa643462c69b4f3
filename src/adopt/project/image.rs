//! The image that a container is of.

use serde::{Deserialize, Serialize};

/// An image, and what of it runs now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Image {
    /// Registry and repository, as the person wrote them: `ghcr.io/paperless-ngx/paperless-ngx`, `postgres`.
    pub name: String,
    /// The tag; none where only a digest was given, or nothing.
    pub tag: Option<String>,
    /// `sha256:…` of what runs now, or of what was pinned: the digest in the registry.
    pub digest: Option<String>,
    /// Whether a person wrote the digest; else it was observed.
    pub pinned: bool,
    /// The local id of what runs, where no registry digest is known (an image that was built there).
    pub local_id: Option<String>,
    /// Where it is built from, in a compose file with `build`.
    pub build: Option<String>,
    /// The user that the image runs as by itself, where that is known: for the group of volumes, never written.
    pub default_user: Option<String>,
}

impl Image {
    /// The image as it is to be written: with its digest where one is known, so that the same runs.
    #[must_use]
    pub fn reference(&self) -> String {
        let tag = self.tag.iter().map(|tag| format!(":{tag}"));
        let digest = self.digest.iter().map(|digest| format!("@{digest}"));
        std::iter::once(self.name.clone()).chain(tag).chain(digest).collect()
    }
}
