//! The tour itself: set the lab up, start the bot, break things, watch, and count what was promised.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::{sleep, timeout};

use super::lab::Lab;
use super::promises::{is_told_to_the_end, promises};
use super::script::Script;
use super::setup::write_config;
use super::witness::{Seen, Witness};
use crate::app::{App, live};
use crate::config::Request;
use crate::engine::message::Message;
use crate::engine::ports::{Chat, Inbound};

/// How long the tour may wait for one thing.
const PATIENCE: Duration = Duration::from_secs(25);
/// How often it looks.
const GLANCE: Duration = Duration::from_millis(50);
/// The demo's reopen window, and a bit.
const REOPEN_WINDOW: Duration = Duration::from_millis(1500);
/// How long a reader gets between two acts.
const PAUSE: Duration = Duration::from_millis(1200);

/// What the tour is played on; the same parts that `run` is made of.
pub struct Stage {
    /// Steward's own program, which plays the lab's processes too.
    pub program: PathBuf,
    /// Shows messages to the person.
    pub console: Arc<dyn Chat>,
    /// Where the tour's own lines go, between the messages.
    pub script: Box<dyn Write + Send + Sync>,
    /// Hands on what the person types, line by line; only used by `--interactive`.
    pub lines: Option<tokio::sync::mpsc::Receiver<String>>,
    /// Turns true on Ctrl-C.
    pub interrupted: tokio::sync::watch::Receiver<bool>,
}

