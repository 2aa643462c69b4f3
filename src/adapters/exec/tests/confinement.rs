use super::*;
use crate::policy::LoadedFile;

/// Bubblewrap can't work where the kernel gives no namespaces, which is nobody's fault here.
fn is_possible() -> bool {
    let trial =
        std::process::Command::new("bwrap").args(["--ro-bind", "/", "/", "--unshare-net", "true"]).output();
    let why = match trial {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => {
            assert!(std::env::var_os("STEWARD_CI").is_none(), "bubblewrap is not installed: {error}");
            format!("bubblewrap is not installed ({error})")
        }
    };
    println!("left out: {}", why.trim());
    false
}

fn sandboxed(mode: Sandboxing) -> Lab {
    Lab::with(|_, clock, environment| Arc::new(LocalRunner::new(clock, environment).sandboxed(mode)))
}

/// Runs a script as the lab's program of that name.
async fn run_as(lab: &Lab, program: &str, script: &str) -> Output {
    lab.script(&format!("bin/{program}"), script);
    lab.run(argv(&[program])).await
}

#[tokio::test]
async fn what_only_reads_can_write_nowhere_but_into_a_scratch_of_its_own() {
    if !is_possible() {
        return;
    }
    let lab = sandboxed(Sandboxing::Required);
    let (file, seen) = (lab.path("written"), lab.path("seen"));
    fs::write(&seen, "seen").unwrap();
    let script = format!(
        "cat {seen}; touch {file}; echo x >/dev/null && mktemp >/dev/null && echo ' scratch'; echo $TMPDIR"
    );
    let output = run_as(&lab, "look", &script).await;
    assert_eq!(text(&output.stdout), "seen scratch\n/dev/shm\n", "{}", text(&output.stderr));
    assert!(!Path::new(&file).exists());
    assert_eq!(run_as(&lab, "ask", &script).await.stdout, output.stdout);
    assert!(!Path::new(&file).exists());
    // The same, where no rule says that it only reads.
    run_as(&lab, "change", &script).await;
    assert!(Path::new(&file).exists());
}

#[tokio::test]
async fn the_network_is_there_only_for_who_reads_over_it_and_sockets_in_the_file_system_for_all() {
    if !is_possible() {
        return;
    }
    let lab = sandboxed(Sandboxing::Required);
    let here = fs::read_link("/proc/self/ns/net").unwrap().to_str().unwrap().to_owned() + "\n";
    assert_ne!(text(&run_as(&lab, "look", "readlink /proc/self/ns/net").await.stdout), here);
    assert_eq!(text(&run_as(&lab, "ask", "readlink /proc/self/ns/net").await.stdout), here);

    let socket = lab.path("docker.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let connect = format!(
        "perl -MSocket -e 'socket(S,AF_UNIX,SOCK_STREAM,0); connect(S,pack_sockaddr_un(\"{socket}\")) or die $!; syswrite S,\"hello\"'"
    );
    let output = run_as(&lab, "look", &connect).await;
    assert_eq!(output.exit, Exit::Code(0), "{}", text(&output.stderr));
    let mut heard = String::new();
    std::io::Read::read_to_string(&mut listener.accept().unwrap().0, &mut heard).unwrap();
    assert_eq!(heard, "hello");
}

#[tokio::test]
async fn nothing_in_a_sandbox_gains_rights_or_keeps_those_to_undo_it() {
    if !is_possible() {
        return;
    }
    let lab = sandboxed(Sandboxing::Required);
    let output =
        run_as(&lab, "ask", "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status; mount -o remount,rw /")
            .await;
    assert_ne!(output.exit, Exit::Code(0), "the read-only view was undone");
    let status = text(&output.stdout);
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:\t")).unwrap();
    let capabilities = u64::from_str_radix(capabilities, 16).unwrap();
    const MKNOD_SYS_ADMIN_MODULE_BOOT: u64 = 1 << 27 | 1 << 21 | 1 << 16 | 1 << 22;
    assert_eq!(capabilities & MKNOD_SYS_ADMIN_MODULE_BOOT, 0, "{status}");
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
}

#[tokio::test]
async fn nothing_is_written_through_a_process_that_is_outside_of_the_sandbox() {
    if !is_possible() {
        return;
    }
    let lab = sandboxed(Sandboxing::Required);
    let (made, held) = (lab.path("made"), lab.path("held"));
    fs::write(&held, "as it was").unwrap();
    let outside = std::process::id();
    // Held open by this very process, which has every right that root has.
    let open = fs::OpenOptions::new().read(true).append(true).open(&held).unwrap();
    let fd = std::os::fd::AsRawFd::as_raw_fd(&open);
    let script = format!(
        "touch /proc/{outside}/root{made} && echo root
(echo x >>/proc/{outside}/root{held}) && echo file
(echo x >>/proc/{outside}/fd/{fd}) && echo fd
(: 3<>/proc/{outside}/mem) && echo mem
echo 0 >/proc/{outside}/oom_score_adj && echo oom
echo tried"
    );
    for program in ["look", "ask"] {
        let output = run_as(&lab, program, &script).await;
        assert_eq!(text(&output.stdout), "tried\n", "{program}");
    }
    assert!(!Path::new(&made).exists());
    assert_eq!(fs::read_to_string(&held).unwrap(), "as it was");
}

