//! The migration, as data: steps that run as a saga.
