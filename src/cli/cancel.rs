//! `overnight cancel`: take waiting items out. Never touches what a run holds.

use std::io::Write;

use super::args::CancelArgs;
use super::exit::Code;
use super::{current_dir, open};
use crate::domain::ItemId;
use crate::report::words::counted;

pub(super) fn run(args: &CancelArgs) -> anyhow::Result<Code> {
    let job = args.workspace.at(&current_dir()?).locate(&args.job)?;
    let items: Vec<ItemId> = args.items.iter().map(ItemId::new).collect();
    let named = (!items.is_empty()).then_some(&items[..]);
    let cancelled = open::desk(&job.db)?.cancel(&job.name, named)?;
    writeln!(std::io::stdout(), "{}: {} taken out", job.name, counted(cancelled, "item", "items"))?;
    Ok(Code::Complete)
}
