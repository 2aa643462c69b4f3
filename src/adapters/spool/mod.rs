//! The spool: a folder for whatever can write a file.
//!
//! `FOLDER/SOURCE/NAME.json` is one body of that source, `FOLDER/NAME.json` one in Steward's own form. Whoever may
//! write there is believed, as the folder's rights say, and no further: nothing but plain files is read.
//!
//! A file is claimed by giving it another name, read, handed over, and removed only when that is durable. So what is
//! written under the same name meanwhile is not lost, and what was claimed by a Steward that died is taken by the next.

mod file;
mod folder;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use self::file::{Content, Mark};
use self::folder::{Folder, Name};
use crate::domain::alert::Reading;
use crate::domain::signal::Timestamp;
use crate::engine::activity::{Activity, told};
use crate::engine::ports::{Clock, Delivery, Intake, NotAccepted, Rejected};

/// Where files go that could not be taken in. No source is called that.
pub const REJECTED: &str = "rejected";
/// Bytes kept of a body that was not understood.
const KEPT: usize = 16 * 1024;
/// How old a file that makes no sense has to be: a younger one may not be written to its end yet.
const YOUNG: Duration = Duration::from_secs(2);
/// How many files are taken of one folder before the others have their turn.
const AT_ONCE: usize = 1000;
/// How many files are remembered that could not be removed.
const UNREMOVED: usize = 10_000;

/// How the files of one folder are read.
#[derive(Debug, Clone)]
pub struct Slot {
    /// How a file's content is read; the source it names is the source of what is in it.
    pub reading: Reading,
    /// Bytes of one file at most.
    pub max_body: usize,
}

/// What the spool works with.
pub struct Spool {
    /// The folder.
    pub dir: PathBuf,
    /// How what lies in the folder itself is read.
    pub top: Slot,
    /// How what lies in the folder of that name is read. These folders are made at the start.
    pub sources: BTreeMap<String, Slot>,
    /// Takes in what is found.
    pub intake: Arc<dyn Intake>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How often is looked.
    pub every: Duration,
    /// What is under way.
    pub activity: Activity,
}

/// The spool's folder can't be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "the spool {} can't be used ({why}); no alert could come in as a file, so nothing was started; give the folder to the user that runs Steward, or name another as `spool` under [alerts]",
    .dir.display()
)]
pub struct SpoolError {
    dir: PathBuf,
    why: std::io::Error,
}

/// Makes what is missing of a spool and of the folders of its sources, for this user alone. What is there stays as it
/// is.
///
/// # Errors
/// [`SpoolError`], with what to do.
pub fn prepare<'a>(dir: &Path, mut sources: impl Iterator<Item = &'a str>) -> Result<(), SpoolError> {
    let failed = |why| SpoolError { dir: dir.to_owned(), why };
    folder::make(dir).map_err(failed)?;
    sources.try_for_each(|name| folder::make(&dir.join(name))).map_err(failed)
}

/// How far the look at a folder came.
enum Came {
    /// To its end.
    Through,
    /// What was found is not taken in now; the rest has to wait, or the order would be lost.
    ToAStop,
}

impl Spool {
    /// Looks for files until Steward ends.
    pub async fn run(self, mut ending: watch::Receiver<bool>) {
        let mut memory = Memory::default();
        loop {
            {
                let _busy = self.activity.begin();
                memory.complaints.next_round();
                self.look(&mut memory, &ending).await;
            }
            tokio::select! {
                () = self.clock.sleep(self.every) => {}
                () = told(&mut ending) => return,
            }
        }
    }

    /// One look at all of it.
    async fn look(&self, memory: &mut Memory, ending: &watch::Receiver<bool>) {
        let dir = self.dir.clone();
        let listed = blocking(move || {
            let root = Folder::open(&dir)?;
            let names = root.folders()?;
            Ok((Arc::new(root), names))
        });
        let (root, names) = match listed.await {
            Ok(found) => found,
            Err(error) => return memory.complaints.tell(&self.dir, "the spool can't be read", &error),
        };
        let top = self.top.reading.source.clone();
        let Came::Through = self.look_at(&root, &root, &top, Some(&self.top), memory, ending).await else {
            return;
        };
        for name in names.into_iter().filter(|name| name != REJECTED) {
            let (above, sub) = (root.clone(), name.clone());
            let folder = match blocking(move || above.below(&sub)).await {
                Ok(folder) => Arc::new(folder),
                Err(error) => {
                    memory.complaints.tell(&self.dir.join(&name), "the folder can't be read", &error);
                    continue;
                }
            };
            let slot = self.sources.get(&name);
            let Came::Through = self.look_at(&root, &folder, &name, slot, memory, ending).await else {
                return;
            };
        }
    }

