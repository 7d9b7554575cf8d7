//! What a proof saw, in numbers. Never fails anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use overnight::simulator::Stats;

use super::aim::Aim;
use super::book::Book;
use super::sealed::Sealed;

/// Numbers by their names, in groups.
#[derive(Debug, Default)]
pub struct Figures(BTreeMap<(&'static str, &'static str), u64>);

// The digits put them in order.
const JOBS: &str = "1 in all";
const AIMS: &str = "2 kills, by what they were aimed at";
const FOUND: &str = "3 kills, by what they left";
const LEFT: &str = "4 left by kills, and what became of it";

impl Figures {
    /// Takes in a kill, and what it left.
    pub fn kill(&mut self, aim: &Aim, book: Option<&Book>) {
        self.add(JOBS, "kills", 1);
        self.add(AIMS, aim.name(), 1);
        self.add(FOUND, phase(book), 1);
    }

    /// Takes in how many received images a kill left in staging.
    pub fn waiting(&mut self, images: u64) {
        self.add(LEFT, "images received that waited in staging", images);
    }

    /// Takes in a job that is complete.
    pub fn job(&mut self, book: &Book, sealed: &Sealed, stats: &Stats) {
        let of = |state: &str| book.items.iter().filter(|item| item.state == state).count() as u64;
        self.add(JOBS, "jobs", 1);
        self.add(JOBS, "items done", of("done"));
        self.add(JOBS, "items refused", of("failed"));
        self.add(JOBS, "attempts", book.attempts().count() as u64);
        self.add(JOBS, "attempts lost", book.count("lost"));
        self.add(JOBS, "requests that came", stats.requests);
        self.add(JOBS, "pictures that were given", stats.answered);
        self.add(JOBS, "pictures that were given again", stats.answered_again);
        let sent = book.attempts().filter(|attempt| sealed.sent.contains(&attempt.id));
        let (lost, kept): (Vec<_>, Vec<_>) = sent.partition(|attempt| attempt.state == "lost");
        self.add(LEFT, "requests in flight, lost", lost.len() as u64);
        self.add(LEFT, "requests in flight, whose answer was kept all the same", kept.len() as u64);
        self.add(LEFT, "answers received, published and settled later", sealed.unpublished.len() as u64);
        self.add(LEFT, "items claimed, nothing sent", sealed.claimed);
    }

    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        other.0.into_iter().for_each(|((group, name), count)| self.add(group, name, count));
        self
    }

    /// The table.
    pub fn told(&self, took: Duration) -> String {
        let (mut table, mut last) = (format!("took {:.1} s", took.as_secs_f64()), "");
        for ((group, name), count) in &self.0 {
            if *group != last {
                write!(table, "\n{}:", &group[2..]).unwrap();
                last = group;
            }
            write!(table, "\n  {count:>8} {name}").unwrap();
        }
        table
    }

    fn add(&mut self, group: &'static str, name: &'static str, count: u64) {
        *self.0.entry((group, name)).or_default() += count;
    }
}

/// Where a run was, as far as it shows from outside.
fn phase(book: Option<&Book>) -> &'static str {
    let Some(book) = book else { return "no job yet" };
    let is_new = book.attempts().all(|attempt| attempt.run != book.newest_run);
    let sent_before = book.attempts().any(|attempt| attempt.run != book.newest_run && attempt.state == "sent");
    match () {
        () if book.revision == 0 => "its first manifest not read",
        () if sent_before => "an earlier run not yet rescued",
        () if book.is_over() => "nothing left but the results",
        () if is_new && book.count("received") > 0 => "an earlier run's answers being published",
        () if is_new => "nothing sent yet",
        () if book.count("received") > 0 => "answers received and not settled",
        () if book.count("sent") > 0 => "requests in flight",
        () => "nothing in flight",
    }
}
