//! The topology: targets and what each depends on.
