//! Whether a request that failed is sent again, and when. Never waits, and never asks for the time.

use std::time::Duration;

/// Waits before the second try, the third and so on, at most.
const WAITS: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_millis(1_500), Duration::from_secs(5), Duration::from_secs(12)];
/// No try begins later than so long after the first.
pub(super) const ALTOGETHER: Duration = Duration::from_secs(30);

/// How long to wait after so many tries, the first of which began so long ago; none when it is given up. `asked` is
/// what the server wants, `chance` lies between 0 and 1.
pub(super) fn wait(tries: usize, since: Duration, asked: Option<Duration>, chance: f64) -> Option<Duration> {
    let usual = WAITS.get(tries.checked_sub(1)?)?;
    // Many runs that meet the same trouble must not all come back together.
    let wait = usual.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0).max(asked.unwrap_or_default());
    (since.checked_add(wait)? <= ALTOGETHER).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_tries_are_made_within_half_a_minute() {
        let mut since = Duration::ZERO;
        let mut tries = 1;
        while let Some(wait) = wait(tries, since, None, 1.0) {
            since += wait + Duration::from_secs(2);
            tries += 1;
        }
        assert_eq!((tries, since), (5, Duration::from_secs(27)));
        assert_eq!(wait(2, Duration::ZERO, None, 0.0), Some(Duration::from_millis(750)));
    }

    #[test]
    fn a_server_that_says_when_is_believed_as_long_as_that_is_soon() {
        let asked = |seconds| wait(1, Duration::ZERO, Some(Duration::from_secs(seconds)), 0.0);
        assert_eq!(asked(20), Some(Duration::from_secs(20)));
        assert_eq!(asked(31), None);
        assert_eq!(asked(u64::MAX), None);
        assert_eq!(wait(2, Duration::from_secs(29), Some(Duration::from_secs(2)), 0.0), None);
    }
}
