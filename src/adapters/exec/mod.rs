//! Runs processes: own group, scrubbed environment, behind a gate.
