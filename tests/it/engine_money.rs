//! What a run promises of money: whatever happens, no cap is passed, and one that is reached ends it in good order. Never
//! over HTTP: the codes are tested where the binary runs.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use overnight::clock::{Clock, SystemClock};
use overnight::domain::{
    CapKind, Caps, Ending, Failure, FailureKind, News, Outcome, Price, PriceList, Reach, Reply, Request, RetryPolicy,
    TokenPrice, Usage, Usd,
};
use overnight::provider::{AskError, Generation, ImageSink, Provider};
use overnight::queue::sqlite::{Database, JobEntry, SqliteQueue};
use overnight::queue::{Queue, Settlement, Start, Turn};
use overnight::run::{Rules, RunSettings};
use rusqlite::Connection;

use crate::queue_contract::{claim, enqueue, items, turn};
use crate::support::workshop::{Act, PIXEL, Scripted, Workshop, at_once, failure, rules, settings};

const ITEMS: usize = 120;

/// Answers by chance, as the seed has it: pictures of every usage, and whatever else an endpoint answers.
struct Moody {
    seed: u64,
    asks: AtomicUsize,
}

impl Moody {
    fn of(seed: u64) -> Arc<Self> {
        Arc::new(Self { seed, asks: AtomicUsize::new(0) })
    }

    fn asks(&self) -> usize {
        self.asks.load(Ordering::SeqCst)
    }

    /// What an ask of this request brings; `None` is a picture.
    fn mood(&self, request: &Request, nth: usize) -> (Option<Failure>, Option<Usage>) {
        let word = format!("{} {} {nth}", self.seed, request.prompt);
        let dice = blake3::hash(word.as_bytes());
        let [kind, much, rest, ..] = dice.as_bytes();
        let used = |output_tokens: u64| Usage {
            prompt_tokens: u64::from(*rest) % 12,
            output_tokens,
            output_image_tokens: rest.is_multiple_of(2).then_some(output_tokens * 9 / 10),
            thought_tokens: u64::from(*rest),
            ..Usage::default()
        };
        let drawn = used(1_120 + u64::from(*much) * 10);
        let reply = |usage| Reply { usage: Some(usage), ..Reply::default() };
        let failed = |kind, usage| Failure { reply: reply(usage), ..failure(kind) };
        let lost = Failure { reach: Reach::Lost, ..failure(FailureKind::Transient) };
        let throttled = Failure { retry_after: Some(Duration::from_millis(5)), ..failure(FailureKind::Throttled) };
        let empty = Failure { empty: true, ..failed(FailureKind::Transient, used(30)) };
        match kind {
            0..20 => (Some(failed(FailureKind::Refused, used(0))), None),
            20..40 => (Some(lost), None),
            40..60 => (Some(failure(FailureKind::Transient)), None),
            60..75 => (Some(empty), None),
            75..78 => (Some(throttled), None),
            78..90 => (None, None),
            _ => (None, Some(drawn)),
        }
    }
}

impl Provider for Moody {
    fn generate<'a>(
        &'a self,
        request: &'a Request,
        images: &'a mut dyn ImageSink,
    ) -> BoxFuture<'a, Result<Generation, AskError>> {
        async move {
            let (failure, usage) = self.mood(request, self.asks.fetch_add(1, Ordering::SeqCst));
            tokio::task::yield_now().await;
            if let Some(failure) = failure {
                return Err(failure.into());
            }
            images.begin()?;
            images.write(PIXEL)?;
            images.keep()?;
            Ok(Generation { reply: Reply { usage, ..Reply::default() } })
        }
        .boxed()
    }
}

/// $10 a million tokens of what comes: up to $0.041 an answer.
fn by_token() -> PriceList {
    let [input, output] = ["0.25", "10"].map(|text| text.parse().unwrap());
    PriceList::given(Some(Price::PerToken(TokenPrice::flat(input, output))), [].into())
}

fn within(most: Usd) -> RunSettings {
    let caps = Caps { job: Some(most), ..Caps::default() };
    let policy = RetryPolicy { max_attempts: 9, ..rules().policy };
    RunSettings { rules: Rules { caps, policy, concurrency: at_once(64), ..rules() }, prices: by_token(), ..settings() }
}

