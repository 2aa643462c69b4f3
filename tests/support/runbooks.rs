//! Runbooks of stories: one that asks, because what it deletes is gone, and one that runs by itself.

use super::Lab;

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

/// A lab with a full disk to ask about, and a unit to restart.
pub fn usual(settings: &str) -> Lab {
    let lab = Lab::new(settings);
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.write("runbooks/vacuum.yaml", VACUUM);
    lab.write("runbooks/restart.yaml", RESTART);
    lab.host.command("journalctl --vacuum-size=200M", &["vm/disk"], 0);
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    lab
}

/// A repair of two steps.
pub mod remount {
    use super::Lab;

    /// Two steps of which each can be taken back, with `{checks}` around them.
    pub fn two_steps(lab: &Lab, checks: &str) {
        lab.write(
            "runbooks/remount.yaml",
            &format!(
                r#"
name: remount
title: Remount it
match: {{ signature: mount-stale }}
checks:
{checks}
steps:
  - name: detach
    run: [umount, /mnt/media]
    verify: [systemctl, is-active, --quiet, a.mount]
    undo: [mount, /mnt/media]
  - name: restart
    run: [systemctl, restart, media.service]
    verify: [systemctl, is-active, --quiet, media.service]
limits: {{ cooldown: 10m, max_attempts: 2 }}
"#
            ),
        );
    }

    pub const QUORUM: &str = "systemctl is-active --quiet corosync.service";
    pub const ALWAYS: &str =
        "  always:\n    - { name: quorum-intact, run: [systemctl, is-active, --quiet, corosync.service] }";
    pub const BEFORE: &str =
        "  before:\n    - { name: quorum-intact, run: [systemctl, is-active, --quiet, corosync.service] }";
    pub const DETACH: &str = "umount /mnt/media";
    pub const DETACHED: &str = "systemctl is-active --quiet a.mount";
    pub const ATTACH: &str = "mount /mnt/media";
    pub const RESTART: &str = "systemctl restart media.service";
    pub const RESTARTED: &str = "systemctl is-active --quiet media.service";
}
