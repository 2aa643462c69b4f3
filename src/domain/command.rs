//! The chat grammar.
