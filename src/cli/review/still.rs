//! `overnight review --static`: the contact sheet with what was decided, in a folder to be passed on. Never serves a page.

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::super::args::ReviewArgs;
use super::super::exit::{Code, UsageError};
use super::super::open;
use super::super::precious::Precious;
use super::references;
use crate::disk::ListFolder;
use crate::domain::is_address;
use crate::export::{Keepsake, KeepsakeError, Kept, keep};
use crate::job::{Located, hidden_folder, is_rehearsal};
use crate::references::ReferenceCache;
use crate::report::words::{count, counted, one_line};

/// To the first column, and away with the line.
const ERASE: &str = "\r\u{1b}[K";

pub(super) fn run(args: &ReviewArgs, located: &Located, directory: &Path, current_dir: &Path) -> anyhow::Result<Code> {
    if directory.as_os_str() == "-" {
        return Err(UsageError("--static: `-` is no folder; name one, such as ./sheet".to_owned()).into());
    }
    let (job, db) = (&located.name, &located.db);
    let (ledger, gallery, now) = (open::ledger(db)?, open::gallery(db)?, open::clock().now());
    let status = ledger.status(now, std::slice::from_ref(job))?.remove(0);
    Precious { db, manifest: &status.manifest, output: &status.output }.spare("--static", directory)?;
    let shelf = open::shelf(&status.output, job)?;
    let (output, listed) = (ListFolder::new(status.output.clone(), false), references(args, &status, current_dir)?);
    let fetched = ReferenceCache::below(&hidden_folder(db));
    let keepsake = Keepsake {
        job,
        now,
        rehearsal: is_rehearsal(db),
        gallery: &*gallery,
        ledger: &*ledger,
        picture: &|image| output.open(&shelf.whereabouts(image)?).ok(),
        reference: &|written| match is_address(written) {
            true => fetched.open(written),
            false => listed.open(written).ok(),
        },
    };
    let is_seen = std::io::stderr().is_terminal();
    let kept = keep(&keepsake, directory, &mut |done, all| {
        if is_seen {
            say(&format!("{ERASE}{} of {} items", count(done as u64), count(all as u64)));
        }
    });
    if is_seen {
        say(ERASE);
    }
    let kept = kept.map_err(|error| match error {
        KeepsakeError::Strange { .. } | KeepsakeError::OtherJob { .. } => {
            anyhow::Error::from(UsageError(format!("--static: {}", one_line(&error.to_string()))))
        }
        error => error.into(),
    })?;
    say(&told(&kept));
    writeln!(std::io::stdout(), "{}", kept.page.display())?;
    Ok(Code::Complete)
}

/// How much of it there is, in words.
fn told(kept: &Kept) -> String {
    let (items, pictures) = (counted(kept.items as u64, "item", "items"), kept.pictures as u64);
    let missing = match kept.missing {
        0 => String::new(),
        missing => {
            let them = if missing == 1 { "1 is" } else { &format!("{} are", count(missing as u64)) };
            format!("warning: {them} not there any more, or no picture; `overnight verify` tells which\n")
        }
    };
    format!("{items}, {}\n{missing}", counted(pictures, "picture", "pictures"))
}

fn say(words: &str) {
    // Where stderr is closed there is nobody to tell.
    let _ = std::io::stderr().write_all(words.as_bytes());
}
