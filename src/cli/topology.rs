//! `steward topology`: what needs what, and how that is known.

use std::process::ExitCode;
use std::sync::Arc;

use rusqlite::Connection;

use super::args::TopologyArgs;
use super::json::topology::TopologyDocument;
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Stop, Tools};
use crate::config::Setup;
use crate::domain::command::suggest;
use crate::domain::target::{Meant, Target, by_ending, did_you_mean};
use crate::domain::topology::Topology;
use crate::engine::topology::show::Shown;
use crate::engine::topology::{Learning, LearningRules};
use crate::store::topology::all;
use crate::store::{OpenError, Store, StoreError, query};

/// The most incidents whose targets are looked through for a short name.
const MOST: usize = 1000;

/// Tells of the topology, as it was learned by the Steward that runs or ran with this state directory.
pub(super) async fn topology(
    setup: &Setup,
    tools: &Tools,
    args: &TopologyArgs,
    screen: &mut Screen<'_>,
) -> Ended {
    let (learning, topology) = known(setup).await?;
    let (kinds, sources) = (learning.kinds(), learning.states().collect());
    let shown = Shown { topology: &topology, kinds, sources, now: tools.clock.now() };
    let target = match &args.target {
        Some(named) => Some(look_up(&shown, named, &failing(setup).await?)?),
        None => None,
    };
    if args.json {
        screen.json(&TopologyDocument::new(&shown, target.as_ref()))?;
        return Ok(ExitCode::SUCCESS);
    }
    match &target {
        Some(target) => one(&shown, args.target.as_ref(), target, screen)?,
        None => overview(&shown, screen)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What was learned, and the topology with it: as it is in force where Steward runs with this state directory.
pub(super) async fn known(setup: &Setup) -> Result<(Learning, Topology), Stop> {
    let settings = &setup.loaded.config.topology;
    let rules = LearningRules { from: settings.learn.clone(), forget: settings.forget };
    let (learning, _) = Learning::recalled(rules, read(setup, all).await?);
    let topology = setup.topology.with_learned(learning.all().map(Arc::clone));
    Ok((learning, topology))
}

/// What is part of an incident that is not over.
pub(super) async fn failing(setup: &Setup) -> Result<Vec<Target>, Stop> {
    let live = read(setup, |conn| query::incidents(conn, false, MOST)).await?;
    Ok(live.iter().flat_map(|stored| stored.incident.targets()).cloned().collect())
}

/// Reads the store; nothing where Steward has not run yet.
async fn read<T: Default + Send + 'static>(
    setup: &Setup,
    wanted: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Stop> {
    match Store::open_read_only(&setup.loaded.config.state_dir) {
        Ok(store) => Ok(store.read(wanted).await.map_err(Failure::from)?),
        Err(OpenError::Missing { .. }) => Ok(T::default()),
        Err(error) => Err(error.into()),
    }
}

fn look_up(shown: &Shown<'_>, named: &Target, failing: &[Target]) -> Result<Target, Failure> {
    shown.meant(named, failing).map_err(|_| {
        let known = shown.all().into_iter().chain(failing);
        let what = match by_ending(named, known) {
            Meant::Several(meant) => did_you_mean(named, &meant),
            Meant::One(target) => {
                format!("nothing is known of {target}: it needs nothing, and nothing needs it")
            }
            Meant::Unknown => format!("nothing is known of {named}: it needs nothing, and nothing needs it"),
        };
        let near = suggest(named.as_str(), shown.all().into_iter().map(Target::as_str));
        let hint = near.map_or_else(
            || "`steward topology` lists what is known".to_owned(),
            |near| format!("did you mean `{near}`? `steward topology` lists what is known"),
        );
        Failure::new(what, hint)
    })
}

fn one(
    shown: &Shown<'_>,
    named: Option<&Target>,
    target: &Target,
    screen: &mut Screen<'_>,
) -> Result<(), Stop> {
    screen.say(Tone::Strong, target.as_str())?;
    if let Some(named) = named.filter(|named| *named != target) {
        screen.line(&format!("  {}", shown.called(named, target)))?;
    }
    let part = |title: &str, lines: Vec<String>, screen: &mut Screen<'_>| {
        if lines.is_empty() {
            return Ok(());
        }
        screen.gap()?;
        screen.say(Tone::Strong, title)?;
        lines.iter().try_for_each(|line| screen.block(Tone::Plain, 2, line))
    };
    let nothing = |lines: Vec<String>| match lines.is_empty() {
        true => vec!["nothing that is known".to_owned()],
        false => lines,
    };
    part("needs", nothing(shown.needs(target)), screen)?;
    part("needed by", nothing(shown.needed_by(target)), screen)?;
    part("also called", shown.names(target), screen)?;
    part("learned, but left out", shown.left_out(Some(target)), screen)?;
    if let Some(edge) = shown.topology.needs(target).find(|edge| edge.learned.is_some()) {
        screen.gap()?;
        let text = format!(
            "What is learned and wrong is overruled in topology.yaml, under `targets`: `{target}: {{ not_depends_on: [{}] }}`",
            edge.to
        );
        screen.say(Tone::Dim, &text)?;
    }
    Ok(())
}

fn overview(shown: &Shown<'_>, screen: &mut Screen<'_>) -> Result<(), Stop> {
    let mut edges = 0;
    for target in shown.all() {
        let needs: Vec<_> = shown.topology.needs(target).collect();
        if needs.is_empty() {
            continue;
        }
        edges += needs.len();
        screen.say(Tone::Strong, target.as_str())?;
        for edge in needs {
            let line = format!("{}  {}", edge.to, shown.origin(edge.learned));
            screen.block(Tone::Plain, 2, &line)?;
        }
    }
    if edges == 0 {
        screen.say(Tone::Strong, "Nothing is known of what needs what.")?;
        let hint = "Write it in topology.yaml, or let it be learned: docs/topology.md tells both.";
        screen.say(Tone::Dim, hint)?;
    }
    let mut left_out = shown.left_out(None);
    if left_out.is_empty() {
        left_out.push("nothing".to_owned());
    }
    for (title, lines) in [("learned from", shown.sources()), ("learned, but left out", left_out)] {
        screen.gap()?;
        screen.say(Tone::Strong, title)?;
        lines.iter().try_for_each(|line| screen.block(Tone::Plain, 2, line))?;
    }
    Ok(())
}