    /// One look at a folder: takes its files in the order of their names.
    async fn look_at(
        &self,
        root: &Arc<Folder>,
        folder: &Arc<Folder>,
        source: &str,
        slot: Option<&Slot>,
        memory: &mut Memory,
        ending: &watch::Receiver<bool>,
    ) -> Came {
        let path = if Arc::ptr_eq(root, folder) { self.dir.clone() } else { self.dir.join(source) };
        let listing = folder.clone();
        let names = match blocking(move || listing.files(AT_ONCE)).await {
            Ok(names) => names,
            Err(error) => {
                memory.complaints.tell(&path, "the folder can't be read", &error);
                return Came::Through;
            }
        };
        let mut held = BTreeSet::new();
        for name in names {
            if *ending.borrow() {
                return Came::ToAStop;
            }
            if held.contains(name.original()) {
                continue;
            }
            let place = Place { root: root.clone(), folder: folder.clone(), source: source.to_owned() };
            match self.take(place, &name, slot, memory).await {
                Ok(Taken::Done) => {}
                Ok(Taken::Later) => {
                    held.insert(name.original().to_owned());
                }
                Ok(Taken::Refused(why)) => {
                    memory.complaints.tell(&path, "what lies in the spool is not taken in now", &why);
                    return Came::ToAStop;
                }
                Err(error) => {
                    memory.complaints.tell(&path.join(name.shown()), "the file can't be taken", &error)
                }
            }
        }
        Came::Through
    }

    /// Takes one file, from claiming it to removing it.
    async fn take(
        &self,
        place: Place,
        name: &Name,
        slot: Option<&Slot>,
        memory: &mut Memory,
    ) -> std::io::Result<Taken> {
        let most = slot.map_or(KEPT, |slot| slot.max_body);
        let (folder, claimed) = (place.folder.clone(), name.clone());
        let Some((mark, content)) = blocking(move || folder.claim(&claimed, most)).await? else {
            return Ok(Taken::Done);
        };
        if memory.finished.contains(&mark) {
            // What is in it was told; only the file would not go.
            self.remove(place, name).await?;
            memory.finished.remove(&mark);
            return Ok(Taken::Done);
        }
        let now = self.clock.now();
        let (why, body) = match (content, slot) {
            (Content::Unreadable(why), _) => (why, Vec::new()),
            (Content::Body { bytes, .. }, None) => (format!("there is no source `{}`", place.source), bytes),
            (Content::Body { bytes, modified }, Some(slot)) => match slot.reading.read(&bytes, now) {
                Ok(notice) => {
                    let faults = notice.faults_told();
                    let delivery = Delivery::of(&place.source, notice, now);
                    if let Err(why) = self.intake.accept(delivery).await {
                        return Ok(Taken::Refused(why));
                    }
                    if let Some(faults) = faults {
                        self.record(&place.source, name, &faults.why, faults.body, now);
                    }
                    let removed = self.remove(place, name).await;
                    return memory.finish(mark, removed);
                }
                Err(_) if is_young(modified, now) => return Ok(Taken::Later),
                Err(why) => (why.to_string(), bytes),
            },
        };
        let moved = self.set_aside(place, name, why, &body, now).await;
        memory.finish(mark, moved)
    }

    async fn remove(&self, place: Place, name: &Name) -> std::io::Result<()> {
        let claimed = name.clone();
        blocking(move || place.folder.remove(&claimed)).await
    }

    /// Keeps what could not be taken in for a look: what is wrong in Steward's own record, the file in its folder.
    async fn set_aside(
        &self,
        place: Place,
        name: &Name,
        why: String,
        body: &[u8],
        now: Timestamp,
    ) -> std::io::Result<()> {
        let body = String::from_utf8_lossy(body.get(..KEPT).unwrap_or(body)).into_owned();
        self.record(&place.source, name, &why, body, now);
        let name = name.clone();
        let moved = move || place.root.set_aside(&place.folder, &name, &place.source, now.timestamp_millis());
        blocking(moved).await
    }

    /// Records what was not understood.
    fn record(&self, source: &str, name: &Name, why: &str, body: String, now: Timestamp) {
        tracing::warn!(source, file = name.shown(), why, "what a file in the spool says was not understood");
        let why = format!("{}: {why}", name.shown());
        self.intake.reject(Rejected { source: source.to_owned(), at: now, why, body });
    }
}

/// Where a file lies.
struct Place {
    root: Arc<Folder>,
    folder: Arc<Folder>,
    source: String,
}

/// What became of a file.
enum Taken {
    /// It is gone: taken in, set aside, or taken away by somebody else.
    Done,
    /// It may not be complete yet.
    Later,
    /// It lies there still.
    Refused(NotAccepted),
}

fn is_young(modified: Timestamp, now: Timestamp) -> bool {
    (now - modified).to_std().is_ok_and(|age| age < YOUNG)
}

/// Does file work beside the runtime.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
}

/// What is remembered from one look to the next.
#[derive(Default)]
struct Memory {
    complaints: Complaints,
    /// What was taken in or told, and could not be removed: it is not taken in again. Lost with the process, after
    /// which it counts once more, as whatever arrives twice does.
    finished: BTreeSet<Mark>,
}

impl Memory {
    /// Notes what became of a file that needs no other look.
    fn finish(&mut self, mark: Mark, gone: std::io::Result<()>) -> std::io::Result<Taken> {
        if gone.is_err() {
            if self.finished.len() >= UNREMOVED {
                self.finished.clear();
            }
            self.finished.insert(mark);
        }
        gone.map(|()| Taken::Done)
    }
}

/// What was complained of: each thing is told once, until it was well in between.
#[derive(Default)]
struct Complaints {
    before: BTreeSet<PathBuf>,
    now: BTreeSet<PathBuf>,
}

impl Complaints {
    fn next_round(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }

    fn tell(&mut self, path: &Path, what: &str, why: &dyn std::fmt::Display) {
        if !self.before.contains(path) && !self.now.contains(path) {
            tracing::warn!(path = %path.display(), %why, "{what}; it is tried again and again");
        }
        self.now.insert(path.to_owned());
    }
}
