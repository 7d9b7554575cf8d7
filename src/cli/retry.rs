//! `overnight retry`: put failed items back. Never sends anything itself.

use std::io::Write;

use super::args::RetryArgs;
use super::exit::Code;
use super::{current_dir, open};
use crate::domain::{FailureKind, ItemId};
use crate::queue::Selection;
use crate::report::words::counted;

/// Why nothing may have been put back.
const NONE: &str = "only failed items go back, and cancelled ones that --item names; the refused and the lost go back with \
                    --refused and --lost; what is done stays";

pub(super) fn run(args: &RetryArgs) -> anyhow::Result<Code> {
    let job = args.workspace.at(&current_dir()?).locate(&args.job)?;
    let mut desk = open::desk(&job.db)?;
    let now = open::clock().now();
    let mut queued = 0;
    for selection in selections(args) {
        queued += desk.retry(now, &job.name, &selection)?;
    }
    writeln!(std::io::stdout(), "{}: {} queued again", job.name, counted(queued, "item", "items"))?;
    if queued == 0 {
        // An explanation for people, and no error: scripts read stdout.
        let _ = writeln!(std::io::stderr(), "{NONE}");
    }
    Ok(Code::Complete)
}

fn selections(args: &RetryArgs) -> Vec<Selection> {
    let mut selections = Vec::new();
    if args.refused {
        selections.push(Selection::Kind(FailureKind::Refused));
    }
    if args.lost {
        selections.push(Selection::Kind(FailureKind::Lost));
    }
    if !args.items.is_empty() {
        selections.push(Selection::Items(args.items.iter().map(ItemId::new).collect()));
    }
    if selections.is_empty() {
        selections.push(Selection::Failed);
    }
    selections
}
