//! The words of `init`. Never acts on them.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight init shop                            four products to begin with, in the folder shop
  overnight init --from products.csv             a job for a shop's export, guessed from its columns
  overnight init --from wares.xlsx --sheet 2026  the same for a sheet of a workbook
  overnight init --from photos                   a job that makes each photograph of a folder anew

Nothing that is there is changed.";

#[derive(Args, Debug)]
pub(in crate::cli) struct InitArgs {
    /// The folder to begin in; it is made if it is not there
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Your own list: any manifest, such as a shop's export, or a folder of images. It is read and stays where it is
    #[arg(long, value_name = "FILE|FOLDER")]
    pub from: Option<PathBuf>,
    /// The sheet of a workbook that is the list [default: the first that is not hidden]
    #[arg(long, value_name = "NAME", env = "OVERNIGHT_SHEET")]
    pub sheet: Option<String>,
}

impl InitArgs {
    /// A sheet is one of a list. In the environment it may be meant for other commands.
    pub(super) fn settle(&mut self, given: &ArgMatches) -> Result<(), clap::Error> {
        if self.from.is_none() && given.value_source("sheet") == Some(ValueSource::CommandLine) {
            let message = "--sheet is one of a workbook; name that too, with --from";
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, message));
        }
        Ok(())
    }
}
