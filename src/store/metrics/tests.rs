use std::sync::mpsc;

use super::super::columns::from_ms;
use super::*;

const DAY: i64 = 24 * 60 * 60 * 1000;

fn limits(max_series: u64) -> Limits {
    Limits { max_series, ..Limits::days(7) }
}

fn open(dir: &Path, max_series: u64) -> Metrics {
    let (metrics, moved) = Metrics::open(dir, limits(max_series), from_ms(0)).unwrap();
    assert_eq!(moved, None);
    metrics
}

fn run(skill: &str, at: i64) -> Run {
    Run {
        skill: skill.into(),
        started_at: from_ms(at),
        duration: Duration::from_millis(1500),
        outcome: "complete".into(),
        exit: Some(0),
        statuses: BTreeMap::from([(Target::parse("nas/media").unwrap(), "PROBLEM".into())]),
    }
}

fn sample(name: &str, label: &str, at: i64, value: f64) -> Sample {
    let labels = BTreeMap::from([("mount".to_owned(), label.to_owned())]);
    Sample { name: name.into(), labels, at: from_ms(at), value }
}

/// Keeps the writer busy until `release`.
async fn hold(metrics: &Metrics) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (entered, inside) = tokio::sync::oneshot::channel();
    let owner = metrics.owner.clone();
    tokio::spawn(async move {
        owner
            .call(Access::Read, move |_| {
                entered.send(()).unwrap();
                released.recv().unwrap();
                Ok(())
            })
            .await
    });
    inside.await.unwrap();
    release
}

#[tokio::test]
async fn runs_come_back_whole_and_newest_first_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path(), 10);
    for at in [1000, 3000, 2000] {
        metrics.record(run("disk", at), vec![]);
    }
    metrics.record(run("other", 9000), vec![]);
    assert_eq!(metrics.last_runs("disk", 2).await.unwrap(), [run("disk", 3000), run("disk", 2000)]);
    metrics.close().await.unwrap();
    let again = Metrics::open_read_only(dir.path()).unwrap();
    assert_eq!(again.last_runs("disk", 10).await.unwrap().len(), 3);
}

#[tokio::test]
async fn samples_come_back_by_series_and_a_missing_value_is_no_value() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path(), 10);
    let first = vec![sample("used", "/b", 1000, 1.0), sample("used", "/a", 1000, f64::INFINITY)];
    let second = vec![sample("used", "/a", 2000, f64::NAN), sample("used", "/a", 3000, 0.5)];
    metrics.record(run("disk", 1000), first);
    metrics.record(run("disk", 2000), second);
    let all = metrics.samples("used", from_ms(1000)).await.unwrap();
    let points: Vec<_> = all.iter().map(|series| (&*series.labels["mount"], series.points.clone())).collect();
    assert_eq!(
        points,
        [
            ("/a", vec![(from_ms(1000), f64::INFINITY), (from_ms(3000), 0.5)]),
            ("/b", vec![(from_ms(1000), 1.0)])
        ]
    );
    assert_eq!(metrics.samples("used", from_ms(1001)).await.unwrap().len(), 1);
    assert_eq!(metrics.dropped(), 0);
}

#[tokio::test]
async fn a_new_series_beyond_the_cap_is_refused_and_counted_and_known_ones_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path(), 2);
    let three = |at| ["/a", "/b", "/c"].map(|label| sample("used", label, at, 1.0)).to_vec();
    metrics.record(run("disk", 1000), three(1000));
    metrics.record(run("disk", 2000), three(2000));
    let kept = metrics.samples("used", from_ms(0)).await.unwrap();
    assert_eq!(kept.iter().map(|series| series.points.len()).collect::<Vec<_>>(), [2, 2]);
    assert_eq!((metrics.refused(), metrics.dropped()), (2, 0));
    assert_eq!(metrics.last_runs("disk", 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_full_queue_never_makes_the_caller_wait_and_every_loss_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path(), 10);
    let release = hold(&metrics).await;
    for at in 0..3000 {
        metrics.record(run("disk", at), vec![]);
    }
    let dropped = metrics.dropped();
    assert!(dropped > 0);
    release.send(()).unwrap();
    let kept = metrics.last_runs("disk", 5000).await.unwrap().len();
    assert_eq!(u64::try_from(kept).unwrap() + dropped, 3000);
}

#[tokio::test]
async fn pruning_removes_what_is_too_old_and_makes_room_for_new_series() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = open(dir.path(), 30);
    let old = (0..30).map(|n| sample("old", &n.to_string(), DAY, 1.0)).collect();
    metrics.record(run("disk", DAY), old);
    metrics.record(run("disk", 9 * DAY), vec![sample("old", "7", 9 * DAY, 2.0)]);
    assert_eq!(metrics.prune(from_ms(10 * DAY)).await.unwrap(), 1 + 30);
    assert_eq!(metrics.last_runs("disk", 10).await.unwrap(), [run("disk", 9 * DAY)]);
    let left = metrics.samples("old", from_ms(0)).await.unwrap();
    assert_eq!(left.iter().map(|series| series.points.len()).collect::<Vec<_>>(), [1]);
    metrics.record(run("disk", 10 * DAY), vec![sample("new", "x", 10 * DAY, 1.0)]);
    assert_eq!(metrics.samples("new", from_ms(0)).await.unwrap().len(), 1);
    assert_eq!(metrics.refused(), 0);
}

#[tokio::test]
async fn a_damaged_history_is_moved_aside_with_its_log_and_a_new_one_begun() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("metrics.db"), "garbage").unwrap();
    fs::write(dir.path().join("metrics.db-wal"), "its log").unwrap();
    let (metrics, moved) = Metrics::open(dir.path(), limits(10), from_ms(1234)).unwrap();
    let to = dir.path().join("metrics.db.corrupt-1234");
    assert_eq!(moved.unwrap().to, to);
    assert_eq!(fs::read_to_string(&to).unwrap(), "garbage");
    assert_eq!(fs::read_to_string(dir.path().join("metrics.db.corrupt-1234-wal")).unwrap(), "its log");
    metrics.record(run("disk", 1), vec![]);
    assert_eq!(metrics.last_runs("disk", 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_newer_history_is_refused_and_not_thrown_away() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), 10).close().await.unwrap();
    let path = dir.path().join("metrics.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 9).unwrap();
    let before = fs::read(&path).unwrap();
    let refused = Metrics::open(dir.path(), limits(10), from_ms(0)).unwrap_err();
    assert!(matches!(refused, OpenError::NewerSchema { found: 9, .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
}
