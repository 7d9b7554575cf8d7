//! A child process that is measured: its processor time, its peak of memory, its wall time; pinned to a core if told.
//! Never measures this process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The first word of a command line that starts this bench as one of its helpers.
pub const ROLE: &str = "as-helper";

/// How often a child's peak of memory is read: what it says at the end is at most so much older than its end.
const LOOK: Duration = Duration::from_millis(10);

/// What a child used, from its start to its end.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Wall time.
    pub wall: Duration,
    /// Processor time, user and system, all threads.
    pub cpu: Duration,
    /// The largest resident set, in bytes (`VmHWM`).
    pub peak_bytes: u64,
}

/// Where a process may run.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// Wherever this process may.
    Anywhere,
    /// On the first core that this process may use.
    FirstCore,
    /// On the second, or the first where there is one only.
    SecondCore,
}

/// This bench again, as the helper of this name.
pub fn helper(role: &str, words: &[String]) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(ROLE).arg(role).args(words);
    Ok(command)
}

/// Starts a command in its place. A child inherits where the thread that starts it may run, and so do its threads.
pub fn spawn(command: &mut Command, place: Place) -> anyhow::Result<Child> {
    let whole = sched_getaffinity(None)?;
    let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| whole.is_set(core));
    let core = match place {
        Place::Anywhere => None,
        Place::FirstCore => cores.next(),
        Place::SecondCore => cores.by_ref().take(2).last(),
    };
    if let Some(core) = core {
        let mut only = CpuSet::new();
        only.set(core);
        sched_setaffinity(None, &only)?;
    }
    let child = command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()));
    sched_setaffinity(None, &whole)?;
    child
}

/// Runs a command to its end and says what it used; its stdout goes nowhere.
pub fn measure(command: &mut Command, place: Place) -> anyhow::Result<Used> {
    let start = Instant::now();
    let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::null()), place)?;
    let peak_bytes = watch(&child)?;
    let wall = start.elapsed();
    let cpu = cpu(child.id());
    let status = child.wait()?;
    anyhow::ensure!(status.success(), "{} ended with {status}", command.get_program().display());
    Ok(Used { wall, cpu: cpu?, peak_bytes })
}

/// Runs a command to its end, and says what it used and what it wrote to its stdout, however it ended.
pub fn measure_told(command: &mut Command) -> anyhow::Result<(Used, String)> {
    let start = Instant::now();
    let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()), Place::Anywhere)?;
    let mut stdout = child.stdout.take().context("stdout is a pipe")?;
    let reader = thread::spawn(move || std::io::read_to_string(&mut stdout));
    let peak_bytes = watch(&child)?;
    let wall = start.elapsed();
    let cpu = cpu(child.id());
    child.wait()?;
    let told = reader.join().map_err(|_| anyhow::anyhow!("nobody reads its stdout"))??;
    Ok((Used { wall, cpu: cpu?, peak_bytes }, told))
}

/// Runs a command until it writes its first line, and says how long that took and what memory it took at most. The
/// command is then killed.
pub fn until_first_line(command: &mut Command) -> anyhow::Result<(Duration, u64)> {
    let start = Instant::now();
    let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()), Place::Anywhere)?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("stdout is a pipe")?).read_line(&mut line)?;
    let wall = start.elapsed();
    let peak_bytes = peak(child.id()).unwrap_or(0);
    child.kill()?;
    child.wait()?;
    anyhow::ensure!(!line.is_empty(), "{} ended without a word", command.get_program().display());
    Ok((wall, peak_bytes))
}

/// Waits until the child has ended, without burying it: its processor time can then still be read. Its memory cannot,
/// so that is read while it lives.
fn watch(child: &Child) -> anyhow::Result<u64> {
    let pid = Pid::from_child(child);
    let mut most = 0;
    loop {
        most = peak(child.id()).unwrap_or(0).max(most);
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        if waitid(WaitId::Pid(pid), options)?.is_some() {
            return Ok(most);
        }
        thread::sleep(LOOK);
    }
}

/// The largest resident set of a process that lives.
pub fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

/// The processor time of a process, user and system, to a hundredth of a second.
pub fn cpu(process: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Behind the name, which may hold anything: the state and 10 numbers, then the two.
    let (_, fields) = stat.rsplit_once(')').context("a name in brackets")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.collect::<Result<Vec<_>, _>>()?.iter().sum();
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}
