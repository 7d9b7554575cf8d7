//! How much a command says and logs, for whichever runs jobs. Never acts on it.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Args};

/// How much is said.
#[derive(Args, Debug, Clone, Copy)]
pub(in crate::cli) struct Verbosity {
    /// Say nothing but errors
    #[arg(short, long, env = "OVERNIGHT_QUIET", help_heading = "What is told")]
    pub quiet: bool,
    /// Log more: -v what happens, -vv how, -vvv all
    #[arg(short, long, action = ArgAction::Count, env = "OVERNIGHT_VERBOSE", value_parser = verbosity,
          help_heading = "What is told")]
    pub verbose: u8,
}

impl Verbosity {
    /// Quiet and verbose at once is a mistake, unless only one of them is on the command line: that one counts.
    pub(super) fn settle(&mut self, given: &ArgMatches) -> Result<(), clap::Error> {
        if !self.quiet || self.verbose == 0 {
            return Ok(());
        }
        let typed = |id| given.value_source(id) == Some(ValueSource::CommandLine);
        match (typed("quiet"), typed("verbose")) {
            (true, false) => self.verbose = 0,
            (false, true) => self.quiet = false,
            (true, true) => return Err(conflict("--quiet and --verbose", "leave one out")),
            (false, false) => return Err(conflict("OVERNIGHT_QUIET and OVERNIGHT_VERBOSE", "unset one")),
        }
        Ok(())
    }
}

/// How often `-v` was said, as a variable says it.
fn verbosity(text: &str) -> Result<u8, String> {
    text.parse().map_err(|_| "it says how much to log; write 1, 2 or 3".to_owned())
}

fn conflict(both: &str, remedy: &str) -> clap::Error {
    let message = format!("{both} contradict each other; {remedy}");
    clap::Error::raw(ErrorKind::ArgumentConflict, message)
}
