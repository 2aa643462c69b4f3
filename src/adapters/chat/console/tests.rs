//! What a person sees, letter by letter.

use std::io;
use std::sync::{Arc, Mutex};

use super::*;
use crate::domain::card::{Attachment, Card, Mention, Refs};
use crate::domain::ids::IncidentId;
use crate::domain::signal::Severity;
use crate::engine::ports::Inbound;

/// Standard output in a test.
#[derive(Debug, Clone, Default)]
struct Paper {
    written: Arc<Mutex<Vec<u8>>>,
    broken: Arc<Mutex<Option<io::ErrorKind>>>,
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(kind) = *self.broken.lock().unwrap() {
            return Err(kind.into());
        }
        self.written.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn outbound(id: i64, place: Place, card: Card) -> Outbound {
    Outbound { id, written_at: chrono::DateTime::UNIX_EPOCH, place, card, refs: Refs::default() }
}

/// A console and what it wrote.
struct Desk {
    console: Console,
    paper: Paper,
    sent: i64,
}

impl Desk {
    fn new(style: Style) -> Self {
        let paper = Paper::default();
        Self { console: Console::new(Box::new(paper.clone()), style).unwrap(), paper, sent: 0 }
    }

    fn pipe(columns: u16) -> Self {
        Self::new(Style { room: Room::Fixed(Size { columns, rows: 0 }), ..Style::pipe() })
    }

    fn terminal(columns: u16, rows: u16) -> Self {
        let room = Room::Fixed(Size { columns, rows });
        Self::new(Style { terminal: true, prompt: true, room, color: false })
    }

    fn message(&mut self, place: Place, card: Card) -> Outbound {
        self.sent += 1;
        outbound(self.sent, place, card)
    }

    async fn try_tell(&mut self, place: Place, card: Card) -> Result<Delivered, DeliveryError> {
        let message = self.message(place, card);
        self.console.deliver(&message).await
    }

    /// Delivers a card and returns what that wrote.
    async fn tell(&mut self, place: Place, card: Card) -> String {
        self.seen();
        self.try_tell(place, card).await.unwrap();
        self.seen()
    }

    /// What was written since the last look.
    fn seen(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.paper.written.lock().unwrap())).unwrap()
    }

    /// Types `text`, until the end of the input; returns what was said.
    async fn type_in(&self, text: &[u8]) -> Vec<Inbound> {
        let said = Mutex::new(Vec::new());
        let listen = |inbound| said.lock().unwrap().push(inbound);
        self.console.keyboard().read(text, "anna".to_owned(), listen).await;
        said.into_inner().unwrap()
    }
}

fn incident(number: u64) -> IncidentId {
    IncidentId(ulid::Ulid::from_parts(number, 0))
}

fn root(number: u64) -> Place {
    Place::Root { incident: incident(number), number }
}

fn thread(number: u64) -> Place {
    Place::Thread { incident: incident(number), number }
}

fn answer() -> Place {
    Place::Answer { conversation: NAME.to_owned() }
}

/// A stale mount that takes two services with it.
fn stale() -> Card {
    Card::titled("#3 nas/media: /mnt/media is stale on 3 nodes")
        .severity(Severity::Error)
        .field("State", "open")
        .field("Root", "nas/media (nothing it needs is failing)")
        .field("Since", "2026-07-24 03:02:13")
        .field("Impact", "Jellyfin and imports cannot read media")
        .field("Symptoms", "k8s/media/jellyfin crashloop\nk8s/media/sonarr crashloop")
        .field(
            "Suspect change",
            "\"nfs: switch to v4.2\" by Anna at 02:58:40 (git:homelab 3f2a9c01d4e5): touches nas/media, 4 minutes before",
        )
        .action("Acknowledge", "ack 3")
}

/// The same, with a field changed.
fn with(card: Card, name: &str, value: &str) -> Card {
    let mut card = card;
    for field in card.fields.iter_mut().filter(|field| field.name == name) {
        field.value = value.to_owned();
    }
    card
}

fn resolved() -> Card {
    let mut card = with(stale(), "State", "resolved");
    card = with(card, "Since", "2026-07-24 03:02:13, for 4 min").field("Tried", "remount: worked");
    card.done = true;
    card.actions.clear();
    card
}

