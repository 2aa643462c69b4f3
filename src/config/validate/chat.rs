//! `[chat]`: secrets fetched, addresses looked at.

use std::collections::BTreeSet;

use super::{Check, Trail, below, keys};
use crate::config::raw::{RawChat, RawDiscord, RawTelegram};
use crate::config::settings::{ChatSettings, DiscordSettings, TelegramSettings};
use crate::config::values::Id;

impl Check<'_> {
    pub(super) fn chat(&mut self, raw: RawChat) -> ChatSettings {
        ChatSettings {
            console: raw.console,
            discord: raw.discord.and_then(|raw| self.discord(raw)),
            telegram: raw.telegram.and_then(|raw| self.telegram(raw)),
        }
    }

    fn discord(&mut self, raw: RawDiscord) -> Option<DiscordSettings> {
        let place = keys(["chat", "discord"]);
        let api = self.api(raw.api, &place);
        Some(DiscordSettings {
            token: self.secret(&raw.token, &below(&place, "token"))?,
            guild: raw.guild.0,
            channel: raw.channel.0,
            operators: ids(&raw.operators),
            api,
        })
    }

    fn telegram(&mut self, raw: RawTelegram) -> Option<TelegramSettings> {
        let place = keys(["chat", "telegram"]);
        let api = self.api(raw.api, &place);
        let operators = ids(&raw.operators);
        Some(TelegramSettings {
            token: self.secret(&raw.token, &below(&place, "token"))?,
            chat: raw.chat.0,
            on_call: raw.on_call.as_deref().map_or_else(|| operators.clone(), ids),
            operators,
            api,
        })
    }

    fn api(&mut self, written: Option<String>, place: &Trail) -> Option<String> {
        let written = written?;
        let bare = written.trim_end_matches('/');
        let host = bare.strip_prefix("https://").or_else(|| bare.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(['/', '@', ' ', '?', '#'])) {
            let hint =
                "write a scheme, a host and a port, such as \"http://127.0.0.1:8081\", or leave the key out"
                    .to_owned();
            self.report(&below(place, "api"), format!("{written:?} is no address of an API"), Some(hint));
        }
        Some(bare.to_owned())
    }
}

fn ids(written: &[Id<u64>]) -> BTreeSet<u64> {
    written.iter().map(|id| id.0).collect()
}
