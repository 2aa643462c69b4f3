//! `steward topology`: what needs what, and how that is known.

use std::process::ExitCode;
use std::sync::Arc;

use super::args::TopologyArgs;
use super::json::topology::TopologyDocument;
use super::screen::{Screen, Tone};
use super::{Ended, Failure, Stop, Tools};
use crate::config::Setup;
use crate::domain::command::suggest;
use crate::domain::target::Target;
use crate::engine::topology::show::Shown;
use crate::engine::topology::{Learning, LearningRules};
use crate::store::topology::{Kept, all};
use crate::store::{OpenError, Store};

/// Tells of the topology, as it was learned by the Steward that runs or ran with this state directory.
pub(super) async fn topology(
    setup: &Setup,
    tools: &Tools,
    args: &TopologyArgs,
    screen: &mut Screen<'_>,
) -> Ended {
    let settings = &setup.loaded.config.topology;
    let rules = LearningRules { from: settings.learn.clone(), forget: settings.forget };
    let (learning, _) = Learning::recalled(rules, kept(setup).await?);
    let topology = setup.topology.with_learned(learning.all().map(Arc::clone));
    let sources = learning.states().collect();
    let shown = Shown { topology: &topology, sources, now: tools.clock.now() };
    let target = args.target.as_ref().map(|named| topology.canonical(named));
    if let Some(target) = &target {
        look_up(&shown, target)?;
    }
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

/// What was learned; nothing where Steward has not run yet.
async fn kept(setup: &Setup) -> Result<Kept, Stop> {
    match Store::open_read_only(&setup.loaded.config.state_dir) {
        Ok(store) => Ok(store.read(all).await.map_err(Failure::from)?),
        Err(OpenError::Missing { .. }) => Ok(Kept::default()),
        Err(error) => Err(error.into()),
    }
}

fn look_up(shown: &Shown<'_>, target: &Target) -> Result<(), Failure> {
    let inherits = || shown.topology.upstreams(target).iter().any(|upstream| upstream.declared);
    if shown.topology.knows(target) || inherits() {
        return Ok(());
    }
    let near = suggest(target.as_str(), shown.all().into_iter().map(Target::as_str));
    let hint = near.map_or_else(
        || "`steward topology` lists what is known".to_owned(),
        |near| format!("did you mean `{near}`? `steward topology` lists what is known"),
    );
    Err(Failure::new(format!("nothing is known of {target}: it needs nothing, and nothing needs it"), hint))
}

fn one(
    shown: &Shown<'_>,
    named: Option<&Target>,
    target: &Target,
    screen: &mut Screen<'_>,
) -> Result<(), Stop> {
    screen.say(Tone::Strong, target.as_str())?;
    if let Some(named) = named.filter(|named| *named != target) {
        screen.line(&format!("  ({named} is another name of it)"))?;
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
    for (title, lines) in [("learned from", shown.sources()), ("learned, but left out", shown.left_out(None))]
    {
        if !lines.is_empty() {
            screen.gap()?;
            screen.say(Tone::Strong, title)?;
            lines.iter().try_for_each(|line| screen.block(Tone::Plain, 2, line))?;
        }
    }
    Ok(())
}
