//! The runbook: which incidents it fits, and its steps.
