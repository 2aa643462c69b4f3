//! Long and odd texts, and files: all of it arrives, within the platform's limits.

use steward::domain::card::{Card, Place};

use super::cards::{has_words, incident, is_whole, letters, update, with_file, words};
use super::room::{Room, question, root, thread};
use super::stage::Shown;

/// Longer than any message of any platform.
const LONG: usize = 10_000;
const IN_THREAD: &str = "a thread";

/// Puts a card in every place but an answer; what was shown of it in each.
async fn everywhere(room: &Room, card: &Card) -> Vec<(&'static str, Vec<Shown>)> {
    let titled = |title: String| Card { title, ..card.clone() };
    let mut shown = Vec::new();
    let titles = room.news(root(1), &titled(format!("#1 {}", card.title))).await;
    shown.push(("a root message", titles));
    room.tell(root(2), &incident(2)).await;
    room.tell(thread(2), &update(2, "it is broken")).await;
    for (what, place, card) in [
        // An update is titled with its incident's number, which the thread says already.
        (IN_THREAD, thread(2), titled("#2".to_owned())),
        ("a question", question(2, 7), card.clone()),
        ("a notice", Place::Lab, card.clone()),
    ] {
        shown.push((what, room.news(place, &card).await));
    }
    shown
}

/// All of these words are in every place.
async fn arrives(room: &Room, card: &Card, texts: &[String]) {
    for (what, shown) in everywhere(room, card).await {
        let wanted = texts.iter().filter(|text| what != IN_THREAD || **text != card.title);
        for (at, text) in wanted.enumerate() {
            let sizes: Vec<_> = shown.iter().map(|m| (m.text.len(), m.files.len())).collect();
            let begin: String = text.chars().take(40).collect();
            assert!(has_words(&shown, text), "{what}: text {at} ({begin}…) is not whole in {sizes:?}");
        }
    }
}

pub async fn a_long_body_arrives_whole_everywhere(room: &mut Room) {
    let text = words('w', LONG);
    arrives(room, &Card::titled("It says much").line(&text), &[text]).await;
    let lines: Vec<String> = (0..700).map(|n| format!("line-{n:03}.")).collect();
    let card = lines.iter().fold(Card::titled("It says many lines"), |card, line| card.line(line));
    room.tell(Place::Lab, &card).await;
    assert!(has_words(&room.stage.everything(), &lines.join(" ")), "lines got lost");
}

