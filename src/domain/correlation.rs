//! Correlation: which incident a signal belongs to, and why.