/// An update of the thread, with so many lines of evidence.
fn update(lines: usize) -> Card {
    let log: Vec<String> = (1..=lines).map(|n| format!("[{n}.0] nfs: server nas not responding")).collect();
    let mut card = Card::titled("#3")
        .line("03:02:13 seen   /mnt/media is stale on 3 nodes (nas/media nfs-stale, reported by skill:stale-mounts).")
        .line("03:02:14 repair Repairing: remount it.");
    card.attachments.push(Attachment { name: "nas/media nfs-stale.txt".into(), text: log.join("\n") });
    card
}

fn assert_lines(seen: &str, expected: &[&str]) {
    assert_eq!(seen.lines().collect::<Vec<_>>(), expected, "\n{seen}");
    assert!(seen.ends_with('\n'));
}

#[tokio::test]
async fn a_new_incident_is_a_block_that_says_where_it_stands() {
    assert_lines(
        &Desk::pipe(100).tell(root(3), stale()).await,
        &[
            "── ERROR #3 nas/media: /mnt/media is stale on 3 nodes ──────────────────────────────────────────────",
            "   State           open",
            "   Root            nas/media (nothing it needs is failing)",
            "   Since           2026-07-24 03:02:13",
            "   Impact          Jellyfin and imports cannot read media",
            "   Symptoms        k8s/media/jellyfin crashloop",
            "                   k8s/media/sonarr crashloop",
            "   Suspect change  \"nfs: switch to v4.2\" by Anna at 02:58:40 (git:homelab 3f2a9c01d4e5): touches",
            "                   nas/media, 4 minutes before",
            "   → type: ack 3",
        ],
    );
}

#[tokio::test]
async fn a_narrow_screen_shows_the_same_in_more_rows() {
    assert_lines(
        &Desk::pipe(40).tell(root(3), stale()).await,
        &[
            "── ERROR #3 nas/media: /mnt/media is",
            "   stale on 3 nodes ────────────────────",
            "   State     open",
            "   Root      nas/media (nothing it needs",
            "             is failing)",
            "   Since     2026-07-24 03:02:13",
            "   Impact    Jellyfin and imports cannot",
            "             read media",
            "   Symptoms  k8s/media/jellyfin",
            "             crashloop",
            "             k8s/media/sonarr crashloop",
            "   Suspect change",
            "             \"nfs: switch to v4.2\" by",
            "             Anna at 02:58:40",
            "             (git:homelab 3f2a9c01d4e5):",
            "             touches nas/media, 4",
            "             minutes before",
            "   → type: ack 3",
        ],
    );
}

#[tokio::test]
async fn in_a_pipe_an_edit_tells_what_changed_and_no_more() {
    let mut desk = Desk::pipe(100);
    desk.tell(root(3), stale().field("Severity", "error")).await;
    let mut card = with(stale().field("Severity", "error"), "State", "remediating, people called");
    card = with(card, "Symptoms", "k8s/media/jellyfin crashloop (recovered)\nk8s/media/sonarr crashloop")
        .field("Tried", "remount: running");
    assert_lines(
        &desk.tell(root(3), card.clone()).await,
        &[
            "#3 │ State  open → remediating, people called",
            "#3 │ Symptoms  k8s/media/jellyfin crashloop (recovered)",
            "#3 │ Tried  remount: running",
        ],
    );
    assert_eq!(desk.tell(root(3), card.clone()).await, "", "an edit that changes nothing is silent");
    card.title = "#3 nas: suspected, because 3 that need it fail".into();
    card.severity = Some(Severity::Critical);
    let mut card = with(card, "Severity", "critical");
    card.fields.retain(|field| field.name != "Tried");
    assert_lines(
        &desk.tell(root(3), card.clone()).await,
        &[
            "#3 │ Now  #3 nas: suspected, because 3 that need it fail",
            "#3 │ Severity  error → critical",
            "#3 │ Tried  remount: running → none",
        ],
    );
    let asking = card.action("Approve", "approve 7");
    assert_lines(&desk.tell(root(3), asking).await, &["#3 │ → type: approve 7"]);
}

