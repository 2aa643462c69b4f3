//! Repetition: the same call again, and steps that bring nothing new.

use std::collections::{HashMap, HashSet};

use crate::agent::model::Call;

/// The very same call with the same result: so often, and the run is over.
const SAME_CALL: u32 = 3;
/// So many steps in a row whose results were all there before, and it is over, too.
const NOTHING_NEW: u32 = 6;

/// What a result is, compared with those before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Novelty {
    /// It may go on.
    New,
    /// The same call had the same result once before.
    Again,
    /// It goes in circles: how, in words.
    Circles(String),
}

/// The results so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    calls: HashMap<(String, String), (String, u32)>,
    results: HashSet<String>,
    nothing_new: u32,
}

impl Seen {
    /// Takes a result down. `changed`: the call may have changed the lab, so that looking again makes sense.
    pub(super) fn take(&mut self, call: &Call, result: &str, changed: bool) -> Novelty {
        let key = (call.name.clone(), canonical(&call.arguments));
        let times = match self.calls.get_mut(&key) {
            Some((before, times)) if before == result => {
                *times += 1;
                *times
            }
            _ => 1,
        };
        if changed {
            self.calls.clear();
        }
        self.calls.insert(key, (result.to_owned(), times));
        let is_new = self.results.insert(result.to_owned());
        self.nothing_new = if is_new || changed { 0 } else { self.nothing_new + 1 };
        if times >= SAME_CALL {
            Novelty::Circles(format!("repetition: `{}` with the same result {times} times", call.name))
        } else if self.nothing_new >= NOTHING_NEW {
            Novelty::Circles(format!("repetition: nothing new in {NOTHING_NEW} steps"))
        } else if times > 1 {
            Novelty::Again
        } else {
            Novelty::New
        }
    }
}

/// Arguments that mean the same are the same, however they are spaced and ordered.
fn canonical(arguments: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(arguments) {
        Ok(mut value) => {
            value.sort_all_objects();
            value.to_string()
        }
        Err(_) => arguments.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &str) -> Call {
        Call { id: "1".into(), name: "look".into(), arguments: arguments.into() }
    }

    #[test]
    fn the_same_call_with_the_same_result_is_warned_of_at_the_second_time_and_ends_at_the_third() {
        let mut seen = Seen::default();
        assert_eq!(seen.take(&call(r#"{"a":1,"b":2}"#), "x", false), Novelty::New);
        assert_eq!(seen.take(&call(r#"{ "b":2, "a":1 }"#), "x", false), Novelty::Again);
        assert!(matches!(seen.take(&call(r#"{"a":1,"b":2}"#), "x", false), Novelty::Circles(_)));
    }

    #[test]
    fn a_result_that_differs_is_something_new_however_often_the_call_is_made() {
        let mut seen = Seen::default();
        for n in 0..20 {
            assert_eq!(seen.take(&call("{}"), &format!("{n} left"), false), Novelty::New);
        }
    }

    #[test]
    fn a_loop_over_several_calls_is_seen_through_as_well() {
        let mut seen = Seen::default();
        let took = (0..20).find(|n| {
            let arguments = format!("{{\"n\":{n}}}");
            matches!(seen.take(&call(&arguments), "nothing", false), Novelty::Circles(_))
        });
        assert_eq!(took, Some(6));
    }

    #[test]
    fn after_something_was_changed_looking_again_is_no_repetition() {
        let mut seen = Seen::default();
        let act = Call { id: "2".into(), name: "restart".into(), arguments: String::new() };
        for _ in 0..2 {
            seen.take(&call("{}"), "down", false);
        }
        seen.take(&act, "restarted", true);
        assert_eq!(seen.take(&call("{}"), "down", false), Novelty::New);
        // Changing the same again and again is one.
        seen.take(&act, "restarted", true);
        assert!(matches!(seen.take(&act, "restarted", true), Novelty::Circles(_)));
    }
}
