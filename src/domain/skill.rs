//! The skill: an executable check of one domain, and its manifest.
