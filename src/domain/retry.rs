//! Whether a failed item is tried again, and when. Pure: time and chance are arguments. Never waits.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::artifact::Artifact;
use super::attempt::{Failure, FailureKind, Reach, Tries};
use super::time::Timestamp;
use super::values::{UnknownValue, values};

/// What the queue records of a claim that ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The picture is kept.
    Done(Artifact),
    /// Tried in vain, and to be tried again; it counts.
    Retry {
        /// Not before this moment.
        due_at: Timestamp,
        /// Why it gave nothing.
        failure: Failure,
    },
    /// Given up.
    Failed(Failure),
    /// Given back uncounted: the failure was not the item's.
    Returned {
        /// Not before this moment.
        due_at: Timestamp,
        /// Why it gave nothing.
        failure: Failure,
    },
}

impl Outcome {
    /// The outcome's name in events.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Retry { .. } => "retry",
            Self::Failed(_) => "failed",
            Self::Returned { .. } => "returned",
        }
    }

    /// The clock was moved by so many milliseconds: whoever waits does so as long as before.
    pub fn clock_moved(&mut self, by: i64) {
        if let Self::Retry { due_at, .. } | Self::Returned { due_at, .. } = self {
            *due_at = due_at.moved(by);
        }
    }

    /// Why it gave nothing, if it did.
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Done(_) => None,
            Self::Retry { failure, .. } | Self::Failed(failure) | Self::Returned { failure, .. } => Some(failure),
        }
    }

    /// The images its attempt is billed for; unknown if it was lost.
    pub fn billed_images(&self) -> Option<u64> {
        match self {
            Self::Done(artifact) => Some(artifact.images.len() as u64),
            _ => self.failure().filter(|failure| failure.reach != Reach::Lost).map(|failure| failure.pictures.into()),
        }
    }
}

values! {
    /// What to do when a request left and no whole answer came.
    #[derive(Default)]
    OnLost, "a way to treat a lost attempt" {
        /// Send it again, as after any transient failure: it may be billed twice.
        #[default]
        Resend = "resend",
        /// Fail the item with kind `lost`, for a person to decide.
        Hold = "hold",
    }
}

/// When to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts that count before an item is given up.
    pub max_attempts: u32,
    /// What to do with a lost attempt.
    pub on_lost: OnLost,
}

/// The first longest wait between two attempts of one item.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// No item is due later than this from now, whatever a server asks for: it is asked in vain rather than forgotten. A
/// later one was written by a clock that has been moved since.
pub const LATEST_DUE: Duration = Duration::from_secs(600);
/// Answers without a picture are paid each time: so many are bought at most ("at most 2 tries more").
const MOST_EMPTY: u32 = 3;

impl RetryPolicy {
    /// What becomes of an item whose attempt failed. `tries` are those before this attempt, `jitter` lies in 0..1, and
    /// `resume_at` is when the run sends again, where the failure is the run's trouble: a throttling or an outage.
    pub fn decide(
        &self,
        failure: Failure,
        tries: Tries,
        jitter: f64,
        now: Timestamp,
        resume_at: Option<Timestamp>,
    ) -> Outcome {
        let due_at = resume_at.unwrap_or(now).min(now.after(LATEST_DUE));
        match failure.kind {
            FailureKind::Throttled | FailureKind::Fatal => Outcome::Returned { due_at, failure },
            FailureKind::Refused | FailureKind::Rejected | FailureKind::Lost => Outcome::Failed(failure),
            FailureKind::Transient if failure.reach == Reach::Lost && self.on_lost == OnLost::Hold => {
                Outcome::Failed(Failure { kind: FailureKind::Lost, ..failure })
            }
            FailureKind::Transient if resume_at.is_some() => Outcome::Returned { due_at, failure },
            FailureKind::Transient => self.after_transient(failure, tries, jitter, now),
        }
    }

    /// What becomes of an item whose answer was lost through no fault of its own: uncounted.
    pub fn after_loss(&self, failure: Failure, now: Timestamp) -> Outcome {
        match self.on_lost {
            OnLost::Hold => Outcome::Failed(Failure { kind: FailureKind::Lost, ..failure }),
            OnLost::Resend => Outcome::Returned { due_at: now, failure },
        }
    }

    fn after_transient(&self, failure: Failure, tries: Tries, jitter: f64, now: Timestamp) -> Outcome {
        let counted = tries.counted + 1;
        let spent = counted >= self.max_attempts || (failure.empty && tries.empty + 1 >= MOST_EMPTY);
        if spent {
            return Outcome::Failed(failure);
        }
        let asked = failure.retry_after.unwrap_or_default();
        let wait = longest_wait(counted).mul_f64(jitter).max(asked);
        Outcome::Retry { due_at: now.after(wait.min(LATEST_DUE)), failure }
    }
}

