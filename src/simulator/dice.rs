//! Chance as a function of seed, request and ask. Never draws on anything else: the same ask falls the same way.

/// A hash of everything a request says, whatever its spelling.
pub(super) type RequestHash = blake3::Hash;

/// The chance that belongs to one request, or to one ask of it.
#[derive(Clone)]
pub(super) struct Dice(blake3::Hasher);

impl Dice {
    /// The chance of the request itself: the same for each ask of it.
    pub fn of_request(seed: u64, request: RequestHash) -> Dice {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes()).update(request.as_bytes());
        Dice(hasher)
    }

    /// The chance of the `nth` ask of this request.
    pub fn of_ask(mut self, nth: u64) -> Dice {
        self.0.update(b"ask").update(&nth.to_le_bytes());
        self
    }

    /// A number that this dice always gives for this `purpose`, and that tells nothing about other purposes.
    pub fn number(&self, purpose: &str) -> u64 {
        let mut bytes = [0; 8];
        self.0.clone().update(purpose.as_bytes()).finalize_xof().fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// The same as a share, at least 0 and below 1.
    pub fn share(&self, purpose: &str) -> f64 {
        // The 53 bits that a double holds exactly.
        (self.number(purpose) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_ask_falls_the_same_way_and_any_other_differently() {
        let request = blake3::hash(b"a cup");
        let dice = |seed, nth| Dice::of_request(seed, request).of_ask(nth).number("fault");
        assert_eq!(dice(1, 1), dice(1, 1));
        assert_ne!(dice(1, 1), dice(1, 2));
        assert_ne!(dice(1, 1), dice(2, 1));
    }

    #[test]
    fn shares_spread_evenly() {
        let dice = Dice::of_request(0, blake3::hash(b""));
        let low = (0..10_000).filter(|nth| dice.clone().of_ask(*nth).share("fault") < 0.1).count();
        assert!((900..1_100).contains(&low), "{low}");
    }
}
