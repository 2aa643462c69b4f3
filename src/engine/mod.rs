//! The use cases, and the ports through which they reach the world.

pub mod ports;

pub mod remediate;
