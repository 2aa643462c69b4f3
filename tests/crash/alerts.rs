//! Steward is killed while alerts come in, and held to what it acknowledged: every alert is known in its last
//! acknowledged state, in the order of its acknowledgements, and nothing was taken or told twice.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use steward::domain::signal::Origin;

use super::book::Book;
use super::dice::Dice;
use super::life::Life;
use super::load::{Acknowledged, Counts, Sender, is_firing, webhook};
use super::number;
use super::site::Site;

/// Connections that alerts come in on.
const SENDERS: u64 = 8;
/// So few deliveries may wait that some are turned away.
const CAPACITY: u32 = 6;

#[test]
fn what_was_acknowledged_over_http_is_known_in_its_order_however_often_steward_is_killed() {
    let (kills, seed) = (number("STEWARD_CRASH_KILLS", 20), number("STEWARD_CRASH_SEED", 1));
    let site = Site::new(Some(CAPACITY));
    let lived = std::panic::catch_unwind(|| {
        let (acknowledged, counts) = under_load(&site, || killed(&site, kills, &mut Dice::new(seed)));
        let mut life = site.live();
        all_is_known(&site, &mut life, &acknowledged);
        said_again_it_is_the_same(&site, &mut life, &acknowledged);
        all_is_told(&site, &mut life);
        assert!(life.end(), "it did not end well when it was asked to");
        nothing_twice(&site.database());
        Book::beside(site.database()).folded();
        let [taken, refused, unanswered] = [&counts.acknowledged, &counts.refused, &counts.unanswered]
            .map(|count| count.load(Ordering::SeqCst));
        println!(
            "seed {seed}: {kills} kills; {taken} deliveries acknowledged with {} alerts; {refused} times no room, {unanswered} times no answer",
            acknowledged.len()
        );
        assert!(unanswered > 0 && taken > kills, "it was not killed under load");
    });
    if let Err(panic) = lived {
        eprintln!("seed {seed}; the site is left in {}", site.keep().display());
        std::panic::resume_unwind(panic);
    }
}

/// Has alerts come in while something else is done; returns what was acknowledged.
fn under_load(site: &Site, meanwhile: impl FnOnce() + std::panic::UnwindSafe) -> (Acknowledged, Counts) {
    let (enough, counts) = (AtomicBool::new(false), Counts::default());
    let acknowledged = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|name| {
                let sender = Sender { name, to: site.address(), enough: &enough, counts: &counts };
                scope.spawn(move || sender.run())
            })
            .collect();
        // A last Steward takes what was not acknowledged before; without it the senders would wait for ever.
        let done = std::panic::catch_unwind(meanwhile);
        enough.store(true, Ordering::SeqCst);
        let last = site.live();
        let acknowledged = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();
        last.kill();
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
        acknowledged
    });
    (acknowledged, counts)
}

/// Begins life after life and kills each: most of them at work, some before they listen.
fn killed(site: &Site, kills: u64, dice: &mut Dice) {
    for _ in 0..kills {
        let early = dice.chance(25);
        let mut life = if early { Life::begin(site.path()) } else { site.live() };
        let pause = Duration::from_micros(dice.between(0, if early { 60_000 } else { 600_000 }));
        let began = Instant::now();
        while began.elapsed() < pause {
            assert!(!life.has_ended(), "Steward has ended by itself:\n{}", super::tail(&site.log()));
            std::thread::sleep(Duration::from_micros(300));
        }
        life.kill();
    }
}

/// Every alert is there in its last acknowledged state, and its story has each change of it once, in turn.
fn all_is_known(site: &Site, life: &mut Life, acknowledged: &Acknowledged) {
    let conn = site.database();
    let expected: BTreeMap<String, &str> = acknowledged
        .iter()
        .map(|(name, changes)| (name.clone(), if is_firing(*changes) { "firing" } else { "resolved" }))
        .collect();
    site.wait("all that was acknowledged to be known", life, || {
        let known = states(&conn);
        (known.len() == expected.len()
            && expected.iter().all(|(name, state)| known.get(name).is_some_and(|s| s == state)))
        .then_some(())
    });
    let stories = stories(&conn);
    for (name, changes) in acknowledged {
        let story = stories.get(name).cloned().unwrap_or_default();
        let in_turn = story.iter().enumerate().all(|(n, fires)| *fires == (n % 2 == 0));
        assert!(
            in_turn && story.len() as u64 == *changes,
            "{name} changed {changes} times, and its story is {story:?} (true: it fires)"
        );
    }
}

