//! `overnight cancel`: take waiting items out. Never touches what a run holds.

use std::io::Write;

use super::args::CancelArgs;
use super::exit::Code;
use super::{current_dir, open};
use crate::domain::ItemId;
use crate::report::words::{counted, one_line};

/// Why nothing may have been taken out.
const NONE: &str = "only what waits is taken out; what a run has in hand, is finished or has failed stays as it is";

pub(super) fn run(args: &CancelArgs) -> anyhow::Result<Code> {
    let job = args.workspace.at(&current_dir()?).locate(&args.job)?;
    let items: Vec<ItemId> = args.items.iter().map(ItemId::new).collect();
    let named = (!items.is_empty()).then_some(&items[..]);
    let cancelled = open::desk(&job.db)?.cancel(&job.name, named)?;
    writeln!(std::io::stdout(), "{}: {} taken out", one_line(&job.name), counted(cancelled, "item", "items"))?;
    if cancelled == 0 {
        // An explanation for people, and no error: scripts read stdout.
        let _ = writeln!(std::io::stderr(), "{NONE}");
    }
    Ok(Code::Complete)
}
