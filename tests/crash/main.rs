//! Kills the real binary at many points of a real remediation, starts it again, and holds it to its promises: no
//! acknowledged line lost, no message lost, no step repeated without a look, no child of a dead Steward left running
//! unseen, the database intact, the incident brought to an end.
//!
//! `STEWARD_CRASH_KILLS` says how often (20), `STEWARD_CRASH_SEED` what is drawn (1). Real time passes here, because a
//! real process is killed: nothing waits for a time, all wait for what they can see, up to a deadline.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "all of it is one test: it fails by panicking, and says what it counted"
)]

mod alerts;
mod book;
mod dice;
mod effects;
mod hostile;
mod lab;
mod life;
mod load;
mod prometheus;
mod site;
mod wire;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use book::{Book, Lines};
use dice::Dice;
use lab::Lab;
use life::Life;

/// Labs at work side by side.
const LABS: u64 = 4;
/// The longest that anything may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often to look.
const LOOK: Duration = Duration::from_millis(2);

#[test]
fn killed_at_any_instant_steward_goes_on_loses_nothing_and_repeats_nothing_blindly() {
    let kills = number("STEWARD_CRASH_KILLS", 20);
    let seed = number("STEWARD_CRASH_SEED", 1);
    let total = side_by_side(|n| {
        let share = kills / LABS + u64::from(n < kills % LABS);
        Story::new("1s", seed * 1000 + n).run(|story| story.lives(share))
    });
    let Tally { kills: killed, orphans, incidents, outcomes, .. } = &total;
    println!(
        "seed {seed}: {killed} kills, {orphans} of them left children; {incidents} incidents; repairs: {outcomes:?}"
    );
    println!("killed after so many lines of what happened: {:?}", total.moments);
    assert_eq!(*killed, kills);
}

#[test]
fn what_a_skill_sees_once_in_a_long_while_survives_a_kill_right_after_its_run() {
    let rounds = number("STEWARD_CRASH_KILLS", 20).div_ceil(5 * LABS);
    let total = side_by_side(|n| {
        let mut tally = Tally::default();
        (0..rounds).for_each(|round| tally.add(Story::new("1h", n * rounds + round).run(Story::looks_once)));
        tally
    });
    assert_eq!((total.kills, total.incidents), (rounds * LABS, rounds * LABS));
}

fn side_by_side(work: impl Fn(u64) -> Tally + Sync) -> Tally {
    let mut total = Tally::default();
    std::thread::scope(|scope| {
        let work = &work;
        let labs: Vec<_> = (0..LABS).map(|n| scope.spawn(move || work(n))).collect();
        labs.into_iter().for_each(|lab| total.add(lab.join().unwrap()));
    });
    total
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[derive(Default)]
struct Tally {
    kills: u64,
    /// How many kills left a process of the lab running.
    orphans: u64,
    incidents: u64,
    outcomes: BTreeMap<String, u64>,
    /// How many kills came after how many lines of `effects.log` in their round.
    moments: BTreeMap<usize, u64>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.incidents += other.incidents;
        self.kills += other.kills;
        self.orphans += other.orphans;
        other.outcomes.into_iter().for_each(|(name, count)| *self.outcomes.entry(name).or_default() += count);
        other.moments.into_iter().for_each(|(at, count)| *self.moments.entry(at).or_default() += count);
    }
}

/// One lab, and the Stewards that live and die in it.
struct Story {
    lab: Lab,
    dice: Dice,
    seed: u64,
    tally: Tally,
    /// How often Steward had greeted when its present life began.
    greetings: u64,
}

impl Story {
    fn new(every: &str, seed: u64) -> Self {
        Self { lab: Lab::new(every), dice: Dice::new(seed), seed, tally: Tally::default(), greetings: 0 }
    }

