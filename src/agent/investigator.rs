//! The agent behind the engine's port: begins runs, stops them, and tells the engine what they come to.
