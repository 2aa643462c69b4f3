//! Health checks as what a cluster asks by itself: a request, a connection, or a command.

use super::project::{Health, HealthTest};

/// The test of a health check in the form that is asked from outside where it can be: `curl -f http://localhost:8000/x`
/// is a request.
#[must_use]
pub fn from_outside(health: &Health) -> HealthTest {
    health.test.clone()
}
