use std::fs;
use std::path::Path;

use tokio::sync::{oneshot, watch};
use ulid::Ulid;

use super::*;
use crate::engine::ports::Exit;

use lab::*;

mod confinement;
mod lab;
mod over_ssh;

#[tokio::test]
async fn a_process_tells_its_output_and_how_it_ended() {
    let lab = Lab::new();
    let output = lab.run(sh("echo out; echo err >&2; exit 3")).await;
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("out\n", "err\n"));
    assert_eq!((output.exit, output.truncated), (Exit::Code(3), false));
    assert_eq!(lab.run(sh("kill -9 $$")).await.exit, Exit::Signal(9));
}

#[tokio::test]
async fn an_argument_arrives_as_it_is() {
    let lab = Lab::new();
    let odd = ["a b", "", "$(touch /tmp/x)", "'; exit 1 #", "ü\\n", "-"];
    let words: Vec<&str> = ["printf", "%s|"].into_iter().chain(odd).collect();
    assert_eq!(text(&lab.run(argv(&words)).await.stdout), "a b||$(touch /tmp/x)|'; exit 1 #|ü\\n|-|");
}

#[tokio::test]
async fn the_environment_is_scrubbed_and_the_actions_own_is_added() {
    let lab = Lab::new();
    let Action::Command(mut command) = argv(&["env"]);
    command.env.insert("URLS".into(), "a b".into());
    let output = lab.run(Action::Command(command)).await;
    let of_the_shell =
        |line: &&str| ["PWD=", "OLDPWD=", "SHLVL=", "_="].iter().any(|name| line.starts_with(name));
    let mut lines: Vec<&str> = text(&output.stdout).lines().filter(|line| !of_the_shell(line)).collect();
    lines.sort_unstable();
    let path = format!("PATH={}:{}", lab.path("bin"), SYSTEM_PATH.join(":"));
    assert_eq!(lines, ["HOME=/home/lab", "LANG=C.UTF-8", &path, "STEWARD_CHILD=1", "URLS=a b"]);
}

#[tokio::test]
async fn a_variable_that_the_gate_would_lose_is_refused() {
    let lab = Lab::new();
    let Action::Command(mut command) = argv(&["env"]);
    command.env.insert("not-a-name".into(), "x".into());
    let authorized = lab.approve(Action::Command(command)).await;
    let refused = lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await;
    assert!(matches!(refused, Err(RunError::Refused(why)) if why.contains("not-a-name")));
}

#[tokio::test]
async fn input_is_what_the_action_says_or_nothing_and_never_the_gates_line() {
    let lab = Lab::new();
    assert_eq!(text(&lab.run(argv(&["cat"])).await.stdout), "");
    let Action::Command(mut command) = argv(&["cat"]);
    let long = "line\n".repeat(100_000);
    command.stdin = Some(long.clone());
    let limits = Limits { max_output: 1 << 20, ..LIMITS };
    let output = lab.run_within(Action::Command(command.clone()), limits).await;
    assert_eq!(text(&output.stdout), long);
    command.argv = vec!["true".into()];
    assert_eq!(lab.run(Action::Command(command)).await.exit, Exit::Code(0), "unread input is no fault");
}

#[tokio::test]
async fn output_beyond_the_cap_is_read_and_dropped() {
    let lab = Lab::new();
    let limits = Limits { max_output: 1000, ..LIMITS };
    let output = lab.run_within(sh("head -c 1000000 /dev/zero; echo end >&2"), limits).await;
    assert_eq!((output.exit, output.stdout.len(), output.truncated), (Exit::Code(0), 1000, true));
    assert_eq!(text(&output.stderr), "end\n");
    let exact = lab.run_within(sh("head -c 1000 /dev/zero"), limits).await;
    assert_eq!((exact.stdout.len(), exact.truncated), (1000, false));
}

#[tokio::test]
async fn it_runs_in_its_directory_and_without_one_in_the_root() {
    let lab = Lab::new();
    assert_eq!(text(&lab.run(argv(&["pwd"])).await.stdout), "/\n");
    let Action::Command(mut command) = argv(&["pwd"]);
    let dir = lab.dir.path().canonicalize().unwrap();
    command.cwd = Some(dir.clone());
    assert_eq!(
        text(&lab.run(Action::Command(command.clone())).await.stdout).trim_end(),
        dir.to_str().unwrap()
    );
    command.cwd = Some("/nowhere".into());
    let authorized = lab.approve(Action::Command(command)).await;
    let refused = lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await;
    assert!(matches!(refused, Err(RunError::Spawn { why, .. }) if why.contains("/nowhere")));
}

