use std::time::Duration;

use super::*;
use crate::config::HostSettings;

/// In the place of ssh: notes its arguments and hands the last one to a login shell, as sshd does.
const SSH: &str = r#"dir=${0%/*}
printf '%s\0' "$@" >>"$dir/argv"
printf 'end\0' >>"$dir/argv"
for line; do :; done
echo 'Last login: never' >&2
HOME=/root PATH=/usr/bin:/bin LANG=xx exec setsid -w sh -c "$line""#;

/// In the place of ssh: what runs over there is nobody's child here, and goes on when the connection is gone. What is
/// asked of the host after that goes through `then`.
fn detached(then: &str) -> Lab {
    let ssh = format!(
        "dir=${{0%/*}}
for line; do :; done
case $line in
*begins*) ;;
*remains*) {then} ;;
*) exec setsid -w sh -c \"$line\" ;;
esac
exec 3<&0 5>&1
ended=$( (setsid sh -c \"$line\" <&3 3<&- 6>&1 >&5 5>&- &) )"
    );
    over(&ssh, pve4(2))
}

/// As sshd does: each time in a session of its own.
const REACHABLE: &str = "exec setsid -w sh -c \"$line\"";

/// When the connection is ended from here: later than the command over there.
const LAST: Duration = Duration::from_secs(60 + 10 + 5 + 7);

/// The process of a run, told when it is recorded.
struct Teller(Option<oneshot::Sender<Child>>);

#[async_trait]
impl Gatekeeper for Teller {
    async fn spawned(&mut self, child: &Child) -> Result<(), String> {
        self.0.take().unwrap().send(child.clone()).map_err(|_| "nobody listens".to_owned())
    }
}

fn pve4(connections: u32) -> HostSettings {
    HostSettings {
        address: "root@pve4.lan".into(),
        port: None,
        identity_file: None,
        known_hosts: None,
        connections,
        connect_timeout: Duration::from_secs(10),
    }
}

fn over(ssh: &str, settings: HostSettings) -> Lab {
    Lab::with(|dir, clock, environment| {
        let program = script_in(dir, "ssh", ssh);
        let hosts = BTreeMap::from([("pve4".to_owned(), settings)]);
        let others = Ssh::new(clock.clone(), environment.clone(), &hosts).with_program(program.into());
        Arc::new(Machines::new(LocalRunner::new(clock, environment), others))
    })
}

fn lab() -> Lab {
    over(SSH, pve4(2))
}

fn command(words: &[&str]) -> Command {
    let Action::Command(command) = argv(words);
    Command { host: "pve4".into(), ..command }
}

fn on_pve4(words: &[&str]) -> Action {
    Action::Command(command(words))
}

/// The arguments of each time that ssh was called.
fn calls(lab: &Lab) -> Vec<Vec<String>> {
    let text = fs::read_to_string(lab.path("argv")).unwrap();
    let words: Vec<String> = text.split_terminator('\0').map(str::to_owned).collect();
    words.split(|word| word == "end").filter(|call| !call.is_empty()).map(<[_]>::to_vec).collect()
}

async fn try_run(lab: &Lab, action: Action) -> Result<Output, RunError> {
    let authorized = lab.approve(action).await;
    lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await
}

#[tokio::test]
async fn ssh_is_called_with_every_option_pinned_and_lends_the_other_machine_nothing() {
    let mut settings = pve4(2);
    settings.port = Some(2222);
    settings.identity_file = Some("/etc/steward/key".into());
    settings.known_hosts = Some("/etc/steward/known".into());
    let lab = over(SSH, settings);
    lab.run(on_pve4(&["true"])).await;
    let expected = [
        "BatchMode=yes",
        "NumberOfPasswordPrompts=0",
        "PreferredAuthentications=publickey",
        "StrictHostKeyChecking=yes",
        "UpdateHostKeys=no",
        "VerifyHostKeyDNS=no",
        "CanonicalizeHostname=no",
        "ForwardAgent=no",
        "ForwardX11=no",
        "ClearAllForwardings=yes",
        "Tunnel=no",
        "AddKeysToAgent=no",
        "PermitLocalCommand=no",
        "ControlMaster=no",
        "ControlPath=none",
        "ControlPersist=no",
        "RequestTTY=no",
        "EscapeChar=none",
        "ConnectionAttempts=1",
        "TCPKeepAlive=yes",
        "ServerAliveInterval=5",
        "ServerAliveCountMax=4",
        "LogLevel=ERROR",
        "ConnectTimeout=10",
        "UserKnownHostsFile=/etc/steward/known",
        "GlobalKnownHostsFile=/dev/null",
        "IdentityFile=/etc/steward/key",
        "IdentitiesOnly=yes",
        "Port=2222",
    ];
    let options = expected.iter().flat_map(|option| ["-o", option]);
    let expected: Vec<&str> = ["-F", "/dev/null", "-T", "-a", "-x"]
        .into_iter()
        .chain(options)
        .chain(["--", "root@pve4.lan"])
        .collect();
    let calls = calls(&lab);
    assert_eq!(calls.len(), 2, "one to find the program, one to run it");
    for call in calls {
        assert_eq!(call[..call.len() - 1], expected);
    }
}

