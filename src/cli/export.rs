//! `overnight export`: the manifest with its results, for people and for programs. Never waits for a run, never changes
//! what is known.

use std::io::{BufWriter, Write};
use std::path::Path;

use super::args::{ExportArgs, ExportFormat};
use super::exit::{Code, UsageError};
use super::precious::Precious;
use super::{current_dir, open};
use crate::domain::ItemId;
use crate::export::{Choice, Format, Wanted, hand_over, hand_over_as};
use crate::queue::JobStatus;
use crate::report::words::one_line;

pub(super) fn run(args: &ExportArgs) -> anyhow::Result<Code> {
    let format = format(args)?;
    let located = args.workspace.at(&current_dir()?).locate(&args.job)?;
    let ledger = open::ledger(&located.db)?;
    let job = ledger.status(open::clock().now(), std::slice::from_ref(&located.name))?.remove(0);
    let shelf = open::shelf(&job.output, &job.job)?;
    let wanted = Wanted {
        job: &located.name,
        format,
        states: &args.states,
        choice: choice(args),
        verdicts: args.verdicts,
        shelf: Some(&*shelf),
    };
    let missing = if args.output == Path::new("-") {
        let mut stdout = BufWriter::new(std::io::stdout().lock());
        let missing = hand_over(&*ledger, &wanted, &mut stdout, anyhow::Error::from)?;
        stdout.flush()?;
        missing
    } else {
        spare(&job, &located.db, &args.output)?;
        hand_over_as(&*ledger, &wanted, &args.output)?
    };
    if !missing.is_empty() {
        // Where stderr is closed there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "{}", told_missing(&missing));
    }
    Ok(Code::Complete)
}

fn choice(args: &ExportArgs) -> Choice {
    match (args.approved, args.favourites) {
        (true, _) => Choice::Approved,
        (_, true) => Choice::Favourites,
        (false, false) => Choice::All,
    }
}

/// That pictures which stand for their products are gone, and whose.
fn told_missing(missing: &[ItemId]) -> String {
    const NAMED: usize = 5;
    let named = missing.iter().take(NAMED).map(|item| one_line(item.as_str())).collect::<Vec<_>>().join(", ");
    let more = if missing.len() > NAMED { ", …" } else { "" };
    let (count, what) = (missing.len(), if missing.len() == 1 { "favourite is" } else { "favourites are" });
    format!("warning: {count} {what} left out, for the picture is not there any more: {named}{more}; choose another")
}

/// The format, with what belongs to it. What does not is a mistake.
fn format(args: &ExportArgs) -> Result<Format, UsageError> {
    let is_shopify = args.format == ExportFormat::Shopify;
    if args.image_url.is_some() && !is_shopify {
        return Err(UsageError("--image-url belongs to --format shopify; the others tell paths".to_owned()));
    }
    if !args.states.is_empty() && is_shopify {
        let message = "--status leaves rows out, and a shop takes a product for what its rows are; leave it out, or \
                       use --format csv";
        return Err(UsageError(message.to_owned()));
    }
    Ok(match args.format {
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Jsonl => Format::JsonLines,
        ExportFormat::Shopify => Format::Shopify { image_url: args.image_url.clone() },
    })
}

/// The results must not take the place of what they are made from.
fn spare(job: &JobStatus, db: &Path, output: &Path) -> anyhow::Result<()> {
    Ok(Precious { db, manifest: &job.manifest, output: &job.output }.spare("--output", output)?)
}
