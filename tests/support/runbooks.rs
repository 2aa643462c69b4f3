//! Runbooks of stories: one that asks, because what it deletes is gone, and one that runs by itself.

pub const VACUUM: &str = r#"
name: vacuum
title: Shrink the journal
match: { signature: disk-fill }
steps:
  - name: vacuum
    run: [journalctl, --vacuum-size=200M]
    verify: check
"#;
pub const RESTART: &str = r#"
name: restart
title: Restart the unit
match: { signature: unit-failed }
steps:
  - name: restart
    run: [systemctl, restart, "{{ labels.unit }}"]
    verify: [systemctl, is-active, --quiet, "{{ labels.unit }}"]
"#;
pub const STOP: &str = r#"
name: stop
title: Stop the container
match: { signature: runaway }
steps:
  - name: stop
    run: [docker, stop, "{{ target.name }}"]
    verify: check
    undo: [docker, start, "{{ target.name }}"]
"#;
