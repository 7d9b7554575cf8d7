//! The last run over time as the page's script draws it. Never more than a screen has columns.

use serde::Serialize;

use crate::domain::{Course, Slice, Timestamp};

/// The page draws so many slices at most: narrow ones are still seen on a tablet.
const MOST_SLICES: usize = 160;

/// A run over time: one number of each list belongs to each slice.
#[derive(Debug, Serialize)]
pub(super) struct Night {
    start: Timestamp,
    step_seconds: f64,
    sent: Vec<u64>,
    throttled: Vec<u64>,
    missed: Vec<u64>,
    /// Dollars.
    cost: Vec<f64>,
}

impl Night {
    /// The course as the page draws it; none if nothing was sent.
    pub fn of(course: &Course) -> Option<Self> {
        let (slices, step) = course.in_at_most(MOST_SLICES);
        let each = |figure: fn(&Slice) -> u64| slices.iter().map(figure).collect();
        let night = Self {
            start: course.start(),
            step_seconds: step.as_secs_f64(),
            sent: each(|slice| slice.sent),
            throttled: each(|slice| slice.throttled),
            missed: each(|slice| slice.missed),
            cost: slices.iter().map(|slice| slice.cost.dollars()).collect(),
        };
        night.sent.iter().any(|sent| *sent > 0).then_some(night)
    }
}
