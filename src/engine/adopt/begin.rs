//! Somebody wants something in the cluster: which container is meant, where it runs, and what the look at it found.

use serde_json::json;

use super::words;
use super::{Stage, look};
use crate::adopt::{Fault, Kind, Project, adopt};
use crate::domain::agent::{Proposed, Request};
use crate::domain::card::{Card, one_line};
use crate::domain::command::{Cluster, suggest};
use crate::domain::ids::IncidentId;
use crate::domain::signal::Timestamp;
use crate::engine::ports::{Inbound, LOCAL};
use crate::engine::route::Reply;
use crate::engine::world::World;
use crate::store::adoptions::Adopting;

/// What somebody asked for: the container, its host and the kind of cluster, as far as they said.
type Asked = (Option<String>, Option<String>, Option<Cluster>);

/// What is to be looked at.
struct Wanted {
    container: String,
    host: String,
    to: Option<Cluster>,
}

impl World {
    /// Somebody wants a container brought into the cluster.
    pub(in crate::engine) fn adopt_by_hand(
        &mut self,
        asked: Asked,
        inbound: &Inbound,
        now: Timestamp,
    ) -> Reply {
        let thread = inbound.incident.and_then(|number| self.live_id(number).ok());
        let wanted = match self.meant_container(asked, thread) {
            Ok(wanted) => wanted,
            Err(why) => return Reply::No(Card::titled(why)),
        };
        // A wish has its thread already; what is about a fault gets one of its own.
        let here = thread.filter(|id| {
            self.incident(*id).is_some_and(|i| i.request.as_ref().is_some_and(|r| r.goal.is_none()))
        });
        match self.begin_adoption(here, wanted, &inbound.user, now) {
            Ok((number, what)) => {
                let card = Card::titled(format!("I look at {what}: see #{number}."));
                Reply::Now(card.line(
                    "Adding up its data may take minutes. The plan and what is yours to decide follow there.",
                ))
            }
            Err(why) => Reply::No(Card::titled(why)),
        }
    }

    /// The agent found that this is what a person wants.
    pub(in crate::engine) fn adopt_for_agent(
        &mut self,
        id: IncidentId,
        container: String,
        host: Option<&str>,
        to: Option<&str>,
        now: Timestamp,
    ) -> Result<Proposed, String> {
        let incident = self.incident(id).ok_or("the case is over")?;
        let request = incident.request.as_ref().filter(|request| request.goal.is_none());
        let by = request.ok_or("only what a person asks for is brought into the cluster")?.by.clone();
        let to = match to.filter(|to| !matches!(*to, "" | "cluster")) {
            Some(to) => Some(Cluster::parse(&to.to_lowercase()).ok_or("`to` is k8s, nomad or compose")?),
            None => None,
        };
        let host = host.filter(|host| !host.is_empty()).map(str::to_owned);
        let wanted = self.meant_container((Some(container), host, to), None)?;
        let (_, what) = self.begin_adoption(Some(id), wanted, &by, now)?;
        Ok(Proposed::TakenOn(format!(
            "{what} is looked at. Its plan, the files, the open decisions and the request for a yes come in this thread \
             by themselves; conclude with that."
        )))
    }

    /// The container and its host that somebody means, in words or by the thread in which they say it.
    fn meant_container(
        &self,
        (container, host, to): Asked,
        thread: Option<IncidentId>,
    ) -> Result<Wanted, String> {
        if let Some(container) = container {
            return Ok(Wanted { container, host: self.meant_host(host.as_deref())?, to });
        }
        let fault = thread.and_then(|id| self.incident(id)).filter(|incident| incident.is_fault());
        let root = fault.map(|incident| &incident.root).filter(|root| !root.is_unknown());
        let Some(root) = root else {
            return Err(
                "Which container? Write its name and where it runs: `adopt paperless on vm3`.".to_owned()
            );
        };
        let first = root.as_str().split('/').next().unwrap_or_default();
        let there = (root.as_str() != first).then(|| self.meant_host(Some(first)).ok()).flatten();
        let host = match host {
            Some(host) => self.meant_host(Some(&host))?,
            None => there.unwrap_or_else(|| LOCAL.to_owned()),
        };
        Ok(Wanted { container: root.name().to_owned(), host, to })
    }