#[tokio::test]
async fn the_real_ssh_knows_every_option() {
    let Ok(ssh) = std::process::Command::new("ssh").arg("-V").output() else {
        println!("left out: ssh is not installed");
        return;
    };
    assert!(ssh.status.success());
    let lab = lab();
    lab.run(on_pve4(&["true"])).await;
    let call = calls(&lab).remove(0);
    let (_, options) = call.split_last().unwrap();
    // `-G` prints what it understood and connects to nobody.
    let output = std::process::Command::new("ssh").arg("-G").args(options).output().unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success() && !said.contains("option"), "{said}");
    let understood = text(&output.stdout);
    for line in ["batchmode yes", "forwardagent no", "stricthostkeychecking true", "permitlocalcommand no"] {
        assert!(understood.lines().any(|understood| understood == line), "{line} is not in\n{understood}");
    }
}

#[tokio::test]
async fn a_command_arrives_with_its_words_directory_variables_and_input() {
    let lab = lab();
    let odd = ["a b", "", "$(touch /tmp/x)", "'; exit 1 #", "ü\\n", "-", "two\nlines"];
    let words: Vec<&str> = ["printf", "%s|"].into_iter().chain(odd).collect();
    let output = lab.run(on_pve4(&words)).await;
    assert_eq!(text(&output.stdout), "a b||$(touch /tmp/x)|'; exit 1 #|ü\\n|-|two\nlines|");
    assert_eq!(text(&output.stderr), "", "what the login shell and the script say is not the command's");

    let show = lab.script(
        "show",
        "pwd; printf '%s|%s\\n' \"$TOKEN\" \"$ODD\"; cat; cat /proc/$PPID/comm; env | grep -c STEWARD",
    );
    let mut show = command(&[&show]);
    let dir = lab.dir.path().canonicalize().unwrap();
    show.cwd = Some(dir.clone());
    show.env.insert("TOKEN".into(), "hunter2".into());
    show.env.insert("ODD".into(), "  a\\b 'c' $d ".into());
    show.stdin = Some("input".into());
    let output = lab.run(Action::Command(show)).await;
    let expected = format!("{}\nhunter2|  a\\b 'c' $d \ninputtimeout\n1\n", dir.display());
    assert_eq!(text(&output.stdout), expected);
    let argv = fs::read_to_string(lab.path("argv")).unwrap();
    assert!(!argv.contains("hunter2"), "a value stands in the list of processes");
}

#[tokio::test]
async fn the_program_is_resolved_on_its_host_and_refused_if_it_changes_until_it_runs() {
    let lab = lab();
    let tool = lab.script("tool", "echo old");
    let found = lab.runner.resolve(&on_pve4(&[&tool])).await.unwrap();
    assert_eq!(found, lab.runner.resolve(&argv(&[&tool])).await.unwrap(), "as this machine would find it");
    let env = lab.runner.resolve(&on_pve4(&["env"])).await.unwrap();
    assert_eq!(env, lab.runner.resolve(&argv(&["env"])).await.unwrap());

    let ran = lab.path("ran");
    let authorized = lab.approve(on_pve4(&[&tool])).await;
    lab.script("tool", &format!("touch {ran}"));
    let refused = lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await;
    assert!(
        matches!(refused, Err(RunError::Refused(why)) if why.contains("has changed since it was authorized"))
    );

    let authorized = lab.approve(on_pve4(&[&tool])).await;
    let (real, copy) = (lab.path("tool"), lab.path("copy"));
    fs::rename(&real, &copy).unwrap();
    std::os::unix::fs::symlink(&copy, &real).unwrap();
    let refused = lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await;
    assert!(matches!(refused, Err(RunError::Refused(why)) if why.contains("is now")));
    assert!(!Path::new(&ran).exists());
}

