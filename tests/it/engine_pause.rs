//! A person pauses a job, while its run is on or before it begins: nothing is sent meanwhile, nothing is lost, and nothing
//! is sent twice.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use overnight::domain::{Caps, Deadline, Ending, FailureKind, Interrupt, News, Price, PriceList, Summary, Usd};
use overnight::queue::sqlite::SqliteDesk;
use overnight::queue::{Desk, JobStatus};
use overnight::run::{Rules, RunSettings, Stop};

use crate::queue_contract::NOW;
use crate::support::process::PATIENCE;
use crate::support::workshop::{Act, Scripted, Workshop, failure, rules, settings};

/// Longer than it takes a run to look.
const A_WHILE: Duration = Duration::from_millis(1_400);

fn pause(workshop: &Workshop) {
    SqliteDesk::open(&workshop.database()).unwrap().pause(NOW, "job").unwrap();
}

fn resume(workshop: &Workshop) {
    SqliteDesk::open(&workshop.database()).unwrap().resume("job").unwrap();
}

/// Runs it; at the first news of its kind the job is paused, and a while later this is done.
async fn paused_at(
    workshop: &Workshop,
    provider: &std::sync::Arc<Scripted>,
    settings: RunSettings,
    when: fn(&News) -> bool,
    then: impl Fn() + Send + Sync,
) -> (Summary, Vec<News>) {
    let mut was_paused = false;
    thread::scope(|scope| {
        let mut each = |news: &News| {
            if when(news) && !std::mem::replace(&mut was_paused, true) {
                pause(workshop);
            }
            if matches!(news, News::Paused { .. }) {
                scope.spawn(|| {
                    thread::sleep(A_WHILE);
                    then();
                });
            }
        };
        let run = workshop.run_watched(provider, settings, &mut each);
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(tokio::time::timeout(PATIENCE, run)))
    })
    .expect("it waits for ever")
}

/// What was told from the pause to its end.
fn meanwhile(events: &[News]) -> &[News] {
    let of = |wanted: fn(&News) -> bool| events.iter().position(wanted);
    let from = of(|news| matches!(news, News::Paused { .. })).expect("it was paused");
    let to = of(|news| matches!(news, News::Resumed { .. })).unwrap_or(events.len());
    &events[from..to]
}

