//! A job of a few items with the real queue and the real store, and a provider that does as it is told. Never over HTTP.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::tz::TimeZone;
use overnight::clock::{Clock, SystemClock};
use overnight::disk::ListFolder;
use overnight::domain::{
    Accept, Caps, Deadline, Event, Failure, FailureKind, News, OnLost, PriceList, Reply, Reporter, Request,
    RetryPolicy, Summary,
};
use overnight::provider::{AskError, Generation, ImageSink, Provider};
use overnight::queue::sqlite::{Database, JobEntry, SqliteLedger, SqliteQueue};
use overnight::queue::{JobStatus, Ledger, Queue, Redo, Rescued};
use overnight::run::{Account, Bounds, Limits, OutageSettings, Parts, Rules, RunSettings, Seen, Stop, drain};
use overnight::store::ArtifactStore;
use overnight::store::local::LocalStore;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::queue_contract::item;

/// The smallest picture there is.
pub const PIXEL: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\
    \x9cc\xf8\xff\xff\xff\x7f\0\t\xfb\x03\xfd*\x86\xe3\x8a\0\0\0\0IEND\xaeB`\x82";

/// What the provider does at the n-th ask of a prompt, from 0.
pub type Script = dyn Fn(&str, usize) -> Act + Send + Sync;

pub enum Act {
    Draw,
    Fail(Box<Failure>),
    Hang,
}

impl Act {
    pub fn fail(failure: Failure) -> Self {
        Self::Fail(Box::new(failure))
    }
}

/// Does as the script says, and counts.
pub struct Scripted {
    script: Box<Script>,
    asks: Mutex<HashMap<String, usize>>,
    in_flight: AtomicUsize,
    pub most_at_once: AtomicUsize,
}

impl Scripted {
    pub fn new(script: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            asks: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        })
    }

    pub fn asks(&self) -> usize {
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
pub struct Listener<'a> {
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
pub struct Workshop {
    folder: TempDir,
    clock: Arc<dyn Clock>,
    pub stop: watch::Sender<Stop>,
}

impl Workshop {
    pub fn of_items(count: usize) -> Self {
        let workshop = Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(SystemClock),
            stop: watch::Sender::new(Stop::No),
        };
        let mut queue = workshop.queue();
        let mut intake = queue.intake(Redo::No).unwrap();
        for n in 0..count {
            let row = overnight::domain::ManifestRow { line: n as u64 + 2, cells: vec![], has_id: true };
            intake.push(&row, &[item(&format!("item-{n}"), &format!("prompt {n}"))]).unwrap();
        }
        intake.publish(&[], None).unwrap();
        workshop
    }

    /// The same, whose runs look at this clock.
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("overnight.db")
    }

    pub fn output(&self) -> PathBuf {
        self.folder.path().join("output")
    }

    pub fn queue(&self) -> SqliteQueue {
        let (name, manifest, output) = ("job".into(), "m.csv".into(), "output".into());
        let entry = JobEntry { name, manifest, output, holder: "the test".into(), scheduled_for: None };
        SqliteQueue::begin_run(Database::open(&self.database()).unwrap(), &entry, SystemClock.now()).unwrap()
    }

    pub fn done(&self) -> u64 {
        self.status().counts.done
    }

    pub fn status(&self) -> JobStatus {
        SqliteLedger::open(&self.database()).unwrap().status(SystemClock.now(), &[]).unwrap().remove(0)
    }

    pub async fn run(&self, provider: &Arc<Scripted>, settings: RunSettings) -> (Summary, Vec<News>) {
        self.run_watched(provider, settings, &mut |_| {}).await
    }

    pub async fn run_watched(
        &self,
        provider: &Arc<Scripted>,
        settings: RunSettings,
        each: &mut (dyn FnMut(&News) + Send),
    ) -> (Summary, Vec<News>) {
        self.run_on(&mut self.queue(), provider, settings, each).await
    }

    pub async fn run_on(
        &self,
        queue: &mut dyn Queue,
        provider: &Arc<Scripted>,
        settings: RunSettings,
        each: &mut (dyn FnMut(&News) + Send),
    ) -> (Summary, Vec<News>) {
        self.run_with(queue, provider.clone(), settings, each).await
    }

    pub async fn run_with(
        &self,
        queue: &mut dyn Queue,
        provider: Arc<dyn Provider>,
        settings: RunSettings,
        each: &mut (dyn FnMut(&News) + Send),
    ) -> (Summary, Vec<News>) {
        let store: Arc<dyn ArtifactStore> = Arc::new(
            LocalStore::open(&self.output(), "job", &queue.mark(), settings.rules.concurrency.highest.get()).unwrap(),
        );
        let found = store.recover(&queue.left_open().unwrap().sent).unwrap();
        let Rescued { received, .. } = queue.rescue(self.clock.now(), settings.rules.policy.on_lost, found).unwrap();
        let mut listener = Listener { events: vec![], each };
        let parts = Parts {
            queue,
            provider,
            store,
            references: Arc::new(ListFolder::new(self.folder.path().to_owned(), false)),
            seen: Seen::default(),
            account: Account::default(),
            clock: self.clock.clone(),
            reporter: &mut listener,
            stop: self.stop.subscribe(),
        };
        let summary = drain(parts, settings, received).await;
        (summary, listener.events)
    }
}

/// Always so many requests in flight.
pub fn at_once(number: usize) -> Bounds {
    Bounds::fixed(NonZeroUsize::new(number).unwrap())
}

pub fn rules() -> Rules {
    Rules {
        concurrency: at_once(4),
        limits: Limits::default(),
        policy: RetryPolicy { max_attempts: 3, on_lost: OnLost::Resend },
        outage: OutageSettings::default(),
        caps: Caps::default(),
        zone: TimeZone::UTC,
        deadline: Deadline::default(),
        max_images: None,
    }
}

pub fn settings() -> RunSettings {
    RunSettings {
        job: "job".into(),
        rules: rules(),
        limit: None,
        narrowed: None,
        halt_after: None,
        accept: Accept::default(),
        prices: PriceList::default(),
    }
}

pub fn failure(kind: FailureKind) -> Failure {
    Failure::new(kind, format!("it was {kind}"))
}
