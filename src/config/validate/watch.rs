//! `[watchdog]`: the address of the dead man's switch.

use super::Check;
use crate::config::document::keys;
use crate::config::raw::RawWatchdog;
use crate::config::secret::Secret;
use crate::config::settings::WatchdogSettings;

impl Check<'_> {
    pub(super) fn watchdog(&mut self, raw: RawWatchdog) -> WatchdogSettings {
        let RawWatchdog { check, url, every } = raw;
        let place = keys(["watchdog", "url"]);
        let url = url.and_then(|text| self.secret(&text, &place));
        if url.as_ref().is_some_and(|url| !is_address(url)) {
            let what = format!("{} holds no address", url.as_ref().map_or(String::new(), Secret::to_string));
            let hint =
                "put one there that begins with https:// or http://, as your watching service shows it";
            self.report(&place, what, Some(hint.to_owned()));
        }
        WatchdogSettings { check, url, every }
    }
}

/// Whether it can be one; what is behind it is seen when it is first pinged.
fn is_address(url: &Secret) -> bool {
    let rest = url.expose().strip_prefix("https://").or_else(|| url.expose().strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
}
