use proptest::prelude::*;
use teloxide::types::MessageEntityKind;

use super::*;
use crate::domain::card::Mention;

/// What is covered by each style, in order.
fn styled(piece: &Piece) -> Vec<(String, String)> {
    let units: Vec<u16> = piece.text.encode_utf16().collect();
    let cover = |e: &teloxide::types::MessageEntity| {
        let kind = match &e.kind {
            MessageEntityKind::Bold => "bold",
            MessageEntityKind::Code => "code",
            MessageEntityKind::Pre { .. } => "pre",
            _ => "mention",
        };
        let text = String::from_utf16(&units[e.offset..e.offset + e.length]).unwrap();
        (kind.to_owned(), text)
    };
    piece.entities.iter().map(cover).collect()
}

fn attachment(name: &str, text: &str) -> Attachment {
    Attachment { name: name.into(), text: text.into() }
}

#[test]
fn a_card_reads_from_the_title_to_the_evidence() {
    let mut card = Card::titled("#1").severity(Severity::Critical).line("08:00:10 seen   it is  down");
    card = card
        .line("                and 3 more joined.")
        .line("a  1\nbb  2")
        .line("prose")
        .field("Next", "wait");
    card.attachments = vec![attachment("nas.txt", "one\ntwo")];
    let post = post(&card, &[]);
    assert_eq!(
        post.pieces[0].text,
        "🔴 #1\n08:00:10 👁 it is  down\nand 3 more joined.\na  1\nbb  2\nprose\nNext: wait\nnas.txt\none\ntwo"
    );
    let expected =
        [("bold", "#1"), ("pre", "a  1\nbb  2"), ("bold", "Next:"), ("bold", "nas.txt"), ("pre", "one\ntwo")];
    assert_eq!(styled(&post.pieces[0]), expected.map(|(kind, text)| (kind.to_owned(), text.to_owned())));
    assert!(post.documents.is_empty() && post.keyboard.is_none());
}

#[test]
fn a_table_that_is_wider_than_a_phone_is_told_line_by_line() {
    let row = format!("silence TARGET  {}  really", "no messages ".repeat(5).trim());
    let post = post(&Card::titled("x").line(row), &[]);
    assert_eq!(styled(&post.pieces[0])[1], ("code".to_owned(), "silence TARGET".to_owned()));
    assert!(post.pieces[0].text.ends_with("no messages · really"), "{}", post.pieces[0].text);
}

#[test]
fn a_long_list_takes_several_messages_with_the_buttons_under_the_last() {
    let mut card = Card::titled("x").action("Ack", "ack 1");
    card.body = (0..400).map(|n| format!("line number {n}")).collect();
    let post = post(&card, &[]);
    assert_eq!(post.pieces.len(), 2);
    assert!(post.keyboard.is_some() && post.documents.is_empty());
    let all = post.pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join("\n");
    assert!((0..400).all(|n| all.contains(&format!("line number {n}"))));
}

#[test]
fn an_endless_list_is_a_file_and_a_beginning() {
    let mut card = Card::titled("The story");
    card.body = (0..4000).map(|n| format!("line number {n}")).collect();
    let post = post(&card, &[]);
    assert_eq!((post.pieces.len(), post.documents.len()), (1, 1));
    assert_eq!(post.documents[0].name, "The-story.txt");
    assert!(post.documents[0].text.contains("line number 3999"));
}

#[test]
fn what_must_be_one_message_is_cut_and_whole_in_a_file() {
    let argv = format!("rm {}the-end", "very-long-argument ".repeat(400));
    let card = Card::titled("Approval 7: may I?").field("Would run", &argv).field("Expires", "soon");
    let post = question(&card.action("Approve", "approve 7"));
    assert_eq!(post.pieces.len(), 1);
    let text = &post.pieces[0].text;
    assert!(text.contains('…') && text.contains("Expires: soon") && text.ends_with(HINT), "{text}");
    assert_eq!(post.documents[0].name, "Approval-7-may-I.txt");
    assert!(post.documents[0].text.contains("the-end"));
}

#[test]
fn short_evidence_stands_in_the_message_and_long_evidence_is_a_file_with_a_tame_name() {
    let mut card = Card::titled("x");
    card.attachments = vec![
        attachment("a", "short"),
        attachment("../etc/pass wd é.txt", &"l\n".repeat(11)),
        attachment("b", " "),
    ];
    let post = post(&card, &[]);
    assert!(post.pieces[0].text.contains("short"));
    let names: Vec<&str> = post.documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["etc-pass-wd.txt"]);
    card.attachments = (0..9).map(|n| attachment(&format!("e{n}"), "text")).collect();
    let many = super::post(&card, &[]);
    assert_eq!(many.documents.len(), 1, "many become one");
    assert!(many.documents[0].text.contains("== e8 =="));
}

#[test]
fn an_incident_that_is_over_is_well_and_a_question_that_is_over_is_neither_yes_nor_no() {
    let over = Card { done: true, ..Card::titled("x").severity(Severity::Error) };
    assert_eq!(root(&over).pieces[0].text, "✅ x");
    assert_eq!(question(&over).pieces[0].text, "⚪ x");
}

#[test]
fn a_command_that_no_button_can_hold_gets_none() {
    let card = Card::titled("x").action("Yes", "y".repeat(64)).action("No", "n".repeat(65));
    let keyboard = post(&card, &[]).keyboard.unwrap();
    assert_eq!(keyboard.inline_keyboard.concat().len(), 1);
}

#[test]
fn who_is_called_is_mentioned_whatever_their_name_is() {
    let called = [Called { id: 5, name: "@all /x".into() }, Called { id: 6, name: "Bob".into() }];
    let piece = post(&Card::titled("#1"), &called).pieces.remove(0);
    assert_eq!(piece.text, "📣 @\u{2060}all /\u{2060}x, Bob\n#1");
    assert_eq!(styled(&piece)[1], ("mention".to_owned(), "Bob".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_a_card_says_it_fits_and_what_must_be_one_message_is_one(
        title in "[ -~é😀]{0,300}",
        body in prop::collection::vec("[ -~😀\n]{0,600}", 0..12),
        fields in prop::collection::vec(("[a-z ]{1,20}", "[ -~é😀\n@/]{0,2000}"), 0..10),
    ) {
        let mut card = Card::titled(title).severity(Severity::Info);
        card.body = body;
        card.mention = Mention::Nobody;
        for (name, value) in fields {
            card = card.field(&name, value);
        }
        let single = root(&card);
        prop_assert_eq!(single.pieces.len(), 1);
        for piece in single.pieces.iter().chain(&post(&card, &[]).pieces) {
            let length = units(&piece.text);
            prop_assert!(length <= LONGEST && !piece.text.trim().is_empty());
            prop_assert!(piece.entities.len() <= 100);
            prop_assert!(piece.entities.iter().all(|e| e.length > 0 && e.offset + e.length <= length));
        }
    }
}
