//! The report: what a skill prints, parsed strictly.
