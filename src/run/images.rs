//! How many images a run may still ask for. Pure: images that came go in, a permit comes out. Never waits.

use super::admission::{Flights, Permit};
use crate::domain::Ending;

/// Counts the images of a run against the most that it may bring.
#[derive(Debug, Clone, Copy)]
pub(super) struct Images {
    most: Option<u64>,
    came: u64,
}

impl Images {
    /// None came yet.
    pub fn new(most: Option<u64>) -> Self {
        Self { most, came: 0 }
    }

    /// So many came, be they kept or not: they are paid for.
    pub fn came(&mut self, images: u64) {
        self.came += images;
    }

    /// Whether one request more may leave: each that is under way brings one image, as far as anyone knows.
    pub fn permit(&self, flights: Flights) -> Permit {
        let awaited = (flights.under_way + flights.leaving) as u64;
        match (self.over(), self.most) {
            (Some(ending), _) => Permit::Over(ending),
            (None, Some(most)) if self.came + awaited >= most => Permit::AfterNext,
            _ => Permit::Granted,
        }
    }

    /// How the run ends, if all that it may bring have come.
    pub fn over(&self) -> Option<Ending> {
        self.most.is_some_and(|most| self.came >= most).then_some(Ending::Limit("--max-images"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under_way(under_way: usize) -> Flights {
        Flights { under_way, leaving: 0 }
    }

    #[test]
    fn what_came_and_what_is_under_way_stay_below_the_most() {
        let mut images = Images::new(Some(5));
        assert_eq!(images.permit(Flights { under_way: 2, leaving: 2 }), Permit::Granted);
        assert_eq!(images.permit(Flights { under_way: 2, leaving: 3 }), Permit::AfterNext);
        images.came(3);
        assert_eq!((images.permit(under_way(1)), images.permit(under_way(2))), (Permit::Granted, Permit::AfterNext));
        images.came(2);
        assert_eq!(images.permit(under_way(0)), Permit::Over(Ending::Limit("--max-images")));
    }

    #[test]
    fn without_a_limit_all_may_leave() {
        let mut images = Images::new(None);
        images.came(1 << 40);
        assert_eq!(images.permit(under_way(2_000)), Permit::Granted);
    }
}
