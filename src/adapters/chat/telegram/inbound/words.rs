//! What somebody typed, without what only says that Steward is meant.

use super::super::people::Person;
use super::update::Entity;
use crate::domain::command::COMMANDS;

/// What somebody typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    /// Whether it was said to Steward.
    pub(super) addressed: bool,
    /// Whether it is a command of no bot in particular.
    pub(super) is_bare_command: bool,
}

impl Said {
    /// Whether it can be meant for Steward wherever it was said.
    pub(super) fn is_meant(&self) -> bool {
        self.addressed || self.is_bare_command
    }
}

/// What a message says, if it says anything to Steward or to nobody in particular. `None`: a command for another bot,
/// or nothing at all.
pub(super) fn said(text: &str, entities: &[Entity], me: &Person, is_private: bool) -> Option<Said> {
    let (text, is_linked) = as_typed(text, entities, me);
    if let Some(command) = text.trim().strip_prefix('/') {
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let (name, bot) = name.split_once('@').map_or((name, None), |(name, bot)| (name, Some(bot)));
        if bot.is_some_and(|bot| !is_me(bot, me)) {
            return None;
        }
        let is_for_me = bot.is_some() || is_private;
        if name == "start" && !is_for_me {
            return None;
        }
        // What Telegram types for people who open a chat with a bot for the first time.
        let name = if name == "start" { "help" } else { name };
        let text = format!("{name} {}", rest.trim()).trim().to_owned();
        // As an administrator the bot gets what is meant for other bots too.
        let is_ours = COMMANDS.iter().any(|help| help.name.eq_ignore_ascii_case(name));
        let said = Said { text, addressed: is_for_me || is_ours, is_bare_command: bot.is_none() };
        return (!said.text.is_empty()).then_some(said);
    }
    let (rest, is_named) = without_mentions(&text, me);
    let is_mentioned = is_linked || is_named;
    let text = rest.trim().trim_start_matches([',', ':']).trim().to_owned();
    let addressed = is_mentioned || is_private;
    match (text.is_empty(), is_mentioned) {
        // Who only calls wants to know what can be said.
        (true, true) => Some(Said { text: "help".to_owned(), addressed, is_bare_command: false }),
        (true, false) => None,
        (false, _) => Some(Said { text, addressed, is_bare_command: false }),
    }
}

fn is_me(name: &str, me: &Person) -> bool {
    me.username.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// The text without the bot's own name, and whether that was in it.
fn without_mentions(text: &str, me: &Person) -> (String, bool) {
    let mut rest = text;
    let mut kept = String::new();
    let mut is_mentioned = false;
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

/// The text without the links by which people mention a bot that they don't name (and whether there are any), and
/// with code and quotations marked as somebody would type them: Telegram takes the marks out, and what was only
/// pasted must not be obeyed.
fn as_typed(text: &str, entities: &[Entity], me: &Person) -> (String, bool) {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut typed = String::new();
    let mut from = 0;
    let mut is_linked = false;
    for entity in entities {
        let end = entity.offset.checked_add(entity.length).filter(|end| *end <= units.len());
        let Some((before, covered)) =
            end.and_then(|end| Some((units.get(from..entity.offset)?, units.get(entity.offset..end)?)))
        else {
            continue;
        };
        let covered = String::from_utf16_lossy(covered);
        let marked = match entity.kind.as_str() {
            "text_mention" if entity.user.as_ref().is_some_and(|user| user.id == me.id) => {
                is_linked = true;
                String::new()
            }
            "code" => format!("`{covered}`"),
            "pre" => format!("\n```\n{covered}\n```\n"),
            "blockquote" | "expandable_blockquote" => format!("\n> {}\n", covered.replace('\n', "\n> ")),
            _ => continue,
        };
        typed.push_str(&String::from_utf16_lossy(before));
        typed.push_str(&marked);
        from = entity.offset.saturating_add(entity.length);
    }
    typed.push_str(&String::from_utf16_lossy(units.get(from..).unwrap_or_default()));
    (typed, is_linked)
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
            ("/start@steward_bot", "help"),
        ] {
            assert_eq!(heard(text, &[]), Some((expected.to_owned(), true)), "{text}");
        }
        assert_eq!(heard("/status@weather_bot", &[]), None);
        assert_eq!(heard("/start", &[]), None, "every bot of the group gets it");
        let in_private = said("/start", &[], &me(), true).map(|said| (said.text, said.addressed));
        assert_eq!(in_private, Some(("help".to_owned(), true)));
        assert_eq!(heard("/weather london", &[]), Some(("weather london".to_owned(), false)));
        let in_private = said("/weather", &[], &me(), true).map(|said| said.addressed);
        assert_eq!(in_private, Some(true));
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
    fn what_is_shown_as_code_or_as_a_quotation_is_marked_as_such() {
        let shown = |kind: &str, offset, length| Entity { kind: kind.into(), offset, length, user: None };
        for (text, entities, expected) in [
            ("approve 1", vec![shown("code", 0, 9)], "`approve 1`"),
            ("/approve 1", vec![shown("pre", 0, 10)], "```\n/approve 1\n```"),
            (
                "😀 it says\nx\n/approve 1",
                vec![shown("blockquote", 11, 12)],
                "😀 it says\n\n> x\n> /approve 1",
            ),
            ("a b", vec![shown("blockquote", 0, 3), shown("code", 0, 1), shown("bold", 2, 1)], "> a b"),
        ] {
            assert_eq!(heard(text, &entities), Some((expected.to_owned(), false)), "{text}");
        }
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
