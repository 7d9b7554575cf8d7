//! How many answers the disks can still take: sending stops while there is room for what is in flight. Pure: the room
//! that is left goes in, a number or a shortage comes out. Never looks at a disk.

use crate::domain::{Receipt, Room};

/// What an answer takes before one was seen, in bytes: a picture of the model's usual size is half of it.
const FIRST_GUESS: u64 = 4 << 20;
/// An answer may be larger than the largest so far, and its drafts lie beside it until it is whole.
const MARGIN: u64 = 2;
/// No answer is taken for smaller, in bytes.
const SMALLEST: u64 = 1 << 20;
/// Kept free beside the pictures, in bytes: captions, folders, the results.
const OUTPUTS: u64 = 8 << 20;
/// Kept free for the database, in bytes: its log, and the pages of the next commits.
const DATABASE: u64 = 16 << 20;
/// What a request in flight may add to the database, in bytes, but for very long captions.
const ROWS: u64 = 16 << 10;

/// What is known of the size of answers.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    largest: Option<u64>,
}

/// A disk has no room for an answer more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the disk of {whose} is {}, and {} MB are wanted for an answer more; make room, then run the same command again: \
     what was received is kept",
    left(*.free), .wanted.div_ceil(1_000_000)
)]
pub(super) struct Shortage {
    /// What lies on it.
    whose: &'static str,
    /// Bytes left on it.
    free: u64,
    /// Bytes that would do.
    wanted: u64,
}

fn left(free: u64) -> String {
    match free / 1_000_000 {
        0 => "full".to_owned(),
        megabytes => format!("nearly full ({megabytes} MB left)"),
    }
}

impl Reserve {
    /// An answer came.
    pub fn saw(&mut self, receipt: &Receipt) {
        let bytes = receipt.images.iter().map(|image| image.bytes).sum();
        self.largest = self.largest.max(Some(bytes));
    }

    /// How many requests may be in flight; less than one is told as what is short.
    pub fn places(&self, outputs: Room, database: Room) -> Result<usize, Shortage> {
        let answer = self.largest.map_or(FIRST_GUESS, |largest| (largest * MARGIN).max(SMALLEST));
        let shared = outputs.volume == database.volume;
        let beside = if shared { OUTPUTS + DATABASE } else { OUTPUTS };
        let pictures = outputs.free.saturating_sub(beside) / answer;
        let rows = database.free.saturating_sub(DATABASE) / ROWS;
        match (pictures, rows) {
            (_, 0) => Err(Shortage { whose: "the database", free: database.free, wanted: DATABASE + ROWS }),
            (0, _) => Err(Shortage { whose: "the pictures", free: outputs.free, wanted: beside + answer }),
            _ => Ok(usize::try_from(pictures.min(rows)).unwrap_or(usize::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ImageFormat, Reply, StagedImage};

    const MB: u64 = 1 << 20;

    fn room(free: u64, volume: u64) -> Room {
        Room { free, volume }
    }

    fn answer_of(bytes: u64) -> Receipt {
        let image = StagedImage {
            staged: "1-1.part".to_owned(),
            format: ImageFormat::Jpeg,
            bytes,
            blake3: String::new(),
            width: None,
            height: None,
        };
        Receipt { images: vec![image], reply: Reply::default() }
    }

    #[test]
    fn what_may_be_in_flight_fits_beside_what_is_kept_free() {
        let reserve = Reserve::default();
        assert_eq!(reserve.places(room(8 * MB + 40 * MB, 1), room(900 * MB, 2)), Ok(10));
        assert_eq!(reserve.places(room(24 * MB + 40 * MB, 1), room(64 * MB, 1)), Ok(10), "one disk for both");
    }

    #[test]
    fn the_largest_answer_so_far_says_how_much_the_next_may_take() {
        let mut reserve = Reserve::default();
        reserve.saw(&answer_of(10_000));
        assert_eq!(reserve.places(room(8 * MB + 40 * MB, 1), room(900 * MB, 2)), Ok(40));
        reserve.saw(&answer_of(10 * MB));
        reserve.saw(&answer_of(MB));
        assert_eq!(reserve.places(room(8 * MB + 40 * MB, 1), room(900 * MB, 2)), Ok(2));
    }

    #[test]
    fn the_disk_that_is_short_is_named_with_what_to_do() {
        let reserve = Reserve::default();
        let pictures = reserve.places(room(11 * MB, 1), room(900 * MB, 2)).unwrap_err().to_string();
        assert!(
            pictures.starts_with("the disk of the pictures is nearly full (11 MB left), and 13 MB are wanted"),
            "{pictures}"
        );
        let database = reserve.places(room(900 * MB, 1), room(0, 2)).unwrap_err().to_string();
        assert!(database.starts_with("the disk of the database is full, and 17 MB are wanted for"), "{database}");
    }
}