#[tokio::test]
async fn root_in_a_sandbox_still_reads_what_is_others() {
    if !is_possible() || !rustix::process::geteuid().is_root() {
        return;
    }
    let lab = sandboxed(Sandboxing::Required);
    let secret = lab.path("secret");
    fs::write(&secret, "theirs").unwrap();
    std::os::unix::fs::chown(&secret, Some(65534), Some(65534)).unwrap();
    fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let output = run_as(&lab, "look", &format!("cat {secret}; (echo x >>{secret}) || echo ' kept'")).await;
    assert_eq!(text(&output.stdout), "theirs kept\n");
}

#[tokio::test]
async fn a_process_in_a_sandbox_ends_runs_and_is_limited_as_one_without() {
    if !is_possible() {
        return;
    }
    let lab = sandboxed(Sandboxing::Required);
    // 129 is how git ends when it is called wrongly: no signal.
    for (script, exit) in [
        ("exit 3", Exit::Code(3)),
        ("exit 129", Exit::Code(129)),
        ("exit 255", Exit::Code(255)),
        ("kill -9 $$", Exit::Signal(9)),
        ("kill -SEGV $$", Exit::Signal(11)),
    ] {
        assert_eq!(run_as(&lab, "look", script).await.exit, exit, "{script}");
    }
    let output = run_as(&lab, "look", "env | sort; echo err >&2").await;
    let of_the_shell =
        |line: &&str| ["PWD=", "OLDPWD=", "SHLVL=", "_="].iter().any(|name| line.starts_with(name));
    let lines: Vec<&str> = text(&output.stdout).lines().filter(|line| !of_the_shell(line)).collect();
    let path = format!("PATH={}:{}", lab.path("bin"), SYSTEM_PATH.join(":"));
    assert_eq!(lines, ["HOME=/home/lab", "LANG=C.UTF-8", &path, "STEWARD_CHILD=1", "TMPDIR=/dev/shm"]);
    assert_eq!(text(&output.stderr), "err\n");

    lab.script("bin/look", "echo $TMPDIR");
    let Action::Command(mut command) = argv(&["look"]);
    command.env.insert("TMPDIR".into(), "/its/own".into());
    assert_eq!(text(&lab.run(Action::Command(command)).await.stdout), "/its/own\n");

    lab.script("bin/look", "pwd; cat; head -c 1000000 /dev/zero");
    let Action::Command(mut command) = argv(&["look"]);
    command.cwd = Some(lab.dir.path().canonicalize().unwrap());
    command.stdin = Some("input\n".into());
    let limits = Limits { max_output: 1000, ..LIMITS };
    let output = lab.run_within(Action::Command(command.clone()), limits).await;
    let start = format!("{}\ninput\n", command.cwd.unwrap().display());
    assert!(text(&output.stdout).starts_with(&start));
    assert_eq!((output.stdout.len(), output.truncated), (1000, true));
}

#[tokio::test]
async fn at_the_timeout_and_after_a_crash_a_sandbox_is_ended_with_all_that_runs_in_it() {
    if !is_possible() {
        return;
    }
    let lab = sandboxed(Sandboxing::Required);
    let fifo = lab.fifo("pids");
    // `timeout` moves its command into a group of its own.
    let stray = format!("echo $PIDS $PPID $$ >{fifo}; sleep 1000");
    lab.script(
        "bin/look",
        &format!("trap '' TERM; sleep 1000 & PIDS=\"$$ $!\" timeout 1000 sh -c '{stray}'; wait"),
    );
    let (run, _cancel) = lab.start(argv(&["look"])).await;
    let of_the_first = pids(&fifo).await;
    lab.clock.fire(LIMITS.timeout).await;
    assert_eq!(run.await.unwrap().exit, Exit::TimedOut);
    gone(&of_the_first).await;

    let authorized = lab.approve(argv(&["look"])).await;
    let (tell, told) = oneshot::channel();
    struct Teller(Option<oneshot::Sender<Child>>);
    #[async_trait]
    impl Gatekeeper for Teller {
        async fn spawned(&mut self, child: &Child) -> Result<(), String> {
            self.0.take().unwrap().send(child.clone()).map_err(|_| "nobody listens".to_owned())
        }
    }
    let (runner, mut gate, (_keep, cancel)) = (lab.runner.clone(), Teller(Some(tell)), watch::channel(false));
    let run = tokio::spawn(async move { runner.run(authorized, LIMITS, &mut gate, cancel).await });
    let (child, of_the_second) = (told.await.unwrap(), pids(&fifo).await);
    let execution = ExecutionId(Ulid::from_parts(1, 1));
    assert_eq!(
        LocalRunner::new(lab.clock.clone(), Environment::default()).reap(execution, &child, "local").await,
        Reaped::Ended
    );
    gone(&of_the_second).await;
    assert_ne!(run.await.unwrap().unwrap().exit, Exit::Code(0));
}

