//! How a person wants to be told of a run. Never tells anything itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::values::{UnknownValue, values};

values! {
    /// How progress is shown on stderr.
    #[derive(Default)]
    Progress, "a way to show progress" {
        /// A bar on a terminal that can draw one, plain lines elsewhere.
        #[default]
        Auto = "auto",
        /// A bar; plain lines where none can be drawn.
        Bar = "bar",
        /// A line now and then.
        Plain = "plain",
        /// Nothing.
        None = "none",
    }
}

values! {
    /// How log lines are written.
    #[derive(Default)]
    LogFormat, "a format for log lines" {
        /// For people.
        #[default]
        Text = "text",
        /// For programs: one object a line.
        Json = "json",
    }
}
