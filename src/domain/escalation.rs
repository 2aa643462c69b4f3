//! Escalation: when people are called.
