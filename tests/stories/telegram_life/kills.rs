//! Killed in the middle of everything, with a Telegram that misbehaves: nothing is lost, and it ends right. What
//! Telegram had taken when nobody could note that any more comes twice: it can't tell a double.

use super::super::support::telegram::Fault;
use super::*;
use steward::domain::incident::State;

/// Lets go of what hangs every now and then, so that nobody waits for a time-out.
struct Releasing(tokio::task::JoinHandle<()>);

impl Releasing {
    fn begin(telegram: &FakeTelegram) -> Self {
        let telegram = telegram.clone();
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                telegram.release();
            }
        }))
    }
}

impl Drop for Releasing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An incident that is repaired, one that is asked about, and the answer to that; killed after so many turns, again
/// and again, with this fault on the way.
async fn killed(turns: usize, fault: Option<(&'static str, Fault)>) {
    let told = format!("killed after {turns} turns, {fault:?}");
    let lab = lab("");
    let telegram = lab.on_telegram(turns.is_multiple_of(2)).await;
    let _releasing = Releasing::begin(&telegram);
    let mut bot = lab.start().await;
    lab.host.break_with("vm/web", "unit-failed", "unit: web.service\nsummary: web.service has failed");
    fill_disk(&lab);
    if let Some((method, fault)) = fault {
        telegram.fail_next(method, 2, fault);
    }
    bot.pass(min(5) - secs(1)).await;
    let mut answered = false;
    for round in 0..8 {
        // Time goes on for a while, and in the middle of what follows it ends.
        lab.clock.step(lab.clock.time() + min(5));
        for turn in 0..turns + 7 * round {
            tokio::task::yield_now().await;
            if turn % 4 == 0 {
                tokio::time::sleep(Duration::from_micros(50)).await;
            }
        }
        bot.crash().await;
        let card = telegram.see(|view| view.find(GROUP, "may I run vacuum?"));
        if card.is_some() && !answered {
            // Of two copies of a card only one is known to be one: a reaction on the other would be none.
            telegram.says(OPERATOR, GROUP, "/approve 1");
            answered = true;
        }
        bot = lab.start().await;
    }
    telegram.work_again();
    pass_until(&bot, &telegram, &told, |view| view.find(GROUP, "may I run vacuum?")).await;
    if !answered {
        telegram.says(OPERATOR, GROUP, "/approve 1");
    }
    heard(&bot, &telegram).await;
    bot.pass(min(40)).await;
    let told = format!("{told}\n{}", telegram.transcript());
    for incident in bot.stored().await {
        let is_of_it = |m: &Seen| m.text.contains(&format!("#{} {}", incident.number, incident.root));
        let roots: Vec<_> = telegram.messages(GROUP).into_iter().filter(is_of_it).map(|m| m.text).collect();
        // A command that nobody saw end, and that can't be taken back, is a person's.
        let end =
            if incident.state == State::Stuck { "State: stuck, people called" } else { "State: resolved" };
        assert!(roots.iter().any(|root| root.contains(end)), "{end}: {told}");
        // What was on its way when it died comes twice where Telegram had taken it already.
        assert!(roots.len() <= 3, "{told}");
    }
    let is_stuck = times(&telegram, "State: stuck") > 0;
    for (text, wanted) in [
        ("may I run vacuum?", 1),
        ("Resolved: quiet", if is_stuck { 1 } else { 2 }),
        ("📣 vacuum is stuck", usize::from(is_stuck)),
    ] {
        let found = times(&telegram, text);
        assert!((wanted..=wanted + 3).contains(&found), "{found} times {text:?}: {told}");
    }
    let loud = telegram.messages(GROUP).iter().filter(|m| m.from == "Steward" && m.loud).count();
    assert_eq!(loud > 0, times(&telegram, "people called") > 0, "{told}");
    let ran = lab.host.ran();
    assert!(ran.iter().filter(|line| line.as_str() == VACUUMED[0]).count() <= 1, "{ran:?} {told}");
    for log in ["a message is put off", "what is said there is not heard", "not closed"] {
        bot.forgive_log(log);
    }
    bot.end().await;
}

#[tokio::test]
async fn killed_anywhere_it_goes_on_and_ends_right() {
    for turns in [0, 4, 9, 15, 22, 30, 40, 55] {
        killed(turns, None).await;
    }
}

#[tokio::test]
async fn killed_anywhere_with_a_telegram_that_misbehaves_it_goes_on_and_ends_right() {
    let faults: [(&str, Fault); 6] = [
        ("sendMessage", Fault::DropAnswer),
        ("createForumTopic", Fault::DropAnswer),
        ("editMessageText", Fault::CloseSocket),
        ("sendMessage", Fault::Hang),
        ("getUpdates", Fault::DropAnswer),
        ("sendMessage", Fault::HoldAnswer),
    ];
    for (at, fault) in faults.into_iter().enumerate() {
        for turns in [3, 30] {
            killed(turns + at, Some(fault.clone())).await;
        }
    }
}