/// The longest wait after so many counted attempts: 1, 2, 4, 8, 16, 32 s, then 60 s. The wait itself is a random
/// share of it ("full jitter"), so that items that failed together do not return together.
fn longest_wait(counted: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << counted.saturating_sub(1).min(16)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const POLICY: RetryPolicy = RetryPolicy { max_attempts: 3, on_lost: OnLost::Resend };

    fn decide(policy: RetryPolicy, failure: Failure, tries: Tries) -> Outcome {
        policy.decide(failure, tries, 0.5, NOW, None)
    }

    fn decide_in_a_pause(policy: RetryPolicy, failure: Failure, tries: Tries) -> Outcome {
        policy.decide(failure, tries, 0.5, NOW, Some(NOW.after(Duration::from_secs(9))))
    }

    #[test]
    fn the_documented_waits_are_the_waits() {
        let seconds: Vec<u64> = (1..=8).map(|counted| longest_wait(counted).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn a_transient_failure_returns_after_a_share_of_the_wait_until_its_attempts_are_used_up() {
        let failure = Failure::new(FailureKind::Transient, "503");
        let tries = Tries { made: 1, counted: 1, empty: 0 };
        let retry = decide(POLICY, failure.clone(), tries);
        assert_eq!(retry, Outcome::Retry { due_at: NOW.after(Duration::from_secs(1)), failure: failure.clone() });
        let tries = Tries { made: 9, counted: 2, empty: 0 };
        assert_eq!(decide(POLICY, failure.clone(), tries), Outcome::Failed(failure));
    }

    #[test]
    fn a_throttled_item_is_given_back_uncounted_until_the_run_may_go_on() {
        let failure = Failure::new(FailureKind::Throttled, "429");
        let tries = Tries { made: 50, counted: 2, empty: 0 };
        let due_at = NOW.after(Duration::from_secs(9));
        assert_eq!(decide_in_a_pause(POLICY, failure.clone(), tries), Outcome::Returned { due_at, failure });
    }

    #[test]
    fn what_fails_in_an_outage_is_given_back_uncounted_unless_a_lost_attempt_is_held() {
        let lost = Failure { reach: Reach::Lost, ..Failure::new(FailureKind::Transient, "reset") };
        let tries = Tries { made: 50, counted: 2, empty: 0 };
        for failure in [Failure::new(FailureKind::Transient, "503"), lost.clone()] {
            let due_at = NOW.after(Duration::from_secs(9));
            let outcome = decide_in_a_pause(POLICY, failure.clone(), tries);
            assert_eq!(outcome, Outcome::Returned { due_at, failure });
        }
        let holding = RetryPolicy { on_lost: OnLost::Hold, ..POLICY };
        assert!(matches!(decide_in_a_pause(holding, lost, tries), Outcome::Failed(_)));
        assert!(matches!(
            decide_in_a_pause(POLICY, Failure::new(FailureKind::Rejected, "400"), tries),
            Outcome::Failed(_)
        ));
    }

    #[test]
    fn no_item_is_due_later_than_the_latest() {
        let (forever, tries) = (Some(Duration::from_secs(1 << 40)), Tries::default());
        let transient = Failure { retry_after: forever, ..Failure::new(FailureKind::Transient, "503") };
        let throttled = Failure::new(FailureKind::Throttled, "429");
        let resume_at = Some(Timestamp::from_millis(i64::MAX));
        for outcome in
            [POLICY.decide(transient, tries, 0.5, NOW, None), POLICY.decide(throttled, tries, 0.5, NOW, resume_at)]
        {
            let (Outcome::Retry { due_at, .. } | Outcome::Returned { due_at, .. }) = outcome else { panic!() };
            assert_eq!(due_at, NOW.after(LATEST_DUE));
        }
    }

    #[test]
    fn paid_answers_without_a_picture_are_bought_three_times_at_most() {
        let patient = RetryPolicy { max_attempts: 100, ..POLICY };
        let failure = Failure { empty: true, ..Failure::new(FailureKind::Transient, "no image") };
        let second = decide(patient, failure.clone(), Tries { made: 1, counted: 1, empty: 1 });
        assert!(matches!(second, Outcome::Retry { .. }));
        let third = decide(patient, failure, Tries { made: 2, counted: 2, empty: 2 });
        assert!(matches!(third, Outcome::Failed(_)));
    }

    #[test]
    fn a_lost_attempt_is_held_for_a_person_when_the_job_says_so() {
        let failure = Failure { reach: Reach::Lost, ..Failure::new(FailureKind::Transient, "reset") };
        assert!(matches!(decide(POLICY, failure.clone(), Tries::default()), Outcome::Retry { .. }));
        let holding = RetryPolicy { on_lost: OnLost::Hold, ..POLICY };
        match decide(holding, failure, Tries::default()) {
            Outcome::Failed(failure) => assert_eq!(failure.kind, FailureKind::Lost),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn refusals_and_faults_of_the_item_are_final_and_fatal_ones_leave_it_queued() {
        for kind in [FailureKind::Refused, FailureKind::Rejected] {
            let outcome = decide(POLICY, Failure::new(kind, "no"), Tries::default());
            assert!(matches!(outcome, Outcome::Failed(_)));
        }
        let outcome = decide(POLICY, Failure::new(FailureKind::Fatal, "key"), Tries::default());
        assert!(matches!(outcome, Outcome::Returned { .. }));
    }

    #[test]
    fn a_server_that_names_a_longer_wait_is_obeyed() {
        let failure =
            Failure { retry_after: Some(Duration::from_secs(40)), ..Failure::new(FailureKind::Transient, "503") };
        match decide(POLICY, failure, Tries::default()) {
            Outcome::Retry { due_at, .. } => assert_eq!(due_at.since(NOW), Duration::from_secs(40)),
            other => panic!("{other:?}"),
        }
    }
}
