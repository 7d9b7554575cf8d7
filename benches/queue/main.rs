//! What the queue costs at ten thousand, a million and (when asked) ten million items: to fill, to work off, to look
//! at, to find done. Never asserts anything, and never sends a request.

mod hand;
#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use clap::Parser;
use support::child::{Place, measure, until_first_line};
use support::program::Workspace;
use support::scratch::Scratch;
use support::{Shared, table};

/// What the queue costs, by the number of items.
#[derive(Parser)]
struct Arguments {
    /// Numbers of items; ten million have to be asked for
    #[arg(default_values_t = [10_000, 1_000_000])]
    items: Vec<u64>,
    #[command(flatten)]
    shared: Shared,
}

/// No server listens here: the runs end before they send anything, or have nothing to send.
const NO_PORT: u16 = 9;
/// Bytes that an item may take in manifest, database, write-ahead log and results.
const BYTES_AN_ITEM: u64 = 3_000;
/// Items whose claims and settlements are measured.
const MEASURED: u64 = 9_600;
/// Items of a turn as a run with many requests in flight takes it, and of one that only fills the database.
const TURN: usize = 64;
const LARGE_TURN: usize = 1_000;

fn main() -> anyhow::Result<()> {
    support::main(|arguments: Arguments| {
        for &items in &arguments.items {
            println!("\nqueue: {items} items");
            hashed(&arguments, items)?;
            with_ids(&arguments, items)?;
        }
        Ok(())
    })
}

fn scratch(arguments: &Arguments, items: u64) -> anyhow::Result<Scratch> {
    Scratch::new(&arguments.shared.scratch, items * BYTES_AN_ITEM)
}

fn hashed(arguments: &Arguments, items: u64) -> anyhow::Result<()> {
    let scratch = scratch(arguments, items)?;
    let workspace = Workspace::new(&scratch, items, false)?;
    enqueue(&workspace, items, "enqueue, ids made by hashing")
}

fn with_ids(arguments: &Arguments, items: u64) -> anyhow::Result<()> {
    let scratch = scratch(arguments, items)?;
    let workspace = Workspace::new(&scratch, items, true)?;
    enqueue(&workspace, items, "enqueue, ids of their own")?;
    work_off(&workspace, items)?;
    let status = several(|| Ok(measure(&mut workspace.status(), Place::Anywhere)?.wall))?;
    table::line("status, median of 5", &table::time(status));
    let run = || measure(&mut workspace.run(NO_PORT, TURN), Place::Anywhere);
    let first = run()?;
    let peak = table::megabytes(first.peak_bytes);
    table::line("run with nothing to do that writes the results", &format!("{} ({peak})", table::time(first.wall)));
    let again = run()?;
    let peak = table::megabytes(again.peak_bytes);
    table::line("run with nothing to do", &format!("{} ({peak})", table::time(again.wall)));
    let used = std::fs::metadata(workspace.database())?.len();
    table::line("the database, bytes an item", &table::number(used as f64 / items as f64));
    Ok(())
}

/// From the start of the process to the event that says that the run begins, which is after the manifest's revision is
/// published and before anything is sent.
fn enqueue(workspace: &Workspace, items: u64, what: &str) -> anyhow::Result<()> {
    let (wall, peak) = until_first_line(workspace.run(NO_PORT, 1).args(["--limit", "1", "--events", "-"]))?;
    let rate = items as f64 / wall.as_secs_f64();
    table::line(what, &format!("{rate:.0} rows/s ({}, {})", table::time(wall), table::megabytes(peak)));
    Ok(())
}

/// Makes all items done: some as a run does it and measured, the rest by large turns.
fn work_off(workspace: &Workspace, items: u64) -> anyhow::Result<()> {
    let mut hand = hand::Hand::take(workspace)?;
    let started = Instant::now();
    let done = hand.work_off(TURN, MEASURED.min(items / 2))?;
    let each = started.elapsed().div_f64(done as f64);
    table::line(&format!("claim, start, receive, settle; turns of {TURN}, an item"), &table::time(each));
    let started = Instant::now();
    let rest = hand.work_off(LARGE_TURN, u64::MAX)?;
    let each = started.elapsed().div_f64(rest as f64);
    table::line(&format!("the same in turns of {LARGE_TURN}"), &table::time(each));
    anyhow::ensure!(done + rest == items, "{} items are done, not {items}", done + rest);
    hand.end()
}

/// The median of five.
fn several(mut run: impl FnMut() -> anyhow::Result<Duration>) -> anyhow::Result<Duration> {
    let times = (0..5).map(|_| Ok(run()?.as_secs_f64())).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Duration::from_secs_f64(table::median(&times)))
}
