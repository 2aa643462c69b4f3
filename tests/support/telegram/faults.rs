//! Telegram misbehaves: on demand, by flood control, or because it is down.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::call::{Call, Fail};
use super::world::World;
use super::*;

/// What goes wrong with a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Refused with this code and description; nothing is done.
    Refuse(u16, &'static str),
    /// 429 with `retry_after`; nothing is done.
    FloodWait(u64),
    /// Nothing happens until [`FakeTelegram::release`], and then it is done and answered.
    Hang,
    /// Done at once, and answered after [`FakeTelegram::release`].
    HoldAnswer,
    /// The connection closes; nothing is done.
    CloseSocket,
    /// Done, but the connection closes without an answer.
    DropAnswer,
    /// 200 with JSON that ends in the middle; nothing is done.
    BrokenJson,
    /// 502 with a page of HTML; nothing is done.
    BadGateway,
}

/// Flood control, by the clock of the story.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Messages and edits in one group in a minute.
    pub group_per_minute: usize,
    /// Messages and edits everywhere in a second.
    pub overall_per_second: usize,
}

impl Limits {
    /// What Telegram's documentation names.
    pub fn documented() -> Self {
        Self { group_per_minute: 20, overall_per_second: 30 }
    }
}

/// What counts for flood control.
const COUNTED: &[&str] = &[
    "sendMessage",
    "sendDocument",
    "sendPhoto",
    "editMessageText",
    "editMessageCaption",
    "editMessageReplyMarkup",
    "createForumTopic",
];

struct Rule {
    method: &'static str,
    /// How many calls it still meets; `None` for all.
    left: Option<u32>,
    fault: Fault,
}

#[derive(Default)]
pub(super) struct Faults {
    rules: Vec<Rule>,
    /// How often what hangs was let go.
    pub(super) releases: u64,
    pub(super) hanging: usize,
    limits: Option<Limits>,
    sent: VecDeque<(DateTime<Utc>, i64)>,
    blocked_until: BTreeMap<i64, DateTime<Utc>>,
    pub(super) impatient: usize,
}

impl Faults {
    /// What goes wrong with this call.
    pub(super) fn take(&mut self, method: &str) -> Option<Fault> {
        let hits = |rule: &&mut Rule| rule.method == method || rule.method == "*";
        let rule = self.rules.iter_mut().find(hits)?;
        rule.left = rule.left.map(|left| left - 1);
        let fault = rule.fault.clone();
        self.rules.retain(|rule| rule.left != Some(0));
        Some(fault)
    }
}

impl World {
    /// Flood control.
    pub(super) fn flood(&mut self, call: &Call) -> Result<(), Fail> {
        let now = self.now();
        let Some(limits) = self.faults.limits.filter(|_| COUNTED.contains(&call.method)) else {
            return Ok(());
        };
        let chat = call.chat().unwrap_or_default();
        let faults = &mut self.faults;
        faults.sent.retain(|(at, _)| now - *at < TimeDelta::minutes(1));
        let second = TimeDelta::seconds(1);
        let recent = faults.sent.iter().map(|(at, _)| *at).filter(|at| now - *at < second).collect();
        let group = faults.sent.iter().filter(|(_, to)| *to == chat).map(|(at, _)| *at).collect();
        let everywhere = free_at(recent, limits.overall_per_second, second);
        let here =
            (chat < 0).then(|| free_at(group, limits.group_per_minute, TimeDelta::minutes(1))).flatten();
        let Some(free) = everywhere.max(here) else {
            faults.sent.push_back((now, chat));
            return Ok(());
        };
        if faults.blocked_until.get(&chat).is_some_and(|until| now < *until) {
            faults.impatient += 1;
        }
        let millis = u64::try_from((free - now).num_milliseconds()).unwrap_or_default();
        let seconds = millis.div_ceil(1000).max(1);
        faults.blocked_until.insert(chat, free);
        Err(Fail::too_many(seconds))
    }
}

/// When the next one is allowed, if it is not now: the window must hold less than `limit`.
fn free_at(times: Vec<DateTime<Utc>>, limit: usize, window: TimeDelta) -> Option<DateTime<Utc>> {
    let last = times.len().checked_sub(limit)?;
    times.get(last).map(|at| *at + window)
}

impl FakeTelegram {
    /// The next `times` calls of a method (`*` for any) go wrong.
    pub fn fail_next(&self, method: &'static str, times: u32, fault: Fault) {
        self.act(|world| world.faults.rules.push(Rule { method, left: Some(times), fault }));
    }

    /// All calls of a method (`*` for any) go wrong, until [`Self::work_again`].
    pub fn fail_all(&self, method: &'static str, fault: Fault) {
        self.act(|world| world.faults.rules.push(Rule { method, left: None, fault }));
    }

    /// Nothing goes wrong any more.
    pub fn work_again(&self) {
        self.act(|world| world.faults.rules.clear());
    }

    /// Lets go of everything that hangs.
    pub fn release(&self) {
        self.act(|world| world.faults.releases += 1);
    }

    /// Flood control from now on.
    pub fn limit(&self, limits: Limits) {
        self.act(|world| world.faults.limits = Some(limits));
    }

    /// Connections are closed, and new ones too as soon as they come.
    pub fn go_down(&self) {
        self.act(|world| world.down = true);
    }

    pub fn come_back(&self) {
        self.act(|world| world.down = false);
    }

    /// The token is no longer good.
    pub fn revoke_token(&self) {
        self.act(|world| world.token_revoked = true);
    }

    /// Another program has set a webhook, which excludes `getUpdates`.
    pub fn set_webhook(&self, url: &str) {
        self.act(|world| world.webhook = Some(url.into()));
    }
}