fn sends(news: &News) -> bool {
    matches!(news, News::AttemptStarted { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_paused_nothing_is_sent_and_afterwards_everything_is_once() {
    for items in [5, 40] {
        let (workshop, provider) = (Workshop::of_items(items), Scripted::new(|_, _| Act::Draw));
        let then = || {
            let start = Instant::now();
            let is_empty_handed = |status: &JobStatus| (status.in_flight, status.counts.running) == (0, 0);
            while !is_empty_handed(&workshop.status()) {
                assert!(start.elapsed() < PATIENCE, "what was ahead is a person's again: {:?}", workshop.status());
                thread::sleep(Duration::from_millis(10));
            }
            let status = workshop.status();
            assert!(status.running_since.is_some() && status.paused_since == Some(NOW), "{status:?}");
            resume(&workshop);
        };
        let (summary, events) = paused_at(&workshop, &provider, settings(), sends, then).await;
        assert_eq!((summary.ending, summary.done as usize, provider.asks()), (Ending::Complete, items, items));
        assert!(!meanwhile(&events).iter().any(sends), "{:?}", meanwhile(&events));
        let told = |wanted: fn(&News) -> bool| events.iter().filter(|news| wanted(news)).count();
        assert_eq!(told(|news| matches!(news, News::Paused { since } if *since == NOW)), 1);
        assert_eq!(told(|news| matches!(news, News::Resumed { after } if *after >= A_WHILE / 2)), 1);
        assert!(provider.most_at_once.load(Ordering::SeqCst) <= 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_chosen_or_limited_or_failed_before_goes_on_as_it_would_have() {
    let provider = Scripted::new(|_, nth| match nth {
        0 => Act::fail(failure(FailureKind::Transient)),
        _ => Act::Draw,
    });
    let workshop = Workshop::of_items(30);
    let limited = RunSettings { limit: Some(9), ..settings() };
    let (summary, events) = paused_at(&workshop, &provider, limited, sends, || resume(&workshop)).await;
    assert_eq!((summary.ending, summary.done, provider.asks()), (Ending::Limit("--limit"), 9, 18));
    assert!(!meanwhile(&events).iter().any(sends));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_looks_rarely_into_the_queue_notices_too() {
    let (workshop, provider) = (Workshop::of_items(9), Scripted::new(|_, _| Act::Hang));
    // All that may be in flight is, and nothing comes back.
    let flying = |news: &News| matches!(news, News::AttemptStarted { attempt: 1, item, .. } if item == "item-3");
    let then = || {
        workshop.stop.send_replace(Stop::Now(Interrupt::Int));
    };
    let (summary, events) = paused_at(&workshop, &provider, settings(), flying, then).await;
    assert_eq!((summary.ending, summary.lost, provider.asks()), (Ending::Interrupted(Interrupt::Int), 4, 4));
    assert!(!meanwhile(&events).iter().any(sends));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_and_a_deadline_end_it_all_the_same() {
    let (workshop, provider) = (Workshop::of_items(40), Scripted::new(|_, _| Act::Draw));
    let then = || {
        workshop.stop.send_replace(Stop::Finish(Interrupt::Term));
    };
    let (summary, _) = paused_at(&workshop, &provider, settings(), sends, then).await;
    assert_eq!(summary.ending, Ending::Interrupted(Interrupt::Term));
    assert_eq!((summary.counts.running, summary.counts.left() + summary.done), (0, 40));

    // On a busy machine a short time may be over before the pause was noticed: then it gets longer.
    for seconds in [2, 8, 32] {
        let (workshop, provider) = (Workshop::of_items(40), Scripted::new(|_, _| Act::Draw));
        let deadline = Deadline { until: None, max_duration: Some(Duration::from_secs(seconds)) };
        let short = RunSettings { rules: Rules { deadline, ..rules() }, ..settings() };
        let (summary, events) = paused_at(&workshop, &provider, short, sends, || {}).await;
        assert_eq!(summary.ending, Ending::Deadline("--max-duration"));
        if events.iter().any(|news| matches!(news, News::Paused { .. })) {
            assert!(!meanwhile(&events).iter().any(sends));
            return;
        }
    }
    panic!("it was never paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_that_leaves_no_room_ends_it_all_the_same() {
    let cent = Usd::from_nanos(10_000_000);
    let prices = PriceList::given(Some(Price::PerImage(cent)), [].into());
    let caps = Caps { job: Some(cent.times(4)), ..Caps::default() };
    let priced = RunSettings { rules: Rules { caps, ..rules() }, prices, ..settings() };
    let (workshop, provider) = (Workshop::of_items(9), Scripted::new(|_, _| Act::Draw));
    let last = |news: &News| matches!(news, News::AttemptStarted { item, .. } if item == "item-3");
    let (summary, events) = paused_at(&workshop, &provider, priced, last, || {}).await;
    assert!(matches!(summary.ending, Ending::Budget(_)), "{:?}", summary.ending);
    assert_eq!((provider.asks(), meanwhile(&events).iter().any(sends)), (4, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_begins_within_a_pause_sends_nothing_and_is_over() {
    let (workshop, provider) = (Workshop::of_items(3), Scripted::new(|_, _| Act::Draw));
    pause(&workshop);
    for _ in 0..2 {
        let (summary, events) = workshop.run(&provider, settings()).await;
        assert_eq!((&summary.ending, provider.asks()), (&Ending::Paused { since: NOW }, 0));
        assert_eq!((summary.counts.queued, summary.counts.running), (3, 0));
        let halted = |news: &&News| matches!(news, News::Halted { message } if message.contains("paused"));
        assert_eq!(events.iter().filter(halted).count(), 1);
    }
    resume(&workshop);
    workshop.run(&provider, settings()).await;
    pause(&workshop);
    let (summary, _) = workshop.run(&provider, settings()).await;
    assert_eq!((summary.ending, provider.asks()), (Ending::Complete, 3), "nothing is left to do");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_received_before_is_kept_though_the_job_is_paused() {
    let (workshop, provider) = (Workshop::of_items(2), Scripted::new(|_, _| Act::Draw));
    let in_the_way = workshop.output().join("item-0.png/in the way");
    std::fs::create_dir_all(&in_the_way).unwrap();
    let (summary, _) = workshop.run(&provider, RunSettings { limit: Some(1), ..settings() }).await;
    assert!(matches!(summary.ending, Ending::Broken(_)), "{:?}", summary.ending);
    std::fs::remove_dir_all(workshop.output().join("item-0.png")).unwrap();
    pause(&workshop);
    let (summary, _) = workshop.run(&provider, settings()).await;
    assert_eq!((summary.ending, summary.done, provider.asks()), (Ending::Paused { since: NOW }, 1, 1));
}
