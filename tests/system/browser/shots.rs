//! Pictures of pages for people: written where `OVERNIGHT_SCREENSHOTS` says, and nowhere without it.

use std::fs;
use std::path::PathBuf;

use super::driver::Browser;

/// Keeps what a browser shows now, if somebody wants to look at it.
pub fn keep(browser: &Browser, name: &str) {
    let Some(folder) = std::env::var_os("OVERNIGHT_SCREENSHOTS").map(PathBuf::from) else { return };
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.png"));
    fs::write(&file, browser.picture()).unwrap();
    println!("{}", file.display());
}
