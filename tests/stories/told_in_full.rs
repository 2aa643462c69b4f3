//! What a run is told to begin with when an evening goes as evenings do: with the real tools, the shipped texts, and a
//! lab that has a past. All of it has to stay under 4,000 tokens.

use steward::agent::context::{Brief, Context, Sources, gather};
use steward::agent::run::Limits;
use steward::agent::tools::specs;
use steward::app::understand;
use steward::domain::agent::Subject;
use steward::domain::signal::SignalState;

use super::support::transcript::same_as_kept;
use super::support::{Bot, Lab, min};
use super::told::{change, changed, fails, shown};

/// A lab of the usual size around a NAS.
const TOPOLOGY: &str = "
targets:
  switch: { kind: network }
  ups: { kind: power }
  pve1: { kind: host, depends_on: [switch, ups] }
  pve4: { kind: host, depends_on: [switch, ups] }
  nas: { kind: host, depends_on: [switch, ups] }
  nas/tank: { kind: zfs pool }
  nas/media: { kind: share, depends_on: [nas/tank] }
  nas/photos: { kind: share, depends_on: [nas/tank] }
  k8s: { kind: cluster, depends_on: [pve1, pve4] }
  k8s/media/jellyfin: { kind: service, depends_on: [nas/media] }
  k8s/media/sonarr: { kind: service, depends_on: [nas/media] }
  k8s/media/qbittorrent: { kind: service, depends_on: [nas/media] }
  k8s/photos/immich: { kind: service, depends_on: [nas/photos, k8s/photos/postgres] }
  k8s/photos/postgres: { kind: database }
  proxy: { kind: service, depends_on: [k8s/media/jellyfin, k8s/photos/immich] }
  dns: { kind: service, depends_on: [pve1] }
";

const MEMORY: &str = "# Memory

## NFS on the NAS goes stale after a power cut
Seen: nfs-stale on nas/media, nas/photos
Why: the pool is imported late, and the export comes back with another file handle
Fix: see that tank is imported and exported, then remount on each node, then restart what hangs

## Network of pve4 hangs
Seen: nic-hang on pve4
Why: e1000e resets under load with TSO on
Fix: restart-network; for good, ethtool -K eno1 tso off gso off

## Postgres does not start after a full disk
Seen: crashloop on k8s/photos/postgres
Why: the WAL could not be written
Fix: make room first; never delete pg_wal

## Preferences
- No restarts of Jellyfin while somebody watches (20:00 to 23:00).
- The NAS is rebooted by nobody but Alex.
";

/// What such changes did.
const GIST: [&str; 3] =
    ["image 10.10.1 → 10.10.3", "resources.limits.memory 2Gi → 4Gi", "exports[1].clients + pve4"];

/// What the root showed.
const EVIDENCE: &str = "nas.lan is up and answers pings (0.4 ms); port 2049 is open
$ showmount -e nas.lan
clnt_create: RPC: Program not registered
$ findmnt -t nfs4 -o TARGET,SOURCE,OPTIONS
/mnt/media  nas:/export/media  rw,relatime,vers=4.2,hard,proto=tcp,timeo=600,retrans=2
/mnt/photos nas:/export/photos rw,relatime,vers=4.2,hard,proto=tcp,timeo=600,retrans=2
$ stat /mnt/media
stat: cannot statx '/mnt/media': Stale file handle
$ journalctl -k -n 6
Nov 21 19:58:02 pve1 kernel: nfs: server nas.lan not responding, still trying
Nov 21 19:59:11 pve1 kernel: nfs: server nas.lan not responding, still trying
Nov 21 20:01:40 pve1 kernel: nfs: server nas.lan OK
Nov 21 20:01:40 pve1 kernel: NFS: state manager: check lease failed on NFSv4 server nas.lan with error 13
Nov 21 20:01:41 pve1 kernel: NFS: nfs4_reclaim_open_state: unhandled error -116
Nov 21 20:01:41 pve1 kernel: nfs: Stale file handle in /mnt/media (inode 0:73)";

const OF_A_POD: &str = "media/jellyfin-6d9c7b5f44-x2k8p  0/1  CrashLoopBackOff  7 (2m ago)
Warning  FailedMount  kubelet  MountVolume.SetUp failed for volume \"media\": mount failed: exit status 32
mount.nfs: Stale file handle";

