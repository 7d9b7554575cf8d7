//! Telling of each item that came to its end. Never slows the run: whoever is told too slowly is told later, of at most
//! as many items as fit into a bounded memory. What did not fit, and what was not told in time at the end, is counted.
//!
//! A run of 100,000 items with a hook that takes a second: four at once are 240 a minute. A run that makes no more is
//! told in full. One that makes 600 a minute falls behind by 360 a minute; after about an hour some 20,000 items wait, and
//! of those that come then six in ten are left out, and counted.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, Shared, join_all};
use futures::stream::{self, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::letter::ItemEnd;
use super::{Hook, Voice};
use crate::domain::{Event, Reporter};
use crate::report::words::{count, counted, duration};

/// Calls of one hook at once.
const AT_ONCE: usize = 4;
/// Items that wait for one hook take so much memory at most, in bytes: some 20,000 of them.
const MOST_WAITING: usize = 8 << 20;
/// So many calls that failed are told one by one; all are counted.
const MOST_TROUBLES: u64 = 3;
/// So many calls are heard that went well and said something.
const MOST_HEARD: u64 = 20;
/// A caption is told up to this length, in bytes.
const MOST_CAPTION: u64 = 16 * 1024;
/// Who waits at the end hears of it after so long.
const BEFORE_A_NOTE: Duration = Duration::from_secs(2);

/// The job whose items are told.
#[derive(Debug, Clone)]
struct About {
    job: String,
    output: PathBuf,
    rehearsal: bool,
}

/// Comes when whoever waits gives up; all who are at work hear of it at once.
type GivenUp = Shared<BoxFuture<'static, ()>>;

/// The hooks that are told of items, at work.
pub struct ItemHooks {
    lines: Vec<Line>,
    voice: Arc<dyn Voice>,
    given_up: GivenUp,
}

/// One hook at work.
struct Line {
    hook: Arc<Hook>,
    tally: SharedTally,
    work: JoinHandle<()>,
}

/// What became of the items for one hook.
#[derive(Debug, Default)]
struct Tally {
    /// Taken, and not told yet.
    waiting: u64,
    /// The memory of those, in bytes.
    bytes: usize,
    /// Told, well or not.
    told: u64,
    /// Of these, not well.
    failed: u64,
    /// Left out, since too many waited.
    left_out: u64,
    heard: u64,
}

type SharedTally = Arc<Mutex<Tally>>;

/// Listens to the run for them.
pub struct ItemTeller {
    output: PathBuf,
    lines: Vec<(UnboundedSender<Arc<ItemEnd>>, SharedTally)>,
}

impl ItemHooks {
    /// Sets them to work, within a runtime, for a job with this output folder; and who listens to its run for them. Once it
    /// is given up, their commands end, wherever the run is: the program may be gone before it comes to wait for them.
    pub fn start(
        hooks: Vec<Hook>,
        job: &str,
        output: &Path,
        rehearsal: bool,
        voice: Arc<dyn Voice>,
        given_up: impl Future<Output = ()> + Send + 'static,
    ) -> (Self, ItemTeller) {
        let given_up = given_up.boxed().shared();
        let about = About { job: job.to_owned(), output: output.to_owned(), rehearsal };
        let mut teller = ItemTeller { output: about.output.clone(), lines: Vec::new() };
        let mut lines = Vec::new();
        for hook in hooks.into_iter().map(Arc::new) {
            let (sender, receiver) = unbounded_channel();
            let tally = Arc::new(Mutex::new(Tally::default()));
            teller.lines.push((sender, Arc::clone(&tally)));
            let (about, voice) = (about.clone(), Arc::clone(&voice));
            let call = Call { about, hook: Arc::clone(&hook), tally: Arc::clone(&tally), voice };
            let work = tokio::spawn(work(call, receiver, given_up.clone()));
            lines.push(Line { hook, tally, work });
        }
        (Self { lines, voice, given_up }, teller)
    }

    /// Waits until all is told, at most so long, or until it is given up; then says what was not told. The teller must be
    /// gone.
    pub async fn finish(mut self, within: Duration) {
        let given_up = self.given_up.clone();
        let (voice, tallies) = (Arc::clone(&self.voice), self.lines.iter().map(|line| Arc::clone(&line.tally)));
        let tallies: Vec<_> = tallies.collect();
        let all_told = async {
            let mut works = pin!(join_all(self.lines.iter_mut().map(|line| &mut line.work)));
            if timeout(BEFORE_A_NOTE, &mut works).await.is_err() {
                let waiting = tallies.iter().map(|tally| locked(tally).waiting).sum();
                let items = counted(waiting, "more item", "more items");
                voice.note(&format!("telling on_item of {items}, for {} at most", duration(within)));
                works.await;
            }
        };
        tokio::select! {
            _ = timeout(within, all_told) => {}
            () = given_up => {}
        }
        for mut line in self.lines {
            if !line.work.is_finished() {
                line.work.abort();
                // With it go the commands that it waits for.
                let _ = (&mut line.work).await;
            }
            line.account(&*self.voice);
        }
    }
}

impl Line {
    /// Says how many items it was not told of, and how many calls failed that nobody heard of.
    fn account(&self, voice: &dyn Voice) {
        let tally = locked(&self.tally);
        let items = |number| counted(number, "item", "items");
        if tally.failed > MOST_TROUBLES {
            let calls = counted(tally.told, "call", "calls");
            voice.trouble(self.hook.name(), &format!("{} of {calls} failed", count(tally.failed)), "");
        }
        if tally.left_out > 0 {
            let what = format!("it is too slow: {} left out, of which it was not told", items(tally.left_out));
            voice.trouble(self.hook.name(), &what, "");
        }
        if tally.waiting > 0 {
            let what = format!("it was not done in time: it was not told of the last {}", items(tally.waiting));
            voice.trouble(self.hook.name(), &what, "");
        }
    }
}

impl Reporter for ItemTeller {
    fn tell(&mut self, event: &Event) {
        let Some(end) = ItemEnd::of(event, &self.output).map(Arc::new) else { return };
        for (sender, tally) in &self.lines {
            let mut tally = locked(tally);
            if tally.bytes + end.size() > MOST_WAITING {
                tally.left_out += 1;
                continue;
            }
            tally.bytes += end.size();
            tally.waiting += 1;
            // Who takes them is there until the last is told.
            let _ = sender.send(Arc::clone(&end));
        }
    }
}

/// What each call of a hook needs.
struct Call {
    about: About,
    hook: Arc<Hook>,
    tally: SharedTally,
    voice: Arc<dyn Voice>,
}

/// Tells one hook of all items that come, some at once, until it is given up. All calls are of this one task: once it is
/// gone, so are the commands, also where the program ends right then.
async fn work(call: Call, mut ends: UnboundedReceiver<Arc<ItemEnd>>, given_up: GivenUp) {
    let ends = stream::poll_fn(|context| ends.poll_recv(context));
    tokio::select! {
        () = ends.for_each_concurrent(AT_ONCE, async |end| call.tell(&end).await) => {}
        () = given_up => {}
    }
}

impl Call {
    async fn tell(&self, end: &ItemEnd) {
        let caption = end.file.clone().filter(|_| end.failure.is_none());
        let caption = tokio::task::spawn_blocking(move || caption_beside(&caption?)).await.ok().flatten();
        let letter = end.letter(&self.about.job, self.about.rehearsal, caption.as_deref());
        let ran = self.hook.run(&letter).await;
        let (failed, heard) = {
            let mut tally = locked(&self.tally);
            tally.waiting -= 1;
            tally.bytes -= end.size();
            tally.told += 1;
            tally.failed += u64::from(ran.trouble.is_some());
            tally.heard += u64::from(!ran.output.is_empty());
            (tally.failed, tally.heard)
        };
        match &ran.trouble {
            Some(trouble) if failed <= MOST_TROUBLES => {
                self.voice.trouble(self.hook.name(), &format!("{}: {trouble}", end.item), &ran.output);
            }
            None if heard <= MOST_HEARD => self.voice.output(self.hook.name(), &ran.output),
            _ => {}
        }
    }
}

/// What the model said of a picture: it stands beside it.
fn caption_beside(picture: &Path) -> Option<String> {
    let mut caption = Vec::new();
    File::open(picture.with_extension("txt")).ok()?.take(MOST_CAPTION).read_to_end(&mut caption).ok()?;
    Some(String::from_utf8_lossy(&caption).trim_end().to_owned())
}

fn locked(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs::read_to_string;
    use std::time::Instant;

    use tokio::time::sleep;

    use super::super::{Act, Command};
    use super::*;
    use crate::domain::{Failure, FailureKind, News, Timestamp};

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Heard {
        fn add(&self, text: &str) {
            self.0.lock().unwrap().push(text.to_owned());
        }
    }

    impl Voice for Heard {
        fn trouble(&self, _hook: &str, what: &str, _output: &str) {
            self.add(what);
        }

        fn output(&self, _hook: &str, output: &str) {
            self.add(output);
        }

        fn note(&self, what: &str) {
            self.add(what);
        }
    }

    fn shell(line: &str) -> Hook {
        let arguments = vec!["-c".to_owned(), line.to_owned()];
        let command = Command { program: "sh".into(), arguments, folder: "/".into(), without: vec![] };
        Hook::new("on_item (a.toml:1)".into(), Act::Command(command), None)
    }

    fn start(hook: Hook) -> (ItemHooks, ItemTeller, Arc<Heard>) {
        start_until(hook, std::future::pending())
    }

    fn start_until(
        hook: Hook,
        given_up: impl Future<Output = ()> + Send + 'static,
    ) -> (ItemHooks, ItemTeller, Arc<Heard>) {
        let heard = Arc::new(Heard::default());
        let voice = Arc::clone(&heard) as Arc<dyn Voice>;
        let (hooks, teller) = ItemHooks::start(vec![hook], "spring", Path::new("/none"), false, voice, given_up);
        (hooks, teller, heard)
    }

    fn ended(item: u64, outcome: &'static str) -> Event {
        let failure = (outcome != "done").then(|| Failure::new(FailureKind::Refused, "no"));
        let item = item.to_string();
        let news = News::AttemptEnded { item, attempt: 1, outcome, failure, cost: None, images: 0, file: None };
        Event { time: Timestamp::default(), job: "spring".into(), news }
    }

    #[tokio::test]
    async fn what_ended_is_told_and_what_is_tried_again_is_not() {
        let (hooks, mut teller, heard) = start(shell("read line; echo \"$OVERNIGHT_TEXT\"; exit 0"));
        for (item, outcome) in [(1, "done"), (2, "retry"), (3, "failed"), (4, "returned")] {
            teller.tell(&ended(item, outcome));
        }
        drop(teller);
        hooks.finish(Duration::from_secs(60)).await;
        let mut heard = heard.0.lock().unwrap().clone();
        heard.sort();
        assert_eq!(heard, ["spring: 1 is done\n", "spring: 3 failed, refused: no\n"]);
    }

    #[tokio::test]
    async fn of_many_that_wait_no_more_are_kept_than_memory_is_given_for_and_the_others_are_counted() {
        let (hooks, mut teller, heard) = start(shell("sleep 60"));
        (0..100_000).for_each(|item| teller.tell(&ended(item, "done")));
        let (waiting, bytes) = {
            let tally = locked(&hooks.lines[0].tally);
            (tally.waiting, tally.bytes)
        };
        assert!(bytes <= MOST_WAITING && waiting > 20_000, "{waiting} in {bytes}");
        drop(teller);
        hooks.finish(Duration::from_millis(50)).await;
        let heard = heard.0.lock().unwrap().clone();
        let [left_out, not_told] = [100_000 - waiting, waiting].map(count);
        assert_eq!(
            heard,
            [
                format!("it is too slow: {left_out} items left out, of which it was not told"),
                format!("it was not done in time: it was not told of the last {not_told} items"),
            ]
        );
    }

    /// A hook whose command says in a file which process it is, and hangs.
    fn hanging(file: &Path) -> Hook {
        shell(&format!("echo $$ > '{}'; exec sleep 600", file.display()))
    }

    async fn begun(file: PathBuf) {
        while !read_to_string(&file).is_ok_and(|id| id.ends_with('\n')) {
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// That the process which a file names is at work no more, soon.
    fn assert_gone(file: &Path) {
        let id = read_to_string(file).unwrap();
        let is_at_work = || {
            let stat = read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
            stat.rsplit(") ").next().is_some_and(|state| !state.is_empty() && !state.starts_with('Z'))
        };
        let since = Instant::now();
        while is_at_work() {
            assert!(since.elapsed() < Duration::from_secs(10), "it goes on");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// On several threads, as in a run.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_command_that_is_given_up_is_ended_before_the_run_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hanging");
        let (hooks, mut teller, _) = start_until(hanging(&file), begun(file.clone()));
        teller.tell(&ended(1, "done"));
        drop(teller);
        hooks.finish(Duration::from_secs(60)).await;
        assert_gone(&file);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_command_that_is_given_up_is_ended_though_the_run_is_still_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hanging");
        let (_hooks, mut teller, _) = start_until(hanging(&file), begun(file.clone()));
        teller.tell(&ended(1, "done"));
        begun(file.clone()).await;
        assert_gone(&file);
        teller.tell(&ended(2, "done"));
    }

    #[tokio::test]
    async fn some_calls_that_fail_are_told_and_the_others_are_counted() {
        let (hooks, mut teller, heard) = start(shell("exit 3"));
        (0..9).for_each(|item| teller.tell(&ended(item, "done")));
        drop(teller);
        hooks.finish(Duration::from_secs(60)).await;
        let heard = heard.0.lock().unwrap().clone();
        assert_eq!(heard.len(), 4);
        assert!(heard[0].ends_with(": it ended with exit code 3"), "{heard:?}");
        assert_eq!(heard[3], "9 of 9 calls failed");
    }
}
