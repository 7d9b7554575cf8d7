//! Opens an address in the browser of whoever sits here. Never waits for it.

use std::io::Write;
use std::process::{Command, Stdio};

/// The programs that open an address, by system; the first that is there does.
const OPENERS: [&str; 3] = ["xdg-open", "open", "wslview"];

/// Opens it, or says that nothing here can.
pub(super) fn open(url: &str) {
    let silent = |program: &&str| {
        let mut command = Command::new(program);
        command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
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
