//! What a run promises of the day's own limit: it is never passed, whoever else sends, and what ends there goes on when the
//! same command runs again. Never waits for a midnight.

use std::num::NonZeroU32;
use std::time::Duration;

use overnight::domain::{Ending, Failure, FailureKind, News};
use overnight::run::{Limits, Rules, RunSettings};

use crate::support::workshop::{Act, Scripted, Workshop, failure, rules, settings};

/// So many requests a day, of which a run believes at its start that so many have left.
fn a_day(limit: u32, sent_today: u64) -> RunSettings {
    let limits = Limits { requests_a_day: NonZeroU32::new(limit), sent_today, ..Limits::default() };
    RunSettings { rules: Rules { limits, ..rules() }, ..settings() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_day_is_used_up_ends_and_says_when_the_next_begins() {
    let workshop = Workshop::of_items(9);
    let provider = Scripted::new(|_, _| Act::Draw);
    let (summary, events) = workshop.run(&provider, a_day(5, 0)).await;
    let Ending::Halted(Failure { message, .. }) = summary.ending else { panic!("{:?}", summary.ending) };
    assert!(
        message.starts_with("the day's 5 requests (--rpd) are used up; the quota's day begins anew at"),
        "{message}"
    );
    assert_eq!((provider.asks(), summary.done, summary.counts.queued), (5, 5, 4));
    let told = events.iter().filter(|news| matches!(news, News::Halted { message: told } if *told == message));
    assert_eq!(told.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_sent_meanwhile_counts_too() {
    let workshop = Workshop::of_items(9);
    let provider = Scripted::new(|_, _| Act::Draw);
    workshop.run(&provider, RunSettings { limit: Some(3), ..settings() }).await;
    let (summary, _) = workshop.run(&provider, a_day(5, 0)).await;
    assert!(matches!(summary.ending, Ending::Halted(_)), "{:?}", summary.ending);
    assert_eq!((provider.asks(), summary.counts.done, summary.counts.queued), (5, 5, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_throttled_is_sent_again_within_the_day() {
    let workshop = Workshop::of_items(5);
    let throttled = Failure { retry_after: Some(Duration::from_millis(5)), ..failure(FailureKind::Throttled) };
    let provider = Scripted::new(move |prompt, nth| match (prompt, nth) {
        ("prompt 4", 0) => Act::fail(throttled.clone()),
        _ => Act::Draw,
    });
    let (summary, _) = workshop.run(&provider, a_day(5, 0)).await;
    assert_eq!((summary.ending, summary.counts.done, provider.asks()), (Ending::Complete, 5, 6));
}
