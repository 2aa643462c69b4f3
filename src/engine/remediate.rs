//! Drives a remediation through its saga, and takes one up again after a crash.
