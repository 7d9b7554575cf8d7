//! The words of the command line and their help: a file for each command, and here what they share. Never acts on
//! them.

mod approve;
mod cancel;
mod completions;
mod doctor;
mod export;
mod init;
mod jobs;
mod ledger;
mod line;
mod man;
mod narrow;
mod overview;
mod pause;
mod plan;
mod prune;
mod retry;
mod review;
mod run;
mod schedule;
mod show;
mod simulate;
mod status;
mod verbosity;
mod verify;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

pub(super) use self::approve::ApproveArgs;
pub(super) use self::cancel::CancelArgs;
pub(super) use self::completions::CompletionsArgs;
pub(super) use self::doctor::DoctorArgs;
pub(super) use self::export::{ExportArgs, ExportFormat};
pub(super) use self::init::InitArgs;
pub(super) use self::jobs::JobsArgs;
pub(super) use self::ledger::{LedgerArgs, LedgerFormat};
pub(super) use self::line::{command, read, read_from};
pub(super) use self::man::ManArgs;
pub(super) use self::narrow::NarrowArgs;
pub(super) use self::pause::PauseArgs;
pub(super) use self::plan::PlanArgs;
pub(super) use self::prune::PruneArgs;
pub(super) use self::retry::RetryArgs;
pub(super) use self::review::ReviewArgs;
pub(super) use self::run::RunArgs;
pub(super) use self::schedule::{Print, ScheduleArgs};
pub(super) use self::show::ShowArgs;
pub(super) use self::simulate::{Quota, SimulateArgs};
pub(super) use self::status::StatusArgs;
pub(super) use self::verbosity::Verbosity;
pub(super) use self::verify::VerifyArgs;
use crate::job::Workspace;

/// Start it in the evening, open the catalogue in the morning.
#[derive(Parser, Debug)]
#[command(name = "overnight", version, about, max_term_width = 100, propagate_version = true,
          after_long_help = overview::EXAMPLES)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Make a workspace to begin with: a job with comments, and a list for it; or a job for a list of yours
    #[command(after_long_help = init::EXAMPLES)]
    Init(InitArgs),
    /// Tell what a run would do and cost, item by item; sends nothing, writes nothing
    #[command(after_long_help = plan::EXAMPLES)]
    Plan(Box<PlanArgs>),
    /// Make the pictures; the same command again continues, and is a quick no-op when all is done
    #[command(after_long_help = run::EXAMPLES)]
    Run(Box<RunArgs>),
    /// Tell how jobs stand: counts, money, whether a run is on
    #[command(after_long_help = status::EXAMPLES)]
    Status(StatusArgs),
    /// Tell what jobs there are, a line each: those that ran, and job files that never did
    #[command(after_long_help = jobs::EXAMPLES)]
    Jobs(JobsArgs),
    /// Tell one item's whole story: its request, every attempt, its files
    #[command(after_long_help = show::EXAMPLES)]
    Show(ShowArgs),
    /// Account for every attempt, to be laid beside the provider's bill
    #[command(after_long_help = ledger::EXAMPLES)]
    Ledger(LedgerArgs),
    /// Put failed items back in the queue; without a choice all that failed but the refused and the lost
    #[command(after_long_help = retry::EXAMPLES)]
    Retry(RetryArgs),
    /// Take waiting items out of the queue
    #[command(after_long_help = cancel::EXAMPLES)]
    Cancel(CancelArgs),
    /// Let a job's other items go out, now that its pilot was looked at
    #[command(after_long_help = approve::EXAMPLES)]
    Approve(ApproveArgs),
    /// Send nothing more for a job, until it is resumed; what is in flight is finished and kept
    #[command(after_long_help = pause::EXAMPLES)]
    Pause(PauseArgs),
    /// Let a paused job's runs send again
    #[command(after_long_help = pause::RESUME_EXAMPLES)]
    Resume(PauseArgs),
    /// Hand back the manifest's own columns with the results, in its order
    #[command(after_long_help = export::EXAMPLES)]
    Export(ExportArgs),
    /// Check every file against the database: missing, changed, orphaned
    #[command(after_long_help = verify::EXAMPLES)]
    Verify(VerifyArgs),
    /// Look at a job's pictures in a browser: choose, and send back what shall be made again
    #[command(after_long_help = review::EXAMPLES)]
    Review(ReviewArgs),
    /// Remove what no job needs any more: earlier pictures, left-overs, old copies of the database
    #[command(after_long_help = prune::EXAMPLES)]
    Prune(PruneArgs),
    /// Look whether a night would go well: key, endpoint, model, clock, database, folders, room
    #[command(after_long_help = doctor::EXAMPLES)]
    Doctor(Box<DoctorArgs>),
    /// Run jobs at the times their files say, or print what lets cron or systemd do so
    #[command(after_long_help = schedule::EXAMPLES)]
    Schedule(ScheduleArgs),
    /// Be a Gemini-compatible server on loopback, with faults on demand
    #[command(after_long_help = simulate::examples())]
    Simulate(SimulateArgs),
    /// Print a script that lets a shell complete these words
    #[command(after_long_help = completions::EXAMPLES)]
    Completions(CompletionsArgs),
    /// Print the manual, or write a page of it for each command
    #[command(after_long_help = man::EXAMPLES)]
    Man(ManArgs),
}

/// Which workspace database is meant, for every command that takes a JOB.
#[derive(Args, Debug)]
pub(super) struct WorkspaceArgs {
    /// The workspace database [default: the job's, or overnight.db here]
    #[arg(long, value_name = "PATH", env = "OVERNIGHT_DB")]
    pub db: Option<PathBuf>,
    /// Look at the rehearsal instead
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL",
          env = "OVERNIGHT_REHEARSE", hide_possible_values = true)]
    pub rehearse: Option<bool>,
}

impl WorkspaceArgs {
    /// They as they are typed, for a command that is told to be typed next.
    pub fn words(&self) -> Vec<String> {
        let db = self.db.iter().flat_map(|db| ["--db".to_owned(), db.display().to_string()]);
        db.chain((self.rehearse == Some(true)).then(|| "--rehearse".to_owned())).collect()
    }

    /// What they mean to someone who stands in `current_dir`.
    pub fn at<'a>(&'a self, current_dir: &'a Path) -> Workspace<'a> {
        Workspace { db: self.db.as_deref(), rehearse: self.rehearse, current_dir }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
