//! A spool in a real folder.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Mutex;

use async_trait::async_trait;
use tokio::task::JoinHandle;

use super::*;
use crate::domain::alert::Format;

/// Takes in what comes, or says what it is told to say.
#[derive(Default)]
struct Recorder {
    accepted: Mutex<Vec<Delivery>>,
    rejected: Mutex<Vec<Rejected>>,
    refuses: Mutex<Option<NotAccepted>>,
    /// Renames this to that whenever something is told, as if the file could not be removed.
    hides: Mutex<Option<(PathBuf, PathBuf)>>,
}

impl Recorder {
    fn hide(&self) {
        if let Some((from, to)) = &*self.hides.lock().unwrap() {
            std::fs::rename(from, to).unwrap();
        }
    }
}

#[async_trait]
impl Intake for Recorder {
    async fn accept(&self, delivery: Delivery) -> Result<(), NotAccepted> {
        if let Some(refusal) = self.refuses.lock().unwrap().clone() {
            return Err(refusal);
        }
        self.accepted.lock().unwrap().push(delivery);
        self.hide();
        Ok(())
    }

    fn reject(&self, rejected: Rejected) {
        self.rejected.lock().unwrap().push(rejected);
        self.hide();
    }
}

/// A clock far from the files' own times, whose sleeps end when they are told to.
#[derive(Default)]
struct Rung(tokio::sync::Notify, Mutex<Option<Timestamp>>);