#[tokio::test]
async fn an_incident_that_is_over_gets_a_short_last_word() {
    let mut desk = Desk::pipe(100);
    desk.tell(root(3), stale()).await;
    assert_lines(
        &desk.tell(root(3), resolved()).await,
        &[
            "",
            "── ✓ #3 nas/media: /mnt/media is stale on 3 nodes ──────────────────────────────────────────────────",
            "   State           resolved",
            "   Root            nas/media (nothing it needs is failing)",
            "   Since           2026-07-24 03:02:13, for 4 min",
            "   Suspect change  \"nfs: switch to v4.2\" by Anna at 02:58:40 (git:homelab 3f2a9c01d4e5): touches",
            "                   nas/media, 4 minutes before",
            "   Tried           remount: worked",
        ],
    );
    let closed = with(resolved(), "State", "closed");
    assert_lines(&desk.tell(root(3), closed).await, &["#3 │ State  resolved → closed"]);
}

#[tokio::test]
async fn a_block_at_the_bottom_of_a_terminal_is_redrawn_over_exactly_the_rows_it_took() {
    for columns in [40, 100] {
        let mut desk = Desk::terminal(columns, 50);
        desk.tell(Place::Lab, Card::titled("Something above it")).await;
        let first = desk.tell(root(3), stale()).await;
        let rows = first.lines().count() - 1;
        assert!(
            first.starts_with("\n──") && first.lines().all(|row| text::columns(row) < usize::from(columns))
        );

        let longer = with(stale(), "State", "remediating");
        let longer = with(longer, "Impact", &"nobody can read any media ".repeat(5));
        let second = desk.tell(root(3), longer).await;
        let redrawn = second.strip_prefix(&format!("\r\x1b[{rows}A\x1b[J── ERROR #3")).expect(&second);
        assert!(redrawn.contains("remediating") && redrawn.lines().count() > rows);

        let third = desk.tell(root(3), resolved()).await;
        assert!(third.starts_with(&format!("\r\x1b[{}A\x1b[J── ✓ #3", redrawn.lines().count())), "{third:?}");
    }
}

#[tokio::test]
async fn a_block_is_not_redrawn_where_anything_else_may_stand() {
    let edit = || with(stale(), "State", "remediating");
    let told = "#3 │ State  open → remediating\n";

    let mut desk = Desk::terminal(100, 50);
    desk.tell(root(3), stale()).await;
    desk.tell(thread(3), update(1)).await;
    assert_eq!(desk.tell(root(3), edit()).await, told, "another message");

    let mut desk = Desk::terminal(100, 50);
    desk.tell(root(3), stale()).await;
    desk.type_in(b"\n").await;
    let seen = desk.tell(root(3), edit()).await;
    assert!(seen.ends_with(told), "something typed: {seen:?}");

    let mut desk = Desk::terminal(100, 50);
    desk.tell(root(3), stale()).await;
    desk.console.aside().write_all(b"a log line\n").unwrap();
    // The writer may have come to the line already, or not: what counts is what both wrote.
    desk.try_tell(root(3), edit()).await.unwrap();
    let seen = desk.seen();
    assert!(seen.ends_with(&format!("a log line\n{told}")), "something logged: {seen:?}");

    let mut desk = Desk::terminal(100, 10);
    desk.tell(root(3), stale()).await;
    assert_eq!(desk.tell(root(3), edit()).await, told, "a block that is partly off the screen");

    let mut desk = Desk::terminal(100, 50);
    let odd = |card| with(card, "Impact", "the 👩\u{200d}🚀 family can't watch");
    desk.tell(root(3), odd(stale())).await;
    assert_eq!(desk.tell(root(3), odd(edit())).await, told, "letters that terminals disagree about");
}

#[tokio::test]
async fn a_thread_is_rows_behind_the_incidents_number_with_the_beginning_of_the_evidence() {
    let mut expected = vec![
        "#3 │ 03:02:13 seen   /mnt/media is stale on 3 nodes (nas/media nfs-stale, reported by",
        "   │                 skill:stale-mounts).",
        "#3 │ 03:02:14 repair Repairing: remount it.",
        "   │ nas/media nfs-stale:",
    ];
    let log: Vec<String> =
        (1..=12).map(|n| format!("   │   [{n}.0] nfs: server nas not responding")).collect();
    expected.extend(log.iter().map(String::as_str));
    assert_lines(&Desk::pipe(100).tell(thread(3), update(12)).await, &expected);
    expected.push("   │   … 18 more lines: show 3");
    assert_lines(&Desk::pipe(100).tell(thread(3), update(30)).await, &expected);
}

