//! Steward as it runs for keeps, on a configuration that names the benchmark's platforms.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use steward::app::{App, live};
use steward::config::{Request, Setup};

use crate::remote::Remote;
use crate::{discord, telegram};

/// Starts Steward with both platforms, in a folder of its own.
pub(crate) async fn start(folder: &Path, remote: &Remote) -> Result<App> {
    let file = folder.join("config.toml");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).with_context(|| format!("writing {name}"))
    };
    write("config.toml", &config(remote))?;
    write("discord-token", "MTQyNDI0MjQyNDI0MjQyNDI0Mg.bench0.not-a-real-token-but-as-long-as-one")?;
    write("telegram-token", "424242424:not-a-real-token-but-as-long-as-one")?;
    let request = Request { file: Some(file), state_dir: Some(folder.join("state")) };
    let setup = Setup::load(&request).map_err(|problems| anyhow!("{problems:?}"))?;
    Ok(live::start(&request, live::platforms(&setup).map_err(anyhow::Error::msg)?, Some(live::Listen(None)))
        .await?)
}

/// Each incident is told at once, and nothing but the benchmark's signals comes in.
fn config(remote: &Remote) -> String {
    format!(
        r#"host = "vm"
timezone = "UTC"
[paths]
shipped_skills = false
shipped_runbooks = false
[incidents]
settle = "0s"
storm = 0
neighbours = 0
[changes]
detect = false
[chat.console]
enabled = false
[chat.discord]
token = "file:discord-token"
guild = {}
channel = {}
operators = [{}]
api = "{}"
[chat.telegram]
token = "file:telegram-token"
chat = {}
operators = [{}]
api = "{}"
"#,
        discord::GUILD,
        discord::CHANNEL,
        discord::OPERATOR,
        remote.discord,
        telegram::GROUP,
        telegram::OPERATOR,
        remote.telegram,
    )
}
