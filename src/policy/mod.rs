//! The policy: judges actions. Pure, and no model on its path.

/// The only key to the runner: permission to run exactly one action, once, for a while.
#[derive(Debug)]
pub struct Authorized {
    _private: (),
}
