//! What can be seen of Steward from outside.

use crate::engine::intake::Gateway;
use crate::engine::ports::{Observed, PartHealth};

/// Looks at the running parts.
pub(super) struct Observer {
    gateway: Gateway,
}

impl Observer {
    pub(super) fn new(gateway: Gateway) -> Self {
        Self { gateway }
    }
}

impl Observed for Observer {
    fn health(&self) -> Vec<PartHealth> {
        let (waiting, most) = self.gateway.waiting();
        let detail = format!("{waiting} of at most {most} deliveries wait to be worked off");
        vec![PartHealth { part: "inbox".to_owned(), ok: waiting < most, detail }]
    }

    fn metrics(&self) -> String {
        let (waiting, most) = self.gateway.waiting();
        format!(
            "# HELP steward_inbox_waiting Deliveries that wait to be worked off.\n# TYPE steward_inbox_waiting gauge\nsteward_inbox_waiting {waiting}\n# HELP steward_inbox_capacity Deliveries that may wait.\n# TYPE steward_inbox_capacity gauge\nsteward_inbox_capacity {most}\n"
        )
    }
}
