//! When a skill runs: five-field cron as people mean it, in the lab's time zone.
