//! From a failing check to a repaired, verified incident.

use super::support::{Lab, min, secs};

const RESTART: &str = r#"
name: restart-unit
title: Restart the unit
match: { signature: unit-failed }
steps:
  - name: restart
    run: [systemctl, restart, "{{ labels.unit }}"]
    verify: [systemctl, is-active, --quiet, "{{ labels.unit }}"]
"#;

fn lab() -> Lab {
    let lab = Lab::new("");
    lab.skill("units", "*/5 * * * *", &["vm/unit"]);
    lab.write("runbooks/restart-unit.yaml", RESTART);
    lab.host.command("systemctl restart web.service", &["vm/unit/web.service"], 0);
    lab
}

#[tokio::test]
async fn a_failed_unit_is_restarted_checked_and_told_as_one_story() {
    let lab = lab();
    let bot = lab.start().await;
    bot.pass(min(1)).await;
    lab.host.break_with(
        "vm/unit/web.service",
        "unit-failed",
        "unit: web.service\nsummary: web.service has failed",
    );
    bot.pass(min(5)).await;
    assert_eq!(lab.host.ran(), ["systemctl restart web.service", "systemctl is-active --quiet web.service"]);
    assert_eq!(lab.chat.field(1, "State"), "mitigated");
    bot.pass(min(5)).await;
    assert_eq!(lab.chat.field(1, "State"), "resolved");
    println!("{}\n---\n{}", lab.chat.root(1), lab.chat.thread(1));
    bot.pass(secs(1)).await;
    bot.end().await;
}
