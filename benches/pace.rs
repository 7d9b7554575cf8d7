//! How much of a quota the program uses, and how often it is throttled: in real time, against the simulator. Never asserts
//! anything.

mod support;

use std::collections::VecDeque;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use support::child::{Place, spawn};
use support::program::Workspace;
use support::scratch::Scratch;
use support::simulated::{Simulator, Stats};
use support::{Shared, table};

/// Quota used and requests throttled, minute by minute, in real time.
#[derive(Parser)]
struct Arguments {
    /// Which to measure: rpm (with --rpm), adaptive (without), each also -halved (the quota halves midway)
    #[arg(long = "case", value_delimiter = ',', default_values = ["rpm", "adaptive", "rpm-halved", "adaptive-halved"])]
    cases: Vec<String>,
    /// Minutes each case takes
    #[arg(long, default_value_t = 8)]
    minutes: u64,
    /// Cases at the same time
    #[arg(long, default_value_t = 4)]
    at_once: usize,
    /// Requests a minute that the simulator takes, in a sliding window
    #[arg(long, default_value_t = 600)]
    quota: u64,
    /// How long an answer takes, in milliseconds
    #[arg(long, default_value_t = 2000)]
    latency: u64,
    /// Requests in flight, as the program takes it: N or MIN-MAX; its default unless given
    #[arg(long)]
    concurrency: Option<String>,
    #[command(flatten)]
    shared: Shared,
}

/// Bytes that a picture and its row take, with some to spare.
const PICTURE: u64 = 20_000;
/// The first minutes are for finding the pace.
const WARM_UP: u64 = 2;
/// How often the simulator is asked.
const LOOK: Duration = Duration::from_millis(500);

/// One way to run.
#[derive(Clone)]
struct Case {
    name: String,
    /// Whether the program is told the quota.
    knows: bool,
    /// After so many minutes the quota halves.
    halves: Option<u64>,
}

impl Case {
    fn named(name: &str, minutes: u64) -> anyhow::Result<Self> {
        let (way, halved) = name.strip_suffix("-halved").map_or((name, false), |way| (way, true));
        anyhow::ensure!(
            matches!(way, "rpm" | "adaptive"),
            "{name} is no case: there are rpm and adaptive, also -halved"
        );
        Ok(Self { name: name.to_owned(), knows: way == "rpm", halves: halved.then_some(minutes / 2) })
    }

    /// The share of the quota that has to be used, and that of the requests that may be throttled.
    fn demands(&self) -> (f64, f64) {
        if self.knows { (0.97, 0.01) } else { (0.90, 0.03) }
    }
}

/// What happened in a minute.
#[derive(Clone, Copy, Default)]
struct Minute {
    quota: u64,
    taken: u64,
    throttled: u64,
    in_flight: f64,
}

fn main() -> anyhow::Result<()> {
    support::main(|arguments: Arguments| {
        let cases = arguments.cases.iter().map(|name| Case::named(name, arguments.minutes));
        let mut cases: VecDeque<Case> = cases.collect::<anyhow::Result<_>>()?;
        println!(
            "\npace: quota {} a minute in a sliding window, latency {} ms, {} minutes a case",
            arguments.quota, arguments.latency, arguments.minutes
        );
        while !cases.is_empty() {
            let group: Vec<Case> = cases.drain(..cases.len().min(arguments.at_once.max(1))).collect();
            let courses = thread::scope(|scope| {
                let runs = group.iter().map(|case| scope.spawn(|| run(&arguments, case)));
                runs.collect::<Vec<_>>().into_iter().map(|run| run.join()).collect::<Vec<_>>()
            });
            for (case, course) in group.iter().zip(courses) {
                tell(case, &course.map_err(|_| anyhow::anyhow!("a case broke off"))??);
            }
        }
        Ok(())
    })
}

