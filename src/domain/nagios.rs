//! The Nagios plugin contract: exit code and first line instead of STATUS blocks.
