//! Chat platforms.
