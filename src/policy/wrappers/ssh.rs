//! `ssh HOST COMMAND`: what the other host's shell runs.

use super::super::segment::Word;
use super::super::sight::{Context, Input, Sight};
use super::options::Options;
use super::shells;

const OPTIONS: Options = Options {
    bare: &["-4", "-6", "-q", "-n", "-T", "-t", "-C", "-a", "-x", "-v"],
    valued: &["-p", "-l", "-i", "-o"],
};

/// Settings that neither run anything nor open a way in, whatever their value.
const HARMLESS: [&str; 17] = [
    "batchmode",
    "connecttimeout",
    "connectionattempts",
    "serveraliveinterval",
    "serveralivecountmax",
    "loglevel",
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "pubkeyauthentication",
    "numberofpasswordprompts",
    "preferredauthentications",
    "identitiesonly",
    "port",
    "user",
    "compression",
    "tcpkeepalive",
    "addressfamily",
];

/// Settings that are harmless with this value.
const HARMLESS_AS: [(&str, &str); 8] = [
    ("stricthostkeychecking", "yes"),
    ("stricthostkeychecking", "accept-new"),
    ("stricthostkeychecking", "ask"),
    ("forwardagent", "no"),
    ("forwardx11", "no"),
    ("clearallforwardings", "yes"),
    ("controlmaster", "no"),
    ("permitlocalcommand", "no"),
];

/// Looks at what runs on the other host.
pub(super) fn look(words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    let before = OPTIONS.read(&words[1..])?;
    let (host, rest) = before.rest.split_first().ok_or("it names no host")?;
    let host = host.known().ok_or("the host isn't known before it runs")?;
    let good = |c: char| c.is_ascii_alphanumeric() || "._-@:[]%".contains(c);
    if host.starts_with('-') || !host.chars().all(good) {
        return Err(format!("{host:?} is no host"));
    }
    // Options may stand behind the host, too.
    let after = OPTIONS.read(rest)?;
    for setting in before.values(&["-o"]).chain(after.values(&["-o"])) {
        if !is_harmless(setting) {
            return Err(format!("the setting {setting:?} may run a command, or open a way in"));
        }
    }
    if after.rest.is_empty() {
        return Err("without a command it opens a shell".into());
    }
    let mut inner = context.inner();
    inner.places = vec![None];
    if before.has("-n") || after.has("-n") {
        inner.input = Input::None;
    }
    let known: Option<Vec<&str>> = after.rest.iter().map(Word::known).collect();
    let script = known.ok_or("what the other host would run isn't known before it runs")?.join(" ");
    shells::script(&script, &inner, sight);
    Ok(())
}

fn is_harmless(setting: &str) -> bool {
    let Some((name, value)) = setting.split_once(['=', ' ']) else { return false };
    let (name, value) = (name.trim().to_lowercase(), value.trim().to_lowercase());
    HARMLESS.contains(&name.as_str()) || HARMLESS_AS.contains(&(name.as_str(), value.as_str()))
}
