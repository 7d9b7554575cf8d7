//! What one draining of a queue promises when the disk or the database fails. Never over HTTP.

use std::num::NonZeroU32;

use overnight::domain::{
    Cap, Counts, Ending, Held, Interrupt, ItemId, Mark, News, OnLost, Received, Room, SeenFile, Timestamp,
};
use overnight::queue::sqlite::SqliteQueue;
use overnight::queue::{
    Displaced, Intake, LeftOpen, Neighbour, Queue, QueueError, Reading, Redo, Rescued, Turn, Turned, Uncommitted,
};
use overnight::run::{Limits, Rules, RunSettings, Stop};

use crate::support::workshop::{Act, PIXEL, Scripted, Workshop, at_once, rules, settings};

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

#[tokio::test(flavor = "multi_thread")]
async fn where_no_answer_could_be_kept_none_is_asked_for() {
    let workshop = Workshop::of_items(20);
    let provider = Scripted::new(|_, _| Act::Draw);
    let mut each = |news: &News| {
        if matches!(news, News::RunStarted { .. }) {
            std::fs::remove_dir_all(workshop.output().join(".staging")).unwrap();
        }
    };
    let (summary, _) = workshop.run_watched(&provider, settings(), &mut each).await;
    assert!(matches!(summary.ending, Ending::Broken(_)), "{:?}", summary.ending);
    assert_eq!((provider.asks(), summary.lost, summary.counts.queued), (0, 0, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_synced_is_lost_alone_and_only_once_its_bytes_are_found_gone() {
    let workshop = Workshop::of_items(4);
    let provider = Scripted::new(|_, _| Act::Draw);
    // The first attempt's picture is gone when it is to be synced.
    let mut each = |news: &News| {
        if matches!(news, News::AttemptLanded { item, .. } if item == "item-0") {
            std::fs::remove_file(staged(&workshop, "-1-1.part")).unwrap();
        }
    };
    let (summary, _) = workshop.run_watched(&provider, settings(), &mut each).await;
    assert!(matches!(&summary.ending, Ending::Broken(why) if why.contains("1-1.part")), "{:?}", summary.ending);
    assert_eq!((summary.done, summary.lost, summary.counts.running), (3, 0, 1));
    let (summary, _) = workshop.run(&provider, settings()).await;
    assert_eq!((summary.ending, summary.counts.done, provider.asks()), (Ending::Complete, 4, 5));
    assert_eq!(workshop.status().lost_attempts, 1);
}

/// The one file in staging whose name ends so.
fn staged(workshop: &Workshop, end: &str) -> std::path::PathBuf {
    let files = std::fs::read_dir(workshop.output().join(".staging/job")).unwrap();
    files.map(|file| file.unwrap().path()).find(|path| path.to_str().unwrap().ends_with(end)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_database_never_recorded_is_found_in_staging_and_asked_for_no_more() {
    let workshop = Workshop::of_items(20);
    let provider = Scripted::new(|_, _| Act::Draw);
    let mut locked = Locked { queue: workshop.queue(), writes: u32::MAX, which: has_receipts };
    // Someone who cannot wait for the database ends the run.
    let mut each = |news: &News| {
        if matches!(news, News::Slowed { .. }) {
            workshop.stop.send_replace(Stop::Finish(Interrupt::Int));
        }
    };
    let (summary, _) = workshop.run_on(&mut locked, &provider, settings(), &mut each).await;
    drop(locked);
    assert_eq!((summary.ending, summary.done, summary.lost), (Ending::Interrupted(Interrupt::Int), 0, 0));
    workshop.stop.send_replace(Stop::No);
    let (summary, _) = workshop.run(&provider, settings()).await;
    assert_eq!((summary.ending, summary.counts.done, provider.asks()), (Ending::Complete, 20, 20));
    assert_eq!(workshop.status().lost_attempts, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_cannot_be_published_holds_up_no_other() {
    let workshop = Workshop::of_items(4);
    let provider = Scripted::new(|_, _| Act::Draw);
    std::fs::create_dir_all(workshop.output().join("item-0.png/in the way")).unwrap();
    let (summary, _) = workshop.run(&provider, settings()).await;
    assert!(matches!(&summary.ending, Ending::Broken(why) if why.contains("item-0.png")), "{:?}", summary.ending);
    assert_eq!((summary.done, summary.lost, summary.counts.running), (3, 0, 1), "{summary:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_answers_that_wait_to_be_published_all_are_before_anything_is_sent() {
    const ITEMS: usize = 300;
    let workshop = Workshop::of_items(ITEMS);
    let provider = Scripted::new(|_, _| Act::Draw);
    let in_the_way = |n: usize| workshop.output().join(format!("item-{n}.png"));
    (0..ITEMS).for_each(|n| std::fs::create_dir_all(in_the_way(n).join("a file")).unwrap());
    let all_at_once = RunSettings { rules: Rules { concurrency: at_once(ITEMS), ..rules() }, ..settings() };
    let (summary, _) = workshop.run(&provider, all_at_once).await;
    assert_eq!((summary.done, summary.lost, provider.asks()), (0, 0, ITEMS));
    (0..ITEMS).for_each(|n| std::fs::remove_dir_all(in_the_way(n)).unwrap());
    let (summary, _) = workshop.run(&provider, settings()).await;
    assert_eq!((summary.ending, summary.done as usize, provider.asks()), (Ending::Complete, ITEMS, ITEMS));
}

/// A queue whose database is locked by someone else for the first few of these writes.
struct Locked {
    queue: SqliteQueue,
    writes: u32,
    which: fn(&Turn) -> bool,
}

/// Those that follow an answer.
fn has_receipts(turn: &Turn) -> bool {
    !turn.receipts.is_empty()
}

impl Queue for Locked {
    fn commit(&mut self, now: Timestamp, turn: Turn) -> Result<Turned, Box<Uncommitted>> {
        if !(self.which)(&turn) || self.writes == 0 {
            return self.queue.commit(now, turn);
        }
        self.writes -= 1;
        let busy = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None);
        let error = QueueError::Database { path: "overnight.db".into(), doing: "writing", source: busy };
        Err(Box::new(Uncommitted { error, turn }))
    }

    fn last_reading(&mut self) -> Result<Option<Reading>, QueueError> {
        self.queue.last_reading()
    }

    fn files_seen(&mut self, each: &mut dyn FnMut(&SeenFile) -> bool) -> Result<(), QueueError> {
        self.queue.files_seen(each)
    }

    fn intake(&mut self, redo: Redo) -> Result<Box<dyn Intake>, QueueError> {
        self.queue.intake(redo)
    }

    fn crowded(&mut self) -> Result<Option<Neighbour>, QueueError> {
        self.queue.crowded()
    }

    fn displacing(&mut self) -> Result<Option<Displaced>, QueueError> {
        self.queue.displacing()
    }

    fn leave_unsent(&mut self) -> Result<u64, QueueError> {
        self.queue.leave_unsent()
    }

    fn mark(&self) -> Mark {
        self.queue.mark()
    }

    fn left_open(&mut self) -> Result<LeftOpen, QueueError> {
        self.queue.left_open()
    }

    fn rescue(&mut self, now: Timestamp, on_lost: OnLost, found: Vec<Received>) -> Result<Rescued, QueueError> {
        self.queue.rescue(now, on_lost, found)
    }

    fn narrow(&mut self, items: &[ItemId]) -> Result<u64, QueueError> {
        self.queue.narrow(items)
    }

    fn paused_since(&mut self) -> Result<Option<Timestamp>, QueueError> {
        self.queue.paused_since()
    }

    fn next_due(&mut self, only_attempted: bool) -> Result<Option<Timestamp>, QueueError> {
        self.queue.next_due(only_attempted)
    }

    fn move_waits(&mut self, now: Timestamp, by: i64) -> Result<(), QueueError> {
        self.queue.move_waits(now, by)
    }

    fn held(&mut self, caps: &[Cap]) -> Result<Vec<Held>, QueueError> {
        self.queue.held(caps)
    }

    fn waiting_models(&mut self) -> Result<Vec<String>, QueueError> {
        self.queue.waiting_models()
    }

    fn sent_since(&mut self, moment: Timestamp) -> Result<u64, QueueError> {
        self.queue.sent_since(moment)
    }

    fn counts(&mut self) -> Result<Counts, QueueError> {
        self.queue.counts()
    }

    fn results_stale(&mut self) -> Result<bool, QueueError> {
        self.queue.results_stale()
    }

    fn results_begun(&mut self) -> Result<(), QueueError> {
        self.queue.results_begun()
    }

    fn results_failed(&mut self) -> Result<(), QueueError> {
        self.queue.results_failed()
    }

    fn room(&self) -> Result<Room, QueueError> {
        self.queue.room()
    }

    fn end_run(&mut self, now: Timestamp, ending: &str) -> Result<(), QueueError> {
        self.queue.end_run(now, ending)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_locked_for_a_while_is_waited_for_and_the_run_goes_on() {
    let workshop = Workshop::of_items(20);
    let provider = Scripted::new(|_, _| Act::Draw);
    let mut locked = Locked { queue: workshop.queue(), writes: 2, which: has_receipts };
    let (summary, events) = workshop.run_on(&mut locked, &provider, settings(), &mut |_| {}).await;
    assert_eq!((summary.ending, summary.counts.done, summary.lost), (Ending::Complete, 20, 0));
    assert_eq!(provider.asks(), 20, "nothing is asked for twice");
    let told = events.iter().filter(|news| matches!(news, News::Slowed { message, .. } if message.contains("locked")));
    assert_eq!(told.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_written_and_never_left_uses_up_no_request_of_the_day() {
    let workshop = Workshop::of_items(20);
    let provider = Scripted::new(|_, _| Act::Draw);
    let which = |turn: &Turn| !turn.starts.is_empty();
    let mut locked = Locked { queue: workshop.queue(), writes: 1, which };
    let limits = Limits { requests_a_day: NonZeroU32::new(20), ..Limits::default() };
    let settings = RunSettings { rules: Rules { limits, ..rules() }, ..settings() };
    let (summary, _) = workshop.run_on(&mut locked, &provider, settings, &mut |_| {}).await;
    assert_eq!((summary.ending, summary.counts.done, provider.asks()), (Ending::Complete, 20, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_removed_under_a_run_stops_it() {
    let workshop = Workshop::of_items(200);
    let provider = Scripted::new(|_, _| Act::Draw);
    let (mut sent, mut sent_when_removed) = (0, None);
    let mut each = |news: &News| match news {
        News::AttemptStarted { .. } => sent += 1,
        News::AttemptEnded { .. } => {
            let _ = std::fs::remove_file(workshop.database());
            sent_when_removed.get_or_insert(sent);
        }
        _ => {}
    };
    let (summary, _) = workshop.run_watched(&provider, settings(), &mut each).await;
    assert!(matches!(&summary.ending, Ending::Broken(why) if why.contains("moved or removed")), "{:?}", summary.ending);
    let beside = settings().rules.concurrency.highest.get();
    let most = sent_when_removed.unwrap() + beside;
    assert!(sent <= most, "{sent}: nothing is asked for after that but what the same turn had written down");
}
