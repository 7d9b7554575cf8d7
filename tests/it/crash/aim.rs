//! When a run is killed: at a moment, or as soon as something shows from outside. Never waits for what does not come:
//! a run that ends first has ended.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime};

use fastrand::Rng;
use overnight::simulator::Stats;

use crate::support::process::{Ended, Running};
use crate::support::simulated::Simulated;
use crate::support::workspace::{Workspace, files_below};

/// How long it is listened until it is looked again whether the aim is reached.
const GLANCE: Duration = Duration::from_micros(100);

/// What a kill waits for, counted from the start of its run, and how much longer after that unless the run tells of
/// something.
#[derive(Debug)]
pub struct Aim {
    mark: Mark,
    longer: Duration,
}

#[derive(Debug)]
enum Mark {
    /// Anything.
    Moment(Duration),
    /// So many writes of the database: the first are the run's beginning, its rescue, its reading of the manifest.
    Log(u32),
    /// So many requests have reached the server.
    Requests(u64),
    /// The server has handed over so many answers.
    Answers(u64),
    /// So many files more than at the start have appeared in staging.
    Staged(usize),
    /// So many captions have appeared in staging: their answers are recorded, and about to be published.
    Captions(usize),
    /// So many files have come to stand under their final names.
    Published(usize),
    /// So many attempts have been told of as ended.
    Told(usize),
    /// All is done but the results.
    Results,
}

/// How it went.
pub enum Shot {
    Killed,
    /// The run ended by itself before.
    Ended(Ended),
}

impl Aim {
    pub fn draw(random: &mut Rng) -> Self {
        let mark = match random.u32(..20) {
            0..4 => Mark::Moment(Duration::from_micros(random.u64(0..400_000))),
            4 => Mark::Moment(Duration::from_micros(random.u64(0..40_000))),
            5..8 => Mark::Log(random.u32(1..=8)),
            8..10 => Mark::Requests(random.u64(1..=10)),
            10..12 => Mark::Answers(random.u64(1..=8)),
            12..14 => Mark::Captions(random.usize(1..=6)),
            14..16 => Mark::Staged(random.usize(1..=10)),
            16..18 => Mark::Published(random.usize(1..=6)),
            18 => Mark::Told(random.usize(1..=6)),
            _ => Mark::Results,
        };
        Self { mark, longer: Duration::from_micros(random.u64(0..4_000).saturating_sub(2_000)) }
    }

    /// For a run that has nothing left to do but to write the results.
    pub fn draw_at_the_end(random: &mut Rng) -> Self {
        let mark = match random.u32(..4) {
            0 => Mark::Moment(Duration::from_micros(random.u64(0..80_000))),
            1 => Mark::Log(random.u32(1..=4)),
            _ => Mark::Results,
        };
        Self { mark, longer: Duration::from_micros(random.u64(0..8_000).saturating_sub(2_000)) }
    }

    /// Its name in the figures.
    pub fn name(&self) -> &'static str {
        match self.mark {
            Mark::Moment(_) => "a moment",
            Mark::Log(_) => "a write of the database",
            Mark::Requests(_) => "a request that came",
            Mark::Answers(_) => "an answer that left",
            Mark::Staged(_) => "a file in staging",
            Mark::Captions(_) => "a caption in staging",
            Mark::Published(_) => "a file under its final name",
            Mark::Told(_) => "an attempt told of",
            Mark::Results => "the writing of the results",
        }
    }
}

impl Mark {
    /// A file gets its final name, or its bytes, in a moment that a pause would miss.
    fn glance(&self) -> Duration {
        if matches!(self, Self::Published(_)) { Duration::ZERO } else { GLANCE }
    }
}

/// Kills the run as soon as the aim is reached.
pub fn shoot(aim: &Aim, mut run: Running, here: &Workspace, simulator: &Simulated) -> Shot {
    let mut watch = Watch::begin(here, simulator);
    while !watch.sees(&aim.mark) {
        match run.line_within(aim.mark.glance()) {
            Ok(None) => break,
            Ok(Some(line)) => watch.hear(&line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => unreachable!("the end is a line that is none"),
        }
    }
    // A line is one more thing that shows, and the end tells itself below: one that has ended keeps its exit code.
    let _ = run.line_within(aim.longer);
    let ended = run.kill();
    if ended.code.is_none() { Shot::Killed } else { Shot::Ended(ended) }
}

/// What has shown since a run was started.
struct Watch<'a> {
    simulator: &'a Simulated,
    start: Instant,
    before: Stats,
    output: PathBuf,
    staging: PathBuf,
    log: PathBuf,
    log_seen: Option<(u64, SystemTime)>,
    log_writes: u32,
    staged: HashSet<PathBuf>,
    staged_before: HashSet<PathBuf>,
    published_before: usize,
    told: usize,
    is_over: bool,
}

impl<'a> Watch<'a> {
    fn begin(here: &Workspace, simulator: &'a Simulated) -> Self {
        let (output, log) = (here.path("output/list"), here.path("overnight.db-wal"));
        let staging = output.join(".staging/list");
        let staged: HashSet<_> = files_below(&staging).into_iter().collect();
        Self {
            simulator,
            start: Instant::now(),
            before: simulator.stats(),
            log_seen: stamp(&log),
            log_writes: 0,
            staged_before: staged.clone(),
            staged,
            published_before: files_below(&output).len(),
            output,
            staging,
            log,
            told: 0,
            is_over: false,
        }
    }

    fn hear(&mut self, line: &str) {
        self.told += usize::from(line.contains("\"attempt_ended\""));
        self.is_over |= line.contains("\"run_ended\"");
    }

    fn sees(&mut self, mark: &Mark) -> bool {
        match *mark {
            Mark::Moment(moment) => self.start.elapsed() >= moment,
            Mark::Log(writes) => self.log_writes() >= writes,
            Mark::Requests(requests) => self.simulator.stats().requests >= self.before.requests + requests,
            Mark::Answers(answers) => self.simulator.stats().answered >= self.before.answered + answers,
            Mark::Staged(files) => self.appeared(|_| true) >= files,
            Mark::Captions(captions) => self.appeared(|file| file.extension() == Some("txt".as_ref())) >= captions,
            Mark::Published(files) => files_below(&self.output).len() >= self.published_before + files,
            Mark::Told(attempts) => self.told >= attempts,
            Mark::Results => self.is_over,
        }
    }

    fn log_writes(&mut self) -> u32 {
        let stamp = stamp(&self.log);
        self.log_writes += u32::from(stamp != self.log_seen);
        self.log_seen = stamp;
        self.log_writes
    }

    /// How many such files have come into staging, also those that are gone again.
    fn appeared(&mut self, such: impl Fn(&Path) -> bool) -> usize {
        self.staged.extend(files_below(&self.staging));
        self.staged.difference(&self.staged_before).filter(|file| such(file)).count()
    }
}

fn stamp(file: &Path) -> Option<(u64, SystemTime)> {
    let metadata = fs::metadata(file).ok()?;
    Some((metadata.len(), metadata.modified().ok()?))
}
