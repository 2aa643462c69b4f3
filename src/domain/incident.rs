//! The incident: correlated signals with one suspected root, a state and a timeline.
