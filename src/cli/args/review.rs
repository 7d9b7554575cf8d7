//! The words of `review`. Never acts on them.

use std::path::PathBuf;

use clap::Args;

use super::WorkspaceArgs;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight review nightly --open              look, choose, send back, in a browser
  overnight review jobs/nightly.toml --as Ada  decisions are kept in this name
  overnight review nightly --static sheet      the contact sheet with what was
                                               decided, to be passed on
  overnight export nightly --approved -o approved.csv

The page is for this machine and one browser: the address works once. A run may
be on, or begin, meanwhile: its pictures appear as they come, and what is sent
back is made by it, or by the next. Ctrl-C ends the review; what was decided is
kept with every click. On the page, ? shows the keys.";

#[derive(Args, Debug)]
pub(in crate::cli) struct ReviewArgs {
    /// The job, by name or by file
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Open the page in the browser
    #[arg(long, conflicts_with = "directory")]
    pub open: bool,
    /// The port on loopback to listen on [default: any that is free]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true, conflicts_with = "directory")]
    pub port: u16,
    /// Who decides, unless they say otherwise on the page [default: who is logged in]
    #[arg(long = "as", value_name = "NAME", env = "OVERNIGHT_REVIEWER")]
    pub person: Option<String>,
    /// Write the contact sheet with what was decided into a new folder instead, with everything it needs
    #[arg(long = "static", value_name = "DIR")]
    pub directory: Option<PathBuf>,
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
}
