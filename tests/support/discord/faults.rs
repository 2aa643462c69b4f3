//! Misbehaviour on demand.

use std::time::Duration;

use super::{FakeDiscord, Inner, World};

/// How a request is answered wrongly.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with the body a proxy would send; the request is not done.
    Status(u16),
    /// This status and this JSON error code; the request is not done.
    Refused(u16, u32),
    /// 429 with this `retry_after`; `global` or of the route.
    RateLimited { after: Duration, global: bool },
    /// No answer until [`FakeDiscord::well_behaved`]; then it is done and answered, if the client still waits.
    Hang,
    /// The connection is closed; the request is not done.
    Close,
    /// 200 and half a JSON document; the request is not done.
    Garbage,
    /// The request is done, and the connection closed: who repeats it makes a double.
    DoThenClose,
}

/// The faults that are set, the oldest first.
#[derive(Default)]
pub(super) struct Faults {
    list: Vec<Set>,
    /// Nobody answers: REST, nor gateway.
    pub(super) down: bool,
    /// How often everything was set right.
    pub(super) mended: u64,
    /// Requests that wait for that.
    pub(super) hanging: usize,
}

struct Set {
    method: String,
    path: Vec<String>,
    fault: Fault,
    /// How often it still strikes; forever without.
    left: Option<usize>,
}

impl Set {
    fn matches(&self, method: &str, path: &[String]) -> bool {
        let rest = self.path.last().is_some_and(|last| last == "**");
        let parts = if rest { &self.path[..self.path.len() - 1] } else { &self.path[..] };
        let long_enough = if rest { path.len() >= parts.len() } else { path.len() == parts.len() };
        let same = |(pattern, part): (&String, &String)| pattern == "*" || pattern == part;
        (self.method == "*" || self.method == method) && long_enough && parts.iter().zip(path).all(same)
    }
}

impl Faults {
    /// The fault that strikes this request; it is used up by it.
    pub(super) fn strike(&mut self, method: &str, path: &[String]) -> Option<Fault> {
        let at = self.list.iter().position(|set| set.matches(method, path))?;
        let set = &mut self.list[at];
        let fault = set.fault.clone();
        if let Some(left) = &mut set.left {
            *left -= 1;
            if *left == 0 {
                self.list.remove(at);
            }
        }
        Some(fault)
    }
}

/// `"POST /channels/*/messages"` in parts.
pub(super) fn pattern(route: &str) -> (String, Vec<String>) {
    let (method, path) = route.split_once(' ').unwrap_or_else(|| panic!("{route:?} is not METHOD /path"));
    (method.into(), path.trim_start_matches('/').split('/').map(str::to_owned).collect())
}

impl World {
    pub(super) fn go_down(&mut self) {
        self.faults.down = true;
        self.gateway.drop_connections();
    }
}

impl FakeDiscord {
    /// The next `times` requests to the route fail like this. A route is a method (or `*`) and a path without
    /// `/api/v10`, where `*` is one segment and a last `**` any number of them.
    pub fn next(&self, times: usize, route: &str, fault: Fault) {
        self.set_fault(route, fault, Some(times));
    }

    /// All requests to the route fail like this from now on.
    pub fn always(&self, route: &str, fault: Fault) {
        self.set_fault(route, fault, None);
    }

    fn set_fault(&self, route: &str, fault: Fault, left: Option<usize>) {
        let (method, path) = pattern(route);
        self.inner.change(|world| world.faults.list.push(Set { method, path, fault, left }));
    }

    /// No request fails any more, and those that hang go on.
    pub fn well_behaved(&self) {
        self.inner.change(|world| {
            world.faults.list.clear();
            world.faults.mended += 1;
        });
    }

    /// Nobody answers any more; connections end.
    pub fn go_down(&self) {
        self.inner.change(World::go_down);
    }

    /// All is reachable again.
    pub fn come_back(&self) {
        self.inner.change(|world| world.faults.down = false);
    }

    /// Another token is the right one now.
    pub fn change_token(&self, token: &str) {
        self.inner.change(|world| world.token = token.into());
    }

    /// The message content intent is switched off in the developer portal.
    pub fn forbid_message_content(&self) {
        self.inner.change(|world| world.privileged = 0);
    }

    /// A person takes no direct messages any more.
    pub fn refuse_dms(&self, user: u64) {
        self.inner.change(|world| {
            if let Some(person) = world.people.get_mut(&user) {
                person.takes_dms = false;
            }
        });
    }
}

impl Inner {
    /// Waits until all is set right.
    pub(super) async fn hang(&self) {
        struct Count<'a>(&'a Inner);
        impl Drop for Count<'_> {
            fn drop(&mut self) {
                self.0.change(|world| world.faults.hanging -= 1);
            }
        }
        let mended = self.change(|world| {
            world.faults.hanging += 1;
            world.faults.mended
        });
        let _count = Count(self);
        let mut changes = self.changed.subscribe();
        while self.look(|world| world.faults.mended == mended) {
            let _ = changes.changed().await;
        }
    }
}