#[tokio::test]
async fn what_cannot_run_there_is_said_by_its_kind() {
    let lab = lab();
    let resolve = async |words: &[&str]| lab.runner.resolve(&on_pve4(words)).await.unwrap_err();
    assert!(matches!(resolve(&["no-such-program"]).await, RunError::NotFound { host, .. } if host == "pve4"));
    assert!(matches!(resolve(&["./tool"]).await, RunError::Refused(_)));
    assert!(matches!(resolve(&[]).await, RunError::Refused(_)));
    let elsewhere = Command { host: "nas".into(), ..command(&["df"]) };
    let refused = lab.runner.resolve(&Action::Command(elsewhere)).await.unwrap_err();
    assert!(
        matches!(refused, RunError::Refused(why) if why.contains("`pve4`") && why.contains("[hosts.nas]"))
    );

    let nowhere = Command { cwd: Some("/nowhere".into()), ..command(&["true"]) };
    let refused = try_run(&lab, Action::Command(nowhere)).await;
    assert!(matches!(refused, Err(RunError::Spawn { why, .. }) if why.contains("directory")));
    let mut lines = command(&["true"]);
    lines.env.insert("KEY".into(), "two\nlines".into());
    let refused = try_run(&lab, Action::Command(lines)).await;
    assert!(matches!(refused, Err(RunError::Refused(why)) if why.contains("KEY")));
}

#[tokio::test]
async fn a_command_over_there_ends_as_one_here_also_with_the_code_that_ssh_uses_itself() {
    let lab = lab();
    for (script, exit) in [
        ("exit 0", Exit::Code(0)),
        ("echo wrong >&2; exit 3", Exit::Code(3)),
        ("exit 255", Exit::Code(255)),
        ("kill -9 $$", Exit::Signal(9)),
    ] {
        assert_eq!(lab.run(on_pve4(&["sh", "-c", script])).await.exit, exit, "{script}");
    }
    let output = lab.run(on_pve4(&["sh", "-c", "printf 'no end' >&2; exit 255"])).await;
    assert_eq!(text(&output.stderr), "no end");
}

/// In the place of ssh: finds programs, and does something else when one is to run.
fn that_then(script: &str) -> Lab {
    let runs = "case $line in *begins*) ;; *) exec sh -c \"$line\" ;; esac";
    over(&format!("for line; do :; done\n{runs}\n{script}"), pve4(2))
}

#[tokio::test]
async fn a_connection_that_fails_is_no_failure_of_the_command_and_says_what_to_do() {
    let faults = [
        ("ssh: connect to host pve4.lan port 22: Connection refused", "can't be reached"),
        ("ssh: Could not resolve hostname pve4.lan: Name or service not known", "DNS"),
        ("root@pve4.lan: Permission denied (publickey).", "authorized_keys"),
        (
            "No ED25519 host key is known for pve4.lan and you have requested strict checking.\nHost key verification failed.",
            "known_hosts",
        ),
    ];
    for (says, advice) in faults {
        let fails = format!("cat >&2 <<'END'\n{says}\nEND\nexit 255");
        let lab = that_then(&fails);
        let failed = try_run(&lab, on_pve4(&["true"])).await;
        assert!(matches!(&failed, Err(RunError::Spawn { why, .. }) if why.contains(advice)), "{failed:?}");
        let lab = over(&fails, pve4(2));
        let failed = lab.runner.resolve(&on_pve4(&["true"])).await;
        assert!(matches!(&failed, Err(RunError::Spawn { why, .. }) if why.contains(advice)), "{failed:?}");
    }
}

#[tokio::test]
async fn a_login_that_runs_nothing_means_that_nothing_has_run() {
    let lab = that_then("echo 'This account is currently not available.'  >&2; exit 1");
    let failed = try_run(&lab, on_pve4(&["true"])).await;
    assert!(matches!(failed, Err(RunError::Spawn { why, .. }) if why.contains("not available")));
}

#[tokio::test]
async fn when_the_line_breaks_nobody_claims_to_know_what_became_of_the_command() {
    let breaks_after = "sh -c \"$line\" 2>&1 >/dev/null | grep begins >&2; exit 255";
    let output = try_run(&that_then(breaks_after), on_pve4(&["true"])).await.unwrap();
    assert_eq!(output.exit, Exit::Unknown, "it is over, and its code is not that of ssh");
    assert!(text(&output.stderr).contains("nobody saw"), "{}", text(&output.stderr));

    let breaks_early = "echo 'Connection closed by 10.0.0.4 port 22' >&2; exit 255";
    let lab = that_then(breaks_early);
    let output = try_run(&lab, on_pve4(&["touch", &lab.path("ran")])).await.unwrap();
    assert_eq!(output.exit, Exit::Lost);
    assert!(text(&output.stderr).contains("may have begun"), "{}", text(&output.stderr));
    let output = try_run(&lab, on_pve4(&["true"])).await.unwrap();
    assert_eq!(output.exit, Exit::Unknown, "what only reads does no harm if it still comes");
}

