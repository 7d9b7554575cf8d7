//! The command line: parse, open, act, say how it went. The only floor that prints and that names
//! implementations; it never decides what a run does.

mod accounts;
mod announce;
mod approve;
mod args;
mod cancel;
mod completions;
mod doctor;
mod enqueue;
mod events;
mod exit;
mod export;
mod faults;
mod init;
mod job_files;
mod jobs;
mod ledger;
mod logs;
mod man;
mod metrics;
mod narrow;
mod open;
mod outlook;
mod pause;
mod plan;
mod precious;
mod prune;
mod read_ahead;
mod retry;
mod review;
mod run;
mod schedule;
mod show;
mod signals;
mod simulate;
mod status;
mod verify;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::domain::io_words;
use crate::job::JobError;
use args::Command;
use exit::Code;

/// Runs the program: its arguments decide what, its exit code says how it went.
pub fn main() -> ExitCode {
    let line = match args::read() {
        Ok(line) => line,
        Err(error) => return told_by_clap(&error).into(),
    };
    act(line.command).unwrap_or_else(|error| told(&error)).into()
}

fn act(command: Command) -> anyhow::Result<Code> {
    match command {
        Command::Init(args) => init::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Jobs(args) => jobs::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Ledger(args) => ledger::run(&args),
        Command::Retry(args) => retry::run(&args),
        Command::Approve(args) => approve::run(&args),
        Command::Cancel(args) => cancel::run(&args),
        Command::Pause(args) => pause::pause(&args),
        Command::Resume(args) => pause::resume(&args),
        Command::Export(args) => export::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Review(args) => review::run(&args),
        Command::Prune(args) => prune::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Schedule(args) => schedule::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}

/// Help and version are no mistakes; everything else on the command line is one.
fn told_by_clap(error: &clap::Error) -> Code {
    // Where stderr is closed there is nobody to tell.
    let _ = error.print();
    if error.use_stderr() { Code::Usage } else { Code::Complete }
}

/// Says what went wrong, on stderr, and with which code that ends.
fn told(error: &anyhow::Error) -> Code {
    let code = exit::of_error(error);
    if code != Code::Pipe {
        let _ = writeln!(std::io::stderr(), "error: {}", told_as(error));
    }
    code
}

/// The words for what went wrong. Our errors name their causes themselves.
fn told_as(error: &anyhow::Error) -> String {
    match error.downcast_ref() {
        Some(JobError::Faults(mistakes)) => faults::told(mistakes),
        _ => error.to_string(),
    }
}

/// The runtime every command that waits works on. Two threads carry the engine and its answers; blocking work has its
/// own threads.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// The program as it was called, for commands that are told to be typed next.
fn program() -> String {
    std::env::args_os().next().map_or_else(|| "overnight".to_owned(), |word| word.to_string_lossy().into_owned())
}

/// Where the program was started.
fn current_dir() -> anyhow::Result<PathBuf> {
    std::env::current_dir().map_err(|error| {
        anyhow::anyhow!("the current directory cannot be read: {}; change to one that is there", io_words(&error))
    })
}
