//! The remediation: one run of a runbook, as a persisted saga.