/// Everything is sent once more: nothing new comes of it.
fn said_again_it_is_the_same(site: &Site, life: &mut Life, acknowledged: &Acknowledged) {
    let before = stories(&site.database());
    let done = done(&site.database());
    let all: Vec<_> = acknowledged.iter().collect();
    let parts: Vec<&[_]> = all.chunks(200).collect();
    for part in &parts {
        let batch = part.iter().map(|(name, changes)| ((*name).clone(), **changes)).collect();
        site.wait("a repetition to be taken", life, || {
            (site.post_webhook(&webhook(&batch)).0 == 200).then_some(())
        });
    }
    let conn = site.database();
    site.wait("repetitions to be worked off", life, || {
        (self::done(&conn) >= done + parts.len() as u64).then_some(())
    });
    assert_eq!(stories(&conn), before, "what arrived twice counted twice");
}

fn all_is_told(site: &Site, life: &mut Life) {
    let conn = site.database();
    site.wait("everything to be told", life, || {
        (count(&conn, "SELECT count(*) FROM outbox WHERE state = 'pending'") == 0).then_some(())
    });
}

/// One incident for a fault, one root message for an incident, and no two messages of a thread for one event.
fn nothing_twice(conn: &Connection) {
    let twice = [
        (
            "incidents of one alert that live at once",
            "SELECT count(*) FROM (SELECT 1 FROM incidents WHERE live = 1 GROUP BY root, signature HAVING count(*) > 1)",
        ),
        (
            "messages of a thread that say the same",
            "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE thread LIKE 'incident:%' GROUP BY thread, place, card HAVING count(*) > 1)",
        ),
    ];
    for (what, sql) in twice {
        assert_eq!(count(conn, sql), 0, "{what}");
    }
}

/// The state of each alert, by its fingerprint.
fn states(conn: &Connection) -> BTreeMap<String, String> {
    let mut query = conn.prepare("SELECT origin, state FROM signals").unwrap();
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).unwrap();
    rows.map(|row| row.unwrap()).filter_map(|(origin, state)| Some((fingerprint(&origin)?, state))).collect()
}

fn fingerprint(origin: &str) -> Option<String> {
    match Origin::try_from(origin.to_owned()) {
        Ok(Origin::Alert { fingerprint, .. }) => Some(fingerprint),
        _ => None,
    }
}

/// What the incidents tell of each alert's target, in turn: whether it fires.
fn stories(conn: &Connection) -> BTreeMap<String, Vec<bool>> {
    let sql = "SELECT i.root, e.kind FROM events e JOIN incidents i ON i.id = e.incident
         WHERE e.kind IN ('opened', 'returned', 'reopened', 'recovered') ORDER BY e.incident, e.seq";
    let mut query = conn.prepare(sql).unwrap();
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    let mut stories: BTreeMap<String, Vec<bool>> = BTreeMap::new();
    for (target, kind) in rows.map(|row| row.unwrap()) {
        stories.entry(target).or_default().push(kind != "recovered");
    }
    stories
}

/// How many deliveries were worked off.
fn done(conn: &Connection) -> u64 {
    count(conn, "SELECT value FROM settings WHERE key = 'inbox_done'")
}

fn count(conn: &Connection, sql: &str) -> u64 {
    let value: rusqlite::types::Value = conn.query_row(sql, [], |row| row.get(0)).unwrap();
    match value {
        rusqlite::types::Value::Integer(number) => number.try_into().unwrap(),
        rusqlite::types::Value::Text(text) => text.trim_matches('"').parse().unwrap(),
        other => panic!("{other:?} is no number: {sql}"),
    }
}
