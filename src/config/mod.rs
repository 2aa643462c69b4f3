//! The configuration: raw files in, validated values out, every problem at once.