#[tokio::test]
async fn at_the_timeout_the_whole_family_is_killed_also_who_ignores_the_asking_or_left_the_group() {
    let lab = Lab::new();
    let fifo = lab.fifo("pids");
    // `timeout` moves its command into a group of its own.
    let stray = format!("trap : TERM; echo $PPID $$ $PIDS >{fifo}; while :; do sleep 1000; done");
    let script = format!(
        "trap '' TERM; echo started; sleep 1000 & a=$!; (sleep 1000; :) & PIDS=\"$$ $a $!\" timeout 1000 sh -c '{stray}'; wait"
    );
    let (run, _cancel) = lab.start(sh(&script)).await;
    let pids = pids(&fifo).await;
    let group = |pid: u32| proc::stat(pid).unwrap().group;
    assert_ne!(group(pids[1]), group(pids[2]), "the test lost its point");
    lab.clock.fire(LIMITS.timeout).await;
    lab.clock.fire(GRACE).await;
    let output = run.await.unwrap();
    assert_eq!((output.exit, text(&output.stdout)), (Exit::TimedOut, "started\n"));
    gone(&pids).await;
}

#[tokio::test]
async fn who_leaves_the_group_when_asked_to_end_is_killed_though_the_one_who_started_it_is_gone() {
    let lab = Lab::new();
    let (fifo, ready, left) = (lab.fifo("pids"), lab.fifo("ready"), lab.fifo("left"));
    let leaves = format!("exec timeout 1000 sh -c \"echo $PPID \\$\\$ >{fifo}; echo >{left}; sleep 1000\"");
    let leaver =
        lab.script("leaver", &format!("trap '{leaves}' TERM; echo >{ready}; while :; do sleep 0.01; done"));
    let script = format!("trap 'read -r _ <{left}; exit' TERM; {leaver} & while :; do sleep 0.01; done");
    let (run, _cancel) = lab.start(sh(&script)).await;
    heard(&ready).await;
    lab.clock.fire(LIMITS.timeout).await;
    let pids = pids(&fifo).await;
    assert_eq!(run.await.unwrap().exit, Exit::TimedOut);
    gone(&pids).await;
}

#[tokio::test]
async fn who_ends_when_asked_is_not_made_to_wait() {
    let lab = Lab::new();
    let fifo = lab.fifo("pids");
    let script = format!("trap 'echo bye; exit 0' TERM; echo $$ >{fifo}; while :; do sleep 0.01; done");
    let (run, _cancel) = lab.start(sh(&script)).await;
    pids(&fifo).await;
    lab.clock.fire(LIMITS.timeout).await;
    let output = run.await.unwrap();
    assert_eq!((output.exit, text(&output.stdout)), (Exit::TimedOut, "bye\n"));
}

#[tokio::test]
async fn a_run_that_is_called_off_is_killed_and_one_called_off_before_does_not_begin() {
    let lab = Lab::new();
    let fifo = lab.fifo("pids");
    let (run, cancel) = lab.start(sh(&format!("sleep 1000 & echo $$ $! >{fifo}; wait"))).await;
    let pids = pids(&fifo).await;
    cancel.send(true).unwrap();
    assert_eq!(run.await.unwrap().exit, Exit::Cancelled);
    gone(&pids).await;

    let authorized = lab.approve(argv(&["touch", &lab.path("ran")])).await;
    let refused = lab.runner.run(authorized, LIMITS, &mut open(), cancel.subscribe()).await;
    assert!(matches!(refused, Err(RunError::Refused(_))));
    assert!(!Path::new(&lab.path("ran")).exists());
}

#[tokio::test]
async fn a_run_whose_caller_is_gone_is_killed() {
    let lab = Lab::new();
    let fifo = lab.fifo("pids");
    let (run, _cancel) = lab.start(sh(&format!("sleep 1000 & echo $$ $! >{fifo}; wait"))).await;
    let pids = pids(&fifo).await;
    run.abort();
    gone(&pids).await;
}

