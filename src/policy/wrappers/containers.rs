//! Commands in containers and machines: `docker exec`, `kubectl exec`, `pct exec` and the like.

use super::super::segment::Word;
use super::super::sight::{Context, Sight};
use super::options::{Found, Options};

const DOCKER: Options =
    Options { bare: &["-D", "--debug"], valued: &["--context", "-c", "-l", "--log-level"] };

const COMPOSE: Options = Options {
    bare: &["--all-resources", "--compatibility"],
    valued: &[
        "-f",
        "--file",
        "-p",
        "--project-name",
        "--profile",
        "--project-directory",
        "--env-file",
        "--ansi",
        "--progress",
        "--parallel",
    ],
};

const EXEC: Options = Options {
    bare: &[
        "-i",
        "-t",
        "-T",
        "-d",
        "-s",
        "-n",
        "--interactive",
        "--tty",
        "--no-TTY",
        "--no-tty",
        "--detach",
        "--sync",
    ],
    valued: &[
        "-u",
        "--user",
        "-w",
        "--workdir",
        "-e",
        "--env",
        "--index",
        "--timeout",
        "--mode",
        "--cwd",
        "--group",
    ],
};

const KUBECTL: Options =
    Options { bare: &[], valued: &["-n", "--namespace", "--context", "--cluster", "--request-timeout"] };

const KUBECTL_EXEC: Options = Options {
    bare: &["-i", "-t", "-q", "--stdin", "--tty", "--quiet", "--stdin=true", "--tty=true"],
    valued: &["-c", "--container", "-n", "--namespace", "--context", "--pod-running-timeout"],
};

/// Subcommands that run something in a container, or are a way into one.
const RUNNING: [&str; 9] = ["exec", "run", "debug", "rsh", "shell", "guest", "enter", "ssh", "with-lock"];

/// Whether this module knows programs of this name.
pub(super) fn is_one(name: &str) -> bool {
    matches!(
        name,
        "docker"
            | "podman"
            | "nerdctl"
            | "docker-compose"
            | "podman-compose"
            | "kubectl"
            | "oc"
            | "k3s"
            | "microk8s"
            | "crictl"
            | "ctr"
            | "lxc"
            | "incus"
            | "lxc-attach"
            | "pct"
            | "qm"
            | "machinectl"
            | "ip"
            | "nomad"
            | "consul"
            | "tailscale"
            | "borg"
    )
}

/// Looks at what runs in a container, or at the command itself if it runs nothing.
pub(super) fn look(name: &str, words: &[Word], context: &Context, sight: &mut Sight) -> Result<(), String> {
    if let "k3s" | "microk8s" = name
        && let Some("kubectl" | "crictl" | "ctr") = words.get(1).and_then(Word::known)
    {
        super::see(words[1..].to_vec(), &context.inner(), sight);
        return Ok(());
    }
    let running = words[1..].iter().any(|word| RUNNING.contains(&word.text()));
    let command = if running || name == "lxc-attach" { within(name, words)? } else { None };
    let Some((command, variables)) = command else {
        sight.see(words.to_vec(), context);
        return Ok(());
    };
    if command.is_empty() {
        return Err(format!("`{name}` would open a shell"));
    }
    let mut inner = context.inner();
    inner.env.extend(variables);
    if name != "ip" {
        inner.places = vec![None];
    }
    super::see(command.to_vec(), &inner, sight);
    Ok(())
}

type Command<'a> = (&'a [Word], Vec<String>);

