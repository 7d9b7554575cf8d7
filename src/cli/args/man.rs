//! The words of `man`. Never acts on them.

use std::path::PathBuf;

use clap::Args;

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight man > overnight.1                    the first page, for: man -l overnight.1
  overnight man ~/.local/share/man/man1          a page a command, for: man overnight-run

They are made from the same words as each command's --help.";

#[derive(Args, Debug)]
pub(in crate::cli) struct ManArgs {
    /// The folder to write a page for each command into, in place of those that are there; it is made if it is not
    /// there. Without it, the first page goes to standard output
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