pub async fn a_long_field_and_many_fields_arrive_whole_everywhere(room: &mut Room) {
    let long = words('f', 3000);
    let mut texts = vec![long.clone()];
    let mut card = Card::titled("It has many fields").field("Long", &long);
    for n in 1..30 {
        texts.push(format!("name-{n}"));
        texts.push(format!("value-{n}."));
        card = card.field(&format!("name-{n}"), format!("value-{n}."));
    }
    arrives(room, &card, &texts).await;
    // Each of these is too long for one value, and all of them are for one message.
    let long: Vec<String> = ('a'..='l').map(|mark| words(mark, 2000)).collect();
    let card =
        long.iter().fold(Card::titled("It has many long fields"), |card, text| card.field(&text[..5], text));
    let mut missing = Vec::new();
    for (what, place) in
        [("a root message", root(5)), ("a thread", thread(5)), ("a question", question(5, 9))]
    {
        let titled = Card { title: format!("#5 {what}"), ..card.clone() };
        let shown = room.news(place, &titled).await;
        let lost = long.iter().filter(|text| !has_words(&shown, text));
        missing.extend(lost.map(|text| format!("{what}: {}…", &text[..20])));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

pub async fn a_long_title_arrives_whole_everywhere(room: &mut Room) {
    let title = words('t', 600);
    arrives(room, &Card::titled(&title).line("and a text"), &[title]).await;
}

pub async fn everything_long_at_once_arrives_whole(room: &mut Room) {
    let (title, body, field) = (words('t', 600), words('w', LONG), words('f', 3000));
    let evidence = words('e', LONG);
    let mut texts =
        vec![title.clone(), body.clone(), field.clone(), field.replace('f', "g"), evidence.clone()];
    let mut card =
        Card::titled(&title).line(&body).field("One", &field).field("Two", field.replace('f', "g"));
    for n in 1..30 {
        texts.push(format!("value-{n}."));
        card = card.field(&format!("name-{n}"), format!("value-{n}."));
    }
    // Without files, the beginning of the evidence is shown.
    if room.can().files {
        card = with_file(card, "evidence.txt", &evidence);
    } else {
        texts.retain(|text| *text != evidence);
    }
    arrives(room, &card, &texts).await;
}

pub async fn an_edit_that_is_too_long_loses_nothing_silently(room: &mut Room) {
    room.tell(root(3), &incident(3)).await;
    let body = words('w', LONG);
    room.tell(root(3), &incident(3).line(&body).field("Much", words('f', 3000))).await;
    let shown = [room.stage.roots(3), room.stage.thread(3)].concat();
    let says_so = shown.iter().any(|message| message.text.contains('…'));
    assert!(has_words(&shown, &body) || says_so, "{}", room.stage.transcript());
    room.tell(root(3), &incident(3)).await;
    let now = room.stage.roots(3).pop().unwrap();
    assert!(!room.can().edits || !now.text.contains("w0001"), "{}", now.text);
}

pub async fn characters_of_two_units_are_never_cut_in_two(room: &mut Room) {
    // Four code units that belong together, over and over, behind something that shifts where a cut would fall.
    for shift in 0..4 {
        let text = format!("{}{}", "x".repeat(shift), "🇩🇪".repeat(2500));
        room.tell(Place::Lab, &Card::titled(format!("Flags {shift}")).line(&text)).await;
        let shown = room.stage.everything();
        assert!(!shown.iter().any(|message| message.text.contains('\u{fffd}')), "a character was cut in two");
        assert!(is_whole(&shown, &text), "flags got lost");
    }
}

pub async fn attachments_arrive_whole_with_their_names(room: &mut Room) {
    let log: Vec<String> = (1..=200).map(|n| format!("[{n}.0] nfs: server nas not responding")).collect();
    let log = log.join("\n");
    room.tell(root(3), &incident(3)).await;
    let card = with_file(update(3, "it is broken"), "nas/media nfs-stale.txt", &log);
    let card = with_file(card, "short.txt", "two\nlines");
    room.tell(thread(3), &card).await;
    let shown = room.stage.thread(3);
    if room.can().files {
        let files: Vec<_> = shown.iter().flat_map(|message| message.files.clone()).collect();
        let (name, text) = files.iter().find(|(_, text)| text.contains("[200.0]")).expect("there is no file");
        let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        assert_eq!(plain(name), "nasmedianfsstaletxt");
        assert_eq!(letters(text), letters(&log));
    } else {
        let inline = &shown[0].text;
        assert!(inline.contains("nas/media nfs-stale") && inline.contains("[1.0] nfs"), "{inline}");
        assert!(inline.contains("show 3"), "it is not said where the rest is: {inline}");
    }
    assert!(shown.iter().any(|message| message.text.contains("short")), "{shown:#?}");
    assert!(is_whole(&shown, "two lines"), "{shown:#?}");
}

pub async fn many_attachments_all_arrive(room: &mut Room) {
    room.tell(root(3), &incident(3)).await;
    let text = |n: u64| format!("evidence-{n}. {}", words('e', 2000));
    let card = (1..=12)
        .fold(update(3, "it is broken"), |card, n| with_file(card, &format!("file-{n}.txt"), &text(n)));
    room.tell(thread(3), &card).await;
    let shown = room.stage.thread(3);
    for n in 1..=12 {
        let named = format!("file-{n}");
        let is_named = shown.iter().any(|message| {
            message.text.contains(&named)
                || message.files.iter().any(|(name, text)| name.starts_with(&named) || text.contains(&named))
        });
        assert!(is_named, "{named} is not named\n{}", room.stage.transcript());
        let wanted = if room.can().files { text(n) } else { format!("evidence-{n}.") };
        assert!(has_words(&shown, &wanted), "{named} is not whole\n{}", room.stage.transcript());
    }
}

pub async fn a_card_with_next_to_nothing_in_it_is_shown(room: &mut Room) {
    room.tell(root(3), &Card::titled("#3 x")).await;
    room.tell(thread(3), &update(3, "x")).await;
    for card in [
        Card::titled("x"),
        Card::titled("x").line(""),
        Card::titled("").line("x"),
        Card::titled("x").line("").line("  ").line("x"),
        with_file(Card::titled("x"), "", "x"),
        with_file(Card::titled("x"), "empty.txt", ""),
        with_file(Card::titled("x"), "../../etc/passwd", "x"),
    ] {
        let shown = room.news(Place::Lab, &card).await;
        assert!(shown.iter().any(|message| message.text.contains('x')), "{card:?}");
    }
    room.tell(thread(3), &with_file(update(3, "x"), "nothing.txt", "  \n ")).await;
}
