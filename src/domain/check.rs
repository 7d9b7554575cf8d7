//! What strikes the eye about a picture, and whether it does: plain data and pure decisions. Never decodes one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::values::{UnknownValue, values};

values! {
    /// Something that a picture should pass, called by what does not pass it.
    Check, "a check" {
        /// It has not the shape that was asked for.
        Shape = "shape",
        /// It is far smaller than anyone would ask for.
        Tiny = "tiny",
        /// It is one colour all over, or next to that.
        Blank = "blank",
        /// It is nearly the same as another item's.
        Duplicate = "duplicate",
        /// It is nearly the same as a reference that was sent along.
        Unchanged = "unchanged",
        /// A caption was asked for, and none came.
        Uncaptioned = "uncaptioned",
    }
}

/// How a picture looks from far away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Impression {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether it is one colour all over, or next to that.
    pub is_blank: bool,
    /// A bit for each of 8 by 8 places: whether it is lighter than its neighbour to the right (a difference hash).
    pub hash: u64,
    /// Mean red, green and blue of 8 by 8 places, row by row.
    pub grid: [u8; 192],
}
