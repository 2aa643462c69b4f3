//! `metrics.db`: the history of runs and samples, which Steward can live without.