#[tokio::test]
async fn a_grandchild_that_keeps_the_output_open_holds_nobody_up_and_is_killed() {
    let lab = Lab::new();
    let fifo = lab.fifo("pids");
    let (run, _cancel) = lab.start(sh(&format!("sleep 1000 & echo done; echo $! >{fifo}"))).await;
    let pids = pids(&fifo).await;
    lab.clock.fire(DRAIN).await;
    let output = run.await.unwrap();
    assert_eq!((output.exit, text(&output.stdout)), (Exit::Code(0), "done\n"));
    gone(&pids).await;
}

#[tokio::test]
async fn what_could_not_be_recorded_never_runs() {
    let lab = Lab::new();
    let authorized = lab.approve(argv(&["touch", &lab.path("ran")])).await;
    let mut keeper = Keeper(Err("disk full".into()), None);
    let refused = lab.runner.run(authorized, LIMITS, &mut keeper, watch::channel(false).1).await;
    assert_eq!(refused, Err(RunError::Gate("disk full".into())));
    assert!(!Path::new(&lab.path("ran")).exists());
    gone(&[keeper.1.unwrap().pid]).await;
}

#[tokio::test]
async fn while_it_is_being_recorded_it_has_not_run_yet() {
    struct Slow(String, oneshot::Sender<()>);
    #[async_trait]
    impl Gatekeeper for Option<Slow> {
        async fn spawned(&mut self, child: &Child) -> Result<(), String> {
            let Slow(ran, reached) = self.take().unwrap();
            assert!(proc::stat(child.pid).is_some_and(|stat| stat.start_ticks == child.start_ticks));
            assert!(!Path::new(&ran).exists());
            let _ = reached.send(());
            std::future::pending().await
        }
    }
    let lab = Lab::new();
    let ran = lab.path("ran");
    let authorized = lab.approve(argv(&["touch", &ran])).await;
    let (reached, recording) = oneshot::channel();
    let (runner, mut gate) = (lab.runner.clone(), Some(Slow(ran.clone(), reached)));
    let run =
        tokio::spawn(async move { runner.run(authorized, LIMITS, &mut gate, watch::channel(false).1).await });
    recording.await.unwrap();
    run.abort();
    assert!(run.await.unwrap_err().is_cancelled());
    assert!(!Path::new(&ran).exists());
}

#[tokio::test]
async fn a_program_that_changed_since_it_was_authorized_is_refused() {
    let lab = Lab::new();
    let path = lab.script("bin/tool", "echo old");
    let action = || argv(&[&path]);
    assert_eq!(text(&lab.run(action()).await.stdout), "old\n");
    let authorized = lab.approve(action()).await;
    lab.script("bin/tool", "echo new");
    let refused = lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await;
    assert!(matches!(refused, Err(RunError::Refused(why)) if why.contains("has changed")));
    assert_eq!(text(&lab.run(action()).await.stdout), "new\n");
}

#[tokio::test]
async fn a_name_that_means_another_program_by_now_is_refused() {
    let lab = Lab::new();
    let authorized = lab.approve(argv(&["uname"])).await;
    lab.script("bin/uname", "echo other");
    let refused = lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await;
    assert!(matches!(refused, Err(RunError::Refused(why)) if why.contains("is now")));
}

#[tokio::test]
async fn an_authorization_that_expired_or_comes_from_the_future_is_refused() {
    let lab = Lab::new();
    for seconds in [60, -1] {
        let authorized = lab.approve(argv(&["touch", &lab.path("ran")])).await;
        *lab.clock.now.lock().unwrap() += chrono::Duration::seconds(seconds);
        let refused = lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await;
        assert!(matches!(refused, Err(RunError::Refused(_))), "after {seconds} s");
        assert!(!Path::new(&lab.path("ran")).exists());
    }
}

#[tokio::test]
async fn a_program_is_found_by_name_or_full_path_and_keeps_the_name_it_was_called_by() {
    let lab = Lab::new();
    let real = lab.script("real", "echo \"$0\"");
    fs::create_dir_all(lab.path("bin")).unwrap();
    std::os::unix::fs::symlink(&real, lab.path("bin/alias")).unwrap();
    let executable = lab.runner.resolve(&argv(&["alias"])).await.unwrap();
    assert_eq!(executable.path, Path::new(&real).canonicalize().unwrap());
    assert_eq!(executable, lab.runner.resolve(&argv(&[&real])).await.unwrap());
    assert_eq!(text(&lab.run(argv(&["alias"])).await.stdout).trim_end(), lab.path("bin/alias"));
}

