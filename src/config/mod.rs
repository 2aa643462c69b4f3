//! The configuration: raw files in, validated values out, every problem at once.

mod document;
mod files;
mod problem;
mod shape;

pub use problem::Problem;
