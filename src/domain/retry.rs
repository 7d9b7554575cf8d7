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
/// Answers without a picture are paid each time: so many are bought at most ("at most 2 tries more").
const MOST_EMPTY: u32 = 3;

impl RetryPolicy {
    /// What becomes of an item whose attempt failed. `tries` are those before this attempt, `jitter` lies in 0..1,
    /// and `resume_at` is when the run may send again after a throttling.
    pub fn decide(&self, failure: Failure, tries: Tries, jitter: f64, now: Timestamp, resume_at: Timestamp) -> Outcome {
        match failure.kind {
            FailureKind::Throttled => Outcome::Returned { due_at: resume_at, failure },
            FailureKind::Fatal => Outcome::Returned { due_at: now, failure },
            FailureKind::Refused | FailureKind::Rejected | FailureKind::Lost => Outcome::Failed(failure),
            FailureKind::Transient => self.after_transient(failure, tries, jitter, now),
        }
    }

    fn after_transient(&self, failure: Failure, tries: Tries, jitter: f64, now: Timestamp) -> Outcome {
        if failure.reach == Reach::Lost && self.on_lost == OnLost::Hold {
            return Outcome::Failed(Failure { kind: FailureKind::Lost, ..failure });
        }
        let counted = tries.counted + 1;
        let spent = counted >= self.max_attempts || (failure.empty && tries.empty + 1 >= MOST_EMPTY);
        if spent {
            return Outcome::Failed(failure);
        }
        let asked = failure.retry_after.unwrap_or_default();
        let wait = longest_wait(counted).mul_f64(jitter).max(asked);
        Outcome::Retry { due_at: now.after(wait), failure }
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
        policy.decide(failure, tries, 0.5, NOW, NOW.after(Duration::from_secs(9)))
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
        assert_eq!(decide(POLICY, failure.clone(), tries), Outcome::Returned { due_at, failure });
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
