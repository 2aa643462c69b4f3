//! How Steward shows how it is to those who look at it from outside.

/// How one part of Steward is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartHealth {
    /// The part, in a word or two: `store`, `pipeline`, `discord`.
    pub part: String,
    /// Whether it does its work.
    pub ok: bool,
    /// How it is, in a sentence without a line end. Never holds a secret.
    pub detail: String,
}

/// What can be seen of Steward from outside. Both are asked on every request and never wait.
pub trait Observed: Send + Sync {
    /// How each part is; Steward is well when all are.
    fn health(&self) -> Vec<PartHealth>;

    /// The measurements in Prometheus' text exposition, ended with a line end. Never holds a secret.
    fn metrics(&self) -> String;
}
