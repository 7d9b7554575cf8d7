//! A clock that is set by hours, during a run and between two: what counts is the time that passes.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use overnight::domain::{Ending, Failure, FailureKind, Interrupt, News, Summary};
use overnight::run::Stop;

use crate::support::clock::{HOUR, SetClock};
use crate::support::process::PATIENCE;
use crate::support::workshop::{Act, Scripted, Workshop, failure, settings};

/// A workshop and its clock, which can be set.
fn workshop(items: usize) -> (Workshop, Arc<SetClock>) {
    let clock = Arc::new(SetClock::default());
    (Workshop::of_items(items).with_clock(clock.clone()), clock)
}

/// Runs it, and sets the clock by so much when this is first told.
async fn run_set(
    (workshop, clock): &(Workshop, Arc<SetClock>),
    provider: &Arc<Scripted>,
    by: i64,
    when: fn(&News) -> bool,
) -> Summary {
    let mut each = |news: &News| {
        if when(news) {
            clock.set(by);
        }
    };
    let run = workshop.run_watched(provider, settings(), &mut each);
    tokio::time::timeout(PATIENCE, run).await.expect("it waits for the clock").0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_lets_nobody_wait_longer_than_before() {
    for by in [-5 * HOUR, 5 * HOUR] {
        let provider = Scripted::new(|_, nth| match nth {
            0 => Act::fail(failure(FailureKind::Transient)),
            _ => Act::Draw,
        });
        let retried = |news: &News| matches!(news, News::AttemptEnded { outcome: "retry", .. });
        let summary = run_set(&workshop(6), &provider, by, retried).await;
        assert_eq!((summary.ending, summary.done, provider.asks()), (Ending::Complete, 6, 12));
        assert!(summary.took < PATIENCE, "{:?}", summary.took);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_lets_nobody_go_before_the_time_that_the_server_asked_for() {
    for by in [-5 * HOUR, 5 * HOUR] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let times = asked.clone();
        let provider = Scripted::new(move |_, nth| {
            times.lock().unwrap().push(Instant::now());
            match nth {
                0 => {
                    Act::fail(Failure { retry_after: Some(Duration::from_secs(1)), ..failure(FailureKind::Throttled) })
                }
                _ => Act::Draw,
            }
        });
        let slowed = |news: &News| matches!(news, News::Slowed { .. });
        let summary = run_set(&workshop(1), &provider, by, slowed).await;
        assert_eq!((summary.ending, summary.done), (Ending::Complete, 1));
        let asked = asked.lock().unwrap();
        assert!(asked[1] - asked[0] >= Duration::from_millis(990), "{:?}", asked[1] - asked[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_by_a_clock_that_was_set_back_between_two_runs_does_not_wait_for_hours() {
    let (workshop, clock) = workshop(3);
    clock.set(5 * HOUR);
    let provider = Scripted::new(|_, nth| match nth {
        0 => Act::fail(Failure { retry_after: Some(Duration::from_secs(300)), ..failure(FailureKind::Transient) }),
        _ => Act::Draw,
    });
    let mut each = |news: &News| {
        if matches!(news, News::AttemptEnded { .. }) {
            workshop.stop.send_replace(Stop::Finish(Interrupt::Int));
        }
    };
    let (summary, _) = workshop.run_watched(&provider, settings(), &mut each).await;
    assert_eq!((summary.counts.queued, provider.asks()), (3, 3));
    workshop.stop.send_replace(Stop::No);
    clock.set(0);
    let run = workshop.run(&provider, settings());
    let (summary, _) = tokio::time::timeout(PATIENCE, run).await.expect("it waits for the clock");
    assert_eq!((summary.ending, summary.done), (Ending::Complete, 3));
}
