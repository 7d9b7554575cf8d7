//! By when a run is to be done, as it was told. Never asks what time it is.

use std::time::Duration;

use super::time::Timestamp;

/// When a run is to be done, whatever is left then; never, where nothing is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deadline {
    /// By this moment of the day.
    pub until: Option<Timestamp>,
    /// After so long.
    pub max_duration: Option<Duration>,
}

impl Deadline {
    /// When a run that starts at this moment is to be done: the earlier of both.
    pub fn at(&self, start: Timestamp) -> Option<Timestamp> {
        self.first(start).map(|(at, _)| at)
    }

    /// The same, with the flag that says so.
    pub fn first(&self, start: Timestamp) -> Option<(Timestamp, &'static str)> {
        let until = self.until.map(|at| (at, "--until"));
        let ends = self.max_duration.map(|length| (start.after(length), "--max-duration"));
        until.into_iter().chain(ends).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earlier_of_both_counts_and_is_named() {
        let at = |seconds: u64| Timestamp::default().after(Duration::from_secs(seconds));
        let first = |until: Option<u64>, length: Option<u64>| {
            Deadline { until: until.map(at), max_duration: length.map(Duration::from_secs) }.first(at(5))
        };
        assert_eq!(first(None, None), None);
        assert_eq!(first(Some(90), Some(100)), Some((at(90), "--until")));
        assert_eq!(first(Some(900), Some(100)), Some((at(105), "--max-duration")));
    }
}
