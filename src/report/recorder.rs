//! Notes a run over time, for whoever draws it when it has ended. Never draws it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{Course, Event, FailureKind, News, Reporter, Timestamp};

/// Takes note of what happens when; its copies share one course.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Mutex<Course>>);

impl Recorder {
    /// Nothing has happened yet, in a run that starts now.
    pub fn starting(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Course::starting(now))))
    }

    /// The run so far.
    pub fn course(&self) -> Course {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reporter for Recorder {
    fn tell(&mut self, event: &Event) {
        let mut course = self.lock();
        match &event.news {
            News::AttemptStarted { .. } => course.at(event.time).sent += 1,
            News::AttemptEnded { outcome, failure, cost, .. } => {
                let slice = course.at(event.time);
                slice.done += u64::from(*outcome == "done");
                slice.cost += cost.unwrap_or_default();
                match failure.as_ref().map(|failure| failure.kind) {
                    Some(FailureKind::Throttled) => slice.throttled += 1,
                    Some(_) => slice.missed += 1,
                    None => {}
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Failure, Slice, Usd};

    #[test]
    fn what_is_sent_throttled_and_paid_is_noted_when_it_happens() {
        let start = Timestamp::from_millis(1_000_000);
        let recorder = Recorder::starting(start);
        let mut hand = recorder.clone();
        let mut tell = |second, news| {
            let time = start.after(Duration::from_secs(second));
            hand.tell(&Event { time, job: "job".into(), news });
        };
        let started = |item: &str| News::AttemptStarted { item: item.into(), attempt: 1, reserved: None };
        let ended = |outcome, kind: Option<FailureKind>, cost| News::AttemptEnded {
            item: "mug".into(),
            attempt: 1,
            outcome,
            failure: kind.map(|kind| Failure::new(kind, "")),
            cost,
            file: None,
            images: 0,
        };
        tell(0, started("mug"));
        tell(0, started("cup"));
        tell(2, ended("done", None, Some(Usd::from_nanos(5))));
        tell(2, ended("returned", Some(FailureKind::Throttled), Some(Usd::ZERO)));
        tell(2, ended("retry", Some(FailureKind::Transient), None));
        let first = Slice { sent: 2, ..Slice::default() };
        let last = Slice { throttled: 1, missed: 1, done: 1, cost: Usd::from_nanos(5), ..Slice::default() };
        assert_eq!(recorder.course().slices(), [first, Slice::default(), last]);
    }
}
