//! What one draining of a queue promises, with the real queue and the real store, and a provider that does as it is
//! told. Never over HTTP: what the wire does is tested where the binary runs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use overnight::clock::{Clock, SystemClock};
use overnight::domain::{
    Ending, Event, Failure, FailureKind, Interrupt, News, OnLost, PriceList, Reach, Reply, Reporter, Request,
    RetryPolicy, Summary,
};
use overnight::provider::{AskError, Generation, ImageSink, Provider};
use overnight::queue::Ledger;
use overnight::queue::sqlite::{Database, JobEntry, SqliteLedger, SqliteQueue};
use overnight::queue::{Queue, Rescued};
use overnight::run::{Parts, RunSettings, Stop, drain};
use overnight::store::ArtifactStore;
use overnight::store::local::LocalStore;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::queue_contract::item;

/// The smallest picture there is.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\
    \x9cc\xf8\xff\xff\xff\x7f\0\t\xfb\x03\xfd*\x86\xe3\x8a\0\0\0\0IEND\xaeB`\x82";

/// What the provider does at the n-th ask of a prompt, from 0.
type Script = dyn Fn(&str, usize) -> Act + Send + Sync;

enum Act {
    Draw,
    Fail(Box<Failure>),
    Hang,
}

impl Act {
    fn fail(failure: Failure) -> Self {
        Self::Fail(Box::new(failure))
    }
}

/// Does as the script says, and counts.
struct Scripted {
    script: Box<Script>,
    asks: Mutex<HashMap<String, usize>>,
    in_flight: AtomicUsize,
    most_at_once: AtomicUsize,
}

impl Scripted {
    fn new(script: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            asks: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        })
    }

    fn asks(&self) -> usize {
        self.asks.lock().unwrap().values().sum()
    }
}

impl Provider for Scripted {
    fn generate<'a>(
        &'a self,
        request: &'a Request,
        images: &'a mut dyn ImageSink,
    ) -> BoxFuture<'a, Result<Generation, AskError>> {
        async move {
            let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(now, Ordering::SeqCst);
            let nth = {
                let mut asks = self.asks.lock().unwrap();
                let asked = asks.entry(request.prompt.clone()).or_default();
                *asked += 1;
                *asked - 1
            };
            tokio::task::yield_now().await;
            let act = (self.script)(&request.prompt, nth);
            if matches!(act, Act::Hang) {
                std::future::pending::<()>().await;
            }
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            match act {
                Act::Fail(failure) => Err((*failure).into()),
                _ => {
                    images.begin()?;
                    images.write(PIXEL)?;
                    images.keep()?;
                    Ok(Generation { reply: Reply { text: Some("a caption".into()), ..Reply::default() } })
                }
            }
        }
        .boxed()
    }
}

/// Keeps what it was told, and lets the test look at each event as it comes.
struct Listener<'a> {
    events: Vec<News>,
    each: &'a mut (dyn FnMut(&News) + Send),
}

impl Reporter for Listener<'_> {
    fn tell(&mut self, event: &Event) {
        (self.each)(&event.news);
        self.events.push(event.news.clone());
    }
}

/// A job of a few items in a folder of its own.
struct Workshop {
    folder: TempDir,
    stop: watch::Sender<Stop>,
}

impl Workshop {
    fn of_items(count: usize) -> Self {
        let workshop = Self { folder: tempfile::tempdir().unwrap(), stop: watch::Sender::new(Stop::No) };
        let mut queue = workshop.queue();
        let mut intake = queue.intake().unwrap();
        for n in 0..count {
            let row = overnight::domain::ManifestRow { line: n as u64 + 2, cells: vec![], has_id: true };
            intake.push(&row, &[item(&format!("item-{n}"), &format!("prompt {n}"))]).unwrap();
        }
        intake.publish(&[]).unwrap();
        workshop
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("overnight.db")
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("output")
    }

    fn queue(&self) -> SqliteQueue {
        let (name, manifest, output) = ("job".into(), "m.csv".into(), "output".into());
        let entry = JobEntry { name, manifest, output, holder: "the test".into() };
        SqliteQueue::begin_run(Database::open(&self.database()).unwrap(), &entry, SystemClock.now()).unwrap()
    }

    fn done(&self) -> u64 {
        let ledger = SqliteLedger::open(&self.database()).unwrap();
        ledger.status(SystemClock.now(), &[]).unwrap()[0].counts.done
    }

    async fn run(&self, provider: &Arc<Scripted>, settings: RunSettings) -> (Summary, Vec<News>) {
        self.run_watched(provider, settings, &mut |_| {}).await
    }

    async fn run_watched(
        &self,
        provider: &Arc<Scripted>,
        settings: RunSettings,
        each: &mut (dyn FnMut(&News) + Send),
    ) -> (Summary, Vec<News>) {
        let mut queue = self.queue();
        let Rescued { received, .. } = queue.rescue(SystemClock.now(), settings.policy.on_lost).unwrap();
        let mut listener = Listener { events: vec![], each };
        let store: Arc<dyn ArtifactStore> = Arc::new(LocalStore::open(&self.output(), "job").unwrap());
        let parts = Parts {
            queue: &mut queue,
            provider: provider.clone(),
            store,
            clock: Arc::new(SystemClock),
            reporter: &mut listener,
            stop: self.stop.subscribe(),
        };
        let summary = drain(parts, settings, received).await;
        (summary, listener.events)
    }
}

fn settings() -> RunSettings {
    RunSettings {
        job: "job".into(),
        concurrency: 4,
        requests_a_minute: None,
        policy: RetryPolicy { max_attempts: 3, on_lost: OnLost::Resend },
        limit: None,
        halt_after: None,
        strict: false,
        prices: PriceList,
    }
}

fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, format!("it was {kind}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_item_gets_its_picture_and_no_more_requests_fly_than_may() {
    let workshop = Workshop::of_items(40);
    let provider = Scripted::new(|_, _| Act::Draw);
    let (summary, events) = workshop.run(&provider, settings()).await;
    assert_eq!((summary.ending, summary.done, summary.attempts, provider.asks()), (Ending::Complete, 40, 40, 40));
    assert!(provider.most_at_once.load(Ordering::SeqCst) <= 4);
    assert!(matches!(events.first(), Some(News::RunStarted { items: 40, .. })));
    assert!(matches!(events.last(), Some(News::RunEnded(_))));
    assert!(workshop.output().join("item-39.png").exists() && workshop.output().join("item-39.txt").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_on_the_disk_and_in_the_database_already() {
    let workshop = Workshop::of_items(12);
    let provider = Scripted::new(|_, _| Act::Draw);
    let mut told = 0;
    let mut each = |news: &News| {
        if let News::AttemptEnded { file: Some(file), .. } = news {
            told += 1;
            assert!(workshop.output().join(file).exists());
            assert!(workshop.done() >= told, "told of {told}, settled {}", workshop.done());
        }
    };
    workshop.run_watched(&provider, settings(), &mut each).await;
    assert_eq!(told, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fatal_failure_stops_the_sending_and_leaves_everything_queued() {
    let workshop = Workshop::of_items(50);
    let provider = Scripted::new(|_, _| Act::fail(failure(FailureKind::Fatal)));
    let (summary, events) = workshop.run(&provider, settings()).await;
    assert!(matches!(summary.ending, Ending::Halted(_)));
    assert_eq!(summary.counts.queued, 50);
    assert!(provider.asks() <= 4, "only what was in flight was asked, not {}", provider.asks());
    assert_eq!(events.iter().filter(|news| matches!(news, News::Halted { .. })).count(), 1, "said once");
}

#[tokio::test(flavor = "multi_thread")]
async fn throttled_items_come_back_without_losing_an_attempt() {
    let workshop = Workshop::of_items(8);
    let throttled = || Failure { retry_after: Some(Duration::from_millis(5)), ..failure(FailureKind::Throttled) };
    // More often than an item may be attempted.
    let provider = Scripted::new(move |_, nth| if nth < 2 { Act::fail(throttled()) } else { Act::Draw });
    let once = RetryPolicy { max_attempts: 1, on_lost: OnLost::Resend };
    let (summary, events) = workshop.run(&provider, RunSettings { policy: once, ..settings() }).await;
    assert_eq!((summary.ending, summary.done), (Ending::Complete, 8));
    assert!(events.iter().any(|news| matches!(news, News::Slowed { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transient_failure_is_tried_again_until_the_attempts_are_used_up() {
    let workshop = Workshop::of_items(2);
    let provider = Scripted::new(|prompt, nth| match (prompt, nth) {
        ("prompt 0", 0) => Act::fail(failure(FailureKind::Transient)),
        ("prompt 0", _) => Act::Draw,
        _ => Act::fail(failure(FailureKind::Transient)),
    });
    let two = RetryPolicy { max_attempts: 2, on_lost: OnLost::Resend };
    let (summary, _) = workshop.run(&provider, RunSettings { policy: two, ..settings() }).await;
    assert_eq!((summary.done, summary.failed, summary.attempts), (1, 1, 4));
    assert_eq!(summary.counts.failed[&FailureKind::Transient], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_of_items_and_what_was_begun_is_brought_to_its_end() {
    let workshop = Workshop::of_items(9);
    let provider =
        Scripted::new(|_, nth| if nth == 0 { Act::fail(failure(FailureKind::Transient)) } else { Act::Draw });
    let (summary, _) = workshop.run(&provider, RunSettings { limit: Some(3), ..settings() }).await;
    assert_eq!((&summary.ending, summary.done, summary.attempts), (&Ending::Limit("--limit"), 3, 6));
    let (summary, _) = workshop.run(&provider, RunSettings { limit: Some(6), ..settings() }).await;
    assert_eq!((summary.ending, summary.counts.done), (Ending::Complete, 9), "a limit that is just enough is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_when_too_many_items_have_failed() {
    let workshop = Workshop::of_items(50);
    let provider = Scripted::new(|_, _| Act::fail(failure(FailureKind::Rejected)));
    let (summary, _) = workshop.run(&provider, RunSettings { halt_after: Some(5), ..settings() }).await;
    assert_eq!(summary.ending, Ending::Limit("--halt-after"));
    assert!((5..=9).contains(&summary.failed), "{} failed", summary.failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_signal_finishes_what_is_in_flight_and_the_second_gives_it_up() {
    let workshop = Workshop::of_items(20);
    let hanging = Scripted::new(|_, _| Act::Hang);
    let mut started = 0;
    let mut each = |news: &News| {
        if matches!(news, News::AttemptStarted { .. }) {
            started += 1;
            let stop = if started == 4 { Stop::Now(Interrupt::Term) } else { Stop::Finish(Interrupt::Int) };
            workshop.stop.send_replace(stop);
        }
    };
    let (summary, _) = workshop.run_watched(&hanging, settings(), &mut each).await;
    assert_eq!(summary.ending, Ending::Interrupted(Interrupt::Term));
    assert_eq!((summary.attempts, summary.lost, summary.counts.queued), (4, 4, 20));
    workshop.stop.send_replace(Stop::No);
    let provider = Scripted::new(|_, _| Act::Draw);
    let (summary, _) = workshop.run(&provider, settings()).await;
    assert_eq!((summary.ending, summary.done), (Ending::Complete, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_request_is_held_when_the_job_says_so() {
    let workshop = Workshop::of_items(1);
    let provider = Scripted::new(|_, _| Act::fail(Failure { reach: Reach::Lost, ..failure(FailureKind::Transient) }));
    let hold = RetryPolicy { max_attempts: 3, on_lost: OnLost::Hold };
    let (summary, _) = workshop.run(&provider, RunSettings { policy: hold, ..settings() }).await;
    assert_eq!((summary.counts.failed[&FailureKind::Lost], summary.lost, provider.asks()), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_received_before_the_disk_failed_is_published_later_without_a_request() {
    let workshop = Workshop::of_items(1);
    let provider = Scripted::new(|_, _| Act::Draw);
    // A folder stands where the picture's caption should go: publishing fails, after the receipt was committed.
    std::fs::create_dir_all(workshop.output().join("item-0.png/in the way")).unwrap();
    let (summary, _) = workshop.run(&provider, settings()).await;
    assert!(matches!(summary.ending, Ending::Broken(_)), "{:?}", summary.ending);
    std::fs::remove_dir_all(workshop.output().join("item-0.png")).unwrap();
    let (summary, _) = workshop.run(&provider, settings()).await;
    assert_eq!((summary.ending, summary.done, summary.attempts), (Ending::Complete, 1, 0));
    assert_eq!(provider.asks(), 1);
    assert_eq!(std::fs::read(workshop.output().join("item-0.png")).unwrap(), PIXEL);
}