    /// A failure leaves the lab on disk and says where.
    fn run(mut self, live: impl FnOnce(&mut Self)) -> Tally {
        let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| live(&mut self)));
        if let Err(panic) = lived {
            let (seed, kills) = (self.seed, self.tally.kills);
            let place = self.lab.keep();
            eprintln!("lab seed {seed}, after {kills} kills; the lab is left in {}", place.display());
            std::panic::resume_unwind(panic);
        }
        self.tally
    }

    /// Lives through so many kills.
    fn lives(&mut self, kills: u64) {
        let mut life = Life::begin(self.lab.path());
        let book = self.wait("a database", &mut life, Book::open);
        let mut round = 0;
        while self.tally.kills < kills {
            round += 1;
            let before = self.lab.effects().len();
            let (stubborn, jammed) = (self.dice.chance(40), self.dice.chance(20));
            self.lab.break_it(round, stubborn, jammed);
            let tries = if stubborn { 2 } else { 1 };
            life = self.killed(life, &book, before, tries);
            while self.tally.kills < kills && self.dice.chance(30) {
                self.until_chance(&mut life, 400);
                life = self.kill(life, &book, before);
            }
            self.comes_to_rest(&mut life, &book, round);
        }
        self.ends(life, &book);
    }

    /// The thing is broken when the skill first looks, and Steward is killed as soon as that look is on record.
    fn looks_once(&mut self) {
        self.lab.break_it(1, false, false);
        let mut life = Life::begin(self.lab.path());
        let book = self.wait("a database", &mut life, Book::open);
        self.until(&mut life, |_| book.has_looked());
        life = self.kill(life, &book, 0);
        self.comes_to_rest(&mut life, &book, 1);
        self.ends(life, &book);
    }

    fn ends(&mut self, life: Life, book: &Book) {
        assert!(life.end(), "it did not end well when it was asked to");
        book.is_sound();
        self.tally.incidents = book.incidents();
        self.tally.outcomes = book.outcomes();
    }

    /// Waits for a moment of a repair that takes so many tries, drawn anew each time, and kills.
    fn killed(&mut self, mut life: Life, book: &Book, before: usize, tries: u64) -> Life {
        match self.dice.between(0, 2) {
            0 => self.until_chance(&mut life, 700 + 600 * tries),
            1 => {
                let line = before + usize::try_from(self.dice.between(1, 10 * tries)).unwrap();
                self.until(&mut life, |lab| lab.effects().len() >= line);
                self.until_chance(&mut life, 3);
            }
            _ => {
                let commits = book.commits() + self.dice.between(1, 32 * tries);
                self.until(&mut life, |_| book.commits() >= commits);
            }
        }
        self.kill(life, book, before)
    }

    /// Lets a drawn time pass.
    fn until_chance(&mut self, life: &mut Life, most: u64) {
        let pause = Duration::from_micros(self.dice.between(0, most * 1000));
        let began = Instant::now();
        self.until(life, |_| began.elapsed() >= pause);
    }

    /// Waits for a moment that may never come: then any is as good.
    fn until(&self, life: &mut Life, come: impl Fn(&Lab) -> bool) {
        let began = Instant::now();
        while !come(&self.lab) && began.elapsed() < Duration::from_secs(3) {
            assert!(!life.has_ended(), "Steward has ended by itself:\n{}", tail(&self.lab.log()));
            std::thread::sleep(Duration::from_micros(300));
        }
    }

    /// Kills Steward and starts it again. What could be seen before, by anybody, must be there after.
    fn kill(&mut self, life: Life, book: &Book, before: usize) -> Life {
        let acknowledged = book.lines();
        let steward = life.pid();
        life.kill();
        let orphans = life::workers(&self.lab, Some(steward));
        self.tally.kills += 1;
        self.tally.orphans += u64::from(!orphans.is_empty());
        *self.tally.moments.entry(self.lab.effects().len() - before).or_default() += 1;
        self.greetings = book.greetings();
        let mut next = Life::begin(self.lab.path());
        self.nothing_lost(&acknowledged, &book.lines());
        let gone = |_: &Lab| orphans.iter().all(|(name, _)| !life::is_alive(*name)).then_some(());
        self.wait(&format!("the end of what an earlier Steward left: {orphans:?}"), &mut next, gone);
        next
    }

    fn nothing_lost(&self, before: &Lines, after: &Lines) {
        for (line, rest) in before {
            assert_eq!(after.get(line), Some(rest), "{line} was there and is not any more");
        }
    }

    /// Lets Steward bring its work to an end, as a person would if it asks for one, and looks at all of it.
    fn comes_to_rest(&self, life: &mut Life, book: &Book, round: u64) {
        self.wait("rest", life, |lab| {
            if book.is_stuck() {
                lab.mend_by_hand();
            }
            let awake = book.greetings() > self.greetings;
            (awake && !lab.is_broken() && book.is_at_rest()).then_some(())
        });
        book.is_sound();
        book.stuck_ones_called();
        book.steps_were_told();
        book.messages_arrived(&self.lab.console());
        if let Some(fault) = effects::fault(&self.lab.effects()) {
            panic!("{fault}");
        }
        assert!(book.incidents() > 0, "it was forgotten");
        let value = self.lab.value();
        match book.last_outcome().as_deref() {
            Some("succeeded") => assert_eq!(value, "mended"),
            Some("unwound") => {
                assert_eq!(value, format!("before-{round}"), "what was taken back is not as it was")
            }
            _ => {}
        }
    }

    /// Waits for something to be seen.
    fn wait<T>(&self, what: &str, life: &mut Life, seen: impl Fn(&Lab) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = seen(&self.lab) {
                return found;
            }
            assert!(!life.has_ended(), "Steward has ended by itself:\n{}", tail(&self.lab.log()));
            if began.elapsed() > DEADLINE {
                panic!(
                    "waited in vain for {what}\n-- log:\n{}\n-- console:\n{}\n-- effects:\n{}",
                    tail(&self.lab.log()),
                    tail(&self.lab.console()),
                    tail(&self.lab.effects().join("\n"))
                );
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
