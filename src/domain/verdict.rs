//! What a person says of a picture: plain words. Never says who, or when.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::values::{UnknownValue, values};

values! {
    /// What was decided about an item's picture.
    Decision, "a decision" {
        /// It goes into the catalogue.
        Approved = "approved",
        /// It does not.
        Rejected = "rejected",
    }
}

/// All that a person said of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What was decided, if anything was.
    pub decision: Option<Decision>,
    /// The picture that was decided on: BLAKE3 of the item's first, in hexadecimal; none where it had none.
    pub picture: Option<String>,
    /// The picture that shall stand for the product, likewise: one of the item's, or an earlier one.
    pub favourite: Option<String>,
    /// A note for whoever reads on.
    pub note: Option<String>,
    /// What stands in place of the model's caption.
    pub caption: Option<String>,
}

impl Verdict {
    /// Whether nothing is said at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
