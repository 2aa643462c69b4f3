//! The digest: what happened since the last one, in one card, for a person with a coffee.
//!
//! What is over has left the memory, so the past is read from the store; what waits and what is hidden is asked of the
//! world. Whoever asks in chat gets the same card at any time.

mod card;

use chrono_tz::Tz;

use super::answers::Librarian;
use super::told::Told;
use super::world::{Live, World};
use crate::domain::incident::{Acknowledgement, Incident, State};
use crate::domain::signal::Timestamp;
use crate::store::lately::{self, Fixed, Touched};
use crate::store::silences::{Ignored, ignored};
use crate::store::{Store, StoreError};

pub use card::card;

/// The setting that keeps when the last digest was due that was told, in milliseconds since 1970.
pub const TOLD: &str = "digest_told";
/// Most incidents, repairs, and problems that were held back, that are read for one digest.
const READ: usize = 1000;

/// What happened since a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lately {
    /// The moment.
    pub since: Timestamp,
    /// The time of the digest that this is for.
    pub due: Timestamp,
    /// Whether it is told though there is nothing to tell.
    pub always: bool,
    /// Incidents that opened or were resolved.
    pub incidents: Vec<Touched>,
    /// Whether there were more of them.
    pub more: bool,
    /// How much people asked for in plain words.
    pub asked: usize,
    /// What was repaired without anybody being asked.
    pub fixed: Vec<Fixed>,
    /// What was held back as noise.
    pub ignored: Vec<Ignored>,
    /// Sources of changes that could not be read lately, a sentence each.
    pub unread: Vec<String>,
}

impl Lately {
    /// Reads what happened since `since`, for the digest of `due`.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn read(store: &Store, since: Timestamp, due: Timestamp) -> Result<Self, StoreError> {
        let read = move |conn: &rusqlite::Connection| {
            let (incidents, more) = lately::incidents(conn, since, READ)?;
            let fixed = lately::fixed(conn, since, READ)?;
            // What somebody wants is nothing that broke.
            let (incidents, wishes): (Vec<Touched>, Vec<Touched>) =
                incidents.into_iter().partition(|touched| touched.incident.is_fault());
            let is_asked = |wish: &&Touched| wish.opened && wish.incident.about() == "request";
            let asked = wishes.iter().filter(is_asked).count();
            let (ignored, _) = ignored(conn, since, READ)?;
            Ok(Self { since, due, always: false, incidents, more, asked, fixed, ignored, unread: Vec::new() })
        };
        store.read(read).await
    }
}

/// What is so now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Who stopped all changes, if they are.
    pub paused_by: Option<String>,
    /// Questions that wait: the number of the question, of its incident, the runbook, and what it is for.
    pub approvals: Vec<(u64, u64, String, String)>,
    /// Offers that wait: the number of the offer, of its case, and what it is.
    pub offers: Vec<(u64, u64, String)>,
    /// Incidents that are not over.
    pub open: Vec<Open>,
    /// Silences that hide something broken: what they are called, until when, and what they hide.
    pub hidden: Vec<(String, Timestamp, String)>,
    /// Sources of alerts that say nothing, or nothing that is understood.
    pub lost_sources: Vec<String>,
    /// Skills that can't look, and why, a line each.
    pub not_checked: Vec<String>,
    /// How many skills are in force.
    pub skills: usize,
}

/// An incident that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Its number.
    pub number: u64,
    /// Where it stands.
    pub state: State,
    /// The suspected root and what is wrong there.
    pub what: String,
    /// Since when.
    pub since: Timestamp,
    /// Who takes care of it.
    pub taken_by: Option<String>,
    /// Whether a silence, or something worse that fires, keeps it from being told.
    pub silenced: bool,
}

impl Open {
    fn of(Live { incident, telling, .. }: &Live) -> Self {
        Self {
            number: incident.number,
            state: incident.state,
            what: what(incident),
            since: incident.opened_at,
            taken_by: incident.acknowledged.as_ref().map(|Acknowledgement { by, .. }| by.clone()),
            silenced: telling.silenced,
        }
    }
}

/// The suspected root and what is wrong there, in a line.
fn what(incident: &Incident) -> String {
    let of_root = incident.members.iter().find(|member| member.problem.target == incident.root);
    let said = of_root.or(incident.members.first()).map_or("", |member| member.summary.as_str());
    match said.lines().next().unwrap_or_default() {
        "" => format!("{} {}", incident.root, incident.signature),
        said => format!("{}: {said}", incident.root),
    }
}

impl World {
    /// What a digest says of now.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        let live = self.incidents.values();
        let mut open: Vec<Open> = live
            .filter(|live| live.incident.is_fault() && live.incident.state.is_unresolved())
            .map(Open::of)
            .collect();
        open.sort_by_key(|incident| incident.number);
        let number = |id| self.incident(id).map_or(0, |incident| incident.number);
        let asked = self.approvals.values().map(|approval| {
            let target = approval.problem.target.to_string();
            (approval.number, number(approval.incident), approval.subject(), target)
        });
        let active = self.silences.iter().filter(|silence| silence.is_active(now));
        let hidden = active.filter_map(|silence| {
            let broken = self.broken_under(silence);
            let hides = self.named(&broken);
            (!broken.is_empty()).then(|| (silence.name(), silence.ends_at, hides))
        });
        Standing {
            paused_by: self.paused.clone(),
            approvals: asked.collect(),
            offers: self.offers.values().map(|o| (o.number, o.case, o.title.clone())).collect(),
            open,
            hidden: hidden.collect(),
            lost_sources: self.lost_sources(),
            not_checked: self.not_checked(),
            skills: self.knowledge.skills.len(),
        }
    }

    /// Tells the lab what happened lately, if there is something to tell, and notes that this was done: both are
    /// written together, so that it is told once whenever Steward ends.
    pub(super) fn digest(&mut self, lately: &Lately, now: Timestamp) {
        let card = card(lately, &self.standing(now), self.settings.tz, now);
        if card.is_news || lately.always {
            self.tell_lab(&card.card, now);
        }
        self.batch.settings.push((TOLD.to_owned(), lately.due.timestamp_millis().to_string()));
    }
}

impl Librarian {
    /// What happened since `since`, for whoever asks.
    pub(super) async fn digest(&self, since: Timestamp, standing: &Standing) -> Result<Told, StoreError> {
        let now = self.clock.now();
        let mut lately = Lately::read(&self.store, since, now).await?;
        lately.unread = self.watcher.silent();
        let tz: Tz = self.settings.tz;
        Ok(Told::yes(card(&lately, standing, tz, now).card))
    }
}
