//! Proof by many runs: small jobs beside a server that fails, killed with SIGKILL again and again, and after each kill
//! the database, the folder and the server's own account held against each other from outside. Never takes the
//! program's word for anything.
//!
//! `cargo test` plays the short form. `OVERNIGHT_CRASH_KILLS` says how many kills there are in all,
//! `OVERNIGHT_CRASH_SEEDS` over how many seeds they are spread, `OVERNIGHT_CRASH_SEED` which the first is. A seed decides
//! the jobs, what goes wrong at the server, and at what each kill is aimed; when the operating system lets which process
//! run, it does not: played again, a kill may fall some system calls earlier or later.

mod account;
mod aim;
mod book;
mod complete;
mod figures;
mod files;
mod plan;
mod rows;
mod sealed;

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use fastrand::Rng;

use crate::support::simulated::Simulated;
use crate::support::workspace::Workspace;
use aim::{Aim, Shot};
use book::Book;
use figures::Figures;
use plan::Plan;
use sealed::Sealed;

const KILLS: u64 = 20;
const SEEDS: u64 = 4;
/// So many are aimed at the writing of a job's results, once one has fallen there.
const KILLS_AT_THE_END: u32 = 3;
/// Keeps the jobs of one seed apart from those of the next.
const BETWEEN_JOBS: u64 = 0x9E37_79B9_7F4A_7C15;

#[test]
fn killed_anywhere_the_same_command_loses_nothing_and_buys_nothing_twice() {
    let kills = from_environment("OVERNIGHT_CRASH_KILLS").unwrap_or(KILLS);
    let seeds = from_environment("OVERNIGHT_CRASH_SEEDS").unwrap_or(SEEDS).clamp(1, kills.max(1));
    let first = from_environment("OVERNIGHT_CRASH_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    println!("OVERNIGHT_CRASH_SEED={first} OVERNIGHT_CRASH_SEEDS={seeds} OVERNIGHT_CRASH_KILLS={kills}");
    let start = Instant::now();
    let shares = (0..seeds).map(|place| (first + place, kills / seeds + u64::from(place < kills % seeds)));
    println!("{}", play_all(shares.collect()).told(start.elapsed()));
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Plays every seed with its share of kills, several at a time. None is begun after a failure.
fn play_all(shares: Vec<(u64, u64)>) -> Figures {
    let (next, failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let work = || {
        let mut figures = Figures::default();
        while !failed.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed) as usize;
            let Some(&(seed, kills)) = shares.get(place) else { break };
            let _witness = Witness { seed, kills, failed: &failed };
            play(seed, kills, &mut figures);
        }
        figures
    };
    // Jobs wait more than they work.
    let workers = thread::available_parallelism().map_or(1, usize::from) * 2;
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers.min(shares.len())).map(|_| scope.spawn(work)).collect();
        let figures = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        figures.fold(Figures::default(), Figures::and)
    })
}

/// Says how to play a seed again if it is dropped by a failure.
struct Witness<'a> {
    seed: u64,
    kills: u64,
    failed: &'a AtomicBool,
}

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.failed.store(true, Ordering::Relaxed);
            println!(
                "play it again with\n  OVERNIGHT_CRASH_SEED={} OVERNIGHT_CRASH_SEEDS=1 OVERNIGHT_CRASH_KILLS={} \
                 cargo test --test it crash:: -- --nocapture",
                self.seed, self.kills
            );
        }
    }
}

/// Begins jobs until so many kills have been made.
fn play(seed: u64, kills: u64, figures: &mut Figures) {
    let (mut left, mut job) = (kills, 0);
    while left > 0 {
        let random = Rng::with_seed(seed.wrapping_add(BETWEEN_JOBS.wrapping_mul(job)));
        left -= Game::new(random, kills).play(left, figures);
        job += 1;
    }
}

/// One job in a fresh folder, from its first start to its end.
struct Game {
    random: Rng,
    plan: Plan,
    here: Workspace,
    simulator: Simulated,
    sealed: Sealed,
    /// How many kills have left nothing to do but to write the results.
    at_the_end: u32,
}

impl Game {
    fn new(mut random: Rng, kills: u64) -> Self {
        let plan = Plan::draw(&mut random, kills);
        let (here, simulator) = (Workspace::new(), Simulated::with(plan.server.clone()));
        plan.write(&here);
        Self { random, plan, here, simulator, sealed: Sealed::default(), at_the_end: 0 }
    }

    /// Starts the same command until the job is complete, and kills it so many times at most. Returns the kills made.
    fn play(&mut self, most: u64, figures: &mut Figures) -> u64 {
        let mut kills = 0;
        while kills < most {
            let aim = match self.at_the_end {
                1..=KILLS_AT_THE_END => Aim::draw_at_the_end(&mut self.random),
                _ => Aim::draw(&mut self.random),
            };
            let run = self.plan.command(&self.here, &self.simulator.url()).start();
            match aim::shoot(&aim, run, &self.here, &self.simulator) {
                Shot::Killed => {
                    kills += 1;
                    self.look(&aim, figures);
                }
                Shot::Ended(ended) => {
                    complete::check(ended, &self.plan, &self.here, &self.simulator);
                    break;
                }
            }
        }
        if kills == most {
            let ended = self.plan.command(&self.here, &self.simulator.url()).end();
            complete::check(ended, &self.plan, &self.here, &self.simulator);
        }
        let book = Book::read(&self.here).expect("a job that ended stands in the database");
        self.sealed.check(&book, &self.simulator);
        figures.job(&book, &self.sealed, &self.simulator.stats());
        kills
    }

    /// Checks what a kill left.
    fn look(&mut self, aim: &Aim, figures: &mut Figures) {
        self.simulator.wait_until_quiet();
        let book = Book::read(&self.here);
        figures.kill(aim, book.as_ref());
        let Some(book) = book else { return };
        self.at_the_end += u32::from(book.is_over());
        rows::check(&book, &self.plan);
        figures.waiting(files::check(&book, &self.here));
        account::check(&book, &self.simulator);
        self.sealed.check(&book, &self.simulator);
    }
}