#[async_trait]
impl Clock for Rung {
    fn now(&self) -> Timestamp {
        self.1.lock().unwrap().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    async fn sleep_until(&self, _at: Timestamp) {
        std::future::pending().await
    }

    async fn sleep(&self, _duration: Duration) {
        self.0.notified().await;
    }
}

struct House {
    root: tempfile::TempDir,
    intake: Arc<Recorder>,
    clock: Arc<Rung>,
}

fn slot(source: &str) -> Slot {
    Slot { reading: Reading::new(source, Format::AlertmanagerApi), max_body: 4096 }
}

fn alert(name: &str) -> String {
    format!(r#"[{{"labels":{{"alertname":"{name}"}}}}]"#)
}

impl House {
    fn new() -> Self {
        let house =
            Self { root: tempfile::tempdir().unwrap(), intake: Arc::default(), clock: Arc::default() };
        house.prepare().unwrap();
        house
    }

    fn prepare(&self) -> Result<(), SpoolError> {
        prepare(&self.dir(), ["nas"].into_iter())
    }

    fn spool(&self) -> Spool {
        Spool {
            dir: self.dir(),
            top: slot("spool"),
            sources: BTreeMap::from([("nas".to_owned(), slot("nas"))]),
            intake: self.intake.clone(),
            clock: self.clock.clone(),
            every: Duration::from_secs(1),
            activity: Activity::default(),
        }
    }

    fn dir(&self) -> PathBuf {
        self.root.path().join("spool")
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.dir().join(path), text).unwrap();
    }

    async fn look(&self) {
        self.look_with(&mut Memory::default()).await;
    }

    async fn look_with(&self, memory: &mut Memory) {
        let (_keep, ending) = watch::channel(false);
        self.spool().look(memory, &ending).await;
    }

    /// What was taken in: the source and the signature of each alert.
    fn taken(&self) -> Vec<String> {
        let accepted = self.intake.accepted.lock().unwrap();
        let signals =
            accepted.iter().flat_map(|d| d.signals.iter().map(|s| format!("{} {}", d.source, s.signature)));
        signals.collect()
    }

    fn rejected(&self) -> Vec<String> {
        let rejected = self.intake.rejected.lock().unwrap();
        rejected.iter().map(|r| format!("{}: {}", r.source, r.why)).collect()
    }

    /// The names of all files in a folder of the spool, claimed ones too.
    fn left(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir().join(folder)).unwrap().map(|entry| entry.unwrap());
        let files = entries.filter(|entry| !entry.file_type().unwrap().is_dir());
        let mut names: Vec<String> = files.map(|e| e.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn files_are_taken_in_the_order_of_their_names_and_removed() {
    let house = House::new();
    for name in ["2", "10", "1"] {
        house.write(&format!("{name}.json"), &alert(&format!("A{name}")));
    }
    house.write("nas/x.json", &alert("Nas"));
    house.look().await;
    assert_eq!(house.taken(), ["spool a1", "spool a10", "spool a2", "nas nas"]);
    assert!(house.left("").is_empty() && house.left("nas").is_empty());
}

#[tokio::test]
async fn what_is_still_being_written_under_another_name_is_left_alone() {
    let house = House::new();
    for name in ["a.json.tmp", ".b.json", "c.tmp", "readme.txt"] {
        house.write(name, &alert("X"));
    }
    house.look().await;
    assert!(house.taken().is_empty() && house.rejected().is_empty());
    assert_eq!(house.left("").len(), 4);
}

#[tokio::test]
async fn what_is_not_taken_in_stays_and_nothing_overtakes_it() {
    let house = House::new();
    *house.intake.refuses.lock().unwrap() = Some(NotAccepted::Full { retry_after: Duration::from_secs(1) });
    house.write("b.json", &alert("B"));
    house.look().await;
    assert!(house.taken().is_empty() && house.rejected().is_empty());
    // Written while the other waits: one under an earlier name, one under the same.
    house.write("a.json", &alert("A"));
    house.write("b.json", &alert("B2"));
    house.look().await;
    *house.intake.refuses.lock().unwrap() = None;
    house.look().await;
    house.look().await;
    assert_eq!(house.taken(), ["spool b", "spool a", "spool b2"]);
    assert!(house.left("").is_empty());
}

#[tokio::test]
async fn what_a_steward_that_died_had_claimed_is_taken_by_the_next() {
    let house = House::new();
    house.write(".taken.a.json", &alert("A"));
    house.look().await;
    assert_eq!(house.taken(), ["spool a"]);
    assert!(house.left("").is_empty());
}

#[tokio::test]
async fn what_makes_no_sense_is_told_and_set_aside() {
    let house = House::new();
    house.write("bad.json", "nonsense");
    house.write("good.json", &alert("Good"));
    house.look().await;
    house.look().await;
    assert_eq!(house.taken(), ["spool good"]);
    let [told] = house.rejected().try_into().unwrap();
    assert!(told.starts_with("spool: bad.json: the body is not JSON"), "{told}");
    let [aside] = house.left(REJECTED).try_into().unwrap();
    assert_eq!(std::fs::read_to_string(house.dir().join(REJECTED).join(aside)).unwrap(), "nonsense");
    assert!(house.left("").is_empty());
}

#[tokio::test]
async fn a_file_that_was_written_this_moment_and_makes_no_sense_yet_is_given_time() {
    let house = House::new();
    house.write("slow.json", "[{\"labels\":");
    let modified = std::fs::metadata(house.dir().join("slow.json")).unwrap().modified().unwrap();
    *house.clock.1.lock().unwrap() = Some(modified.into());
    house.look().await;
    assert!(house.rejected().is_empty());
    house.write(".taken.slow.json", &alert("Slow"));
    house.look().await;
    assert_eq!(house.taken(), ["spool slow"]);
    assert!(house.rejected().is_empty());
}

#[tokio::test]
async fn only_the_newest_of_what_was_set_aside_is_kept() {
    let house = House::new();
    for n in 0..205 {
        house.write(&format!("{n:03}.json"), "nonsense");
    }
    house.look().await;
    let kept = house.left(REJECTED);
    assert_eq!(kept.len(), 200);
    assert!(kept[0].contains("005"), "{}", kept[0]);
}

#[tokio::test]
async fn links_pipes_and_second_names_are_never_read() {
    let house = House::new();
    let secret = house.root.path().join("shadow");
    std::fs::write(&secret, alert("Secret")).unwrap();
    symlink(&secret, house.dir().join("1-link.json")).unwrap();
    std::fs::hard_link(&secret, house.dir().join("2-second.json")).unwrap();
    let fifo = house.dir().join("3-pipe.json");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    // A whole folder that leads elsewhere.
    std::fs::create_dir(house.root.path().join("elsewhere")).unwrap();
    std::fs::write(house.root.path().join("elsewhere/x.json"), alert("Elsewhere")).unwrap();
    symlink(house.root.path().join("elsewhere"), house.dir().join("linked")).unwrap();
    house.write("4-good.json", &alert("Good"));
    house.look().await;
    assert_eq!(house.taken(), ["spool good"]);
    let told = house.rejected().join("\n");
    for (name, why) in
        [("1-link", "links are not followed"), ("2-second", "second name"), ("3-pipe", "no plain file")]
    {
        assert!(told.contains(&format!("{name}.json: it")) && told.contains(why), "{told}");
    }
    assert!(house.intake.rejected.lock().unwrap().iter().all(|r| r.body.is_empty()));
    assert!(secret.exists() && house.root.path().join("elsewhere/x.json").exists());
    assert_eq!(house.left(""), ["linked"]);
}

#[tokio::test]
async fn a_file_that_can_not_be_removed_is_taken_in_once() {
    for body in [alert("A"), "nonsense".to_owned()] {
        let house = House::new();
        let (claimed, hidden) = (house.dir().join(".taken.a.json"), house.root.path().join("hidden"));
        *house.intake.hides.lock().unwrap() = Some((claimed.clone(), hidden.clone()));
        house.write("a.json", &body);
        let mut memory = Memory::default();
        house.look_with(&mut memory).await;
        let told = house.taken().len() + house.rejected().len();
        assert_eq!((told, memory.complaints.now.len()), (1, 1), "{body}");
        // There it still is.
        std::fs::rename(&hidden, &claimed).unwrap();
        *house.intake.hides.lock().unwrap() = None;
        house.look_with(&mut memory).await;
        assert_eq!(house.taken().len() + house.rejected().len(), 1, "{body}");
        assert!(house.left("").is_empty() && memory.finished.is_empty());
        // Another of the same name is another.
        house.write("a.json", &alert("B"));
        house.look_with(&mut memory).await;
        assert_eq!(house.taken().last().unwrap(), "spool b");
    }
}

#[tokio::test]
async fn one_bad_alert_in_a_file_costs_no_other_and_is_told() {
    let house = House::new();
    house.write("two.json", &alert("Good").replace(']', r#",{"labels":{}}]"#));
    house.look().await;
    assert_eq!(house.taken(), ["spool good"]);
    let [told] = house.rejected().try_into().unwrap();
    assert!(told.starts_with("spool: two.json: 1 of 2 alerts was not understood"), "{told}");
    assert!(house.left("").is_empty());
}

#[tokio::test]
async fn a_file_that_is_too_long_or_of_no_source_is_set_aside() {
    let house = House::new();
    house.write("long.json", &" ".repeat(5000));
    std::fs::create_dir(house.dir().join("toaster")).unwrap();
    house.write("toaster/x.json", &alert("Toast"));
    house.look().await;
    let told = house.rejected().join("\n");
    assert!(told.contains("spool: long.json: it has more than 4096 bytes"), "{told}");
    assert!(told.contains("toaster: x.json: there is no source `toaster`"), "{told}");
    assert_eq!(house.left(REJECTED).len(), 2);
}

#[test]
fn a_new_spool_is_for_stewards_user_alone_and_one_that_is_there_stays_as_it_is() {
    let house = House::new();
    let mode = |dir: PathBuf| std::fs::metadata(dir).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(house.dir()), mode(house.dir().join("nas"))), (0o700, 0o700));
    std::fs::set_permissions(house.dir(), std::fs::Permissions::from_mode(0o2770)).unwrap();
    house.prepare().unwrap();
    assert_eq!(mode(house.dir()), 0o2770);
}

#[test]
fn a_spool_that_can_not_be_made_is_told_with_what_to_do() {
    let house = House::new();
    house.write("file", "");
    let told = prepare(&house.dir().join("file/spool"), std::iter::empty()).unwrap_err().to_string();
    assert!(told.contains("file/spool") && told.contains("`spool` under [alerts]"), "{told}");
}

#[tokio::test]
async fn it_looks_at_once_and_then_each_time_the_clock_says_and_rests_in_between() {
    let house = House::new();
    let spool = house.spool();
    let activity = spool.activity.clone();
    let (end, ending) = watch::channel(false);
    house.write("a.json", &alert("A"));
    let running: JoinHandle<()> = tokio::spawn(spool.run(ending));
    let taken = |count: usize| {
        let (house, activity) = (&house, &activity);
        async move {
            while house.taken().len() < count || activity.count() > 0 {
                tokio::task::yield_now().await;
            }
        }
    };
    taken(1).await;
    house.write("b.json", &alert("B"));
    assert_eq!(house.taken(), ["spool a"]);
    house.clock.0.notify_one();
    taken(2).await;
    end.send(true).unwrap();
    running.await.unwrap();
}