/// Plays the tour. Success only if every promise was kept.
///
/// # Errors
/// The lab or the bot could not be set up, or something was waited for in vain.
pub async fn run(mut stage: Stage) -> anyhow::Result<ExitCode> {
    let folder =
        tempfile::Builder::new().prefix("steward-demo-").tempdir().context("no folder for the lab")?;
    let dir = folder.path().to_owned();
    let script = Script::new(std::mem::replace(&mut stage.script, Box::new(std::io::sink())));
    script.say("This is a tour on real processes in a scratch folder. Nothing of yours is touched.")?;
    let lab = Lab::start(&dir.join("lab"), &stage.program).await?;
    script.say(&format!(
        "A small lab is up in {}: a proxy, two services, a store they need, and a git repository with their config.",
        lab.dir().display()
    ))?;
    let file = write_config(&lab, &dir)?;
    let witness = Arc::new(Witness::new(stage.console.clone()));
    let app = live::start(
        &Request { file: Some(file), state_dir: None },
        vec![witness.clone()],
        Some(live::Listen(None)),
    )
    .await?;
    let mut interrupted = stage.interrupted.clone();
    let played = tokio::select! {
        played = play(&mut stage, &script, &lab, &app, &witness) => played,
        _ = async { let _ = interrupted.wait_for(|yes| *yes).await; } => Ok(None),
    };
    let stopped = app.stop().await.context("the bot did not stop in good order");
    let ended = lab.stop().await;
    drop(folder);
    let left_behind = ended.is_err() || dir.exists() || any_process_of(&dir);
    let Some(act) = played? else { return Ok(ExitCode::from(130)) };
    stopped?;
    ended?;
    let Act::Toured { config, store, commit } = act else { return Ok(ExitCode::SUCCESS) };
    let promises = promises(&witness.seen(), Some(config), &store, &commit, left_behind);
    script.say("What was promised, and what was seen:")?;
    for promise in &promises {
        script.line(&format!("   {} {}", if promise.kept { "✓" } else { "✗" }, promise.what))?;
    }
    let all = promises.iter().all(|promise| promise.kept);
    script.say(if all {
        "All of it. `steward run` does the same for your lab."
    } else {
        "Not all of it was seen. That is a fault in Steward."
    })?;
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How a tour went.
enum Act {
    Toured { config: u64, store: Vec<u64>, commit: String },
    Played,
}

async fn play(
    stage: &mut Stage,
    script: &Script,
    lab: &Lab,
    app: &App,
    witness: &Witness,
) -> anyhow::Result<Option<Act>> {
    match stage.lines.take() {
        Some(lines) => by_hand(lines, script, lab, app).await.map(|()| Some(Act::Played)),
        None => unattended(script, lab, app, witness).await.map(Some),
    }
}

async fn unattended(script: &Script, lab: &Lab, app: &App, witness: &Witness) -> anyhow::Result<Act> {
    wait(witness, "the bot to greet", |seen| !seen.answers.is_empty()).await?;
    sleep(PAUSE).await;
    script.say(
        "Alex commits a config for the api with a typo in it. The api goes down, and the proxy with it.",
    )?;
    let commit = lab.commit_bad_config("api").await?;
    wait(witness, "the bad commit's incident", |seen| seen.roots.contains_key(&1)).await?;
    wait(witness, "its end", |seen| is_told_to_the_end(seen, 1)).await?;
    ask(script, app, witness, "what changed?").await?;
    let mut store = Vec::new();
    for (number, time) in (2..).zip(["", " a second time", " a third time"]) {
        sleep(PAUSE).await;
        script.say(&format!(
            "The store is killed{time} (SIGKILL, as when memory runs out). Everything needs it."
        ))?;
        lab.kill("store").await?;
        wait(witness, "the killed store's incident", |seen| seen.roots.contains_key(&number)).await?;
        wait(witness, "its end", |seen| is_told_to_the_end(seen, number)).await?;
        store.push(number);
        // A return within the reopen window would be told in the same thread; the third is to be an incident of its own.
        sleep(REOPEN_WINDOW).await;
    }
    Ok(Act::Toured { config: 1, store, commit })
}

async fn by_hand(
    mut lines: tokio::sync::mpsc::Receiver<String>,
    script: &Script,
    lab: &Lab,
    app: &App,
) -> anyhow::Result<()> {
    script.say("The lab is yours. Besides all that Steward understands (`help`) you can type:")?;
    script.line("   kill store | api | web | proxy     end that process, as the kernel would")?;
    script.line("   break api | web | proxy            commit a config with a typo in it")?;
    script.line("   quit                               end the demo (or press Ctrl-C)")?;
    while let Some(text) = lines.recv().await {
        let words: Vec<&str> = text.split_whitespace().collect();
        let done = match words.as_slice() {
            ["quit" | "exit"] => return Ok(()),
            ["kill", name] => lab.kill(name).await,
            ["break", name] => lab.commit_bad_config(name).await.map(drop),
            _ => {
                app.handle().send(Message::Said(typed(&text)));
                Ok(())
            }
        };
        if let Err(error) = done {
            script.say(&format!("{error:#}"))?;
        }
    }
    Ok(())
}

async fn ask(script: &Script, app: &App, witness: &Witness, text: &str) -> anyhow::Result<()> {
    sleep(PAUSE).await;
    script.say(&format!("Somebody types: {text}"))?;
    let before = witness.seen().answers.len();
    app.handle().send(Message::Said(typed(text)));
    wait(witness, "an answer", |seen| seen.answers.len() > before).await
}

fn typed(text: &str) -> Inbound {
    Inbound {
        platform: "console".to_owned(),
        conversation: "console".to_owned(),
        user: "you".to_owned(),
        user_id: "you".to_owned(),
        operator: true,
        text: text.to_owned(),
        incident: None,
        addressed: true,
        pressed: false,
        bookmark: None,
    }
}

async fn wait(witness: &Witness, what: &str, done: impl Fn(&Seen) -> bool) -> anyhow::Result<()> {
    let watching = async {
        while !done(&witness.seen()) {
            sleep(GLANCE).await;
        }
    };
    if timeout(PATIENCE, watching).await.is_err() {
        bail!("waited {} s in vain for {what}", PATIENCE.as_secs());
    }
    Ok(())
}

/// Whether a process is still there that was started for this folder.
fn any_process_of(dir: &Path) -> bool {
    let dir = dir.as_os_str().as_encoded_bytes();
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .any(|cmdline| cmdline.windows(dir.len()).any(|part| part == dir))
}
