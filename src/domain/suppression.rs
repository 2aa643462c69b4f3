//! Suppression: silences.
