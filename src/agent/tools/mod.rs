//! The tools as Rust types: their JSON schemas are generated from these, so that the prompt can't drift from the code.