/// The command within and the variables that are set for it; none if nothing is run.
fn within<'a>(name: &str, words: &'a [Word]) -> Result<Option<Command<'a>>, String> {
    let rest = &words[1..];
    let at = |at: usize| rest.get(at).and_then(Word::known);
    match name {
        "docker" | "podman" | "nerdctl" => {
            let found = DOCKER.read(rest)?;
            if found.has("--context") || found.has("-c") {
                return Err("it runs on another machine, of which nobody knows anything here".into());
            }
            docker(found.rest)
        }
        "docker-compose" | "podman-compose" => compose(rest),
        "kubectl" | "oc" => kubectl(KUBECTL.read(rest)?.rest),
        "crictl" if at(0) == Some("exec") => behind_the_name(EXEC.read(&rest[1..])?).map(Some),
        "lxc" | "incus" if at(0) == Some("exec") => behind_the_name(EXEC.read(&rest[1..])?).map(Some),
        "pct" if at(0) == Some("exec") => behind_the_name(EXEC.read(&rest[1..])?).map(Some),
        "qm" if (at(0), at(1)) == (Some("guest"), Some("exec")) => {
            behind_the_name(EXEC.read(&rest[2..])?).map(Some)
        }
        "qm" if at(0) == Some("guest") => Ok(None),
        "ip" if matches!(at(0), Some("netns" | "vrf")) && at(1) == Some("exec") && at(2).is_some() => {
            Ok(Some((&rest[3..], Vec::new())))
        }
        "lxc-attach" => {
            let found = Options { bare: &[], valued: &["-n", "--name"] }.read(rest)?;
            Ok(Some((found.rest, Vec::new())))
        }
        _ => Err(format!("`{name}` would run another command, which no rule can see through")),
    }
}

fn docker(rest: &[Word]) -> Result<Option<Command<'_>>, String> {
    let at = |at: usize| rest.get(at).and_then(Word::known);
    match (at(0), at(1)) {
        (Some("exec"), _) => behind_the_name(EXEC.read(&rest[1..])?).map(Some),
        (Some("container"), Some("exec")) => behind_the_name(EXEC.read(&rest[2..])?).map(Some),
        (Some("compose"), _) => compose(&rest[1..]),
        (Some("run"), _) | (Some("container"), Some("run")) | (None, _) => {
            Err("what a new container would run can't be seen from here".into())
        }
        _ => Ok(None),
    }
}

fn compose(rest: &[Word]) -> Result<Option<Command<'_>>, String> {
    let rest = COMPOSE.read(rest)?.rest;
    match rest.first().and_then(Word::known) {
        Some("exec") => behind_the_name(EXEC.read(&rest[1..])?).map(Some),
        Some("run") | None => Err("what a new container would run can't be seen from here".into()),
        Some(_) => Ok(None),
    }
}

fn kubectl(rest: &[Word]) -> Result<Option<Command<'_>>, String> {
    match rest.first().and_then(Word::known) {
        Some("exec") => {}
        Some("run" | "debug" | "rsh" | "shell" | "ssh") | None => {
            return Err("what a new container would run can't be seen from here".into());
        }
        Some(_) => return Ok(None),
    }
    let dashes = rest.iter().position(|word| word.known() == Some("--"));
    let dashes = dashes.ok_or("without `--` nobody can tell where the command within begins")?;
    let mut before = &rest[1..dashes];
    let mut names = 0;
    loop {
        before = KUBECTL_EXEC.read(before)?.rest;
        let Some((word, after)) = before.split_first() else { break };
        word.known().ok_or("the pod isn't known before it runs")?;
        names += 1;
        before = after;
    }
    if names != 1 {
        return Err("it doesn't name exactly one pod".into());
    }
    Ok(Some((&rest[dashes + 1..], Vec::new())))
}

/// What follows the name of a container, and a `--` behind it.
fn behind_the_name(found: Found<'_>) -> Result<Command<'_>, String> {
    let variables = found.values(&["-e", "--env"]);
    let variables =
        variables.map(|set| set.split_once('=').map_or(set, |(name, _)| name).to_owned()).collect();
    let (name, command) = found.rest.split_first().ok_or("it names no container")?;
    name.known().ok_or("the container isn't known before it runs")?;
    let dashed = command.first().and_then(Word::known) == Some("--");
    Ok((&command[usize::from(dashed)..], variables))
}
