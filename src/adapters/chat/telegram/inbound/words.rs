//! What somebody typed, without what only says that Steward is meant.

use super::super::people::Person;
use super::update::Entity;

/// What somebody typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    /// Whether it was said to Steward.
    pub(super) addressed: bool,
}

/// What a message says, if it says anything to Steward or to nobody in particular. `None`: a command for another bot,
/// or nothing at all.
pub(super) fn said(text: &str, entities: &[Entity], me: &Person, is_private: bool) -> Option<Said> {
    if let Some(command) = text.trim().strip_prefix('/') {
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let (name, bot) = name.split_once('@').map_or((name, None), |(name, bot)| (name, Some(bot)));
        if bot.is_some_and(|bot| !is_me(bot, me)) {
            return None;
        }
        // What Telegram types for people who open a chat with a bot for the first time.
        let name = if name == "start" { "help" } else { name };
        let text = format!("{name} {}", rest.trim()).trim().to_owned();
        return (!text.is_empty()).then_some(Said { text, addressed: true });
    }
    let (rest, is_mentioned) = without_mentions(text, entities, me);
    let text = rest.trim().trim_start_matches([',', ':']).trim().to_owned();
    let addressed = is_mentioned || is_private;
    match (text.is_empty(), is_mentioned) {
        // Who only calls wants to know what can be said.
        (true, true) => Some(Said { text: "help".to_owned(), addressed }),
        (true, false) => None,
        (false, _) => Some(Said { text, addressed }),
    }
}

fn is_me(name: &str, me: &Person) -> bool {
    me.username.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// The text without the bot's own name, and whether that was in it.
fn without_mentions(text: &str, entities: &[Entity], me: &Person) -> (String, bool) {
    let without_links = without_links(text, entities, me);
    let mut rest = without_links.as_deref().unwrap_or(text);
    let mut kept = String::new();
    let mut is_mentioned = without_links.is_some();
    while let Some((before, after)) = rest.split_once('@') {
        let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let (name, behind) = after.split_at(end);
        kept.push_str(before);
        if is_me(name, me) && !before.ends_with(|c: char| c.is_alphanumeric()) {
            is_mentioned = true;
        } else {
            kept.push('@');
            kept.push_str(name);
        }
        rest = behind;
    }
    (kept + rest, is_mentioned)
}

/// The text without the links by which people mention a bot that they don't name. `None`: there are none.
fn without_links(text: &str, entities: &[Entity], me: &Person) -> Option<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut kept = Vec::new();
    let mut from = 0;
    for entity in entities {
        let is_me =
            entity.kind == "text_mention" && entity.user.as_ref().is_some_and(|user| user.id == me.id);
        let end = entity.offset.checked_add(entity.length).filter(|end| *end <= units.len());
        if let (true, Some(end), Some(before)) = (is_me, end, units.get(from..entity.offset)) {
            kept.extend_from_slice(before);
            from = end;
        }
    }
    kept.extend_from_slice(units.get(from..).unwrap_or_default());
    (from > 0).then(|| String::from_utf16_lossy(&kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Person {
        Person { id: 99, is_bot: true, first_name: "Steward".into(), username: Some("Steward_bot".into()) }
    }

    fn link(offset: usize, length: usize) -> Entity {
        Entity { kind: "text_mention".into(), offset, length, user: Some(me()) }
    }

    fn heard(text: &str, entities: &[Entity]) -> Option<(String, bool)> {
        said(text, entities, &me(), false).map(|said| (said.text, said.addressed))
    }

    #[test]
    fn a_command_is_taken_without_its_slash_and_the_name_of_the_bot() {
        for (text, expected) in [
            ("/status", "status"),
            ("/silence nas/media for 2h", "silence nas/media for 2h"),
            ("/status@steward_bot", "status"),
            ("/ack@Steward_bot  3 ", "ack 3"),
            ("/start", "help"),
        ] {
            assert_eq!(heard(text, &[]), Some((expected.to_owned(), true)), "{text}");
        }
        assert_eq!(heard("/status@weather_bot", &[]), None);
        assert_eq!(heard("/", &[]), None);
    }

    #[test]
    fn a_mention_anywhere_addresses_and_is_taken_out() {
        for (text, expected) in [
            ("@steward_bot what changed?", "what changed?"),
            ("😀 hey @Steward_bot, status", "😀 hey , status"),
            ("@Steward_bot: status", "status"),
            ("@Steward_bot", "help"),
        ] {
            assert_eq!(heard(text, &[]), Some((expected.to_owned(), true)), "{text}");
        }
        assert_eq!(heard("😀 Steward status", &[link(3, 7)]), Some(("😀  status".to_owned(), true)));
    }

    #[test]
    fn what_names_somebody_else_addresses_nobody() {
        let text = "@anna look at @steward_bottle and root@steward_bot";
        assert_eq!(heard(text, &[]), Some((text.to_owned(), false)));
    }

    #[test]
    fn a_style_that_points_beyond_the_text_is_overlooked() {
        let entities = [link(90, 3), link(usize::MAX, 9), link(2, usize::MAX)];
        assert_eq!(heard("hello", &entities), Some(("hello".to_owned(), false)));
    }
}
