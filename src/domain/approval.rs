//! The approval: a durable, expiring permission for one plan.
