//! `overnight export`: the manifest with its results, for people and for programs. Never waits for a run, never changes
//! what is known.

use std::io::{BufWriter, Write};
use std::path::Path;

use super::args::{ExportArgs, ExportFormat};
use super::exit::{Code, UsageError};
use super::precious::Precious;
use super::{current_dir, open};
use crate::export::{Format, Wanted, hand_over, hand_over_as};
use crate::queue::Ledger;

pub(super) fn run(args: &ExportArgs) -> anyhow::Result<Code> {
    let format = format(args)?;
    let located = args.workspace.at(&current_dir()?).locate(&args.job)?;
    let ledger = open::ledger(&located.db)?;
    let wanted = Wanted { job: &located.name, format, states: &args.states };
    if args.output == Path::new("-") {
        let mut stdout = BufWriter::new(std::io::stdout().lock());
        hand_over(&*ledger, &wanted, &mut stdout, anyhow::Error::from)?;
        stdout.flush()?;
    } else {
        has_a_place(&args.output)?;
        spare(&*ledger, &located.db, &wanted, &args.output)?;
        hand_over_as(&*ledger, &wanted, &args.output)?;
    }
    Ok(Code::Complete)
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

/// That a file can be made there: a folder that is none, or is not there, is a mistake of whoever named it.
fn has_a_place(output: &Path) -> Result<(), UsageError> {
    let shown = output.display();
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    if output.is_dir() {
        return Err(UsageError(format!("--output: {shown} is a folder; name a file in it")));
    }
    match folder.is_none_or(Path::is_dir) {
        true => Ok(()),
        false => {
            Err(UsageError(format!("--output: there is no folder for {shown}; name a file in a folder that is there")))
        }
    }
}

/// The results must not take the place of what they are made from.
fn spare(ledger: &dyn Ledger, db: &Path, wanted: &Wanted<'_>, output: &Path) -> anyhow::Result<()> {
    for job in ledger.status(open::clock().now(), &[wanted.job.to_owned()])? {
        Precious { db, manifest: &job.manifest, output: &job.output }.spare("--output", output)?;
    }
    Ok(())
}
