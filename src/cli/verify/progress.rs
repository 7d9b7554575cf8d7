//! How far a verification is, on a terminal. Never shown anywhere else, and gone at the end.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::report::words::count;

/// The time between two lines, at least.
const BETWEEN: Duration = Duration::from_millis(200);
/// To the first column, and away with the line.
const ERASE: &str = "\r\u{1b}[K";

/// The line that says how far it is.
pub(super) struct Progress {
    items: u64,
    began: Instant,
    /// When the line was drawn last, if anybody can see it.
    drawn: Option<Instant>,
}

impl Progress {
    /// For so many items.
    pub fn of(items: u64) -> Self {
        let now = Instant::now();
        Self { items, began: now, drawn: std::io::stderr().is_terminal().then_some(now) }
    }

    /// So many items and bytes are checked.
    pub fn show(&mut self, items: u64, bytes: u64) {
        if self.drawn.is_none_or(|drawn| drawn.elapsed() < BETWEEN) {
            return;
        }
        self.drawn = Some(Instant::now());
        let rate = bytes as f64 / 1e6 / self.began.elapsed().as_secs_f64();
        // Where stderr is closed there is nobody to tell.
        let line = format!("{ERASE}{} of {} items checked, {rate:.0} MB/s", count(items), count(self.items));
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = std::io::stderr().write_all(ERASE.as_bytes());
        }
    }
}
