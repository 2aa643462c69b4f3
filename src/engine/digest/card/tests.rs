use super::*;
use crate::domain::card::plain;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Incident, Record};
use crate::domain::signal::{Origin, Problem, Severity};
use crate::domain::target::{Signature, Target};
use crate::engine::digest::Open;
use crate::store::lately::Fixed;
use crate::store::silences::Ignored;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-11-21T07:00:00Z")
}

fn problem() -> Problem {
    Problem { target: Target::parse("nas/media").unwrap(), signature: Signature::parse("nfs-stale").unwrap() }
}

fn incident(number: u64) -> Incident {
    let event = Event::Opened {
        problem: problem(),
        origin: Origin::Steward,
        severity: Severity::Error,
        summary: "the mount does not answer".to_owned(),
        impact: None,
        evidence: String::new(),
        root: problem().target,
        why: String::new(),
        sorted_by_hand: false,
        request: None,
    };
    let record = Record { seq: 1, at: at("2026-11-20T22:10:00Z"), event };
    let id = IncidentId(ulid::Ulid::from_parts(1, u128::from(number)));
    let mut incident = Incident::open(id, number, &record).unwrap();
    incident.mitigated_at = Some(at("2026-11-20T22:14:00Z"));
    incident
}

fn quiet() -> Lately {
    Lately {
        since: at("2026-11-20T07:00:00Z"),
        due: now(),
        always: false,
        incidents: Vec::new(),
        more: false,
        asked: 0,
        fixed: Vec::new(),
        ignored: Vec::new(),
        unread: Vec::new(),
    }
}

fn told(lately: &Lately, standing: &Standing) -> (bool, String) {
    let digest = card(lately, standing, chrono_tz::Europe::Berlin, now());
    (digest.is_news, plain(&digest.card))
}

#[test]
fn a_quiet_day_is_no_news_and_a_short_card() {
    let standing = Standing { skills: 12, ..Standing::default() };
    let (news, text) = told(&quiet(), &standing);
    assert!(!news);
    assert_eq!(
        text,
        "Quiet since yesterday 08:00\nNothing broke, and nothing waits for you. 12 skills are looking."
    );
}

#[test]
fn what_was_only_ignored_is_no_news() {
    let ignored = Ignored {
        rule: "watchdog".to_owned(),
        problem: problem(),
        source: "alertmanager".to_owned(),
        summary: String::new(),
        count: 288,
        first_at: now(),
        last_at: now(),
        now: true,
    };
    let (news, text) = told(&Lately { ignored: vec![ignored], ..quiet() }, &Standing::default());
    assert!(!news && text.contains("Ignored  288 by watchdog"), "{text}");
}

#[test]
fn a_full_day_says_first_what_needs_a_person() {
    let touched = |number, opened, resolved| Touched { incident: incident(number), opened, resolved };
    let fixed = |runbook: &str| Fixed { runbook: runbook.to_owned(), target: problem().target };
    let lately = Lately {
        incidents: vec![touched(7, true, Some(now())), touched(8, true, None)],
        fixed: vec![fixed("remount-nfs"), fixed("remount-nfs"), fixed("clear-cache")],
        unread: vec!["flux: kubectl is not there".to_owned()],
        ..quiet()
    };
    let open = |number, state, taken_by: Option<&str>| Open {
        number,
        state,
        what: "pve4: no answer".to_owned(),
        since: at("2026-11-21T04:00:00Z"),
        taken_by: taken_by.map(str::to_owned),
        silenced: number == 12,
    };
    let standing = Standing {
        paused_by: None,
        approvals: vec![(3, 8, "reboot-host".to_owned(), "pve4".to_owned())],
        open: vec![
            open(8, State::Open, None),
            open(9, State::Stuck, None),
            open(10, State::Open, Some("alex")),
            open(11, State::Mitigated, None),
            open(12, State::Open, None),
        ],
        hidden: vec![("silence on nas".to_owned(), at("2026-11-21T09:00:00Z"), "#8 pve4".to_owned())],
        lost_sources: vec!["alertmanager".to_owned()],
        not_checked: vec!["disk-space (since 11-20 23:00): no such file".to_owned()],
        skills: 12,
        offers: vec![(4, 7, "lesson: nas: disk-fill".to_owned())],
    };
    let (news, text) = told(&lately, &standing);
    assert!(news);
    assert_eq!(text, FULL, "\n{text}");
}

const FULL: &str = "\
Since yesterday 08:00: 2 new incidents, 1 over, 5 open now
  Waits for you      reboot-host on pve4 (#8): `approve 3` or `deny 3`
                     #9 pve4: no answer - stuck half way for 3 h; `clear 9` when you have handled it
                     #8 pve4: no answer - for 3 h, nobody has taken it on
                     lesson: nas: disk-fill (#7), offered: `approve 4` or `deny 4`
  Being worked on    #10 pve4: no answer - for 3 h, alex is on it
                     #11 pve4: no answer - for 3 h, well again, and being watched
  Over               #7 nas/media: the mount does not answer - 23:14, by itself after 4 min
  Fixed without you  remount-nfs on nas/media, 2 times
                     clear-cache on nas/media
  Hidden on purpose  the silence on nas hides #8 pve4, until 2026-11-21 10:00 (2 h more)
  Can't see          no alerts from alertmanager
                     disk-space (since 11-20 23:00): no such file
                     flux: kubectl is not there";

#[test]
fn a_day_with_hundreds_of_incidents_is_still_one_card() {
    let incidents =
        (1..=300).map(|n| Touched { incident: incident(n), opened: true, resolved: Some(now()) }).collect();
    let (_, text) = told(&Lately { incidents, ..quiet() }, &Standing::default());
    assert!(text.starts_with("Since yesterday 08:00: 300 new incidents, 300 over"), "{text}");
    assert!(text.contains("and 290 more") && text.lines().count() < 15, "{text}");
}