#[tokio::test]
async fn a_skill_is_not_put_into_a_sandbox_whatever_it_does_at_home() {
    if !is_possible() {
        return;
    }
    let lab = sandboxed(Sandboxing::Required);
    let (skill, written) = (lab.script("skills/disks", "touch \"$WRITTEN\""), lab.path("written"));
    let Action::Command(mut command) = argv(&[&skill]);
    command.env.insert("WRITTEN".into(), written.clone());
    let action = Action::Command(command);
    let executable = lab.runner.resolve(&action).await.unwrap();
    let loaded = LoadedFile { path: executable.path.clone(), sha256: executable.sha256.clone() };
    let authorized = lab.policy.authorize_loaded(action, executable, &loaded, lab.clock.now()).unwrap();
    lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await.unwrap();
    assert!(Path::new(&written).exists());
}

/// A lab in which bubblewrap is a script.
fn with_bwrap(mode: Sandboxing, script: &str) -> Lab {
    Lab::with(|dir, clock, environment| {
        script_in(dir, "bin/bwrap", script);
        Arc::new(LocalRunner::new(clock, environment).sandboxed(mode))
    })
}

#[tokio::test]
async fn where_no_sandbox_works_it_runs_without_unless_one_is_required() {
    let fails = "echo 'bwrap: No permissions to create new namespace' >&2; exit 1";
    let lab = with_bwrap(Sandboxing::Auto, fails);
    assert_eq!(text(&run_as(&lab, "look", "echo looked").await.stdout), "looked\n");

    let lab = with_bwrap(Sandboxing::Required, fails);
    lab.script("bin/look", "echo looked");
    let authorized = lab.approve(argv(&["look"])).await;
    let refused = lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await;
    assert!(matches!(refused, Err(RunError::Spawn { why, .. }) if why.contains("No permissions to create")));
    let output = run_as(&lab, "change", "echo changed").await;
    assert_eq!(text(&output.stdout), "changed\n", "what changes something needs no sandbox");
}

#[tokio::test]
async fn where_only_the_network_cannot_be_taken_away_the_read_only_view_stays() {
    let script =
        "case \" $* \" in *' --unshare-net '*) echo 'bwrap: loopback: not permitted' >&2; exit 1 ;; esac
printf 'in a sandbox: '
while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"";
    let lab = with_bwrap(Sandboxing::Auto, script);
    assert_eq!(text(&run_as(&lab, "look", "echo looked").await.stdout), "in a sandbox: looked\n");
}

#[tokio::test]
async fn what_bubblewrap_could_not_start_has_not_run() {
    let script =
        "case \" $* \" in *' : ') exit 0 ;; esac; echo 'bwrap: Can not mount: Stale file handle' >&2; exit 1";
    let lab = with_bwrap(Sandboxing::Auto, script);
    lab.script("bin/look", "echo looked");
    let authorized = lab.approve(argv(&["look"])).await;
    let refused = lab.runner.run(authorized, LIMITS, &mut open(), watch::channel(false).1).await;
    assert!(matches!(refused, Err(RunError::Spawn { why, .. }) if why.contains("Stale file handle")));
}

#[tokio::test]
async fn what_only_reads_runs_as_the_user_who_may_do_less_and_what_changes_something_does_not() {
    if !rustix::process::geteuid().is_root() {
        println!("left out: only root can become another user");
        return;
    }
    let reader = || User {
        name: "reader".into(),
        uid: 65534,
        gid: 65534,
        groups: vec![4, 998],
        home: "/nonexistent".into(),
    };
    let modes =
        if is_possible() { vec![Sandboxing::Off, Sandboxing::Required] } else { vec![Sandboxing::Off] };
    for mode in modes {
        let lab = Lab::with(|dir, clock, environment| {
            let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(dir, open).unwrap();
            Arc::new(LocalRunner::new(clock, environment).sandboxed(mode).as_user(reader()))
        });
        let script = "id -u; id -g; id -G; echo $HOME; grep CapEff /proc/self/status; mktemp >/dev/null && echo scratch; kill -9 $$";
        let output = run_as(&lab, "look", script).await;
        let expected = "65534\n65534\n65534 4 998\n/nonexistent\nCapEff:\t0000000000000000\nscratch\n";
        assert_eq!(
            (text(&output.stdout), output.exit),
            (expected, Exit::Signal(9)),
            "{}",
            text(&output.stderr)
        );
        assert_eq!(text(&run_as(&lab, "change", "id -u; echo $HOME").await.stdout), "0\n/home/lab\n");
    }
}
