//! Progress on a terminal: three lines at most that are drawn again and again, and lines that stay above them. Never
//! leaves the drawn ones behind.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use console::Term;

use crate::domain::{Event, News, Reporter, Timestamp};
use crate::report::rest::Frame;

use super::canvas::Canvas;
use super::paused;
use super::tally::Tally;
use super::view::{self, Look};

/// Drawn so often: enough for the eye, and for a clock that counts seconds; little over a slow line.
const TICK: Duration = Duration::from_millis(125);
/// The sign of life, one sign a tick: it moves as long as the program does.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// The sign of life and the blank behind it.
const SPINNER_COLUMNS: usize = 2;

/// Draws on stderr.
#[derive(Debug)]
pub struct Bar(Arc<Mutex<Picture>>);

/// What is drawn, and whether it is. Whoever writes to the terminal holds it.
#[derive(Debug)]
struct Picture {
    tally: Tally,
    /// When the tally took its latest event: by the event, and on a clock that never jumps.
    heard: (Timestamp, Instant),
    look: Look,
    canvas: Canvas,
    ticks: usize,
    is_shown: bool,
}

impl Bar {
    /// Nothing is drawn before the first event.
    pub fn new(look: Look, frame: Frame) -> Self {
        let (tally, canvas) = (Tally::within(frame), Canvas::default());
        let picture =
            Picture { tally, heard: (Timestamp::default(), Instant::now()), look, canvas, ticks: 0, is_shown: false };
        let picture = Arc::new(Mutex::new(picture));
        let drawn = Arc::downgrade(&picture);
        // It ends with the bar. Without it the bar moves with the events only.
        let _ = thread::Builder::new().name("terminal".to_owned()).spawn(move || tick(&drawn));
        Self(picture)
    }

    /// A hand that writes above the bar.
    pub fn writer(&self) -> AboveBar {
        AboveBar(self.0.clone())
    }
}

/// Draws again and again, for as long as there is something to draw.
fn tick(picture: &Weak<Mutex<Picture>>) {
    while let Some(picture) = picture.upgrade() {
        lock(&picture).tick();
        drop(picture);
        thread::sleep(TICK);
    }
}

impl Reporter for Bar {
    fn tell(&mut self, event: &Event) {
        let mut picture = lock(&self.0);
        picture.tally.take(event);
        picture.heard = (event.time, Instant::now());
        match &event.news {
            News::RunStarted { .. } => picture.start(),
            News::RunEnded(_) => picture.clear(),
            _ => {
                let look = picture.present_look();
                let paused = paused::news(&event.news, &picture.tally, &look);
                if let Some(line) = view::lasting(event, &look).or(paused) {
                    picture.line(&line);
                }
            }
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        lock(&self.0).clear();
    }
}

// A terminal that has gone away is no reason to stop a run: what cannot be drawn is not.
impl Picture {
    /// A run with nothing to do is over before anyone could look.
    fn start(&mut self) {
        if self.tally.items() > 0 {
            self.line(&view::start(&self.tally, &self.look));
            self.is_shown = true;
        }
    }

    fn tick(&mut self) {
        self.ticks += 1;
        let drawn = self.drawn();
        let _ = put(&drawn);
    }

    /// What to write to have the picture as it is now; nothing while it is not shown.
    fn drawn(&mut self) -> String {
        if !self.is_shown {
            return String::new();
        }
        let mut look = self.present_look();
        let columns = look.columns + 1;
        look.columns = look.columns.saturating_sub(SPINNER_COLUMNS);
        let (heard_at, heard) = self.heard;
        self.tally.pass(heard_at.after(heard.elapsed()));
        // The second line stands below the bar, not below the sign of life.
        let lines = view::dashboard(&self.tally, &look).replace('\n', "\n  ");
        let spinner = SPINNER[self.ticks % SPINNER.len()];
        self.canvas.draw(&format!("{spinner} {lines}"), columns)
    }

    fn line(&mut self, text: &str) {
        let _ = self.write_above(&format!("{text}\n"));
    }

    /// The bar is taken away, the text is written, the bar is drawn again below it.
    fn write_above(&mut self, text: &str) -> io::Result<()> {
        let erased = self.canvas.erase(self.present_look().columns + 1);
        put(&(erased + text + &self.drawn()))
    }

    fn clear(&mut self) {
        self.is_shown = false;
        let _ = put(&self.canvas.erase(self.present_look().columns + 1));
    }

    /// The look at the terminal's present width, less the last column: what fills that one may break the line.
    fn present_look(&self) -> Look {
        let columns = Term::stderr().size_checked().map_or(self.look.columns, |(_, columns)| columns.into());
        Look { columns: columns.saturating_sub(1), ..self.look.clone() }
    }
}

/// Writes in one piece, so that no half of it is ever seen.
fn put(text: &str) -> io::Result<()> {
    if text.is_empty() { Ok(()) } else { io::stderr().write_all(text.as_bytes()) }
}

/// Writes above the bar.
#[derive(Debug, Clone)]
pub struct AboveBar(Arc<Mutex<Picture>>);

impl AboveBar {
    /// Takes the bar away for good.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }
}

impl Write for AboveBar {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        lock(&self.0).write_above(&String::from_utf8_lossy(text)).map(|()| text.len())
    }

    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        // In one piece, or every part of a line would take the bar away.
        self.write_all(text.to_string().as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// A picture is whole after any of its methods, so one that panicked left it fit for use.
fn lock(picture: &Mutex<Picture>) -> MutexGuard<'_, Picture> {
    picture.lock().unwrap_or_else(PoisonError::into_inner)
}
