//! Those who listen to a run and tell people and programs about it. Never read the queue, never change the run.

pub mod brief;
pub mod chart;
pub mod jsonl;
pub mod log;
pub mod metrics;
mod next;
pub mod rate;
pub mod recorder;
pub mod rest;
pub mod shape;
pub mod summary;
pub mod terminal;
pub mod words;

pub use brief::{Brief, brief};
pub use jsonl::{JsonLines, WriteFault};
pub use log::LogLines;
pub use metrics::{JobMetrics, Metrics, Standing};
pub use recorder::Recorder;
pub use rest::{Frame, Purse};
pub use summary::{Closing, changed_nothing, closing};
pub use terminal::{Stderr, Terminal};

use crate::domain::{Event, Reporter};

/// Several listeners as one: each is told every event, in the order they were added.
#[derive(Default)]
pub struct Reporters(Vec<Box<dyn Reporter>>);

impl Reporters {
    /// Nobody listens yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets one more listen.
    pub fn add(&mut self, reporter: impl Reporter + 'static) {
        self.0.push(Box::new(reporter));
    }
}

impl Reporter for Reporters {
    fn tell(&mut self, event: &Event) {
        for reporter in &mut self.0 {
            reporter.tell(event);
        }
    }
}