#[tokio::test]
async fn at_its_timeout_a_command_is_ended_over_there_and_its_own_code_is_not_taken_for_that() {
    let lab = detached(REACHABLE);
    let second = Limits { timeout: Duration::from_secs(1), ..LIMITS };
    let fifo = lab.fifo("pids");
    let authorized = lab.approve(on_pve4(&["sh", "-c", &format!("echo $$ >{fifo}; sleep 1000")])).await;
    let runner = lab.runner.clone();
    let run = tokio::spawn(async move {
        runner.run(authorized, second, &mut open(), watch::channel(false).1).await.unwrap()
    });
    let pids = pids(&fifo).await;
    assert_eq!(within("it is not ended", run).await.unwrap().exit, Exit::TimedOut);
    assert!(!runs(pids[0]));
    assert_eq!(lab.run(on_pve4(&["sh", "-c", "exit 124"])).await.exit, Exit::Code(124));
}

/// Everything that a step can leave over there: what ignores the asking, and what left the group.
fn stubborn(fifo: &str) -> Action {
    let inner = format!("trap : TERM; echo $PIDS $PPID $$ >{fifo}; while :; do sleep 1000; done");
    let script =
        format!("trap : TERM; sleep 1000 & PIDS=\"$$ $!\" timeout 1000 sh -c '{inner}'; wait; sleep 1000");
    on_pve4(&["sh", "-c", &script])
}

#[tokio::test]
async fn when_the_connection_is_at_its_limit_nothing_of_the_command_runs_any_more_once_that_is_told() {
    let lab = detached(REACHABLE);
    let fifo = lab.fifo("pids");
    let (run, _cancel) = lab.start(stubborn(&fifo)).await;
    let pids = pids(&fifo).await;
    lab.clock.fire(LAST).await;
    lab.clock.fire(DRAIN).await;
    assert_eq!(within("it is not ended", run).await.unwrap().exit, Exit::TimedOut);
    assert!(pids.iter().all(|pid| !runs(*pid)), "it still runs over there");
}

