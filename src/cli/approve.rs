//! `overnight approve`: a job's pilot is as it should be, and the other items may go out. Never sends anything itself.

use std::io::Write;

use super::args::ApproveArgs;
use super::exit::Code;
use super::{current_dir, open};
use crate::report::shape::rfc3339;
use crate::report::words::{counted, one_line};

pub(super) fn run(args: &ApproveArgs) -> anyhow::Result<Code> {
    let job = args.workspace.at(&current_dir()?).locate(&args.job)?;
    let now = open::clock().now();
    let before = open::desk(&job.db)?.approve(now, &job.name)?;
    let status = open::ledger(&job.db)?.status(now, std::slice::from_ref(&job.name))?.remove(0);
    let next = match status.counts.queued {
        0 => "nothing waits to be sent".to_owned(),
        waiting => format!("the next run sends {}", counted(waiting, "item", "items")),
    };
    let approved = match before {
        None => "approved".to_owned(),
        Some(since) => format!("was approved already, on {}", rfc3339(since)),
    };
    writeln!(std::io::stdout(), "{}: {approved}; {next}", one_line(&job.name))?;
    Ok(Code::Complete)
}
