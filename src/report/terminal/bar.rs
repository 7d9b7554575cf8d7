//! Progress on a terminal: two lines at most that are drawn again and again, and lines that stay above them. Never
//! leaves the drawn ones behind.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::domain::{Event, News, Reporter};

use super::tally::Tally;
use super::view::{self, Look};

/// Drawn at most so often a second: enough for the eye, little over a slow line.
const DRAWS_A_SECOND: u8 = 8;
/// The sign of life moves this often.
const TICK: Duration = Duration::from_millis(125);
/// The sign of life and the blank behind it.
const SPINNER_COLUMNS: usize = 2;

/// Draws on stderr.
#[derive(Debug)]
pub struct Bar {
    tally: Arc<Mutex<Tally>>,
    look: Look,
    drawn: ProgressBar,
}

impl Bar {
    /// Nothing is drawn before the first event.
    pub fn new(look: Look) -> Self {
        let tally = Arc::new(Mutex::new(Tally::default()));
        let target = ProgressDrawTarget::stderr_with_hz(DRAWS_A_SECOND);
        let drawn = ProgressBar::with_draw_target(None, target).with_style(style(tally.clone(), look.clone()));
        Self { tally, look, drawn }
    }

    /// A hand that writes above the bar.
    pub fn writer(&self) -> AboveBar {
        AboveBar(self.drawn.clone())
    }

    fn line(&self, text: &str) {
        // A terminal that has gone away is no reason to stop a run.
        let _ = writeln!(self.writer(), "{text}");
    }
}

impl Reporter for Bar {
    fn tell(&mut self, event: &Event) {
        lock(&self.tally).take(event);
        match &event.news {
            News::RunStarted { .. } => self.start(),
            News::RunEnded(_) => self.writer().clear(),
            _ => {
                let look = current(&self.look);
                if let Some(line) = view::lasting(event, &look) {
                    self.line(&line);
                }
            }
        }
    }
}

impl Bar {
    /// A run with nothing to do is over before anyone could look.
    fn start(&self) {
        let tally = lock(&self.tally).clone();
        if tally.items() > 0 {
            self.drawn.reset();
            self.line(&view::start(&tally));
            self.drawn.enable_steady_tick(TICK);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.writer().clear();
    }
}

/// Writes above the bar: the bar is taken away, the text is written, the bar is drawn again.
#[derive(Debug, Clone)]
pub struct AboveBar(ProgressBar);

impl AboveBar {
    /// Takes the bar away for good.
    pub fn clear(&self) {
        self.0.disable_steady_tick();
        self.0.finish_and_clear();
    }
}

impl Write for AboveBar {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.write_all(text).map(|()| text.len())
    }

    fn write_all(&mut self, text: &[u8]) -> io::Result<()> {
        self.0.suspend(|| io::stderr().write_all(text))
    }

    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        // In one piece, or every part of a line would take the bar away.
        self.write_all(text.to_string().as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn style(tally: Arc<Mutex<Tally>>, look: Look) -> ProgressStyle {
    let dashboard = move |_: &ProgressState, out: &mut dyn fmt::Write| {
        let mut look = current(&look);
        look.columns = look.columns.saturating_sub(SPINNER_COLUMNS);
        let lines = view::dashboard(&lock(&tally), &look);
        // The second line stands below the bar, not below the sign of life.
        let _ = out.write_str(&lines.replace('\n', "\n  "));
    };
    // The template is a constant and well-formed; were it not, the usual bar would show.
    ProgressStyle::with_template("{spinner} {dashboard}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("dashboard", dashboard)
}

/// The look at the terminal's present width, less the last column: what fills that one may break the line.
fn current(look: &Look) -> Look {
    let columns = Term::stderr().size_checked().map_or(look.columns, |(_, columns)| columns.into());
    Look { columns: columns.saturating_sub(1), ..look.clone() }
}

/// A tally is whole after any of its methods, so one that panicked left it fit for use.
fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}
