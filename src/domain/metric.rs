//! Metric samples in the Prometheus text exposition.
