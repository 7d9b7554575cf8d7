//! `overnight man`: the manual, a page for each command, made from the words of the help. Never shows one: that is what
//! `man` is for.

mod page;

use std::fs;
use std::io::Write;
use std::path::Path;

use super::args::{self, ManArgs};
use super::current_dir;
use super::exit::Code;
use crate::domain::io_words;
use crate::job::paths;
use crate::report::words::counted;
use page::{Page, pages};

pub(super) fn run(args: &ManArgs) -> anyhow::Result<Code> {
    let pages = pages(args::command());
    match &args.dir {
        None => std::io::stdout().write_all(pages[0].text.as_bytes())?,
        Some(dir) => write_all(&pages, &paths::resolve(&current_dir()?, dir), dir)?,
    }
    Ok(Code::Complete)
}

fn write_all(pages: &[Page], dir: &Path, shown: &Path) -> anyhow::Result<()> {
    let wrong = |path: &Path, error: &std::io::Error| {
        let (path, why) = (path.display(), io_words(error));
        anyhow::anyhow!("{path} cannot be written: {why}; name a folder that can be")
    };
    fs::create_dir_all(dir).map_err(|error| wrong(shown, &error))?;
    for page in pages {
        fs::write(dir.join(&page.file), &page.text).map_err(|error| wrong(&shown.join(&page.file), &error))?;
    }
    let written = counted(pages.len() as u64, "page", "pages");
    // The pages are there, heard or not.
    let _ = writeln!(std::io::stderr(), "{}: {written}, from {} on", shown.display(), pages[0].file);
    Ok(())
}
