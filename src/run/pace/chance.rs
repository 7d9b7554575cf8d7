//! Which refusals a quota explains, and which a busy server gives by chance: those must teach nothing. Pure; never asks for
//! the time.

use std::collections::VecDeque;
use std::time::Duration;

use super::trail::MINUTE;

/// Nobody names a longer wait by chance, who has no quota that must be filled again.
const LONG_WAIT: Duration = Duration::from_secs(5);
/// A run that has just begun, or just paused for a quota, is not refused by chance within so many requests, ...
const FEW: f64 = 10.0;
/// ... nor while chance would have refused so much of one.
const UNLIKELY: f64 = 0.2;
/// So many refusals among so many requests that left one after the other: nothing is taken any more.
const DENSE: (usize, u64) = (4, 8);
/// Among so many requests there may be as many refusals as chance brings, and so many deviations more.
const LATELY: u64 = 100;
const DEVIATIONS: f64 = 4.0;
/// The share refused by chance, where nothing is known of it, as if so many requests had shown it; and its bound.
const USUAL: f64 = 0.02;
const UNKNOWN: f64 = 50.0;
const HIGHEST: f64 = 0.08;
/// It is counted over about so many requests.
const COUNTED: f64 = 1_000.0;
/// So many by chance, within so long: then one that came when it was expected is by chance as well.
const DOUBTS: usize = 3;
const DOUBTED: f64 = 5.0 * MINUTE;

/// What speaks for chance, and what against it.
#[derive(Debug, Default)]
pub(super) struct Chance {
    /// So many requests have left.
    left: u64,
    /// The numbers of the last ones that were refused by chance, as far as anyone knows.
    refused: VecDeque<u64>,
    /// When such refusals came.
    doubts: VecDeque<f64>,
    /// So many requests had left when a quota last refused one.
    quota_at: u64,
    /// Of the requests that left while the rate was lower than where a quota may refuse.
    below: Below,
}

/// What chance alone may have refused.
#[derive(Debug, Default)]
struct Below {
    left: f64,
    refused: f64,
}

impl Below {
    fn share(&self) -> f64 {
        ((self.refused + USUAL * UNKNOWN) / (self.left + UNKNOWN)).min(HIGHEST)
    }
}

/// A request was refused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    /// The so-manieth of the run.
    pub number: u64,
    /// The wait that it names.
    pub asked: Option<Duration>,
    /// Whether the rate was about where the server last refused more.
    pub is_expected: bool,
}

impl Chance {
    /// A request leaves; returns its number. `is_below` if the rate was lower than where a quota may refuse.
    pub fn leaves(&mut self, is_below: bool) -> u64 {
        self.left += 1;
        if is_below {
            self.below.left += 1.0;
        }
        if self.below.left > COUNTED {
            self.below = Below { left: self.below.left / 2.0, refused: self.below.refused / 2.0 };
        }
        self.left
    }

    /// Whether a quota explains the refusal; remembers it if not.
    pub fn explains(&mut self, refusal: Refusal, now: f64) -> bool {
        let Refusal { number, asked, is_expected } = refusal;
        self.refused.retain(|it| *it + LATELY > number);
        self.refused.push_back(number);
        self.doubts.retain(|doubt| now - doubt <= DOUBTED);
        let is_long = asked.is_some_and(|asked| asked >= LONG_WAIT);
        if is_long || self.is_dense(number) {
            self.doubts.clear();
            return true;
        }
        let is_quota = is_expected && self.doubts.len() < DOUBTS;
        if !is_quota {
            self.doubts.push_back(now);
        }
        if !is_expected {
            self.below.refused += 1.0;
        }
        is_quota
    }

    /// Whether more are refused than chance brings.
    fn is_dense(&self, number: u64) -> bool {
        // At the start many may leave together before the first of them is refused.
        let since_quota = if self.quota_at == 0 { self.left } else { number.saturating_sub(self.quota_at) };
        let share = self.below.share();
        let by_chance = share * LATELY as f64;
        let most = by_chance + DEVIATIONS * by_chance.sqrt();
        since_quota as f64 <= FEW.min(UNLIKELY / share)
            || self.among(DENSE.1, number) >= DENSE.0
            || self.among(LATELY, number) as f64 >= most
    }

    /// How many were refused among the so many that left around this one: refusals come in any order.
    fn among(&self, left: u64, number: u64) -> usize {
        self.refused.iter().filter(|it| it.abs_diff(number) < left).count()
    }

    /// A quota refused a request: whatever was refused before, was refused by it.
    pub fn was_quota(&mut self) {
        self.quota_at = self.left;
        self.refused.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: f64 = 1_000.0;

    /// So many have left and were taken, below where a quota may refuse.
    fn after(left: u64) -> Chance {
        let mut chance = Chance::default();
        (0..left).for_each(|_| assert!(chance.leaves(true) <= left));
        chance
    }

    /// One more leaves and is refused: whether a quota explains it.
    fn refused(chance: &mut Chance, asked: Option<u64>, is_expected: bool) -> bool {
        let number = chance.leaves(!is_expected);
        let asked = asked.map(Duration::from_secs);
        chance.explains(Refusal { number, asked, is_expected }, number as f64 * SECOND)
    }

    #[test]
    fn a_refusal_among_many_answers_is_by_chance_whether_it_names_a_second_or_nothing() {
        assert!(!refused(&mut after(300), None, false));
        assert!(!refused(&mut after(300), Some(1), false));
    }

    #[test]
    fn a_quota_explains_a_long_wait_and_what_is_refused_where_it_was_expected() {
        assert!(refused(&mut after(300), Some(5), false));
        assert!(refused(&mut after(300), None, true));
    }

    #[test]
    fn a_quota_explains_what_is_refused_at_the_start_or_soon_after_it_was_used_up() {
        assert!(refused(&mut after(0), None, false));
        let mut chance = after(300);
        chance.was_quota();
        for _ in 0..5 {
            chance.leaves(true);
        }
        assert!(refused(&mut chance, None, false));
        for _ in 0..50 {
            chance.leaves(true);
        }
        assert!(!refused(&mut chance, None, false));
    }

    #[test]
    fn a_quota_explains_refusals_one_after_the_other() {
        let mut chance = after(300);
        let explained: Vec<bool> = (0..4).map(|_| refused(&mut chance, None, false)).collect();
        assert_eq!(explained, [false, false, false, true]);
    }

    #[test]
    fn a_quota_explains_more_refusals_than_there_were_before() {
        for (usual, soon, is_quota) in [(100, 12, true), (33, 33, false), (20, 20, false), (33, 9, true)] {
            let mut chance = after(300);
            let mut is_explained = |every: u64, times: u64| {
                (0..times).any(|_| {
                    for _ in 1..every {
                        chance.leaves(true);
                    }
                    refused(&mut chance, None, false)
                })
            };
            assert!(!is_explained(usual, 20), "one of {usual}");
            assert_eq!(is_explained(soon, 20), is_quota, "one of {soon} after one of {usual}");
        }
    }

    #[test]
    fn where_others_were_refused_by_chance_one_that_was_expected_is_too_until_they_are_long_ago() {
        let mut chance = after(300);
        for _ in 0..DOUBTS {
            assert!(!refused(&mut chance, None, false));
            for _ in 0..30 {
                chance.leaves(true);
            }
        }
        assert!(!refused(&mut chance, None, true));
        for _ in 0..600 {
            chance.leaves(true);
        }
        assert!(refused(&mut chance, None, true));
    }
}
