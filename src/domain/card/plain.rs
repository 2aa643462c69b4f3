//! A card as plain text, for where nothing draws it: the answer to a command line.

use super::Card;

/// The card's text, row by row, without markup and without a line break at its end. Whatever it came from, nothing
/// in it moves a cursor or reorders text.
#[must_use]
pub fn plain(card: &Card) -> String {
    let card = card.cleaned();
    let mut rows: Vec<String> = Vec::new();
    rows.extend((!card.title.is_empty()).then(|| card.title.clone()));
    rows.extend(card.body.iter().flat_map(|text| text.lines().map(str::to_owned)));
    let width = card.fields.iter().map(|field| field.name.chars().count()).max().unwrap_or(0);
    for field in &card.fields {
        for (at, line) in field.value.lines().enumerate() {
            let name = if at == 0 { field.name.as_str() } else { "" };
            rows.push(format!("  {name:<width$}  {line}"));
        }
    }
    for attachment in &card.attachments {
        rows.push(format!("{}:", attachment.name));
        rows.extend(attachment.text.lines().map(|line| format!("  {line}")));
    }
    if !card.actions.is_empty() {
        let commands: Vec<&str> = card.actions.iter().map(|action| action.command.as_str()).collect();
        rows.push(format!("-> {}", commands.join(" | ")));
    }
    rows.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::Attachment;

    #[test]
    fn a_card_is_told_whole_row_by_row() {
        let mut card = Card::titled("Incidents: 1 open")
            .line("one\ntwo")
            .field("Broken now", "nas/media nfs-stale\npve4/disk disk-fill")
            .field("Chat", "quiet")
            .action("Approve", "approve 7")
            .action("Deny", "deny 7");
        card.attachments.push(Attachment { name: "evidence".into(), text: "a\nb".into() });
        assert_eq!(
            plain(&card),
            "Incidents: 1 open\none\ntwo\n  Broken now  nas/media nfs-stale\n              pve4/disk disk-fill\n  Chat        quiet\nevidence:\n  a\n  b\n-> approve 7 | deny 7"
        );
        assert_eq!(plain(&Card::titled("All is well")), "All is well");
    }

    #[test]
    fn text_from_outside_can_not_draw_on_whatever_shows_it() {
        let card = Card::titled("no\u{1b}[2J\nrow").line("a\u{202e}b").field("\u{7}Now", "x\u{1b}[31m");
        assert_eq!(plain(&card), "no row\nab\n  Now  x");
    }
}
