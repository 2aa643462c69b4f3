//! The lab of the stories about incidents: a small shop on one machine.

use super::support::{Bot, Lab};

/// proxy → web, api → store → nas; mail needs nothing.
const TOPOLOGY: &str = "
targets:
  proxy: { depends_on: [api, web] }
  api: { depends_on: [store] }
  web: { depends_on: [store] }
  store: { depends_on: [nas] }
  nas: {}
  mail: {}
";

/// Everything that is in the shop.
pub const ALL: [&str; 6] = ["nas", "store", "web", "api", "proxy", "mail"];

/// The shop, looked at by one skill each minute.
pub fn shop(settings: &str) -> Lab {
    let lab = Lab::new(settings);
    lab.write("topology.yaml", TOPOLOGY);
    lab.skill("ping", "* * * * *", &ALL);
    lab
}

/// A runbook that restarts the unit of whatever has this signature, and may do so again at once.
pub fn restarts(lab: &Lab, signature: &str) {
    let text = format!(
        "name: restart
title: Restart it
match: {{ signature: {signature} }}
steps:
  - name: restart
    run: [systemctl, restart, \"{{{{ target.name }}}}.service\"]
    verify: [systemctl, is-active, --quiet, \"{{{{ target.name }}}}.service\"]
limits: {{ cooldown: 1s, max_attempts: 3, watch: 1s }}
"
    );
    lab.write("runbooks/restart.yaml", &text);
}

/// Makes the restart of these mend them.
pub fn restarting_mends(lab: &Lab, targets: &[&str]) {
    for target in targets {
        lab.host.command(&format!("systemctl restart {target}.service"), &[*target], 0);
    }
}

impl Bot<'_> {
    /// How an incident is stored: its state and its root.
    pub async fn is(&self, number: u64) -> String {
        let incident = self.incident(number).await;
        format!("{} {}", incident.state, incident.root)
    }
}
