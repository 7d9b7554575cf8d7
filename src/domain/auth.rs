//! How a key travels. Never holds the key itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::values::{UnknownValue, values};

values! {
    /// Where the key stands in a request.
    Auth, "a way for a key to travel" {
        /// In the address: `?key=`.
        Query = "query",
        /// In the header `x-goog-api-key`, as Google's own clients send it.
        Header = "header",
        /// In the header `Authorization: Bearer`.
        Bearer = "bearer",
    }
}