/// Runs the program for so many minutes, and counts at the simulator.
fn run(arguments: &Arguments, case: &Case) -> anyhow::Result<Vec<Minute>> {
    let rows = arguments.quota * (arguments.minutes + 1);
    let scratch = Scratch::new(&arguments.shared.scratch, rows * PICTURE)?;
    let workspace = Workspace::new(&scratch, rows, true)?;
    let mut words = vec!["--small-pictures".to_owned(), "--latency".to_owned(), format!("{}ms", arguments.latency)];
    words.extend(["--quota".to_owned(), format!("{}/min", arguments.quota)]);
    if let Some(minutes) = case.halves {
        words.extend(["--quota".to_owned(), format!("{}/min@{minutes}m", arguments.quota / 2)]);
    }
    let simulator = Simulator::start(&words)?;
    let mut command = workspace.run_at(simulator.port);
    if case.knows {
        command.args(["--rpm", &arguments.quota.to_string()]);
    }
    command.args(arguments.concurrency.iter().flat_map(|given| ["--concurrency", given]));
    simulator.reset()?;
    let (start, mut program) = (Instant::now(), Killed(start(&mut command)?));
    let mut course = Vec::new();
    for minute in 0..arguments.minutes {
        let quota = case.halves.filter(|halved| minute >= *halved).map_or(arguments.quota, |_| arguments.quota / 2);
        course.push(watch(&simulator, start + Duration::from_secs(60 * (minute + 1)), quota)?);
        anyhow::ensure!(program.0.try_wait()?.is_none(), "the program has ended before its time");
    }
    Ok(course)
}

fn start(command: &mut Command) -> anyhow::Result<Child> {
    spawn(command.stdin(Stdio::null()).stdout(Stdio::null()), Place::Anywhere)
}

/// Looks at the simulator until this moment.
fn watch(simulator: &Simulator, end: Instant, quota: u64) -> anyhow::Result<Minute> {
    let (before, mut in_flight) = (simulator.stats()?, Vec::new());
    while Instant::now() < end {
        thread::sleep(LOOK.min(end.saturating_duration_since(Instant::now())));
        in_flight.push(simulator.stats()?.in_flight as f64);
    }
    let after = simulator.stats()?;
    let throttled = |stats: &Stats| stats.statuses.get("429").copied().unwrap_or_default();
    Ok(Minute {
        quota,
        taken: after.taken - before.taken,
        throttled: throttled(&after) - throttled(&before),
        in_flight: in_flight.iter().sum::<f64>() / in_flight.len().max(1) as f64,
    })
}

fn tell(case: &Case, course: &[Minute]) {
    println!("\n  {}", case.name);
    println!("  {:>6} {:>7} {:>7} {:>12} {:>10}", "minute", "quota", "used", "throttled", "in flight");
    for (number, minute) in (1..).zip(course) {
        let (used, throttled) = shares(&[*minute]);
        println!(
            "  {number:>6} {:>7} {:>6.1}% {:>11.2}% {:>10.1}",
            minute.quota,
            used * 100.0,
            throttled * 100.0,
            minute.in_flight
        );
    }
    let halved = case.halves.unwrap_or(course.len() as u64);
    for (number, minute) in (1..).zip(course).filter(|(number, _)| *number == halved + 1) {
        println!("  the first episode, in minute {number}, is not counted ({} throttled)", minute.throttled);
    }
    let part = |from: u64, to: u64| -> Vec<Minute> {
        (1..).zip(course).filter(|(number, _)| (from..=to).contains(number)).map(|(_, minute)| *minute).collect()
    };
    judge(case, "from the third minute on", &part(WARM_UP + 1, halved));
    if case.halves.is_some() {
        judge(case, "after the quota has halved", &part(halved + 2, course.len() as u64));
    }
}

/// One line: what was used and throttled in these minutes, and what was asked for.
fn judge(case: &Case, when: &str, minutes: &[Minute]) {
    if minutes.is_empty() {
        return;
    }
    let ((used, throttled), (least, most)) = (shares(minutes), case.demands());
    let verdict = if used >= least && throttled < most { "holds" } else { "MISSED" };
    let figure = format!(
        "{:.1} % used (at least {:.0}), {:.2} % throttled (under {:.0}): {verdict}",
        used * 100.0,
        least * 100.0,
        throttled * 100.0,
        most * 100.0
    );
    table::line(&format!("{}, {when}", case.name), &figure);
}

/// The share of the quota that was used, and that of the requests that were throttled.
fn shares(minutes: &[Minute]) -> (f64, f64) {
    let sum = |of: fn(&Minute) -> u64| minutes.iter().map(of).sum::<u64>() as f64;
    let (quota, taken, throttled) = (sum(|it| it.quota), sum(|it| it.taken), sum(|it| it.throttled));
    (taken / quota.max(1.0), throttled / (taken + throttled).max(1.0))
}

/// A program that is killed when it is dropped: what it has still to do is not measured.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
