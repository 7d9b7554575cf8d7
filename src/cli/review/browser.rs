//! Opens an address in the browser of whoever sits here. Never waits for it, and never lets others on this machine read
//! the address: what a program is started with, they may.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::disk::private;

/// The programs that open an address, by system; the first that is there does.
const OPENERS: [&str; 3] = ["xdg-open", "open", "wslview"];

/// A file that leads to the address, for its owner only; removed with the review.
pub(super) struct Signpost(PathBuf);

impl Drop for Signpost {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Opens it by way of a file in this folder, or says that nothing here can.
pub(super) fn open(url: &str, folder: &Path) -> io::Result<Signpost> {
    let signpost = Signpost(folder.join(format!("overnight-review-{}.html", std::process::id())));
    private::open(&signpost.0)?;
    fs::write(&signpost.0, format!("<!doctype html><meta http-equiv=\"refresh\" content=\"0; url={url}\">\n"))?;
    start(&signpost.0);
    Ok(signpost)
}

fn start(file: &Path) {
    let silent = |program: &&str| {
        let mut command = Command::new(program);
        command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    };
    match OPENERS.iter().map(silent).find_map(Result::ok) {
        // It ends when it has told the browser; whoever started it waits for it, so that nothing is left of it.
        Some(mut opener) => drop(std::thread::spawn(move || opener.wait())),
        None => {
            let words = "note: no browser can be opened from here; open the address by hand";
            let _ = writeln!(std::io::stderr(), "{words}");
        }
    }
}