#[tokio::test]
async fn when_the_line_breaks_what_runs_over_there_is_ended_before_anything_else_can_happen() {
    let lab = detached(REACHABLE);
    let fifo = lab.fifo("pids");
    let authorized = lab.approve(stubborn(&fifo)).await;
    let (tell, told) = oneshot::channel();
    let (runner, mut gate) = (lab.runner.clone(), Teller(Some(tell)));
    let run = tokio::spawn(async move {
        runner.run(authorized, LIMITS, &mut gate, watch::channel(false).1).await.unwrap()
    });
    let pids = pids(&fifo).await;
    proc::signal_group(told.await.unwrap().pid, rustix::process::Signal::KILL);
    lab.clock.fire(DRAIN).await;
    let output = within("it is not ended", run).await.unwrap();
    assert_eq!(output.exit, Exit::Unknown, "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("has been ended"), "{}", text(&output.stderr));
    assert!(pids.iter().all(|pid| !runs(*pid)), "it still runs over there");
}

#[tokio::test]
async fn a_host_that_cannot_be_asked_any_more_is_asked_for_a_while_and_then_nobody_claims_to_know() {
    let lab = detached("echo 'ssh: connect to host pve4.lan port 22: No route to host' >&2; exit 255");
    let fifo = lab.fifo("pids");
    let (run, _cancel) =
        lab.start(on_pve4(&["sh", "-c", &format!("echo $$ >{fifo}; exec sleep 1000")])).await;
    let pids = pids(&fifo).await;
    lab.clock.fire(LAST).await;
    lab.clock.fire(DRAIN).await;
    for _ in 1..6 {
        lab.clock.fire(Duration::from_secs(10)).await;
    }
    let output = within("it goes on asking", run).await.unwrap();
    assert_eq!(output.exit, Exit::Lost);
    assert!(text(&output.stderr).contains("may still be running"), "{}", text(&output.stderr));
    assert!(runs(pids[0]), "the test lost its point");
    proc::signal_process(&proc::stat(pids[0]).unwrap(), rustix::process::Signal::KILL);
}

#[tokio::test]
async fn after_a_crash_what_runs_on_another_host_is_ended_and_nothing_else() {
    let lab = detached(REACHABLE);
    let (fifo, daemon) = (lab.fifo("pids"), lab.fifo("daemon"));
    // A daemon has a session of its own and outlives the step that started it.
    let inner = format!(
        "(setsid sh -c 'echo $$ >{daemon}; exec sleep 1000' &); sleep 1; echo $$ >{fifo}; sleep 1000"
    );
    let authorized = lab.approve(on_pve4(&["sh", "-c", &inner])).await;
    let (tell, told) = oneshot::channel();
    let (runner, mut gate) = (lab.runner.clone(), Teller(Some(tell)));
    let run =
        tokio::spawn(async move { runner.run(authorized, LIMITS, &mut gate, watch::channel(false).1).await });
    let (daemon, pids) = (pids(&daemon).await, pids(&fifo).await);
    let child = told.await.unwrap();
    run.abort();
    assert!(run.await.is_err());
    assert!(runs(pids[0]), "the test lost its point");
    let another = Child { start_ticks: child.start_ticks + 1, ..child.clone() };
    assert_eq!(lab.runner.reap(execution(), &another, "pve4").await, Reaped::Gone);
    assert!(runs(pids[0]), "another run was ended");
    assert_eq!(lab.runner.reap(execution(), &child, "pve4").await, Reaped::Ended);
    assert!(!runs(pids[0]));
    assert_eq!(lab.runner.reap(execution(), &child, "pve4").await, Reaped::Gone);
    assert_eq!(lab.runner.reap(execution(), &child, "nas").await, Reaped::Unknown, "nobody can ask that one");
    assert!(runs(daemon[0]), "a daemon was ended");
    proc::signal_process(&proc::stat(daemon[0]).unwrap(), rustix::process::Signal::KILL);
}

#[tokio::test]
async fn no_more_connections_are_open_than_a_host_is_given_and_who_waits_can_be_called_off() {
    let lab = over(SSH, pve4(1));
    let (fifo, go, ran) = (lab.fifo("first"), lab.fifo("go"), lab.path("ran"));
    let second = lab.approve(on_pve4(&["touch", &ran])).await;
    let (first, _cancel) =
        lab.start(on_pve4(&["sh", "-c", &format!("echo $$ >{fifo}; read -r _ <{go}")])).await;
    pids(&fifo).await;
    let (cancel, called_off) = watch::channel(false);
    let mut gate = open();
    {
        let mut waiting = std::pin::pin!(lab.runner.run(second, LIMITS, &mut gate, called_off));
        let pending = std::future::poll_fn(|context| {
            std::task::Poll::Ready(waiting.as_mut().poll(context).is_pending())
        });
        assert!(pending.await);
        cancel.send(true).unwrap();
        assert!(matches!(waiting.await, Err(RunError::Refused(_))));
    }
    assert_eq!(gate.1, None, "a second connection was opened");
    tokio::fs::write(&go, "go\n").await.unwrap();
    assert_eq!(first.await.unwrap().exit, Exit::Code(0));
    // The place is free again.
    lab.run(on_pve4(&["touch", &ran])).await;
    assert!(Path::new(&ran).exists());
}

#[tokio::test]
async fn who_waited_longer_than_the_authorization_is_good_for_is_told_so_and_has_not_run() {
    let lab = over(SSH, pve4(1));
    let (fifo, go, ran) = (lab.fifo("first"), lab.fifo("go"), lab.path("ran"));
    let second = lab.approve(on_pve4(&["touch", &ran])).await;
    let (first, _cancel) =
        lab.start(on_pve4(&["sh", "-c", &format!("echo $$ >{fifo}; read -r _ <{go}")])).await;
    pids(&fifo).await;
    let (runner, (_keep, cancel)) = (lab.runner.clone(), watch::channel(false));
    let waiting = tokio::spawn(async move { runner.run(second, LIMITS, &mut open(), cancel).await });
    *lab.clock.now.lock().unwrap() += chrono::Duration::seconds(61);
    tokio::fs::write(&go, "go\n").await.unwrap();
    first.await.unwrap();
    assert_eq!(waiting.await.unwrap(), Err(RunError::Late), "no refusal, which would be a failed attempt");
    assert!(!Path::new(&ran).exists());
}

#[tokio::test]
async fn what_is_local_does_not_go_over_ssh() {
    let lab = lab();
    assert_eq!(text(&lab.run(argv(&["echo", "here"])).await.stdout), "here\n");
    assert!(!Path::new(&lab.path("argv")).exists());
}