/// Something was broken for a while, some time before.
async fn was_broken(bot: &Bot<'_>, target: &str, signature: &str, minutes: u64) {
    fails(bot, target, signature, "").await;
    bot.pass(min(minutes)).await;
    bot.alert(target, signature, SignalState::Resolved).await;
    bot.pass(min(150)).await;
}

/// The lab with five incidents behind it, changes of the last day, and a share that is stale now.
async fn evening(bot: &Bot<'_>) {
    was_broken(bot, "nas/media", "nfs-stale", 31).await;
    was_broken(bot, "pve4", "nic-hang", 12).await;
    was_broken(bot, "dns", "resolve-slow", 6).await;
    was_broken(bot, "nas/media", "nfs-stale", 18).await;
    was_broken(bot, "k8s/photos/postgres", "crashloop", 44).await;
    let commits = [
        ("jellyfin: 10.10.1 to 10.10.3", "k8s/media/jellyfin"),
        ("renovate: update traefik to 3.2.1", "proxy"),
        ("immich: more memory for machine learning", "k8s/photos/immich"),
        ("nas: export photos to pve4 as well", "nas"),
        ("dns: block one more list", "dns"),
        ("pve4: kernel 6.14.11-2, reboot tonight", "pve4"),
        ("README: how to add a service", "docs"),
    ];
    for (at, (summary, target)) in commits.into_iter().enumerate() {
        let change = change(bot, &format!("{at}{:039x}", 7 * at + 13), summary, target);
        changed(bot, vec![change.with_gist([format!("{target}: {}", GIST[at % GIST.len()])])]).await;
        bot.pass(min(7)).await;
    }
    fails(bot, "printer", "no-paper", "").await;
    bot.pass(min(30)).await;
    fails(bot, "k8s/media/jellyfin", "crashloop", OF_A_POD).await;
    fails(bot, "k8s/media/sonarr", "crashloop", "").await;
    fails(bot, "k8s/media/qbittorrent", "crashloop", "").await;
    fails(bot, "proxy", "bad-gateway", "GET https://media.example.org/ 502 Bad Gateway").await;
    fails(bot, "nas/media", "nfs-stale", EVIDENCE).await;
    bot.pass(min(2)).await;
}

/// What a run about the last incident is told, with all that Steward ships.
async fn told(bot: &Bot<'_>) -> Context {
    let config = std::fs::read_to_string(bot.lab.path().join("config.toml")).unwrap();
    // Only now: on the made-up host of a story, the shipped skills would find nothing but that they can't run.
    let shipped = config.replace("shipped_skills = false", "").replace("shipped_runbooks = false", "");
    bot.lab.write("config.toml", &shipped);
    let setup = (bot.lab.parts().read)().unwrap();
    let knowledge = understand(&setup, [0; 32]).knowledge;
    let agent = &setup.loaded.config.agent;
    let limits = Limits {
        steps: agent.steps,
        tokens: agent.tokens,
        time: agent.time,
        micros: 0,
        confidence: agent.confidence,
    };
    let incident = bot.stored().await.pop().unwrap();
    let brief = Brief {
        subject: &Subject::Incident,
        incident: incident.id,
        said: &incident.said,
        knowledge: &knowledge,
        tools: &specs(),
        limits: &limits.in_words(),
        now: bot.lab.clock.time(),
    };
    gather(&Sources::of(&setup.loaded.config, bot.app.store().clone()), &brief).await.unwrap()
}

#[tokio::test]
async fn a_typical_incident_takes_less_than_four_thousand_tokens_with_everything_that_is_shipped() {
    let lab = Lab::new("");
    lab.write("topology.yaml", TOPOLOGY);
    lab.write("memory/MEMORY.md", MEMORY);
    let bot = lab.start().await;
    evening(&bot).await;
    assert_eq!(bot.stored().await.len(), 7, "six incidents before it, of which one is open");
    let context = told(&bot).await;
    same_as_kept("told-typical", &shown(&context));
    let has = |name: &str| context.parts.iter().any(|part| part.name.starts_with(name) && part.tokens > 20);
    for part in [
        "who it is",
        "how to work",
        "preferences",
        "runbooks and skills",
        "limits",
        "tools",
        "the case",
        "the lab now",
        "lessons",
        "this problem before",
        "last incidents",
        "changes",
        "topology",
        "what is broken",
        "timeline",
        "evidence of the root",
        "other evidence",
    ] {
        assert!(has(part), "a typical incident has {part}:\n{}", shown(&context));
    }
    assert!(context.tokens() < 4_000, "{} tokens:\n{}", context.tokens(), shown(&context));
    bot.end_quietly().await;
}
