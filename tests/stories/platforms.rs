//! The same story on Discord and on Telegram, as people see it.

use super::support::transcript::same_as_kept;
use super::support::{Lab, discord, min};

const VACUUM: &str = r#"
name: vacuum
title: Shrink the journal
match: { signature: disk-fill }
steps:
  - name: vacuum
    run: [journalctl, --vacuum-size=200M]
    verify: check
"#;
const RESTART: &str = r#"
name: restart
title: Restart the unit
match: { signature: unit-failed }
steps:
  - name: restart
    run: [systemctl, restart, "{{ labels.unit }}"]
    verify: [systemctl, is-active, --quiet, "{{ labels.unit }}"]
"#;

fn lab() -> Lab {
    let lab = Lab::new("");
    lab.skill("look", "*/5 * * * *", &["vm"]);
    lab.write("runbooks/vacuum.yaml", VACUUM);
    lab.write("runbooks/restart.yaml", RESTART);
    lab.host.command("journalctl --vacuum-size=200M", &["vm/disk"], 0);
    lab.host.command("systemctl restart web.service", &["vm/web"], 0);
    lab.host.command("systemctl is-active --quiet web.service", &[], 0);
    lab.without_console();
    lab
}

#[tokio::test]
async fn a_repaired_incident() {
    let lab = lab();
    let discord = lab.on_discord().await;
    let telegram = lab.on_telegram(true).await;
    let bot = lab.start().await;
    discord.connected().await;
    lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
    bot.pass(min(20)).await;
    lab.host.break_with(
        "vm/disk",
        "disk-fill",
        "summary: /var is *97%* full @everyone\n\n  line one\n  `two`",
    );
    bot.pass(min(6)).await;
    same_as_kept("repaired-discord", &discord.transcript(discord::CHANNEL));
    same_as_kept("repaired-telegram-forum", &telegram.transcript());
    bot.end().await;
}
