//! The `steward` binary: arguments, logging, exit code.

fn main() {}