    /// The machine that somebody means: one of the configuration, or this one.
    fn meant_host(&self, typed: Option<&str>) -> Result<String, String> {
        let Some(typed) = typed else { return Ok(LOCAL.to_owned()) };
        let here = self.settings.host.as_str();
        if [LOCAL, "localhost", here].iter().any(|name| name.eq_ignore_ascii_case(typed)) {
            return Ok(LOCAL.to_owned());
        }
        let known = || self.settings.hosts.keys().map(String::as_str);
        if let Some(host) = known().find(|host| host.eq_ignore_ascii_case(typed)) {
            return Ok(host.to_owned());
        }
        let typed = one_line(typed);
        Err(match suggest(&typed, known().chain([here])) {
            Some(near) => format!("I know no host {typed}. Did you mean {near}?"),
            None => format!(
                "I know no host {typed}, so I can't look there. I know {}; a section `[hosts.{typed}]` of the \
                 configuration adds it.",
                known().chain([here]).collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// Begins with a look, in this case or in one of its own. Returns its number and what is looked at.
    fn begin_adoption(
        &mut self,
        here: Option<IncidentId>,
        Wanted { container, host, to }: Wanted,
        by: &str,
        now: Timestamp,
    ) -> Result<(u64, String), String> {
        let place = words::host(&host, self.settings.host.as_str()).to_owned();
        let what = format!("{container} on {place}");
        let same = |adopting: &&Adopting| adopting.container == container && adopting.host == host;
        if let Some(busy) = self.adoptions.values().filter(same).find(|adopting| self.is_under_way(adopting))
        {
            return Err(format!("{what} is being brought over already: see #{}.", busy.number));
        }
        if let Some(busy) =
            here.and_then(|id| self.adoption_in(id)).filter(|adopting| self.is_under_way(adopting))
        {
            let other = words::what(busy, &self.host_name(busy));
            return Err(format!("{other} is being brought over in this thread; say it outside of it."));
        }
        let id = match here {
            Some(id) => id,
            None => {
                let words = format!("bring {what} into the cluster");
                let request = Request { by: by.to_owned(), words, goal: None };
                let signal = self.wish(&request, now).ok_or("I can't take that on now.")?;
                self.open_wish(request, signal, now).ok_or("I can't take that on now.")?
            }
        };
        if let Some(old) = self.adoption_in(id).cloned() {
            // It is begun anew in the same thread.
            self.end_adoption(old);
        }
        self.take_up_again(id, &what, now);
        let number = self.number(id);
        let mut options = self.settings.adopt.options(Some(self.settings.tz.name().to_owned()));
        options.to = to.map_or(options.to, kind);
        options.fetch_from = Some(self.reached_at(&host));
        let adopting = Adopting {
            began_in: id,
            case: id,
            number,
            by: by.to_owned(),
            container,
            host,
            options,
            project: None,
            decisions: Vec::new(),
            cards: std::collections::BTreeMap::new(),
            stage: Stage::Looking,
            runbook: None,
            removal: None,
            asked_for_removal: false,
            due: None,
        };
        let data = json!({ "incident": number, "container": adopting.container, "host": adopting.host });
        self.audit(by, "adopt", data, now);
        self.effects.push(look(&adopting));
        self.keep_adoption(adopting);
        self.tell_adoption(id, "", format!("I look at {what}"), now);
        Ok((number, what))
    }

    /// How the cluster reaches a machine over ssh to fetch data: all of it can be read there by root alone.
    fn reached_at(&self, host: &str) -> String {
        let address = match self.settings.hosts.get(host) {
            Some(known) => known.address.rsplit('@').next().unwrap_or(&known.address),
            None => words::host(host, self.settings.host.as_str()),
        };
        format!("root@{address}")
    }

    /// Whether something can't be begun anew now: it is looked at, waits for a yes, or runs.
    pub(super) fn is_under_way(&self, adopting: &Adopting) -> bool {
        let incident = self.incident(adopting.case);
        let moves = || incident.is_some_and(|i| i.running_repair().is_some() || i.undoing.is_some());
        let asked = || incident.is_some_and(|i| i.approval.is_some());
        match adopting.stage {
            Stage::Looking => true,
            Stage::Moving | Stage::Removing => moves() || asked(),
            Stage::Deciding | Stage::Resting | Stage::Kept | Stage::Over => false,
        }
    }

    /// A look has come to its end.
    pub(in crate::engine) fn gathered(
        &mut self,
        began_in: IncidentId,
        project: Result<Project, Vec<Fault>>,
        now: Timestamp,
    ) {
        let looking = self.adoptions.get(&began_in).filter(|adopting| adopting.stage == Stage::Looking);
        let Some(mut adopting) = looking.cloned() else { return };
        let done = project.and_then(|project| {
            adopting.project = Some(project.clone());
            self.replaces(&adopting)?;
            adopt(project, &adopting.options)
        });
        match done {
            Ok(adoption) => {
                let what = words::what(&adopting, &self.host_name(&adopting));
                self.show_plan(adopting, &adoption, &format!("I have looked at {what}."), now);
            }
            Err(faults) => {
                let case = adopting.case;
                adopting.project = None;
                let what = words::what(&adopting, &self.host_name(&adopting));
                let text = format!("I can't bring {what} over. {}", words::faults(&faults));
                self.end_adoption(adopting);
                self.tell_adoption(case, text, format!("not brought over: {}", words::first(&faults)), now);
            }
        }
    }

    /// Ends what the same project was before, from whichever of its containers that began.
    fn replaces(&mut self, adopting: &Adopting) -> Result<(), Vec<Fault>> {
        let name = |adopting: &Adopting| adopting.project.as_ref().map(|project| project.name.clone());
        let same = |other: &&Adopting| {
            other.began_in != adopting.began_in
                && other.host == adopting.host
                && name(other) == name(adopting)
        };
        let others: Vec<Adopting> = self.adoptions.values().filter(same).cloned().collect();
        if let Some(busy) = others.iter().find(|other| self.is_under_way(other)) {
            let what = format!("it is being brought over already: see #{}", busy.number);
            return Err(vec![Fault::of(&adopting.container, what)]);
        }
        others.into_iter().for_each(|other| self.end_adoption(other));
        Ok(())
    }
}

fn kind(cluster: Cluster) -> Kind {
    match cluster {
        Cluster::K8s => Kind::K8s,
        Cluster::Nomad => Kind::Nomad,
        Cluster::Compose => Kind::Compose,
    }
}