/// What all attempts cost and may cost yet, from the attempts themselves, and from the sums that are kept.
fn held(database: &Connection) -> [i64; 2] {
    let attempts = "SELECT coalesce(sum(CASE WHEN state IN ('settled', 'unsent') THEN cost ELSE reserved END), 0)
                    FROM attempts";
    let sums = "SELECT coalesce(sum(settled + reserved + lost), 0) FROM held";
    [attempts, sums].map(|sum| database.query_row(sum, [], |row| row.get(0)).unwrap())
}

/// The money as somebody adds it up who hears only what is told.
#[derive(Default)]
struct Listener {
    open: HashMap<(String, u32), Usd>,
    /// What attempts cost that ended, and may have cost that were lost.
    ended: Usd,
}

impl Listener {
    fn hear(&mut self, news: &News) -> Usd {
        match news {
            News::AttemptStarted { item, attempt, reserved } => {
                self.open.insert((item.clone(), *attempt), reserved.unwrap());
            }
            News::AttemptEnded { item, attempt, cost, .. } => {
                let reserved = self.open.remove(&(item.clone(), *attempt)).unwrap();
                self.ended += cost.unwrap_or(reserved);
            }
            _ => {}
        }
        self.open.values().fold(self.ended, |sum, reserved| sum + *reserved)
    }
}

/// Runs below this cap and looks at the money at every event.
async fn run(workshop: &Workshop, provider: &Arc<Moody>, most: Usd) -> (Ending, Usd) {
    let database = Connection::open(workshop.database()).unwrap();
    let mut highest = 0;
    let (most_ever, seed) = (&mut highest, provider.seed);
    let mut listener = Listener { ended: Usd::from_nanos(held(&database)[1]), ..Listener::default() };
    let mut each = move |news: &News| {
        let told = listener.hear(news);
        assert!(told <= most, "{told} of {most} as told, seed {seed}");
        let [attempts, sums] = held(&database);
        assert_eq!(attempts, sums);
        assert!(sums <= most.nanos(), "{sums} of {}, seed {seed}", most.nanos());
        *most_ever = sums.max(*most_ever);
    };
    let (summary, _) = workshop.run_with(&mut workshop.queue(), provider.clone(), within(most), &mut each).await;
    (summary.ending, Usd::from_nanos(highest))
}

/// One night and the two after it.
async fn nights(seed: u64) {
    let (workshop, provider) = (Workshop::of_items(ITEMS), Moody::of(seed));
    let dollar = Usd::from_nanos(1_000_000_000);
    let (ending, highest) = run(&workshop, &provider, dollar).await;
    let Ending::Budget(reached) = ending else { panic!("{ending:?}, seed {seed}") };
    let reserve = Usd::from_nanos(4_096 * 10_000 + 10 * 250);
    assert_eq!((reached.kind, reached.most, reached.held.reserved), (CapKind::Job, dollar, Usd::ZERO));
    assert!(highest > dollar - reserve && reached.held.total() > dollar - reserve, "seed {seed}: {reached:?}");
    let status = workshop.status();
    assert_eq!((status.held, status.counts.running), (reached.held, 0));
    assert!(status.counts.queued > 0 && status.counts.done > 10, "{status:?}");
    let sent = provider.asks();
    let (ending, _) = run(&workshop, &provider, dollar).await;
    assert!(matches!(ending, Ending::Budget(_)) && provider.asks() == sent, "the second run sends nothing");
    let (ending, _) = run(&workshop, &provider, dollar.times(100)).await;
    assert_eq!((ending, workshop.status().counts.left()), (Ending::Complete, 0));
}

