//! Progress for people, on stderr. Never writes to stdout, never lets foreign text control the terminal.

mod bar;
mod canvas;
mod money;
mod paused;
mod plain;
mod tally;
mod view;

use std::io::{self, IsTerminal, Write};

use console::Term;
use jiff::tz::TimeZone;

use crate::domain::{Event, Progress, Reporter};
use crate::report::rest::Frame;

use bar::{AboveBar, Bar};
pub use canvas::Canvas;
pub use plain::Plain;
pub use tally::{hour, wall_clock};
pub use view::Look;
use view::USUAL_COLUMNS;

/// A log has no width, but a message in it should have an end.
const LOG_COLUMNS: usize = 400;

/// Shows a run on stderr.
#[derive(Debug)]
pub struct Terminal(Display);

#[derive(Debug)]
enum Display {
    Bar(Bar),
    Plain(Box<Plain<io::Stderr>>),
    None,
}

impl Terminal {
    /// Shows progress so, in the colours the environment allows (`NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`) and the times of the zone.
    /// In a rehearsal nothing is paid. `frame` is what the run was told of its time.
    pub fn new(progress: Progress, rehearsal: bool, zone: TimeZone, frame: Frame) -> Self {
        let look = |columns, colours| Look { columns, colours, zone, rehearsal };
        Self(match progress {
            Progress::None => Display::None,
            Progress::Auto | Progress::Bar if can_draw(&io::stderr()) => {
                Display::Bar(Bar::new(look(USUAL_COLUMNS, has_colours()), frame))
            }
            progress => {
                let plain = Plain::new(io::stderr(), look(LOG_COLUMNS, false)).within(frame);
                Display::Plain(Box::new(if is_unattended(progress) { plain.rare() } else { plain }))
            }
        })
    }

    /// A hand for everyone else who writes to stderr while a bar may be drawn there: logs, notices.
    pub fn stderr(&self) -> Stderr {
        Stderr(match &self.0 {
            Display::Bar(bar) => Some(bar.writer()),
            Display::Plain(_) | Display::None => None,
        })
    }
}

impl Reporter for Terminal {
    fn tell(&mut self, event: &Event) {
        match &mut self.0 {
            Display::Bar(bar) => bar.tell(event),
            Display::Plain(plain) => plain.tell(event),
            Display::None => {}
        }
    }
}

/// stderr, above the bar if one is drawn. Each write should be whole lines.
#[derive(Debug, Clone)]
pub struct Stderr(Option<AboveBar>);

impl Stderr {
    /// Takes the bar away for good: for an end in a hurry, when the [`Terminal`] will not be dropped.
    pub fn clear(&self) {
        if let Some(above) = &self.0 {
            above.clear();
        }
    }
}

impl Write for Stderr {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Some(above) => above.write(text),
            None => io::stderr().write(text),
        }
    }

    fn write_fmt(&mut self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        match &mut self.0 {
            Some(above) => above.write_fmt(text),
            None => io::stderr().write_fmt(text),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The columns to lay out text for on stdout: a terminal's, but neither too few nor too many to read well.
pub fn stdout_columns() -> usize {
    readable_columns(&Term::stdout())
}

/// The same for stderr.
pub fn stderr_columns() -> usize {
    readable_columns(&Term::stderr())
}

fn readable_columns(terminal: &Term) -> usize {
    terminal.size_checked().map_or(USUAL_COLUMNS, |(_, columns)| usize::from(columns).clamp(40, 100))
}

/// Whether nobody watches, and nobody asked for lines either: so cron and service managers start a run. What goes well is
/// told in one line then.
pub fn is_unattended(progress: Progress) -> bool {
    matches!(progress, Progress::Auto | Progress::None) && !io::stderr().is_terminal()
}

/// Whether the environment wants colours. Of `NO_COLOR` and `CLICOLOR_FORCE`, the first decides, as it does in the help.
fn has_colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty()) && console::colors_enabled_stderr()
}

/// Whether lines can be drawn over there: it is a terminal, and one that can move its cursor.
pub fn can_draw(place: &impl IsTerminal) -> bool {
    place.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