#[tokio::test]
async fn what_cannot_be_run_is_said_by_its_kind() {
    let lab = Lab::new();
    let resolve = async |words: &[&str]| lab.runner.resolve(&argv(words)).await.unwrap_err();
    assert!(matches!(resolve(&["no-such-program"]).await, RunError::NotFound { .. }));
    assert!(matches!(resolve(&["/no/such/program"]).await, RunError::NotFound { .. }));
    assert!(matches!(resolve(&["./tool"]).await, RunError::Refused(_)));
    assert!(matches!(resolve(&[]).await, RunError::Refused(_)));
    fs::write(lab.path("text"), "x").unwrap();
    assert!(
        matches!(resolve(&[&lab.path("text")]).await, RunError::Spawn { why, .. } if why.contains("chmod"))
    );
    let Action::Command(mut elsewhere) = argv(&["df"]);
    elsewhere.host = "pve4".into();
    let refused = lab.runner.resolve(&Action::Command(elsewhere)).await.unwrap_err();
    assert!(matches!(refused, RunError::Refused(why) if why.contains("pve4")));
}

#[tokio::test]
async fn fifty_at_once_each_get_their_own_output() {
    let lab = Lab::new();
    let mut runs = Vec::new();
    for i in 0..50 {
        runs.push(lab.start(sh(&format!("cat >/dev/null; echo {i}; exit {i}"))).await);
    }
    for (i, (run, _cancel)) in runs.into_iter().enumerate() {
        let output = run.await.unwrap();
        assert_eq!((output.exit, text(&output.stdout)), (Exit::Code(i as i32), format!("{i}\n").as_str()));
    }
}

/// What an earlier Steward left: a process in a group of its own, whose parent doesn't care.
struct Leftover {
    child: Child,
    process: std::process::Child,
}

impl Leftover {
    fn start(script: &str) -> Self {
        use std::os::unix::process::CommandExt;
        let mut command = std::process::Command::new("/bin/sh");
        let process = command.args(["-c", script]).env(MARKER.0, MARKER.1).process_group(0).spawn().unwrap();
        let stat = proc::stat(process.id()).unwrap();
        let child =
            Child { pid: process.id(), start_ticks: stat.start_ticks, boot_id: proc::boot_id().unwrap() };
        Self { child, process }
    }
}

fn execution() -> ExecutionId {
    ExecutionId(Ulid::from_parts(1, 1))
}

#[tokio::test]
async fn what_a_dead_steward_left_is_ended_with_its_group() {
    let lab = Lab::new();
    let fifo = lab.fifo("pids");
    let mut left =
        Leftover::start(&format!("sleep 1000 & timeout 1000 sleep 1000 & echo $$ $! >{fifo}; wait"));
    let pids = pids(&fifo).await;
    assert_eq!(lab.runner.reap(execution(), &left.child, "local").await, Reaped::Ended);
    gone(&pids).await;
    assert_eq!(lab.runner.reap(execution(), &left.child, "local").await, Reaped::Gone);
    left.process.wait().unwrap();
}

#[tokio::test]
async fn a_group_whose_leader_is_gone_is_ended_by_its_mark() {
    let lab = Lab::new();
    let fifo = lab.fifo("pids");
    let mut left = Leftover::start(&format!("sleep 1000 & echo $! >{fifo}"));
    let pids = pids(&fifo).await;
    left.process.wait().unwrap();
    assert_eq!(lab.runner.reap(execution(), &left.child, "local").await, Reaped::Ended);
    gone(&pids).await;
}

#[tokio::test]
async fn another_boots_child_and_another_process_with_its_number_are_left_alone() {
    let lab = Lab::new();
    let mut left = Leftover::start("exec sleep 1000");
    let other_boot = Child { boot_id: "another".into(), ..left.child.clone() };
    let other_start = Child { start_ticks: left.child.start_ticks + 1, ..left.child.clone() };
    for child in [other_boot, other_start] {
        assert_eq!(lab.runner.reap(execution(), &child, "local").await, Reaped::Gone);
        assert!(left.process.try_wait().unwrap().is_none());
    }
    left.process.kill().unwrap();
    left.process.wait().unwrap();
}
