//! Chance, the same for the same seed. Never decides what it is thrown for.

use fastrand::Rng;

/// Thrown by the model of a server and by the player.
#[derive(Debug, Clone)]
pub(super) struct Dice(Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// A share: 0 to below 1.
    pub fn share(&mut self) -> f64 {
        self.0.f64()
    }

    /// Whether that comes to pass which does so in this share of all cases.
    pub fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.share() < share
    }

    /// From the bell curve around 0 with deviation 1 (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let (radius, angle) = ((-2.0 * (1.0 - self.share()).ln()).sqrt(), std::f64::consts::TAU * self.share());
        radius * angle.cos()
    }

    /// Around 1, as waiting times between unrelated things are.
    pub fn gap(&mut self) -> f64 {
        -(1.0 - self.share()).ln()
    }
}