#[test]
fn no_cap_is_passed_at_any_moment_and_a_higher_one_goes_on() {
    let night = |seed| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(nights(seed));
    };
    std::thread::scope(|scope| {
        let nights: Vec<_> = (0..10).map(|seed| scope.spawn(move || night(seed))).collect();
        nights.into_iter().for_each(|night| night.join().unwrap());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn with_money_for_one_at_a_time_one_at_a_time_is_sent_until_nothing_fits() {
    let workshop = Workshop::of_items(9);
    let provider = Scripted::new(|_, _| Act::Draw);
    let cent = Usd::from_nanos(10_000_000);
    let prices = PriceList::given(Some(Price::PerImage(cent)), [].into());
    let caps = Caps { run: Some(cent.times(4)), job: Some(cent.times(7)), ..Caps::default() };
    let settings = RunSettings { rules: Rules { caps, ..rules() }, prices, ..settings() };
    let mut endings = Vec::new();
    for _ in 0..3 {
        let (summary, _) = workshop.run(&provider, settings.clone()).await;
        let Ending::Budget(reached) = summary.ending else { panic!("{:?}", summary.ending) };
        endings.push((reached.kind, summary.done, summary.held.settled));
    }
    let expected = [(CapKind::Run, 4, cent.times(4)), (CapKind::Job, 3, cent.times(3)), (CapKind::Job, 0, Usd::ZERO)];
    assert_eq!(endings, expected);
    assert_eq!((provider.asks(), workshop.status().counts.queued), (7, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_requests_hold_their_money_until_the_cap_is_full_of_them() {
    let workshop = Workshop::of_items(3);
    let provider = Scripted::new(|_, _| Act::fail(Failure { reach: Reach::Lost, ..failure(FailureKind::Transient) }));
    let cent = Usd::from_nanos(10_000_000);
    let caps = Caps { job: Some(cent.times(2)), ..Caps::default() };
    let prices = PriceList::given(Some(Price::PerImage(cent)), [].into());
    let settings = RunSettings { rules: Rules { caps, ..rules() }, prices, ..settings() };
    let (summary, _) = workshop.run(&provider, settings).await;
    let Ending::Budget(reached) = summary.ending else { panic!("{:?}", summary.ending) };
    assert_eq!((reached.held.lost, reached.held.settled, summary.cost), (cent.times(2), Usd::ZERO, None));
    assert!(reached.told().contains("$0.02 may have been billed for lost requests"), "{}", reached.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_price_is_not_sent_below_a_cap_though_it_came_to_the_queue_later() {
    let workshop = Workshop::of_items(3);
    let provider = Scripted::new(|_, _| Act::Draw);
    let caps = Caps { job: Some(Usd::from_nanos(10_000_000)), ..Caps::default() };
    let settings = RunSettings { rules: Rules { caps, ..rules() }, prices: PriceList::default(), ..settings() };
    let (summary, _) = workshop.run(&provider, settings).await;
    let Ending::Halted(failure) = summary.ending else { panic!("{:?}", summary.ending) };
    assert!(failure.message.starts_with("--max-cost cannot be kept: nobody knows what `"), "{}", failure.message);
    assert_eq!((provider.asks(), workshop.status().counts.queued), (0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_run_has_on_its_way_is_waited_for() {
    let workshop = Workshop::of_items(2);
    let provider = Scripted::new(|_, _| Act::Draw);
    let cent = Usd::from_nanos(10_000_000);
    let now = SystemClock.now();
    let entry = JobEntry {
        name: "other".into(),
        manifest: "o.csv".into(),
        output: "o".into(),
        holder: "it".into(),
        scheduled_for: None,
    };
    let mut other = SqliteQueue::begin_run(Database::open(&workshop.database()).unwrap(), &entry, now).unwrap();
    enqueue(&mut other, &items(1));
    let starts = claim(&mut other, now, 1).into_iter().map(|claim| Start { claim, reserve: Some(cent.times(3)) });
    let mut attempts = other.commit(now, Turn { starts: starts.collect(), ..turn() }).unwrap().attempts;
    let mut lands = |news: &News| {
        if matches!(news, News::Slowed { message, .. } if message.starts_with("what other runs have on their way")) {
            let outcome = Outcome::Failed(failure(FailureKind::Rejected));
            let settlement = Settlement { attempt: attempts.remove(0), outcome, cost: Some(cent) };
            other.commit(now, Turn { settlements: vec![settlement], ..turn() }).unwrap();
        }
    };
    let caps = Caps { month: Some(cent.times(3)), ..Caps::default() };
    let prices = PriceList::given(Some(Price::PerImage(cent)), [].into());
    let settings = RunSettings { rules: Rules { caps, ..rules() }, prices, ..settings() };
    let (summary, _) = workshop.run_watched(&provider, settings, &mut lands).await;
    assert_eq!((summary.ending, summary.done), (Ending::Complete, 2));
}