#[tokio::test]
async fn evidence_takes_twelve_rows_at_most_however_long_its_lines_are() {
    let mut card = Card::titled("#3").line("03:02:13 seen   Much.");
    let text = vec!["x".repeat(500); 20].join("\n");
    card.attachments.push(Attachment { name: "log.txt".into(), text });
    let seen = Desk::pipe(60).tell(thread(3), card).await;
    let rows: Vec<&str> = seen.lines().filter(|row| row.contains("xxx")).collect();
    assert_eq!(rows.len(), 12, "{seen}");
    assert!(rows[1].ends_with('…') && rows.iter().all(|row| text::columns(row) <= 60), "{seen}");
    assert!(seen.ends_with("   │   … 14 more lines: show 3\n"), "{seen}");
}

#[tokio::test]
async fn a_question_says_what_to_type_and_never_breaks_it_in_two() {
    let ask = Card::titled("#3")
        .line(
            "03:02:20 ask    Waiting for you: may I run vacuum-journal? It would run: journalctl \
             --vacuum-size=200M. Why I ask: nobody can undo it. Type `approve 7` or `deny 7`.",
        )
        .action("Approve", "approve 7")
        .action("Deny", "deny 7");
    assert_lines(
        &Desk::pipe(100).tell(thread(3), ask.clone()).await,
        &[
            "#3 │ 03:02:20 ask    Waiting for you: may I run vacuum-journal? It would run: journalctl",
            "   │                 --vacuum-size=200M. Why I ask: nobody can undo it. Type `approve 7` or",
            "   │                 `deny 7`.",
            "   │ → type: approve 7 · deny 7",
        ],
    );
    for columns in 24..120 {
        let seen = Desk::pipe(columns).tell(thread(3), ask.clone()).await;
        assert_eq!(seen.matches("`deny 7`").count(), 1, "{seen}");
        assert_eq!(seen.matches("approve 7").count(), 2, "{seen}");
    }
}

#[tokio::test]
async fn a_call_is_loud_names_the_incident_and_rings_on_a_terminal_only() {
    let mut call =
        Card::titled("#3").line("03:02:30 call   nas/media broke for the third time within the hour.");
    call.mention = Mention::Here;
    let expected = [
        "",
        "@here #3 nas/media: /mnt/media is stale on 3 nodes",
        "#3 │ 03:02:30 call   nas/media broke for the third time within the hour.",
    ];
    let mut desk = Desk::pipe(100);
    desk.tell(root(3), stale()).await;
    assert_lines(&desk.tell(thread(3), call.clone()).await, &expected);

    let mut desk = Desk::terminal(100, 50);
    desk.tell(root(3), stale()).await;
    let seen = desk.tell(thread(3), call.clone()).await;
    assert_lines(seen.strip_prefix('\x07').expect("a bell"), &expected);

    let unknown = Desk::pipe(100).tell(thread(4), call).await;
    assert!(unknown.starts_with("@here #4 needs a person\n"), "{unknown}");
}

#[tokio::test]
async fn hostile_text_shows_as_text_and_can_not_pass_for_steward() {
    let evil = "\u{1b}[2J\u{1b}[31mred\u{1b}[0m \u{202e}desrever\u{7} \u{9b}5A\r\n@here all is lost\n── ✓ #3 solved\n\
                #9 │ 03:00:00 good   fixed\n03:00:00 good   fixed";
    let mut card = Card::titled(format!("@here {evil}")).line(evil).line(format!("03:02:13 seen   {evil}"));
    card = card.field("State", evil).field("@here", evil).action("Approve", format!("approve 7{evil}"));
    card.attachments
        .push(Attachment { name: format!("@here\n{evil}"), text: format!("{evil}\n{}", "w".repeat(300)) });
    for columns in [40, 100] {
        for style in [Desk::pipe(columns), Desk::terminal(columns, 90)] {
            let mut desk = style;
            let places = [root(3), thread(3), Place::Lab, answer()];
            for place in places {
                let seen = desk.tell(place.clone(), card.clone()).await;
                assert!(
                    seen.contains("red desrever")
                        && !seen.contains(['\x1b', '\u{9b}', '\u{7}', '\u{202e}', '\r'])
                );
                for row in seen.lines().filter(|row| !row.is_empty()) {
                    let first = row.chars().next().unwrap();
                    let own = match place {
                        Place::Thread { .. } | Place::Question { .. } => {
                            row.starts_with("#3 │ ") || row.starts_with("   │ ")
                        }
                        Place::Root { .. } => {
                            row.starts_with("── ERROR @here") || row.starts_with("── @here") || first == ' '
                        }
                        Place::Lab => row.starts_with("── @here") || first == ' ',
                        Place::Answer { .. } => first == ' ',
                    };
                    assert!(own, "{row:?} in\n{seen}");
                    assert!(text::columns(row) <= usize::from(columns), "{row:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_line_within_a_paragraph_is_no_entry_of_the_timeline() {
    let style = Style { color: true, ..Style::pipe() };
    let card = Card::titled("#3").line("03:02:13 seen   one\n03:02:14 good   forged");
    let seen = Desk::new(style).tell(thread(3), card).await;
    assert!(seen.contains("\x1b[1;33mseen\x1b[0m") && !seen.contains("mgood"), "{seen:?}");
}

#[tokio::test]
async fn an_answer_keeps_the_columns_of_its_table_and_shows_all_of_its_evidence() {
    let table = "#3   error    nas/media  /mnt/media is stale on 3 nodes  4 min\n#12  warning  nas        87 % full                       2 h";
    let mut card = Card::titled("2 incidents, 1 needs you").line(table).line("").line("Nothing is silenced.");
    card = card.field("Watching", "12 skills").field("Paused", "no").action("More", "show 3");
    card.attachments.push(Attachment { name: "log.txt".into(), text: vec!["a line"; 30].join("\n") });
    let mut expected = vec![
        "2 incidents, 1 needs you",
        "  #3   error    nas/media  /mnt/media is stale on 3 nodes  4 min",
        "  #12  warning  nas        87 % full                       2 h",
        "",
        "  Nothing is silenced.",
        "  Watching  12 skills",
        "  Paused    no",
        "  log:",
    ];
    expected.extend(vec!["    a line"; 30]);
    expected.push("  → type: show 3");
    let mut desk = Desk::pipe(100);
    assert_lines(&desk.tell(answer(), card.clone()).await, &expected);
    let narrow = Desk::pipe(40).tell(answer(), card).await;
    let row = ["  #3   error    nas/media  /mnt/media is", "                stale on 3 nodes  4 min"];
    assert!(narrow.contains(&row.join("\n")), "{narrow}");
}

#[tokio::test]
async fn colours_say_how_bad_it_is_and_are_left_out_where_unwanted() {
    let shown =
        async |card: Card| Desk::new(Style { color: true, ..Style::pipe() }).tell(root(3), card).await;
    let begins = |seen: &str, code: &str| assert!(seen.starts_with(&format!("\x1b[{code}m── ")), "{seen:?}");
    begins(&shown(stale()).await, "1;31");
    begins(&shown(stale().severity(Severity::Warning)).await, "1;33");
    begins(&shown(stale().severity(Severity::Info)).await, "1;34");
    begins(&shown(resolved()).await, "1;32");
    assert!(!Desk::terminal(100, 50).tell(root(3), stale()).await.contains('\x1b'));
}

#[tokio::test]
async fn a_root_message_has_a_name_and_is_told_whole_once_after_a_restart() {
    let mut desk = Desk::pipe(100);
    let first = desk.try_tell(root(3), stale()).await.unwrap();
    assert_eq!(first, Delivered { own: Some("console:3".into()), ..Delivered::default() });
    assert_eq!(desk.try_tell(thread(3), update(1)).await.unwrap(), Delivered::default());

    let mut later = Desk::pipe(100);
    let mut message = later.message(root(3), with(stale(), "State", "mitigated"));
    message.refs.own = first.own;
    assert_eq!(later.console.deliver(&message).await.unwrap(), Delivered::default());
    assert!(later.seen().starts_with("── ERROR #3"));
    assert_lines(&later.tell(root(3), stale()).await, &["#3 │ State  mitigated → open"]);
}

#[tokio::test]
async fn a_message_that_is_delivered_twice_is_told_once() {
    let mut desk = Desk::pipe(100);
    let message = desk.message(thread(3), update(1));
    desk.console.deliver(&message).await.unwrap();
    assert_ne!(desk.seen(), "");
    desk.console.deliver(&message).await.unwrap();
    assert_eq!(desk.seen(), "");
}

#[tokio::test]
async fn of_a_forgotten_incident_the_whole_block_is_told_again() {
    let mut desk = Desk::pipe(100);
    for number in 1..=201 {
        desk.tell(root(number), stale()).await;
    }
    let edit = with(stale(), "State", "mitigated");
    assert_lines(&desk.tell(root(2), edit.clone()).await, &["#2 │ State  open → mitigated"]);
    assert!(desk.tell(root(1), edit).await.starts_with("\n── ERROR"));
}

#[tokio::test]
async fn what_nobody_reads_any_more_waits_for_the_next_start_with_the_reason() {
    let mut desk = Desk::pipe(100);
    *desk.paper.broken.lock().unwrap() = Some(io::ErrorKind::BrokenPipe);
    for _ in 0..2 {
        let error = desk.try_tell(root(3), stale()).await.unwrap_err();
        assert!(
            matches!(&error, DeliveryError::Transient { why, hold: Some(_) } if why.contains("gone")),
            "{error}"
        );
    }
}

/// A terminal that stands still until it is let go.
struct Still(std::sync::mpsc::Receiver<()>);

impl Write for Still {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_terminal_that_stands_still_holds_up_its_own_message_and_nothing_else() {
    let (let_go, still) = std::sync::mpsc::channel();
    let console = Console::new(Box::new(Still(still)), Style::pipe()).unwrap();
    let message = outbound(1, root(3), stale());
    let told = tokio::spawn(async move { console.deliver(&message).await });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!told.is_finished(), "delivered means written");
    let_go.send(()).unwrap();
    told.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_could_not_be_written_for_now_is_told_by_the_next_try() {
    let mut desk = Desk::pipe(100);
    let message = desk.message(root(3), stale());
    *desk.paper.broken.lock().unwrap() = Some(io::ErrorKind::StorageFull);
    let error = desk.console.deliver(&message).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Transient { .. }), "{error}");
    *desk.paper.broken.lock().unwrap() = None;
    desk.console.deliver(&message).await.unwrap();
    assert!(desk.seen().contains("── ERROR #3"));
}

#[tokio::test]
async fn each_line_is_one_thing_said_by_the_operator() {
    let desk = Desk::pipe(100);
    let said = desk.type_in(b"status\n\n   \n\x1b[A  what changed? \r\nshow \xff3").await;
    let texts: Vec<&str> = said.iter().map(|inbound| inbound.text.as_str()).collect();
    assert_eq!(texts, ["status", "what changed?", "show \u{fffd}3"]);
    assert_eq!(
        said[0],
        Inbound {
            platform: "console".into(),
            conversation: "console".into(),
            user: "anna".into(),
            user_id: "anna".into(),
            operator: true,
            text: "status".into(),
            incident: None,
            addressed: true,
            pressed: false,
            bookmark: None,
        }
    );
    desk.console.close().await;
    assert_eq!(desk.seen(), "", "a pipe shows no prompt");
}

#[tokio::test]
async fn a_line_that_is_too_long_is_refused_whole_and_the_next_one_counts() {
    let desk = Desk::pipe(100);
    let just = format!("silence nas for 2h {}", "x".repeat(4096 - 19));
    let said = desk.type_in(format!("{just}\n{just}y\nstatus\n").as_bytes()).await;
    let texts: Vec<&str> = said.iter().map(|inbound| inbound.text.as_str()).collect();
    assert_eq!(texts, [just.as_str(), "status"]);
    desk.console.close().await;
    assert_eq!(desk.seen(), "That line is longer than 4096 bytes; nothing was done.\n");
}

#[tokio::test]
async fn the_prompt_stands_below_what_is_told_and_leaves_with_the_typist() {
    let mut desk = Desk::terminal(100, 50);
    let (keys, screen) = (desk.console.keyboard(), tokio::io::duplex(64));
    let (mut typing, reading) = screen;
    let said = tokio::spawn(keys.read(tokio::io::BufReader::new(reading), "anna".into(), |_| ()));
    tokio::io::AsyncWriteExt::write_all(&mut typing, b"\n").await.unwrap();
    while !desk.paper.written.lock().unwrap().ends_with(b"steward> steward> ") {
        tokio::task::yield_now().await;
    }
    let notice = desk.tell(Place::Lab, Card::titled("Hello")).await;
    assert!(notice.starts_with("\r\x1b[K\n── Hello ─") && notice.ends_with("─\nsteward> "), "{notice:?}");

    drop(typing);
    said.await.unwrap();
    desk.console.close().await;
    assert_eq!(desk.seen(), "\r\x1b[Kconsole closed; Ctrl-C ends Steward\n");
    assert!(!desk.tell(Place::Lab, Card::titled("Bye")).await.contains("steward>"));
}
